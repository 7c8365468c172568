r"""Metropolis on bits with shared random thresholds, 512 replicas in 8 words: for annealing, not for sampling.

.. math:: s_i \to -s_i \quad\text{where}\quad d_i - 2 u_i \le -\frac{\ln v_q}{2 \beta}, \qquad q \in \{0, 1, 2, 3\}

where u_i of d_i bonds of spin i are unsatisfied (a coupling of 3 is a bond listed thrice, a bias is a bond with a spin
that is always +1), counted in binary by carry-save adders, one digit a word, all replicas at once. Every replica has
the acceptance of Metropolis, but only four uniform numbers v_q serve all of them: with one alone, replicas that meet
stay together, and most end in the same state; each picks one of four by two random bits, and they stay apart.

Sources: Jacobs and Rebbi, J. Comput. Phys. 41, 203 (1981), multispin coding with shared random numbers; Isakov et al.,
Comput. Phys. Commun. 192, 265 (2015), annealing.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.aligned import aligned
from ..kernels.philox import LANES, METROPOLIS, ROWS, draw_variates
from ..kernels.simd import load_vector, store_vector
from ..sampling.replicas.bitpacked_kernel import U64, mirror_bits, step

COUNT_DIGITS = 7
LARGEST_COUNT = (1 << COUNT_DIGITS) - 1  # largest number of bonds of a spin
THRESHOLDS = 4
_AHEAD = ROWS * LANES // THRESHOLDS  # updates whose variates are drawn at once


@njit(nogil=True, inline="always")
def _sum(a, b, c):
    """Add three digits: the digit, and the carry."""
    return a ^ b ^ c, (a & b) | (c & (a | b))


@njit(nogil=True, inline="always")
def _reaches(number, m, few, b0, b1, b2, b3, b4, b5, b6):
    """Find where the number of binary digits b6..b0 is at least m; ``number[m]`` are the complements of its digits."""
    enough = b0 | number[m, 0]
    enough = (b1 & enough) | (number[m, 1] & (b1 | enough))
    enough = (b2 & enough) | (number[m, 2] & (b2 | enough))
    if not few:
        enough = (b3 & enough) | (number[m, 3] & (b3 | enough))
        enough = (b4 & enough) | (number[m, 4] & (b4 | enough))
        enough = (b5 & enough) | (number[m, 5] & (b5 | enough))
        enough = (b6 & enough) | (number[m, 6] & (b6 | enough))
    return enough


@njit(nogil=True, cache=True)
def sweep_multispin(starts, neighbors, bonds, betas, begin, end, spins, state, variate_state):
    """Sweep in the order of the spins at each of ``betas``; a sweep may be cut.

    Parameters
    ----------
    starts, neighbors : int64 arrays
        Bonds as in :func:`.sweep_bitpacked`, filled to fours.
    bonds : (n,) int64
        Number of bonds without the filling, at most LARGEST_COUNT.
    betas : (sweeps,) float
        Inverse temperatures in units of the couplings, the same in all replicas.
    begin, end : int
        Range of the sweeps that are done.
    spins : (2n + 2, WORDS) uint64
        As in :func:`.sweep_bitpacked`, in place.
    state : (4, WORDS) uint64
        State of the generator of the random bits, in place.
    variate_state : (4, LANES) uint32
        State of the generator of the thresholds, in place.
    """
    n = bonds.size
    number = np.empty((LARGEST_COUNT + 1, COUNT_DIGITS), np.uint64)
    for m in range(LARGEST_COUNT + 1):
        for k in range(COUNT_DIGITS):
            number[m, k] = ~(U64(0) - U64((m >> k) & 1))
    variates = aligned(ROWS, LANES, np.float32)
    flat = variates.reshape(ROWS * LANES)
    mirror_bits(spins)
    a, b, c, d = (
        load_vector(state, 0, 0, 8),
        load_vector(state, 1, 0, 8),
        load_vector(state, 2, 0, 8),
        load_vector(state, 3, 0, 8),
    )
    zero = a ^ a
    for t in range(begin, end):
        scale = np.float32(0.5 / betas[t]) if betas[t] > 0.0 else np.float32(1e30)
        for i in range(n):
            at = THRESHOLDS * (i % _AHEAD)
            if at == 0:
                rows = min(ROWS, (THRESHOLDS * (n - i) + LANES - 1) // LANES)
                draw_variates(variate_state, METROPOLIS, t + 1, i, rows, variates)
            s = load_vector(spins, i, 0, 8)
            b0, b1, b2 = zero, zero, zero
            b3, b4, b5, b6 = zero, zero, zero, zero
            few = bonds[i] < 8
            first = starts[i]
            if not few:
                for p in range(first, starts[i + 1] - 7, 8):
                    x, y = load_vector(spins, neighbors[p], 0, 8), load_vector(spins, neighbors[p + 1], 0, 8)
                    b0, once = _sum(b0, s ^ x, s ^ y)
                    x, y = load_vector(spins, neighbors[p + 2], 0, 8), load_vector(spins, neighbors[p + 3], 0, 8)
                    b0, again = _sum(b0, s ^ x, s ^ y)
                    b1, twice = _sum(b1, once, again)
                    x, y = load_vector(spins, neighbors[p + 4], 0, 8), load_vector(spins, neighbors[p + 5], 0, 8)
                    b0, once = _sum(b0, s ^ x, s ^ y)
                    x, y = load_vector(spins, neighbors[p + 6], 0, 8), load_vector(spins, neighbors[p + 7], 0, 8)
                    b0, again = _sum(b0, s ^ x, s ^ y)
                    b1, carry = _sum(b1, once, again)
                    b2, carry = _sum(b2, twice, carry)
                    b3, carry = b3 ^ carry, b3 & carry
                    b4, carry = b4 ^ carry, b4 & carry
                    b5, carry = b5 ^ carry, b5 & carry
                    b6 = b6 ^ carry
                first += (starts[i + 1] - first) // 8 * 8
            for p in range(first, starts[i + 1], 4):
                x, y = load_vector(spins, neighbors[p], 0, 8), load_vector(spins, neighbors[p + 1], 0, 8)
                b0, once = _sum(b0, s ^ x, s ^ y)
                x, y = load_vector(spins, neighbors[p + 2], 0, 8), load_vector(spins, neighbors[p + 3], 0, 8)
                b0, again = _sum(b0, s ^ x, s ^ y)
                b1, carry = _sum(b1, once, again)
                b2, carry = b2 ^ carry, b2 & carry
                if not few:
                    b3, carry = b3 ^ carry, b3 & carry
                    b4, carry = b4 ^ carry, b4 & carry
                    b5, carry = b5 ^ carry, b5 & carry
                    b6 = b6 ^ carry
            half, quarter = np.float32(0.5) * np.float32(bonds[i]), np.float32(0.5) * scale
            m0 = max(0, math.ceil(half - quarter * flat[at]))
            m1 = max(0, math.ceil(half - quarter * flat[at + 1]))
            m2 = max(0, math.ceil(half - quarter * flat[at + 2]))
            m3 = max(0, math.ceil(half - quarter * flat[at + 3]))
            one, a, b, c, d = step(a, b, c, d)
            two, a, b, c, d = step(a, b, c, d)
            f0 = _reaches(number, m0, few, b0, b1, b2, b3, b4, b5, b6)
            f1 = _reaches(number, m1, few, b0, b1, b2, b3, b4, b5, b6)
            f2 = _reaches(number, m2, few, b0, b1, b2, b3, b4, b5, b6)
            f3 = _reaches(number, m3, few, b0, b1, b2, b3, b4, b5, b6)
            s = s ^ ((one & ((two & f0) | (~two & f1))) | (~one & ((two & f2) | (~two & f3))))
            store_vector(spins, i, 0, s)
            store_vector(spins, n + 1 + i, 0, ~s)
    store_vector(state, 0, 0, a)
    store_vector(state, 1, 0, b)
    store_vector(state, 2, 0, c)
    store_vector(state, 3, 0, d)
