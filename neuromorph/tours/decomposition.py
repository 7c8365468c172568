"""A tour of any size by macros of a few cities: hierarchy, sliding windows, dual-strand windows.

The hierarchy makes a first tour; sliding windows order it anew; then rounds of dual-strand windows, straight and
turned, each with another split of its free cities between the strands, and of sliding windows follow. Ctrl-C or a time
limit end the asking: what is left is completed by nearest neighbors, and the answer is a tour in any case.
"""

from __future__ import annotations

from contextvars import copy_context
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..macro_runs import MacroCount
from ..problems import Tsp
from ..rng import RNG, child, seed_sequence
from ..runtime.limits import checkpoint, unlimited
from .city_distances import CityDistances, distances_of, near_cities, places_of
from .hierarchy import hierarchical_tour
from .paths import Cities, Macro, PathBatch, shorter_orders
from .windows import join_strands, slide

NEAR = 8  # cities to which a link may go
_SLIDES = 2  # passes before the dual-strand windows


@dataclass(frozen=True, eq=False)
class TourMap:
    """Cities as hierarchy and windows see them.

    Attributes
    ----------
    distances : CityDistances
        Distances.
    places : (n, d) float
        Points of a Euclidean space.
    near : (n, count) int32
        Cities near each city.
    """

    distances: CityDistances
    places: Float
    near: Cities

    @classmethod
    def of(cls, problem: Tsp) -> TourMap:
        """Map the cities of a problem.

        Returns
        -------
        TourMap
            Distances, places and neighbors.
        """
        distances = distances_of(problem)
        near = near_cities(problem, distances, min(NEAR, problem.size - 1)).astype(np.int32)
        return cls(distances, places_of(problem, distances), near)


def tour_by_macros(
    cities: TourMap, macro: Macro, *, rounds: int = 6, parallel: int = 1, rng: RNG = None
) -> tuple[Cities, MacroCount]:
    """Build a tour by macros.

    Parameters
    ----------
    cities : TourMap
        Cities.
    macro : Macro
        What orders a few cities between fixed ends.
    rounds : int
        Rounds of dual-strand and sliding windows.
    parallel : int
        Number of macros that work at the same time.
    rng : RNG
        Source of all streams.

    Returns
    -------
    tuple of (n,) int32, MacroCount
        Tour, and the macros that were asked.
    """
    sequence, count, limits = seed_sequence(rng), MacroCount(), copy_context()
    batches = 0

    def ask(batch: PathBatch) -> NDArray[np.int64]:
        nonlocal batches
        some = np.flatnonzero(batch.sizes > 1)
        orders = batch.orders.copy()
        if count.interrupted or not len(some):
            return orders
        batches += 1
        part = PathBatch(batch.weights[some], batch.sizes[some], batch.orders[some], batch.symmetric)
        try:
            limits.run(checkpoint, "macros of a tour")
            answers = limits.run(macro.answer, part, child(sequence, batches))
        except KeyboardInterrupt:
            count.interrupted = True
            return orders
        asked = len(some) if answers.asked is None else answers.asked
        count.interrupted = asked < len(some)
        if not asked:
            return orders
        count.macros, count.accepted = count.macros + asked, count.accepted + answers.valid
        count.longest = max(count.longest, int(part.sizes[:asked].max()))
        for events in (answers.activity, answers.setup):
            count.events.add(events, asked, parallel)
        orders[some] = shorter_orders(part, answers.orders)
        return orders

    free, distances = macro.free, cities.distances
    with unlimited():  # the host's own part is short, and what macros have answered must not be lost
        tour = hierarchical_tour(distances, cities.places, free, ask, child(sequence, 0))
        count.complete = not count.interrupted
        tour = slide(distances, tour, free, ask, _SLIDES)
        for k in range(rounds):
            if count.interrupted:
                break
            first, second = _SPLITS[k % len(_SPLITS)](free)
            tour = join_strands(distances, tour, cities.near, first, second, ask)
            tour = join_strands(distances, tour, cities.near, first, second, ask, turned=True)
            tour = slide(distances, tour, free, ask)
    return tour, count


def _split(first: int, free: int) -> tuple[int, int]:
    first = min(max(first, 1), free - 2)
    return first, free - 1 - first


_SPLITS = (
    lambda free: _split(free // 2, free),
    lambda free: _split(free - 2, free),
    lambda free: _split(1, free),
    lambda free: _split(free // 2, free),
    lambda free: _split(free // 2 - 2, free),
    lambda free: _split(free // 2 + 2, free),
)
