"""Figure of a session of spikes: raster, population rates, course against time, and outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..plotting.axes import style_axes
from ..plotting.numbers import format_percent
from ..plotting.solutions import draw_cut, draw_pattern, draw_recall, draw_tour
from ..plotting.style import INK, LINE, MUTED, PAPER, series_color
from ..problems import MaxCut, Recall, Tsp
from .spiking_result import Session

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROWS = 80  # neurons of a raster
_WINDOW = 1.0  # seconds of the raster
_TILES = 400  # pixels of a picture
_LINES = 16  # courses in one picture
_UP, _DOWN, _OTHER = series_color(0), series_color(1), series_color(2)


def draw_spiking(session: Session) -> Figure:
    """Draw raster and rates on the left, course and outcome on the right.

    Returns
    -------
    Figure
        The figure.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 6.4), layout="constrained")
    axes = figure.subplots(2, 2, width_ratios=(1.25, 1.0))
    {"recall": _recall, "sample": _sample, "search": _search}[session.about["task"]](session, axes)
    for ax in axes.flat:
        _quiet(ax)
    return figure


def _recall(session: Session, axes: Any) -> None:
    about, (problem, target) = session.about, (session.shown["problem"], session.shown["target"])
    n, wiring = problem.size, about["options"]["wiring"]
    order = np.concatenate([np.flatnonzero(target > 0), np.flatnonzero(target < 0)])
    rows = order[np.unique(np.linspace(0, n - 1, min(n, _ROWS)).round().astype(int))]
    colors = np.where(target[rows] > 0, _UP, _DOWN)
    _raster(session, axes[0, 0], 0, rows, colors, (0.0, about["simulated_s"]), unit="ms")
    of = "" if wiring == "direct" else ", the first of each pair"
    axes[0, 0].set(ylabel=f"unit ({len(rows)} of {n}{of})")
    mine = (session.trials == 0) & (session.neurons < n)
    edges = np.linspace(0.0, about["simulated_s"], round(about["simulated_s"] / 0.01) + 1)
    for sign, color, label in ((1, _UP, "stored as +1"), (-1, _DOWN, "stored as −1")):
        units = np.flatnonzero(target == sign)
        if units.size:
            counts = np.histogram(session.times_s[mine & np.isin(session.neurons, units)], edges)[0]
            axes[1, 0].stairs(counts / units.size / np.diff(edges), 1e3 * edges, baseline=None, color=color,
                                label=label)  # fmt: skip
    axes[1, 0].set(xlabel="t (ms)", ylabel="rate (Hz)", xlim=(0, 1e3 * about["simulated_s"]))
    axes[1, 0].set_ylim(0.0, 1.2 * max(1.0, axes[1, 0].get_ylim()[1]))
    course, right = about["courses"], axes[0, 1]
    times = 1e3 * np.array(course["times_s"])
    for k, (spikes, ode) in enumerate(zip(course["overlap"][:_LINES], course["overlap_ode"], strict=False)):
        thin = {"linewidth": 1.4 if len(course["overlap"]) == 1 else 0.9}
        right.plot(times - times[0] / 2, spikes, color=_UP, marker=".", markersize=4, **thin,
                   label=None if k else "spikes")  # fmt: skip
        right.plot(times, ode, color=MUTED, linestyle="--", zorder=3, **thin, label=None if k else "ODE of the rates")
    right.set(xlabel="t (ms)", ylabel="overlap with the stored pattern", xlim=(0, times[-1]))
    right.set_ylim(min(0.0, *right.get_ylim()) - 0.02, 1.04)
    for ax in (axes[0, 0], axes[1, 0], right):
        ax.axvspan(0.0, 1e3 * about["options"]["cue_s"], color=LINE, alpha=0.6, zorder=0, linewidth=0)
    right.text(2.0, right.get_ylim()[0], " cue on", color=MUTED, fontsize=8.5, va="bottom")
    for ax in (axes[1, 0], right):
        ax.legend(frameon=False, fontsize=9, labelcolor=INK, loc="center right")
    draw_recall(problem, session.states[0], session.shown["cues"][0], axes[1, 1])
    if n > _TILES:  # edges would hide so many tiles
        for mesh in axes[1, 1].collections:
            mesh.set(edgecolor="none", linewidth=0.0, rasterized=True)
    first = about["result"]["reads"][0]
    axes[1, 1].set_title(
        f"pattern {first['pattern']}: overlap {first['overlap_of_cue']:.3f} → {first['overlap']:.3f}, "
        f"ODE {first['overlap_ode']:.3f}", fontsize=9.5, color=MUTED,
    )  # fmt: skip


