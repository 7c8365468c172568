"""One call from a tour problem to a tour by macros and, if asked for, by swaps of links and iterated search."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from ..problems import Tsp
from ..protocol import Target
from ..rng import RNG, child, seed_sequence
from .by_macros import ByMacros
from .city_distances import CityDistances
from .decomposition import TourMap, tour_by_macros
from .iterated_search import iterate_swaps
from .macros import PathMacro
from .paths import Cities, Macro
from .swap_network import swap_links

_ROUNDS = 10  # of windows: each shortens the tour


@dataclass(frozen=True, eq=False)
class MacroSolution:
    """A tour by macros.

    Attributes
    ----------
    tour : (n,) int32
        Tour.
    length : float
        Its length.
    macros, valid : int
        Number of macros that were asked, and of those that answered with a permutation.
    interrupted : bool
        Whether Ctrl-C or a time limit ended the asking of macros; the tour was completed by nearest neighbors.
    """

    tour: Cities
    length: float
    macros: int
    valid: int
    interrupted: bool


def solve_by_macros(
    problem: Tsp,
    macro: Macro | Target,
    *,
    rounds: int | None = None,
    search_s: float | None = None,
    trials: int | None = None,
    rng: RNG = None,
) -> MacroSolution:
    """Solve a tour of any size by macros of a few cities.

    Parameters
    ----------
    problem : Tsp
        Cities.
    macro : Macro or Target
        A :class:`.PathMacro`, or any target that minimizes.
    rounds : int or None
        Rounds of windows after the first tour; None is 10, or as many as serve the dynamics of a :class:`.PathMacro`.
    search_s : float or None
        CPU seconds of the whole call, of which swaps of links and double bridges get what macros leave; None is none.
    trials : int or None
        Double bridges instead of seconds, so that the answer does not depend on the machine.
    rng : RNG
        Source of all streams.

    Returns
    -------
    MacroSolution
        Tour.

    Raises
    ------
    DoesNotFit
        If a target cannot order three cities.
    """
    start, sequence = time.process_time(), seed_sequence(rng)
    asked: Macro
    if isinstance(macro, Target):
        cities, asked = ByMacros(macro).program(problem, child(sequence, 2)).state
    else:
        cities, asked = TourMap.of(problem), macro
    if rounds is None:
        rounds = asked.rounds if isinstance(asked, PathMacro) else _ROUNDS
    tour, count = tour_by_macros(cities, asked, rounds=rounds, rng=child(sequence, 0))
    if (search_s is not None or trials is not None) and not count.interrupted:
        left = np.inf if search_s is None else search_s - (time.process_time() - start)
        tour = search_from(cities, tour, trials, left, child(sequence, 1))
    return MacroSolution(tour, problem.length(tour), count.macros, count.accepted, count.interrupted)


def search_from(
    cities: TourMap, tour: Cities, trials: int | None, seconds: float, seed: np.random.SeedSequence
) -> Cities:
    """Shorten a tour by swaps of links and double bridges.

    Cities are numbered along the tour: those that are near stand near in memory.

    Parameters
    ----------
    cities : TourMap
        Cities.
    tour : (n,) int32
        Tour.
    trials : int or None
        Double bridges, instead of seconds.
    seconds : float
        CPU seconds.
    seed : SeedSequence
        Source of the random numbers.

    Returns
    -------
    (n,) int32
        Tour, no longer than the given one.
    """
    n, distances = len(tour), cities.distances
    number = np.empty(n, np.int32)
    number[tour] = np.arange(n, dtype=np.int32)
    near = number[cities.near[tour]]
    if distances.matrix.size:
        distances = distances._replace(matrix=np.ascontiguousarray(distances.matrix[np.ix_(tour, tour)]))
    else:
        distances = CityDistances(
            distances.rule, distances.matrix, np.ascontiguousarray(distances.points[tour]), distances.speeds
        )
    began = time.process_time()
    found = swap_links(distances, np.arange(n, dtype=np.int32), near)
    left = seconds - (time.process_time() - began)
    if left > 0.0:
        found = iterate_swaps(distances, found, near, trials=trials, seconds=left, rng=seed)
    return tour[found]
