r"""ln Z by annealed importance sampling, for any Ising problem.

.. math:: \ln w = -\sum_k (\beta_{k+1} - \beta_k) E(s_k), \qquad Z(\beta_K) = 2^n \langle w \rangle, \qquad
          s_{k+1} \sim T_{\beta_{k+1}}(s_k)

where T_beta is a sweep at beta and w the weight of a replica. The mean of w is unbiased however badly the sweeps mix;
ln Z is biased low where few replicas carry the mean, which ``effective`` = (sum w)^2 / sum w^2 tells: below a tenth of
them the weights' own error is no bound of it, and population annealing, which resamples at every step, gives the
estimate. The mean of ln w (a lower bound of ln Z) is given beside it.
Source: Neal, Stat. Comput. 11, 125 (2001); bound: Jarzynski, Phys. Rev. Lett. 78, 2690 (1997); population annealing:
Machta, Phys. Rev. E 82, 026704 (2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from ..estimate import Estimate
from ..ising import Float, Ising
from ..rng import RNG, seed_sequence
from ..runtime.limits import checkpoint
from .population_annealing import population_annealing
from .replicas import replicas
from .schedules import fisher_steps
from .validation import at_least, check_ladder

_NORMAL_95 = 1.959964
_ENOUGH = 0.1  # share of the replicas that must carry the mean weight
_RUNS, _SWEEPS = 4, 10  # of population annealing, the sweeps at least


@dataclass(frozen=True, eq=False)
class LogPartition:
    """Estimate of ln Z with the weights of the replicas.

    Attributes
    ----------
    estimate : Estimate
        ln Z with its 95 % interval: +-1.96 sqrt(1 / effective - 1 / replicas) of the weights, or that of
        :func:`.population_annealing`.
    log_weights : (replicas,)
        ln w + n ln 2 of each replica.
    effective : float
        Effective number of replicas that carry the mean of w.
    lower_bound : float
        <ln w> + n ln 2, which is at most ln Z in the mean.
    method : str
        Source of ``estimate``: "annealed_importance" or "population_annealing".
    """

    estimate: Estimate
    log_weights: Float
    effective: float
    lower_bound: float
    method: str = "annealed_importance"


def annealed_importance(
    ising: Ising,
    betas: ArrayLike | float,
    count: int = 1000,
    *,
    sweeps: int = 1,
    kernel: str = "auto",
    rng: RNG = None,
) -> LogPartition:
    """Estimate ln Z at the last of ``betas`` by annealed importance sampling.

    Where fewer than a tenth of the replicas carry the mean weight, four populations of a quarter of them anneal along
    the same path, with ten sweeps at each beta at least, and give the estimate.

    Parameters
    ----------
    ising : Ising
        The problem.
    betas : (k,) array_like or float
        Rising inverse temperatures; or the last one, with steps of Fisher length 0.2 before it.
    count : int
        Number of replicas.
    sweeps : int
        Sweeps at each beta.
    kernel : str
        Inner loop, see :func:`.replicas`.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    LogPartition
        The estimate.
    """
    at_least(2, count=count)
    at_least(1, sweeps=sweeps)
    sequence = seed_sequence(rng)
    path = (
        fisher_steps(ising, float(np.asarray(betas)), step=0.2, rng=int(sequence.generate_state(1)[0]))
        if np.ndim(betas) == 0
        else check_ladder(betas, rising=True)
    )
    lanes = replicas(ising, count, kernel=kernel, rng=sequence)
    logs = np.full(count, ising.size * np.log(2.0))
    for k, (before, beta) in enumerate(zip(np.r_[0.0, path[:-1]], path, strict=True)):
        checkpoint("annealed importance sampling", k, path.size)
        logs -= (beta - before) * lanes.energies()
        if beta < path[-1]:  # states at the last beta do not enter the weights
            lanes.sweep(np.full(sweeps, beta))
    weights = np.exp(logs - logs.max())
    value = float(logsumexp(logs) - np.log(count))
    effective = float(weights.sum() ** 2 / (weights**2).sum())
    if effective < _ENOUGH * count:
        population = population_annealing(
            ising, path, -(-count // _RUNS), runs=_RUNS, sweeps=max(_SWEEPS, sweeps), kernel=kernel, rng=sequence
        )
        found = population.diagnostics["log_partition"]
        return LogPartition(found, logs, effective, float(logs.mean()), "population_annealing")
    error = _NORMAL_95 * float(np.sqrt(max(0.0, 1.0 / effective - 1.0 / count)))
    return LogPartition(Estimate(value, value - error, value + error), logs, effective, float(logs.mean()))
