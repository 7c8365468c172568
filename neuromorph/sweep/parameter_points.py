"""Settings of a target: a grid, lists side by side, random or Sobol points, or a grid that is refined later.

A parameter is a value, a list of values, or a range ``{low, high, points, scale = "linear" | "log", integer}``. Sobol
points are scrambled (Owen, J. Complexity 14, 466 (1998), by ``scipy.stats.qmc``): they fill a box more evenly than
random ones. The same study has the same points.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DESIGNS = ("grid", "list", "random", "sobol", "adaptive")


@dataclass(frozen=True)
class ParameterRange:
    """Range of a numeric parameter.

    Attributes
    ----------
    low, high : float
        Ends.
    points : int
        Number of values of a grid.
    log : bool
        Whether values are spaced evenly in their logarithm.
    integer : bool
        Whether values are rounded to whole numbers.
    """

    low: float
    high: float
    points: int = 5
    log: bool = False
    integer: bool = False

    def at(self, share: float) -> float:
        """Return the value at a share of the way.

        Parameters
        ----------
        share : float in [0, 1]
            Position, 0 at ``low``.

        Returns
        -------
        float
            Value, a whole number if ``integer``.
        """
        value = self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share
        value = min(max(value, self.low), self.high)
        return round(value) if self.integer else float(f"{value:.12g}")  # no digits of round-off in names and hashes

    def values(self) -> list[float]:
        """List the values of a grid.

        Returns
        -------
        list of float
            Different values from ``low`` to ``high``.
        """
        shares = np.linspace(0.0, 1.0, self.points) if self.points > 1 else [0.0]
        return list(dict.fromkeys(self.at(float(share)) for share in shares))

    def between(self, a: float, b: float) -> float:
        """Return the middle of two values on the scale of the range.

        Parameters
        ----------
        a, b : float
            Values.

        Returns
        -------
        float
            Geometric middle on a log scale, else the mean.
        """
        middle = math.sqrt(a * b) if self.log else (a + b) / 2.0
        return round(middle) if self.integer else float(f"{middle:.12g}")


def parameter_points(
    parameters: Mapping[str, Any], design: str, points: int | None = None, seed: int = 0
) -> Iterator[dict[str, Any]]:
    """List the settings of a target.

    Parameters
    ----------
    parameters : dict of str to value, list or ParameterRange
        Parameters by name.
    design : str
        One of ``DESIGNS``.
    points : int or None
        Number of random or Sobol points.
    seed : int
        Seed of these.

    Yields
    ------
    dict of str to value
        One setting.

    Raises
    ------
    ValueError
        If lists that stand side by side have different lengths.
    """
    fixed = {name: value for name, value in parameters.items() if not isinstance(value, (list, ParameterRange))}
    moving = {name: value for name, value in parameters.items() if name not in fixed}
    if design in ("random", "sobol") and moving:
        for row in _unit_points(design, int(points or 0), len(moving), seed):
            yield fixed | {name: _at(each, float(u)) for (name, each), u in zip(moving.items(), row, strict=True)}
        return
    values = {name: each.values() if isinstance(each, ParameterRange) else each for name, each in moving.items()}
    if design == "list":
        lengths = {name: len(each) for name, each in values.items()}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            raise ValueError(f"design is 'list', whose lists stand side by side, but {said}; give as many of each")
        for row in zip(*values.values(), strict=True) if values else [()]:
            yield fixed | dict(zip(values, row, strict=True))
        return
    for row in itertools.product(*values.values()):
        yield fixed | dict(zip(values, row, strict=True))


def _unit_points(design: str, points: int, dimensions: int, seed: int) -> NDArray[np.float64]:
    if design == "random":
        return np.random.default_rng(seed).random((points, dimensions))
    from scipy.stats import qmc

    engine = qmc.Sobol(dimensions, scramble=True, seed=np.random.default_rng(seed))
    return np.asarray(engine.random_base2(max(0, math.ceil(math.log2(points)))))[:points]


def _at(values: Any, share: float) -> Any:
    if isinstance(values, ParameterRange):
        return values.at(share)
    return values[min(int(share * len(values)), len(values) - 1)]
