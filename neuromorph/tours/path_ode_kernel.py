r"""Softassign dynamics of a path with fixed ends, in single precision.

.. math:: \dot U_{px} = -U - \sum_y (\hat w_{yx} V_{p-1,y} + \hat w_{xy} V_{p+1,y}) + \gamma V, \qquad
          V = \mathrm{Sinkhorn}\, e^{U / T}

with U and V (slot, city); the fixed ends stand before the first slot and behind the last. w^ are the centered weights
over the largest eigenvalue of their symmetric part; T falls geometrically from 1.1 to .03 of
Tc = (2 cos(2 pi / k) + gamma) / k.
Source: Rangarajan, Gold and Mjolsness, Neural Comput. 8, 1041 (1996).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import next_uint64, normal

_PASSES = 20  # normalizations of rows and columns within a step, at most
_TOLERANCE = 0.03


@njit(cache=True, nogil=True, inline="always")
def about_normal(stream):
    """Draw a number of unit deviation from four uniform ones of 64 random bits.

    Parameters
    ----------
    stream : (4,) uint64
        State of the generator, in place.

    Returns
    -------
    float
        The number.
    """
    bits = next_uint64(stream)
    total = (
        (bits & np.uint64(65535))
        + (bits >> np.uint64(16) & np.uint64(65535))
        + (bits >> np.uint64(32) & np.uint64(65535))
        + (bits >> np.uint64(48))
    )
    return (float(total) - 131070.0) / 37837.2


@njit(cache=True, nogil=True)
def ode_path(w, k, steps, noise, stream, order):
    """Integrate the softassign dynamics and read the order of its largest outputs.

    Parameters
    ----------
    w : (k + 2, k + 2) float
        Weights.
    k : int
        Number of free cities.
    steps : int
        Steps of Euler's method, of half a time constant each.
    noise : float
        Deviation of the noise of U over T in the square root of a time constant.
    stream : (4,) uint64
        State of the generator, in place.
    order : (k,) int
        Order, filled in place where the outputs are a permutation, else kept.

    Returns
    -------
    bool
        Whether they were one.
    """
    if k < 2:
        order[0] = 1
        return True
    gamma, dt = np.float32(0.3), np.float32(0.5)
    d, ends = _scaled_weights(w, k)
    critical = (2.0 * math.cos(2.0 * math.pi / max(6, k)) + gamma) / k
    u, v, force = np.empty((k, k), np.float32), np.empty((k, k), np.float32), np.empty((k, k), np.float32)
    row, column = np.zeros(k, np.float32), np.zeros(k, np.float32)
    for p in range(k):
        for x in range(k):
            u[p, x] = 1e-3 * normal(stream)
    for step in range(steps):
        temperature = np.float32(1.1 * critical * (0.03 / 1.1) ** (step / (steps - 1.0)))
        _normalize(u, row, column, temperature, v)
        for p in range(k):
            for x in range(k):
                force[p, x] = (ends[0, x] if p == 0 else 0.0) + (ends[1, x] if p == k - 1 else 0.0)
            for y in range(k):
                before = v[p - 1, y] if p > 0 else np.float32(0.0)
                behind = v[p + 1, y] if p < k - 1 else np.float32(0.0)
                for x in range(k):
                    force[p, x] += before * d[0, y, x] + behind * d[1, y, x]
        kick = np.float32(noise * math.sqrt(dt)) * temperature
        for p in range(k):
            for x in range(k):
                u[p, x] += dt * (gamma * v[p, x] - u[p, x] - force[p, x])
                if kick > 0.0:
                    u[p, x] += kick * np.float32(about_normal(stream))
    _normalize(u, row, column, np.float32(0.03 * critical), v)
    taken, seen = np.zeros(k, np.int64), 0
    for p in range(k):
        taken[p] = np.argmax(v[p]) + 1
        seen |= 1 << taken[p]
    if seen != (1 << (k + 1)) - 2:
        return False
    for p in range(k):
        order[p] = taken[p]
    return True


@njit(cache=True, nogil=True)
def _scaled_weights(w, k):
    """Center the weights between free cities and divide all by the largest eigenvalue of their symmetric part."""
    rows, columns, mean = np.zeros(k), np.zeros(k), 0.0
    for i in range(k):
        for j in range(k):
            value = w[i + 1, j + 1] if i != j else 0.0
            rows[i] += value / k
            columns[j] += value / k
            mean += value / (k * k)
    centered = np.empty((k, k))
    for i in range(k):
        for j in range(k):
            centered[i, j] = (w[i + 1, j + 1] if i != j else 0.0) - rows[i] - columns[j] + mean
    x, y, unit = np.empty(k), np.empty(k), 1e-300
    for i in range(k):
        x[i] = 1.0 + 0.37 * i - 0.11 * i * i
    for _ in range(30):
        norm = 0.0
        for i in range(k):
            y[i] = 0.0
            for j in range(k):
                y[i] += 0.5 * (centered[i, j] + centered[j, i]) * x[j]
            norm += y[i] * y[i]
        unit = max(math.sqrt(norm), 1e-300)
        for i in range(k):
            x[i] = y[i] / unit
    d, ends = np.empty((2, k, k), np.float32), np.empty((2, k), np.float32)
    for i in range(k):
        for j in range(k):
            d[0, i, j] = centered[i, j] / unit
            d[1, i, j] = centered[j, i] / unit
        ends[0, i] = (w[0, i + 1] - columns[i]) / unit
        ends[1, i] = (w[i + 1, k + 1] - rows[i]) / unit
    return d, ends


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _normalize(u, row, column, temperature, v):
    """Compute V = Sinkhorn(exp(U / T)) from the potentials of the step before, kept in the units of U."""
    k = len(u)
    inverse = np.float32(1.0) / temperature
    for p in range(k):
        for x in range(k):
            v[p, x] = math.exp(max((u[p, x] + row[p] + column[x]) * inverse, np.float32(-80.0)))
    for _ in range(_PASSES):
        for p in range(k):
            total = np.float32(0.0)
            for x in range(k):
                total += v[p, x]
            row[p] -= temperature * math.log(total)
            total = np.float32(1.0) / total
            for x in range(k):
                v[p, x] *= total
        worst = np.float32(0.0)
        for x in range(k):
            total = np.float32(0.0)
            for p in range(k):
                total += v[p, x]
            worst = max(worst, abs(total - np.float32(1.0)))
            column[x] -= temperature * math.log(total)
            total = np.float32(1.0) / total
            for p in range(k):
                v[p, x] *= total
        if worst < _TOLERANCE:
            return
