r"""Population annealing: many replicas cooled together, resampled by their weights at every step.

.. math:: w_m = \frac{e^{-(\beta' - \beta) E_m}}{\sum_l e^{-(\beta' - \beta) E_l}}, \qquad
          \ln Z(\beta_K) = n \ln 2 + \sum_k \ln \frac1R \sum_m e^{-(\beta_{k+1} - \beta_k) E_m}, \qquad
          \rho_t = R \sum_f \nu_f^2

where w_m is the weight of replica m of R at the step from beta to beta', and nu_f the share of the population that
descends from founder f. R / rho_t families carry the result, and sqrt(rho_t / R) bounds the error of ln Z of one run
(the estimate is conservative where sweeps decorrelate relatives). Z itself is unbiased, so that runs are combined by
the mean of Z.
Sources: Hukushima and Iba, AIP Conf. Proc. 690, 200 (2003); Machta, Phys. Rev. E 82, 026704 (2010); Wang, Machta and
Katzgraber, Phys. Rev. E 92, 063307 (2015).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from ..estimate import Estimate
from ..ising import Float, Ising
from ..rng import RNG, seed_sequence
from ..runtime.limits import checkpoint
from .population_annealing_kernel import resample
from .replicas import Update, replicas
from .samples import Samples, SamplingProgress
from .schedules import fisher_steps
from .validation import at_least, check_ladder, decision_streams

_NORMAL_95 = 1.959964


def population_annealing(
    ising: Ising,
    betas: ArrayLike | float,
    population: int = 1000,
    *,
    runs: int = 1,
    sweeps: int = 10,
    update: Update = "heat-bath",
    kernel: str = "auto",
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample independent populations, the chains of the result, at the last beta.

    Members of a run are not independent: they descend from R / rho_t founders. Diagnostics: ``log_partition``, an
    Estimate of ln Z with its 95 % interval; ``log_partitions`` (runs,), ``rho_t`` (runs,), surviving ``families``
    (runs,), ``mean_energies`` (k,); ``kernel``.

    Parameters
    ----------
    ising : Ising
        The problem.
    betas : (k,) array_like or float
        Rising inverse temperatures; or the last one, with steps of equal Fisher length before it. A first step from
        beta = 0, where states are random, is always taken.
    population : int
        R, replicas in a run.
    runs : int
        Number of independent populations.
    sweeps : int
        Sweeps at each beta, after resampling.
    update : Update
        "heat-bath" or "metropolis".
    kernel, rng, progress
        As in :func:`gibbs`.

    Returns
    -------
    Samples
        The populations, spins (runs, population, n).
    """
    at_least(1, population=population, runs=runs, sweeps=sweeps)
    sequence = seed_sequence(rng)
    path = (
        fisher_steps(ising, float(np.asarray(betas)), rng=int(sequence.generate_state(1)[0]))
        if np.ndim(betas) == 0
        else check_ladder(betas, rising=True)
    )
    states = decision_streams(sequence, runs, population)
    lanes = replicas(ising, runs * population, kernel=kernel, update=update, rng=sequence)
    shape = (runs, population)
    family = np.tile(np.arange(population), (runs, 1))
    sources = np.empty(shape, np.int64)
    logs = np.full(runs, ising.size * np.log(2.0))
    first = (population * np.arange(runs))[:, None]
    means = np.empty(path.size)
    energies = lanes.energies().reshape(shape)
    for k, (before, beta) in enumerate(zip(np.r_[0.0, path[:-1]], path, strict=True)):
        checkpoint("population annealing", k, path.size)
        if beta > before:
            resample(energies, beta - before, states, sources, logs)
            lanes.take((sources + first).ravel())
            family = np.take_along_axis(family, sources, axis=1)
        lanes.sweep(np.full(sweeps, beta))
        energies = lanes.energies(exact=False).reshape(shape)
        means[k] = energies.mean()
        if progress:
            progress(k + 1, path.size)
    shares = np.array([np.bincount(each, minlength=population) / population for each in family])
    rho = population * (shares**2).sum(axis=1)
    diagnostics = {
        "log_partition": combine_log_partitions(logs, rho / population),
        "log_partitions": logs,
        "rho_t": rho,
        "families": (shares > 0).sum(axis=1),
        "mean_energies": means,
        "kernel": lanes.kernel,
    }
    spins = lanes.spins().reshape(*shape, ising.size)
    return Samples(spins, ising.energy(spins.reshape(-1, ising.size)).reshape(shape), path, "population_annealing",
                   diagnostics)  # fmt: skip


def combine_log_partitions(logs: Float, variances: Float) -> Estimate:
    """Combine runs to ln of the mean of Z.

    Parameters
    ----------
    logs : (runs,) float
        ln Z of each run.
    variances : (runs,) float
        Variances by the families of each run.

    Returns
    -------
    Estimate
        ln Z; its error is the larger of that by families and that by the scatter of runs.
    """
    value = float(logsumexp(logs) - np.log(logs.size))
    scatter = float(np.exp(logs - value).std(ddof=1)) if logs.size > 1 else 0.0
    error = max(float(np.sqrt(variances.mean())), scatter) / float(np.sqrt(logs.size))
    return Estimate(value, value - _NORMAL_95 * error, value + _NORMAL_95 * error)
