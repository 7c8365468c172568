"""Tours as a CPU searches them best: a first tour by exact windows, swaps of links, then double bridges with swaps.

Or-opt and Or-3opt moves among near cities (``neuromorph.tours.swap_network``), iterated from double bridges of short
segments (``neuromorph.tours.iterated_search``); the number of these is fixed, so that a seed gives the same tour on
every machine. Tours are permutations: no n x n spins, no penalty.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from neuromorph.problems import Tsp
from neuromorph.protocol import DoesNotFit
from neuromorph.rng import child
from neuromorph.runtime.limits import checkpoint
from neuromorph.tours import PathMacro
from neuromorph.tours.decomposition import TourMap, tour_by_macros
from neuromorph.tours.solve import search_from

from .annealer import MAX_CITIES

TOURS_HELD = "held exactly, as a permutation: exact windows, swaps of links, double bridges"
_ROUNDS = 2  # of windows: swaps do the rest in less time
_BRIDGES = 20  # double bridges for each city in the first batch


def map_of_tour(problem: Tsp) -> TourMap:
    """Return the cities as the search sees them.

    Parameters
    ----------
    problem : Tsp
        Cities.

    Returns
    -------
    TourMap
        Distances, places and near cities.

    Raises
    ------
    DoesNotFit
        If there are too many.
    """
    if problem.size > MAX_CITIES:
        raise DoesNotFit(f"{problem.name} has {problem.size} cities; at most {MAX_CITIES} are searched: split it")
    return TourMap.of(problem)


def searched_tours(
    cities: TourMap, batches: int, seeds: list[np.random.SeedSequence]
) -> Iterator[tuple[NDArray[np.int32], float]]:
    """Yield a tour and its seconds for each seed; one that was cut short is the last.

    Parameters
    ----------
    cities : TourMap
        Cities.
    batches : int
        Batches of double bridges, each twice as long as the one before.
    seeds : list of SeedSequence
        One a tour.

    Yields
    ------
    tuple of (n,) int32, float
        Tour, and the seconds that it took.
    """
    checkpoint("compiling")
    _search(cities, 1, seeds[0])
    trials = _BRIDGES * len(cities.near) * (2**batches - 1)
    for k, seed in enumerate(seeds):
        checkpoint("searches", k, len(seeds))
        start = perf_counter()
        tour, whole = _search(cities, trials, seed)
        yield tour, perf_counter() - start
        if not whole:
            raise KeyboardInterrupt


def _search(cities: TourMap, trials: int, seed: np.random.SeedSequence) -> tuple[NDArray[np.int32], bool]:
    tour, count = tour_by_macros(cities, PathMacro(), rounds=_ROUNDS if trials > 1 else 0, rng=child(seed, 0))
    if count.interrupted:
        return np.asarray(tour, np.int32), False
    return np.asarray(search_from(cities, tour, trials, np.inf, child(seed, 1)), np.int32), True
