r"""Swaps between neighboring temperatures, and isoenergetic clusters between two replicas at the same one.

.. math:: P(\text{swap}) = \min\bigl(1, e^{(\beta_{t+1} - \beta_t)(E_{t+1} - E_t)}\bigr)

Sources: Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996); Houdayer, Eur. Phys. J. B 22, 479 (2001).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import below, uniform


@njit(cache=True, nogil=True)
def swap(energies, betas, first, holder, heading, trips, chances, states):
    """Try to swap the betas of the pairs (t, t + 1) for t = first, first + 2, ...

    Parameters
    ----------
    energies : (G, T) float
        Energy of each lane.
    betas : (T,) float
        The ladder.
    first : int
        First pair, 0 or 1.
    holder : (G, T) int
        Lane that has beta t, in place.
    heading : (G, T) int8
        Direction of each lane, in place: +1 since it was hottest, -1 since it was coldest, 0 before.
    trips : (G,) int
        Round trips, increased where a lane is hottest again after it was coldest.
    chances : (T - 1,) float
        Sums of the probability of each swap over groups, increased in place.
    states : (G, 4) uint64
        One stream for each group, in place.
    """
    groups, count = holder.shape
    for g in range(groups):
        for t in range(first, count - 1, 2):
            a, b = holder[g, t], holder[g, t + 1]
            x = (betas[t + 1] - betas[t]) * (energies[g, b] - energies[g, a])
            chance = 1.0 if x >= 0.0 else math.exp(x)
            chances[t] += chance
            if uniform(states[g]) < chance:
                holder[g, t], holder[g, t + 1] = b, a
        if count == 1:
            continue
        hottest, coldest = holder[g, 0], holder[g, count - 1]
        if heading[g, hottest] == -1:
            trips[g] += 1
        heading[g, hottest] = 1
        if heading[g, coldest] == 1:
            heading[g, coldest] = -1


@njit(cache=True, nogil=True)
def exchange_cluster(indptr, indices, first, second, state, queue, seen):
    """Exchange a random cluster of sites on which two replicas differ.

    Parameters
    ----------
    indptr, indices : int64 arrays
        CSR structure of the couplings.
    first, second : (n,) int8
        The two replicas, in place.
    state : (4,) uint64
        State of the generator, in place.
    queue, seen : (n,) arrays
        Buffers.

    Returns
    -------
    int
        The size of the cluster.
    """
    n = first.size
    differing = 0
    for i in range(n):
        seen[i] = first[i] == second[i]
        if not seen[i]:
            queue[differing] = i
            differing += 1
    if differing == 0:
        return 0
    start = queue[below(state, differing)]
    queue[0], seen[start] = start, True
    head, tail = 0, 1
    while head < tail:
        i = queue[head]
        head += 1
        first[i], second[i] = second[i], first[i]
        for k in range(indptr[i], indptr[i + 1]):
            if not seen[indices[k]]:
                seen[indices[k]] = True
                queue[tail] = indices[k]
                tail += 1
    return tail


@njit(cache=True, nogil=True)
def exchange_clusters(indptr, indices, spins, holder, begin, end, free, states):
    """Exchange one cluster for each pair of groups and each temperature begin .. end - 1.

    Parameters
    ----------
    indptr, indices : int64 arrays
        CSR structure of the couplings.
    spins : (G, T, n) int8
        Replicas, in place.
    holder : (G, T) int
        Lane that has beta t.
    begin, end : int
        Range of the temperatures.
    free : bool
        True if there are no biases; where more than half of the sites differ, one replica is then inverted first.
    states : (G, 4) uint64
        One stream for each group, in place.

    Returns
    -------
    int
        The sum of the sizes.
    """
    groups, _, n = spins.shape
    queue, seen = np.empty(n, np.int64), np.empty(n, np.bool_)
    total = 0
    for g in range(0, groups, 2):
        for t in range(begin, end):
            first, second = spins[g, holder[g, t]], spins[g + 1, holder[g + 1, t]]
            if free:
                overlap = 0
                for i in range(n):
                    overlap += first[i] * second[i]
                if overlap < 0:
                    for i in range(n):
                        second[i] = -second[i]
            total += exchange_cluster(indptr, indices, first, second, states[g], queue, seen)
    return total
