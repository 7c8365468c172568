"""Figures of a study: fronts with attainment over devices, a number against a parameter, effects of parameters."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..files.atomic_write import write_file
from ..plotting.axes import new_axes, style_axes
from ..plotting.files import figure_bytes
from ..plotting.style import INK, MARKERS, MUTED, series_color
from .parameter_sensitivity import ParameterEffect, parameter_effects
from .pareto import attainment_bands, losses, pareto_front
from .study_summary import StudySummary, mean_over_devices, read_summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LABELS = {
    "energy": "energy of a read (J)",
    "latency": "time of a read (s)",
    "accuracy": "accuracy of a read (1 - gap)",
    "quality": "accuracy of a read (1 - gap)",
    "success": "success probability of a read",
    "energy_to_solution": "energy to solution (J)",
    "kl": "divergence (nats)",
}
_NAMED = 4  # settings of a front that are named in the figure
_NAME_WIDTH, _NAME_HEIGHT = 180.0, 8.0  # room of a name, points
_LIFTS = (0, 9, -9)  # of a name from the height of its point, points
_ABOVE: dict[str, Any] = {"frameon": False, "fontsize": 9, "loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 4}
_TICKS = 9  # values of a parameter that are ticks of their own
_NARROW = 3.0  # largest over smallest energy that is shown on a linear axis


def plot_front(summary: StudySummary, cost: str = "energy", ax: Axes | None = None) -> Axes:
    """Plot accuracy against a cost, with the front and its attainment over devices.

    Parameters
    ----------
    summary : StudySummary
        Numbers of a study.
    cost : str
        "energy" or "latency".
    ax : Axes or None
        Axes; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(6.4, 4.2) if ax is None else ax
    targets = list(dict.fromkeys(target for target, _ in summary.settings))
    x, y = summary.over_work(cost), summary.over_work("accuracy")
    values = losses(summary, [cost, "accuracy"]).mean(axis=1)
    fronts = []
    for k, target in enumerate(targets):
        mine = np.array([name == target for name, _ in summary.settings]) & np.isfinite(values).all(axis=1)
        if not mine.any():
            continue
        color, marker = series_color(k), MARKERS[k % len(MARKERS)]
        grid = np.geomspace(np.nanmin(x[mine]), np.nanmax(x[mine]) * 1.05, 200)
        low, middle, high = attainment_bands(x[mine], y[mine], grid)
        shown = np.isfinite(low)
        ax.fill_between(grid[shown], low[shown], high[shown], step="post", color=color, alpha=0.18, linewidth=0)
        ax.step(grid, np.where(np.isfinite(middle), middle, np.nan), where="post", color=color, linewidth=1.4)
        style: dict[str, Any] = {"color": color, "linestyle": "none"}
        ax.plot(values[mine, 0], 1.0 - values[mine, 1], marker, markersize=3.5, alpha=0.5, **style)
        front = np.flatnonzero(mine)[pareto_front(values[mine])]
        ax.plot(values[front, 0], 1.0 - values[front, 1], marker, markersize=6.5, label=target, **style)
        fronts.append(front)
    everything = values[np.isfinite(values).all(axis=1), 0]
    wide = everything.size > 0 and everything.max() > _NARROW * everything.min()
    ax.set(xscale="log" if wide else "linear", xlabel=LABELS[cost], ylabel=LABELS["accuracy"])
    for front in fronts:
        _name_points(ax, summary, front, values)
    if targets:
        ax.legend(**_ABOVE)
    if len(summary.devices) > 1:
        _note(ax, f"line and band: accuracy that the median and 5 to 95 % of {len(summary.devices)} devices attain")
    return style_axes(ax)


def _note(ax: Axes, text: str) -> None:
    """Write below the axes what a band or bar is."""
    style: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "right", "va": "top"}
    ax.annotate(text, (1, 0), (0, -34), fontsize=7, color=MUTED, **style)


def _name_points(ax: Axes, summary: StudySummary, front: Any, values: Any) -> None:
    """Name some settings of a front by the parameters that change, where there is room."""
    front = front[np.argsort(values[front, 0])]
    chosen = front[np.unique(np.linspace(0, len(front) - 1, min(len(front), _NAMED)).round().astype(int))]
    target = summary.settings[front[0]][0]
    mine = [parameters for name, parameters in summary.settings if name == target]
    moving = [name for name in mine[0] if len({repr(each.get(name)) for each in mine}) > 1]
    ax.autoscale_view()
    taken: list[tuple[float, float]] = []  # places of names, in points
    for k in chosen:
        text = ", ".join(f"{name} {_short(summary.settings[k][1].get(name))}" for name in moving)
        place = (values[k, 0], 1.0 - values[k, 1])
        right = ax.transLimits.transform(ax.transScale.transform(place))[0] > 0.5  # beside the point, within the axes
        x, y = ax.transData.transform(place) * 72.0 / ax.figure.dpi
        near = [other for at, other in taken if abs(at - x) < _NAME_WIDTH]
        lift = next((each for each in _LIFTS if all(abs(y + each - other) >= _NAME_HEIGHT for other in near)), None)
        if lift is None:
            continue
        taken.append((x, y + lift))
        side: dict[str, Any] = {"ha": "right", "xytext": (-6, lift)} if right else {"ha": "left", "xytext": (6, lift)}
        ax.annotate(text, place, va="center", textcoords="offset points", fontsize=7, color=MUTED, **side)


