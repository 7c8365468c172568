r"""Tabu moves of an independent set: one node joins it, takes the place of another, or leaves.

.. math:: \Delta_{add}(v) = w_v, \qquad \Delta_{swap}(v) = w_v - w_u, \qquad \Delta_{drop}(v) = -w_v

A node outside can join if no node of the set is its neighbor, and take the place of u if u is the only one. The best
move of those that are not forbidden is made, downhill ones too. A node that left for another may not come back for
7 + r steps, r < the number of nodes with one neighbor in the set; one that was dropped, for 7.
Source: Wu, Hao and Glover, Ann. Oper. Res. 196, 611 (2012), the same of cliques.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit

from ..kernels.xoshiro import below

OTHER, FREE, SINGLE, INSIDE = 0, 1, 2, 3  # lists of nodes: with several neighbors in the set, none, one; the set
_TENURE = 7
_NEVER = 1 << 62  # step at which nothing is forbidden


@njit(cache=True, nogil=True)
def neighbor_lists(nodes, edges):
    """List the neighbors of each node.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    edges : (m, 2) int
        Edges.

    Returns
    -------
    tuple of (nodes + 1,) int64, (2 m,) int32
        Where the neighbors of each node begin, and the neighbors.
    """
    starts = np.zeros(nodes + 2, np.int64)
    for k in range(edges.shape[0]):
        starts[edges[k, 0] + 2] += 1
        starts[edges[k, 1] + 2] += 1
    for v in range(nodes):
        starts[v + 2] += starts[v + 1]
    near = np.empty(2 * edges.shape[0], np.int32)
    for k in range(edges.shape[0]):
        u, v = edges[k, 0], edges[k, 1]
        near[starts[u + 1]] = v
        near[starts[v + 1]] = u
        starts[u + 1] += 1
        starts[v + 1] += 1
    return starts[:-1], near


@njit(cache=True, nogil=True)
def _put(lists, place, sizes, kind, v, new):
    """Move a node to another list."""
    old, at = kind[v], place[v]
    sizes[old] -= 1
    last = lists[old, sizes[old]]
    lists[old, at] = last
    place[last] = at
    kind[v] = new
    place[v] = sizes[new]
    lists[new, sizes[new]] = v
    sizes[new] += 1


@njit(cache=True, nogil=True)
def _toggle(starts, near, lists, place, sizes, kind, tight, within, v, sign):
    """Put a node into the set (sign 1) or out of it (-1)."""
    if sign > 0:
        _put(lists, place, sizes, kind, v, INSIDE)
    else:
        _put(lists, place, sizes, kind, v, FREE if tight[v] == 0 else SINGLE if tight[v] == 1 else OTHER)
    for at in range(starts[v], starts[v + 1]):
        u = near[at]
        tight[u] += sign
        within[u] += sign * v
        if kind[u] != INSIDE:
            new = FREE if tight[u] == 0 else SINGLE if tight[u] == 1 else OTHER
            if new != kind[u]:
                _put(lists, place, sizes, kind, u, new)


@njit(cache=True, nogil=True)
def _best(lists, sizes, which, weights, within, until, step, alike, state):
    """Choose of a list the node of the largest gain that is not forbidden, the first from a random one among equals."""
    size, found, best = sizes[which], -1, -np.inf
    first = below(state, size) if size else 0
    for k in range(size):
        at = first + k
        v = lists[which, at if at < size else at - size]
        if until[v] > step:
            continue
        gain = -weights[v] if which == INSIDE else weights[v] - (weights[within[v]] if which == SINGLE else 0.0)
        if gain > best:
            found, best = v, gain
            if alike:
                break
    return found, best


@njit(cache=True, nogil=True)
def set_steps(
    starts, near, weights, alike, patience, steps, stop, lists, place, sizes, kind, tight, within, until, best, counts,
    worth, state,
):  # fmt: skip
    """Make some steps; after ``patience`` of them without a better set, begin anew.

    Parameters
    ----------
    starts, near : arrays
        Neighbors of each node.
    weights : (n,) float
        w.
    alike : bool
        Whether all weights are equal.
    patience, steps : int
        Numbers of steps.
    stop : float
        Weight at which to end.
    lists, place, sizes, kind : (4, n), (n,), (4,), (n,) int
        Lists of nodes, where each node is, and how long they are, in place.
    tight, within : (n,) int
        Number and sum of a node's neighbors in the set, in place.
    until : (n,) int
        Step up to which a node may not come in, in place.
    best : (n,) bool
        Heaviest set that was met, in place.
    counts : (2,) int
        Steps made, and the last one at which the set of this start got better, in place.
    worth : (3,) float
        Weight of the set, of the heaviest of this start and of all, in place.
    state : (4,) uint64
        Generator, in place.
    """
    for _ in range(steps):
        if worth[2] >= stop:
            return
        step = counts[0]
        counts[0] += 1
        if step - counts[1] > patience:
            for v in lists[INSIDE, : sizes[INSIDE]].copy():
                _toggle(starts, near, lists, place, sizes, kind, tight, within, v, -1)
            v = below(state, until.size)
            until[:] = 0
            _toggle(starts, near, lists, place, sizes, kind, tight, within, v, 1)
            counts[1] = step
            worth[0] = worth[1] = weights[v]
        v, gain = _best(lists, sizes, FREE, weights, within, until, step, alike, state)
        if v < 0 or not alike:
            other, other_gain = _best(lists, sizes, SINGLE, weights, within, until, step, alike, state)
            if other >= 0 and other_gain > gain:
                v, gain = other, other_gain
            if sizes[INSIDE] and (v < 0 or not alike):
                other, other_gain = _best(lists, sizes, INSIDE, weights, within, until, _NEVER, alike, state)
                if other_gain > gain:
                    v, gain = other, other_gain
        if v < 0:
            continue
        worth[0] += gain
        if kind[v] == INSIDE:
            until[v] = step + _TENURE
            _toggle(starts, near, lists, place, sizes, kind, tight, within, v, -1)
        else:
            if kind[v] == SINGLE:
                u = within[v]
                until[u] = step + _TENURE + below(state, sizes[SINGLE])
                _toggle(starts, near, lists, place, sizes, kind, tight, within, u, -1)
            _toggle(starts, near, lists, place, sizes, kind, tight, within, v, 1)
        if worth[0] > worth[1] + 1e-9:
            worth[1] = worth[0]
            counts[1] = step
            if worth[0] > worth[2] + 1e-9:
                worth[2] = worth[0]
                for k in range(best.size):
                    best[k] = kind[k] == INSIDE
