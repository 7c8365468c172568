"""How the kernels on strips of 64 lanes hold a problem: in float32 rows of CSR, in integers, or densely with fields.

A layout says whether it can hold a problem (ValueError if not), sweeps one strip, all of its spins or a part of them
(blocks of ROWS, counted over all sweeps), and evaluates its energies. ``scale`` is the unit of its couplings: 2 beta is
handed to it times ``scale``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as sparse_array

from ..ising import Float, Ising
from ..kernels import dense, int8, sparse, strips
from ..kernels.simd import empty
from ..kernels.variates import LANES
from ..pieces import pieces
from .integers import integers, largest, reach

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]

SPAN = 512  # sweeps after which "dense" sums its rounded fields anew
_ROWS = 256  # of a dense J, made at once
_EXACT = 1 << 24  # integers that float32 holds


def rows_to_add(
    indptr: NDArray[Any], indices: NDArray[Any], weights: NDArray[np.int64], negative: int, filler: int, multiple: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and rows of ``int8.expand``."""
    starts = np.empty(indptr.size, np.int64)
    out = np.empty(np.abs(weights).sum() + multiple * indptr.size, np.int64)
    whole = (indptr.astype(np.int64), indices.astype(np.int64), weights.astype(np.int64))
    return starts, out[: int8.expand(*whole, negative, filler, multiple, starts, out)]


def lazy_lanes(lazy: Float, scale: float) -> F32:
    """The 2 beta, in units of the couplings, up to which spins are lazy."""
    return np.clip(2.0 * (scale * lazy), -1.0, 1e38).astype(np.float32)


class Sparse:
    """CSR in float32: any problem."""

    kernel, dtype = "sparse", np.float32

    def rows(self, n: int) -> int:
        """Rows of LANES that n spins take."""
        return n

    def __init__(self, ising: Ising, strips_: int, lazy: Float) -> None:
        j, self.scale = ising.sparse_couplings(), largest(ising)
        self._problem = (
            j.indptr.astype(np.int64),
            j.indices.astype(np.int64),
            (j.data / self.scale).astype(np.float32),
            (ising.biases / self.scale).astype(np.float32),
            lazy_lanes(lazy, self.scale),
        )
        upper = sparse_array.csr_array(sparse_array.triu(j, 1))
        self._upper = (upper.indptr.astype(np.int64), upper.indices.astype(np.int64), upper.data, ising.biases)
        self._offset = ising.offset

    def sweep(
        self, k: int, two_betas: F32, rule: int, done: int, part: slice, spins: F32, state: NDArray[np.uint32]
    ) -> None:
        sparse.sweep(*self._problem, two_betas, rule, done, part.start, part.stop, spins, state)

    def energies(self, k: int, spins: F32, exact: bool) -> Float:
        out = np.zeros((1, LANES))
        strips.energies(*self._upper, spins, out)
        return self._offset + out[0]

    def touched(self) -> None:
        """The spins were changed from outside."""


