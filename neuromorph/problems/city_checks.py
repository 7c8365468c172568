"""Checks of cities, distances, tours and penalties, with messages that name the remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float
from ..runtime.limits import checkpoint
from .text_file import LARGEST
from .tsplib_distances import DISTANCE_RULES, check_geo

MAX_MATRIX = 10_000  # cities; 800 MB

NO_ROAD = "for 'no road' write a large distance, above the length of any tour"


def check_tour(tour: ArrayLike, n: int) -> NDArray[np.int64]:
    """Require a permutation of 0 .. n - 1.

    Parameters
    ----------
    tour : (n,) int
        Tour.
    n : int
        Number of cities.

    Returns
    -------
    (n,) int64
        Tour.

    Raises
    ------
    ValueError
        If it is no permutation.
    """
    order = np.asarray(tour)
    if order.shape != (n,):
        raise ValueError(f"tour has shape {order.shape}; give all {n} cities once, ({n},)")
    if order.dtype.kind not in "iu":
        raise ValueError(f"tour holds {order.dtype}; give city numbers 0 .. {n - 1} as integers")
    order = order.astype(np.int64)
    outside = (order < 0) | (order >= n)
    if outside.any():
        raise ValueError(f"tour has city {order[np.argmax(outside)]}; number the cities 0 .. {n - 1}")
    visits = np.bincount(order, minlength=n)
    if (visits != 1).any():
        city = int(np.argmax(visits != 1))
        raise ValueError(f"tour visits city {city} {visits[city]} times; each of the {n} cities must come once")
    return order


def negative(distance: float) -> str:
    """Return the message for a distance below 0.

    A constant added to all distances would make missing roads short.

    Parameters
    ----------
    distance : float
        Distance.

    Returns
    -------
    str
        Message with the remedy.
    """
    if distance == -1.0:
        return f"a distance is -1, which reads as 'no road'; tours go by every road: {NO_ROAD}"
    return f"a distance is negative, {distance:g}; distances are 0 or more: correct it; {NO_ROAD}"


def checked_display(points: Any, size: int) -> Float:
    """Require a point in the plane for each city.

    Parameters
    ----------
    points : array_like
        Points, (n, 2).
    size : int
        Number of cities n.

    Returns
    -------
    (n, 2) float
        Read-only copy.

    Raises
    ------
    ValueError
        If there are not as many, or one is not finite.
    """
    display = checked_points("display", points, 2)
    if len(display) != size:
        raise ValueError(f"display has {len(display)} points for {size} cities; give one a city")
    return display


def checked_points(what: str, points: Any, dimensions: int | None) -> Float:
    """Require finite points of the right dimension.

    Parameters
    ----------
    what : str
        Name of the points, for the message.
    points : array_like
        Points, (n, d).
    dimensions : int or None
        Required d; None allows any.

    Returns
    -------
    (n, d) float
        Read-only copy.

    Raises
    ------
    ValueError
        If the shape is wrong, or a coordinate is not finite or above 1e15.
    """
    xy = np.array(points, dtype=float)
    if xy.ndim != 2 or xy.shape[1] == 0 or (dimensions is not None and xy.shape[1] != dimensions):
        raise ValueError(f"{what} have shape {xy.shape}; expected (cities, {dimensions or 'dimensions'})")
    if not (np.abs(xy) <= LARGEST).all():
        raise ValueError(f"{what} hold NaN, infinity or more than 1e15; rescale or remove them")
    xy.setflags(write=False)
    return xy


def checked_distances(matrix: Any) -> Float:
    """Require a symmetric matrix of distances that are 0 or more.

    Parameters
    ----------
    matrix : array_like
        Distances, (n, n); the diagonal is ignored.

    Returns
    -------
    (n, n) float
        Read-only copy with a diagonal of zeros.

    Raises
    ------
    ValueError
        If the shape is wrong or above MAX_MATRIX, a distance is negative, not finite or above 1e15, or the matrix is
        not symmetric.
    """
    d = np.array(matrix, dtype=float)
    if d.ndim != 2 or d.shape[0] != d.shape[1]:
        raise ValueError(f"matrix has shape {d.shape}; expected (n, n)")
    if len(d) > MAX_MATRIX:
        raise ValueError(f"matrix has {len(d)} cities; it stops at {MAX_MATRIX}: give coordinates")
    np.fill_diagonal(d, 0.0)
    if not (np.abs(d) <= LARGEST).all():
        raise ValueError(f"matrix holds NaN, infinity or more than 1e15; rescale it; {NO_ROAD}")
    if (d < 0.0).any():
        raise ValueError(negative(d.min()))
    if (d != d.T).any():
        i, j = np.argwhere(d != d.T)[0]
        raise ValueError(f"matrix[{i}, {j}] is {d[i, j]:g} but matrix[{j}, {i}] is {d[j, i]:g}; it must be symmetric")
    d.setflags(write=False)
    return d


def checked_cities(weight_type: str, coordinates: Any, matrix: Any) -> tuple[Float | None, Float | None]:
    """Require coordinates or a matrix of distances, as the type of the distances demands.

    Parameters
    ----------
    weight_type : str
        EXPLICIT for a matrix, else a name of DISTANCE_RULES.
    coordinates : array_like or None
        Points, (n, d).
    matrix : array_like or None
        Distances, (n, n).

    Returns
    -------
    tuple of (n, d) float or None, (n, n) float or None
        Coordinates and matrix, read-only.

    Raises
    ------
    ValueError
        If both or none are given, the type is unknown, or a number is out of range.
    """
    explicit = weight_type == "EXPLICIT"
    if explicit != (matrix is not None) or explicit == (coordinates is not None):
        raise ValueError(f"weight_type is {weight_type}; give matrix with EXPLICIT, else coordinates, not both")
    if explicit:
        return None, checked_distances(matrix)
    if weight_type not in DISTANCE_RULES:
        raise ValueError(f"weight_type is {weight_type}; known are EXPLICIT, {', '.join(DISTANCE_RULES)}")
    points = checked_points("coordinates", coordinates, DISTANCE_RULES[weight_type][0])
    if weight_type == "GEO":
        check_geo(points)
    return points, None


def distance_matrix(distance: Callable[[Any, Any], Any], size: int) -> Float:
    """Tabulate the distances of all pairs of cities.

    Parameters
    ----------
    distance : callable
        Distances of pairs of cities.
    size : int
        Number of cities n.

    Returns
    -------
    (n, n) float
        Matrix of distances.
    """
    cities, d = np.arange(size), np.empty((size, size))
    for city in cities:
        checkpoint()
        d[city] = distance(city, cities)
    return d


def checked_penalty(penalty: float) -> float:
    """Require a finite and positive penalty.

    Parameters
    ----------
    penalty : float
        A of the one-hot form.

    Returns
    -------
    float
        Penalty.

    Raises
    ------
    ValueError
        If it is not.
    """
    if not (np.isfinite(penalty) and penalty > 0):
        raise ValueError(f"penalty is {penalty}; it must be finite and positive, or None for the proven bound")
    return float(penalty)
