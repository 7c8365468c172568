"""Reference replicas in float64, one after another, against which the other kernels are tested."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...ising import Float, Ising
from ...rng import kernel_states
from ...runtime.pieces import pieces
from ..single_spin_kernel import randomize_spins
from . import reference_kernel as plain
from .blocks import check_betas, check_lanes, check_sources, check_start


class ReferenceReplicas:
    """Replicas in float64, spins (R, n); fields are kept while a schedule lasts.

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
    """

    kernel = "plain"

    def __init__(self, ising: Ising, seeds: list[np.random.SeedSequence], rule: int, lazy: Float) -> None:
        j = ising.sparse_couplings()
        self._ising, self._rule, self._lazy = ising, rule, lazy
        self._couplings = (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data.copy())
        self._streams = kernel_states(seeds)
        self._spins = toss_all((len(seeds), ising.size), self._streams)

    @property
    def count(self) -> int:
        """Number of replicas R."""
        return len(self._spins)

    @property
    def size(self) -> int:
        """Number of spins n."""
        return self._ising.size

    def sweep(self, betas: ArrayLike, step: str = "") -> None:
        """Sweep all replicas; :meth:`.Replicas.sweep` documents the arguments."""
        given = check_betas(betas, self.count)
        problem = (self._couplings, self._ising.biases)
        sweep_chains(*problem, given, self._rule, self._spins, self._streams, step, lazy=self._lazy)

    def spins(self, lanes: ArrayLike | None = None) -> NDArray[np.int8]:
        """Copy the spins.

        Returns
        -------
        (R, n) or (k, n) int8
            The spins, of the replicas ``lanes`` if given.
        """
        return self._spins.copy() if lanes is None else self._spins[check_lanes(lanes, self.count)]

    def set_spins(self, spins: ArrayLike) -> None:
        """Set the spins to (n,) or (R, n)."""
        self._spins[:] = check_start(spins, self.count, self.size)

    def energies(self, exact: bool = True) -> Float:
        """Compute the energies, which are always exact.

        Returns
        -------
        (R,) float
            E of each replica.
        """
        return np.asarray(self._ising.energy(self._spins))

    def take(self, sources: ArrayLike) -> None:
        """Copy replica ``sources[r]`` to replica r."""
        self._spins[:] = self._spins[check_sources(sources, self.count)]


def toss_all(shape: tuple[int, ...], streams: NDArray[np.uint64]) -> NDArray[np.int8]:
    """Draw random spins, each row from its own stream.

    Parameters
    ----------
    shape : tuple of int
        Shape of the spins, whose first number is that of the rows.
    streams : (rows, 4) uint64
        States of the generators, in place.

    Returns
    -------
    ndarray of int8
        The spins.
    """
    spins = np.empty(shape, np.int8)
    for some, _ in pieces(len(spins), 1):
        randomize_spins(spins.reshape(len(spins), -1)[some], streams[some])
    return spins


def sweep_chains(
    couplings: Any, biases: Float, betas: Float, rule: int, spins: NDArray[np.int8], streams: NDArray[np.uint64],
    step: str = "", lazy: Float | None = None,
) -> None:  # fmt: skip
    """Sweep chains in place at each row of ``betas``.

    Parameters
    ----------
    couplings : (n, n) float or tuple
        J, dense, or (indptr, indices, data) of CSR.
    biases : (n,) or (R, n) float
        h, the same or one for each chain.
    betas : (sweeps, 1) or (sweeps, R) float
        Inverse temperatures.
    rule : int
        Metropolis or heat bath.
    spins : (R, n) int8
        States, changed in place.
    streams : (R, 4) uint64
        States of the generators, in place.
    step : str
        Name of the work for progress and time limits.
    lazy : (n,) float or None
        beta up to which each spin is lazy; None is never.
    """
    each = np.broadcast_to(betas, (len(betas), len(spins)))
    biases = np.broadcast_to(biases, spins.shape)
    never = np.full(spins.shape[1], -1.0)
    for some, sweeps in pieces(len(spins), len(betas), step):
        if sweeps.start == 0:
            fields = biases[some].copy()
            plain.add_fields(couplings, spins[some], fields)
        mine = np.ascontiguousarray(each[sweeps, some])
        plain.sweep_reference(
            couplings, never if lazy is None else lazy, mine, rule, spins[some], fields, streams[some]
        )
