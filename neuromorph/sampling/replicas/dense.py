"""Layout of all of J in float32, with the field of every spin kept up to date, on strips of 64 replicas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...ising import Float, Ising
from ...kernels.aligned import empty
from ...kernels.philox import LANES
from ...runtime.pieces import pieces
from . import dense_kernel as dense
from .integer_couplings import integer_couplings, largest_magnitude
from .sparse import _EXACT, _ROWS, F32, SPAN, lazy_lanes


class DenseLayout:
    """All of J in float32 and the fields of every replica; :mod:`.sparse` describes layouts.

    Parameters
    ----------
    ising : Ising
        The problem.
    strips_ : int
        Number of strips.
    lazy : (n,) float
        beta up to which each spin is lazy.
    """

    kernel, dtype = "dense", np.float32
    largest = 30_000  # largest number of spins, at which J takes 3.6 GB

    def rows(self, n: int) -> int:
        """Return the rows of LANES that n spins take.

        Returns
        -------
        int
            The number of rows.
        """
        return n

    def __init__(self, ising: Ising, strips_: int, lazy: Float) -> None:
        n = ising.size
        if n > self.largest:
            raise ValueError(f"kernel 'dense' holds {self.largest} spins at most (4 n^2 bytes), not {n}; use 'sparse'")
        found = integer_couplings(ising)
        self.scale = found[0] if found else largest_magnitude(ising)
        self._couplings: F32 = empty((n, -(-n // 64) * 64 + dense.PADDING), np.float32)
        self._couplings[:, n:] = 0.0
        j, most = ising.couplings, 0.0
        for first in range(0, n, _ROWS):  # in parts, since J in float64 is twice as large as in float32
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
        """Sweep one strip; :meth:`.SparseLayout.sweep` documents the arguments."""
        self._renew(k, spins, piled_up=not self._is_exact and done % SPAN == 0 and part.start == 0)
        options = (rule, done, part.start, part.stop)
        dense.sweep_dense(self._couplings, self._lazy, two_betas, *options, spins, self._fields[k], state)

    def _renew(self, k: int, spins: F32, piled_up: bool) -> None:
        if self._stale[k] or piled_up:
            for _, part in pieces(1, -(-len(spins) // dense.BLOCK)):
                begin, end = dense.BLOCK * part.start, min(len(spins), dense.BLOCK * part.stop)
                dense.fill_fields(self._couplings, self._biases, spins, begin, end, self._fields[k])
            self._stale[k] = False

    def energies(self, k: int, spins: F32, exact: bool) -> Float:
        """Compute the energies of one strip.

        :meth:`.SparseLayout.energies` documents the arguments.

        Returns
        -------
        (LANES,) float
            E of each lane.
        """
        if exact and not self._is_exact:
            return np.asarray(self._ising.energy(spins.T))
        self._renew(k, spins, piled_up=False)
        both = (self._fields[k] + self._biases)[:, : len(spins)]
        return self._ising.offset - 0.5 * self.scale * np.einsum("ki,ik->k", both, spins, dtype=float)

    def touched(self) -> None:
        """Forget the fields, since the spins were changed from outside."""
        self._stale[:] = True