def plot_parameter(
    summary: StudySummary, parameter: str, name: str = "accuracy", by: str | None = None, ax: Axes | None = None
) -> Axes:
    """Plot a number against a parameter, with 95 % intervals of the mean over devices.

    Parameters
    ----------
    summary : StudySummary
        Numbers of a study.
    parameter : str
        Parameter, on a log axis where its values span a factor of 10.
    name : str
        Number.
    by : str or None
        Another parameter, one line for each value; None: a line for each target.
    ax : Axes or None
        Axes; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    values = summary.over_work(name)
    lines: dict[str, list[tuple[float, Any]]] = {}
    for (target, parameters), row in zip(summary.settings, values, strict=True):
        place = parameters.get(parameter)
        if isinstance(place, (int, float)):
            label = target if by is None else f"{by} {_short(parameters.get(by))}"
            lines.setdefault(label, []).append((float(place), row))
    seen: set[float] = set()
    shown: list[float] = []
    for k, (label, points) in enumerate(lines.items()):
        grouped: dict[float, list[Any]] = {}
        for place, row in points:
            grouped.setdefault(place, []).append(row)
        at = sorted(grouped)
        seen.update(at)
        rows = [mean_over_devices(np.array(grouped[place]).T) for place in at]  # (devices,), mean over other settings
        rows = [row[np.isfinite(row)] for row in rows]
        middle = np.array([row.mean() if row.size else np.nan for row in rows])
        half = np.array([_t95(row.size) * row.std(ddof=1) / row.size**0.5 if row.size > 1 else 0.0 for row in rows])
        spread = np.stack([half, half])
        if name in ("accuracy", "quality", "success"):
            spread = np.minimum(spread, np.stack([middle, 1.0 - middle]))
        shown += middle.tolist()
        color = series_color(k)
        style: dict[str, Any] = {"marker": MARKERS[k % len(MARKERS)], "color": color, "markersize": 5, "capsize": 2}
        ax.errorbar(at, middle, spread, label=label, **style)
    if seen and min(seen) > 0 and max(seen) >= 10 * min(seen):
        ax.set_xscale("log")
        if len(seen) <= _TICKS:
            ax.set_xticks(sorted(seen), [_short(each) for each in sorted(seen)])
            ax.minorticks_off()
    low, high = (float(np.nanmin(shown, initial=np.inf)), float(np.nanmax(shown, initial=0.0)))
    if name in ("energy", "latency", "energy_to_solution") and high > _NARROW * low:
        ax.set_yscale("log")
    ax.set(xlabel=parameter, ylabel=LABELS.get(name, name))
    if len(lines) > 1:
        ax.legend(**_ABOVE)
    if len(summary.devices) > 1:
        _note(ax, f"bars: 95 % interval of the mean over {len(summary.devices)} devices")
    return style_axes(ax)


def plot_effects(effects: Sequence[ParameterEffect], name: str = "accuracy", ax: Axes | None = None) -> Axes:
    """Plot how far each parameter moves a number: a tornado.

    Parameters
    ----------
    effects : sequence of ParameterEffect
        Effects, the largest first.
    name : str
        Number.
    ax : Axes or None
        Axes; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(5.6, 0.9 + 0.42 * len(effects)) if ax is None else ax
    for k, each in enumerate(reversed(effects)):
        ax.barh(k, each.high - each.low, left=each.low, height=0.55, color=series_color(0), alpha=0.8)
        ends = ((each.low, each.at_low, "right", -3), (each.high, each.at_high, "left", 3))
        for place, value, side, shift in ends:
            style: dict[str, Any] = {"textcoords": "offset points", "ha": side, "va": "center", "fontsize": 8}
            ax.annotate(_short(value), (place, k), (shift, 0), color=INK, **style)
    several = len({each.target for each in effects}) > 1
    labels = [f"{each.target}: {each.parameter}" if several else each.parameter for each in reversed(effects)]
    texts = [f"{label} ({each.share:.0%})" for label, each in zip(labels, reversed(effects), strict=True)]
    ax.set_yticks(range(len(effects)), texts)
    ax.set_xlabel(f"mean {LABELS.get(name, name)}; in brackets the share of its variance")
    means = [end for each in effects for end in (each.low, each.high)]
    room = 0.12 * (max(means) - min(means)) or 1e-3
    ax.set_xlim(min(means) - room, max(means) + room)
    return style_axes(ax, "x")


def write_figures(folder: str | Path) -> list[Path]:
    """Write the figures of a study as PNG and SVG into its folder.

    Parameters
    ----------
    folder : path
        Folder of a study with results.

    Returns
    -------
    list of Path
        Files.
    """
    summary = read_summary(folder)
    drawn = {"front": plot_front(summary)}
    moving: dict[str, set[str]] = {}
    for _, parameters in summary.settings:
        for name, value in parameters.items():
            moving.setdefault(name, set()).add(json.dumps(value))
    effects = parameter_effects(summary)
    if effects:
        drawn["sensitivity"] = plot_effects(effects)
    for name in (name for name, values in moving.items() if len(values) > 1):
        drawn[f"accuracy-{name}"] = plot_parameter(summary, name)
        drawn[f"energy-{name}"] = plot_parameter(summary, name, "energy")
        if "beta" in moving and name != "beta":
            drawn[f"success-{name}"] = plot_parameter(summary, name, "success", by="beta")
    place = Path(folder)
    pairs = [(name, kind) for name in drawn for kind in ("png", "svg")]
    return [write_file(place / f"{name}.{kind}", figure_bytes(drawn[name], kind)) for name, kind in pairs]


def _t95(devices: int) -> float:
    """Student's t for a two-sided 95 % interval."""
    from scipy.stats import t

    return float(t.ppf(0.975, devices - 1))


def _short(value: Any) -> str:
    words = {True: "on", False: "off", None: "none"}
    if value is None or isinstance(value, bool):
        return words[value]
    if isinstance(value, float):
        return f"{value:.0f}" if value == round(value) and abs(value) < 1e5 else f"{value:.3g}"
    return str(value)
