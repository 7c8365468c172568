r"""Heat bath over groups of units of which exactly one is on, and uniform random states.

.. math:: P(x_i = 1) = \frac{e^{\beta f_i}}{\sum_{j \in g} e^{\beta f_j}}, \qquad f_i = b_i + \sum_j W_{ij} x_j

where g is the group of unit i and f_i its field; W is zero inside groups. Source: Geman and Geman, IEEE TPAMI 6, 721
(1984).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import below, uniform


@njit(cache=True, nogil=True)
def one_hot_gibbs(weights, biases, members, betas, winners, best, fields, course, state):
    """Update a random group at each of ``betas``; betas < 0 draw a uniform state.

    Parameters
    ----------
    weights : (n, n) float
        W.
    biases : (n,) float
        b.
    members : (groups, largest) int
        Units of each group; rows end with -1.
    betas : (updates,) float
        Inverse temperatures.
    winners, best : (groups,) int
        Unit that is on in each group, now and at the lowest E, in place.
    fields : (n,) float
        Fields, in place.
    course : (4,) float
        E, the lowest E, the update that found it, and all updates, in place; -1 to begin.
    state : (4,) uint64
        State of the generator, in place.
    """
    groups = members.shape[0]
    sizes = (members >= 0).sum(axis=1)
    if course[3] < 0.0:
        course[0] = course[1] = _toss(weights, biases, members, sizes, winners, fields, state)
        course[2] = course[3] = 0.0
        for g in range(groups):
            best[g] = winners[g]
    energy, lowest = course[0], course[1]
    for update in range(betas.size):
        if betas[update] < 0.0:
            energy = _toss(weights, biases, members, sizes, winners, fields, state)
        else:
            g = below(state, groups)
            top = -np.inf
            for k in range(sizes[g]):
                top = max(top, fields[members[g, k]])
            total = 0.0
            for k in range(sizes[g]):
                total += math.exp(betas[update] * (fields[members[g, k]] - top))
            left = uniform(state) * total
            k = -1
            while left >= 0.0 and k < sizes[g] - 1:
                k += 1
                left -= math.exp(betas[update] * (fields[members[g, k]] - top))
            old, new = winners[g], members[g, k]
            if new != old:
                energy += fields[old] - fields[new]
                fields += weights[new] - weights[old]
                winners[g] = new
        if energy < lowest - 1e-12:
            lowest = energy
            course[2] = course[3] + update + 1
            for g in range(groups):
                best[g] = winners[g]
    course[0], course[1] = energy, lowest
    course[3] += betas.size


@njit(cache=True, nogil=True)
def _toss(weights, biases, members, sizes, winners, fields, state):
    """Draw a uniform state with its fields; return E."""
    energy = 0.0
    for i in range(biases.size):
        fields[i] = biases[i]
    for g in range(winners.size):
        winners[g] = members[g, below(state, sizes[g])]
        energy -= fields[winners[g]]
        fields += weights[winners[g]]
    return energy
