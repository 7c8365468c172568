r"""Kinetic Monte Carlo with a cache of visited states: two cache lines a state, and no arithmetic on a hit.

Each hop is one number u in [0, 1). In a state, the transition a -> b owns an interval of it as long as its probability,

.. math:: [s_{ab},\; s_{ab} + k_{a \to b} / K), \qquad K = \sum_{a, b} k_{a \to b}

where k are hopping rates and s_ab the sum of the probabilities before. The widest 15 intervals cover about 99 % of u. A
node keeps them, shrunk to multiples of 1 / 65535. Where u falls into none, the rates are computed and u is looked up
among all: the hops are those of :func:`.kinetic_monte_carlo_kernel.hop`, one for one, whatever is kept. A Zobrist key
finds the node; a new state takes the place of the old one.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from neuromorph.kernels.xoshiro import uniform

from .kinetic_monte_carlo_kernel import sum_row, weigh

MOST_SITES = 256  # acceptors and electrodes: a byte each in a node
_KEPT = 15
_PARTS = 65535  # number of parts of u; begin = end = _PARTS marks an empty interval, for no u is there
_LEAST = 1.0 / 256.0  # narrowest interval that is kept, over K
_NODE = np.dtype(
    [
        ("begin", np.uint16, _KEPT + 1),  # The last is always empty.
        ("end", np.uint16, _KEPT + 1),
        ("source", np.uint8, _KEPT + 1),
        ("target", np.uint8, _KEPT + 1),
        ("key", np.uint64),
        ("wait", np.float64),
        ("unused", np.uint64, 2),
    ]
)


def new_nodes(slots: int) -> NDArray[np.void]:
    """Allocate empty nodes, each aligned to two cache lines.

    Parameters
    ----------
    slots : int
        Number of nodes.

    Returns
    -------
    (slots,) void
        Nodes.
    """
    size = _NODE.itemsize
    room = np.zeros((slots + 1) * size, np.uint8)
    first = -room.ctypes.data % size
    return room[first : first + slots * size].view(_NODE)


@njit(cache=True, nogil=True)
def _compute(most, ratio, up, alone, filled, weights, targets, rows):
    """Compute B and the cumulative sums of the rows of k, in place."""
    n, total = filled.size, 0.0
    weigh(alone, up, filled, weights, targets)
    for a in range(rows.size):
        if a >= n or filled[a]:
            total += sum_row(most[a], ratio[a], targets, 1.0 / weights[a])
        rows[a] = total


@njit(cache=True, nogil=True)
def _look_up(u, most, ratio, weights, targets, rows):
    """Find the transition (a, b) that owns u."""
    left = u * rows[-1]
    a = np.searchsorted(rows, left, side="right")
    if a == rows.size:  # round-off
        a = np.searchsorted(rows, rows[-1])
    left -= rows[a - 1] if a else 0.0
    inverse, last = 1.0 / weights[a], -1
    for b in range(rows.size):
        rate = min(most[a, b], ratio[a, b] * (targets[b] * inverse))
        if rate > 0.0:
            last = b
            left -= rate
            if left < 0.0:
                break
    return a, last


@njit(cache=True, nogil=True)
def _keep(node, most, ratio, weights, targets, rows):
    """Write the widest intervals of a state into its node, in their order."""
    total, before, kept = rows[-1], 0.0, 0
    widths = np.zeros(_KEPT)
    for a in range(rows.size):
        begin = before
        if rows[a] - before > _LEAST * total:
            inverse = 1.0 / weights[a]
            for b in range(rows.size):
                rate = min(most[a, b], ratio[a, b] * (targets[b] * inverse))
                if rate > _LEAST * total:
                    if kept == _KEPT:  # Remove the narrowest interval, which may be this one.
                        narrowest = np.argmin(widths)
                        if widths[narrowest] >= rate:
                            begin += rate
                            continue
                        kept -= 1
                        for k in range(narrowest, kept):
                            widths[k] = widths[k + 1]
                            node.begin[k], node.end[k] = node.begin[k + 1], node.end[k + 1]
                            node.source[k], node.target[k] = node.source[k + 1], node.target[k + 1]
                    widths[kept] = rate
                    node.begin[kept] = np.ceil(begin / total * _PARTS)
                    node.end[kept] = np.floor((begin + rate) / total * _PARTS)
                    node.source[kept], node.target[kept] = a, b
                    kept += 1
                begin += rate
        before = rows[a]
    for k in range(kept, _KEPT + 1):
        node.begin[k] = node.end[k] = _PARTS


@njit(cache=True, nogil=True)
def hop_cached(most, ratio, up, alone, electrode_weights, filled, hops, net, stream, labels, nodes, time):
    """Simulate hops by the nodes of visited states, as :func:`.hop` does, one for one.

    Parameters
    ----------
    most, ratio, up, alone, electrode_weights, filled, hops, net, stream
        As of that function.
    labels : (n + k,) uint64
        Random numbers, 0 at electrodes; the key of a state is 1 exclusive or the labels of full acceptors.
    nodes : (slots,) array
        From :func:`new_nodes`, slots a power of 2; key 0 marks an empty node.
    time : (1,) float
        Mean time of all hops, s, added to.

    Returns
    -------
    int
        Number of hops for which rates were computed.
    """
    n, size = filled.size, labels.size
    weights, targets, rows = np.zeros(size), np.zeros(most.shape[1]), np.zeros(size)
    for e in range(size - n):
        weights[n + e] = targets[n + e] = electrode_weights[e]
    holes = np.zeros(size, np.int64)  # holes on each acceptor and in each electrode, which need no branch
    key, mask = np.uint64(1), np.uint64(nodes.size - 1)
    for i in range(n):
        if filled[i]:
            holes[i] = 1
            key ^= labels[i]
    computed = 0
    for _ in range(hops):
        node = nodes[np.int64(key & mask)]
        u = uniform(stream)
        part = np.uint16(u * _PARTS)
        k = 0
        for j in range(_KEPT + 1):
            k += node.end[j] <= part
        if node.key == key and node.begin[k] <= part:
            a, b = np.int64(node.source[k]), np.int64(node.target[k])
            time[0] += node.wait
        else:
            computed += 1
            for i in range(n):
                filled[i] = holes[i] == 1
            _compute(most, ratio, up, alone, filled, weights, targets, rows)
            a, b = _look_up(u, most, ratio, weights, targets, rows)
            time[0] += 1.0 / rows[-1]
            if node.key != key:
                node.key, node.wait = key, 1.0 / rows[-1]
                _keep(node, most, ratio, weights, targets, rows)
        holes[a] -= 1
        holes[b] += 1
        key ^= labels[a] ^ labels[b]
    for i in range(n):
        filled[i] = holes[i] == 1
    for e in range(net.size):
        net[e] += holes[n + e]
    return computed
