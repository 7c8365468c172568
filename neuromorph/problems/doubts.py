"""What can hardly be meant in a tour problem: it is solved as it stands, and said.

Nothing here is an error: published instances have a GEO coordinate with 62 minutes (ali535) and cities twice (a280).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..ising import Float

if TYPE_CHECKING:
    from .tsp import Tsp

_COARSE = 2.0  # whole distances up to this tell hardly any tours apart
_CITIES = 50  # whose distances to all others are looked at
_MANY = 100_000  # cities: with more, only whether all distances are short
_SHARE = 0.1  # of the cities, that stand where another does


def doubts(problem: Tsp) -> tuple[str, ...]:
    """One sentence for each thing, with its remedy."""
    found = []
    xy = problem.coordinates
    if problem.weight_type == "GEO" and (beyond := _beyond_an_hour(xy)).any():
        first = xy[beyond][0]
        meant = np.trunc(first) + 0.6 * (first - np.trunc(first))
        found.append(
            f"{beyond.sum()} of {xy.size} GEO coordinates have 60 minutes or more, as {first:g} does: GEO is DDD.MM; "
            f"decimal degrees give wrong lengths: write {meant:.2f} for {first:g}"
        )
    longest, merged = _whole(problem)
    if longest == 0.0:
        found.append("all distances are 0: every tour is the shortest; correct the coordinates or the matrix")
    elif problem.weight_type == "EXPLICIT":
        found += _no_road(problem.matrix)
    elif (longest <= _COARSE or merged) and problem.weight_type not in ("EUCLIDEAN", "GEO"):
        what = f"all distances to whole numbers up to {longest:g}" if longest <= _COARSE else "many distances to 0"
        found.append(
            f"{problem.weight_type} rounds {what}, which hardly tell tours apart: multiply the coordinates, by 1000 "
            "say, or take Tsp.from_coordinates, which does not round"
        )
    elif (twice := len(xy) - len(np.unique(xy, axis=0))) > _SHARE * len(xy):
        found.append(f"{twice} of {len(xy)} cities stand where another does; is that meant?")
    return tuple(found)


def _beyond_an_hour(coordinates: Float) -> Float:
    """Which coordinates DDD.MM have minutes of 60 and more."""
    minutes = 100.0 * np.abs(coordinates - np.trunc(coordinates))
    return np.asarray(minutes > 60.0 - 1e-6)


def _whole(problem: Tsp) -> tuple[float, bool]:
    """The longest distance, or one that is long enough; whether rounding puts many cities onto others."""
    xy, cities, longest, merged = problem.coordinates, np.arange(problem.size), 0.0, 0
    if xy is None:
        return float(problem.matrix.max()), False
    some = cities[:_CITIES]
    exact = problem.weight_type == "EUCLIDEAN" or problem.size > _MANY
    fine = not exact and bool((xy != np.rint(xy)).any())  # whole numbers stay apart
    for city in some:
        d = problem.distance(city, cities)
        longest = max(longest, float(np.max(d)))
        if fine:
            merged += bool(((d == 0.0) & (xy != xy[city]).any(axis=1)).any())
        elif longest > _COARSE:
            break
    return longest, merged > _SHARE * len(some)


def _no_road(matrix: Float) -> list[str]:
    """Cities at distance 0 are on one spot, and have the same distances; others have no road."""
    for i in range(min(len(matrix), _CITIES)):
        for j in np.flatnonzero(matrix[i, i + 1 :] == 0.0)[:1] + i + 1:
            if (matrix[i] != matrix[j]).any():
                return [
                    f"the distance of cities {i + 1} and {j + 1} is 0, but others are not as far from both: if 0 means "
                    "'no road', write a large distance, above the length of any tour"
                ]
    return []
