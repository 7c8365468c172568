r"""Distances between two cities inside compiled code: looked up in a matrix, or computed from the coordinates.

A matrix of n x n distances is kept up to ``MATRIX_CITIES``; beyond that a tour takes memory in proportion to n. The
rules are those of ``problems.tsplib_distances``, which price every tour in the end:

====== ====================================== ====================
LOOKUP distances[a, b]                        EXPLICIT, few cities
EXACT  sqrt(sum of squares)                   EUCLIDEAN
ROUND  nint(sqrt(sum of squares))             EUC_2D, EUC_3D
CEIL   ceil(sqrt(sum of squares))             CEIL_2D
ATT    ceil to nint of sqrt(sum / 10)         ATT
MAN    nint(sum of \|differences\|)           MAN_2D, MAN_3D
MAX    max of nint(\|differences\|)           MAX_2D, MAX_3D
GEO    great circle, radians                  GEO
XRAY   nint(100 max \|differences\| / speed)  XRAY1, XRAY2
====== ====================================== ====================

Source: G. Reinelt, TSPLIB 95, Universitaet Heidelberg (1995), section 2.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..ising import Float
from ..problems import Tsp
from ..problems.tsplib_distances import TSPLIB_EARTH_KM, XRAY_SPEEDS, radians
from ..runtime.limits import checkpoint
from ..runtime.pieces import pieces

MATRIX_CITIES = 4000  # 128 MB

_LANDMARKS = 200  # cities whose distances place the others
_GRID = 1 << 20  # cells a side, on which a curve passes

LOOKUP, EXACT, ROUND, CEIL, ATT, MAN, MAX, GEO, XRAY = range(9)
_RULES = {
    "EUCLIDEAN": EXACT, "EUC_2D": ROUND, "EUC_3D": ROUND, "CEIL_2D": CEIL, "ATT": ATT, "MAN_2D": MAN, "MAN_3D": MAN,
    "MAX_2D": MAX, "MAX_3D": MAX, "GEO": GEO, "XRAY1": XRAY, "XRAY2": XRAY,
}  # fmt: skip


class CityDistances(NamedTuple):
    """Data from which the kernel computes a distance.

    Attributes
    ----------
    rule : int
        Number of the rule in the table above.
    matrix : (n, n) float
        Distances for ``LOOKUP``, else empty.
    points : (n, d) float
        Coordinates, radians for ``GEO``; empty for ``LOOKUP``.
    speeds : (d,) float
        Divisor of each difference, for ``XRAY``.
    """

    rule: int
    matrix: Float
    points: Float
    speeds: Float


def distances_of(problem: Tsp) -> CityDistances:
    """Return the distances of a problem.

    Parameters
    ----------
    problem : Tsp
        Problem.

    Returns
    -------
    CityDistances
        Matrix up to ``MATRIX_CITIES`` or where nothing else is given, else coordinates.
    """
    if problem.size <= MATRIX_CITIES:
        return matrix_distances(problem.distances())
    return point_distances(problem) if problem.matrix is None else matrix_distances(problem.matrix)


def matrix_distances(matrix: Float) -> CityDistances:
    """Return the distances of a matrix.

    Parameters
    ----------
    matrix : (n, n) float
        Symmetric distances.

    Returns
    -------
    CityDistances
        Distances that are looked up.
    """
    return CityDistances(LOOKUP, np.ascontiguousarray(matrix, dtype=float), np.empty((0, 0)), np.empty(0))


def point_distances(problem: Tsp) -> CityDistances:
    """Return the distances of a problem with coordinates; no matrix is built.

    Parameters
    ----------
    problem : Tsp
        Problem.

    Returns
    -------
    CityDistances
        Distances that are computed from coordinates.
    """
    kind, points = problem.weight_type, np.array(problem.coordinates, dtype=float)
    points = radians(points) if kind == "GEO" else points
    return CityDistances(_RULES[kind], np.empty((0, 0)), points, np.array(XRAY_SPEEDS.get(kind, ())))


@njit(cache=True, nogil=True)
def apart(cities, a, b):
    """Compute the distance of two cities.

    Parameters
    ----------
    cities : CityDistances
        Where they are.
    a, b : int
        Two numbers of cities, not the same.

    Returns
    -------
    float
        As of ``Tsp.distance``.
    """
    rule, points = cities.rule, cities.points
    if rule == LOOKUP:
        return cities.matrix[a, b]
    if rule <= ATT:
        total = 0.0
        for k in range(points.shape[1]):
            total += (points[a, k] - points[b, k]) ** 2
        if rule == EXACT:
            return math.sqrt(total)
        if rule == CEIL:
            return math.ceil(math.sqrt(total))
        if rule == ROUND:
            return math.floor(math.sqrt(total) + 0.5)
        exact = math.sqrt(total / 10.0)
        rounded = math.floor(exact + 0.5)
        return rounded + 1.0 if rounded < exact else rounded
    if rule == GEO:
        q1 = math.cos(points[a, 1] - points[b, 1])
        q2 = math.cos(points[a, 0] - points[b, 0])
        q3 = math.cos(points[a, 0] + points[b, 0])
        cosine = 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)
        return math.floor(TSPLIB_EARTH_KM * math.acos(min(max(cosine, -1.0), 1.0)) + 1.0)
    total = 0.0
    for k in range(points.shape[1]):
        difference = abs(points[a, k] - points[b, k])
        if rule == MAN:
            total += difference
        elif rule == MAX:
            total = max(total, math.floor(difference + 0.5))
        else:
            difference = min(difference, abs(difference - 360.0)) if k == 0 else difference
            total = max(total, difference / cities.speeds[k])
    if rule == MAN:
        return math.floor(total + 0.5)
    return total if rule == MAX else math.floor(100.0 * total + 0.5)


def near_cities(problem: Tsp, distances: CityDistances, count: int) -> NDArray[np.int64]:
    """Find the cities near each city.

    Parameters
    ----------
    problem : Tsp
        The cities.
    distances : CityDistances
        Their distances: from a matrix neighbors are exact, and equal distances in the order of the cities; from
        points they are found by a k-d tree, before rounding, in its order.
    count : int
        Number of neighbors of each, below that of the cities.

    Returns
    -------
    (n, count) int64
        Neighbors, the nearest first, without the city itself.
    """
    n = problem.size
    near = np.empty((n, count), np.int64)
    if distances.rule == LOOKUP:
        for rows, _ in pieces(n, 1, "near cities"):
            apart = distances.matrix[rows].copy()
            apart[np.arange(len(apart)), np.arange(rows.start, rows.stop)] = np.inf
            near[rows] = np.argsort(apart, axis=1, kind="stable")[:, :count]
        return near
    checkpoint("near cities")
    places, norm, circle = _places(distances)
    tree = KDTree(places, boxsize=circle)
    for rows, _ in pieces(n, 1, "near cities"):
        found = tree.query(places[rows], count + 1, p=norm)[1]
        itself = found == np.arange(rows.start, rows.stop)[:, None]
        itself[~itself.any(axis=1), -1] = True  # many cities on one spot: one of them is left out instead
        near[rows] = found[~itself].reshape(-1, count)
    return near


def curve_order(distances: CityDistances) -> NDArray[np.int64]:
    """Order the cities along Hilbert's curve over the two longest axes of their coordinates.

    Parameters
    ----------
    distances : CityDistances
        Distances of a problem with coordinates.

    Returns
    -------
    (n,) int64
        Cities in their order.

    References
    ----------
    D. Hilbert, Math. Ann. 38, 459 (1891); as a tour Platzman and Bartholdi, J. ACM 36, 719 (1989).
    """
    places = np.c_[distances.points, np.zeros(len(distances.points))]  # a line is a plane as well
    spread = np.ptp(places, axis=0)
    plane = places[:, np.sort(np.argsort(spread, kind="stable")[-2:])]
    x, y = ((plane - plane.min(axis=0)) * (_GRID - 1) / (spread.max() or 1.0)).astype(np.int64).T
    along, half = np.zeros(len(x), np.int64), _GRID // 2
    while half:
        right, up = (x & half) > 0, (y & half) > 0
        along += half * half * ((3 * right) ^ up)
        x, y = x & (half - 1), y & (half - 1)
        turned = right & ~up
        x, y = np.where(turned, half - 1 - x, x), np.where(turned, half - 1 - y, y)
        x, y = np.where(up, x, y), np.where(up, y, x)
        half //= 2
    return np.argsort(along, kind="stable")


def _places(distances: CityDistances) -> tuple[Float, float, Float | None]:
    """Return points with the neighbors of the rule, the norm for that, and the length of axes that are circles."""
    points = distances.points
    if distances.rule == GEO:
        across = np.cos(points[:, 0])
        return np.c_[across * np.cos(points[:, 1]), across * np.sin(points[:, 1]), np.sin(points[:, 0])], 2.0, None
    if distances.rule == XRAY:
        turned = points.copy()
        turned[:, 0] = turned[:, 0] % 360.0 % 360.0  # what is hardly below 0 becomes 360 first
        return turned / distances.speeds, np.inf, np.array([360.0, 0.0, 0.0]) / distances.speeds
    return points, {MAN: 1.0, MAX: np.inf}.get(distances.rule, 2.0), None


def places_of(problem: Tsp, distances: CityDistances) -> Float:
    """Place cities in a Euclidean space, where clusters are looked for.

    Parameters
    ----------
    problem : Tsp
        Cities.
    distances : CityDistances
        Their distances.

    Returns
    -------
    (n, d) float
        Coordinates, on a sphere those of space; where a matrix is all there is, those in which distances to landmarks
        fit best.

    References
    ----------
    V. de Silva, J. B. Tenenbaum, Sparse multidimensional scaling using landmark points, Stanford University (2004).
    """
    if problem.matrix is None:
        return np.ascontiguousarray(_places(point_distances(problem))[0], dtype=float)
    marks = np.linspace(0, problem.size - 1, min(problem.size, _LANDMARKS)).astype(int)
    squares = np.asarray(problem.matrix, dtype=float)[:, marks] ** 2
    own = squares[marks]
    values, vectors = np.linalg.eigh(-0.5 * (own - own.mean(axis=0) - own.mean(axis=1, keepdims=True) + own.mean()))
    axes = [k for k in (-1, -2, -3) if values[k] > 1e-9 * abs(values[-1])]
    if not axes:  # all on one spot
        return np.zeros((problem.size, 1))
    return np.ascontiguousarray(-0.5 * (squares - own.mean(axis=0)) @ (vectors[:, axes] / np.sqrt(values[axes])))
