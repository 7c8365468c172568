r"""Heat bath and Metropolis in float32 on a strip of 64 replicas, couplings as CSR: for any sparse problem.

.. math:: s_i \to -s_i \quad\text{where}\quad 2 \beta s_i f_i \le V, \qquad f_i = h_i + \sum_j J_{ij} s_j

where V is the variate of :mod:`.philox`. A row of ``spins`` (n, LANES) is one spin in 64 replicas, so that each J_ij is
read once for all of them and the inner loop has no branch.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit

from ...kernels.aligned import aligned
from ...kernels.philox import LANES, ROWS, draw_variates, halved, hottest, span
from ...kernels.simd import fma, load_vector, select_lanes, spread, store_vector

F = np.float32


@njit(nogil=True, cache=True)
def sweep_sparse(indptr, indices, weights, biases, lazy, two_betas, rule, done, begin, end, spins, state):
    """Sweep in the order of the spins at each row of ``two_betas``; a sweep may be cut.

    Parameters
    ----------
    indptr, indices, weights : arrays
        CSR couplings, float32.
    biases : (n,) float32
        h.
    lazy : (n,) float32
        2 beta up to which Metropolis halves the odds of a free flip.
    two_betas : (sweeps, LANES) float32
        2 beta of each lane.
    rule, done : int
        Metropolis or heat bath, and sweeps that went before (for Philox).
    begin, end : int
        Range of the blocks of ROWS spins of all sweeps, which are done.
    spins : (n, LANES) float32
        Spins, in place.
    state : uint32 array
        State of the generator, in place.
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
