r"""A value with its 95 % interval, sums of such values, and the interval of a success rate.

Reads of one chip have a chance in common. Where k_c of n_c reads of chip c succeed, that chance is drawn with the chip:

.. math:: k_c \sim \mathrm{Binomial}(n_c, p_c), \qquad p_c \sim \mathrm{Beta}\left(p \frac{1 - \rho}{\rho},
          (1 - p) \frac{1 - \rho}{\rho}\right)

p is the success probability of a read on a new chip, rho the correlation of two reads of one chip (Skellam, J. R.
Stat. Soc. B 10, 257 (1948)). Two distributions of p answer for it:

- the posterior, rho being integrated out: Jeffreys' prior on p; rho is 0 with chance ``_ALIKE``, else uniform. It holds
  where successes or failures are few, and is too wide where chips are alike, for it knows of no chips that differ less
  than by chance;
- Wilson's score law with Student's t of C - 1 degrees of freedom, of as many independent reads as the scatter of the C
  chips tells (the design effect d, here also below 1; Franco et al., J. Surv. Stat. Methodol. 7, 334 (2019)). It holds
  where both are many, whatever rho is, and is too narrow where few chips bear all successes.

Their quantiles are averaged (Lichtendahl et al., Manage. Sci. 59, 1594 (2013)), on the scale of the logit:

.. math:: Q(u) = (1 - w) Q_\mathrm{posterior}(u) + w Q_t(u), \qquad w = \frac{m}{m + 5}, \quad
          m = \min\left(\sum k_c, \sum (n_c - k_c)\right)

docs/results-schema.md has the coverage of planted studies, and tests/neuromorph/test_chips.py measures it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ALIKE = 0.5  # prior chance that chips do not differ
_FEW = 5.0  # successes, or failures, of which the posterior and the score law weigh the same
_LEAST_EFFECT = 0.1  # chips that agree better than this do so by chance
_CORRELATIONS = np.linspace(0.0, 1.0, 25) ** 2  # ends of the cells of rho
_POINTS = 97  # of the logit of p in one pass
_PASSES = 3  # each over what the one before has left
_END = 1e-9  # level beyond which quantiles stay what they are, not infinite


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

    References
    ----------
    Wilson, J. Am. Stat. Assoc. 22, 209 (1927); as scipy.stats.binomtest computes it, whose import takes half a second.
    """
    from scipy.special import ndtri

    if not 0 <= successes <= reads or reads < 1:
        raise ValueError(f"successes is {successes} of {reads} reads; needs 0 <= successes <= reads and a read")
    check_fraction("confidence", confidence)
    share, z = successes / reads, float(ndtri(0.5 + 0.5 * confidence))
    twice = 2.0 * (reads + z**2)
    center = (2.0 * reads * share + z**2) / twice
    half = z / twice * math.sqrt(4.0 * reads * share * (1.0 - share) + z**2)
    return Estimate(share, center - half if successes else 0.0, center + half if successes < reads else 1.0)


def chips_interval(successes: Sequence[int], reads: Sequence[int], confidence: float = 0.95) -> Estimate:
    """Estimate the success probability of one read on a new chip, over chips.

    Parameters
    ----------
    successes, reads : sequence of int
        Number of successful reads of each chip, and of all its reads.
    confidence : float
        Confidence level.

    Returns
    -------
    Estimate
        Share of all reads with its interval: that of Wilson for one chip, or for one read of each chip, which are
        independent.

    Raises
    ------
    ValueError
        If a chip has no reads, or more successes than reads.

    References
    ----------
    Skellam, J. R. Stat. Soc. B 10, 257 (1948); Wilson, J. Am. Stat. Assoc. 22, 209 (1927).
    """
    k, n = [int(each) for each in successes], [int(each) for each in reads]
    if not n or len(k) != len(n) or not all(0 <= some <= each and each >= 1 for some, each in zip(k, n, strict=True)):
        raise ValueError(f"successes are {k} of {n} reads; needs for each chip 0 <= successes <= reads and a read")
    check_fraction("confidence", confidence)
    if len(n) == 1 or max(n) == 1:
        return wilson_interval(sum(k), sum(n), confidence)
    value, tail = sum(k) / sum(n), (1.0 - confidence) / 2.0
    ends = _averaged_quantiles(tuple(sorted(zip(k, n, strict=True))), np.array([tail, 1.0 - tail]))
    least = 0.0 if not sum(k) else min(value, float(ends[0]))
    return Estimate(value, least, 1.0 if k == n else max(value, float(ends[1])))


