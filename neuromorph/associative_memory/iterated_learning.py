r"""Iterated learning: couplings under which every pattern is stable with a margin.

.. math:: \Delta_i^\mu = \frac{x_i^\mu \sum_{j \ne i} J_{ij} x_j^\mu}{|J_i|} > \kappa, \qquad
          |J_i|^2 = \sum_j J_{ij}^2, \qquad
          \alpha_c(\kappa) = \left[ \int_{-\kappa}^\infty \frac{dt}{\sqrt{2\pi}} e^{-t^2/2} (t + \kappa)^2 \right]^{-1}

where

* Delta is the stability of pattern x^mu at neuron i, and kappa the margin;
* J_i is row i of the couplings; J_ij and J_ji learn apart, and J is asymmetric unless symmetry is asked for;
* alpha_c is the critical load; alpha_c(0) = 2, so that up to 2 n random patterns can be stable.

Perceptron learning with margin, its symmetric form, and alpha_c: Gardner, J. Phys. A 21, 257 (1988). Minimal overlap:
Krauth and Mezard, J. Phys. A 20, L745 (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .learning_rules import check_patterns


@dataclass(frozen=True, eq=False)
class IteratedLearningResult:
    """Couplings found by iterated learning, with the stabilities of the patterns.

    Attributes
    ----------
    couplings : (n, n) float
        J with zero diagonal.
    stabilities : (k, n) float
        Delta; 0 in an empty row of J.
    converged : bool
        True if the goal of the rule was reached.
    steps : int
        Sweeps over the patterns, or updates of the slowest neuron for ``minover``.
    """

    couplings: Float
    stabilities: Float
    converged: bool
    steps: int

    @property
    def margin(self) -> float:
        """Smallest stability kappa; all patterns are fixed points if it is positive."""
        return float(self.stabilities.min())

    @property
    def status(self) -> str:
        """Outcome in words: "converged", or the steps and the margin at the end."""
        return "converged" if self.converged else f"stopped after {self.steps} steps at margin {self.margin:.3g}"


def stabilities(couplings: ArrayLike, patterns: ArrayLike) -> Float:
    """Compute the stability Delta_i^mu of each pattern at each neuron.

    Parameters
    ----------
    couplings : (n, n) array_like
        J.
    patterns : (k, n) array_like
        Patterns of -1 and +1.

    Returns
    -------
    (k, n) float
        The stabilities.

    Raises
    ------
    ValueError
        If the shapes do not match.
    """
    x = check_patterns(patterns).astype(float)
    j = np.asarray(couplings, dtype=float)
    if j.shape != (x.shape[1], x.shape[1]):
        raise ValueError(f"couplings have shape {j.shape}; patterns of {x.shape[1]} need {x.shape[1]} x {x.shape[1]}")
    j = j - np.diag(j.diagonal())
    norm = np.linalg.norm(j, axis=1)
    return np.asarray(x * (x @ j.T) / np.where(norm > 0.0, norm, 1.0))


@single_threaded_blas()
def perceptron(
    patterns: ArrayLike, margin: float = 0.5, *, symmetric: bool = False, max_sweeps: int = 1000
) -> IteratedLearningResult:
    r"""Learn couplings by Gardner's perceptron rule with a margin.

    .. math:: J_{ij} \mathrel{+}= \tfrac1n \epsilon_i x_i x_j, \quad \epsilon_i = [\Delta_i^\mu \le \kappa]; \qquad
              \text{symmetric: } \epsilon_i + \epsilon_j \text{ for } \epsilon_i

    Patterns are shown in their order. The rule converges in finitely many steps if a solution with a larger margin (and
    symmetric, if that is asked) exists.

    Parameters
    ----------
    patterns : (k, n) array_like
        Patterns of -1 and +1.
    margin : float
        kappa.
    symmetric : bool
        Whether J is to be symmetric.
    max_sweeps : int
        Sweeps after which the rule stops with ``converged`` False.

    Returns
    -------
    IteratedLearningResult
        The couplings and stabilities.

    Raises
    ------
    ValueError
        If ``margin`` is negative or not finite.
    """
    x = check_patterns(patterns).astype(float)
    n = x.shape[1]
    if not (np.isfinite(margin) and margin >= 0):
        raise ValueError(f"margin is {margin}; it must be finite and not negative")
    _check_limit("max_sweeps", max_sweeps)
    # n J are whole numbers, whose sums are exact in any order: a margin of 0 means the same to every BLAS.
    j, squares, sweeps, moved = np.zeros((n, n)), np.zeros(n), 0, True
    while moved and sweeps < max_sweeps:
        sweeps, moved = sweeps + 1, False
        for pattern in x:
            checkpoint("perceptron learning", sweeps - 1, max_sweeps)
            wrong = pattern * (j @ pattern) <= margin * np.sqrt(squares)
            if n == 1 or not wrong.any():
                continue
            moved = True
            rows = np.flatnonzero(wrong)
            change = pattern[rows, None] * pattern
            change[np.arange(rows.size), rows] = 0.0
            j[rows] += change
            if symmetric:
                j[:, rows] += change.T
                rows = np.arange(n)
            squares[rows] = (j[rows] ** 2).sum(axis=1)
    reached = n > 1 and bool((stabilities(j, x) > margin).all())
    return IteratedLearningResult(j / n, stabilities(j / n, x), reached, sweeps)


@single_threaded_blas()
def minover(patterns: ArrayLike, accuracy: float = 0.05, *, max_steps: int = 20_000) -> IteratedLearningResult:
    r"""Learn couplings of maximal stability by Krauth and Mezard's minimal-overlap rule.

    .. math:: \frac{m}{|J_i|} \le \kappa_{\rm opt} \le \frac{|J_i|}{t / n}, \qquad m = \min_\mu x_i^\mu J_i \cdot x^\mu

    Each neuron learns its least stable pattern; after t steps its margin obeys these bounds. The upper one holds since
    J_i is a sum of t patterns over n, each at least kappa_opt off along the best direction. A neuron stops when the two
    differ by less than the fraction ``accuracy``; it cannot if no solution with a positive margin exists.

    Parameters
    ----------
    patterns : (k, n) array_like
        Patterns of -1 and +1.
    accuracy : float
        Relative distance of the bounds at which a neuron stops.
    max_steps : int
        Steps after which the rule stops with ``converged`` False.

    Returns
    -------
    IteratedLearningResult
        The couplings and stabilities.

    Raises
    ------
    ValueError
        If ``accuracy`` is not between 0 and 1.
    """
    x = check_patterns(patterns).astype(float)
    k, n = x.shape
    if not 0.0 < accuracy < 1.0:
        raise ValueError(f"accuracy is {accuracy}; it must be between 0 and 1")
    _check_limit("max_steps", max_steps)
    j, done, steps = np.zeros((n, n)), np.zeros(n, dtype=bool), 0
    gram = x @ x.T
    aligned = np.zeros((n, k))  # x_i^mu sum_j J_ij x_j^mu of every neuron and pattern, kept while J is learned
    counts = np.zeros((n, k))  # how often each neuron learned each pattern
    rows = np.arange(n)
    while rows.size and steps < max_steps and n > 1:
        checkpoint("minover learning", steps, max_steps)
        steps += 1
        worst = aligned[rows].argmin(axis=1)
        counts[rows, worst] += 1.0
        # x_i^mu x_i^nu (sum_{j != i} x_j^mu x_j^nu) / n
        aligned[rows] += (x[:, rows].T * x[worst, rows][:, None] * gram[worst] - 1.0) / n
        if steps % 10 == 0 or steps == max_steps:
            squares = (counts[rows] * aligned[rows]).sum(axis=1) / n  # |J_i|^2 = sum_mu c_mu a_mu / n
            enough = aligned[rows].min(axis=1) * steps / n >= (1.0 - accuracy) * squares
            done[rows[enough & (squares > 0.0)]] = True
            rows = np.flatnonzero(~done)
    j = (counts * x.T) @ x / n
    np.fill_diagonal(j, 0.0)
    return IteratedLearningResult(j, stabilities(j, x), bool(done.all()), steps)


def gardner_capacity(margin: float = 0.0) -> float:
    """Compute Gardner's critical load alpha_c(kappa) of random patterns.

    Returns
    -------
    float
        The largest number of patterns that a neuron of n inputs holds with margin kappa, over n.
    """
    below, density = (1.0 + erf(margin / sqrt(2.0))) / 2.0, exp(-(margin**2) / 2.0) / sqrt(2.0 * pi)
    return 1.0 / ((1.0 + margin**2) * below + margin * density)


def gardner_margin(load: float) -> float:
    """Compute Gardner's optimal margin kappa_opt, at which alpha_c(kappa) = k / n.

    Returns
    -------
    float
        kappa_opt; negative for a load beyond 2.

    Raises
    ------
    ValueError
        If ``load`` is not finite and positive.
    """
    if not (np.isfinite(load) and load > 0):
        raise ValueError(f"load is {load}; it must be finite and positive")
    return float(brentq(lambda margin: gardner_capacity(margin) - load, -5.0, 1.0 / sqrt(load), xtol=1e-12))


def _check_limit(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} is {value}; allow at least one")
