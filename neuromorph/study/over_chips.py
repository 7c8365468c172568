r"""Time and energy to solution over chips: the median chip, the middle half of them, and those that never succeed.

.. math:: \mathrm{TTS}_c = \frac{t_0}{m} + t_c R(p_c), \qquad p_c = k_c / n_c

A mean over chips is infinite as soon as one never succeeds; the median is not. Of a chip without a success there is a
bound, R at the high end of its Wilson interval, which is never below one read. The pooled success probability, of a
read on a new chip each, is another quantity: ``estimate.chips_interval``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np
from numpy.typing import NDArray

from ..estimate import Estimate, wilson_interval
from .time_to_solution import NOTHING, to_solution


@dataclass(frozen=True)
class Spread:
    """Spread of a quantity over chips or instances; None stands for infinity.

    Attributes
    ----------
    median : float or None
        Median.
    low, high : float or None
        Quartiles: the middle half lies between.
    bound : float or None
        Least value of the median, where that is infinite.
    never : float
        Share that never succeeded.
    count : int
        Number of chips or instances.
    """

    median: float | None
    low: float | None
    high: float | None
    bound: float | None
    never: float
    count: int

    def to_dict(self) -> dict[str, float | int | None]:
        """Return the spread as plain data for JSON.

        Returns
        -------
        dict of str to float, int or None
            Median, low and high, bound, never and count.
        """
        return dict(vars(self))

    @property
    def estimate(self) -> Estimate:
        """The median with the quartiles as its ends, or its bound as the low end."""
        if self.median is None:
            return Estimate(None, self.bound, None)
        return Estimate(self.median, self.low, self.high)


@dataclass(frozen=True)
class ChipResult:
    """Reads, success, time and energy to solution of one chip.

    Attributes
    ----------
    chip : int
        Number of the chip, from 0.
    reads, successes : int
        Number of its reads, and of those that succeeded; 0 without a best value known.
    best : float or None
        Score of its best feasible read.
    mapping_error : float or None
        Mapping error of its program.
    tts_s, ets_j : Estimate or None
        Time to solution, s, and energy to solution, J; a bound without a success.
    """

    chip: int
    reads: int
    successes: int
    best: float | None
    mapping_error: float | None
    tts_s: Estimate | None
    ets_j: Estimate | None


def spread_of(values: Sequence[float], bounds: Sequence[float]) -> Spread:
    """Describe values of which some are infinite.

    Parameters
    ----------
    values : sequence of float
        Values; infinity where there was no success.
    bounds : sequence of float
        The same with bounds in place of infinity.

    Returns
    -------
    Spread
        Median and quartiles.
    """
    low, median, high = (_quantile(values, q) for q in (0.25, 0.5, 0.75))
    bound = None if isfinite(median) else _finite(_quantile(bounds, 0.5))
    never = sum(not isfinite(value) for value in values) / len(values)
    return Spread(_finite(median), _finite(low), _finite(high), bound, never, len(values))


def chip_to_solution(per_read: float, successes: int, reads: int, once: float = 0.0) -> Estimate:
    """Compute the time or energy to solution of one chip.

    Parameters
    ----------
    per_read : float
        Seconds or joules of one of its reads.
    successes, reads : int
        Number of its successful reads, and of all.
    once : float
        Seconds or joules of programming that a solution bears.

    Returns
    -------
    Estimate
        Value with the interval of its success alone; a bound without one.
    """
    amount, before = Estimate(per_read, per_read, per_read), Estimate(once, once, once)
    return to_solution(amount, wilson_interval(successes, reads), once=before if once else NOTHING)


def spread_of_estimates(values: Sequence[Estimate]) -> Spread:
    """Describe estimates, of which those without a value are infinite and bounded from below.

    Parameters
    ----------
    values : sequence of Estimate
        One of each chip or instance.

    Returns
    -------
    Spread
        Median and quartiles.
    """
    plain = [inf if each.value is None else each.value for each in values]
    bounds = [(each.low or 0.0) if each.value is None else each.value for each in values]
    return spread_of(plain, bounds)


def counts_of_chips(chip: NDArray[np.int32] | None, success: NDArray[np.bool_]) -> tuple[list[int], list[int]]:
    """Count the successes and reads of each chip.

    Parameters
    ----------
    chip : (reads,) int32 or None
        Chip of each read; None is one for all.
    success : (reads,) bool
        Whether the read succeeded.

    Returns
    -------
    (list of int, list of int)
        Successes and reads, by rising number of the chip.
    """
    if chip is None:
        return [int(success.sum())], [len(success)]
    _, place, reads = np.unique(chip, return_inverse=True, return_counts=True)
    return np.bincount(place, weights=success).astype(int).tolist(), reads.tolist()


def mean_mapping_error(programs: Mapping[int, float]) -> float | None:
    """Return the mean mapping error over chips.

    Parameters
    ----------
    programs : dict of int to float
        Mapping error of each chip.

    Returns
    -------
    float or None
        Mean; None without chips.
    """
    return sum(programs.values()) / len(programs) if programs else None


def _quantile(values: Sequence[float], q: float) -> float:
    """Linear interpolation between order statistics; infinite as soon as one that counts is."""
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    first = int(place)
    below, above = ordered[first], ordered[min(first + 1, len(ordered) - 1)]
    return below if above == below or place == first else below + (place - first) * (above - below)


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
