r"""Ladders of inverse temperatures for parallel tempering, with equal acceptance of all swaps.

.. math:: \lambda(\beta) = \tfrac12 \langle |E - E'| \rangle_\beta, \qquad
          \Lambda(\beta) = \int_{\beta_h}^{\beta} \lambda \, d\beta' \approx \sum_{t: \beta_t < \beta} r_t, \qquad
          \Lambda(\beta_t) = \tfrac{t}{T-1} \Lambda(\beta_c)

where E and E' are energies of independent replicas at one beta, r_t is the rate at which swaps of the neighbors t and
t + 1 are rejected, and beta_h and beta_c are the hot and the cold end. The communication barrier Lambda(beta_c) hardly
depends on the ladder with which it is measured. About 2 Lambda + 1 temperatures make the most round trips a replica
and sweep, with half of the swaps rejected.

One strip of replicas is annealed for a first ladder from lambda; short runs of tempering that go on from its spins
then measure the rates r. A ladder belongs to a model: it is kept, and found once.
Source: Syed, Bouchard-Cote, Deligiannidis and Doucet, J. R. Stat. Soc. B 84, 321 (2022).
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ..ising import Float, Ising
from ..kernels.philox import LANES
from ..rng import RNG, seed_sequence
from ..runtime.limits import TimeLimitReached, checkpoint, remaining_seconds, time_limit, unlimited
from ..runtime.work_clock import clock
from .replica_exchange import Ladders
from .replicas import replicas
from .schedules import beta_range
from .validation import at_least, check_beta

MOST_RUNGS = 256  # temperatures of a ladder whose number is not given; beyond, swaps are rarer than one in two

_GRID, _ANNEAL = 64, 512  # betas and sweeps of the anneal
_SHARE = 0.25  # share of the remaining time that pilot runs may take
_TRIES = 64  # tries of each swap from which the rates of a stopped pilot run are used
_UPDATES, _LEAST = 1 << 30, 16  # most updates of spins in all pilot runs, unless a run has the least number of sweeps

_Spins: TypeAlias = NDArray[np.int8]
_KEPT = 64
_found: OrderedDict[bytes, Float] = OrderedDict()  # ladders by model and options, the oldest first


def ladder(
    ising: Ising,
    cold: float,
    count: int | None = None,
    *,
    hot: float | None = None,
    chains: int = 2,
    sweeps: int = 200,
    rounds: int = 2,
    rng: RNG = 0,
) -> Float:
    """Find a ladder of betas with equal swap rates.

    Pilot runs take a quarter of what a time limit leaves at most, and no more than some 2^30 updates; swap rates are
    then less alike. A ladder that was found before with the same arguments is not sought again.

    Parameters
    ----------
    ising : Ising
        The problem.
    cold : float
        Largest beta.
    count : int or None
        Number of betas T; None is 2 Lambda + 1, at least 3 and at most 256.
    hot : float or None
        Smallest beta; None is where every spin flips freely (:func:`.beta_range`).
    chains, sweeps : int
        Ladders, at least, and length of the first pilot run.
    rounds : int
        Number of pilot runs after the anneal, each twice as long as the one before.
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
    chains: int = 2,
    sweeps: int = 200,
    rounds: int = 2,
    rng: RNG = 0,
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
    cold = check_beta(cold, "cold")
    hot = min(beta_range(ising)[0], cold / 2.0) if hot is None else check_beta(hot, "hot")
    at_least(1, chains=chains, sweeps=sweeps, rounds=rounds, count=count or 1)
    if hot > cold or (hot == cold and cold > 0.0):
        raise ValueError(f"hot is {hot:g} and cold is {cold:g} as inverse temperatures; hot must be below cold")
    if cold == 0.0 or count == 1:
        return np.array([cold]), ""
    key = _key(ising, (hot, cold, count, chains, sweeps, rounds, rng)) if isinstance(rng, int) else None
    if key is not None and key in _found:
        return _found[key].copy(), ""
    sequence = np.random.SeedSequence(seed_sequence(rng).generate_state(4).tolist())
    with time_limit(clock() + _SHARE * remaining_seconds()):
        betas, note = _searched(ising, hot, cold, count, (chains, sweeps, rounds), sequence)
    if key is not None and not note:
        _found[key] = betas.copy()
        if len(_found) > _KEPT:
            _found.popitem(last=False)
    return betas, note


