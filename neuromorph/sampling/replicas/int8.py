"""Layout of integer couplings, on strips of 64 replicas: fields are sums of bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...ising import Float, Ising
from ...kernels.philox import LANES
from . import int8_kernel as int8
from .integer_couplings import field_bounds, integer_couplings
from .sparse import F32, I8, lazy_lanes, rows_to_add


class Int8Layout:
    """Integer couplings times a unit, fields within +-127; :mod:`.sparse` describes layouts.

    Parameters
    ----------
    ising : Ising
        The problem.
    strips_ : int
        Number of strips.
    lazy : (n,) float
        beta up to which each spin is lazy.
    """

    kernel, dtype = "int8", np.int8
    reach = 127  # largest magnitude of a field

    def rows(self, n: int) -> int:
        """Return the rows of LANES that n spins take.

        Returns
        -------
        int
            The number of rows.
        """
        return 2 * n + 1

    def __init__(self, ising: Ising, strips_: int, lazy: Float) -> None:
        found = integer_couplings(ising)
        if found is None:
            raise ValueError("kernel 'int8' needs couplings and biases that are integers times one unit; use 'sparse'")
        (self.scale, weights, biases), each = found, field_bounds(ising, found)
        if each.max() > self.reach:
            raise ValueError(
                f"kernel 'int8' needs |h_i| + sum_j |J_ij| <= {self.reach} in units of {self.scale:g}; spin "
                f"{each.argmax()} has {each.max()}: use 'sparse' or 'dense'"
            )
        self._step = 2 if (each % 2 == each[0] % 2).all() else 1
        first = 2 - each[0] % 2 if self._step == 2 else 1
        self._levels = np.arange(first, max(each.max(), 2) + self._step, self._step)
        j = ising.sparse_couplings()
        starts, neighbors = rows_to_add(j.indptr, j.indices, weights, ising.size, 2 * ising.size, 4)
        self._bonds, self._offset = (starts, neighbors, biases.astype(np.int8)), ising.offset
        self._lazy = lazy_lanes(lazy, self.scale)

    def sweep(
        self, k: int, two_betas: F32, rule: int, done: int, part: slice, spins: I8, state: NDArray[np.uint32]
    ) -> None:
        """Sweep one strip; :meth:`.SparseLayout.sweep` documents the arguments."""
        levels = (self._lazy, self._levels, self._step)
        int8.sweep_int8(*self._bonds, *levels, two_betas, rule, done, part.start, part.stop, spins, state)

    def energies(self, k: int, spins: I8, exact: bool) -> Float:
        """Compute the energies of one strip.

        :meth:`.SparseLayout.energies` documents the arguments.

        Returns
        -------
        (LANES,) float
            E of each lane.
        """
        out = np.zeros((1, LANES), np.int32)
        int8.int8_energies(*self._bonds, spins, out)
        return self._offset - 0.5 * self.scale * out[0]

    def touched(self) -> None:
        """Do nothing: no state depends on the spins."""
