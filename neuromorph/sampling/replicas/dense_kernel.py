r"""Heat bath and Metropolis in float32 on a strip of 64 replicas of a densely coupled problem, in blocks of spins.

.. math:: H_{k} \mathrel{+}= \sum_{b \in B} J_{b} \, \Delta s_{kb}

where H_k holds the fields of replica k and B is a block of spins. The fields H (LANES, width) of all replicas are kept.
A block is updated on a copy of its own fields, which follow every flip at once; then all fields take the block's flips
in one pass: a matrix product while it is hot, rows of J added for the few flips when it is cold. One loop does both,
since it leaves out the spins of a block that flipped in none of GROUP lanes. Sums run in the order of the spins, so
that a lane does not depend on its neighbors, not even in the last bit.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit

from ...kernels.aligned import aligned
from ...kernels.philox import LANES, ROWS, draw_variates, halved, hottest, span
from ...kernels.simd import fma, load_vector, mask_bits, select_lanes, store_vector, transpose

F, U64 = np.float32, np.uint64
BLOCK = 32  # spins updated between two passes over the fields, half as many where n is small; divides ROWS
SMALL_BLOCK = 128
GROUP = 4  # lanes that share each row of J: 4 x 64 sums stay in the registers
PADDING = 16  # unused columns: rows 4 KB apart would compete for the same lines of the cache


@njit(nogil=True, cache=True)
def _pass_on(couplings, first, changes, turned, fields):
    """Add sum_b J[first + b] changes[b, k] to fields[k], for the b that changed in any of GROUP lanes.

    Bit k of turned[b], (BLOCK,) uint64, is set where lane k changed.

    Parameters
    ----------
    turned : (BLOCK,) uint64
        Bit k of turned[b]: lane k changed.
    """
    listed, counts = np.empty((LANES // GROUP, BLOCK + 1), np.int64), np.zeros(LANES // GROUP, np.int64)
    any_turned = U64(0)
    for b in range(turned.size):
        any_turned |= turned[b]
    if any_turned == U64(0):
        return
    for group in range(LANES // GROUP):
        count = 0
        for b in range(turned.size):
            listed[group, count] = b
            count += (turned[b] >> U64(GROUP * group)) & U64(15) != U64(0)
        counts[group] = count
    for x in range(0, fields.shape[1] - PADDING, 64):
        for group in range(LANES // GROUP):
            if counts[group] == 0:
                continue
            k = GROUP * group
            h0, h1 = load_vector(fields, k, x, 64), load_vector(fields, k + 1, x, 64)
            h2, h3 = load_vector(fields, k + 2, x, 64), load_vector(fields, k + 3, x, 64)
            for p in range(counts[group]):
                b = listed[group, p]
                j = load_vector(couplings, first + b, x, 64)
                h0, h1 = fma(j, changes[b, k], h0), fma(j, changes[b, k + 1], h1)
                h2, h3 = fma(j, changes[b, k + 2], h2), fma(j, changes[b, k + 3], h3)
            store_vector(fields, k, x, h0)
            store_vector(fields, k + 1, x, h1)
            store_vector(fields, k + 2, x, h2)
            store_vector(fields, k + 3, x, h3)


@njit(nogil=True, cache=True)
def fill_fields(couplings, biases, spins, begin, end, fields):
    """Compute fields = h + J s anew, in parts of the spins.

    Parameters
    ----------
    couplings : (n, width) float32
        J, padded with zeros.
    biases : (n,) float32
        h.
    spins : (n, LANES) float32
        s.
    begin, end : int
        Range of the spins whose contribution is added; a part from 0 sets the fields first.
    fields : (LANES, width) float32
        Fields, in place.
    """
    if begin == 0:
        for k in range(LANES):
            for i in range(biases.size):
                fields[k, i] = biases[i]
    all_turned = np.full(BLOCK, ~U64(0))
    for first in range(begin, end, BLOCK):
        rows = min(BLOCK, end - first)
        _pass_on(couplings, first, spins[first : first + rows], all_turned[:rows], fields)


@njit(nogil=True, cache=True)
def sweep_dense(couplings, lazy, two_betas, rule, done, begin, end, spins, fields, state):
    """Sweep in the order of the spins at each row of ``two_betas``; all arrays are float32.

    Parameters
    ----------
    couplings : (n, width)
        J; width is PADDING above the next multiple of 64, padded with zeros.
    lazy : (n,)
        2 beta up to which Metropolis halves the odds of a free flip.
    two_betas : (sweeps, LANES)
        2 beta of each lane.
    rule, done : int
        Metropolis or heat bath, and sweeps that went before (for Philox).
    begin, end : int
        Range of the blocks of all sweeps, as in :func:`.philox.span`.
    spins : (n, LANES)
        Spins, in place.
    fields : (LANES, width)
        Fields, in place.
    state : uint32 array
        State of the generator, in place.
    """
    n = spins.shape[0]
    variates, near = aligned(ROWS, LANES, F), aligned(BLOCK, LANES, F)
    changes, turned = aligned(BLOCK, LANES, F), np.empty(BLOCK, np.uint64)
    block = BLOCK if n > SMALL_BLOCK else BLOCK // 2
    for t in range(two_betas.shape[0]):
        two_beta, hot = load_vector(two_betas, t, 0, 64), hottest(two_betas[t], rule)
        low, high = span(n, t, begin, end)
        for first in range(low, high, block):
            if first % ROWS == 0:
                draw_variates(state, rule, done + t + 1, first, min(ROWS, n - first), variates)
            rows = min(block, n - first)
            for k in range(0, LANES, 16):
                for b in range(0, block, 16):
                    transpose(fields, k, first + b, near, b, k)
            for b in range(rows):
                i = first + b
                s = load_vector(spins, i, 0, 64)
                cost = two_beta * s * load_vector(near, b, 0, 64)
                if hot <= lazy[i]:
                    cost = halved(cost, two_beta, lazy[i])
                flips = cost <= load_vector(variates, i % ROWS, 0, 64)
                turned[b] = mask_bits(flips)
                if turned[b] == U64(0):
                    continue
                change = select_lanes(flips, s * F(-2.0), F(0.0))
                store_vector(changes, b, 0, change)
                store_vector(spins, i, 0, s + change)
                for c in range(b + 1, rows):
                    store_vector(near, c, 0, fma(change, couplings[i, first + c], load_vector(near, c, 0, 64)))
            _pass_on(couplings, first, changes, turned[:rows], fields)