def _sample(session: Session, axes: Any) -> None:
    about, tau = session.about, session.shown["tau_s"]
    result, n, burn_in = about["result"], about["neurons"], about["options"]["burn_in_s"]
    free = np.unique(session.neurons)
    rows = free[np.unique(np.linspace(0, len(free) - 1, min(len(free), _ROWS)).round().astype(int))]
    window = (burn_in, min(about["simulated_s"], burn_in + _WINDOW))
    # A spike holds z at 1 for tau: few neurons are shown with that length.
    length = tau if len(rows) <= 24 else None
    _raster(session, axes[0, 0], 0, rows, np.full(len(rows), _UP), window, length=length)
    axes[0, 0].set(ylabel="neuron" if len(rows) == n else f"neuron ({len(rows)} of {n})")
    exact = "exact" if "mean_energy_exact" in result else "gibbs"
    _rates(about, axes[1, 0])
    against = np.array(result[f"mean_spins_{exact}"])
    axes[1, 0].axhline((1.0 + against.mean()) / 2.0 / tau, color=MUTED, linestyle="--", linewidth=1.0,
                       label="exact" if exact == "exact" else "from Gibbs sampling")  # fmt: skip
    axes[1, 0].axvspan(0.0, burn_in, color=LINE, alpha=0.6, zorder=0, linewidth=0, label="burn-in")
    axes[1, 0].legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower right")
    course, right = about["courses"], axes[0, 1]
    times = np.array(course["times_s"])
    if exact == "exact":
        right.plot(times, course["divergence"], color=_UP, marker="o", markersize=3.5, label="spikes")
        reads = np.array(course["divergence_of_reads"], dtype=float)
        right.plot(times, reads, color=MUTED, linestyle=":", linewidth=1.0,
                   label="exact: one independent read each tau")  # fmt: skip
        if course["divergence_floor"]:
            right.plot(times, course["divergence_floor"], color=MUTED, linestyle="--", linewidth=1.0,
                       label="exact: neurons without memory")  # fmt: skip
        right.set(xscale="log", yscale="log", xlabel="time of all chains (s)", ylabel="D(p || exact), nats")
        low = [v for name, v in course.items() if name != "times_s" and v]
        right.set_ylim(0.5 * min(x for v in low for x in v if x and x > 0), None)
    else:
        right.plot(times, course["energy"], color=_UP, linewidth=1.4, label="mean over chains")
        right.plot(times, course["lowest"], color=_UP, linewidth=0.8, alpha=0.6, label="lowest chain")
        right.axhline(result["mean_energy_gibbs"], color=MUTED, linestyle="--", linewidth=1.0, label="Gibbs sampling")
        right.axvspan(0.0, burn_in, color=LINE, alpha=0.6, zorder=0, linewidth=0)
        right.set(xlabel="t (s)", ylabel="energy", xlim=(0, times[-1]))
        settled = np.array([course["energy"], course["lowest"]])[:, times > burn_in]
        low, high = (f(settled.min(), settled.max(), result["mean_energy_gibbs"]) for f in (min, max))
        room = max(high - low, 1e-9 * abs(low), 1e-12)
        right.set_ylim(low - 0.2 * room, high + 1.5 * room)  # the initial descent is higher than all the rest
    right.legend(frameon=False, fontsize=9, labelcolor=INK)
    ax, ours = axes[1, 1], result["mean_spins"]
    pairs = session.shown["pairs"]
    ax.plot([-1, 1], [-1, 1], color=MUTED, linewidth=0.8, zorder=1)
    if pairs[0].size:
        ax.plot(pairs[1], pairs[0], ".", color=_DOWN, markersize=6 if n <= 24 else 2.5, label="two coupled spins")
    ax.plot(against, ours, ".", color=_UP, markersize=8 if n <= 24 else 2.5, label="each spin")
    ax.set(xlabel=f"mean, {'exact' if exact == 'exact' else 'by Gibbs sampling'}", ylabel="mean, by spikes",
           xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), aspect="equal")  # fmt: skip
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, loc="upper left")


