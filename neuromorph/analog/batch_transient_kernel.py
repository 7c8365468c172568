r"""Steps of many transients at once, each lane with a step size of its own: the loops of ``batch_transient``.

.. math:: \dot u = W g(u) + c - d \odot u, \quad W = C^{-1} T, \quad c = C^{-1} I, \quad d = 1 / (R C)

A round is one step of DOP853 on every lane that is busy: each stage is one product of all outputs (lanes, n) with W',
by BLAS, or row by row with a sparse W. A lane whose step fails takes it again in the next round, smaller; one that ends
gives its place to the next start. Lanes share nothing but the product, so that none waits for the stiffest.

The hyperbolic tangent is e^z - 1 with z = -2 abs(x), by a polynomial and a power of two made of bits, so that the loop
has neither branch nor call and is vectorized; its error is a few units in the last place, of small x too.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

TANH, LOGISTIC, ARCTAN, ALGEBRAIC = range(4)
BUSY, ENDED, RESTED, FAILED = range(4)  # states of a start
STAGES, ROWS = 12, 16  # stages of a step; those, its end, and three more for values within it
_SMALLEST = 16.0  # steps below this many units in the last place of the time are given up
_MAGIC = 6755399441055744.0  # 1.5 * 2^52: the low bits of t + _MAGIC are the integer next to t
_SUMS = {"reassoc", "contract", "nsz"}


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
def _activate_row(kind, gain, swing, u, v):
    """Write V = g(u) of one row."""
    n = u.size
    if kind == TANH:
        for i in range(n):
            v[i] = swing * _tanh(gain * u[i])
    elif kind == LOGISTIC:
        for i in range(n):
            v[i] = swing * (0.5 + 0.5 * _tanh(0.5 * gain * u[i]))
    elif kind == ARCTAN:
        for i in range(n):
            v[i] = swing * (2.0 / math.pi) * math.atan(0.5 * math.pi * gain * u[i])
    else:
        for i in range(n):
            x = gain * u[i]
            v[i] = swing * x / math.sqrt(1.0 + x * x)


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _error_norm(u, new, k, e3, e5, h, rtol, atol):
    """Return the error of a step over its tolerance: Hairer's mean of the fifth and third order, RMS over neurons."""
    n = u.size
    five = three = 0.0
    for i in range(n):
        a = b = 0.0
        for s in range(STAGES):
            a += e5[s] * k[s, i]
            b += e3[s] * k[s, i]
        w = 1.0 / (atol + rtol * max(abs(u[i]), abs(new[i])))
        five += (a * w) * (a * w)
        three += (b * w) * (b * w)
    if five == 0.0 and three == 0.0:
        return 0.0
    return abs(h) * five / math.sqrt((five + 0.01 * three) * n)


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _scaled_norm(x, u, rtol, atol):
    total = 0.0
    for i in range(x.size):
        w = x[i] / (atol + rtol * abs(u[i]))
        total += w * w
    return math.sqrt(total / x.size)


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy", inline="always")
def _combine(u, k, a, stages, h, y):
    """Write y = u + h sum_s a_s k_s."""
    n = u.size
    for i in range(n):
        y[i] = u[i]
    for s in range(stages):
        if a[s] != 0.0:
            row, factor = k[s], h * a[s]
            for i in range(n):
                y[i] += factor * row[i]


