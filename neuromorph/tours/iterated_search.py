"""Iterated local search: a double bridge of short segments somewhere, swaps of links around it, undone if longer.

A trial that lengthens the tour by less than T x, x exponential, is kept as well; T falls linearly from a tenth of a
mean link to 0, so that the last tour is near the shortest one met.

Source: Martin, Otto and Felten, Complex Syst. 5, 299 (1991), double bridge; local ones: Johnson and McGeoch, in Local
Search in Combinatorial Optimization, ed. Aarts and Lenstra (1997).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import time

import numpy as np
from numba import njit

from ..kernels.xoshiro import below, exponential
from ..rng import RNG, kernel_states, seed_sequence
from ..runtime.limits import checkpoint
from .city_distances import CityDistances, apart
from .paths import Cities
from .swap_network import exchange, improve_queued, reverse_places

_SEGMENT = 30  # cities of a segment of a double bridge, at most
_LOG = 1000  # reversals of one trial, beyond which it is kept
_HEAT = 0.1  # T at the start, over the mean link
_PIECE_S = 0.1


def iterate_swaps(
    cities: CityDistances,
    tour: Cities,
    near: Cities,
    *,
    trials: int | None = None,
    seconds: float = np.inf,
    longest: int = 30_000,
    rng: RNG = None,
) -> Cities:
    """Try double bridges one after the other and keep those that hardly lengthen the tour.

    Parameters
    ----------
    cities : CityDistances
        Distances.
    tour : (n,) int32
        Tour, best after ``swap_links``.
    near : (n, count) int32
        Cities near each city.
    trials : int or None
        Number of double bridges; None is no limit.
    seconds : float
        CPU seconds of this process. The answer of a seed depends on the machine unless ``trials`` end it.
    longest : int
        Longest way along the tour between the links of a move.
    rng : RNG
        Source of the places.

    Returns
    -------
    (n,) int32
        Tour. Ctrl-C or a time limit end the search and keep what there is.
    """
    n = len(tour)
    if trials is None and not np.isfinite(seconds):
        raise ValueError("trials is None and seconds is inf; give one of them")
    if n < 8:
        return tour.copy()
    tour = tour.copy()
    place, queued = np.empty(n, np.int32), np.zeros(n, np.bool_)
    place[tour] = np.arange(n, dtype=np.int32)
    (stream,) = kernel_states([seed_sequence(rng)])
    start, done, piece = time.process_time(), 0, 100
    end, link = start + seconds, float(_length(cities, tour)) / n
    while (trials is None or done < trials) and (began := time.process_time()) < end:
        try:
            checkpoint("double bridges", float(done), float(trials or 0))
        except KeyboardInterrupt:
            return tour
        count = piece if trials is None else min(piece, trials - done, max(1, trials // 100))
        left = 1.0 - (done / trials if trials is not None else min(1.0, (began - start) / seconds))
        try_bridges(cities, tour, place, near, queued, count, longest, _HEAT * link * left, stream)
        done += count
        took = max(time.process_time() - began, 1e-4)
        piece = max(1, int(piece * min(4.0, min(_PIECE_S, max(end - began - took, 1e-3)) / took)))
    return tour


@njit(cache=True, nogil=True)
def _length(cities, tour):
    total = 0.0
    for p in range(len(tour)):
        total += apart(cities, tour[p - 1], tour[p])
    return total


@njit(cache=True, nogil=True)
def try_bridges(cities, tour, place, near, queued, trials, longest, heat, stream):
    """Try some double bridges.

    Parameters
    ----------
    cities, tour, place, near, longest
        As of :func:`.swap_network.improve_city`.
    queued : (n,) bool
        Workspace, all False.
    trials : int
        Number of double bridges.
    heat : float
        T, in units of a length.
    stream : (4,) uint64
        State of the generator, in place.

    Returns
    -------
    float
        How much shorter the tour is.
    """
    n, total = tour.size, 0.0
    log, logged = np.empty((_LOG, 2), np.int32), np.zeros(1, np.int64)
    queue, state = np.empty(n, np.int32), np.zeros(2, np.int64)
    most = min(_SEGMENT, (n - 2) // 3)
    for _ in range(trials):
        logged[0] = 0
        # a [b .. c] [d .. e] f becomes a [d .. e] [b .. c] f.
        p = below(stream, n)
        q = p + 1 + below(stream, most)
        r = q + 1 + below(stream, most)
        a, b, c, d = tour[p], tour[(p + 1) % n], tour[q % n], tour[(q + 1) % n]
        e, f = tour[r % n], tour[(r + 1) % n]
        change = (
            apart(cities, a, d) + apart(cities, e, b) + apart(cities, c, f)
            - apart(cities, a, b) - apart(cities, c, d) - apart(cities, e, f)
        )  # fmt: skip
        exchange(tour, place, a, b, e, f, log, logged)
        exchange(tour, place, a, e, d, c, log, logged)
        exchange(tour, place, e, c, b, f, log, logged)
        state[0], state[1] = 0, 0
        for city in (a, b, c, d, e, f):
            if not queued[city]:
                queued[city] = True
                queue[state[1]] = city
                state[1] += 1
        gain = improve_queued(cities, tour, place, near, queue, queued, state, log, logged, longest, 1 << 40) - change
        if gain >= 0.0 or logged[0] > _LOG or (heat > 0.0 and gain > -heat * exponential(stream)):
            total += gain
            continue
        for k in range(logged[0] - 1, -1, -1):
            reverse_places(tour, place, log[k, 0], log[k, 1])
    return total
