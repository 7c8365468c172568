"""Replicas of one big periodic lattice of equal couplings, a spin a bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...ising import Float, Ising
from ...kernels.aligned import empty
from ...runtime.limits import checkpoint
from ...runtime.pieces import each_on_threads, pieces
from . import bitpacked_kernel as packed
from . import lattice_kernel as lattice
from .bitpacked import word_states
from .blocks import check_betas, check_lanes, check_sources, check_start


class LatticeReplicas:
    """Replicas of a torus, spins (R, rows / 8, columns / 64, 8) uint64.

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

    kernel = "lattice"

    def __init__(self, ising: Ising, seeds: list[np.random.SeedSequence], rule: int, lazy: Float, workers: int) -> None:
        self._shape, self._strength, across, down = _torus(ising)
        self._bias, self._offset, self._rule, self._workers = float(ising.biases[0]), ising.offset, rule, workers
        self._lazy = self._strength * float(lazy[0])  # one beta for all sites
        tiles = (self._shape[0] // lattice.TILES_DOWN, self._shape[1] // lattice.TILES_ACROSS, packed.WORDS)
        self._across, self._down = empty(tiles, np.uint64), empty(tiles, np.uint64)
        lattice.pack(across, self._across)
        lattice.pack(down, self._down)
        self._states = word_states(seeds)
        self._spins = empty((len(seeds), *tiles), np.uint64)
        for spins, seed in zip(self._spins, seeds, strict=True):
            spins[:] = np.random.default_rng(seed).integers(0, 1 << 64, tiles, np.uint64)

    @property
    def count(self) -> int:
        """Number of replicas R."""
        return len(self._spins)

    @property
    def size(self) -> int:
        """Number of spins n."""
        return self._shape[0] * self._shape[1]

    def sweep(self, betas: ArrayLike, step: str = "") -> None:
        """Sweep all replicas; :meth:`.Replicas.sweep` documents the arguments."""
        given = np.broadcast_to(check_betas(betas, self.count), (len(np.asarray(betas)), self.count))
        for some, sweeps in pieces(self.count, len(given), step, together=self._workers):

            def one(k: int, sweeps: slice = sweeps) -> None:
                mine = given[sweeps, k]
                beta_j, beta_h = mine * self._strength, mine * self._bias
                problem = (self._across, self._down, beta_j, beta_h, self._lazy)
                lattice.sweep_lattice(*problem, self._rule, self._spins[k], self._states[k])

            each_on_threads(one, range(some.start, some.stop), self._workers)

    def spins(self, lanes: ArrayLike | None = None) -> NDArray[np.int8]:
        """Copy the spins.

        Returns
        -------
        (R, n) or (k, n) int8
            The spins, of the replicas ``lanes`` if given.
        """
        which = check_lanes(np.arange(self.count) if lanes is None else lanes, self.count)
        out = np.empty((which.size, *self._shape), np.int8)
        for k, sites in zip(which, out, strict=True):
            checkpoint()
            lattice.unpack(self._spins[k], sites)
        return out.reshape(which.size, -1)

    def set_spins(self, spins: ArrayLike) -> None:
        """Set the spins to (n,) or (R, n)."""
        for words, sites in zip(self._spins, check_start(spins, self.count, self.size), strict=True):
            lattice.pack(sites.reshape(self._shape), words)

    def energies(self, exact: bool = True) -> Float:
        """Compute the energies, which are always exact.

        Returns
        -------
        (R,) float
            E of each replica.
        """
        out = np.empty((self.count, 2), np.int64)
        for words, both in zip(self._spins, out, strict=True):
            lattice.count_lattice(self._across, self._down, words, both)
        bonds, spins = 2.0 * self.size - 2.0 * out[:, 0], 2.0 * out[:, 1] - self.size
        return self._offset - self._strength * bonds - self._bias * spins

    def take(self, sources: ArrayLike) -> None:
        """Copy replica ``sources[r]`` to replica r."""
        self._spins[:] = self._spins[check_sources(sources, self.count)]


def is_torus(ising: Ising) -> bool:
    """Test whether :class:`LatticeReplicas` can hold the problem.

    Returns
    -------
    bool
        True if it can.
    """
    try:
        _torus(ising)
    except ValueError:
        return False
    return True


def _torus(ising: Ising) -> tuple[tuple[int, int], float, NDArray[np.int8], NDArray[np.int8]]:
    """Extract rows and columns, the size of J, and signs, +1 where the bond to the right, or below, is negative."""
    j, n = ising.sparse_couplings(), ising.size
    why = "kernel 'lattice' needs a square lattice with periodic borders, its spins row by row"
    if j.nnz != 4 * n or (np.diff(j.indptr) != 4).any():
        raise ValueError(f"{why}; this problem has {j.nnz / n:g} neighbors a spin instead of 4: use another kernel")
    columns = int(j.indices[2])  # spin 0 is next to 1, columns - 1, columns and n - columns
    across, down = lattice.TILES_ACROSS, lattice.TILES_DOWN
    if n % columns or columns % across or columns < 2 * across or n // columns % down or n // columns < 2 * down:
        raise ValueError(
            f"{why}, and 16, 24, ... of those of 128, 192, ... spins; this one has {n} spins, by its "
            f"neighbors in rows of {columns}: use 'packed', or another kernel"
        )
    site = np.arange(n).reshape(-1, columns)
    near = np.stack([np.roll(site, shift, axis) for axis in (0, 1) for shift in (1, -1)], axis=-1).reshape(n, 4)
    strength = float(np.abs(j.data[0]))
    if not np.array_equal(np.sort(near, axis=1).ravel(), j.indices):
        raise ValueError(f"{why}; the neighbors of this one are others: use another kernel")
    if (np.abs(j.data) != strength).any() or (ising.biases != ising.biases[0]).any():
        raise ValueError("kernel 'lattice' needs one |J_ij| and one h_i for all; use 'packed', 'int8' or 'sparse'")
    value = j.data.reshape(n, 4)
    right, below = (
        np.take_along_axis(value, (j.indices.reshape(n, 4) == near[:, [k]]).argmax(axis=1)[:, None], axis=1)
        for k in (3, 1)
    )
    shape = (n // columns, columns)
    return (
        shape,
        strength,
        -np.sign(right).astype(np.int8).reshape(shape),
        -np.sign(below).astype(np.int8).reshape(shape),
    )
