r"""Parallel tempering: replicas at a ladder of betas that exchange their temperatures.

.. math:: P(\text{swap } t, t+1) = \min\bigl(1, e^{(\beta_{t+1} - \beta_t)(E_{t+1} - E_t)}\bigr)

Even and odd pairs take turns (the non-reversible order, in which a swapped replica keeps its direction). A ladder with
equal acceptance of all swaps is found from pilot runs:

.. math:: \Lambda(\beta) = \sum_{t: \beta_t < \beta} r_t, \qquad \Lambda(\beta_t) = \tfrac{t}{T-1} \Lambda(\beta_c)

where r_t is the measured rate at which swaps of neighbors are rejected, and beta_c the cold end. Their sum, the
communication barrier Lambda, hardly depends on the ladder with which it is measured, so that a few rounds settle. About
2 Lambda + 1 temperatures make the most round trips a replica and sweep, with half of the swaps rejected.
Sources: Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996); Syed et al., J. R. Stat. Soc. B 84, 321 (2022).
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator

from ..ising import Float, Ising
from ..rng import RNG, seed_sequence
from ..runtime.limits import TimeLimitReached, remaining_seconds, time_limit
from .replica_exchange import Ladders
from .replicas import Update
from .samples import Samples, SamplingProgress, record_chains
from .schedules import beta_range
from .validation import at_least, check_beta, check_ladder, starting_spins


def tempering(
    ising: Ising,
    betas: ArrayLike | float,
    draws: int = 1000,
    *,
    chains: int = 1,
    burn_in: int = 1000,
    thin: int = 1,
    isoenergetic: bool = False,
    update: Update = "heat-bath",
    initial: ArrayLike | None = None,
    kernel: str = "auto",
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample at the coldest beta by parallel tempering, with a ladder for each chain.

    Diagnostics: ``swap_rates`` (T - 1,), mean probability of a swap; ``round_trips`` (chains,), replicas that came back
    to the hottest beta from the coldest; ``mean_energies`` (T,) after burn-in; ``lowest`` (chains,) and
    ``lowest_spins`` (chains, n), the best state met at any beta; ``cluster_fraction``, mean size / n; ``kernel``.

    Parameters
    ----------
    ising : Ising
        The problem.
    betas : (T,) array_like or float
        The ladder in rising order; or the cold end of one that :func:`ladder` finds, within a quarter of the time that
        a limit leaves: ``message`` then says so.
    draws, chains, burn_in, thin : int
        As in :func:`gibbs`; a sweep is one of all replicas, and one round of swaps.
    isoenergetic : bool
        Whether clusters are exchanged between two replicas at each beta.
    update : Update
        "heat-bath" or "metropolis".
    initial : (n,) or (chains, n) array_like, or None
        Initial state of all replicas of a chain; None is random.
    kernel, rng, progress
        As in :func:`gibbs`.

    Returns
    -------
    Samples
        The chains.
    """
    at_least(1, chains=chains, thin=thin)
    at_least(0, burn_in=burn_in)
    sequence, note = seed_sequence(rng), ""
    if np.ndim(betas) == 0:
        rungs, note = adapted(ising, float(np.asarray(betas)), rng=int(sequence.generate_state(1)[0]))
    else:
        rungs = check_ladder(betas, rising=True)
    ladders = Ladders(ising, rungs, chains, isoenergetic, update, kernel, sequence)
    if initial is not None:
        ladders.start(starting_spins(initial, chains, ising.size))
    ladders.advance(np.empty(burn_in), "burn-in")
    ladders.forget_energies()
    spins, energies, status, message = record_chains(
        ising, ladders.advance, ladders.coldest, chains=chains, draws=draws, warm=np.empty(0), thin=np.empty(thin),
        progress=progress,
    )  # fmt: skip
    message = "; ".join(filter(None, [message, note]))
    return Samples(spins, energies, rungs, "tempering", ladders.diagnostics(), status, message)


_SHARE = 0.25  # share of the remaining time that pilot runs may take

_TRIES = 64  # tries of each swap from which the rates of a stopped pilot run are used


def ladder(
    ising: Ising,
    cold: float,
    count: int | None = None,
    *,
    hot: float | None = None,
    chains: int = 8,
    sweeps: int = 200,
    rounds: int = 4,
    rng: RNG = None,
) -> Float:
    """Find a ladder of betas with equal swap rates.

    Pilot runs take a quarter of what a time limit leaves at most; swap rates are then less alike.

    Parameters
    ----------
    ising : Ising
        The problem.
    cold : float
        Largest beta.
    count : int or None
        Number of betas T; None is 2 Lambda + 1, at least 3.
    hot : float or None
        Smallest beta; None is where every spin flips freely (:func:`.beta_range`).
    chains, sweeps : int
        Ladders and length of the first pilot run.
    rounds : int
        Number of pilot runs, each twice as long as the one before.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    (T,) float
        The betas in rising order.
    """
    return adapted(ising, cold, count, hot=hot, chains=chains, sweeps=sweeps, rounds=rounds, rng=rng)[0]


def adapted(
    ising: Ising,
    cold: float,
    count: int | None = None,
    *,
    hot: float | None = None,
    chains: int = 8,
    sweeps: int = 200,
    rounds: int = 4,
    rng: RNG = None,
) -> tuple[Float, str]:
    """Find a ladder as :func:`ladder` documents, with a message about the time limit.

    Returns
    -------
    tuple of (T,) float, str
        The betas, and what a time limit left undone or "".

    Raises
    ------
    ValueError
        If ``hot`` is not below ``cold``.
    """
    pass

    cold = check_beta(cold, "cold")
    hot = min(beta_range(ising)[0], cold / 2.0) if hot is None else check_beta(hot, "hot")
    at_least(1, chains=chains, sweeps=sweeps, rounds=rounds, count=count or 1)
    if hot > cold or (hot == cold and cold > 0.0):
        raise ValueError(f"hot is {hot:g} and cold is {cold:g} as inverse temperatures; hot must be below cold")
    if cold == 0.0 or count == 1:
        return np.array([cold]), ""
    width = count or max(8, int(2.0 * np.sqrt(ising.size)))
    start = hot or 1e-3 * cold
    betas = np.r_[hot, np.geomspace(start, cold, width)[1:]] if width > 2 else np.array([hot, cold])
    sequence = np.random.SeedSequence(seed_sequence(rng).generate_state(4).tolist())
    note = ""
    with time_limit(time.monotonic() + _SHARE * remaining_seconds()):
        for k in range(rounds):
            pilot = None
            try:
                pilot = Ladders(ising, betas, chains, False, "heat-bath", "auto", sequence)
                pilot.advance(np.empty(sweeps + (sweeps << k)), f"ladder, round {k + 1} of {rounds}")
            except TimeLimitReached:
                note = f"the ladder had its share of the time in round {k + 1} of {rounds}: swap rates may differ"
            if pilot is None or (note and pilot.tries() < _TRIES):
                break
            rejected = np.maximum(1.0 - pilot.swap_rates(), 1e-4)
            barrier = np.r_[0.0, np.cumsum(rejected)]
            if count is None:
                width = max(3, int(np.ceil(2.0 * barrier[-1])) + 1)
            betas = PchipInterpolator(barrier, betas)(np.linspace(0.0, barrier[-1], width))
            betas[0], betas[-1] = hot, cold
            if note:
                break
    return np.asarray(betas), note
