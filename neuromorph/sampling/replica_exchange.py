r"""Replica exchange: ladders of replicas that are swept, swap their temperatures, and may exchange clusters.

.. math:: P(\text{swap } t, t+1) = \min\bigl(1, e^{(\beta_{t+1} - \beta_t)(E_{t+1} - E_t)}\bigr)

where E_t is the energy of the replica at beta_t. Betas change lanes and spins stay where they are. With isoenergetic
moves there are two replicas at each beta, and a cluster of the sites on which they differ is exchanged after each
sweep: on lattices and other sparse graphs, where such clusters do not percolate, that crosses barriers that no single
flip crosses.
Sources: Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996); clusters: Houdayer, Eur. Phys. J. B 22, 479 (2001);
Zhu, Ochoa and Katzgraber, Phys. Rev. Lett. 115, 077201 (2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float, Ising
from ..runtime.limits import checkpoint
from ..runtime.pieces import pieces
from .parallel_tempering_kernel import exchange_clusters, swap
from .replicas import Update, replicas
from .samples import SweepObserver
from .validation import decision_streams


class Ladders:
    """Tempering ladders of all chains with their replicas, energies and statistics.

    Lane (group, rung) is a replica; with clusters, groups 2c and 2c + 1 belong to chain c.

    Parameters
    ----------
    ising : Ising
        The problem.
    betas : (T,) float
        The ladder.
    chains : int
        Number of chains.
    isoenergetic : bool
        Whether each chain has two groups that exchange clusters.
    update : Update
        "heat-bath" or "metropolis".
    kernel : str
        Inner loop, see :func:`.replicas`.
    sequence : SeedSequence
        Source of the streams.
    observe : callable, optional
        Called as of :func:`.tempering`.
    """

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
        """Set all replicas of each chain to ``spins`` (chains, n)."""
        self._lanes.set_spins(np.repeat(spins, self._copies * self._betas.size, axis=0))

    def place(self, spins: NDArray[np.int8]) -> None:
        """Set the replica at each beta of each chain, before the first swap."""
        self._lanes.set_spins(np.repeat(spins, self._copies, axis=0).reshape(-1, self._ising.size))

    def forget_energies(self) -> None:
        """Reset the mean energies, at the end of the burn-in."""
        self._energy_sum, self._sweeps = np.zeros(self._betas.size), 0

    def advance(self, sweeps: Float, step: str = "") -> None:
        """Sweep and swap once for each entry of ``sweeps``, whose values do not matter.

        Parameters
        ----------
        sweeps : (k,) float
            Any values.
        step : str
            Name of the work for progress and time limits.
        """
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
        """Exchange a cluster between the two replicas of each chain at each beta."""
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
        """Return the spins at the coldest beta.

        Returns
        -------
        (chains, n) int8
            The spins.
        """
        groups, count = self._shape
        return self._lanes.spins(count * np.arange(0, groups, self._copies) + self._holder[:: self._copies, -1])

    def spins_by_beta(self) -> NDArray[np.int8]:
        """Return the spins at each beta, of the first group of each chain.

        Returns
        -------
        (chains, T, n) int8
            The spins.
        """
        groups, count = self._shape
        lanes = count * np.arange(0, groups, self._copies)[:, None] + self._holder[:: self._copies]
        return self._lanes.spins(lanes.ravel()).reshape(*lanes.shape, -1)

    def swap_rates(self) -> Float:
        """Average the probability of a swap between neighbors.

        Returns
        -------
        (T - 1,) float
            The probabilities.
        """
        return self._chances / np.maximum(self._rounds, 1)

    def tries(self) -> int:
        """Count how often the swap of any two neighbors was tried at least.

        Returns
        -------
        int
            The number of tries.
        """
        return int(self._rounds.min())

    def diagnostics(self) -> Mapping[str, Any]:
        """Collect the diagnostics of :func:`tempering`.

        Returns
        -------
        dict of str to Any
            The diagnostics.
        """
        return {
            "swap_rates": self.swap_rates(),
            "round_trips": self._trips.reshape(-1, self._copies).sum(axis=1),
            "mean_energies": self._energy_sum / max(1, self._sweeps),
            "lowest": self._ising.energy(self._lowest_spins),
            "lowest_spins": self._lowest_spins,
            "cluster_fraction": float(np.mean(self._clusters)) if self._clusters else 0.0,
            "kernel": self._lanes.kernel,
        }
