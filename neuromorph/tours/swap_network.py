r"""A swap network on tours: two or three links are exchanged where that shortens the tour, among near cities only.

With t2 beside t1, in either direction, a link t1 - t2 gives way to t2 - t3 where d(t2, t3) < d(t1, t2), and then

- 2-opt: t3 - t4 to t4 - t1;
- 3-opt, with t5 near t4 and d(t1, t2) - d(t2, t3) + d(t3, t4) - d(t4, t5) > 0: t5 - t6 to t6 - t1, in the three ways
  that leave one tour. Moved segments (Or-opt) of any length are among them.

A tour is an array, and every move a sequence of reversals, of which the shorter side is turned round.
Sources: Lin, Bell Syst. Tech. J. 44, 2245 (1965); Or, PhD thesis, Northwestern University (1976); gain criterion:
Lin and Kernighan, Oper. Res. 21, 498 (1973); queue of cities: Bentley, ORSA J. Comput. 4, 387 (1992).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numba import njit

from ..runtime.limits import checkpoint
from .city_distances import CityDistances, apart
from .paths import Cities

_SECOND = 5  # near cities that the second link may go to
_LEAST = 1e-9  # of a link: gains below that are round-off
_PIECE = 20_000  # cities looked at between two looks at the clock


def swap_links(cities: CityDistances, tour: Cities, near: Cities, longest: int = 50_000) -> Cities:
    """Exchange links until no exchange among near cities shortens the tour.

    Parameters
    ----------
    cities : CityDistances
        Distances.
    tour : (n,) int32
        Tour.
    near : (n, count) int32
        Cities near each city.
    longest : int
        Longest way along the tour between the links of a move.

    Returns
    -------
    (n,) int32
        Tour, not longer.
    """
    n = len(tour)
    tour = tour.copy()
    if n < 8:
        return tour
    place, queue, queued = np.empty(n, np.int32), tour.copy(), np.ones(n, np.bool_)
    place[tour] = np.arange(n, dtype=np.int32)
    log, state = np.empty((64, 2), np.int32), np.array([0, n])  # first of the queue, and their number
    while state[1]:
        checkpoint("swaps of links", max(0.0, float(n - state[1])), n)
        improve_queued(cities, tour, place, near, queue, queued, state, log, np.zeros(1, np.int64), longest, _PIECE)
    return tour


@njit(cache=True, nogil=True)
def reverse_places(tour, place, first, last):
    """Reverse the path at places first .. last (cyclic), or its complement if shorter.

    Parameters
    ----------
    tour, place : (n,) int
        Cities in order and its inverse, changed in place.
    first, last : int
        Places.
    """
    n = tour.size
    inside = last - first
    if inside < 0:
        inside += n
    inside += 1
    if 2 * inside > n:
        first, last, inside = last + 1, first - 1, n - inside
        if first == n:
            first = 0
        if last < 0:
            last = n - 1
    for _ in range(inside // 2):
        a, b = tour[first], tour[last]
        tour[first], tour[last] = b, a
        place[b], place[a] = first, last
        first = first + 1 if first + 1 < n else 0
        last = last - 1 if last > 0 else n - 1


@njit(cache=True, nogil=True)
def exchange(tour, place, a, b, c, d, log, logged):
    """Replace the links a - b and c - d by a - c and b - d.

    Parameters
    ----------
    tour, place : (n,) int
        Cities in order and its inverse, changed in place.
    a, b, c, d : int
        Cities.
    log : (size, 2) int
        Places of the reversals, as long as there is room.
    logged : (1,) int
        Number of reversals, in place.
    """
    n = tour.size
    i, j = place[a], place[b]
    if j == (i + 1 if i + 1 < n else 0):
        first, last = j, place[c]
    else:
        first, last = i, place[d]
    reverse_places(tour, place, first, last)
    if logged[0] < len(log):
        log[logged[0], 0], log[logged[0], 1] = first, last
    logged[0] += 1


@njit(cache=True, nogil=True, inline="always")
def _beside(tour, place, city, forward):
    n, p = tour.size, place[city]
    if forward:
        return tour[p + 1 if p + 1 < n else 0]
    return tour[p - 1 if p > 0 else n - 1]


@njit(cache=True, nogil=True, inline="always")
def _along(place, a, b, forward, n):
    """Count the steps from a to b."""
    steps = place[b] - place[a] if forward else place[a] - place[b]
    return steps if steps >= 0 else steps + n


@njit(cache=True, nogil=True)
def improve_city(cities, tour, place, near, t1, longest, log, logged, touched):
    """Make the first exchange of two or three links at a city that shortens the tour.

    Parameters
    ----------
    cities : CityDistances
        Distances.
    tour, place : (n,) int
        Cities in order and its inverse, changed in place.
    near : (n, count) int
        Cities near each city.
    t1 : int
        City.
    longest : int
        Longest way along the tour between the links of a move.
    log : (size, 2) int
        Places of the reversals, as long as there is room.
    logged : (1,) int
        Number of reversals, in place.
    touched : (6,) int
        Cities whose links were exchanged, filled in place.

    Returns
    -------
    gain : float
        How much shorter the tour is, 0 where nothing was found.
    count : int
        Number of ``touched``.
    """
    n = tour.size
    for forward in (True, False):
        t2 = _beside(tour, place, t1, forward)
        d12 = apart(cities, t1, t2)
        least = _LEAST * d12
        for j in range(near.shape[1]):
            t3 = near[t2, j]
            g1 = d12 - apart(cities, t2, t3)
            if g1 <= least:
                break
            way = _along(place, t1, t3, forward, n)
            if t3 == t1 or min(way, n - way) > longest:
                continue
            gain, links = _exchange_turned(
                cities, tour, place, near, t1, t2, t3, g1, way, forward, least, longest, log, logged, touched
            )
            if links == 0:
                gain, links = _exchange_straight(
                    cities, tour, place, near, t1, t2, t3, g1, way, forward, least, log, logged, touched
                )
            if links > 0:
                return gain, 2 * links
    return 0.0, 0


@njit(cache=True, nogil=True)
def _exchange_turned(cities, tour, place, near, t1, t2, t3, g1, way, forward, least, longest, log, logged, touched):
    """Exchange two links, t1 t2 .. t4 t3 becoming t1 t4 .. t2 t3, or three after that; return gain and links."""
    n = tour.size
    t4 = _beside(tour, place, t3, not forward)
    if t4 == t2:
        return 0.0, 0
    d34 = apart(cities, t3, t4)
    gain = g1 + d34 - apart(cities, t4, t1)
    if gain > least:
        exchange(tour, place, t1, t2, t4, t3, log, logged)
        touched[0], touched[1], touched[2], touched[3] = t1, t2, t3, t4
        return gain, 2
    for k in range(min(near.shape[1], _SECOND)):
        t5 = near[t4, k]
        g2 = g1 + d34 - apart(cities, t4, t5)
        if g2 <= least:
            break
        away = _along(place, t1, t5, forward, n)
        if t5 in (t3, t1) or min(away, n - away) > longest:
            continue
        inside = away < way  # between t2 and t4, which are turned round
        t6 = _beside(tour, place, t5, forward if inside else not forward)
        if t6 in (t1, t4):
            continue
        gain = g2 + apart(cities, t5, t6) - apart(cities, t6, t1)
        if gain > least:
            exchange(tour, place, t1, t2, t4, t3, log, logged)
            exchange(tour, place, t1, t4, t6, t5, log, logged)
            touched[0], touched[1], touched[2], touched[3], touched[4], touched[5] = t1, t2, t3, t4, t5, t6
            return gain, 3
    return 0.0, 0


@njit(cache=True, nogil=True)
def _exchange_straight(cities, tour, place, near, t1, t2, t3, g1, way, forward, least, log, logged, touched):
    """Exchange three links of t1 t2 .. t3 t4, with t5 and t6 between t2 and t3; return gain and links."""
    t4 = _beside(tour, place, t3, forward)
    if t4 == t1 or t3 == t2:
        return 0.0, 0
    d34 = apart(cities, t3, t4)
    for k in range(min(near.shape[1], _SECOND)):
        t5 = near[t4, k]
        g2 = g1 + d34 - apart(cities, t4, t5)
        if g2 <= least:
            break
        away = _along(place, t1, t5, forward, tour.size)
        if away < 1 or away > way or t5 == t3:
            continue
        # t1 [t6 .. t3] [t2 .. t5] t4
        t6 = _beside(tour, place, t5, forward)
        gain = g2 + apart(cities, t5, t6) - apart(cities, t6, t1)
        if gain > least:
            exchange(tour, place, t1, t2, t3, t4, log, logged)
            exchange(tour, place, t1, t3, t6, t5, log, logged)
            exchange(tour, place, t3, t5, t2, t4, log, logged)
            touched[0], touched[1], touched[2], touched[3], touched[4], touched[5] = t1, t2, t3, t4, t5, t6
            return gain, 3
        # t1 [t6 .. t2] [t3 .. t5] t4
        if t5 == t2:
            continue
        t6 = _beside(tour, place, t5, not forward)
        gain = g2 + apart(cities, t5, t6) - apart(cities, t6, t1)
        if gain > least:
            exchange(tour, place, t1, t2, t6, t5, log, logged)
            exchange(tour, place, t2, t5, t3, t4, log, logged)
            touched[0], touched[1], touched[2], touched[3], touched[4], touched[5] = t1, t2, t3, t4, t5, t6
            return gain, 3
    return 0.0, 0


@njit(cache=True, nogil=True)
def improve_queued(cities, tour, place, near, queue, queued, state, log, logged, longest, most):
    """Improve the cities of a queue, which those whose links were exchanged join.

    Parameters
    ----------
    cities, tour, place, near, log, logged, longest
        As of :func:`improve_city`.
    queue : (size,) int
        Ring of cities.
    queued : (n,) bool
        Which cities it holds.
    state : (2,) int
        Place of its first city, and how many there are, changed in place.
    most : int
        Number of cities to look at.

    Returns
    -------
    float
        How much shorter the tour is.
    """
    touched, total, size = np.empty(6, np.int32), 0.0, len(queue)
    for _ in range(most):
        if state[1] == 0:
            break
        city = queue[state[0]]
        state[0] = state[0] + 1 if state[0] + 1 < size else 0
        state[1] -= 1
        queued[city] = False
        while True:
            gain, count = improve_city(cities, tour, place, near, city, longest, log, logged, touched)
            if count == 0:
                break
            total += gain
            for k in range(count):
                other = touched[k]
                if other != city and not queued[other]:
                    queued[other] = True
                    at = state[0] + state[1]
                    queue[at - size if at >= size else at] = other
                    state[1] += 1
    return total
