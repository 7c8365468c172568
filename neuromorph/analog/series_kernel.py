r"""Power series of v = f(z) in time, term by term from those of z: the recurrences of ``batch_transient_kernel``.

Every activation here has :math:`\dot v = \dot z\, w`, so that the terms of order m are

.. math:: m\, v_m = \sum_{j=1}^{m} j\, z_j w_{m-j}

with w = 1 - v^2 for tanh; for the arctangent and the algebraic sigmoid w = s^alpha of s = 1 + z^2, alpha = -1 and -3/2,

.. math:: m\, s_0 w_m = \sum_{j=1}^{m} (\alpha j - (m - j))\, s_j w_{m-j}.

A term costs some m multiplications a neuron, beside the n of its product with T. Series are arrays (terms, lanes, n),
in double or in single precision; tables of the factors above are of the same type, for a product of types is double.

The hyperbolic tangent is e^z - 1 with z = -2 abs(x), by a polynomial and a power of two made of bits, so that the loop
has neither branch nor call and is vectorized; its error is a few units in the last place, of small x too.

Sources: Moore, Interval Analysis (1966), chapter 11; Jorba and Zou, Exp. Math. 14, 99 (2005), 2.1.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

TANH, ARCTAN, ALGEBRAIC = range(3)
_MAGIC = 6755399441055744.0  # 1.5 * 2^52: the low bits of t + _MAGIC are the integer next to t


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy", inline="always")
def _tanh(x):
    z = max(-2.0 * abs(x), -40.0)
    shifted = z * 1.4426950408889634 + _MAGIC
    k = shifted - _MAGIC
    r = (z - k * 0.693147180369123816490) - k * 1.90821492927058770002e-10
    p = 1.0 / 6227020800.0  # e^r - 1 on abs(r) <= ln(2) / 2: Taylor
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    p = (p * r) * r + r
    bits = (np.float64(shifted).view(np.int64) + np.int64(1023)) << np.int64(52)
    power = np.int64(bits).view(np.float64)
    e = power * p + (power - 1.0)
    return math.copysign(-e / (2.0 + e), x)


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def begin_series(kind, z, v, w, s):
    """Write the terms of order 0 of v, w and s.

    Parameters
    ----------
    kind : int
        TANH, ARCTAN or ALGEBRAIC.
    z : (n,) float
        Term of order 0 of z.
    v, w, s : (n,) float
        Those of the others, written here; tanh has no s.
    """
    if kind == TANH:
        for i in range(z.size):
            v[i] = _tanh(z[i])
            w[i] = 1.0 - v[i] * v[i]
        return
    for i in range(z.size):
        s[i] = 1.0 + z[i] * z[i]
        if kind == ARCTAN:
            v[i], w[i] = math.atan(z[i]), 1.0 / s[i]
        else:
            root = math.sqrt(s[i])
            v[i], w[i] = z[i] / root, 1.0 / (s[i] * root)


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def next_term(kind, m, r, z, v, w, s, tables):
    """Write term m of v, w and s of a lane from those before it and the terms to m of z.

    Parameters
    ----------
    kind : int
        TANH, ARCTAN or ALGEBRAIC.
    m, r : int
        Term, 1 at least, and lane.
    z, v, w, s : (terms, lanes, n) float
        Series.
    tables : tuple of ndarray
        j / m and (alpha j - (m - j)) / m, rows m and columns j, in the precision of the series.
    """
    ratios, powers = tables
    _convolve(v[m, r], ratios[m], z, w, m, r)
    out = w[m, r]
    if kind == TANH:
        _square(out, v, m, r)
        for i in range(out.size):
            out[i] = -out[i]
        return
    _square(s[m, r], z, m, r)
    _convolve(out, powers[m], s, w, m, r)
    first = s[0, r]
    for i in range(out.size):
        out[i] /= first[i]


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy", inline="always")
def _convolve(out, factors, a, b, m, r):
    """Write the sum of factors_j a_j b_{m-j} over 1 <= j <= m, four or two terms a pass."""
    n = out.size
    for i in range(n):
        out[i] = 0
    j = 1
    while j + 2 < m:
        f0, f1, f2, f3 = factors[j], factors[j + 1], factors[j + 2], factors[j + 3]
        a0, a1, a2, a3 = a[j, r], a[j + 1, r], a[j + 2, r], a[j + 3, r]
        b0, b1, b2, b3 = b[m - j, r], b[m - j - 1, r], b[m - j - 2, r], b[m - j - 3, r]
        for i in range(n):
            out[i] += f0 * a0[i] * b0[i] + f1 * a1[i] * b1[i] + f2 * a2[i] * b2[i] + f3 * a3[i] * b3[i]
        j += 4
    while j < m:
        f0, f1 = factors[j], factors[j + 1]
        a0, a1, b0, b1 = a[j, r], a[j + 1, r], b[m - j, r], b[m - j - 1, r]
        for i in range(n):
            out[i] += f0 * a0[i] * b0[i] + f1 * a1[i] * b1[i]
        j += 2
    if j == m:
        f0 = factors[m]
        a0, b0 = a[m, r], b[0, r]
        for i in range(n):
            out[i] += f0 * a0[i] * b0[i]


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy", inline="always")
def _square(out, a, m, r):
    """Write the sum of a_j a_{m-j} over 0 <= j <= m, each pair once."""
    n = out.size
    for i in range(n):
        out[i] = 0
    half = (m + 1) // 2
    j = 0
    while j + 1 < half:
        a0, a1, b0, b1 = a[j, r], a[j + 1, r], a[m - j, r], a[m - j - 1, r]
        for i in range(n):
            out[i] += a0[i] * b0[i] + a1[i] * b1[i]
        j += 2
    if j < half:
        a0, b0 = a[j, r], a[m - j, r]
        for i in range(n):
            out[i] += a0[i] * b0[i]
    if m % 2:
        for i in range(n):
            out[i] += out[i]
        return
    middle = a[half, r]
    for i in range(n):
        out[i] += out[i] + middle[i] * middle[i]


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def sum_series(z, light, r, theta, y):
    """Write the sum of z_k theta^k of a lane by Horner's rule.

    Parameters
    ----------
    z : (terms, lanes, n) float
        Terms in double precision, from that of order 0.
    light : (terms, lanes, n) float32
        Terms from that of order 0, of which those beyond z are taken; may be empty.
    r : int
        Lane.
    theta : float
        Time in units of the scale.
    y : (n,) float
        Sum, written here.
    """
    n = y.size
    for i in range(n):
        y[i] = 0.0
    for k in range(light.shape[0] - 1, z.shape[0] - 1, -1):
        low = light[k, r]
        for i in range(n):
            y[i] = y[i] * theta + low[i]
    for k in range(z.shape[0] - 1, -1, -1):
        row = z[k, r]
        for i in range(n):
            y[i] = y[i] * theta + row[i]


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy")
def sum_slopes(z, light, r, theta, y):
    """Write the sum of k z_k theta^(k-1) of a lane by Horner's rule.

    Parameters
    ----------
    z : (terms, lanes, n) float
        Terms in double precision, from that of order 0.
    light : (terms, lanes, n) float32
        Terms from that of order 0, of which those beyond z are taken; may be empty.
    r : int
        Lane.
    theta : float
        Time in units of the scale.
    y : (n,) float
        Sum, written here.
    """
    n = y.size
    for i in range(n):
        y[i] = 0.0
    for k in range(light.shape[0] - 1, z.shape[0] - 1, -1):
        low = light[k, r]
        for i in range(n):
            y[i] = y[i] * theta + k * low[i]
    for k in range(z.shape[0] - 1, 0, -1):
        row = z[k, r]
        for i in range(n):
            y[i] = y[i] * theta + k * row[i]
