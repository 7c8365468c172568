r"""Greedy graph coloring, and heat-bath sweeps over classes of spins that are not coupled to each other.

Within a class fields do not depend on each other, so that all its spins are updated at once.
Sources: Welsh and Powell, Comput. J. 10, 85 (1967); Gonzalez et al., AISTATS 2011 (chromatic Gibbs).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import uniform


@njit(cache=True, nogil=True)
def greedy_colors(indptr, indices, order, colors):
    """Color sites greedily: each takes the least color that no neighbor has.

    Parameters
    ----------
    indptr, indices : int64 arrays
        CSR structure of the couplings.
    order : (n,) int64
        Sites in the order of coloring.
    colors : (n,) int64
        The colors, filled in place.

    Returns
    -------
    int
        The number of colors.
    """
    n = colors.size
    taken = np.full(n + 1, -1)
    colors[:] = -1
    most = 0
    for i in order:
        for k in range(indptr[i], indptr[i + 1]):
            if colors[indices[k]] >= 0:
                taken[colors[indices[k]]] = i
        c = 0
        while taken[c] == i:
            c += 1
        colors[i] = c
        most = max(most, c + 1)
    return most


@njit(cache=True, nogil=True)
def color_sweeps(indptr, indices, data, biases, betas, order, starts, spins, states):
    """Sweep every replica by heat-bath updates of one color after another.

    Parameters
    ----------
    indptr, indices, data : arrays
        CSR couplings.
    biases : (n,) float
        h.
    betas : (sweeps,) float
        One sweep is made at each.
    order, starts : int64 arrays
        Class c is ``order[starts[c]:starts[c + 1]]``.
    spins : (R, n) int8
        States, changed in place.
    states : (R, 4) uint64
        One stream for each replica, in place.
    """
    widest = 0
    for c in range(starts.size - 1):
        widest = max(widest, starts[c + 1] - starts[c])
    fields = np.empty(widest)
    for r in range(spins.shape[0]):
        s, state = spins[r], states[r]
        for beta in betas:
            for c in range(starts.size - 1):
                members = order[starts[c] : starts[c + 1]]
                for m in range(members.size):
                    i = members[m]
                    f = biases[i]
                    for k in range(indptr[i], indptr[i + 1]):
                        f += data[k] * s[indices[k]]
                    fields[m] = f
                for m in range(members.size):
                    s[members[m]] = 1 if uniform(state) * (1.0 + math.exp(-2.0 * beta * fields[m])) < 1.0 else -1
