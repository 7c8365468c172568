r"""Simulated annealing of a closed tour by segment reversals (2-opt) and moved segments (or-opt), one read a call.

.. math:: P(\text{accept}) = \frac{1}{1 + e^{\beta \Delta}}, \qquad \Delta = \text{new length} - \text{old length}

where beta is the inverse temperature in units of a length. Every move joins a city to one of its near neighbors.
``tour`` (n,) holds the cities in order, ``place`` (n,) its inverse.
Source: Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983); moves of Lin, Bell Syst. Tech. J. 44, 2245 (1965) and
Or, PhD thesis, Northwestern University (1976).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import below, uniform
from neuromorph.tours.city_distances import apart


@njit(cache=True, nogil=True)
def _reverse(tour, place, first, last):
    """Reverse the path at places first .. last (cyclic), or its complement if that takes fewer swaps."""
    n = tour.size
    inside = (last - first) % n + 1
    if 2 * inside > n:
        first, last, inside = (last + 1) % n, (first - 1) % n, n - inside
    for _ in range(inside // 2):
        a, b = tour[first], tour[last]
        tour[first], tour[last] = b, a
        place[b], place[a] = first, last
        first = first + 1 if first + 1 < n else 0
        last = last - 1 if last > 0 else n - 1


@njit(cache=True, nogil=True)
def _move(tour, place, first, length, ahead, turned, segment):
    """Carry ``length`` cities at place ``first`` past the ``ahead`` cities that follow them, or round the other way."""
    n = tour.size
    for k in range(length):
        segment[k] = tour[(first + k) % n]
    behind = n - length - ahead
    if ahead <= behind:
        for k in range(ahead):
            city = tour[(first + length + k) % n]
            tour[(first + k) % n] = city
            place[city] = (first + k) % n
        start = first + ahead
    else:
        for k in range(1, behind + 1):
            city = tour[(first - k) % n]
            tour[(first - k + length) % n] = city
            place[city] = (first - k + length) % n
        start = first - behind
    for k in range(length):
        city = segment[length - 1 - k] if turned else segment[k]
        tour[(start + k) % n] = city
        place[city] = (start + k) % n


@njit(cache=True, nogil=True)
def anneal_tour(cities, neighbors, betas, tour, state):
    """Anneal a tour in place with n proposals at each of ``betas``.

    Parameters
    ----------
    cities : CityDistances
        Distances of n >= 4 cities, symmetric.
    neighbors : (n, k) int
        Cities near each city, without itself.
    betas : (steps,) float
        Inverse temperatures.
    tour : (n,) int
        Cities in order, changed in place.
    state : (4,) uint64
        The random state, changed in place.

    Returns
    -------
    accepted : int
        Number of accepted moves.
    gained : float
        Change of the length.
    """
    n, near = neighbors.shape
    place = np.empty(n, np.int64)
    segment = np.empty(3, np.int64)
    for k in range(n):
        place[tour[k]] = k
    accepted, gained = 0, 0.0
    for beta in betas:
        for _ in range(n):
            a = below(state, n)
            c = neighbors[a, below(state, near)]
            kind = below(state, 4)
            i, j = place[a], place[c]
            if kind < 2:  # a - b ... c - d becomes a - c ... b - d, b and d after (kind 0) or before (kind 1) a and c
                step = 1 - 2 * kind
                b, d = tour[(i + step) % n], tour[(j + step) % n]
                if b == c or d == a:
                    continue
                change = apart(cities, a, c) + apart(cities, b, d) - apart(cities, a, b) - apart(cities, c, d)
            else:  # a .. b, the cities from a on, go beside c: forwards behind it (2), turned before it (3)
                length = 1 + below(state, 3)
                ahead = (j - i) % n - length + 1  # number of cities passed on the way behind c
                if ahead < 1 or length > n - 3:
                    continue
                b = tour[(i + length - 1) % n]
                before, after = tour[i - 1], tour[(i + length) % n]
                d = tour[(j + 1) % n] if kind == 2 else tour[j - 1]
                if c == (before if kind == 2 else after):
                    continue
                ahead -= kind - 2
                change = (
                    apart(cities, before, after) + apart(cities, c, a) + apart(cities, b, d)
                    - apart(cities, before, a) - apart(cities, b, after) - apart(cities, c, d)
                )  # fmt: skip
            if uniform(state) * (1.0 + math.exp(min(beta * change, 700.0))) >= 1.0:
                continue
            accepted += 1
            gained += change
            if kind == 0:
                _reverse(tour, place, (i + 1) % n, j)
            elif kind == 1:
                _reverse(tour, place, i, (j - 1) % n)
            else:
                _move(tour, place, i, length, ahead, kind == 3, segment)
    return accepted, gained
