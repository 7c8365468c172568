r"""From a success rate to time and energy to solution, each with an interval.

.. math:: \mathrm{TTS} = t\, \max\!\left(1, \frac{\ln(1 - q)}{\ln(1 - p)}\right), \qquad q = 0.99

t is the time of one read (or its energy), p the chance that one read succeeds: that many independent reads find a
solution with probability q, and there is no less than one read. p is estimated from k successes in n reads with the
interval of Wilson, J. Am. Stat. Assoc. 22, 209 (1927), which stays inside [0, 1] and has width at k = 0 and k = n.
TTS as in Ronnow et al., Science 345, 420 (2014).
"""

from __future__ import annotations

import math

from ..estimate import Estimate, check_fraction


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


def to_solution(per_read: Estimate, probability: Estimate, confidence: float = 0.99) -> Estimate:
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

    Returns
    -------
    Estimate
        Seconds or joules until a solution is found.
    """

    def times(amount: float | None, p: float | None) -> float | None:
        if amount is None or p is None:
            return None
        reads = reads_to_solution(p, confidence)
        return amount * reads if math.isfinite(reads) else None

    if probability.value == 0.0:
        return Estimate(None, times(per_read.value, probability.high), None)
    return Estimate(
        times(per_read.value, probability.value),
        times(per_read.low, probability.high),
        times(per_read.high, probability.low),
    )
