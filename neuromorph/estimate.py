"""A value with its 95 % interval, sums of such values, and the interval of a success rate."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """Value and its 95 % interval.

    Attributes
    ----------
    value : float or None
        Value; None if not defined.
    low, high : float or None
        Ends of the interval; None if unbounded.
    """

    value: float | None
    low: float | None
    high: float | None

    def to_dict(self) -> dict[str, float | None]:
        """Return the estimate as plain data for JSON.

        Returns
        -------
        dict of str to float or None
            Value, low and high.
        """
        return {"value": self.value, "low": self.low, "high": self.high}


def add_estimates(parts: Iterable[Estimate]) -> Estimate:
    """Sum values and interval ends.

    Parameters
    ----------
    parts : iterable of Estimate
        Estimates.

    Returns
    -------
    Estimate
        Sum; undefined as soon as one part is.
    """
    chosen = list(parts)

    def total(values: list[float | None]) -> float | None:
        return None if any(v is None for v in values) else math.fsum(v for v in values if v is not None)

    return Estimate(*(total([getattr(p, end) for p in chosen]) for end in ("value", "low", "high")))


def scale_estimate(estimate: Estimate, factor: float) -> Estimate:
    """Multiply an estimate by a factor.

    Parameters
    ----------
    estimate : Estimate
        Estimate.
    factor : float
        Factor, 0 or above.

    Returns
    -------
    Estimate
        Product.
    """
    return Estimate(*(None if v is None else v * factor for v in (estimate.value, estimate.low, estimate.high)))


def wilson_interval(successes: int, reads: int, confidence: float = 0.95) -> Estimate:
    """Estimate the success probability of one read with its Wilson score interval.

    Parameters
    ----------
    successes, reads : int
        Number of successful reads, and of all.
    confidence : float
        Confidence level.

    Returns
    -------
    Estimate
        k / n with its interval.

    Raises
    ------
    ValueError
        If there are no reads, or more successes than reads.
    """
    from scipy.stats import binomtest

    if not 0 <= successes <= reads or reads < 1:
        raise ValueError(f"successes is {successes} of {reads} reads; needs 0 <= successes <= reads and a read")
    check_fraction("confidence", confidence)
    interval = binomtest(successes, reads).proportion_ci(confidence, method="wilson")
    return Estimate(successes / reads, float(interval.low), float(interval.high))


def check_fraction(name: str, value: float) -> None:
    """Require a number between 0 and 1.

    Parameters
    ----------
    name : str
        Name in the message.
    value : float
        Number.

    Raises
    ------
    ValueError
        If the number is 0, 1 or outside.
    """
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} is {value}; it must be between 0 and 1")
