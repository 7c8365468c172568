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
_CITIES = 200  # whose distances to all others are looked at
_TWICE = 0.1  # share of the cities that stand where another does


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
    longest = _longest(problem)
    if longest == 0.0:
        found.append("all distances are 0: every tour is the shortest; correct the coordinates or the matrix")
    elif longest <= _COARSE and problem.weight_type not in ("EXPLICIT", "EUCLIDEAN", "GEO"):
        found.append(
            f"{problem.weight_type} rounds all distances to whole numbers up to {longest:g}, which hardly tell tours "
            "apart: multiply the coordinates, by 1000 say, or take Tsp.from_coordinates, which does not round"
        )
    elif xy is not None and (twice := len(xy) - len(np.unique(xy, axis=0))) > _TWICE * len(xy):
        found.append(f"{twice} of {len(xy)} cities stand where another does; is that meant?")
    return tuple(found)


def _beyond_an_hour(coordinates: Float) -> Float:
    """Which coordinates DDD.MM have minutes of 60 and more."""
    minutes = 100.0 * np.abs(coordinates - np.trunc(coordinates))
    return np.asarray(minutes > 60.0 - 1e-6)


def _longest(problem: Tsp) -> float:
    """The longest distance, or one that is long enough."""
    if problem.matrix is not None:
        return float(problem.matrix.max())
    cities, longest = np.arange(problem.size), 0.0
    for city in cities[:_CITIES]:
        longest = max(longest, float(np.max(problem.distance(city, cities))))
        if longest > _COARSE:
            break
    return longest
