r"""Parallel tempering: replicas at a ladder of betas that exchange their temperatures.

.. math:: P(\text{swap } t, t+1) = \min\bigl(1, e^{(\beta_{t+1} - \beta_t)(E_{t+1} - E_t)}\bigr)

Even and odd pairs take turns (the non-reversible order, in which a replica that was swapped keeps going its way). Betas
change lanes and spins stay where they are. With ``isoenergetic`` there are two replicas at each beta, and a cluster of
the sites on which they differ is exchanged after each sweep: on lattices and other sparse graphs, where such clusters
do not percolate, that crosses barriers no single flip does.

A ladder of temperatures between which swaps are accepted equally often is found from pilot runs:

.. math:: \Lambda(\beta) = \sum_{t: \beta_t < \beta} r_t, \qquad \Lambda(\beta_t) = \tfrac{t}{T-1} \Lambda(\beta_c)

r_t is the measured rate at which swaps between neighbors are rejected: their sum, the communication barrier, hardly
depends on the ladder it is measured with, so that a few rounds settle. About 2 Lambda + 1 temperatures make the most
round trips a replica and sweep, with half of the swaps rejected.
Sources: Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996); Syed et al., J. R. Stat. Soc. B 84, 321 (2022);
clusters: Houdayer, Eur. Phys. J. B 22, 479 (2001); Zhu, Ochoa and Katzgraber, Phys. Rev. Lett. 115, 077201 (2015).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from ..ising import Float, Ising
from ..rng import RNG, seed_sequence
from ..runtime.limits import TimeLimitReached, checkpoint, remaining_seconds, time_limit
from ..runtime.pieces import pieces
from .parallel_tempering_kernel import exchange_clusters, swap
from .replicas import Update, replicas
from .samples import Samples, SamplingProgress, SweepObserver, record_chains
from .schedules import beta_range
from .validation import at_least, check_beta, check_ladder, decision_streams, starting_spins


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
    observe: SweepObserver | None = None,
) -> Samples:
    """Draws at the last, coldest beta; every chain has a ladder of replicas of its own.

    Parameters
    ----------
    betas : (T,) or float           the ladder in rising order; or the cold end of one that :func:`ladder` finds, for
                                    at most a quarter of the time that a limit leaves: ``message`` then says so
    draws, chains, burn_in, thin    as of :func:`gibbs`; a sweep is one of all replicas, and one round of swaps
    isoenergetic : bool             two replicas at each beta, and clusters exchanged between them
    initial : (n,) or (chains, n)   where all replicas of a chain start; None: at random
    observe : callable              called as ``observe(spins, energies, holder)`` after every sweep and its swaps, with
                                    the spins (chains, n) of the coldest, energies of all lanes and the lane at each
                                    beta, (groups, T) both; what is drawn does not depend on it

    Diagnostics: ``swap_rates`` (T - 1,), mean probability of a swap; ``round_trips`` (chains,), replicas that came back
    to the hottest beta from the coldest; ``mean_energies`` (T,) after burn-in; ``lowest`` (chains,) and
    ``lowest_spins`` (chains, n), the best that was met at any beta; ``cluster_fraction``, mean size / n; ``kernel``.
    """
    at_least(1, chains=chains, thin=thin)
    at_least(0, burn_in=burn_in)
    sequence, note = seed_sequence(rng), ""
    if np.ndim(betas) == 0:
        rungs, note = adapted(ising, float(np.asarray(betas)), rng=int(sequence.generate_state(1)[0]))
    else:
        rungs = check_ladder(betas, rising=True)
    ladders = Ladders(ising, rungs, chains, isoenergetic, update, kernel, sequence, observe)
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


class Ladders:
    """The replicas of all chains, lane (group, rung); with clusters, groups 2c and 2c + 1 belong to chain c."""

    def __init__(
        self,
        ising: Ising,
        betas: Float,
        chains: int,
        isoenergetic: bool,
        update: Update,
        kernel: str,
        sequence: np.random.SeedSequence,
        observe: SweepObserver | None = None,
    ) -> None:
        self._observe = observe
        count, self._copies = betas.size, 2 if isoenergetic else 1
        groups = chains * self._copies
        self._ising, self._betas, self._shape = ising, betas, (groups, count)
        self._states = decision_streams(sequence, groups, count)
        self._lanes = replicas(ising, groups * count, kernel=kernel, update=update, rng=sequence)
        self._holder = np.tile(np.arange(count), (groups, 1))
        self._heading = np.zeros((groups, count), np.int8)
        self._trips = np.zeros(groups, np.int64)
        self._chances, self._rounds = np.zeros(max(0, count - 1)), np.zeros(max(0, count - 1))
        self._lowest = np.full(chains, np.inf)
        self._lowest_spins = np.ones((chains, ising.size), np.int8)
        j = ising.sparse_couplings()
        self._graph = (j.indptr.astype(np.int64), j.indices.astype(np.int64))
        self._clusters: list[float] = []
        self._parity = 0
        self.forget_energies()

    def start(self, spins: NDArray[np.int8]) -> None:
        self._lanes.set_spins(np.repeat(spins, self._copies * self._betas.size, axis=0))

    def forget_energies(self) -> None:
        self._energy_sum, self._sweeps = np.zeros(self._betas.size), 0

    def advance(self, sweeps: Float, step: str = "") -> None:
        """As many sweeps as there are entries: each lane has a beta of its own."""
        groups = self._shape[0]
        rows = np.arange(groups)[:, None]
        at = np.empty(self._shape)
        for k in range(sweeps.size):
            checkpoint(step, k, sweeps.size)
            at[rows, self._holder] = self._betas
            self._lanes.sweep(at.reshape(1, -1))
            if self._copies == 2:
                self._exchange()
            energies = self._lanes.energies(exact=False).reshape(self._shape)  # far finer than swaps can tell
            self._note(energies)
            self._energy_sum += energies[rows, self._holder].mean(axis=0)
            self._sweeps += 1
            self._rounds[self._parity :: 2] += groups
            swap(
                energies, self._betas, self._parity, self._holder, self._heading, self._trips, self._chances,
                self._states,
            )  # fmt: skip
            self._parity = 1 - self._parity
            if self._observe is not None:
                self._observe(self.coldest(), energies, self._holder)

    def _exchange(self) -> None:
        """A cluster between the two replicas of each chain at each beta."""
        (groups, count), n, moved = self._shape, self._ising.size, 0
        spins = self._lanes.spins().reshape(groups, count, n)
        free = not self._ising.biases.any()
        for pairs, rungs in pieces(groups // 2, count):
            two = slice(2 * pairs.start, 2 * pairs.stop)
            of = (spins[two], self._holder[two], rungs.start, rungs.stop)
            moved += exchange_clusters(*self._graph, *of, free, self._states[two])
        self._clusters.append(moved / (groups // 2 * count * n))
        self._lanes.set_spins(spins.reshape(groups * count, n))

    def _note(self, energies: Float) -> None:
        """Keep the lowest state of each chain."""
        each = energies.reshape(len(self._lowest), -1)
        better = np.flatnonzero(each.min(axis=1) < self._lowest)
        if better.size:
            self._lowest[better] = each[better].min(axis=1)
            self._lowest_spins[better] = self._lanes.spins(better * each.shape[1] + each[better].argmin(axis=1))

    def coldest(self) -> NDArray[np.int8]:
        groups, count = self._shape
        return self._lanes.spins(count * np.arange(0, groups, self._copies) + self._holder[:: self._copies, -1])

    def swap_rates(self) -> Float:
        """Mean probability of a swap between neighbors, (T - 1,)."""
        return self._chances / np.maximum(self._rounds, 1)

    def tries(self) -> int:
        """How often the swap of any two neighbors was tried at least."""
        return int(self._rounds.min())

    def diagnostics(self) -> Mapping[str, Any]:
        return {
            "swap_rates": self.swap_rates(),
            "round_trips": self._trips.reshape(-1, self._copies).sum(axis=1),
            "mean_energies": self._energy_sum / max(1, self._sweeps),
            "lowest": self._ising.energy(self._lowest_spins),
            "lowest_spins": self._lowest_spins,
            "cluster_fraction": float(np.mean(self._clusters)) if self._clusters else 0.0,
            "kernel": self._lanes.kernel,
        }


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
