"""xoshiro256++ inside compiled loops: a (4,) uint64 state a stream, seeded by :func:`.rng.kernel_states`.

Source: Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

_TO_UNIT = 1.0 / 9007199254740992.0  # 2^-53


@njit(cache=True, nogil=True, inline="always")
def _rotate(x, k):
    return (x << np.uint64(k)) | (x >> np.uint64(64 - k))


@njit(cache=True, nogil=True)
def next_uint64(state):
    """Draw 64 random bits and advance the state.

    Returns
    -------
    uint64
        The bits.
    """
    result = _rotate(state[0] + state[3], 23) + state[0]
    t = state[1] << np.uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= t
    state[3] = _rotate(state[3], 45)
    return result


@njit(cache=True, nogil=True)
def uniform(state):
    """Draw a uniform number in [0, 1) with 53 bits.

    Returns
    -------
    float
        The number.
    """
    return (next_uint64(state) >> np.uint64(11)) * _TO_UNIT


@njit(cache=True, nogil=True)
def below(state, n):
    """Draw an integer in 0 .. n - 1 (bias below n / 2^53).

    Parameters
    ----------
    state : (4,) uint64
        State of the generator, in place.
    n : int
        Number of integers.

    Returns
    -------
    int
        The integer.
    """
    return int(uniform(state) * n)


@njit(cache=True, nogil=True)
def exponential(state):
    """Draw an exponential number of unit mean.

    Returns
    -------
    float
        The number.
    """
    return -math.log(1.0 - uniform(state))


@njit(cache=True, nogil=True)
def normal(state):
    """Draw a standard normal number (Box-Muller, one of the pair).

    Returns
    -------
    float
        The number.
    """
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(state)))
    return radius * math.cos(2.0 * math.pi * uniform(state))
