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
    """Fill ``colors`` (n,) int64: sites in ``order`` take the least color that no neighbor has; returns how many."""
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
    """One sweep at each of ``betas`` on every replica: class c is ``order[starts[c]:starts[c + 1]]``.

    spins (R, n) int8 in place; states (R, 4), one stream a replica.
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