def _key(ising: Ising, options: tuple[Any, ...]) -> bytes:
    """Hash a model and the options of a search."""
    j = ising.sparse_couplings()
    digest = sha256(repr((ising.size, options)).encode())
    for part in (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data, ising.biases):
        digest.update(np.ascontiguousarray(part).tobytes())
    return digest.digest()


def _searched(
    ising: Ising,
    hot: float,
    cold: float,
    count: int | None,
    options: tuple[int, int, int],
    seed: np.random.SeedSequence,
) -> tuple[Float, str]:
    chains, sweeps, rounds = options
    betas = np.geomspace(hot or 1e-3 * cold, cold, count or 3)
    betas[0], betas[-1] = hot, cold
    note, pilot = "the ladder had its share of the time in the anneal: swap rates may differ", None
    try:
        grid, barrier, at, spins = _annealed(ising, hot, cold, chains, seed)
    except TimeLimitReached:
        return betas, note
    note = ""
    betas = _equal_steps(barrier, grid, count)
    for k in range(rounds):
        each = max(chains, min(len(spins), 4 * LANES // betas.size))  # strips are swept as a whole
        length = int(np.clip(_UPDATES // (each * betas.size * ising.size << rounds), _LEAST, sweeps)) << k
        pilot = None
        try:
            pilot = Ladders(ising, betas, each, False, "heat-bath", "auto", seed)
            nearest = np.abs(at[:, None] - betas).argmin(axis=0)
            pilot.place(spins[np.arange(each) % len(spins)][:, nearest])
            pilot.advance(np.empty(length), f"ladder, round {k + 1} of {rounds}")
        except TimeLimitReached:
            note = f"the ladder had its share of the time in round {k + 1} of {rounds}: swap rates may differ"
        if pilot is None or (note and pilot.tries() < _TRIES):
            break
        rejected = np.maximum(1.0 - pilot.swap_rates(), 1e-4)
        at, betas = betas, _equal_steps(np.r_[0.0, np.cumsum(rejected)], betas, count)
        if note or k + 1 == rounds:
            break
        with unlimited():  # what was swept in time is read in any case
            spins = pilot.spins_by_beta()
    return betas, note


def _annealed(
    ising: Ising, hot: float, cold: float, chains: int, seed: np.random.SeedSequence
) -> tuple[Float, Float, Float, _Spins]:
    """Anneal a strip of replicas: betas, Lambda at each, and spins of some replicas (replicas, betas, n) at some."""
    start = hot or 1e-3 * cold
    grid = np.geomspace(start, cold, _GRID)
    grid[0], grid[-1] = hot, cold
    lanes = replicas(ising, LANES, rng=seed)
    few = int(np.clip((1 << 25) // (_GRID * ising.size), chains, LANES))  # replicas whose spins are kept
    rank = 2.0 * np.arange(LANES) - LANES + 1.0
    speed, spins = np.empty(_GRID), np.empty((few, _GRID, ising.size), np.int8)
    for k, beta in enumerate(grid):
        checkpoint("ladder, anneal", k, _GRID)
        lanes.sweep(np.full(_ANNEAL // _GRID, beta))
        speed[k] = rank @ np.sort(lanes.energies()) / (LANES * (LANES - 1))  # half the mean distance of two
        spins[:, k] = lanes.spins(np.arange(few))
    barrier = np.r_[0.0, np.cumsum(0.5 * (speed[1:] + speed[:-1]) * np.diff(grid))]
    return grid, barrier, grid, spins


def _equal_steps(barrier: Float, betas: Float, count: int | None) -> Float:
    """Place ``count`` betas at equal steps of the barrier Lambda; None is 2 Lambda + 1 of them."""
    if count is None:
        count = int(np.clip(np.ceil(2.0 * barrier[-1]) + 1, 3, MOST_RUNGS))
    rising = barrier + np.linspace(0.0, 1e-6 * max(1.0, barrier[-1]), barrier.size)
    unit = int(np.frexp(betas[-1])[1])  # slopes of slopes overflow where couplings are below 1e-150
    found = np.ldexp(PchipInterpolator(rising, np.ldexp(betas, -unit))(np.linspace(0.0, rising[-1], count)), unit)
    found[0], found[-1] = betas[0], betas[-1]
    return np.asarray(found)