class Int8:
    """Integers times a unit, fields within +-127."""

    kernel, dtype = "int8", np.int8
    reach = 127  # of a field

    def rows(self, n: int) -> int:
        """Rows of LANES that n spins take."""
        return 2 * n + 1

    def __init__(self, ising: Ising, strips_: int, lazy: Float) -> None:
        found = integers(ising)
        if found is None:
            raise ValueError("kernel 'int8' needs couplings and biases that are integers times one unit; use 'sparse'")
        (self.scale, weights, biases), each = found, reach(ising, found)
        if each.max() > self.reach:
            raise ValueError(
                f"kernel 'int8' needs |h_i| + sum_j |J_ij| <= {self.reach} in units of {self.scale:g}; spin "
                f"{each.argmax()} has {each.max()}: use 'sparse' or 'dense'"
            )
        self._step = 2 if (each % 2 == each[0] % 2).all() else 1
        first = 2 - each[0] % 2 if self._step == 2 else 1
        self._levels = np.arange(first, max(each.max(), 2) + self._step, self._step)
        j = ising.sparse_couplings()
        starts, neighbours = rows_to_add(j.indptr, j.indices, weights, ising.size, 2 * ising.size, 4)
        self._bonds, self._offset = (starts, neighbours, biases.astype(np.int8)), ising.offset
        self._lazy = lazy_lanes(lazy, self.scale)

    def sweep(
        self, k: int, two_betas: F32, rule: int, done: int, part: slice, spins: I8, state: NDArray[np.uint32]
    ) -> None:
        levels = (self._lazy, self._levels, self._step)
        int8.sweep(*self._bonds, *levels, two_betas, rule, done, part.start, part.stop, spins, state)

    def energies(self, k: int, spins: I8, exact: bool) -> Float:
        out = np.zeros((1, LANES), np.int32)
        int8.energies(*self._bonds, spins, out)
        return self._offset - 0.5 * self.scale * out[0]

    def touched(self) -> None:
        """The spins were changed from outside."""


class Dense:
    """All of J in float32 and the fields of every replica."""

    kernel, dtype = "dense", np.float32
    largest = 30_000  # spins: J takes 3.6 GB

    def rows(self, n: int) -> int:
        """Rows of LANES that n spins take."""
        return n

    def __init__(self, ising: Ising, strips_: int, lazy: Float) -> None:
        n = ising.size
        if n > self.largest:
            raise ValueError(f"kernel 'dense' holds {self.largest} spins at most (4 n^2 bytes), not {n}; use 'sparse'")
        found = integers(ising)
        self.scale = found[0] if found else largest(ising)
        self._couplings: F32 = empty((n, -(-n // 64) * 64 + dense.PADDING), np.float32)
        self._couplings[:, n:] = 0.0
        j, most = ising.couplings, 0.0
        for first in range(0, n, _ROWS):  # in float64, all of it is twice as large as what is kept
            rows = slice(first, first + _ROWS)
            self._couplings[rows, :n] = (j[rows].toarray() if ising.is_sparse else j[rows]) / self.scale
            most = max(most, np.abs(self._couplings[rows]).sum(axis=1).max())
        self._biases = np.zeros(self._couplings.shape[1], np.float32)
        self._biases[:n] = ising.biases / self.scale
        self._is_exact = found is not None and bool(most + np.abs(self._biases).max() < _EXACT)
        self._fields: F32 = empty((strips_, LANES, self._biases.size), np.float32)
        self._stale = np.ones(strips_, bool)
        self._ising, self._lazy = ising, lazy_lanes(lazy, self.scale)

    def sweep(
        self, k: int, two_betas: F32, rule: int, done: int, part: slice, spins: F32, state: NDArray[np.uint32]
    ) -> None:
        self._renew(k, spins, piled_up=not self._is_exact and done % SPAN == 0 and part.start == 0)
        options = (rule, done, part.start, part.stop)
        dense.sweep(self._couplings, self._lazy, two_betas, *options, spins, self._fields[k], state)

    def _renew(self, k: int, spins: F32, piled_up: bool) -> None:
        if self._stale[k] or piled_up:
            for _, part in pieces(1, -(-len(spins) // dense.BLOCK)):
                begin, end = dense.BLOCK * part.start, min(len(spins), dense.BLOCK * part.stop)
                dense.fill(self._couplings, self._biases, spins, begin, end, self._fields[k])
            self._stale[k] = False

    def energies(self, k: int, spins: F32, exact: bool) -> Float:
        if exact and not self._is_exact:
            return np.asarray(self._ising.energy(spins.T))
        self._renew(k, spins, piled_up=False)
        both = (self._fields[k] + self._biases)[:, : len(spins)]
        return self._ising.offset - 0.5 * self.scale * np.einsum("ki,ik->k", both, spins, dtype=float)

    def touched(self) -> None:
        """The spins were changed from outside."""
        self._stale[:] = True
