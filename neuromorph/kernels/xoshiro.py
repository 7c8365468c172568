"""xoshiro256++ inside compiled loops: a (4,) uint64 state a stream, seeded by ``rng.kernel_states``.

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
    """In [0, 1) with 53 bits."""
    return (next_uint64(state) >> np.uint64(11)) * _TO_UNIT


@njit(cache=True, nogil=True)
def below(state, n):
    """An integer in 0 .. n - 1 (bias below n / 2^53)."""
    return int(uniform(state) * n)


@njit(cache=True, nogil=True)
def exponential(state):
    """Unit mean."""
    return -math.log(1.0 - uniform(state))


@njit(cache=True, nogil=True)
def normal(state):
    """Standard normal (Box-Muller, one of the pair)."""
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(state)))
    return radius * math.cos(2.0 * math.pi * uniform(state))
