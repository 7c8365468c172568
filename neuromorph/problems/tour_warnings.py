"""Warnings of a tour problem: data that is probably a mistake is solved as it stands, and reported.

Nothing here is an error: published instances have a GEO coordinate with 62 minutes (ali535) and cities twice (a280).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ising import Float

_COARSE = 2.0  # whole distances up to this tell hardly any tours apart
_CITIES = 50  # whose distances to all others are looked at
_MANY = 100_000  # cities: with more, only whether all distances are short
_SHARE = 0.1  # of the cities, that stand where another does


def tour_warnings(
    coordinates: Float | None, matrix: Float | None, weight_type: str, distance: Callable[[Any, Any], Any]
) -> tuple[str, ...]:
    """List one sentence for each suspicious property, with its remedy.

    Parameters
    ----------
    coordinates : (n, 2) float or None
        Cities, in the units of ``weight_type``.
    matrix : (n, n) float or None
        Distances, where no coordinates give them.
    weight_type : str
        The EDGE_WEIGHT_TYPE.
    distance : callable
        Distance between cities, by their numbers from 0.

    Returns
    -------
    tuple of str
        The sentences.
    """
    found = []
    xy: Any = coordinates
    if weight_type == "GEO" and (beyond := _beyond_an_hour(xy)).any():
        first = xy[beyond][0]
        meant = np.trunc(first) + 0.6 * (first - np.trunc(first))
        found.append(
            f"{beyond.sum()} of {xy.size} GEO coordinates have 60 minutes or more, as {first:g} does: GEO is DDD.MM; "
            f"decimal degrees give wrong lengths: write {meant:.2f} for {first:g}"
        )
    longest, merged = _whole(xy, matrix, weight_type, distance)
    if longest == 0.0:
        found.append("all distances are 0: every tour is the shortest; correct the coordinates or the matrix")
    elif weight_type == "EXPLICIT":
        found += _no_road(matrix)
    elif (longest <= _COARSE or merged) and weight_type not in ("EUCLIDEAN", "GEO"):
        what = f"all distances to whole numbers up to {longest:g}" if longest <= _COARSE else "many distances to 0"
        found.append(
            f"{weight_type} rounds {what}, which hardly tell tours apart: multiply the coordinates, by 1000 "
            "say, or take Tsp.from_coordinates, which does not round"
        )
    elif (twice := len(xy) - len(np.unique(xy, axis=0))) > _SHARE * len(xy):
        found.append(f"{twice} of {len(xy)} cities stand where another does; is that meant?")
    return tuple(found)


def _beyond_an_hour(coordinates: Float) -> Float:
    """Mark coordinates DDD.MM with minutes of 60 and more."""
    minutes = 100.0 * np.abs(coordinates - np.trunc(coordinates))
    return np.asarray(minutes > 60.0 - 1e-6)


def _whole(xy: Any, matrix: Any, weight_type: str, distance: Callable[[Any, Any], Any]) -> tuple[float, bool]:
    """Return the longest distance, or one that is long enough, and whether rounding puts many cities onto others."""
    if xy is None:
        return float(matrix.max()), False
    cities, longest, merged = np.arange(len(xy)), 0.0, 0
    some = cities[:_CITIES]
    exact = weight_type == "EUCLIDEAN" or len(xy) > _MANY
    fine = not exact and bool((xy != np.rint(xy)).any())  # whole numbers stay apart
    for city in some:
        d = distance(city, cities)
        longest = max(longest, float(np.max(d)))
        if fine:
            merged += bool(((d == 0.0) & (xy != xy[city]).any(axis=1)).any())
        elif longest > _COARSE:
            break
    return longest, merged > _SHARE * len(some)


def _no_road(matrix: Any) -> list[str]:
    """Warn of distances of 0 between cities that are not on one spot: a missing road."""
    for i in range(min(len(matrix), _CITIES)):
        for j in np.flatnonzero(matrix[i, i + 1 :] == 0.0)[:1] + i + 1:
            if (matrix[i] != matrix[j]).any():
                return [
                    f"the distance of cities {i + 1} and {j + 1} is 0, but others are not as far from both: if 0 means "
                    "'no road', write a large distance, above the length of any tour"
                ]
    return []
