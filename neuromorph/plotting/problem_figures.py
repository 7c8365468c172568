"""Figures of answers to assignments, colorings, independent sets, Sudokus and partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..problems import Assignment, Coloring, IndependentSet, Partition
from .axes import new_axes
from .style import INK, LINE, MUTED, PAPER, SERIES_COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NODES, _EDGES = 400, 3000  # beyond which a graph is drawn as counts


def draw_assignment(
    problem: Assignment, places: NDArray[Any], ax: Axes | None = None, color: str = SERIES_COLORS[0]
) -> Axes:
    """Draw flows against distances, each pair of facilities a dot.

    Parameters
    ----------
    problem : Assignment
        The problem.
    places : (n,) int
        Location of each facility.
    ax : Axes or None
        Axes to draw on; None makes new ones.
    color : str
        Color of the dots.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(3.4, 3.0) if ax is None else ax
    i, j = np.nonzero(problem.flows)
    ax.scatter(problem.distances[places[i], places[j]], problem.flows[i, j], s=14, color=color, alpha=0.5, linewidths=0)
    ax.set_xlabel("distance", color=MUTED, fontsize=9)
    ax.set_ylabel("flow", color=MUTED, fontsize=9)
    return ax


def draw_coloring(
    problem: Coloring, colors: NDArray[Any], ax: Axes | None = None, color: str = SERIES_COLORS[0]
) -> Axes:
    """Draw a colored graph on a circle, with its conflicts; a Sudoku as its grid.

    Parameters
    ----------
    problem : Coloring
        The problem.
    colors : (n,) int
        Color of each node.
    ax : Axes or None
        Axes to draw on; None makes new ones.
    color : str
        Color of conflicts.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(3.4, 3.2) if ax is None else ax
    if problem.shape is not None:
        return _draw_sudoku(problem, colors, ax, color)
    order = np.argsort(colors, kind="stable")
    shades = np.array([SERIES_COLORS[each % len(SERIES_COLORS)] for each in colors])
    wrong = colors[problem.edges[:, 0]] == colors[problem.edges[:, 1]]
    return _circle(problem.edges, order, shades, wrong, ax, INK, f"{int(wrong.sum())} conflicts")


def draw_set(
    problem: IndependentSet, chosen: NDArray[Any], ax: Axes | None = None, color: str = SERIES_COLORS[0]
) -> Axes:
    """Draw a graph on a circle, the nodes of the set first and colored.

    Parameters
    ----------
    problem : IndependentSet
        The problem.
    chosen : (n,) int
        Whether each node is in the set.
    ax : Axes or None
        Axes to draw on; None makes new ones.
    color : str
        Color of the set.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(3.4, 3.2) if ax is None else ax
    inside = np.asarray(chosen) > 0
    order = np.argsort(~inside, kind="stable")
    shades = np.where(inside, color, LINE)
    wrong = inside[problem.edges].all(axis=1)
    return _circle(problem.edges, order, shades, wrong, ax, INK, f"{int(inside.sum())} of {problem.size} nodes")


def draw_partition(
    problem: Partition, signs: NDArray[Any], ax: Axes | None = None, color: str = SERIES_COLORS[0]
) -> Axes:
    """Draw the two sets as stacked bars.

    Parameters
    ----------
    problem : Partition
        The problem.
    signs : (n,) int
        Set of each number, -1 or +1.
    ax : Axes or None
        Axes to draw on; None makes new ones.
    color : str
        Color of the bars.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(3.4, 3.0) if ax is None else ax
    for row, sign in enumerate((1, -1)):
        values = np.sort(np.abs(problem.numbers[np.asarray(signs) == sign]))[::-1][:_NODES]
        left = np.cumsum(values) - values
        ax.barh(np.full(len(values), row), values, left=left, color=color, edgecolor=PAPER, linewidth=0.4, height=0.6)
    ax.set_yticks([0, 1], ["+1", "-1"])
    ax.set_xlabel(f"difference {problem.score(signs):g}", color=MUTED, fontsize=9)
    return ax


def _circle(
    edges: NDArray[Any], order: NDArray[Any], shades: Any, wrong: NDArray[Any], ax: Axes, mark: str, note: str
) -> Axes:
    n = len(order)
    angle = np.empty(n)
    angle[order] = 2.0 * np.pi * np.arange(n) / n
    places = np.column_stack([np.cos(angle), np.sin(angle)])
    if len(edges) <= _EDGES:
        for k, (i, j) in enumerate(edges):
            ax.plot(*places[[i, j]].T, color=mark if wrong[k] else LINE, linewidth=1.4 if wrong[k] else 0.5, zorder=1)
    ax.scatter(
        places[:, 0], places[:, 1], s=30 if n <= 60 else 8, c=list(shades), edgecolors=PAPER, linewidths=0.6, zorder=2
    )
    ax.set_aspect("equal")
    ax.set(xticks=[], yticks=[])
    ax.set_xlabel(note, color=MUTED, fontsize=9)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def _draw_sudoku(problem: Coloring, colors: NDArray[Any], ax: Axes, color: str) -> Axes:
    assert problem.shape is not None
    side = problem.shape[0]
    box = round(side**0.5)
    wrong = np.unique(problem.edges[colors[problem.edges[:, 0]] == colors[problem.edges[:, 1]]])
    for cell in range(side * side):
        row, column = divmod(cell, side)
        given = problem.given[cell] >= 0
        ax.text(
            column + 0.5, row + 0.5, str(colors[cell] + 1), ha="center", va="center", fontsize=72 / side,
            color=color if cell in wrong else INK if given else MUTED, fontweight="bold" if given else "normal",
        )  # fmt: skip
    for k in range(side + 1):
        width = 1.4 if k % box == 0 else 0.4
        ax.plot([k, k], [0, side], color=INK, linewidth=width)
        ax.plot([0, side], [k, k], color=INK, linewidth=width)
    ax.set(xlim=(-0.05, side + 0.05), ylim=(side + 0.05, -0.05), xticks=[], yticks=[])
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax
