r"""Steps of many transients at once, each lane with a step size of its own: the loops of ``batch_transient``.

.. math:: \dot z = W v + c - d \odot z, \quad v = f(z), \quad z = \gamma u

A round is one Taylor step on every lane that is busy. With :math:`z(t + h x) = \sum_k z_k x^k`, h being a scale,

.. math:: (k + 1)\, z_{k+1} = h (W v_k - d \odot z_k) \quad (+\, h c \text{ for } k = 0),

so that a term costs one product of all lanes (lanes, n) with W', by BLAS, or row by row with a sparse W. The step is
what makes the last two terms as small as the tolerance; terms beyond the first few are that much smaller than z, so
that single precision does for them. It stands if the slope of the series at its end is that of the equation there:
h abs(P' - F(P)) / (p + 1) is the term left out, and that product is the next step's first. If not, it is taken again
from the same terms, shorter. A lane that ends gives its place to the next start. Lanes share nothing but the product,
so that none waits for the one with the shortest steps.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from .series_kernel import begin_series, next_term, sum_series, sum_slopes

BUSY, ENDED, RESTED, FAILED = range(4)  # states of a start
_LONGER = 100.0  # longest step in units of the scale, and of its inverse the shortest
_SMALLEST = 16.0  # steps below this many units in the last place of the time are given up
_LEAST = 1e-24  # unit in the last place of the time 0, in shortest time constants
_SAFETY = 0.3  # the last terms are below this much of the tolerance
_SUMS = {"reassoc", "contract", "nsz"}


@njit(cache=True, nogil=True, fastmath=_SUMS, error_model="numpy")
def _norm(x, u, new, rtol, atol):
    """Return the RMS over neurons of x over its tolerance."""
    total = 0.0
    for i in range(x.size):
        w = x[i] / (atol + rtol * max(abs(u[i]), abs(new[i])))
        total += w * w
    return math.sqrt(total / x.size)


@njit(cache=True, nogil=True, error_model="numpy")
def _reach(z, light, r, new, rtol, atol):
    """Return the step in units of the scale at which the last two terms are as small as they must be; 0 if none is."""
    order = max(z.shape[0], light.shape[0]) - 1
    if light.shape[0]:
        a = _norm(light[order, r], z[0, r], new, rtol, atol) / _SAFETY
        b = _norm(light[order - 1, r], z[0, r], new, rtol, atol) / _SAFETY
    else:
        a = _norm(z[order, r], z[0, r], new, rtol, atol) / _SAFETY
        b = _norm(z[order - 1, r], z[0, r], new, rtol, atol) / _SAFETY
    if not a + b < np.inf:
        return 0.0
    return 1.0 / max(a ** (1.0 / order), b ** (1.0 / (order - 1)), 1.0 / _LONGER)


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
def _raise_order(f, d, h, k, row, up):
    """Write the term k + 1 of z from W v_k, which is f, and the term k."""
    h = h / (k + 1)
    for i in range(row.size):
        up[i] = h * (f[i] - d[i] * row[i])


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    equation, kind, limits, tables, starts, times, out, ends, rested_s, states, lanes, place, double, single, work,
    counts, rounds,
):  # fmt: skip
    """Take a step on all busy lanes, ``rounds`` times or until every start has ended.

    Parameters
    ----------
    equation : tuple of ndarray
        W' (n, n), or the values of W (1, nnz); its indices and row starts in CSR, empty if dense; c, d (n,); the
        first array in single precision, of no rows if no product is in it.
    kind : int
        TANH, ARCTAN or ALGEBRAIC.
    limits : tuple
        rtol, atol, the end, the largest residual at rest (0 if none ends by that), for how long it must hold, and the
        order of the series.
    tables : tuple
        Factors of the recurrences in double and in single precision.
    starts : (batch, n) float
        z at t = 0.
    times : (m,) float
        Times of the samples.
    out : (m, batch, n) float
        Samples, written here.
    ends : (batch, n) float
        Last states, written here.
    rested_s : (batch,) float
        Since when a state rests, written here.
    states : (batch,) int64
        BUSY, ENDED, RESTED or FAILED, written here.
    lanes : (width, 4) float
        Time in shortest time constants, scale of the series (0 before the first), the step that is to be checked (0
        if none), and since when the lane rests (-1 if it does not).
    place : (width, 2) int64
        Start that a lane integrates, and its next sample.
    double : tuple of ndarray
        Series of z (terms + 1, width, n), v, w and s (terms, width, n) whose products are in double precision.
    single : tuple of ndarray
        The same in single precision to the order of the series, or of no terms if none is.
    work : tuple of ndarray
        States at the ends of steps, slopes there, packed outputs, products (width, n), products in single precision,
        and the lanes to be checked.
    counts : (4,) int64
        Starts taken, lanes busy, steps, products.
    rounds : int
        Largest number of steps of each lane.

    Returns
    -------
    bool
        True if every start has ended.
    """
    weights, indices, indptr, c, d, low = equation
    rtol, atol, end, _, _, order = limits
    z, v, w, s = double
    light, light_v, light_w, light_s = single
    y, slopes, packed, f, product, todo = work
    width, many, n, exact = y.shape[0], starts.shape[0], c.size, v.shape[0]
    for _ in range(rounds):
        # New starts take the free lanes, which stand behind the busy ones.
        while counts[1] < width and counts[0] < many:
            r, lane = counts[1], counts[0]
            _copy(starts[lane], y[r])
            _copy(starts[lane], out[0, lane])
            lanes[r, 0], lanes[r, 1], lanes[r, 2], lanes[r, 3] = 0.0, 0.0, 0.0, -1.0
            place[r, 0], place[r, 1] = lane, 1
            counts[0] += 1
            counts[1] += 1
        busy = counts[1]
        if busy == 0:
            return True

        left = busy
        for r in range(busy):
            todo[r] = r
        while left:  # a step that was too long is taken again
            for p in range(left):
                r = todo[p]
                begin_series(kind, y[r], v[0, r], w[0, r], s[0, r])
                _copy(v[0, r], packed[p])
            _product(weights, indices, indptr, packed, f, left)
            counts[3] += left
            again = np.int64(0)  # a literal would be compiled apart
            for p in range(left):
                r = todo[p]
                for i in range(n):
                    slopes[r, i] = f[p, i] + c[i] - d[i] * y[r, i]
                if not _accept(
                    z, light, r, y[r], slopes[r], f[p], d, limits, times, lanes[r], place[r], out, states, rested_s,
                    counts,
                ):  # fmt: skip
                    todo[again] = r
                    again += 1
            left = again
        _retire(lanes, place, states, y, v, w, s, slopes, ends, times, out, counts)

        busy = counts[1]
        for r in range(busy):
            h = lanes[r, 1] if lanes[r, 1] > 0.0 else _first_scale(y[r], slopes[r], end, rtol, atol)
            lanes[r, 1] = h
            for i in range(n):
                z[0, r, i] = y[r, i]
                z[1, r, i] = h * slopes[r, i]
        for k in range(1, order):
            if k < exact:
                for r in range(busy):
                    next_term(kind, k, r, z, v, w, s, tables[0])
                _product(weights, indices, indptr, v[k], f, busy)
                for r in range(busy):
                    _raise_order(f[r], d, lanes[r, 1], k, z[k, r], z[k + 1, r])
                continue
            for r in range(busy):
                if k == exact:
                    _round(z, light, r)
                    _round(v, light_v, r)
                    _round(w, light_w, r)
                    _round(s, light_s, r)
                next_term(kind, k, r, light, light_v, light_w, light_s, tables[1])
            _product(low, indices, indptr, light_v[k], product, busy)
            for r in range(busy):
                _raise_order(product[r], d, lanes[r, 1], k, light[k, r], light[k + 1, r])
        counts[3] += (order - 1) * busy
        for r in range(busy):
            _choose_step(z, light, r, y[r], end, rtol, atol, lanes[r], place[r, 0], states)
    return False


@njit(cache=True, nogil=True, error_model="numpy")
def _first_scale(z, slope, end, rtol, atol):
    """Return a first guess of the step: a hundredth of z over its slope, or of the shortest time constant."""
    d0, d1 = _norm(z, z, z, rtol, atol), _norm(slope, z, z, rtol, atol)
    h = 0.01 if d0 < 1e-5 or not d1 >= 1e-5 else 0.01 * d0 / d1
    return max(min(h, end), 1e-300)


@njit(cache=True, nogil=True, error_model="numpy")
def _round(double, single, r):
    """Write the terms of a lane in single precision."""
    for k in range(min(double.shape[0], single.shape[0])):
        row, low = double[k, r], single[k, r]
        for i in range(row.size):
            low[i] = row[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _choose_step(z, light, r, y, end, rtol, atol, lane, start, states):
    """Write the longest step at which the last terms are within the tolerance, and the state at its end."""
    t, h = lane[0], lane[1]
    theta = _reach(z, light, r, z[0, r], rtol, atol)
    if theta > 0.0:
        sum_series(z, light, r, theta, y)
        theta = _reach(z, light, r, y, rtol, atol)
    if theta < 1.0 / _LONGER:  # the scale is so long that the terms may be beyond the numbers
        lane[1], lane[2] = h / _LONGER, 0.0
        if not lane[1] > _SMALLEST * max(np.spacing(t), _LEAST):
            states[start] = FAILED
        _copy(z[0, r], y)
        return
    step = theta * h
    if t + 1.0000001 * step > end:
        step = end - t
    lane[2] = step
    sum_series(z, light, r, step / h, y)


@njit(cache=True, nogil=True, error_model="numpy")
def _accept(z, light, r, y, slope, series_slope, d, limits, times, lane, place, out, states, rested_s, counts):
    """Check the step of a lane; write its samples and what it came to, or shorten it and return False."""
    rtol, atol, end, rest, hold, order = limits
    t, h, start = lane[0], lane[2], place[0]
    if h == 0.0:
        return True
    theta = h / lane[1]
    sum_slopes(z, light, r, theta, series_slope)
    for i in range(y.size):
        series_slope[i] = series_slope[i] * theta - h * slope[i]
    error = _norm(series_slope, z[0, r], y, rtol, atol) / (order + 1.0)
    if not error < 1.0:
        shrink = 0.2 if not error < np.inf else max(0.2, 0.9 * error ** (-1.0 / (order + 1.0)))
        lane[2] = h * shrink
        if not lane[2] > _SMALLEST * max(np.spacing(t), _LEAST):
            states[start] = FAILED
            return True
        sum_series(z, light, r, theta * shrink, y)
        return False
    counts[2] += 1
    after = end if h == end - t else t + h
    p = place[1]
    while p < times.size and times[p] < after:
        sum_series(z, light, r, (times[p] - t) / lane[1], out[p, start])
        p += 1
    place[1], lane[0], lane[1] = p, after, h
    if rest > 0.0:
        worst = 0.0
        for i in range(y.size):
            worst = max(worst, abs(slope[i]) / d[i])
        if worst > rest:
            lane[3] = -1.0
        elif lane[3] < 0.0:
            lane[3] = after
        if lane[3] >= 0.0 and after - lane[3] >= hold:
            states[start] = RESTED
            rested_s[start] = lane[3]
    if states[start] == BUSY and after >= end:
        states[start] = ENDED
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _retire(lanes, place, states, y, v, w, s, slopes, ends, times, out, counts):
    """Keep what starts ended with, and close the ranks of the busy lanes."""
    r = 0
    while r < counts[1]:
        lane = place[r, 0]
        if states[lane] == BUSY:
            r += 1
            continue
        _copy(y[r], ends[lane])
        if states[lane] != FAILED:  # at rest it stays; the samples of a failed one are NaN
            for p in range(place[r, 1], times.size):
                _copy(y[r], out[p, lane])
        counts[1] -= 1
        last = counts[1]
        if r < last:
            _copy(y[last], y[r])
            for series in (v, w, s):
                _copy(series[0, last], series[0, r])
            _copy(slopes[last], slopes[r])
            _copy(lanes[last], lanes[r])
            _copy(place[last], place[r])
