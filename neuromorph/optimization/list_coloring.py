"""Colorings without a conflict by propagation and backtracking: exact, where it ends.

What has one option is colored: a node that one color is left for (a naked single), a color that one node of a unit can
take (a hidden single; units are cliques of as many nodes as colors, as the rows, columns and boxes of a Sudoku). Then
the choice with the fewest options is tried (DSATUR), of colors that are alike only one.

Sources: Brélaz, Commun. ACM 22, 251 (1979), DSATUR; Knuth, in Millennial Perspectives in Computer Science (2000), the
fewest options of a node or of a unit.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..problems.coloring import Coloring
from ..runtime.pieces import pieces
from .list_coloring_kernel import FOUND, GAVE_UP, NONE, assign, backtrack, propagate
from .set_search_kernel import neighbor_lists

_WORK = 1 << 27  # nodes and options looked at, about a fifth of a second
_MOST = 1 << 24  # counts of colors at neighbors that memory is taken for


def possible_colors(problem: Coloring) -> NDArray[np.bool_] | None:
    """Find the colors that nodes can have without a conflict, as far as singles tell.

    Parameters
    ----------
    problem : Coloring
        Problem.

    Returns
    -------
    (free nodes, k) bool or None
        Whether a node of ``problem.free`` can have each color; None if nothing is told, or no coloring is without a
        conflict.
    """
    if (problem.given < 0).all() or problem.nodes * problem.colors > _MOST:
        return None
    starts, near, colors, met, left, units = _begun(problem)
    nodes, shades = np.zeros((2, problem.colors), np.int64)
    if _clash(colors, met) or not propagate(starts, near, colors, met, left, units, nodes, shades):
        return None
    possible = (met == 0) & ((colors < 0)[:, None] | (colors[:, None] == np.arange(problem.colors)))
    return possible[problem.free]


def exact_coloring(problem: Coloring, work: float = _WORK) -> tuple[NDArray[np.int64] | None, bool]:
    """Search a coloring without a conflict, by backtracking.

    Parameters
    ----------
    problem : Coloring
        Problem.
    work : float
        Nodes and options to look at, at most.

    Returns
    -------
    tuple of (n,) int or None, bool
        The coloring, and whether the search ended: no coloring and True prove that there is none.
    """
    n, k = problem.nodes, problem.colors
    if n * k > _MOST:
        return None, False
    starts, near, colors, met, left, units = _begun(problem)
    if _clash(colors, met):
        return None, True
    depth, at, used, counts = np.full(1, -1), *np.zeros((3, n + 1), np.int64)
    nodes, shades = np.zeros((2, n + 1, k), np.int64)
    search = partial(backtrack, starts, near, colors, met, left, units, bool((problem.given < 0).all()))
    for _, part in pieces(1, max(1, int(work / (n + units.size * k)))):
        status = search(part.stop - part.start, depth, at, used, counts, nodes, shades)
        if status != GAVE_UP:
            return (colors if status == FOUND else None), status in (FOUND, NONE)
    return None, False


def _begun(problem: Coloring) -> tuple[Any, ...]:
    """Return the neighbors, the colors given, what they leave to others, and the units."""
    n, k = problem.nodes, problem.colors
    starts, near = neighbor_lists(n, problem.edges)
    colors, met, left = np.full(n, -1), np.zeros((n, k), np.int32), np.full(n, k)
    for v in np.flatnonzero(problem.given >= 0):
        assign(starts, near, colors, met, left, v, problem.given[v])
    return starts, near, colors, met, left, _units(problem)


def _units(problem: Coloring) -> NDArray[np.int64]:
    """Return the rows, columns and boxes of a Sudoku, (units, k)."""
    if problem.shape is None:
        return np.zeros((0, problem.colors), np.int64)
    side = problem.colors
    box = round(side**0.5)
    cells = np.arange(side**2).reshape(side, side)
    boxes = cells.reshape(box, box, box, box).transpose(0, 2, 1, 3).reshape(side, side)
    return np.concatenate([cells, cells.T, boxes])


def _clash(colors: NDArray[np.int64], met: NDArray[np.int32]) -> bool:
    """Test whether two nodes that are joined have been given one color."""
    have = np.flatnonzero(colors >= 0)
    return bool(met[have, colors[have]].any())
