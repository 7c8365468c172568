"""Layouts of a problem on strips of 64 lanes; here rows of CSR in float32, other layouts in files of their own.

A layout tests whether it can hold a problem (ValueError if not), sweeps one strip, all of its spins or a part of them
(blocks of ROWS, counted over all sweeps), and evaluates its energies. ``scale`` is the unit of its couplings, by which
its caller multiplies 2 beta.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse as sparse_array

from ...ising import Float, Ising
from ...kernels.philox import LANES
from . import blocks_kernel as strips
from . import sparse_kernel as sparse
from .integer_couplings import largest_magnitude

F32 = NDArray[np.float32]
I8 = NDArray[np.int8]

SPAN = 512  # sweeps after which "dense" sums its rounded fields anew
_ROWS = 256  # rows of a dense J that are made at once
_EXACT = 1 << 24  # integers that float32 represents exactly


def rows_to_add(
    indptr: NDArray[Any], indices: NDArray[Any], weights: NDArray[np.int64], negative: int, filler: int, multiple: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List the rows to add for each spin, each neighbor as often as its coupling.

    Parameters
    ----------
    indptr, indices, weights : int arrays
        CSR of the integer couplings.
    negative : int
        First row of the negated spins, from which neighbors with a negative coupling are listed.
    filler, multiple : int
        Row that fills each list (the spin itself if negative) to a multiple.

    Returns
    -------
    starts, rows : int64 arrays
        Lists rows[starts[i] : starts[i + 1]].
    """
    times, n = np.abs(weights), indptr.size - 1
    before = np.concatenate([[0], np.cumsum(times)])[indptr]
    starts = np.zeros(n + 1, np.int64)
    np.cumsum(-(-np.diff(before) // multiple) * multiple, out=starts[1:])
    rows = np.repeat(np.arange(n), np.diff(starts)) if filler < 0 else np.full(starts[-1], filler)
    at = np.arange(before[-1]) + np.repeat(starts[:-1] - before[:-1], np.diff(before))
    rows[at] = np.repeat(np.where(weights > 0, indices, negative + indices), times)
    return starts, rows


def lazy_lanes(lazy: Float, scale: float) -> F32:
    """Convert the beta up to which spins are lazy to 2 beta in units of the couplings.

    Parameters
    ----------
    lazy : (n,) float
        beta up to which each spin is lazy.
    scale : float
        Unit of the couplings.

    Returns
    -------
    (n,) float32
        2 beta.
    """
    return np.clip(2.0 * (scale * lazy), -1.0, 1e38).astype(np.float32)


class SparseLayout:
    """CSR couplings in float32, for any problem.

    Parameters
    ----------
    ising : Ising
        The problem.
    strips_ : int
        Number of strips.
    lazy : (n,) float
        beta up to which each spin is lazy.
    """

    kernel, dtype = "sparse", np.float32

    def rows(self, n: int) -> int:
        """Return the rows of LANES that n spins take.

        Returns
        -------
        int
            The number of rows.
        """
        return n

    def __init__(self, ising: Ising, strips_: int, lazy: Float) -> None:
        j, self.scale = ising.sparse_couplings(), largest_magnitude(ising)
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
        """Sweep one strip at each row of ``two_betas``.

        Parameters
        ----------
        k : int
            Number of the strip.
        two_betas : (sweeps, LANES) float32
            2 beta times ``scale``.
        rule : int
            Metropolis or heat bath.
        done : int
            Sweeps that went before.
        part : slice
            Range of the blocks of all sweeps that are done.
        spins : (rows, LANES) array
            Spins of the strip, in place.
        state : uint32 array
            State of the generator, in place.
        """
        sparse.sweep_sparse(*self._problem, two_betas, rule, done, part.start, part.stop, spins, state)

    def energies(self, k: int, spins: F32, exact: bool) -> Float:
        """Compute the energies of one strip.

        Parameters
        ----------
        k : int
            Number of the strip.
        spins : (rows, LANES) array
            Spins of the strip.
        exact : bool
            Whether float64 is required; float32 serves otherwise where it is faster.

        Returns
        -------
        (LANES,) float
            E of each lane.
        """
        out = np.zeros((1, LANES))
        strips.block_energies(*self._upper, spins, out)
        return self._offset + out[0]

    def touched(self) -> None:
        """Do nothing: no state depends on the spins."""
