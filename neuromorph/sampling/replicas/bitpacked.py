"""Replicas on bits: 512 of them in a strip of 8 words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ...ising import Float, Ising
from ...kernels.aligned import empty
from ...runtime.pieces import each_on_threads, pieces
from . import bitpacked_kernel as packed
from .blocks import block_betas, check_betas, check_lanes, check_sources, check_start
from .integer_couplings import integer_couplings
from .sparse import rows_to_add


def word_states(seeds: list[np.random.SeedSequence]) -> NDArray[np.uint64]:
    """Generate states of xoshiro256++, a stream a word.

    Returns
    -------
    (len(seeds), 4, 8) uint64
        The states, never all zero.
    """
    states = np.array([seed.generate_state(4 * packed.WORDS, np.uint64) for seed in seeds], np.uint64)
    states = states.reshape(-1, 4, packed.WORDS)
    states[:, 0] |= np.uint64(1)  # never all zero
    return states


class BitPackedReplicas:
    """Replicas on bits, spins (strips, 2n + 2, 8) uint64, with a stream a strip.

    :class:`.Replicas` documents the methods.

    Parameters
    ----------
    ising : Ising
        The problem.
    seeds : list of SeedSequence
        One seed for each replica.
    rule : int
        Metropolis or heat bath.
    lazy : (n,) float
        beta up to which each spin is lazy.
    workers : int
        Number of threads.
    """

    kernel, reach, lanes = "packed", packed.REACH, packed.REPLICAS

    def __init__(self, ising: Ising, seeds: list[np.random.SeedSequence], rule: int, lazy: Float, workers: int) -> None:
        self._starts, self._neighbors, self._bonds, self._unit = expand_bonds(ising, self.kernel, self.reach, 2)
        self._offset, self._rule, self._workers = ising.offset, rule, workers
        self._lazy = self._unit * lazy
        biases = np.abs(ising.biases).sum() / self._unit
        self._pairs = (self._bonds.sum() + biases) / 2.0  # a bond of two spins counts twice, one of a bias once
        self._count, self._size = len(seeds), ising.size
        self._states = word_states(seeds[:: packed.REPLICAS])
        self._spins = empty((len(self._states), 2 * ising.size + 2, packed.WORDS), np.uint64)
        for spins, state in zip(self._spins, self._states, strict=True):
            packed.randomize_bits(spins, state)

    @property
    def count(self) -> int:
        """Number of replicas R."""
        return self._count

    @property
    def size(self) -> int:
        """Number of spins n."""
        return self._size

    def sweep(self, betas: ArrayLike, step: str = "") -> None:
        """Sweep all replicas; :meth:`.Replicas.sweep` documents the arguments."""
        given = self._unit * check_betas(betas, self._count)
        for strips_, sweeps in pieces(len(self._spins), len(given), step, together=self._workers):
            rows = given[sweeps]

            def one(k: int, rows: Float = rows) -> None:
                mine = rows if rows.shape[1] == 1 else block_betas(rows, k, packed.REPLICAS, float)
                mine = np.ascontiguousarray(mine)
                bonds = (self._starts, self._neighbors, self._bonds)
                packed.sweep_bitpacked(*bonds, self._lazy, mine, self._rule, self._spins[k], self._states[k])

            each_on_threads(one, range(strips_.start, strips_.stop), self._workers)

    def spins(self, lanes: ArrayLike | None = None) -> NDArray[np.int8]:
        """Copy the spins.

        Returns
        -------
        (R, n) or (k, n) int8
            The spins, of the replicas ``lanes`` if given.
        """
        which = check_lanes(np.arange(self._count) if lanes is None else lanes, self._count)
        out = np.empty((which.size, self._size), np.int8)
        for some, _ in pieces(which.size, 1):
            packed.read_bits(self._spins, which[some], out[some])
        return out

    def set_spins(self, spins: ArrayLike) -> None:
        """Set the spins to (n,) or (R, n)."""
        given = check_start(spins, self._count, self._size)
        for strip, _ in pieces(len(self._spins), 1):
            packed.write_bits(self._spins[strip], given[strip.start * packed.REPLICAS : strip.stop * packed.REPLICAS])

    def energies(self, exact: bool = True) -> Float:
        """Compute the energies, which are always exact.

        Returns
        -------
        (R,) float
            E of each replica.
        """
        broken = np.empty((len(self._spins), packed.REPLICAS), np.int64)

        def one(k: int) -> None:
            packed.unsatisfied(self._starts, self._neighbors, self._spins[k], broken[k])

        each_on_threads(one, range(len(self._spins)), self._workers)
        return self._offset - self._unit * (self._pairs - 2.0 * broken.reshape(-1)[: self._count])

    def take(self, sources: ArrayLike) -> None:
        """Copy replica ``sources[r]`` to replica r."""
        from_, before = check_sources(sources, self._count), self._spins.copy()
        for strip, _ in pieces(len(self._spins), 1):
            few = from_[strip.start * packed.REPLICAS : strip.stop * packed.REPLICAS]
            packed.resample_bits(before, few, self._spins[strip])


def expand_bonds(
    ising: Ising, kernel: str, reach: int, multiple: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], float]:
    """Expand couplings to the bonds of a kernel on bits, each bias as bonds with row n.

    Parameters
    ----------
    ising : Ising
        The problem.
    kernel : str
        Name of the kernel, for the error message.
    reach : int
        Largest number of bonds of a spin that it can hold.
    multiple : int
        Number to a multiple of which the bonds of a spin are filled with the spin itself.

    Returns
    -------
    tuple of int64 arrays, float
        Starts and rows of the bonds, number of bonds of each spin, and the unit.

    Raises
    ------
    ValueError
        If the kernel cannot hold the problem.
    """
    found = integer_couplings(ising)
    if found is None:
        raise ValueError(f"kernel {kernel!r} needs couplings and biases that are integers times one unit; use 'sparse'")
    unit, weights, biases = found
    j: Any = ising.sparse_couplings().copy()
    j.data = weights
    j = sparse.csr_array(sparse.hstack([j, sparse.csr_array(biases[:, None])]))
    bonds = np.asarray(abs(j).sum(axis=1)).astype(np.int64)
    if bonds.max() > reach:
        raise ValueError(
            f"kernel {kernel!r} needs |h_i| + sum_j |J_ij| <= {reach} in units of {unit:g}; spin {bonds.argmax()} "
            f"has {bonds.max()}: use 'int8' or 'sparse'"
        )
    return *rows_to_add(j.indptr, j.indices, j.data, ising.size + 1, -1, multiple), bonds, unit