@njit(cache=True, nogil=True)
def _copy(source, target):
    """Copy a row in a loop: an assignment of arrays takes longer to compile than all else here."""
    for i in range(target.size):
        target[i] = source[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _product(weights, indices, indptr, v, f, rows):
    """Write f = v W' of the first rows; W' is dense (n, n), or W is in the form of CSR."""
    if indptr.size == 0:
        np.dot(v[:rows], weights, f[:rows])
        return
    data = weights[0]
    for r in range(rows):
        x, y = v[r], f[r]
        for i in range(y.size):
            total = 0.0
            for p in range(indptr[i], indptr[i + 1]):
                total += data[p] * x[indices[p]]
            y[i] = total


@njit(cache=True, nogil=True, fastmath={"contract", "nsz"}, error_model="numpy", inline="always")
def _slope(f, c, d, y, k):
    for i in range(f.size):
        k[i] = f[i] + c[i] - d[i] * y[i]


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    equation, activation, table, limits, starts, times, out, ends, rested_s, states, lanes, place, work, counts, rounds
):
    """Take a step on all busy lanes, ``rounds`` times or until every start has ended.

    Parameters
    ----------
    equation : tuple of ndarray
        W' (n, n), or the values of W (1, nnz); its indices and row starts in CSR, empty if dense; c, d (n,).
    activation : (int, float, float)
        Kind, gain and swing of g.
    table : tuple of ndarray
        Coefficients (16, 16) of the stages, weights, two estimates of the error (12,), the polynomial (4, 16).
    limits : tuple of float
        rtol, atol, the end, the largest residual at rest (0 if none ends by that), and for how long it must hold.
    starts : (batch, n) float
        Potentials at t = 0.
    times : (m,) float
        Times of the samples.
    out : (m, batch, n) float
        Samples, written here.
    ends : (batch, n) float
        Last potentials, written here.
    rested_s : (batch,) float
        Since when a state rests, written here.
    states : (batch,) int64
        BUSY, ENDED, RESTED or FAILED, written here.
    lanes : (width, 4) float
        Time, next step, the step just taken (-1 if it failed), and since when the lane rests (-1 if it does not).
    place : (width, 2) int64
        Start that a lane integrates, and its next sample.
    work : tuple of ndarray
        Potentials (width, n), slopes (width, 16, n), states of the stages, outputs and products (width, n), and the
        rows of lanes that are sampled (width,).
    counts : (4,) int64
        Starts taken, lanes busy, steps, right-hand sides.
    rounds : int
        Largest number of steps of each lane.

    Returns
    -------
    bool
        True if every start has ended.
    """
    weights, indices, indptr, c, d = equation
    kind, gain, swing = activation
    a, b, e3, e5, dense = table
    rtol, atol, end, rest, hold = limits
    u, k, y, v, f, need = work
    n, width, many = c.size, u.shape[0], starts.shape[0]
    for _ in range(rounds):
        # New starts take the free lanes, which stand behind the busy ones.
        fresh = np.int64(0)  # a literal would be compiled apart
        while counts[1] < width and counts[0] < many:
            r, lane = counts[1], counts[0]
            _copy(starts[lane], u[r])
            _copy(starts[lane], out[0, lane])
            lanes[r, 0], lanes[r, 2], lanes[r, 3] = 0.0, 0.0, -1.0
            place[r, 0], place[r, 1] = lane, 1
            _activate_row(kind, gain, swing, u[r], v[fresh])
            fresh += 1
            counts[0] += 1
            counts[1] += 1
        busy = counts[1]
        if busy == 0:
            return True
        if fresh:
            first = busy - fresh
            _product(weights, indices, indptr, v, f, fresh)
            for r in range(first, busy):
                _slope(f[r - first], c, d, u[r], k[r, 0])
                d0, d1 = _scaled_norm(u[r], u[r], rtol, atol), _scaled_norm(k[r, 0], u[r], rtol, atol)
                h = 1e-6 * end if d0 < 1e-5 or d1 < 1e-5 else 0.01 * d0 / d1
                h = min(h, end)
                lanes[r, 1] = h
                for i in range(n):
                    y[r, i] = u[r, i] + h * k[r, 0, i]
                _activate_row(kind, gain, swing, y[r], v[r - first])
            _product(weights, indices, indptr, v, f, fresh)
            for r in range(first, busy):
                h = lanes[r, 1]
                _slope(f[r - first], c, d, y[r], k[r, 1])
                for i in range(n):
                    k[r, 1, i] -= k[r, 0, i]
                d1 = _scaled_norm(k[r, 0], u[r], rtol, atol)
                d2 = _scaled_norm(k[r, 1], u[r], rtol, atol) / h
                h1 = max(1e-6 * end, h * 1e-3) if max(d1, d2) <= 1e-15 else (0.01 / max(d1, d2)) ** 0.125
                lanes[r, 1] = min(100.0 * h, h1, end)
            counts[3] += 2 * fresh

        for r in range(busy):
            if lanes[r, 0] + 1.0000001 * lanes[r, 1] > end:
                lanes[r, 1] = end - lanes[r, 0]
        for s in range(1, STAGES):
            for r in range(busy):
                _combine(u[r], k[r], a[s], s, lanes[r, 1], y[r])
                _activate_row(kind, gain, swing, y[r], v[r])
            _product(weights, indices, indptr, v, f, busy)
            for r in range(busy):
                _slope(f[r], c, d, y[r], k[r, s])
        for r in range(busy):
            _combine(u[r], k[r], b, STAGES, lanes[r, 1], y[r])
            _activate_row(kind, gain, swing, y[r], v[r])
        _product(weights, indices, indptr, v, f, busy)
        counts[3] += STAGES * busy

        wanted = np.int64(0)
        for r in range(busy):
            t, h = lanes[r, 0], lanes[r, 1]
            _slope(f[r], c, d, y[r], k[r, STAGES])
            error = _error_norm(u[r], y[r], k[r], e3, e5, h, rtol, atol)
            need[r] = -1
            lane = place[r, 0]
            if error < 1.0:
                counts[2] += 1
                after = end if h == end - t else t + h
                p = place[r, 1]
                if p < times.size and times[p] < after:
                    need[r] = wanted
                    wanted += 1
                lanes[r, 0] = after
                growth = 10.0 if error == 0.0 else min(10.0, 0.9 * error**-0.125)
                lanes[r, 2], lanes[r, 1] = h, h * (growth if lanes[r, 2] >= 0.0 else min(1.0, growth))
                if rest > 0.0:
                    worst = 0.0
                    for i in range(n):
                        worst = max(worst, abs(k[r, STAGES, i]) / d[i])
                    if worst > rest:
                        lanes[r, 3] = -1.0
                    elif lanes[r, 3] < 0.0:
                        lanes[r, 3] = after
                    if lanes[r, 3] >= 0.0 and after - lanes[r, 3] >= hold:
                        states[lane] = RESTED
                        rested_s[lane] = lanes[r, 3]
                if states[lane] == BUSY and after >= end:
                    states[lane] = ENDED
            else:
                shrink = 0.2 if not error < np.inf else max(0.2, 0.9 * error**-0.125)
                lanes[r, 1], lanes[r, 2] = h * shrink, -1.0
                if not lanes[r, 1] > _SMALLEST * max(np.spacing(t), 1e-300):
                    states[lane] = FAILED

        if wanted:  # three more stages where a sample lies within the step
            for s in range(STAGES + 1, ROWS):
                for r in range(busy):
                    if need[r] >= 0:
                        _combine(u[r], k[r], a[s], s, lanes[r, 2], k[r, s])
                        _activate_row(kind, gain, swing, k[r, s], v[need[r]])
                _product(weights, indices, indptr, v, f, wanted)
                for r in range(busy):
                    if need[r] >= 0:
                        _slope(f[need[r]], c, d, k[r, s], k[r, s])
            counts[3] += 3 * wanted
            for r in range(busy):
                if need[r] >= 0:
                    place[r, 1] = _samples(u[r], y[r], k[r], dense, lanes[r], times, place[r, 1], out[:, place[r, 0]])

        for r in range(busy):
            if lanes[r, 2] > 0.0:
                _copy(y[r], u[r])
                _copy(k[r, STAGES], k[r, 0])
                lanes[r, 2] = 0.0
        _retire(lanes, place, states, u, k, ends, times, out, counts)
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _samples(u, new, k, dense, lane, times, p, out):
    """Write the samples within the step that was taken, by its polynomial of order 7; return the next sample."""
    h, after = lane[2], lane[0]
    before = after - h
    while p < times.size and times[p] < after:
        x = (times[p] - before) / h
        for i in range(u.size):
            change = new[i] - u[i]
            value = 0.0
            for row in range(3, -1, -1):
                total = 0.0
                for s in range(ROWS):
                    total += dense[row, s] * k[s, i]
                value = (value + h * total) * (x if row % 2 else 1.0 - x)
            value = (value + 2.0 * change - h * (k[STAGES, i] + k[0, i])) * x
            value = (value + h * k[0, i] - change) * (1.0 - x)
            out[p, i] = u[i] + (value + change) * x
        p += 1
    return p


@njit(cache=True, nogil=True, error_model="numpy")
def _retire(lanes, place, states, u, k, ends, times, out, counts):
    """Keep what starts ended with, and close the ranks of the busy lanes."""
    r = 0
    while r < counts[1]:
        lane = place[r, 0]
        if states[lane] == BUSY:
            r += 1
            continue
        _copy(u[r], ends[lane])
        if states[lane] != FAILED:  # at rest it stays; the samples of a failed one are NaN
            for p in range(place[r, 1], times.size):
                _copy(u[r], out[p, lane])
        counts[1] -= 1
        last = counts[1]
        if r < last:
            _copy(u[last], u[r])
            _copy(k[last, 0], k[r, 0])
            _copy(lanes[last], lanes[r])
            _copy(place[last], place[r])