def _search(session: Session, axes: Any) -> None:
    about, result = session.about, session.about["result"]
    problem, solution, groups = (session.shown[name] for name in ("problem", "solution", "groups"))
    end = min(about["simulated_s"], max(_WINDOW, result["found_s"] + 0.25 * _WINDOW))
    shown = np.unique(np.linspace(0, groups.max(), min(groups.max() + 1, _ROWS // 2)).round().astype(int))
    units = np.flatnonzero(np.isin(groups, shown))
    units = units[np.argsort(groups[units], kind="stable")][: 2 * _ROWS]
    colors = np.where(np.searchsorted(shown, groups[units]) % 2, _DOWN, _UP)
    _raster(session, axes[0, 0], result["chain"], units, colors, (max(0.0, end - _WINDOW), end))
    axes[0, 0].axvline(result["found_s"], color=INK, linewidth=1.0)
    axes[0, 0].annotate("best state", (result["found_s"], 1.0), (-3, 2), xycoords=("data", "axes fraction"),
                        textcoords="offset points", ha="right", fontsize=8.5, color=INK)  # fmt: skip
    axes[0, 0].set(ylabel=f"unit ({len(units)} of {about['neurons']}), a color a group")
    _rates(about, axes[1, 0])
    axes[1, 0].legend(frameon=False, fontsize=9, labelcolor=INK, loc="lower right")
    ax, last = axes[0, 1], about["simulated_s"]
    for k, course in enumerate(about["courses"][:_LINES]):
        if course["times_s"]:
            times, energies = [*course["times_s"], last], [*course["energy"], course["energy"][-1]]
            ax.plot(times, energies, color=_UP, drawstyle="steps-post", linewidth=0.9, alpha=0.7,
                    label=None if k else "spikes, lowest so far")  # fmt: skip
    for (name, of), color in zip(result["baselines"].items(), (_DOWN, _OTHER), strict=True):
        label = f"{'Gibbs' if name == 'gibbs' else 'random'}, {of['updates']:,.0f} decisions: median"
        ax.axhline(of["median"], color=color, linestyle="-.", linewidth=1.2, label=label)
    if result["optimum"] is not None:
        known = {"best known": "best known", "enumeration": "optimum"}[result["optimum_from"]]
        ax.axhline(result["optimum"], color=MUTED, linestyle="--", linewidth=1.2, label=known)
    early = [e for c in about["courses"] for t, e in zip(c["times_s"], c["energy"], strict=True) if t >= 0.02 * last]
    ends = [of["median"] for of in result["baselines"].values()] + early
    low, high = min(e for e in [*ends, *result["energies"], result["optimum"]] if e is not None), max(ends)
    room = max(high - low, 1e-9 * abs(low), 1e-12)
    ax.set(xlabel="t (s)", ylabel="energy", xscale="log")
    ax.set(xlim=(min(0.01, last / 10.0), last), ylim=(low - 0.06 * room, high + 0.5 * room))
    ax.legend(facecolor=PAPER, framealpha=0.8, edgecolor="none", fontsize=8.5, labelcolor=INK, loc="upper right")
    _answer(problem, solution, session, axes[1, 1])
    quality = "" if result.get("gap") is None else f", {format_percent(result['gap'])} from the best known"
    score = result["energy"] if result.get("score") is None else result["score"]
    how = "repaired, " if result.get("repaired") else ""
    what = {"tsp": "length", "maxcut": "cut"}.get(about["problem"]["kind"], "energy")
    axes[1, 1].set_title(f"{how}{what} {score:.7g}{quality}", fontsize=9.5, color=MUTED)


def _answer(problem: Any, solution: Any, session: Session, ax: Axes) -> None:
    if isinstance(problem, Tsp):
        draw_tour(problem, solution.value, ax)
    elif isinstance(problem, MaxCut):
        draw_cut(problem, solution.value, ax)
    elif isinstance(problem, Recall):
        draw_recall(problem, solution.value, None, ax)
    else:
        draw_pattern(solution.value, None, ax)


def _raster(
    session: Session, ax: Axes, trial: int, rows: Any, colors: Any, window: tuple[float, float], *,
    length: float | None = None, unit: str = "s",
) -> None:  # fmt: skip
    """Draw the spikes of some neurons of one trial, as dots or as lines of a length."""
    row = np.full(int(max(rows.max(), session.neurons.max(initial=0))) + 1, -1)
    row[rows] = np.arange(len(rows))
    low, high = window
    seen = (session.trials == trial) & (row[session.neurons] >= 0)
    seen &= (session.times_s >= low - (length or 0.0)) & (session.times_s <= high)
    at, y = session.times_s[seen], row[session.neurons[seen]]
    scale = {"s": 1.0, "ms": 1e3}[unit]
    if length is not None:
        ax.hlines(y, at, at + length, color=colors[y], linewidth=min(5.0, 90.0 / len(rows)))
    else:
        size = min(12.0, 160.0 / len(rows))  # size in points; the rows share some 200
        ax.scatter(scale * at, y, s=size**2, c=colors[y], marker="|", linewidths=1.0)
    ax.set(xlabel=f"t ({unit})", xlim=(scale * low, scale * high), ylim=(-0.7, len(rows) - 0.3))
    labeled = np.arange(0, len(rows), -(-len(rows) // 12)) if len(rows) <= 24 else np.empty(0, int)
    ax.set_yticks(labeled, [str(k) for k in rows[labeled]])


def _rates(about: Any, ax: Axes) -> None:
    times, rates = (np.array(about["rates"][name]) for name in ("times_s", "rate_hz"))
    ax.stairs(rates, np.r_[0.0, times], baseline=None, color=_UP, label="mean over neurons and chains")
    ax.set(xlabel="t (s)", ylabel="rate (Hz)", xlim=(0, times[-1]), ylim=(0, 1.35 * max(1.0, rates.max())))


def _quiet(ax: Axes) -> None:
    from matplotlib.ticker import NullFormatter

    if not ax.axison:
        return
    if ax.get_xscale() == "log":
        ax.xaxis.set_minor_formatter(NullFormatter())
    style_axes(ax)
