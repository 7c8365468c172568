r"""One quantity as published and as it comes out here, and whether the two agree.

======================= ===============================================================================
Verdict                 Meaning
======================= ===============================================================================
agrees                  the published value lies in our interval (without one: is ours to 1e-9); where it is
                        a sample too, their difference could be chance
within published band   it does not, but our value lies in the band that the source states
differs                 neither
could not run           an engine or a package is missing
======================= ===============================================================================

The band is the uncertainty, the range or the rounding of the source, or what a theorem allows. Intervals are 99 %, so
that of a hundred quantities that agree one is said to differ by chance. Where the published value is a share of a few
runs, its band is the interval of that sample, and the difference has the interval

.. math:: \delta \pm \sqrt{e^2 + e'^2}

with the halves e and e' of both intervals on the side of the other value.
Source: Newcombe, Stat. Med. 17, 873 (1998), method 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import hypot, inf, isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..estimate import Estimate
from ..files.json_values import json_value

AGREES, WITHIN, DIFFERS, MISSING, FAILED = "agrees", "within published band", "differs", "could not run", "failed"
CONFIDENCE = 0.99
_SAME = 1e-9  # relative difference of two numbers that are computed


class CannotRun(RuntimeError):
    """An engine or a package that a check needs is missing; the message names it."""


@dataclass(frozen=True)
class PublishedCheck:
    """One quantity beside its published value.

    Attributes
    ----------
    quantity, source : str
        What it is, with its conditions, and where it was published.
    published, ours : float
        Values in ``unit``.
    unit : str
        SI unit, empty for a pure number, "%" for a share.
    low, high : float or None
        Band of the source; None: the published value itself. An infinite end is no end.
    interval : tuple of float or None
        Ends of our interval; None: nothing was drawn.
    how : str
        Way in which the interval, or the value, was made.
    sampled : bool
        Whether the band is the 99 % interval of a sample, of runs say, from which ``published`` was estimated.
    """

    quantity: str
    source: str
    published: float
    ours: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    interval: tuple[float, float] | None = None
    how: str = ""
    sampled: bool = False

    def __post_init__(self) -> None:
        if not isfinite(self.published):
            raise ValueError(f"published is {self.published} for {self.quantity!r}; give a number")
        low, high = self.band
        if not low <= self.published <= high:
            raise ValueError(f"the band of {self.quantity!r} is {low} to {high}; it must hold {self.published}")
        if self.interval is not None and not self.interval[0] <= self.interval[1]:
            raise ValueError(f"interval of {self.quantity!r} is {self.interval}; give the lower end first")

    @property
    def band(self) -> tuple[float, float]:
        """Ends of what was published."""
        return (
            self.published if self.low is None else self.low,
            self.published if self.high is None else self.high,
        )

    @property
    def verdict(self) -> str:
        """Verdict, by the rules above."""
        if not isfinite(self.ours):
            return DIFFERS
        slack = _SAME * abs(self.published)
        low, high = self.interval or (self.ours, self.ours)
        if low - slack <= self.published <= high + slack:
            return AGREES
        least, most = self.band
        ours, theirs = (
            (high - self.ours, self.published - least)
            if self.ours < self.published
            else (self.ours - low, most - self.published)
        )
        if self.sampled and abs(self.ours - self.published) <= hypot(ours, theirs):
            return AGREES
        return WITHIN if least - slack <= self.ours <= most + slack else DIFFERS

    def to_dict(self) -> dict[str, object]:
        """Return plain data for JSON.

        Returns
        -------
        dict of str to object
            Attributes and verdict; an end that is not finite is None.
        """
        low, high = self.band
        data = {
            "quantity": self.quantity, "source": self.source, "published": self.published, "low": low, "high": high,
            "ours": self.ours, "interval": self.interval, "how": self.how, "unit": self.unit, "verdict": self.verdict,
            "sampled": self.sampled,
        }  # fmt: skip
        return {name: json_value(value) for name, value in data.items()}


CheckFunction: TypeAlias = Callable[[bool, np.random.SeedSequence], Iterator[PublishedCheck]]
"""A check: from whether it is to be quick, and its seed, to rows, one as soon as it is there."""


def mean_interval(samples: ArrayLike) -> tuple[float, tuple[float, float]]:
    """Return the mean of independent samples with its 99 % interval by Student's t.

    Parameters
    ----------
    samples : (n,) array_like
        At least two.

    Returns
    -------
    mean : float
        Mean.
    interval : (float, float)
        Its ends.
    """
    from scipy.special import stdtrit

    x = np.asarray(samples, dtype=float)
    half = float(stdtrit(x.size - 1, 0.5 + CONFIDENCE / 2.0) * x.std(ddof=1) / np.sqrt(x.size))
    return float(x.mean()), (float(x.mean()) - half, float(x.mean()) + half)


def normal_interval(value: float, error: float) -> tuple[float, float]:
    """Return the 99 % interval of a value with a standard error.

    Parameters
    ----------
    value, error : float
        Value and its standard error.

    Returns
    -------
    (float, float)
        Ends.
    """
    from scipy.special import ndtri

    half = float(ndtri(0.5 + CONFIDENCE / 2.0)) * error
    return value - half, value + half


def ends_of(estimate: Estimate, factor: float = 1.0) -> tuple[float, float]:
    """Return the ends of an estimate's interval.

    Parameters
    ----------
    estimate : Estimate
        Estimate; an end that is missing is infinite.
    factor : float
        Positive factor on the ends, as 100 for percent.

    Returns
    -------
    (float, float)
        Ends.
    """
    return (
        -inf if estimate.low is None else factor * estimate.low,
        inf if estimate.high is None else factor * estimate.high,
    )
