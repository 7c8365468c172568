r"""Effective inverse temperature of a sampler, by Besag's pseudo-likelihood.

.. math:: \ell(\beta) = -\sum_r \sum_i \ln\bigl(1 + e^{-2 \beta s_i f_i}\bigr), \qquad f_i = h_i + \sum_j J_{ij} s_j

where s_i is spin i of read r and f_i its field. Every spin is predicted from the others, so that no partition function
is needed; ell is concave in beta. The interval allows for correlated spins of one read (Godambe's sandwich over reads).
Of a distribution q over all states every state counts q times, and there is no interval.
Sources: Besag, The Statistician 24, 179 (1975); Godambe, Ann. Math. Stat. 31, 1208 (1960).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import expit

from ..estimate import Estimate
from ..exact import spins_of
from ..ising import Float, Ising, check_spins
from ..runtime.limits import checkpoint

_NORMAL_95 = 1.959964
_WIDEST = 60  # largest number of doublings of the bracket
_FEW, _KEPT = 1 << 17, 1 << 22  # numbers of fields that beta is first found from, and that are kept in memory
_STEPS, _NEAR = 60, 1e-6  # largest number of Newton steps, and size of the last one relative to the error


def effective_beta(ising: Ising, spins: ArrayLike) -> Estimate:
    """Estimate the effective beta with its 95 % interval from independent reads.

    Reads of a chain make the interval too narrow and should be thinned first. The result is negative where spins stand
    against their fields.

    Parameters
    ----------
    ising : Ising
        The problem that the sampler was given.
    spins : (reads, n) array_like
        At least two reads.

    Returns
    -------
    Estimate
        beta.

    Raises
    ------
    ValueError
        If the shape is wrong, or the reads do not determine beta.
    """
    s = check_spins(spins, ising.size)
    if s.ndim != 2 or len(s) < 2:
        raise ValueError(f"spins have shape {s.shape}; give (reads, {ising.size}) with two reads or more")
    if s.size <= _FEW:
        along: Float = s * ising.field(s)
        beta = _root(along)
        scores, curvature = _score(along, beta)
    else:
        beta, scores, curvature = _refined(ising, s, _rough(ising, s))
    error = float(np.sqrt(len(s)) * scores.std(ddof=1)) / curvature
    return Estimate(beta, beta - _NORMAL_95 * error, beta + _NORMAL_95 * error)


def effective_beta_of_distribution(ising: Ising, probabilities: ArrayLike) -> float:
    """Compute the beta to which reads without end of a distribution would lead.

    Parameters
    ----------
    ising : Ising
        Problem that a sampler was given.
    probabilities : (2^n,) array_like
        Probability of each state that it samples; state k has spin i up where bit i of k is set.

    Returns
    -------
    float
        beta, as of :func:`effective_beta`.

    Raises
    ------
    ValueError
        If the shape is wrong, or the distribution does not determine beta.
    """
    q = np.asarray(probabilities, dtype=float)
    if q.shape != (1 << ising.size,):
        raise ValueError(f"probabilities have shape {q.shape}; {ising.size} spins have {1 << ising.size} states")
    states = np.flatnonzero(q)
    s = spins_of(states, ising.size)
    return _root(s * ising.field(s), q[states])


def _root(along: Float, weights: Float | None = None) -> float:
    """Find the beta at which the score of all reads is 0, each counted ``weights`` times."""
    if not along.any():
        raise ValueError("no spin is in any field, so that every beta gives the same states; there is none to be told")
    if not ((along > 0).any() and (along < 0).any()):
        raise ValueError(
            "every spin stands on the same side of its field in every read, so that beta is not bounded; take more "
            "reads, or of a hotter sampler"
        )

    def total(beta: float) -> float:
        scores, _ = _score(along, beta)
        return float(scores.sum() if weights is None else weights @ scores)

    width = 1.0 / float(np.abs(along).max())
    for _ in range(_WIDEST):
        if total(-width) > 0.0 > total(width):
            break
        width *= 2.0
    return float(brentq(total, -width, width, xtol=1e-14 * width, rtol=1e-12))


def _score(along: Float, beta: float) -> tuple[Float, float]:
    """Compute d ell / d beta of each read, and -d^2 ell / d beta^2 of all of them."""
    chance = expit(-2.0 * beta * along)
    return (2.0 * along * chance).sum(axis=1), float((4.0 * along**2 * chance * (1.0 - chance)).sum())


def _rough(ising: Ising, s: NDArray[Any]) -> float:
    """Find the root of few reads, or of as many as fit into memory where few do not bound it."""

    def root(most: int) -> float:
        apart = -(-s.size // most)
        some = s[::apart] if len(s) >= 2 * apart else s[:2]
        return _root(some * ising.field(some))

    with suppress(ValueError):
        return root(_FEW)
    return root(_KEPT)


def _refined(ising: Ising, s: NDArray[Any], beta: float) -> tuple[float, Float, float]:
    """Take Newton's steps from ``beta`` over all reads; return root, scores and curvature."""
    whole = s * ising.field(s) if s.size <= _KEPT else None
    for _ in range(_STEPS):
        scores, curvature = np.empty(len(s)), 0.0
        for part in ising.energy_parts(len(s)):
            checkpoint("effective beta", part.start, len(s))
            along = s[part] * ising.field(s[part]) if whole is None else whole[part]
            scores[part], some = _score(along, beta)
            curvature += some
        step = float(scores.sum()) / curvature
        beta += step
        if abs(step) <= _NEAR / np.sqrt(curvature):
            break
    return beta, scores, curvature
