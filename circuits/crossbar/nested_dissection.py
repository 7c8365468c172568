r"""Terminal conductances of a crossbar, by nested dissection of its wires.

A block of the array is a network of conductances w_ab between the nodes of its rim. Where two blocks meet they share
nodes: their conductances are added, and the shared nodes are eliminated one after the other,

.. math:: w_{ab} \to w_{ab} + w_{ak} w_{kb} / d_k, \qquad d_k = \sum_{b \ne k} w_{kb}

That is the Schur complement of a Laplacian whose diagonal, the sum of its row, is computed anew each time: nothing is
ever subtracted, and every w_ab keeps its relative accuracy however far resistances of wires and cells lie apart. The
rows' sources and the columns' virtual grounds stay to the end; then W = w[sources, grounds] and
Q = diag(d) - w[sources, sources]. It takes O(n^3) operations for n x n cells, most of them products of matrices.
Sources: George, SIAM J. Numer. Anal. 10, 345 (1973); without subtractions: Grassmann, Taksar and Heyman, Oper. Res. 33,
1107 (1985).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit
from scipy.linalg import solve_triangular

from neuromorph.ising import Float
from neuromorph.runtime.threads import single_threaded_blas

_CELLS = 128  # largest block that is eliminated node by node
_PANEL = 64  # nodes of a larger block that are eliminated together
_RIM, _GROUND = 1 << 30, 1 << 31


@dataclass(frozen=True, eq=False)
class _Block:
    """Conductances between the nodes on the rim of a block.

    Attributes
    ----------
    nodes : (p,) int
        Numbers of the nodes on the rim.
    weights : (p, p + q) float
        Conductances between these nodes, and from them to the q virtual grounds below the block, if any, S; the
        diagonal means nothing.
    """

    nodes: Any
    weights: Float


@single_threaded_blas()
def terminal_matrices(
    g: Float,
    *,
    row_ohm: float,
    column_ohm: float,
    input_ohm: float,
    output_ohm: float,
    both_ends: bool,
    progress: Callable[[float], None],
) -> tuple[Float, Float]:
    """Return the terminal conductances W and Q of a crossbar.

    Row i has nodes 0 .. columns, the first of them its source; column j has nodes 0 .. rows, the last of them its
    virtual ground; cell (i, j) joins node j + 1 of the row to node i of the column.

    Parameters
    ----------
    g : (rows, columns) float
        Conductances of the cells, S.
    row_ohm, column_ohm : float
        Resistance of one wire segment, ohm.
    input_ohm : float
        Resistance from a source to the first node of its row, ohm.
    output_ohm : float
        Resistance from the last node of a column to its virtual ground, ohm.
    both_ends : bool
        Whether a row is driven from both of its ends.
    progress : callable
        Function called with the part of the work that is done.

    Returns
    -------
    W : (rows, columns) float
        Conductances from sources to virtual grounds, S.
    Q : (rows, rows) float
        Conductances between the sources, S.
    """
    rows, columns = g.shape
    along, down = np.full(columns, 1.0 / row_ohm), np.full(rows, 1.0 / column_ohm)
    along[0], down[-1] = 1.0 / input_ohm, 1.0 / output_ohm
    row_nodes = np.arange(rows * (columns + 1)).reshape(rows, columns + 1)
    column_nodes = row_nodes.size + np.arange(columns * (rows + 1)).reshape(columns, rows + 1)
    done, total = 0.0, _work(rows, columns)

    def look() -> None:
        progress(done / total)

    def block(a: int, b: int, c: int, d: int) -> _Block:
        """Build the block of the rows a .. b and the columns c .. d."""
        nonlocal done
        if (b - a) * (d - c) <= _CELLS:
            inner, order, places = _form(b - a, d - c, a > 0, b < rows, d < columns or both_ends)
            nodes = np.concatenate([row_nodes[a:b, c : d + 1].ravel(), column_nodes[c:d, a : b + 1].ravel()])[order]
            links = np.concatenate([np.tile(along[c:d], b - a), np.tile(down[a:b], d - c), g[a:b, c:d].ravel()])
            found = _small(nodes, len(nodes) - (d - c) * (b == rows), inner, places, links)
        elif b - a > d - c:
            middle = (a + b) // 2
            found = _joined(block(a, middle, c, d), block(middle, b, c, d), look)
        else:
            middle = (c + d) // 2
            found = _joined(block(a, b, c, middle), block(a, b, middle, d), look)
        done += _own_work(b - a, d - c)
        look()
        return found

    whole = block(0, rows, 0, columns)
    order = np.argsort(whole.nodes)
    if both_ends:  # far ends first: they are joined to the sources, and taken out
        order = np.r_[order[1::2], order[::2]]
    weights = whole.weights[order][:, np.r_[order, len(order) : len(order) + columns]]
    if both_ends:
        far, source = np.arange(rows), np.arange(rows, 2 * rows)
        weights[far, source] += along[0]
        weights[source, far] += along[0]
        weights = _eliminated(weights, rows, look)
    np.fill_diagonal(weights, 0.0)
    return weights[:, rows:].copy(), np.diag(weights.sum(axis=1)) - weights[:, :rows]


def _small(nodes: Any, size: int, inner: int, places: Any, links: Float) -> _Block:
    """Build a small block from its links, as ``_form`` places them; nodes after the first ``size`` are grounds."""
    weights = np.zeros((size, len(nodes)))
    weights.ravel()[places] = links
    _take_out(weights, inner)
    weights = np.triu(weights[inner:, inner:], 1)
    weights[:, : size - inner] += weights[:, : size - inner].T
    return _Block(nodes[inner:size], weights)


def _joined(a: _Block, b: _Block, look: Callable[[], None]) -> _Block:
    """Join two neighbors into one block and eliminate the nodes that they share.

    The virtual grounds are those of either or both.
    """
    inner = np.intersect1d(a.nodes, b.nodes, assume_unique=True)
    nodes = np.concatenate([inner, np.setxor1d(a.nodes, b.nodes, assume_unique=True)])
    order, first = np.argsort(nodes), len(nodes)
    grounds = [part.weights.shape[1] - len(part.nodes) for part in (a, b)]
    weights = np.zeros((first, first + sum(grounds)))
    for part, more in zip((a, b), grounds, strict=True):
        where = order[np.searchsorted(nodes, part.nodes, sorter=order)]
        weights[np.ix_(where, where)] += part.weights[:, : len(where)]
        weights[where, first : first + more] = part.weights[:, len(where) :]
        first += more
    return _Block(nodes[len(inner) :], _eliminated(weights, len(inner), look))


def _eliminated(weights: Float, count: int, look: Callable[[], None]) -> Float:
    """Eliminate the first ``count`` nodes; ``weights`` (p, p + q) are overwritten, and ``look`` may end it."""
    nodes = len(weights)
    for first in range(0, count, _PANEL):
        look()
        last = min(first + _PANEL, count)
        rest = weights[first:last, last:]
        panel = np.column_stack([weights[first:last, first:last], rest.sum(axis=1)])
        _take_out(panel, last - first)
        # The panel's D - w is R'R with no positive number in R but on its diagonal: y has no negative one.
        root = np.sqrt(panel.diagonal())
        upper = panel[:, :-1] / -root[:, None]
        np.fill_diagonal(upper, root)
        y = solve_triangular(upper, rest, trans=1, check_finite=False)
        within = y[:, : nodes - last]
        weights[last:, last:nodes] += within.T @ within
        weights[last:, nodes:] += within.T @ y[:, nodes - last :]
    return weights[count:, count:].copy()


@njit(cache=True, nogil=True)
def _take_out(weights: Float, count: int) -> None:
    """Eliminate the first ``count`` nodes of ``weights`` (p, p + q), of which only the upper triangle is used.

    Row k keeps w_kb as it was when k was eliminated, and d_k on the diagonal.
    """
    nodes, columns = weights.shape
    for k in range(count):
        total = 0.0
        for j in range(k + 1, columns):
            total += weights[k, j]
        weights[k, k] = total
        for i in range(k + 1, nodes):
            if weights[k, i] > 0.0:
                part = weights[k, i] / total
                for j in range(i + 1, columns):
                    weights[i, j] += part * weights[k, j]


@lru_cache(maxsize=256)
def _form(rows: int, columns: int, above: bool, below: bool, beyond: bool) -> tuple[int, Any, Any]:
    """Lay out a block with, or without, others above, below and beyond its right end.

    Returns
    -------
    inner : int
        Number of nodes inside.
    order : ndarray of int
        Order of its nodes, numbered as in ``terminal_matrices``: inside, rim, grounds.
    places : ndarray of int
        Flat index into its weights of each segment of its rows, of its columns, and of its cells.
    """
    # Inside a block, nodes that join cells are eliminated before those that join pairs, fours, ... of them.
    row_levels, column_levels = (k & -k for k in (np.arange(columns + 1), np.arange(rows + 1)))
    row_levels[0], row_levels[-1] = _RIM, _RIM if beyond else 0
    column_levels[0], column_levels[-1] = _RIM if above else 0, _RIM if below else _GROUND
    levels = np.r_[np.tile(row_levels, rows), np.tile(column_levels, columns)]
    order = np.argsort(levels, kind="stable")
    rank = np.argsort(order)
    row, column = rank[: rows * (columns + 1)].reshape(rows, -1), rank[rows * (columns + 1) :].reshape(columns, -1)
    links = ((row[:, :-1], row[:, 1:]), (column[:, :-1], column[:, 1:]), (row[:, 1:], column[:, :-1].T))
    places = [np.minimum(a, b).ravel() * len(order) + np.maximum(a, b).ravel() for a, b in links]
    return int((levels < _RIM).sum()), order, np.concatenate(places)


def _own_work(rows: int, columns: int) -> float:
    return float(min(rows, columns) * (rows + columns) ** 2)


def _work(rows: int, columns: int) -> float:
    """Return the operations of a block and of all blocks that it consists of."""
    if rows * columns <= _CELLS:
        return _own_work(rows, columns)
    long, short = max(rows, columns), min(rows, columns)
    return _own_work(rows, columns) + _work(long // 2, short) + _work(long - long // 2, short)
