"""One read of the annealed softassign dynamics in single precision; ``analog.softassign`` has the equations.

U and V are stored (position, city), so that a shift of positions is a choice of rows, and the columns are padded to a
multiple of 32 so that no loop has a remainder. A step costs one matrix product (BLAS, in blocks of rows too small for
it to start threads), one vectorized exponential and one or a few passes of Sinkhorn's normalization.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import next_uint64, normal

SOFTASSIGN_LANES = 32  # columns are padded to a multiple of this, the number of signs in one random number
_BLAS_SERIAL = 262144  # m n k up to which OpenBLAS stays on the calling thread
_FLOOR = -60.0  # 2^-60 is the least weight: far below rounding, far above denormals, which would cost 100 cycles each
_FINE = 1e-4  # tolerance of the last normalization of a read
_PASSES = 200  # largest number of passes of that normalization

F = np.float32


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy", inline="always")
def _exp(x):
    """Compute e^x to 4e-6 for abs(x) < 40 without a branch or a call, so that the loop around it is vectorized."""
    t = min(max(x * F(1.4426950408889634), F(_FLOOR)), F(-_FLOOR))
    k = math.floor(t + F(0.5))
    f = t - F(k)
    p = F(1.5403530e-4)  # 2^f on -1/2 .. 1/2: Taylor in ln 2
    p = p * f + F(1.3333558e-3)
    p = p * f + F(9.6181291e-3)
    p = p * f + F(5.5504109e-2)
    p = p * f + F(2.4022651e-1)
    p = p * f + F(6.9314718e-1)
    p = p * f + F(1.0)
    return p * np.int32((np.int32(k) + np.int32(127)) << np.int32(23)).view(np.float32)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _normalize(u, row, column, temperature, tolerance, passes, v, a, b, sums):
    """Compute V = Sinkhorn(exp(U / T)) from the potentials row (n,) and column (padded) of the step before.

    The function returns the number of passes. The potentials are kept in the units of U, so that they stay near their
    new values when T changes.
    """
    n, width = u.shape
    inverse = F(1.0) / temperature
    for i in range(n):
        offset, ui, vi = row[i], u[i], v[i]
        for x in range(width):
            vi[x] = _exp((ui[x] + offset + column[x]) * inverse)
    b[:n] = F(1.0)  # the padding keeps b = 0, so that it never counts
    used = 0
    while True:
        used += 1
        sums[:] = F(0.0)
        for i in range(n):
            vi, total = v[i], F(0.0)
            for x in range(width):
                total += vi[x] * b[x]
            a[i] = factor = F(1.0) / total
            for x in range(width):
                sums[x] += factor * vi[x]
        worst = F(0.0)
        for x in range(n):
            worst = max(worst, abs(b[x] * sums[x] - F(1.0)))
            b[x] = F(1.0) / sums[x]
        if worst < tolerance or used >= passes:
            break
    for i in range(n):
        factor, vi = a[i], v[i]
        for x in range(width):
            vi[x] *= factor * b[x]
        row[i] += temperature * F(math.log(factor))
    for x in range(n):
        column[x] += temperature * F(math.log(b[x]))
    return used


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _kick(part, amplitude, bits):
    """Add +- amplitude to 32 components, with one random bit each."""
    for x in range(32):
        part[x] += amplitude - F((bits >> np.uint32(x)) & np.uint32(1)) * (amplitude + amplitude)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def start_softassign(n, width, initial, stream):
    """Initialize U and the potentials of one read.

    Parameters
    ----------
    n, width : int
        Number of cities, and of columns with the padding.
    initial : float32
        Scatter of U.
    stream : (4,) uint64
        State of the generator, in place.

    Returns
    -------
    tuple of arrays
        U (n, width), the potentials of rows (n,) and of columns (width,), all float32.
    """
    u, row, column = np.zeros((n, width), F), np.zeros(n, F), np.full(width, F(-1e30))
    for i in range(n):
        for x in range(n):
            u[i, x] = initial * F(normal(stream))
    column[:n] = F(0.0)
    return u, row, column


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def anneal_softassign(distances, temperatures, couplings, dt, noise, tolerance, passes, stream, u, row, column, v):
    """Advance one read by some steps.

    Parameters
    ----------
    distances : (n, width) float32
        Scaled d; row y holds d[:, y], with zeros in the padding.
    temperatures, couplings : (steps,) float32
        T at the beginning of each step and gamma / n during it.
    dt, noise, tolerance : float32
        Step, sigma, and error at which a normalization stops.
    passes : int
        Largest number of passes of a normalization.
    stream : (4,) uint64
        State of the generator, in place.
    u, row, column : arrays
        Results of :func:`start_softassign`, changed in place.
    v : (n, width) float32
        Buffer for V.

    Returns
    -------
    int
        The number of Sinkhorn passes.
    """
    n, width = distances.shape
    force, neighbors = np.empty((n, width), F), np.empty((n, n), F)
    a, b, sums = np.empty(n, F), np.zeros(width, F), np.empty(width, F)
    flat_u, flat_v, flat_force = u.reshape(-1), v.reshape(-1), force.reshape(-1)
    block = max(1, _BLAS_SERIAL // (n * width))
    total = 0
    for step in range(couplings.size):
        temperature = temperatures[step]
        total += _normalize(u, row, column, temperature, tolerance, passes, v, a, b, sums)
        for i in range(n):
            before, after, sum_of = v[i - 1 if i > 0 else n - 1], v[i + 1 if i < n - 1 else 0], neighbors[i]
            for y in range(n):
                sum_of[y] = before[y] + after[y]
        for i in range(0, n, block):
            np.dot(neighbors[i : i + block], distances, force[i : i + block])
        gamma = couplings[step]
        for e in range(flat_u.size):
            flat_u[e] += dt * (gamma * flat_v[e] - flat_u[e] - flat_force[e])
        if noise > F(0.0):
            amplitude = noise * temperature * F(math.sqrt(dt))
            for e in range(0, flat_u.size, 32):
                _kick(flat_u[e : e + 32], amplitude, np.uint32(next_uint64(stream) >> np.uint64(32)))
    return total


@njit(cache=True, nogil=True)
def finish(u, row, column, temperature, v):
    """Evaluate V at the end with a fine normalization.

    Parameters
    ----------
    u, row, column : arrays
        Results of :func:`anneal_softassign`.
    temperature : float32
        T at the end.
    v : (n, width) float32
        V, filled in place.

    Returns
    -------
    int
        The number of Sinkhorn passes.
    """
    n, width = u.shape
    a, b, sums = np.empty(n, F), np.zeros(width, F), np.empty(width, F)
    passes = np.int64(_PASSES)  # a literal would be compiled apart
    return _normalize(u, row, column, temperature, F(_FINE), passes, v, a, b, sums)
