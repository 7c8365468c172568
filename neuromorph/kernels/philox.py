r"""Random numbers for 64 lanes at once, and the variates that turn an update into one comparison.

.. math:: 2 \beta s f \le V: \quad V = -\ln u \;\text{(Metropolis)}, \quad V = \ln \frac{u}{1 - u} \;\text{(heat bath)}

flips s with probability min(1, exp(-2 beta s f)) and 1 / (1 + exp(2 beta s f)), where f is the field on s and u is
uniform. Where Metropolis is lazy, half of the flips that cost or gain next to nothing are left out: V has to reach ln 2
more. Two generators give u with 31 bits: xoshiro128++, a stream a lane, and Philox4x32-10, a function of (key, lane's
replica, sweep, spin) alone, so that its numbers do not depend on the layout, the order or the number of workers.

Sources: Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021); Salmon et al., SC'11, 10.1145/2063384.2063405.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit, types

from .simd import bits_as, convert, fma, load_vector, rotate, select_lanes, spread, store_vector

LANES = 64
ROWS = 256  # variates drawn ahead: (ROWS, LANES) stay in the cache
HEAT_BATH, METROPOLIS = 0, 1

F, U32 = np.float32, np.uint32
FREE = 0.02  # magnitude of 2 beta s f up to which a lazy flip has probability 1/2
_LN2 = F(0.6931471805599453)


@njit(nogil=True, inline="always")
def log_of(x):
    """Compute ln x of positive normal float32 lanes, to 3e-7 + 1e-7 of its size.

    Returns
    -------
    vector
        ln x.
    """
    bits = bits_as(x, types.int32)
    exponent = (bits - np.int32(0x3F2AAAAB)) >> np.int32(23)  # power of two that leaves 2/3 .. 4/3
    f = bits_as(bits - (exponent << np.int32(23)), types.float32) - F(1.0)
    p = fma(f, F(0.17200186848640442), spread(f, F(-0.1969073861837387)))  # Chebyshev fit of (ln(1 + f) - f) / f^2
    p = fma(f, p, F(0.19783316552639008))
    p = fma(f, p, F(-0.24797876179218292))
    p = fma(f, p, F(0.3333808481693268))
    p = fma(f, p, F(-0.5000374913215637))
    return fma(convert(exponent, types.float32), F(0.6931471805599453), fma(f * f, p, f))


@njit(nogil=True, inline="always")
def variate(bits, rule):
    """Compute the variate V from 32 random bits a lane.

    Parameters
    ----------
    bits : uint32 vector
        Random bits.
    rule : int
        Metropolis or heat bath.

    Returns
    -------
    float32 vector
        V.
    """
    magnitude = convert(bits_as(bits & U32(0x7FFFFFFF), types.int32), types.float32) + F(0.5)
    if rule == METROPOLIS:
        return F(0.0) - log_of(magnitude * F(2.0**-31))
    v = magnitude * F(2.0**-32)  # v is the smaller of u and 1 - u; the top bit tells which
    logistic = log_of(v) - log_of(F(1.0) - v)
    return bits_as(bits_as(logistic, types.uint32) ^ (bits & U32(0x80000000)), types.float32)


@njit(nogil=True, inline="always")
def philox(c0, c1, c2, c3, key0, key1):
    """Compute Philox4x32-10.

    Parameters
    ----------
    c0, c1, c2, c3 : uint32 vectors
        Counter.
    key0, key1 : uint32
        Key.

    Returns
    -------
    tuple of uint32 vectors
        The random bits.
    """
    for _ in range(10):
        even, odd = convert(c0, types.uint64) * np.uint64(0xD2511F53), convert(c2, types.uint64) * np.uint64(0xCD9E8D57)
        c0 = convert(odd >> np.uint64(32), types.uint32) ^ c1 ^ key0
        c1 = convert(odd, types.uint32)
        c2 = convert(even >> np.uint64(32), types.uint32) ^ c3 ^ key1
        c3 = convert(even, types.uint32)
        key0, key1 = U32(key0 + U32(0x9E3779B9)), U32(key1 + U32(0xBB67AE85))
    return c0, c1, c2, c3


@njit(nogil=True, inline="always")
def span(n, t, begin, end):
    """Find the spins of sweep t in the blocks begin .. end - 1 of all sweeps.

    The generators are drawn from block by block, so that sweeps can be cut anywhere.

    Parameters
    ----------
    n, t : int
        Number of spins, and number of the sweep.
    begin, end : int
        Range of the blocks.

    Returns
    -------
    tuple of int
        First spin, and the spin after the last.
    """
    before = t * ((n + ROWS - 1) // ROWS)
    return max(0, begin - before) * ROWS, min(n, (end - before) * ROWS)


@njit(nogil=True, cache=True)
def draw_bits(state, sweep, first, rows, out):
    """Draw 32 random bits a lane for some spins.

    Parameters
    ----------
    state : (4, LANES) or (2, LANES) uint32
        State of xoshiro128++, which advances; or for Philox the replica of each lane, and the key in the first two.
    sweep, first, rows : int
        Number of the sweep, first spin, and number of spins. Philox's counter is (spin // 4, replica, sweep, sweep //
        2^32).
    out : (ROWS, LANES) uint32
        Bits, filled in place.
    """
    if state.shape[0] == 2:
        replica = load_vector(state, 0, 0, 64)
        low, high = spread(replica, sweep & 0xFFFFFFFF), spread(replica, sweep >> 32)
        for row in range(0, rows, 4):
            a, b, c, d = philox(spread(replica, (first + row) >> 2), replica, low, high, state[1, 0], state[1, 1])
            store_vector(out, row, 0, a)
            store_vector(out, row + 1, 0, b)
            store_vector(out, row + 2, 0, c)
            store_vector(out, row + 3, 0, d)
        return
    a, b, c, d = (
        load_vector(state, 0, 0, 64),
        load_vector(state, 1, 0, 64),
        load_vector(state, 2, 0, 64),
        load_vector(state, 3, 0, 64),
    )
    for row in range(rows):
        store_vector(out, row, 0, rotate(a + d, 7) + a)
        t = b << U32(9)
        c = c ^ a
        d = d ^ b
        b = b ^ c
        a = a ^ d
        c = c ^ t
        d = rotate(d, 11)
    store_vector(state, 0, 0, a)
    store_vector(state, 1, 0, b)
    store_vector(state, 2, 0, c)
    store_vector(state, 3, 0, d)


@njit(nogil=True, inline="always")
def hottest(two_beta, rule):
    """Find the lowest 2 beta of the lanes; infinite for the heat bath, never lazy.

    Parameters
    ----------
    two_beta : float32 vector
        2 beta of each lane.
    rule : int
        Metropolis or heat bath.

    Returns
    -------
    float32
        The lowest 2 beta.
    """
    lowest = F(np.inf)
    if rule == METROPOLIS:
        for k in range(two_beta.size):
            lowest = min(lowest, two_beta[k])
    return lowest


@njit(nogil=True, inline="always")
def halved(cost, two_beta, lazy):
    """Compute the cost 2 beta s f of a flip, plus ln 2 where a lazy lane finds it near 0.

    Parameters
    ----------
    cost, two_beta : float32 vectors
        s f, and 2 beta of each lane.
    lazy : float32
        2 beta up to which a lane is lazy.

    Returns
    -------
    float32 vector
        The threshold that V has to reach.
    """
    free = (two_beta <= lazy) & (cost <= F(FREE)) & (cost >= F(-FREE))
    return select_lanes(free, select_lanes(cost > F(0.0), cost, F(0.0)) + _LN2, cost)


@njit(nogil=True, cache=True)
def draw_variates(state, rule, sweep, first, rows, out):
    """Draw the variates V of some spins.

    Parameters
    ----------
    state : (4, LANES) or (2, LANES) uint32
        State as in :func:`draw_bits`.
    rule : int
        Metropolis or heat bath.
    sweep, first, rows : int
        Number of the sweep, first spin, and number of spins.
    out : (ROWS, LANES) float32
        V, filled in place.
    """
    bits = out.view(np.uint32)
    draw_bits(state, sweep, first, rows, bits)
    for row in range(rows):
        store_vector(out, row, 0, variate(load_vector(bits, row, 0, 64), rule))
