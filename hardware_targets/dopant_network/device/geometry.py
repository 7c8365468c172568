"""The outline of a device and the electrodes on it.

Places on the outline are arc lengths in m, anticlockwise: from (radius, 0) on a disc, from the lower left corner of a
rectangle. The middle of the device is the origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float


@dataclass(frozen=True)
class Electrode:
    """A metal contact on the outline.

    Attributes
    ----------
    middle_m : float
        Arc length of its middle, m.
    width_m : float
        Width, m.
    """

    middle_m: float
    width_m: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.middle_m) and np.isfinite(self.width_m) and self.width_m > 0.0):
            raise ValueError(f"electrode at {self.middle_m} m is {self.width_m} m wide; give finite values, width > 0")

    @property
    def start_m(self) -> float:
        """Arc length at which the electrode begins, m."""
        return self.middle_m - self.width_m / 2.0

    @property
    def stop_m(self) -> float:
        """Arc length at which the electrode ends, m."""
        return self.middle_m + self.width_m / 2.0


@dataclass(frozen=True)
class Disc:
    """A disc of radius ``radius_m``.

    Attributes
    ----------
    radius_m : float
        Radius, m.
    """

    radius_m: float

    def __post_init__(self) -> None:
        _positive("radius_m", self.radius_m)

    @property
    def extent_m(self) -> float:
        """Largest width, m."""
        return 2.0 * self.radius_m

    @property
    def perimeter_m(self) -> float:
        """Length of the outline, m."""
        return 2.0 * np.pi * self.radius_m

    @property
    def area_m2(self) -> float:
        """Area, m^2."""
        return np.pi * self.radius_m**2

    @property
    def corners_m(self) -> tuple[float, ...]:
        """Arc lengths of the corners, m: none."""
        return ()

    def at(self, places_m: ArrayLike) -> Float:
        """Compute points of the outline.

        Parameters
        ----------
        places_m : (...) float
            Arc lengths, m.

        Returns
        -------
        (..., 2) float
            Points, m.
        """
        angle = np.asarray(places_m, dtype=float) / self.radius_m
        return self.radius_m * np.stack([np.cos(angle), np.sin(angle)], axis=-1)

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Return whether points are inside.

        Parameters
        ----------
        points : (..., 2) float
            Points, m.

        Returns
        -------
        (...) bool
            True inside the outline.
        """
        return np.asarray(np.hypot(*np.asarray(points, dtype=float).T) < self.radius_m)


@dataclass(frozen=True)
class Rectangle:
    """A rectangle of ``width_m`` along x and ``height_m`` along y.

    Attributes
    ----------
    width_m, height_m : float
        Sides, m.
    """

    width_m: float
    height_m: float

    def __post_init__(self) -> None:
        _positive("width_m", self.width_m)
        _positive("height_m", self.height_m)

    @property
    def extent_m(self) -> float:
        """Largest width, m."""
        return max(self.width_m, self.height_m)

    @property
    def perimeter_m(self) -> float:
        """Length of the outline, m."""
        return 2.0 * (self.width_m + self.height_m)

    @property
    def area_m2(self) -> float:
        """Area, m^2."""
        return self.width_m * self.height_m

    @property
    def corners_m(self) -> tuple[float, ...]:
        """Arc lengths of the corners, m."""
        return tuple(np.cumsum([0.0, self.width_m, self.height_m, self.width_m]).tolist())

    def at(self, places_m: ArrayLike) -> Float:
        """Compute points of the outline.

        Parameters
        ----------
        places_m : (...) float
            Arc lengths, m.

        Returns
        -------
        (..., 2) float
            Points, m.
        """
        place = np.asarray(places_m, dtype=float) % self.perimeter_m
        stops = [*self.corners_m, self.perimeter_m]
        x = np.interp(place, stops, np.array([-0.5, 0.5, 0.5, -0.5, -0.5]) * self.width_m)
        y = np.interp(place, stops, np.array([-0.5, -0.5, 0.5, 0.5, -0.5]) * self.height_m)
        return np.stack([x, y], axis=-1)

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Return whether points are inside.

        Parameters
        ----------
        points : (..., 2) float
            Points, m.

        Returns
        -------
        (...) bool
            True inside the outline.
        """
        x, y = np.abs(np.asarray(points, dtype=float)).T
        return np.asarray((x < self.width_m / 2.0) & (y < self.height_m / 2.0))


Shape: TypeAlias = Disc | Rectangle


def evenly_spaced_electrodes(
    shape: Shape, count: int, *, width_m: float, first_m: float = 0.0
) -> tuple[Electrode, ...]:
    """Place equal electrodes at equal distances along the outline.

    Parameters
    ----------
    shape : Disc or Rectangle
        The outline.
    count : int
        Number of electrodes, at least 2.
    width_m : float
        Width of each, m.
    first_m : float
        Arc length of the middle of the first, m.

    Returns
    -------
    tuple of Electrode
        The electrodes.
    """
    if count < 2:
        raise ValueError(f"count is {count}; a current needs two electrodes at least")
    if count * width_m >= shape.perimeter_m:
        raise ValueError(
            f"{count} electrodes of {width_m:g} m do not fit on an outline of {shape.perimeter_m:g} m; narrow them"
        )
    return tuple(Electrode(first_m + k * shape.perimeter_m / count, width_m) for k in range(count))


def find_overlap(shape: Shape, electrodes: tuple[Electrode, ...]) -> tuple[int, int] | None:
    """Find the first two electrodes that touch.

    Parameters
    ----------
    shape : Disc or Rectangle
        The outline.
    electrodes : tuple of Electrode
        The contacts.

    Returns
    -------
    (int, int) or None
        Their indices; None if no two touch.
    """
    length = shape.perimeter_m
    for a in range(len(electrodes)):
        for b in range(a):
            apart = abs((electrodes[a].middle_m - electrodes[b].middle_m + length / 2.0) % length - length / 2.0)
            if apart <= (electrodes[a].width_m + electrodes[b].width_m) / 2.0:
                return b, a
    return None


def _positive(name: str, value: float) -> None:
    if not (np.isfinite(value) and value > 0.0):
        raise ValueError(f"{name} is {value}; it must be finite and positive")
