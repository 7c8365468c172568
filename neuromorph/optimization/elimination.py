r"""Exact minimum by elimination, where the coupling graph is thin: O(n 2^w) for width w.

.. math:: m_i(s_{N(i)}) = \min_{s_i} \Bigl[-h_i s_i - \sum_{j \in N(i)} J_{ij} s_i s_j + \sum_{k \to i} m_k\Bigr]

Spins are minimized out one after another, the one with the fewest neighbors first; what is left of each is a table over
its neighbors, which then are neighbors of each other. The largest number of neighbors is the width of the order, an
upper bound of the treewidth of the graph.

Sources: Bertelè and Brioschi, Nonserial Dynamic Programming (1972); Lauritzen and Spiegelhalter, J. R. Stat. Soc. B 50,
157 (1988); minimum degree: Rose, in Graph Theory and Computing (1972).
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from ..ising import Float, Ising
from ..runtime.limits import checkpoint

MAX_WIDTH = 24  # tables of 2^24 numbers, 134 MB


def elimination_order(ising: Ising, most: int = MAX_WIDTH) -> tuple[list[int], int]:
    """Order spins by minimum degree.

    Parameters
    ----------
    ising : Ising
        The problem.
    most : int
        Width at which to give up.

    Returns
    -------
    tuple of list of int, int
        The order and its width; as far as it came and ``most`` + 1 if the width would be larger.
    """
    j = ising.sparse_couplings()
    if j.nnz > 2 * most * ising.size:  # a graph of width w has fewer than w n couplings
        return [], most + 1
    around = [set(j.indices[a:b].tolist()) for a, b in zip(j.indptr[:-1], j.indptr[1:], strict=True)]
    waiting = [(len(each), i) for i, each in enumerate(around)]
    heapq.heapify(waiting)
    gone, width = [False] * ising.size, 0
    order: list[int] = []
    while waiting:
        count, i = heapq.heappop(waiting)
        if gone[i] or count != len(around[i]):
            continue
        width = max(width, count)
        if width > most:
            return order, most + 1
        if len(order) % 256 == 0:
            checkpoint("ordering", len(order), ising.size)
        gone[i] = True
        order.append(i)
        for k in around[i]:
            around[k] |= around[i]
            around[k] -= {i, k}
            heapq.heappush(waiting, (len(around[k]), k))
    return order, width


def eliminate(ising: Ising, most: int = MAX_WIDTH) -> tuple[float, NDArray[np.int8]]:
    """Find a ground state by elimination.

    Parameters
    ----------
    ising : Ising
        The problem.
    most : int
        Largest width.

    Returns
    -------
    tuple of float, (n,) int8
        Lowest energy and a state that has it.

    Raises
    ------
    ValueError
        If the width of the order is larger than ``most``.
    """
    order, width = elimination_order(ising, most)
    if width > most:
        raise ValueError(
            f"elimination of {ising.size} spins needs tables of more than 2^{most} numbers; raise most, or minimize"
        )
    j = ising.sparse_couplings()
    place = np.empty(ising.size, np.int64)
    place[order] = np.arange(ising.size)
    pending: list[list[tuple[tuple[int, ...], Float]]] = [[] for _ in order]
    choices: list[tuple[tuple[int, ...], NDArray[np.bool_]]] = []
    for at, i in enumerate(order):
        checkpoint("elimination", at, ising.size)
        row = slice(j.indptr[i], j.indptr[i + 1])
        later = [(int(k), float(w)) for k, w in zip(j.indices[row], j.data[row], strict=True) if place[k] > at]
        scope = {k for k, _ in later}.union(*(names for names, _ in pending[i])) - {i}
        axes = tuple(sorted(scope, key=place.__getitem__))
        up = np.full((2,) * len(axes), -ising.biases[i])  # s_i = +1; index 1 of an axis is +1
        for k, w in later:
            up += _along(np.array([w, -w]), (k,), axes)
        down = -up
        for names, table in pending[i]:
            rest = tuple(name for name in names if name != i)
            lower, upper = np.moveaxis(table, names.index(i), 0)
            down += _along(lower, rest, axes)
            up += _along(upper, rest, axes)
        pending[i] = []
        choices.append((axes, up < down))
        left = np.minimum(up, down)
        if axes:
            pending[axes[0]].append((axes, left))
    spins = np.zeros(ising.size, np.int8)
    for i, (axes, rises) in zip(reversed(order), reversed(choices), strict=True):
        spins[i] = 1 if rises[tuple((spins[k] + 1) // 2 for k in axes)] else -1
    return float(ising.energy(spins)), spins


def _along(table: Float, names: tuple[int, ...], axes: tuple[int, ...]) -> Float:
    """Give a table over ``names`` an axis of length 1 for each other of ``axes``, in their order."""
    kept = [name for name in axes if name in names]
    moved = np.transpose(table, [names.index(name) for name in kept])
    return moved.reshape([2 if name in names else 1 for name in axes])
