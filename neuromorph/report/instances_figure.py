"""The figure of several instances: the energy to solution of each on each target, with the median over instances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..plotting.axes import new_axes, style_axes
from ..plotting.numbers import format_quantity, printable
from ..plotting.style import INK, series_color
from ..study.over_instances import over_instances
from .comparison_figures import empty_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..study import Comparison

_MOST = 20  # targets, of least energy
_LETTERS = 30  # of a name


def draw_instances(comparisons: Sequence[Comparison], ax: Axes | None = None) -> Axes:
    """Draw the energy to solution of each instance, a row a target.

    Dots are instances, the upright line is their median. An instance without a success is an open triangle at its
    bound.

    Parameters
    ----------
    comparisons : sequence of Comparison
        One of each instance, of one boundary.
    ax : Axes or None
        Axes to draw into; None makes new ones.

    Returns
    -------
    Axes
        Axes.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    rows = [row for row in over_instances(comparisons) if row.ets_j is not None][:_MOST]
    ax = new_axes(height=1.3 + 0.34 * max(2, len(rows))) if ax is None else ax
    if not rows:
        return empty_axes(ax, "no energy to solution")
    names = [row.target for row in over_instances(comparisons)]
    for place, row in enumerate(rows):
        energies = [each.ets_j for found in comparisons for each in found.results if each.target == row.target]
        values = [energy.value for energy in energies if energy is not None and energy.value]
        bounds = [energy.low for energy in energies if energy is not None and energy.value is None and energy.low]
        color = series_color(names.index(row.target))
        ax.scatter(values, [place] * len(values), s=22, color=color, alpha=0.65, linewidths=0)
        ax.scatter(bounds, [place] * len(bounds), s=26, marker=">", facecolors="none", edgecolors=color)
        if row.ets_j is not None and row.ets_j.median:
            ax.plot([row.ets_j.median] * 2, [place - 0.32, place + 0.32], color=INK, linewidth=1.4)
    ax.set_xscale("log")
    ax.set_yticks(range(len(rows)), [_short(printable(row.target)) for row in rows])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.xaxis.set_major_locator(LogLocator(numticks=7))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: format_quantity(value, "J", 2)))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(f"energy to solution ({comparisons[0].boundary})")
    style_axes(ax)
    return ax


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1]}…"
