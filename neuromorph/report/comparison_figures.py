"""Figures of a comparison: energy against quality, and where the energy goes. They take and return matplotlib Axes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ..cost import Ledger, Scope
from ..datum import Kind
from ..plotting.axes import new_axes, style_axes
from ..plotting.numbers import format_estimate, format_quantity, printable
from ..plotting.style import INK, KIND_COLORS, MARKERS, MUTED, PAPER, SERIES_COLORS, series_color
from ..study.result import Result, TimeToTarget
from .conclusions import named

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..study import Comparison

_LOG_FROM = 10.0  # % of gap: beyond, a linear axis would press the good answers together
_LETTERS, _LINES, _ROW = 36, 4, 64  # of a name in a legend, and in the row of a target
_HATCHES: dict[Scope, str | None] = {"core": None, "chip": "...", "system": "////"}
_INSIDE = 6  # lines of names that a legend in the picture has room for


def draw_pareto(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the energy to find a feasible answer of some quality with 99 %.

    Low and left is good. One curve a target through every quality that it reached, with the 95 % interval of the
    energy as a band, and as a bar at its best answer. The grey steps are the Pareto front:
    no other target is better in both.

    Parameters
    ----------
    comparison : Comparison
        Results.
    ax : Axes or None
        Axes to draw into; None makes new ones.

    Returns
    -------
    Axes
        Axes.
    """
    from matplotlib.ticker import NullFormatter

    own = ax is None
    ax = new_axes() if ax is None else ax
    points: list[tuple[float, float]] = []
    for k, result in enumerate(comparison.results):
        curve = [point for level in result.levels if (point := _point(level))]
        if not curve:
            continue
        low, energy, high, quality = np.array(curve).T
        color = series_color(k)
        ax.fill_betweenx(quality, low, high, color=color, alpha=0.14, linewidth=0)
        again = k >= len(SERIES_COLORS)  # colors begin anew: dashes and open marks tell the rounds apart
        ax.plot(energy, quality, color=color, linewidth=1.4, marker=".", markersize=4, linestyle="--" if again else "-")
        bar = np.array([energy[:1] - low[:1], high[:1] - energy[:1]])
        ax.errorbar(
            energy[:1], quality[:1], xerr=bar, color=color, zorder=4,
            fmt=MARKERS[k % len(MARKERS)], markersize=7, capsize=3, label=legend_label(result),
            markerfacecolor=PAPER if again else color,
        )  # fmt: skip
        points += zip(energy.tolist(), quality.tolist(), strict=True)
    if not points:
        return empty_axes(ax, "no feasible answer with a known energy")
    known = comparison.known is not None
    rising = not known and comparison.problem.sense == "max"  # the axis is turned, so that low stays good
    front = _front(points, rising)
    ax.plot(*front.T, color=MUTED, linewidth=5, alpha=0.25, drawstyle="steps-post", zorder=0, solid_capstyle="round")
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(lambda x, _: format_quantity(x, "J", 1))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel("energy until found with 99 %")
    ax.set_ylabel(f"gap to the best {_best(comparison)} (%)" if known else "score")
    worst, best = max(y for _, y in points), min(y for _, y in points)
    if known and worst == best:
        ax.set_ylim(best - 1.0, best + 10.0)
    elif known and worst > _LOG_FROM:
        ax.set_yscale("symlog", linthresh=1.0, linscale=0.6)
        ax.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
        ax.set_ylim(min(-0.25, 1.2 * best), 1.3 * worst)
    if rising:
        ax.invert_yaxis()
    place: dict[str, Any] = {}
    names = sum(label.count("\n") + 1 for label in ax.get_legend_handles_labels()[1])
    if names > _INSIDE:
        place = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.16), "ncols": 2, "columnspacing": 1.0}
        if own:
            ax.figure.set_figheight(3.6 + 0.11 * names)  # type: ignore[union-attr]
    legend = ax.legend(facecolor=PAPER, framealpha=0.8, edgecolor="none", fontsize=9, labelcolor=INK, **place)
    for text in legend.get_texts():
        text.set_parse_math(False)
    return style_axes(ax)


