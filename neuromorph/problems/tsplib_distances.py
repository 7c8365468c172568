r"""Distances between two points as TSPLIB 95 defines them, for arrays of points.

With differences dx, dy, dz and nint(x) = floor(x + 1/2):

============ ==================================================================================
EUC_2D, 3D   nint(sqrt(dx^2 + dy^2 + dz^2))
CEIL_2D      ceil(sqrt(dx^2 + dy^2))
MAN_2D, 3D   nint(\|dx\| + \|dy\| + \|dz\|)
MAX_2D, 3D   max(nint(\|dx\|), nint(\|dy\|), nint(\|dz\|))
ATT          r = sqrt((dx^2 + dy^2) / 10); nint(r), plus 1 where that is below r
GEO          floor(R acos(((1 + q1) q2 - (1 - q1) q3) / 2) + 1), R = 6378.388 km, coordinates DDD.MM
XRAY1, 2     nint(100 max(\|dx\| / a, \|dy\| / b, \|dz\| / c)), dx an angle in degrees on its circle
EUCLIDEAN    sqrt(sum of squares), unrounded, any dimension: ours, for data that is not TSPLIB
============ ==================================================================================

Sources: G. Reinelt, TSPLIB 95, Universitaet Heidelberg (1995), section 2; for XRAY R. Bland and D. Shallcross,
Oper. Res. Lett. 8, 125 (1989), with the Fortran of TSPLIB's xray.problems.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..ising import Float

_TSPLIB_PI = 3.141592  # as TSPLIB writes it: the published optima depend on it
TSPLIB_EARTH_KM = 6378.388
XRAY_SPEEDS = {"XRAY1": (1.0, 1.0, 1.0), "XRAY2": (1.25, 1.5, 1.15)}  # of the three motors


def _nint(x: Float) -> Float:
    return np.floor(x + 0.5)


def _euclidean(a: Float, b: Float) -> Float:
    return np.sqrt(((a - b) ** 2).sum(axis=-1))


def _man(a: Float, b: Float) -> Float:
    return _nint(np.abs(a - b).sum(axis=-1))


def _max(a: Float, b: Float) -> Float:
    return _nint(np.abs(a - b)).max(axis=-1)


def _att(a: Float, b: Float) -> Float:
    exact = np.sqrt(((a - b) ** 2).sum(axis=-1) / 10.0)
    rounded = _nint(exact)
    return rounded + (rounded < exact)


def degrees(coordinates: Float) -> Float:
    """Convert GEO coordinates DDD.MM to degrees.

    Degrees are truncated towards zero; the minutes keep the sign.

    Parameters
    ----------
    coordinates : ndarray
        DDD.MM.

    Returns
    -------
    ndarray
        Degrees.
    """
    whole = np.trunc(coordinates)
    return whole + 5.0 * (coordinates - whole) / 3.0


def radians(coordinates: Float) -> Float:
    """Convert GEO coordinates DDD.MM to radians, with TSPLIB's pi.

    Parameters
    ----------
    coordinates : ndarray
        DDD.MM.

    Returns
    -------
    ndarray
        Radians.
    """
    return _TSPLIB_PI * degrees(coordinates) / 180.0


def check_geo(coordinates: Float) -> None:
    """Raise ValueError for a point (latitude, longitude) that is not on the globe."""
    for column, what, most in ((0, "latitude", 90.0), (1, "longitude", 360.0)):
        beyond = np.abs(degrees(coordinates[:, column])) > most
        if beyond.any():
            city = int(np.argmax(beyond))
            raise ValueError(
                f"{what} {coordinates[city, column]:g} of city {city + 1} is not from -{most:g} to {most:g}; GEO gives "
                "latitude, then longitude, as DDD.MM: correct it, or take EUC_2D for points of a plane"
            )


def _geo(a: Float, b: Float) -> Float:
    p, q = (radians(point) for point in (a, b))
    q1 = np.cos(p[..., 1] - q[..., 1])
    q2 = np.cos(p[..., 0] - q[..., 0])
    q3 = np.cos(p[..., 0] + q[..., 0])
    cosine = 0.5 * ((1.0 + q1) * q2 - (1.0 - q1) * q3)
    return np.floor(TSPLIB_EARTH_KM * np.arccos(np.clip(cosine, -1.0, 1.0)) + 1.0)


def _xray(scale: tuple[float, float, float]) -> Callable[[Float, Float], Float]:
    def distance(a: Float, b: Float) -> Float:
        apart = np.abs(a - b)
        apart[..., 0] = np.minimum(apart[..., 0], np.abs(apart[..., 0] - 360.0))
        return _nint(100.0 * (apart / np.array(scale)).max(axis=-1))

    return distance


Distance = Callable[[Float, Float], Float]

DISTANCE_RULES: dict[str, tuple[int | None, Distance]] = {
    "EUC_2D": (2, lambda a, b: _nint(_euclidean(a, b))),
    "EUC_3D": (3, lambda a, b: _nint(_euclidean(a, b))),
    "MAN_2D": (2, _man),
    "MAN_3D": (3, _man),
    "MAX_2D": (2, _max),
    "MAX_3D": (3, _max),
    "CEIL_2D": (2, lambda a, b: np.ceil(_euclidean(a, b))),
    "GEO": (2, _geo),
    "ATT": (2, _att),
    "XRAY1": (3, _xray(XRAY_SPEEDS["XRAY1"])),
    "XRAY2": (3, _xray(XRAY_SPEEDS["XRAY2"])),
    "EUCLIDEAN": (None, _euclidean),
}
"""EDGE_WEIGHT_TYPE -> (coordinates of a point, or None for any; distance of points (..., d), (..., d) -> (...))."""
