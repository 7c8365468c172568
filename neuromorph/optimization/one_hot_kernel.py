r"""Metropolis moves that keep exactly one unit of each group on.

.. math:: \Delta E_{a \to b} = f_a - f_b, \qquad f_i = b_i + \sum_j W_{ij} x_j

for a group whose unit a goes off and b on, W being zero inside groups; and, where rows and columns are groups both, for
two facilities i, k that change their locations a, b,

.. math:: \Delta C = (F_{ii} - F_{kk})(D_{bb} - D_{aa}) + (F_{ik} - F_{ki})(D_{ba} - D_{ab})
          + \sum_{m \ne i, k} (F_{im} - F_{km})(D_{b p_m} - D_{a p_m}) + (F_{mi} - F_{mk})(D_{p_m b} - D_{p_m a})

Group and unit, or the two facilities, are drawn at random, the present ones among them: a chain of such moves is
irreducible, aperiodic and in detailed balance at every beta.
Sources: Metropolis et al., J. Chem. Phys. 21, 1087 (1953); Taillard, Parallel Comput. 17, 443 (1991), the difference.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import below, uniform

_LOWER = 1e-9  # of the largest |E| met: less is rounding


@njit(cache=True, nogil=True)
def unit_fields(indptr, indices, data, biases, winners, fields):
    """Compute the fields of states from nothing, and return their energies.

    Parameters
    ----------
    indptr, indices, data : arrays
        W in CSR form.
    biases : (n,) float
        b.
    winners : (replicas, groups) int
        Unit that is on in each group.
    fields : (replicas, n) float
        f, in place.

    Returns
    -------
    (replicas,) float
        E without offset.
    """
    energies = np.zeros(winners.shape[0])
    for r in range(winners.shape[0]):
        for i in range(biases.size):
            fields[r, i] = biases[i]
        for unit in winners[r]:
            energies[r] -= fields[r, unit]
            for at in range(indptr[unit], indptr[unit + 1]):
                fields[r, indices[at]] += data[at]
    return energies


@njit(cache=True, nogil=True)
def relocate(indptr, indices, data, members, sizes, betas, winners, fields, energies, best, lowest, states):
    """Make one sweep, of as many proposals as groups, at each beta of each replica.

    Parameters
    ----------
    indptr, indices, data : arrays
        W in CSR form, zero inside groups.
    members : (groups, largest) int
        Units of each group.
    sizes : (groups,) int
        Their numbers.
    betas : (replicas, sweeps) float
        Inverse temperatures; infinity goes downhill.
    winners, fields, energies : (replicas, groups), (replicas, n), (replicas,)
        State, f and E of each replica, in place.
    best, lowest : (replicas, groups), (replicas,)
        State of lowest E that was met, and its E, in place.
    states : (replicas, 4) uint64
        Generators, in place.
    """
    groups = members.shape[0]
    for r in range(winners.shape[0]):
        state, field, on, energy = states[r], fields[r], winners[r], energies[r]
        for s in range(betas.shape[1]):
            beta = betas[r, s]
            for _ in range(groups):
                g = below(state, groups)
                new, old = members[g, below(state, sizes[g])], on[g]
                if new == old:
                    continue
                delta = field[old] - field[new]
                if delta > 0.0 and uniform(state) >= math.exp(-beta * delta):
                    continue
                on[g] = new
                energy += delta
                for at in range(indptr[old], indptr[old + 1]):
                    field[indices[at]] -= data[at]
                for at in range(indptr[new], indptr[new + 1]):
                    field[indices[at]] += data[at]
                if energy < lowest[r] - _LOWER * abs(lowest[r]):
                    lowest[r] = energy
                    for a in range(on.size):
                        best[r, a] = on[a]
        energies[r] = energy


@njit(cache=True, nogil=True)
def probe_relocations(members, sizes, winners, fields, count, state):
    """Compute the differences that random relocations of one state would make.

    Parameters
    ----------
    members, sizes : (groups, largest), (groups,) int
        Units of each group, and their numbers.
    winners, fields : (groups,), (n,)
        State and its fields.
    count : int
        Number of moves.
    state : (4,) uint64
        Generator, in place.

    Returns
    -------
    (count,) float
        The differences, 0 where nothing would move.
    """
    deltas = np.zeros(count)
    for k in range(count):
        g = below(state, members.shape[0])
        deltas[k] = fields[winners[g]] - fields[members[g, below(state, sizes[g])]]
    return deltas


@njit(cache=True, nogil=True)
def swap_difference(f, ft, d, dt, p, i, k):
    """Compute the difference of the cost if facilities i and k change places.

    Parameters
    ----------
    f, ft, d, dt : (n, n) float
        F, D and their transposes.
    p : (n,) int
        Location of each facility.
    i, k : int
        Facilities.

    Returns
    -------
    float
        Difference.
    """
    a, b = p[i], p[k]
    total = (f[i, i] - f[k, k]) * (d[b, b] - d[a, a]) + (f[i, k] - f[k, i]) * (d[b, a] - d[a, b])
    for m in range(p.size):
        if m != i and m != k:
            c = p[m]
            total += (f[i, m] - f[k, m]) * (d[b, c] - d[a, c]) + (ft[i, m] - ft[k, m]) * (dt[b, c] - dt[a, c])
    return total


@njit(cache=True, nogil=True)
def swap_places(f, ft, d, dt, betas, places, energies, best, lowest, states):
    """Make one sweep, of as many proposals as facilities, at each beta of each replica.

    Parameters
    ----------
    f, ft, d, dt : (n, n) float
        F, D and their transposes.
    betas : (replicas, sweeps) float
        Inverse temperatures; infinity goes downhill.
    places, energies : (replicas, n), (replicas,)
        Location of each facility, and cost, in place.
    best, lowest : (replicas, n), (replicas,)
        State of lowest cost that was met, and its cost, in place.
    states : (replicas, 4) uint64
        Generators, in place.
    """
    n = places.shape[1]
    for r in range(places.shape[0]):
        state, p, energy = states[r], places[r], energies[r]
        for s in range(betas.shape[1]):
            beta = betas[r, s]
            for _ in range(n):
                i, k = below(state, n), below(state, n)
                if i == k:
                    continue
                delta = swap_difference(f, ft, d, dt, p, i, k)
                if delta > 0.0 and uniform(state) >= math.exp(-beta * delta):
                    continue
                p[i], p[k] = p[k], p[i]
                energy += delta
                if energy < lowest[r] - _LOWER * abs(lowest[r]):
                    lowest[r] = energy
                    for a in range(p.size):
                        best[r, a] = p[a]
        energies[r] = energy


@njit(cache=True, nogil=True)
def probe_swaps(f, ft, d, dt, places, count, state):
    """Compute the differences that random swaps of one state would make.

    Parameters
    ----------
    f, ft, d, dt : (n, n) float
        F, D and their transposes.
    places : (n,) int
        Location of each facility.
    count : int
        Number of moves.
    state : (4,) uint64
        Generator, in place.

    Returns
    -------
    (count,) float
        The differences, 0 where nothing would move.
    """
    n, deltas = places.size, np.zeros(count)
    for at in range(count):
        i, k = below(state, n), below(state, n)
        if i != k:
            deltas[at] = swap_difference(f, ft, d, dt, places, i, k)
    return deltas
