r"""Cluster moves without biases, for couplings of any sign: bonds are drawn where a coupling is satisfied.

.. math:: P(\text{bond}) = 1 - e^{-2 \beta |J_{ij}|} \quad \text{where } J_{ij} s_i s_j > 0, \text{ else } 0

Sources: Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987); Wolff, Phys. Rev. Lett. 62, 361 (1989).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import below, next_uint64, uniform


@njit(cache=True, nogil=True)
def _root(parent, i):
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@njit(cache=True, nogil=True)
def frustrated_kernel(indptr, indices, data):
    """Test whether some loop of couplings is frustrated.

    Parameters
    ----------
    indptr, indices, data : arrays
        CSR couplings.

    Returns
    -------
    bool
        True if a loop is frustrated.
    """
    n = indptr.size - 1
    gauge, queue = np.zeros(n, np.int8), np.empty(n, np.int64)
    for start in range(n):
        if gauge[start]:
            continue
        gauge[start] = 1
        queue[0], head, tail = start, 0, 1
        while head < tail:
            i = queue[head]
            head += 1
            for k in range(indptr[i], indptr[i + 1]):
                j, wanted = indices[k], gauge[i] if data[k] > 0.0 else -gauge[i]
                if gauge[j] == 0:
                    gauge[j] = wanted
                    queue[tail] = j
                    tail += 1
                elif gauge[j] != wanted:
                    return True
    return False


@njit(cache=True, nogil=True)
def _heat_bath(indptr, indices, data, beta, spins, state):
    for i in range(spins.size):
        f = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            f += data[k] * spins[indices[k]]
        spins[i] = 1 if uniform(state) * (1.0 + math.exp(-2.0 * beta * f)) < 1.0 else -1


@njit(cache=True, nogil=True)
def bond_chances(data, beta):
    """Compute the probability of a bond on each satisfied coupling.

    Parameters
    ----------
    data : (m,) float
        Couplings.
    beta : float
        Inverse temperature.

    Returns
    -------
    (m,) float
        The probabilities.
    """
    return 1.0 - np.exp(-2.0 * beta * np.abs(data))


@njit(cache=True, nogil=True)
def swendsen_wang_moves(indptr, indices, data, beta, chance, moves, between, spins, states):
    """Make Swendsen-Wang moves, each after ``between`` heat-bath sweeps.

    Parameters
    ----------
    indptr, indices, data : arrays
        CSR couplings.
    beta, chance : float, (m,) float
        Inverse temperature, and result of :func:`bond_chances`.
    moves, between : int
        Number of moves, and of sweeps before each.
    spins : (R, n) int8
        States, changed in place.
    states : (R, 4) uint64
        One stream for each replica, in place.

    Returns
    -------
    int
        The sum over moves, replicas and clusters of the squares of their sizes.
    """
    n, total = spins.shape[1], 0.0
    parent, turned, size = np.empty(n, np.int64), np.empty(n, np.int8), np.empty(n, np.int64)
    for r in range(spins.shape[0]):
        s, state = spins[r], states[r]
        for _ in range(moves):
            for _ in range(between):
                _heat_bath(indptr, indices, data, beta, s, state)
            for i in range(n):
                parent[i] = i
            for i in range(n):
                for k in range(indptr[i], indptr[i + 1]):
                    j = indices[k]
                    if j > i and data[k] * s[i] * s[j] > 0.0 and uniform(state) < chance[k]:
                        a, b = _root(parent, i), _root(parent, j)
                        if a != b:
                            parent[max(a, b)] = min(a, b)
            for i in range(n):  # a root precedes all sites of its cluster
                root = _root(parent, i)
                if root == i:
                    turned[i], size[i] = next_uint64(state) >> np.uint64(63), 0
                size[root] += 1
                if turned[root]:
                    s[i] = -s[i]
            for i in range(n):
                if parent[i] == i:
                    total += float(size[i]) * size[i]
    return total


@njit(cache=True, nogil=True)
def wolff_moves(indptr, indices, data, beta, chance, moves, between, spins, states):
    """Make Wolff moves, each after ``between`` heat-bath sweeps.

    Parameters
    ----------
    indptr, indices, data : arrays
        CSR couplings.
    beta, chance : float, (m,) float
        Inverse temperature, and result of :func:`bond_chances`.
    moves, between : int
        Number of moves, and of sweeps before each.
    spins : (R, n) int8
        States, changed in place.
    states : (R, 4) uint64
        One stream for each replica, in place.

    Returns
    -------
    int
        The sum of the sizes of the clusters.
    """
    n, total = spins.shape[1], 0
    queue, inside = np.empty(n, np.int64), np.zeros(n, np.bool_)
    for r in range(spins.shape[0]):
        s, state = spins[r], states[r]
        for _ in range(moves):
            for _ in range(between):
                _heat_bath(indptr, indices, data, beta, s, state)
            start = below(state, n)
            inside[start] = True
            queue[0], head, tail = start, 0, 1
            while head < tail:
                i = queue[head]
                head += 1
                for k in range(indptr[i], indptr[i + 1]):
                    j = indices[k]
                    if not inside[j] and data[k] * s[i] * s[j] > 0.0 and uniform(state) < chance[k]:
                        inside[j] = True
                        queue[tail] = j
                        tail += 1
            for m in range(tail):
                s[queue[m]] = -s[queue[m]]
                inside[queue[m]] = False
            total += tail
    return total
