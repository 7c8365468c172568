r"""Markov chains of single-spin updates at one temperature: Gibbs (heat bath) and Metropolis.

.. math:: P(s_i = +1 \mid s_{\setminus i}) = \frac{1}{1 + e^{-2\beta f_i}}, \qquad
          P_{Metropolis}(s_i \to -s_i) = \min(1, e^{-2\beta s_i f_i}), \qquad f_i = h_i + \sum_j J_{ij} s_j

where f_i is the field on spin s_i. Both rules leave p(s) ~ exp(-beta E) invariant. Metropolis flips more often, so that
it decorrelates faster where fields are strong. Sweeps go through the spins in order; where that would keep states out
of reach, as on rings of equal couplings and for free spins, Metropolis is lazy and leaves out half of the flips that
cost nothing (:mod:`.lazy_metropolis`).
Sources: Geman and Geman, IEEE TPAMI 6, 721 (1984); Metropolis et al., J. Chem. Phys. 21, 1087 (1953).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Ising
from ..rng import RNG
from .replicas import Update, replicas
from .samples import Samples, SamplingProgress, record_chains
from .validation import at_least, burn_in_betas, check_beta, starting_spins


def gibbs(
    ising: Ising,
    beta: float,
    draws: int = 1000,
    *,
    chains: int = 4,
    burn_in: int | ArrayLike = 1000,
    thin: int = 1,
    initial: ArrayLike | None = None,
    kernel: str = "auto",
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample chains by the heat bath.

    Diagnostics: ``kernel``.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.
    draws, chains : int
        States kept of each chain, and number of independent chains.
    burn_in : int or (k,) array_like
        Sweeps before the first draw; or a schedule of betas that lead there, see :mod:`.schedules`.
    thin : int
        Sweeps from one draw to the next.
    initial : (n,) or (chains, n) array_like, or None
        Initial states of the chains; None is random.
    kernel : str
        Inner loop, see :func:`.replicas`.
    rng : RNG
        Source of one stream for each chain.
    progress : callable or None
        Called with the sweeps done and their total.

    Returns
    -------
    Samples
        The chains.
    """
    return _chains("gibbs", "heat-bath", ising, beta, draws, chains, burn_in, thin, initial, kernel, rng, progress)


def metropolis(
    ising: Ising,
    beta: float,
    draws: int = 1000,
    *,
    chains: int = 4,
    burn_in: int | ArrayLike = 1000,
    thin: int = 1,
    initial: ArrayLike | None = None,
    kernel: str = "auto",
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample chains by the Metropolis rule.

    Diagnostics: ``kernel``.

    Parameters
    ----------
    ising, beta, draws, chains, burn_in, thin, initial, kernel, rng, progress
        As in :func:`gibbs`.

    Returns
    -------
    Samples
        The chains.
    """
    return _chains(
        "metropolis", "metropolis", ising, beta, draws, chains, burn_in, thin, initial, kernel, rng, progress
    )


def _chains(
    method: str,
    update: Update,
    ising: Ising,
    beta: float,
    draws: int,
    chains: int,
    burn_in: int | ArrayLike,
    thin: int,
    initial: ArrayLike | None,
    kernel: str,
    rng: RNG,
    progress: SamplingProgress | None,
) -> Samples:
    beta = check_beta(beta)
    at_least(1, chains=chains, thin=thin)
    lanes = replicas(ising, chains, kernel=kernel, update=update, rng=rng)
    if initial is not None:
        lanes.set_spins(starting_spins(initial, chains, ising.size))
    spins, energies, *ending = record_chains(
        ising,
        lanes.sweep,
        lanes.spins,
        chains=chains,
        draws=draws,
        warm=burn_in_betas(burn_in, beta),
        thin=np.full(thin, beta),
        progress=progress,
    )
    return Samples(spins, energies, np.array([beta]), method, {"kernel": lanes.kernel}, *ending)
