r"""From a success rate to time and energy to solution, each with an interval.

.. math:: \mathrm{TTS} = \frac{t_0}{m} + t R, \qquad
          R = \max\!\left(1, \frac{\ln(1 - q)}{\ln(1 - p)}\right), \qquad q = 0.99

t is the time of one read (or its energy), p the chance that one read succeeds: R independent reads find a solution with
probability q, and there is no less than one read. t_0 is the time (or energy) of programming, with which m problems are
solved. p has the interval of ``estimate.chips_interval``, which stays inside [0, 1] and has width at no success and at
no failure. TTS as in Ronnow et al., Science 345, 420 (2014).
"""

from __future__ import annotations

import math

from ..estimate import Estimate, check_fraction

NOTHING = Estimate(0.0, 0.0, 0.0)


def reads_to_solution(p: float, confidence: float = 0.99) -> float:
    """Compute the number of reads to solution, ln(1 - q) / ln(1 - p), at least one.

    Parameters
    ----------
    p : float
        Success probability of one read.
    confidence : float
        Probability q that one of the reads succeeds.

    Returns
    -------
    float
        Number of reads; infinity if p = 0.

    Raises
    ------
    ValueError
        If a probability is out of range.
    """
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"p is {p}; a probability is between 0 and 1")
    check_fraction("confidence", confidence)
    if p >= confidence:
        return 1.0
    return math.log1p(-confidence) / math.log1p(-p) if p > 0.0 else math.inf


def to_solution(
    per_read: Estimate, probability: Estimate, confidence: float = 0.99, once: Estimate = NOTHING
) -> Estimate:
    """Compute the time or energy to solution with ``confidence``, from that of one read.

    The low end takes the low end of a read and the high end of p, the high end the opposite: at least as wide as either
    interval alone. Without a success there is no value, and the low end is a bound: as many reads as the high end of p
    asks for, each at its value, so that no bound is below one read as it stands beside it.

    Parameters
    ----------
    per_read : Estimate
        Seconds or joules of one read.
    probability : Estimate
        Probability of success of one read.
    confidence : float
        q.
    once : Estimate
        Seconds or joules of programming that this solution bears.

    Returns
    -------
    Estimate
        Seconds or joules until a solution is found.
    """

    def times(amount: float | None, p: float | None, before: float | None) -> float | None:
        if amount is None or p is None or before is None:
            return None
        reads = reads_to_solution(p, confidence)
        return before + amount * reads if math.isfinite(reads) else None

    if probability.value == 0.0:
        return Estimate(None, times(per_read.value, probability.high, once.value), None)
    return Estimate(
        times(per_read.value, probability.value, once.value),
        times(per_read.low, probability.high, once.low),
        times(per_read.high, probability.low, once.high),
    )
