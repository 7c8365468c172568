r"""Half a Gibbs step of a restricted Boltzmann machine, after the matrix product: means and samples in one pass.

.. math:: p_{rj} = \frac{1}{1 + e^{-z_{rj}}}, \quad z_{rj} = a_j + \beta_r (x_{rj} + b_j),\; s_{rj} = [u_{rj} < p_{rj}]

where x_r is the product of row r with the weights, b holds the biases, a_j and beta_r are the base and inverse
temperature of tempering and annealing (beta = 1 is the model, beta = 0 independent units of bias a), and u is uniform.

exp is 2^n times a polynomial (Cephes expf, relative error below 2e-7), u has 24 bits from 32 lanes of xoshiro128+; both
run in vector registers. A unit with p < 2^-24 fires with 2^-24.
Source: Moshier, Cephes (1992); Blackman and Vigna, ACM Trans. Math. Softw. 47, 36 (2021).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from ..kernels.aligned import aligned
from ..kernels.simd import bits_as, convert, fma, load_vector, rotate, select_lanes, spread, store_vector

F, U32 = np.float32, np.uint32
RBM_LANES = 32

_ONE, _ZERO = np.float32(1.0), np.float32(0.0)
_FAR = np.float32(87.0)  # exp(87) is still a float32
_LOG2_E = np.float32(1.44269504088896341)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_ROUND = np.float32(12582912.0)  # 1.5 * 2^23: adding it rounds to an integer and leaves that in the low bits
_P0, _P1, _P2 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3), np.float32(8.3334519073e-3)
_P3, _P4, _P5 = np.float32(4.1665795894e-2), np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
_TO_UNIT = np.float32(2.0**-24)


def generator_lanes(seed: np.random.SeedSequence) -> NDArray[np.uint32]:
    """Generate the states of the generator, one column a lane, none all zero.

    Returns
    -------
    (4, LANES) uint32
        The states.
    """
    lanes = np.asarray(seed.generate_state(4 * RBM_LANES, np.uint32), np.uint32).reshape(4, RBM_LANES)
    lanes[0] |= np.uint32(1)
    return lanes


@njit(nogil=True, inline="always")
def _odds_against(z):
    """Compute exp(-z)."""
    t = select_lanes(z < -_FAR, _FAR, select_lanes(z > _FAR, -_FAR, F(0.0) - z))
    rounded = fma(t, _LOG2_E, spread(t, _ROUND))
    n = rounded - _ROUND
    f = fma(n, -_LN2_LOW, fma(n, -_LN2_HIGH, t))
    e = fma(f, _P0, spread(f, _P1))
    e = fma(e, f, _P2)
    e = fma(e, f, _P3)
    e = fma(e, f, _P4)
    e = fma(e, f, _P5)
    power = bits_as((bits_as(rounded, types.uint32) << U32(23)) + U32(127 << 23), types.float32)
    return (fma(e * f, f, f) + _ONE) * power


@njit(nogil=True, inline="always")
def _step(a, b, c, d):
    """Advance xoshiro128+, whose number is the high bits of a + d, to the next state."""
    t = b << U32(9)
    c = c ^ a
    d = d ^ b
    return a ^ d, b ^ c, c ^ t, rotate(d, 11)


@njit(nogil=True, inline="always")
def _uniform(a, d):
    """Convert a state to a number in [0, 1) with 24 bits."""
    return convert(bits_as((a + d) >> U32(8), types.int32), types.float32) * _TO_UNIT


@njit(nogil=True, cache=True)
def _widened(values):
    """Pad (rows, n) with zeros to (rows, LANES)."""
    wide = aligned(values.shape[0], RBM_LANES, F)
    wide[:, : values.shape[1]] = values
    wide[:, values.shape[1] :] = _ZERO
    return wide


@njit(nogil=True, cache=True)
def _means(x, wide, shift, base, betas, sign):
    """Apply ``to_means`` to the first ``wide`` columns, in whole vectors."""
    for r in range(x.shape[0]):
        beta = betas[r]
        for j in range(0, wide, RBM_LANES):
            z = fma(
                load_vector(x, r, j, RBM_LANES) + load_vector(shift, 0, j, RBM_LANES),
                beta,
                load_vector(base, 0, j, RBM_LANES),
            )
            store_vector(x, r, j, sign / (_odds_against(z) + _ONE))


@njit(nogil=True, cache=True)
def _samples(x, wide, shift, base, betas, lanes):
    a, b, c, d = (
        load_vector(lanes, 0, 0, RBM_LANES),
        load_vector(lanes, 1, 0, RBM_LANES),
        load_vector(lanes, 2, 0, RBM_LANES),
        load_vector(lanes, 3, 0, RBM_LANES),
    )
    for r in range(x.shape[0]):
        beta = betas[r]
        for j in range(0, wide, RBM_LANES):
            z = fma(
                load_vector(x, r, j, RBM_LANES) + load_vector(shift, 0, j, RBM_LANES),
                beta,
                load_vector(base, 0, j, RBM_LANES),
            )
            u = _uniform(a, d)
            a, b, c, d = _step(a, b, c, d)
            store_vector(x, r, j, select_lanes(fma(u, _odds_against(z), u) < _ONE, spread(z, _ONE), spread(z, _ZERO)))
    store_vector(lanes, 0, 0, a)
    store_vector(lanes, 1, 0, b)
    store_vector(lanes, 2, 0, c)
    store_vector(lanes, 3, 0, d)


@njit(nogil=True, cache=True)
def _means_and_samples(x, wide, shift, base, betas, sign, samples, lanes):
    a, b, c, d = (
        load_vector(lanes, 0, 0, RBM_LANES),
        load_vector(lanes, 1, 0, RBM_LANES),
        load_vector(lanes, 2, 0, RBM_LANES),
        load_vector(lanes, 3, 0, RBM_LANES),
    )
    for r in range(x.shape[0]):
        beta = betas[r]
        for j in range(0, wide, RBM_LANES):
            z = fma(
                load_vector(x, r, j, RBM_LANES) + load_vector(shift, 0, j, RBM_LANES),
                beta,
                load_vector(base, 0, j, RBM_LANES),
            )
            u = _uniform(a, d)
            a, b, c, d = _step(a, b, c, d)
            odds = _odds_against(z)
            store_vector(samples, r, j, select_lanes(fma(u, odds, u) < _ONE, spread(z, _ONE), spread(z, _ZERO)))
            store_vector(x, r, j, sign / (odds + _ONE))
    store_vector(lanes, 0, 0, a)
    store_vector(lanes, 1, 0, b)
    store_vector(lanes, 2, 0, c)
    store_vector(lanes, 3, 0, d)


@njit(nogil=True, cache=True)
def to_means(x, shift, base, betas, sign):
    """Replace x by ``sign`` times the means p.

    Parameters
    ----------
    x : (rows, n) float32
        Input, overwritten.
    shift, base : (n,) float32
        Biases b and a.
    betas : (rows,) float32
        Inverse temperatures.
    sign : float32
        Factor on the means.
    """
    shift, base, n = shift.reshape(1, -1), base.reshape(1, -1), x.shape[1]
    whole = n - n % RBM_LANES
    _means(x, whole, shift, base, betas, sign)
    if whole < n:
        rest = _widened(x[:, whole:])
        _means(rest, RBM_LANES, _widened(shift[:, whole:]), _widened(base[:, whole:]), betas, sign)
        x[:, whole:] = rest[:, : n - whole]


@njit(nogil=True, cache=True)
def to_samples(x, shift, base, betas, lanes):
    """Replace x by samples, 1 with probability p, else 0.

    Parameters
    ----------
    x : (rows, n) float32
        Input, overwritten.
    shift, base : (n,) float32
        Biases b and a.
    betas : (rows,) float32
        Inverse temperatures.
    lanes : (4, LANES) uint32
        States of the generator, in place.
    """
    shift, base, n = shift.reshape(1, -1), base.reshape(1, -1), x.shape[1]
    whole = n - n % RBM_LANES
    _samples(x, whole, shift, base, betas, lanes)
    if whole < n:
        rest = _widened(x[:, whole:])
        _samples(rest, RBM_LANES, _widened(shift[:, whole:]), _widened(base[:, whole:]), betas, lanes)
        x[:, whole:] = rest[:, : n - whole]


@njit(nogil=True, cache=True)
def to_means_and_samples(x, shift, base, betas, sign, samples, lanes):
    """Replace x by ``sign`` times the means p, and draw samples beside them.

    Parameters
    ----------
    x : (rows, n) float32
        Input, overwritten.
    shift, base : (n,) float32
        Biases b and a.
    betas : (rows,) float32
        Inverse temperatures.
    sign : float32
        Factor on the means.
    samples : (rows, n) float32
        Samples, filled in place.
    lanes : (4, LANES) uint32
        States of the generator, in place.
    """
    shift, base, n = shift.reshape(1, -1), base.reshape(1, -1), x.shape[1]
    whole = n - n % RBM_LANES
    _means_and_samples(x, whole, shift, base, betas, sign, samples, lanes)
    if whole < n:
        rest, drawn = _widened(x[:, whole:]), aligned(x.shape[0], RBM_LANES, F)
        shift, base = _widened(shift[:, whole:]), _widened(base[:, whole:])
        _means_and_samples(rest, RBM_LANES, shift, base, betas, sign, drawn, lanes)
        x[:, whole:], samples[:, whole:] = rest[:, : n - whole], drawn[:, : n - whole]


@njit(cache=True, nogil=True)
def _softplus(z):
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


@njit(cache=True, nogil=True)
def add_softplus_change(x, shift, before, beta, total):
    """Add sum_j ln(1 + e^(beta z)) - ln(1 + e^(before z)) with z = x + shift.

    Parameters
    ----------
    x : (rows, n) float32
        Input.
    shift : (n,) float32
        Biases b.
    before, beta : float32
        The two inverse temperatures.
    total : (rows,) float64
        Sums, increased in place.
    """
    for r in range(x.shape[0]):
        change = 0.0
        for j in range(x.shape[1]):
            z = float(x[r, j] + shift[j])
            change += _softplus(beta * z) - _softplus(before * z)
        total[r] += change
