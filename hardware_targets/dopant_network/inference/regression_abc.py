r"""Approximate Bayesian computation with regression: draws of parameters from a table of simulations.

.. math:: \operatorname{logit} u_i = \alpha + \beta (s_i - s) + \epsilon_i, \qquad
          u_i^* = \operatorname{expit}\big(\operatorname{logit} u_i - \hat\beta (s_i - s)\big), \qquad
          w_i = 1 - |s_i - s|^2 / \delta^2

where u_i are parameters of a simulation as shares of their prior probability, s_i its statistics, s those that were
measured; the fit is local, with weights w_i over the simulations nearest to s, delta apart at most. Statistics are
posterior means of logit u by a global fit in squares and products of the summaries: as many as there are parameters.

Source: Beaumont, Zhang and Balding, Genetics 162, 2025 (2002): the local regression; Fearnhead and Prangle, J. R. Stat.
Soc. B 74, 419 (2012): statistics that are posterior means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from neuromorph.ising import Float
from neuromorph.runtime.threads import single_threaded_blas

_END = 1e-3  # shares are held this far from 0 and 1
_FAR = 8.0  # robust standard deviations at which a summary is cut off
_NEIGHBORS = 10
_COMPARED = 400  # simulations whose distances the measured one is compared with


@dataclass(frozen=True, eq=False)
class SummaryScale:
    """Summaries in units of their scatter over the simulations.

    Attributes
    ----------
    middle, scale : (q,) float
        Medians, and scatter where there is any.
    kept : (q,) bool
        Summaries that differ between simulations.
    """

    middle: Float
    scale: Float
    kept: np.ndarray

    def __call__(self, summaries: Float) -> Float:
        """Scale summaries, (..., q) to (..., kept)."""
        part = (summaries - self.middle)[..., self.kept] / self.scale[self.kept]
        return np.asarray(part.clip(-_FAR, _FAR))


def summary_scale(summaries: Float) -> SummaryScale:
    """Find the scale of summaries.

    Parameters
    ----------
    summaries : (m, q) float
        Summaries of simulations.

    Returns
    -------
    SummaryScale
        Scale.
    """
    low, middle, high = np.quantile(summaries, [0.16, 0.5, 0.84], axis=0)
    scale = 0.5 * (high - low)
    return SummaryScale(middle, scale, scale > 1e-9)


@single_threaded_blas()
def regression_abc(
    shares: Float, summaries: Float, observed: Float, *, kept: int, draws: int, rng: np.random.Generator
) -> Float:
    """Draw parameters given summaries.

    Parameters
    ----------
    shares : (m, p) float
        Parameters of simulations as shares of their prior probability.
    summaries : (m, q) float
        Their summaries.
    observed : (q,) float
        Measured summaries.
    kept : int
        Number of nearest simulations that are taken.
    draws : int
        Number of draws.
    rng : Generator
        Generator.

    Returns
    -------
    (draws, p) float
        Draws of the posterior, as shares of the prior probability.
    """
    scale = summary_scale(summaries)
    if not scale.kept.any():
        return np.asarray(shares[rng.integers(len(shares), size=draws)])
    target = logit(shares.clip(_END, 1.0 - _END))
    design, at = _squares(scale(summaries)), _squares(scale(observed[None, :]))
    means = np.linalg.lstsq(design, target, rcond=None)[0]
    statistics, here = design @ means, (at @ means)[0]
    spread = statistics.std(axis=0)
    distance = np.sqrt((((statistics - here) / np.maximum(spread, 1e-3)) ** 2).sum(axis=1))
    near = np.argpartition(distance, min(kept, len(distance) - 1))[:kept]
    width = max(float(distance[near].max()), 1e-12)
    weights = np.maximum(1.0 - (distance[near] / width) ** 2, 1e-6)
    away = statistics[near] - here
    local = np.column_stack([np.ones(len(near)), away])
    root = np.sqrt(weights)[:, None]
    slopes = np.linalg.lstsq(root * local, root * target[near], rcond=None)[0][1:]
    moved = expit(target[near] - away @ slopes)
    return np.asarray(moved[rng.choice(len(near), size=draws, p=weights / weights.sum())])


@single_threaded_blas()
def likeness(summaries: Float, observed: Float) -> float:
    """Compare the distance of measured summaries with those between simulations.

    Parameters
    ----------
    summaries : (m, q) float
        Summaries of simulations of different places.
    observed : (q,) float
        Measured summaries.

    Returns
    -------
    float
        Share of simulations that are at least as far from their tenth neighbor: a p-value of "the measured network is
        one of these".
    """
    scale = summary_scale(summaries)
    every, here = scale(summaries), scale(observed[None, :])
    compared = every[:: max(1, len(every) // _COMPARED)]
    far = np.array([_tenth(every, each) for each in compared])  # a simulation is its own first neighbor
    return float((1 + np.count_nonzero(far >= _tenth(every, here[0], own=0))) / (1 + len(far)))


def _tenth(every: Float, at: Float, own: int = 1) -> float:
    squares = ((every - at) ** 2).sum(axis=1)
    return float(np.partition(squares, _NEIGHBORS + own - 1)[_NEIGHBORS + own - 1])


def _squares(x: Float) -> Float:
    """Return 1, all entries, and all products of two."""
    left, right = np.triu_indices(x.shape[1])
    return np.column_stack([np.ones(len(x)), x, x[:, left] * x[:, right]])