def draw_energy_shares(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Draw the shares of the energy of a read.

    Bars are core (plain), chip (dotted) and system (hatched), colored by how each share is known.

    Parameters
    ----------
    comparison : Comparison
        Results.
    ax : Axes or None
        Axes to draw into; None makes new ones.

    Returns
    -------
    Axes
        Axes.
    """
    from matplotlib.patches import Patch

    priced = [
        (result, result.ledger)
        for result in comparison.results
        if result.ledger and result.ledger.energy_per_read().value
    ]
    ax = new_axes(height=1.5 + 0.6 * max(1, len(priced))) if ax is None else ax
    if not priced:
        return empty_axes(ax, "no target has a price")
    shown: set[tuple[Scope, Kind]] = set()
    for row, (result, ledger) in enumerate(priced):
        left = 0.0
        for scope in get_args(Scope):
            for kind in get_args(Kind):
                share = _share(ledger, scope, kind)
                if share > 0:
                    ax.barh(
                        row, share, 0.42, left, color=KIND_COLORS[kind], edgecolor=PAPER, hatch=_HATCHES[scope],
                        linewidth=0.8,
                    )  # fmt: skip
                    shown.add((scope, kind))
                left += share
        value, interval = format_estimate(result.energy_per_read_j, "J")
        ax.text(0, row - 0.27, legend_label(result, _ROW, 1), color=INK, fontsize=9.5, parse_math=False)
        ax.text(100, row - 0.27, f"{value}  ({interval})" if interval else value, color=MUTED, fontsize=9, ha="right")
    kinds = [kind for kind in get_args(Kind) if any(kind == known for _, known in shown)]
    marks = [Patch(facecolor=KIND_COLORS[kind], label=kind) for kind in kinds]
    for scope in [scope for scope in get_args(Scope)[1:] if any(scope == each for each, _ in shown)]:
        marks.append(Patch(facecolor=MUTED, edgecolor=PAPER, hatch=_HATCHES[scope], label=scope))
    ax.legend(
        handles=marks, ncols=len(marks), frameon=False, fontsize=9, labelcolor=INK,
        loc="upper center", bbox_to_anchor=(0.5, -0.6 / (0.8 + 0.6 * len(priced))), handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip
    ax.set(xlim=(0, 100), ylim=(len(priced) - 0.6, -0.6), yticks=[], xlabel="share of the energy of a read (%)")
    ax.spines["left"].set_visible(False)
    return style_axes(ax, grid=None)


def _best(comparison: Comparison) -> str:
    return "of this study" if comparison.problem.best_known is None else "known"


def _point(level: TimeToTarget) -> tuple[float, float, float, float] | None:
    """Return (low, energy, high, quality), or None where the energy is not known."""
    joules = level.energy_j
    if joules is None or not joules.value or joules.low is None or joules.high is None:
        return None
    # A logarithmic axis has no 0: an interval that reaches it is drawn a decade down.
    return joules.low or joules.value / 10, joules.value, joules.high, _quality(level)


def _quality(level: TimeToTarget) -> float:
    return level.score if level.gap is None else 100.0 * level.gap


def _front(points: list[tuple[float, float]], rising: bool) -> np.ndarray:
    """Return the points (m, 2) that no other beats in both energy and quality, by rising energy."""
    sign = -1.0 if rising else 1.0
    front: list[tuple[float, float]] = []
    for energy, quality in sorted(points, key=lambda point: (point[0], sign * point[1])):
        if not front or sign * quality < sign * front[-1][1]:
            front.append((energy, quality))
    return np.array(front)


def _share(ledger: Ledger, scope: Scope, kind: Kind) -> float:
    """Compute the percentage of the energy."""
    return 100.0 * (ledger.energy_per_read(scope, kind).value or 0.0) / (ledger.energy_per_read().value or 1.0)


def legend_label(result: Result, width: int = _LETTERS, lines: int = _LINES) -> str:
    """Break the name of a target before its parameters, to the room that there is.

    Parameters
    ----------
    result : Result
        Result of a target.
    width, lines : int
        Letters of a line, and number of lines.

    Returns
    -------
    str
        Label; what does not fit is replaced by an ellipsis.
    """
    broken = [""]
    for piece in re.split(r"(?<=[(,])(?=\w+=)", printable(named(result))):  # before each parameter
        piece = piece if len(piece) <= width else f"{piece[: width - 1]}…"
        if broken[-1] and len(broken[-1]) + len(piece) > width:
            broken.append("  ")
        broken[-1] += piece
    if len(broken) > lines:
        broken = [*broken[: lines - 1], f"{broken[lines - 1][: width - 1]}…"]
    return "\n".join(broken)


def empty_axes(ax: Axes, why: str) -> Axes:
    """Explain on empty axes why there is nothing to draw.

    Parameters
    ----------
    ax : Axes
        Axes.
    why : str
        Reason.

    Returns
    -------
    Axes
        The axes themselves.
    """
    ax.set_axis_off()
    ax.text(0.5, 0.5, why, color=MUTED, ha="center", va="center", transform=ax.transAxes)
    return ax
