r"""Half a Gibbs step of a restricted Boltzmann machine, after the matrix product: means and samples in one pass.

.. math:: p_{rj} = \frac{1}{1 + e^{-z_{rj}}}, \quad z_{rj} = a_j + \beta_r (x_{rj} + b_j),\; s_{rj} = [u_{rj} < p_{rj}]

a_j and beta_r are what tempering and annealing need: beta = 1 is the model, beta = 0 independent units of bias a.
exp is 2^n times a polynomial (Cephes expf, relative error below 2e-7), u has 24 bits from 64 lanes of xoshiro128+; both
run in vector registers. A unit with p < 2^-24 fires with 2^-24.
Source: Moshier, Cephes (1992); Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

LANES = 64

_ONE, _ZERO = np.float32(1.0), np.float32(0.0)
_FAR = np.float32(87.0)  # exp(87) is still a float32
_LOG2_E = np.float32(1.44269504088896341)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_ROUND = np.float32(12582912.0)  # 1.5 * 2^23: adding it rounds to an integer and leaves that in the low bits
_P0, _P1, _P2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
_P3, _P4, _P5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
_TO_UNIT = np.float32(2.0**-24)


def lanes_of(seed: np.random.SeedSequence) -> NDArray[np.uint32]:
    """(4, 64) states of the generator, one column a lane, none all zero."""
    lanes = np.asarray(seed.generate_state(4 * LANES, np.uint32), np.uint32).reshape(4, LANES)
    lanes[0] |= np.uint32(1)
    return lanes


@njit(cache=True, nogil=True, inline="always")
def _odds_against(z):
    """exp(-z)."""
    t = min(max(-z, -_FAR), _FAR)
    rounded = t * _LOG2_E + _ROUND
    n = rounded - _ROUND
    f = (t - n * _LN2_HIGH) - n * _LN2_LOW
    e = ((((((_P0 * f + _P1) * f + _P2) * f + _P3) * f + _P4) * f + _P5) * f * f + f) + _ONE
    power = np.uint32((np.float32(rounded).view(np.uint32) << np.uint32(23)) + np.uint32(127 << 23)).view(np.float32)
    return e * power


@njit(cache=True, nogil=True, inline="always")
def _rotate(x, k):
    return np.uint32(x << np.uint32(k)) | np.uint32(x >> np.uint32(32 - k))


@njit(cache=True, nogil=True)
def _fill(lanes, uniforms):
    """uniforms (blocks, LANES) float32 in [0, 1)."""
    for block in range(uniforms.shape[0]):
        for k in range(LANES):
            s0, s1, s2, s3 = lanes[0, k], lanes[1, k], lanes[2, k], lanes[3, k]
            result = np.uint32(s0 + s3)
            uniforms[block, k] = np.float32(np.int32(result >> np.uint32(8))) * _TO_UNIT
            t = np.uint32(s1 << np.uint32(9))
            s2 ^= s0
            s3 ^= s1
            lanes[1, k] = s1 ^ s2
            lanes[0, k] = s0 ^ s3
            lanes[2, k] = s2 ^ t
            lanes[3, k] = _rotate(s3, 11)


@njit(cache=True, nogil=True, error_model="numpy")
def to_means(x, shift, base, betas, sign):
    """x (rows, n) becomes sign * p; base and shift (n,), betas (rows,), all float32."""
    for r in range(x.shape[0]):
        beta = betas[r]
        for j in range(x.shape[1]):
            x[r, j] = sign / (_ONE + _odds_against(base[j] + beta * (x[r, j] + shift[j])))


@njit(cache=True, nogil=True, error_model="numpy")
def to_samples(x, shift, base, betas, lanes):
    """x becomes 1 with probability p, else 0. One array, since loops over two that may overlap are not vectorised."""
    uniforms = np.empty(((x.shape[1] + LANES - 1) // LANES, LANES), np.float32)
    u = uniforms.reshape(uniforms.size)
    for r in range(x.shape[0]):
        _fill(lanes, uniforms)
        beta = betas[r]
        for j in range(x.shape[1]):
            odds = _odds_against(base[j] + beta * (x[r, j] + shift[j]))
            x[r, j] = _ONE if u[j] + u[j] * odds < _ONE else _ZERO


@njit(cache=True, nogil=True, error_model="numpy")
def to_means_and_samples(x, shift, base, betas, sign, samples, lanes):
    """x becomes sign * p, and ``samples`` (rows, n) 1 with probability p, else 0."""
    uniforms = np.empty(((x.shape[1] + LANES - 1) // LANES, LANES), np.float32)
    u = uniforms.reshape(uniforms.size)
    for r in range(x.shape[0]):
        _fill(lanes, uniforms)
        beta = betas[r]
        for j in range(x.shape[1]):
            p = _ONE / (_ONE + _odds_against(base[j] + beta * (x[r, j] + shift[j])))
            x[r, j] = sign * p
            samples[r, j] = _ONE if u[j] < p else _ZERO


@njit(cache=True, nogil=True)
def _softplus(z):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


@njit(cache=True, nogil=True)
def add_softplus_change(x, shift, before, beta, total):
    """total (rows,) float64 += sum_j ln(1 + e^(beta z)) - ln(1 + e^(before z)), z = x + shift."""
    for r in range(x.shape[0]):
        change = 0.0
        for j in range(x.shape[1]):
            z = float(x[r, j] + shift[j])
            change += _softplus(beta * z) - _softplus(before * z)
        total[r] += change
