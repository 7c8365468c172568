"""Axes on a figure of their own, and their common style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .style import LINE, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def new_axes(width: float = 4.8, height: float = 3.6) -> Axes:
    """Make axes on a figure of their own, without pyplot and its global state.

    Parameters
    ----------
    width, height : float
        Size in inches.

    Returns
    -------
    Axes
        The axes.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained").add_subplot()


def style_axes(ax: Axes, grid: Literal["both", "x", "y"] | None = "both") -> Axes:
    """Apply the common style of spines, ticks, labels and grid.

    Parameters
    ----------
    ax : Axes
        Axes, changed in place.
    grid : "both", "x", "y" or None
        The grid lines to draw.

    Returns
    -------
    Axes
        The same axes.
    """
    ax.set_axisbelow(True)
    if grid is not None:
        ax.grid(axis=grid, color=LINE, linewidth=0.8)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(MUTED)
    ax.tick_params(which="both", colors=MUTED, labelsize=9)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set(color=MUTED, fontsize=9.5)
    return ax
