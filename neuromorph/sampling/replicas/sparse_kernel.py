r"""Heat bath and Metropolis in float32 on a strip of 64 replicas, couplings as CSR: for any sparse problem.

.. math:: s_i \to -s_i \quad\text{where}\quad 2 \beta s_i f_i \le V, \qquad f_i = h_i + \sum_j J_{ij} s_j

with V of :mod:`.variates`. A row of ``spins`` (n, LANES) is one spin in 64 replicas, so that each J_ij is read once for
all of them and the inner loop has no branch.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit

from ...kernels.philox import LANES, ROWS, draw_variates, halved, hottest, span
from ...kernels.simd import aligned, fma, load_vector, select_lanes, spread, store_vector

F = np.float32


@njit(nogil=True, cache=True)
def sweep_sparse(indptr, indices, weights, biases, lazy, two_betas, rule, done, begin, end, spins, state):
    """A sweep in the order of the spins at each row of ``two_betas`` (sweeps, LANES), 2 beta a lane, all float32.

    lazy (n,)       2 beta up to which Metropolis halves the odds of a free flip
    done            sweeps that went before (for Philox)
    begin, end      of all sweeps' blocks of ROWS spins, those that are done: a sweep may be cut

    ``spins`` and ``state`` change in place.
    """
    variates = aligned(ROWS, LANES, F)
    n = spins.shape[0]
    for t in range(two_betas.shape[0]):
        two_beta, hot = load_vector(two_betas, t, 0, 64), hottest(two_betas[t], rule)
        low, high = span(n, t, begin, end)
        for first in range(low, high, ROWS):
            rows = min(ROWS, n - first)
            draw_variates(state, rule, done + t + 1, first, rows, variates)
            for row in range(rows):
                i = first + row
                field = spread(two_beta, biases[i])
                for p in range(indptr[i], indptr[i + 1]):
                    field = fma(load_vector(spins, indices[p], 0, 64), weights[p], field)
                s = load_vector(spins, i, 0, 64)
                cost = two_beta * s * field
                if hot <= lazy[i]:
                    cost = halved(cost, two_beta, lazy[i])
                flips = cost <= load_vector(variates, row, 0, 64)
                store_vector(spins, i, 0, select_lanes(flips, F(0.0) - s, s))
