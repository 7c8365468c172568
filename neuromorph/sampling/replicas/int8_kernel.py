r"""Heat bath and Metropolis in integers on a strip of 64 replicas: for couplings and biases that are small integers.

.. math:: s_i \to -s_i \quad\text{where}\quad s_i f_i \le c, \qquad P(c \ge x) = \min(1, e^{-2 \beta x})
          \;\text{or}\; \frac{1}{1 + e^{2 \beta x}}

where c is the highest acceptable cost. It is counted: one comparison of 31 random bits with a threshold for every value
x that a field can take and that is not too rare. While it is so hot that many are common, one logarithm is cheaper (V
of :mod:`.philox`); both take the same random number. Fields lie within +-127; a coupling of 3 is a neighbor listed
thrice.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit, types

from ...kernels.aligned import aligned
from ...kernels.philox import HEAT_BATH, LANES, ROWS, draw_bits, halved, hottest, span, variate
from ...kernels.simd import any_of, bits_as, convert, load_vector, select_lanes, spread, store_vector

F, I8, I32, U32 = np.float32, np.int8, np.int32, np.uint32
_COMMON = 10.0  # 2 beta x up to which every threshold is compared; 64 lanes pass rarer ones once in 300 updates
_MANY = 8  # common thresholds from which a logarithm is cheaper
_NEVER = 22.0  # exp(-22) < 2^-31


@njit(nogil=True, inline="always")
def _mirror(spins):
    """Set rows n .. 2n - 1 to -s and row 2n to zero."""
    n = spins.shape[0] // 2
    for i in range(n):
        store_vector(spins, n + i, 0, I8(0) - load_vector(spins, i, 0, 64))
    s = load_vector(spins, 0, 0, 64)
    store_vector(spins, 2 * n, 0, s - s)


@njit(nogil=True, inline="always")
def _sum(starts, neighbors, spins, i, field):
    """Compute field + sum_j J_ij s_j."""
    for p in range(starts[i], starts[i + 1], 4):
        a = load_vector(spins, neighbors[p], 0, 64) + load_vector(spins, neighbors[p + 1], 0, 64)
        b = load_vector(spins, neighbors[p + 2], 0, 64) + load_vector(spins, neighbors[p + 3], 0, 64)
        field = field + (a + b)
    return field


@njit(nogil=True, cache=True)
def _thresholds(two_beta, rule, levels, table):
    """Set table[m, k] = 2^31 P(c >= levels[m]), 2^32 for the heat bath; return (common levels, levels)."""
    common, count = 0, 0
    lowest = two_beta[0]
    for k in range(LANES):
        lowest = min(lowest, two_beta[k])
    while count < levels.size and lowest * levels[count] < _NEVER:
        for k in range(LANES):
            if k and two_beta[k] == two_beta[k - 1]:
                table[count, k] = table[count, k - 1]
            else:
                e = math.exp(-np.float64(two_beta[k]) * levels[count])
                p = 2.0 * e / (1.0 + e) if rule == HEAT_BATH else e
                table[count, k] = I32(min(p * 2147483648.0, 2147483647.0))
        common += lowest * levels[count] <= _COMMON
        count += 1
    return common, count


@njit(nogil=True, cache=True)
def sweep_int8(starts, neighbors, biases, lazy, levels, step, two_betas, rule, done, begin, end, spins, state):
    """Sweep in the order of the spins at each row of ``two_betas``.

    Parameters
    ----------
    starts, neighbors : int64 arrays
        Result of :func:`.rows_to_add`, filled to fours with row 2n.
    biases : (n,) int8
        h in units of the integers.
    lazy : (n,) float32
        2 beta up to which Metropolis halves the odds of a free flip.
    levels : (m,) int64
        Positive values that fields take: 1, 2, 3 ... or, if all are odd or even, every other; at least one.
    step : int
        Distance of the levels, 1 or 2.
    two_betas : (sweeps, LANES) float32
        2 beta of each lane.
    rule, done : int
        Metropolis or heat bath, and sweeps that went before (for Philox).
    begin, end : int
        Range of the blocks of all sweeps, as in :func:`.philox.span`.
    spins : (2n + 1, LANES) int8
        s, then -s, so that a bond is one addition whatever its sign, then zeros; in place.
    state : uint32 array
        State of the generator, in place.
    """
    n = spins.shape[0] // 2
    _mirror(spins)
    drawn = aligned(ROWS, LANES, U32)
    table = aligned(levels.size, LANES, I32)
    step = I32(step)
    least = I32(levels[0] - step)
    common, count, hot = 0, 0, F(np.inf)
    turned = I32(-1 if state.shape[0] == 2 else 0)  # Philox's bits mean the same in every kernel
    for t in range(two_betas.shape[0]):
        two_beta = load_vector(two_betas, t, 0, 64)
        if t == 0 or any_of(two_beta != load_vector(two_betas, t - 1, 0, 64)):
            common, count = _thresholds(two_betas[t], rule, levels, table)
            hot = hottest(two_betas[t], rule)
        low, high = span(n, t, begin, end)
        for first in range(low, high, ROWS):
            rows = min(ROWS, n - first)
            draw_bits(state, done + t + 1, first, rows, drawn)
            for row in range(rows):
                i = first + row
                s = load_vector(spins, i, 0, 64)
                field = _sum(starts, neighbors, spins, i, spread(s, biases[i]))
                x = convert(select_lanes(s < I8(0), I8(0) - field, field), types.int32)
                bits = load_vector(drawn, row, 0, 64)
                if common > _MANY or hot <= lazy[i]:
                    paid = two_beta * convert(x, types.float32)
                    if hot <= lazy[i]:
                        paid = halved(paid, two_beta, lazy[i])
                    flips = paid <= variate(bits, rule)
                else:
                    small = bits_as(bits & U32(0x7FFFFFFF), types.int32)
                    zero = spread(x, 0)
                    cost = spread(x, least)
                    for m in range(common):
                        cost = cost + select_lanes(small < load_vector(table, m, 0, 64), spread(x, step), zero)
                    for m in range(common, count):
                        far = small < load_vector(table, m, 0, 64)
                        if not any_of(far):
                            break
                        cost = cost + select_lanes(far, spread(x, step), zero)
                    if rule == HEAT_BATH:
                        cost = cost ^ (bits_as(bits, types.int32) >> I32(31)) ^ turned
                    flips = x <= cost
                s = select_lanes(flips, I8(0) - s, s)
                store_vector(spins, i, 0, s)
                store_vector(spins, n + i, 0, I8(0) - s)


@njit(nogil=True, cache=True)
def int8_energies(starts, neighbors, biases, spins, out):
    """Compute -2 E of one strip in units of the integers: sum_i s_i (2 h_i + sum_j J_ij s_j).

    Parameters
    ----------
    starts, neighbors, biases, spins : arrays
        As in :func:`sweep_int8`.
    out : (1, LANES) int32
        -2 E, filled in place.
    """
    _mirror(spins)
    total = load_vector(out, 0, 0, 64) * I32(0)
    for i in range(biases.size):
        s = load_vector(spins, i, 0, 64)
        wide = convert(_sum(starts, neighbors, spins, i, s - s), types.int32) + I32(2) * I32(biases[i])
        total = total + select_lanes(s < I8(0), I32(0) - wide, wide)
    store_vector(out, 0, 0, total)
