r"""ln Z of a restricted Boltzmann machine by annealed importance sampling, with bounds from both sides.

.. math:: p^*_\beta(v, h) = e^{(1-\beta) a^\top v - \beta E(v, h)}, \qquad
          w = \prod_k \frac{p^*_{\beta_k}(v_{k-1})}{p^*_{\beta_{k-1}}(v_{k-1})}, \qquad \langle w \rangle = Z_1 / Z_0

where a holds the biases of the independent units at beta = 0, whose Z_0 is known, and w is the weight of a chain that
starts there and takes one Gibbs step at each beta_k. The mean of w is unbiased, so that its logarithm is too low on
average, and above ln Z + ln(1/q) with a probability below q (Markov). Chains that run back, from states of the model to
beta = 0, bound ln Z from above in the same way.
Source: Neal, Stat. Comput. 11, 125 (2001); Salakhutdinov and Murray, ICML (2008); reverse chains: Burda, Grosse and
Salakhutdinov, AISTATS (2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp
from scipy.stats import t as student

from ..ising import Float
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .block_gibbs import AnnealingPath, RandomLanes, Single
from .rbm_model import RestrictedBoltzmann


@dataclass(frozen=True, eq=False)
class LogPartitionBounds:
    """Estimate of ln Z with its interval and bounds.

    Attributes
    ----------
    value, low, high : float
        ln of the mean weight and its 95 % interval, from the spread of the weights.
    lower, upper : float
        95 % bounds; ``lower`` holds always, ``upper`` to the extent that the reverse chains began at states of the
        model.
    effective_size : float
        Effective sample size (sum w)^2 / sum w^2; below about 10 the bounds hold better than the interval.
    log_weights : (chains,) float
        ln of Z_0 w of each chain.
    """

    value: float
    low: float
    high: float
    lower: float
    upper: float
    effective_size: float
    log_weights: Float

    @classmethod
    def exact(cls, value: float) -> LogPartitionBounds:
        """Wrap an exact value of ln Z, whose interval and bounds are the value itself.

        Returns
        -------
        LogPartitionBounds
            The estimate.
        """
        return cls(value, value, value, value, value, float("inf"), np.array([value]))


def ais(
    layer: RestrictedBoltzmann,
    *,
    chains: int = 100,
    betas: ArrayLike | int = 1000,
    base: ArrayLike | None = None,
    mixing: int = 100,
    rng: RNG = None,
) -> LogPartitionBounds:
    """Estimate ln Z of a layer by annealed importance sampling.

    Parameters
    ----------
    layer : RestrictedBoltzmann
        The model.
    chains : int
        Independent chains, at least 2.
    betas : int or (k,) array_like
        Inverse temperatures rising from 0 to 1; a number is that many, evenly spaced.
    base : (m,) array_like or None
        a, biases at beta = 0: ``log_odds(data)`` is best; None is zeros.
    mixing : int
        Gibbs steps at beta = 1 between the ends of the chains, drawn by their weights, and the start of the reverse
        chains.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    LogPartitionBounds
        The estimate.

    Raises
    ------
    ValueError
        If ``chains`` is below 2 or ``mixing`` is negative.
    """
    if chains < 2:
        raise ValueError(f"chains is {chains}; the spread of the weights takes at least 2")
    if mixing < 0:
        raise ValueError(f"mixing is {mixing}; it must not be negative")
    ladder = _checked_betas(betas)
    path, stream = AnnealingPath.of(layer, base), RandomLanes.of(rng)
    log_z0 = _log_partition_at_zero(path)
    with single_threaded_blas(chains * layer.weights.size):
        forward, v = _anneal(path, path.start(chains, stream), ladder, stream)
        log_weights = log_z0 + forward
        probabilities = np.exp(log_weights - logsumexp(log_weights))
        v = v[stream.generator.choice(chains, size=chains, p=probabilities / probabilities.sum())]
        ones = np.ones(chains, np.float32)
        for k in range(mixing):
            checkpoint("Gibbs steps", k, mixing)
            v = path.draw_visible(path.draw_hidden(v @ path.weights.T, ones, stream), ones, stream)
        back, _ = _anneal(path, v, ladder[::-1], stream)
    value = float(logsumexp(log_weights) - np.log(chains))
    size = float(1.0 / (probabilities**2).sum())
    half = float(student.ppf(0.975, chains - 1) * np.sqrt(max(0.0, 1.0 / size - 1.0 / chains)))
    slack = float(np.log(1.0 / 0.05))
    upper = float(log_z0 - (logsumexp(back) - np.log(chains)) + slack)
    return LogPartitionBounds(value, value - half, value + half, value - slack, upper, size, log_weights)


def _anneal(path: AnnealingPath, v: Single, betas: Float, stream: RandomLanes) -> tuple[Float, Single]:
    """Anneal v (chains, m) along ``betas`` by one Gibbs step at each but the first; return ln w and the last v."""
    from .block_gibbs_kernel import add_softplus_change

    log_w, difference = np.zeros(len(v)), (path.visible - path.base).astype(float)
    x = v @ path.weights.T
    for k, (before, beta) in enumerate(pairwise(betas)):
        checkpoint("annealed importance sampling", k, betas.size - 1)
        log_w += (beta - before) * (v @ difference)
        add_softplus_change(x, path.hidden, before, beta, log_w)
        at = np.full(len(v), beta, np.float32)
        v = path.draw_visible(path.draw_hidden(x, at, stream), at, stream)
        x = v @ path.weights.T
    return log_w, v


def _log_partition_at_zero(path: AnnealingPath) -> float:
    a = path.base.astype(float)
    over_h = path.hidden.size * np.log(2.0)
    if path.units == "gaussian":
        return float(over_h + 0.5 * (a @ a) + 0.5 * a.size * np.log(2.0 * np.pi))
    return float(over_h + np.logaddexp(0.0, a).sum())


def _checked_betas(betas: ArrayLike | int) -> Float:
    if isinstance(betas, (int, np.integer)):
        if betas < 2:
            raise ValueError(f"betas is {betas}; annealing takes at least 2 inverse temperatures, 0 and 1")
        return np.linspace(0.0, 1.0, int(betas))
    ladder = np.asarray(betas, dtype=float)
    if ladder.ndim != 1 or ladder.size < 2 or ladder[0] != 0.0 or ladder[-1] != 1.0 or not (np.diff(ladder) > 0).all():
        raise ValueError("betas must rise strictly from 0 to 1")
    return ladder
