"""Common part of the continuous solvers: products with J, reads in blocks, random numbers of each read, the descent.

States are (n, 16) float32, replica innermost: a row of J is read once for all 16 reads of a block, and a block is as
wide however many reads are asked for, so that rounding, which chaotic dynamics amplify, is that of the block alone.
Several problems at once are the direct sum of their couplings; equal dense parts are multiplied part by part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..ising import Ising
from ..rng import RNG, read_seeds, seed_sequence
from ..runtime.limits import checkpoint
from ..runtime.pieces import each_on_threads
from ..runtime.threads import single_threaded_blas
from ..sampling.replicas.sparse import F32
from ..sampling.samples import Samples, SweepObserver
from ..sampling.simulated_annealing import descend_to_minimum
from ..sampling.validation import at_least, decision_streams, starting_spins

SIDE_BY_SIDE = 16  # reads that are computed together
_SPARSE = 0.25  # share of couplings below which CSR is faster than a dense product
_AHEAD = 1 << 20  # normal numbers of a read that are drawn at once


@dataclass(frozen=True, eq=False)
class DirectSum:
    """Couplings of several problems of one size that do not meet.

    Attributes
    ----------
    parts : (m, n, n) float32
        Couplings of each.
    """

    parts: F32

    def __matmul__(self, x: F32) -> F32:
        """Multiply (m n, reads) states."""
        m, n, _ = self.parts.shape
        return np.asarray(self.parts @ x.reshape(m, n, -1)).reshape(x.shape)


@dataclass(frozen=True, eq=False)
class Relaxation:
    """Reads of a block on their way through a relaxation.

    Attributes
    ----------
    couplings : (n, n) array
        J / J_rms in float32, dense, CSR or :class:`DirectSum`, where J_rms^2 is the sum of J_ij^2 over n (n - 1).
    biases : (n, 1) float32
        h / J_rms.
    strength : float
        (n - 1)^-1/2: it makes the fields of random states of order 1.
    start : (n, 16) float32
        Initial positions.
    normal : callable
        Draws (n, 16) normal numbers of unit variance.
    observe : callable
        Called with a parameter and the positions after each step.
    """

    couplings: Any
    biases: F32
    strength: float
    start: F32
    normal: Callable[[], F32]
    observe: Callable[[float, F32], None]

    def field(self, x: F32) -> F32:
        """Compute J x + h in units of J_rms.

        Returns
        -------
        (n, 16) float32
            The fields.
        """
        return np.asarray(self.couplings @ x) + self.biases

    @property
    def parts(self) -> int:
        """Number of problems that the couplings are the direct sum of."""
        return len(self.couplings.parts) if isinstance(self.couplings, DirectSum) else 1


Evolve: TypeAlias = Callable[[Relaxation], F32]  # to the final positions (n, 16)


@dataclass(eq=False)
class _Normal:
    """Normal numbers of each read from a stream of its own, drawn ahead."""

    generators: list[np.random.Generator]
    size: int
    _ahead: list[F32] = field(default_factory=list)
    _at: int = 0

    def __call__(self) -> F32:
        if not self._ahead or self._at == len(self._ahead[0]):
            steps = max(1, min(64, _AHEAD // self.size))
            self._ahead = [g.standard_normal((steps, self.size), np.float32) for g in self.generators]
            self._at = 0
        out = np.zeros((self.size, SIDE_BY_SIDE), np.float32)
        for k, each in enumerate(self._ahead):
            out[:, k] = each[self._at]
        self._at += 1
        return out


def relax_reads(
    ising: Ising,
    reads: int,
    evolve: Evolve,
    method: str,
    *,
    spread: float,
    descend: bool,
    initial: ArrayLike | None,
    workers: int,
    rng: RNG,
    observe: SweepObserver | None = None,
) -> Samples:
    """Run the reads of a continuous solver block by block and read the signs of its positions.

    Parameters
    ----------
    ising : Ising
        The problem.
    reads : int
        Number of reads.
    evolve : callable
        Maps a :class:`Relaxation` to final positions.
    method : str
        Name of the solver.
    spread : float
        Initial positions are normal of this width; with ``initial`` they have its signs.
    descend : bool
        Whether each read ends at a state in which no single flip lowers E.
    initial : (n,) or (reads, n) array_like, or None
        Initial states; None is random.
    workers : int
        Number of threads, on which the spins do not depend.
    rng : RNG
        Source of one stream for each read.
    observe : callable, optional
        Called as ``observe(parameter, spins)`` with the spins (reads, n) of the block after each step.

    Returns
    -------
    Samples
        The final states.
    """
    at_least(1, reads=reads, workers=workers)
    couplings, biases = _scaled(ising)
    n, sequence = ising.size, seed_sequence(rng)
    beside = decision_streams(sequence, reads)
    seeds = read_seeds(sequence, reads)
    given = None if initial is None else starting_spins(initial, reads, n)
    spins = np.empty((reads, n), np.int8)

    def look(parameter: float, x: F32) -> None:
        if observe is not None:
            observe(parameter, _signs(x, reads))

    def one(first: int) -> None:
        some = slice(first, min(first + SIDE_BY_SIDE, reads))
        normal = _Normal([np.random.default_rng(seed) for seed in seeds[some]], n)
        start = np.float32(spread) * normal()
        if given is not None:
            start[:, : some.stop - first] = np.abs(start[:, : some.stop - first]) * given[some].T
        with single_threaded_blas():
            x = evolve(Relaxation(couplings, biases, max(1, n - 1) ** -0.5, start, normal, look))
        spins[some] = _signs(x, some.stop - first)

    checkpoint(method, 0, reads)
    each_on_threads(one, range(0, reads, SIDE_BY_SIDE), workers)
    if descend:
        descend_to_minimum(ising, spins, beside)
    return Samples(spins, np.asarray(ising.energy(spins)), np.empty(0), method)


def _signs(x: F32, reads: int) -> NDArray[np.int8]:
    return np.where(x[:, : min(reads, SIDE_BY_SIDE)].T < 0.0, -1, 1).astype(np.int8)


def _scaled(ising: Ising) -> tuple[Any, F32]:
    """Scale J and h by the root mean square of J, or of h where there is no J."""
    j, n = ising.sparse_couplings(), ising.size
    largest = max(float(np.abs(j.data).max(initial=0.0)), float(np.abs(ising.biases).max()) * (not j.nnz)) or 1.0
    square = float(np.sum((j.data / largest) ** 2)) / max(1, n * (n - 1))
    unit = largest * (np.sqrt(square) or 1.0)
    scaled = sparse.csr_array(((j.data / unit).astype(np.float32), j.indices, j.indptr), shape=j.shape)
    few = j.nnz < _SPARSE * n * n
    parts = _parts(scaled) if few else 1
    held = _direct_sum(scaled, parts) if parts > 1 else scaled if few else scaled.toarray()
    return held, (ising.biases / unit).astype(np.float32)[:, None]


def _parts(couplings: sparse.csr_array) -> int:
    """Count the equal, dense parts, one behind the other, that couplings consist of; 1 if they do not."""
    n = couplings.shape[0]
    count, labels = connected_components(couplings, directed=False)
    size = n // max(count, 1)
    equal = count > 1 and count * size == n and size > 1 and bool((labels == np.arange(n) // size).all())
    return int(count) if equal and couplings.nnz >= _SPARSE * n * size else 1


def _direct_sum(couplings: sparse.csr_array, parts: int) -> DirectSum:
    size = couplings.shape[0] // parts
    rows = np.repeat(np.arange(couplings.shape[0]), np.diff(couplings.indptr))
    held = np.zeros((parts, size, size), np.float32)
    held[rows // size, rows % size, couplings.indices % size] = couplings.data
    return DirectSum(held)
