r"""Distances that LKH knows beyond TSPLIB 95, and unrounded ones; they are tabulated, not computed on the way.

=========================== =============================================================================
EXACT_2D, 3D                sqrt(dx^2 + dy^2 + dz^2), unrounded: ``EUCLIDEAN`` of this package
FLOOR_2D, 3D, CEIL_3D       floor or ceil of it
TOR_2D, 3D                  nint of it, differences on a torus of GRID_SIZE (1,000,000 where none is given)
GEOM                        floor(6378388 m x great circle + 1), latitude and longitude in decimal degrees
GEO_MEEUS, GEOM_MEEUS       nint on the ellipsoid by Andoyer's formula, in km of DDD.MM or m of degrees
=========================== =============================================================================

Sources: LKH 3, Distance.c (K. Helsgaun); W. Cook's World TSP for GEOM; Meeus, Astronomical Algorithms, 2nd ed., p. 85,
for the ellipsoid (a = 6378.137 km, flattening 1 / 298.257).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ising import Float
from .city_checks import distance_matrix
from .tsplib_distances import degrees

GRID_SIZE = 1_000_000.0
EXACT_TYPES = {"EXACT_2D": 2, "EXACT_3D": 3}

_GEOM_RADIUS_M = 6_378_388.0
_EQUATOR_KM, _FLATTENING = 6378.137, 1.0 / 298.257

_Rule = Callable[[Float, Float, float], Float]


def _length(a: Float, b: Float) -> Float:
    return np.sqrt(((a - b) ** 2).sum(axis=-1))


def _torus(a: Float, b: Float, grid: float) -> Float:
    apart = np.abs(a - b)
    apart = np.minimum(apart, grid - apart)
    return np.floor(np.sqrt((apart**2).sum(axis=-1)) + 0.5)


def _geom(a: Float, b: Float, grid: float) -> Float:
    p, q = np.radians(a), np.radians(b)
    turn = p[..., 1] - q[..., 1]
    q1 = np.cos(q[..., 0]) * np.sin(turn)
    q3, q4 = np.sin(turn / 2.0), np.cos(turn / 2.0)
    both, apart = p[..., 0] + q[..., 0], p[..., 0] - q[..., 0]
    q2 = np.sin(both) * q3 * q3 - np.sin(apart) * q4 * q4
    q5 = np.cos(apart) * q4 * q4 - np.cos(both) * q3 * q3
    return np.floor(_GEOM_RADIUS_M * np.arctan2(np.sqrt(q1 * q1 + q2 * q2), q5) + 1.0)


def _andoyer(p: Float, q: Float) -> Float:
    """Return kilometers between points (latitude, longitude) in radians."""
    f, g, turn = (p[..., 0] + q[..., 0]) / 2.0, (p[..., 0] - q[..., 0]) / 2.0, (p[..., 1] - q[..., 1]) / 2.0
    sg, sl, sf = np.sin(g) ** 2, np.sin(turn) ** 2, np.sin(f) ** 2
    s, c = sg * (1 - sl) + (1 - sf) * sl, (1 - sg) * (1 - sl) + sf * sl
    same = s < 1e-30
    s, c = np.where(same, 0.5, s), np.maximum(c, 1e-300)
    w = np.arctan(np.sqrt(s / c))
    r = np.sqrt(s * c) / w
    h1, h2 = (3 * r - 1) / 2 / c, (3 * r + 1) / 2 / s
    long = 2 * w * _EQUATOR_KM * (1 + _FLATTENING * (h1 * sf * (1 - sg) - h2 * (1 - sf) * sg))
    return np.where(same, 0.0, long)


def _meeus(a: Float, b: Float, factor: float, convert: Callable[[Float], Float]) -> Float:
    return np.floor(factor * _andoyer(np.radians(convert(a)), np.radians(convert(b))) + 0.5)


LKH_RULES: dict[str, tuple[int, _Rule]] = {
    "FLOOR_2D": (2, lambda a, b, grid: np.floor(_length(a, b))),
    "FLOOR_3D": (3, lambda a, b, grid: np.floor(_length(a, b))),
    "CEIL_3D": (3, lambda a, b, grid: np.ceil(_length(a, b))),
    "TOR_2D": (2, _torus),
    "TOR_3D": (3, _torus),
    "GEOM": (2, _geom),
    "GEO_MEEUS": (2, lambda a, b, grid: _meeus(a, b, 1.0, degrees)),
    "GEOM_MEEUS": (2, lambda a, b, grid: _meeus(a, b, 1000.0, lambda x: x)),
}
"""EDGE_WEIGHT_TYPE -> (coordinates of a point; distances of points (..., d), (..., d) and the size of the grid)."""


def lkh_matrix(weight_type: str, points: Float, grid: float = GRID_SIZE) -> Float:
    """Tabulate the distances of points.

    Parameters
    ----------
    weight_type : str
        Name in ``LKH_RULES``.
    points : (n, d) float
        Points.
    grid : float
        Size of the torus.

    Returns
    -------
    (n, n) float
        Distances, 0 on the diagonal.
    """
    rule = LKH_RULES[weight_type][1]

    def distance(i: Any, j: Any) -> Float:
        return np.where(np.equal(i, j), 0.0, rule(points[i], points[j], grid))

    matrix = distance_matrix(distance, len(points))
    return np.maximum(matrix, matrix.T)  # the last bit of a sum may depend on its order