def chips_quantiles(successes: Sequence[int], reads: Sequence[int], levels: NDArray[np.float64]) -> NDArray[Any]:
    """Compute quantiles of the success probability of one read on a new chip.

    At uniform levels they are draws of it.

    Parameters
    ----------
    successes, reads : sequence of int
        Number of successful reads of each chip, and of all its reads.
    levels : (draws,) float
        Probabilities, between 0 and 1.

    Returns
    -------
    (draws,) float
        Quantiles of the distribution of ``chips_interval``; for one chip, or one read of each, of Jeffreys'
        Beta(k + 1/2, n - k + 1/2), whose intervals are those of Wilson but for a few reads.

    References
    ----------
    Brown, Cai and DasGupta, Stat. Sci. 16, 101 (2001).
    """
    from scipy.special import betaincinv

    k, n = sum(successes), sum(reads)
    if len(reads) == 1 or max(reads) == 1:
        return np.asarray(betaincinv(k + 0.5, n - k + 0.5, levels))
    return _averaged_quantiles(tuple(sorted(zip(map(int, successes), map(int, reads), strict=True))), levels)


def _averaged_quantiles(chips: tuple[tuple[int, int], ...], levels: NDArray[np.float64]) -> NDArray[Any]:
    """Quantiles of p: those of the posterior and of the score law, averaged; ``chips`` are (successes, reads)."""
    k, n = np.array(chips).T
    few = min(int(k.sum()), int((n - k).sum()))
    logits = np.interp(levels, *_posterior_shares(chips))
    if few:
        weight = few / (few + _FEW)
        logits = (1.0 - weight) * logits + weight * _score_quantiles(k, n, levels)
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def _score_quantiles(k: NDArray[np.int64], n: NDArray[np.int64], levels: NDArray[np.float64]) -> NDArray[Any]:
    """Quantiles of the logit of p by Wilson's score, with the scatter of the chips and Student's t."""
    from scipy.special import stdtrit

    chips, reads = len(k), float(n.sum())
    p, q = k.sum() / reads, (n - k).sum() / reads
    variance = chips / (chips - 1.0) * float(((k - n * p) ** 2).sum()) / reads**2
    independent = p * q / max(variance, _LEAST_EFFECT * p * q / reads)
    t = stdtrit(chips - 1.0, np.clip(levels, _END, 1.0 - _END))
    half = t**2 / (2.0 * independent)
    root = np.sqrt(2.0 * half * (p * q + half / 2.0))
    # Ends x of (1 + 2 half) x^2 - 2 (p + half) x + p^2 = 0: below, p^2 / (p + half + root); 1 - x in the same way.
    middle = np.log(p + half + root) + np.log(q + half + root) - np.log1p(2.0 * half)
    return np.asarray(np.where(t < 0.0, 2.0 * np.log(p) - middle, middle - 2.0 * np.log(q)))


@lru_cache(maxsize=4096)
def _posterior_shares(chips: tuple[tuple[int, int], ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distribution of the logit of p: share of the posterior below, and the logit, on a grid."""
    k, n = np.array(chips).T
    low, high = -18.0, 18.0  # of the logit of p
    for last in [False] * (_PASSES - 1) + [True]:
        logits = np.linspace(low, high, _POINTS)
        step = logits[1] - logits[0]
        edges = np.append(logits - step / 2.0, high + step / 2.0)
        share = np.append(0.0, np.cumsum(_posterior(logits, k, n)))
        share /= share[-1]
        if not last:
            ends = np.interp([1e-4, 1.0 - 1e-4], share, edges)
            low, high = float(ends[0]) - step, float(ends[1]) + step
    return share, edges


def _posterior(logits: NDArray[np.float64], k: NDArray[np.int64], n: NDArray[np.int64]) -> NDArray[Any]:
    """Weights of p on a grid of its logit, rho integrated out, up to a factor."""
    from scipy.special import betaln, expit

    p, q = expit(logits)[:, None], expit(-logits)[:, None]
    ends = _CORRELATIONS
    rho = (ends[1:] + ends[:-1]) / 2.0
    prior = np.concatenate([[_ALIKE], (1.0 - _ALIKE) * np.diff(ends)])
    a, b = p * (1.0 - rho) / rho, q * (1.0 - rho) / rho
    told = np.zeros((len(logits), prior.size))
    whole = betaln(a, b)
    pairs, counts = np.unique(np.stack([k, n], axis=1), axis=0, return_counts=True)
    for (some, each), chips in zip(pairs.tolist(), counts.tolist(), strict=True):
        told[:, :1] += chips * (some * np.log(p) + (each - some) * np.log(q))
        told[:, 1:] += chips * (betaln(a + some, b + each - some) - whole)
    told += np.log(prior) + 0.5 * np.log(p * q)  # Jeffreys' p^(-1/2) q^(-1/2), by dp = p q d(logit)
    return np.exp(told - told.max()).sum(axis=1)


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
