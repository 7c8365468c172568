"""One replica after another in float64: what the other kernels are checked against."""

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
    """Spins (R, n); fields are kept while a schedule lasts."""

    kernel = "plain"

    def __init__(self, ising: Ising, seeds: list[np.random.SeedSequence], rule: int, lazy: Float) -> None:
        j = ising.sparse_couplings()
        self._ising, self._rule, self._lazy = ising, rule, lazy
        self._couplings = (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data.copy())
        self._streams = kernel_states(seeds)
        self._spins = toss_all((len(seeds), ising.size), self._streams)

    @property
    def count(self) -> int:
        return len(self._spins)

    @property
    def size(self) -> int:
        return self._ising.size

    def sweep(self, betas: ArrayLike, step: str = "") -> None:
        given = check_betas(betas, self.count)
        problem = (self._couplings, self._ising.biases)
        sweep_chains(*problem, given, self._rule, self._spins, self._streams, step, lazy=self._lazy)

    def spins(self, lanes: ArrayLike | None = None) -> NDArray[np.int8]:
        return self._spins.copy() if lanes is None else self._spins[check_lanes(lanes, self.count)]

    def set_spins(self, spins: ArrayLike) -> None:
        self._spins[:] = check_start(spins, self.count, self.size)

    def energies(self, exact: bool = True) -> Float:
        return np.asarray(self._ising.energy(self._spins))

    def take(self, sources: ArrayLike) -> None:
        self._spins[:] = self._spins[check_sources(sources, self.count)]


def toss_all(shape: tuple[int, ...], streams: NDArray[np.uint64]) -> NDArray[np.int8]:
    """Random spins of ``shape``, each row from its own stream."""
    spins = np.empty(shape, np.int8)
    for some, _ in pieces(len(spins), 1):
        randomize_spins(spins.reshape(len(spins), -1)[some], streams[some])
    return spins


def sweep_chains(
    couplings: Any, biases: Float, betas: Float, rule: int, spins: NDArray[np.int8], streams: NDArray[np.uint64],
    step: str = "", lazy: Float | None = None,
) -> None:  # fmt: skip
    """Sweeps at each row of ``betas`` (sweeps, 1 or R) of chains ``spins`` (R, n) in place, biases (n,) or (R, n).

    ``couplings`` are (n, n), or (indptr, indices, data) of CSR; rule and lazy as of :func:`.kernels.plain.sweep`,
    None: never lazy.
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
