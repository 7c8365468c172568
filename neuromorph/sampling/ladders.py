r"""Temperatures for parallel tempering, between which swaps are accepted equally often.

.. math:: \Lambda(\beta) = \sum_{t: \beta_t < \beta} r_t, \qquad \Lambda(\beta_t) = \tfrac{t}{T-1} \Lambda(\beta_c)

r_t is the measured rate at which swaps between neighbours are rejected: their sum, the communication barrier, hardly
depends on the ladder it is measured with, so that a few rounds settle. About 2 Lambda + 1 temperatures make the most
round trips a replica and sweep, with half of the swaps rejected.
Source: Syed, Bouchard-Cote, Deligiannidis and Doucet, J. R. Stat. Soc. B 84, 321 (2022).
"""

from __future__ import annotations

import time

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..annealing.schedule import beta_range
from ..ising import Float, Ising
from ..limits import TimeLimitReached, remaining_seconds, time_limit
from ..rng import RNG, seed_sequence
from .checks import at_least, checked_beta

_SHARE = 0.25  # of the time that is left
_TRIES = 64  # of each swap, from which rates of a pilot that was stopped are used


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
    """(T,) betas from ``hot`` to ``cold`` with equal swap rates.

    count : int or None     T; None: 2 Lambda + 1, at least 3
    hot : float or None     None: where every spin turns freely (``annealing.schedule.beta_range``)
    chains, sweeps          of the first pilot run; each of ``rounds`` doubles its length

    Where a time limit is in force it takes a quarter of what is left at most; swap rates are then less alike.
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
    """(betas of :func:`ladder`, what a time limit left undone or "")."""
    from .parallel_tempering import Ladders  # which takes its ladder from here where none is given

    cold = checked_beta(cold, "cold")
    hot = min(beta_range(ising)[0], cold / 2.0) if hot is None else checked_beta(hot, "hot")
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
