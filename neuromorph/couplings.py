"""Couplings J as a matrix: validation, and conversion of dense ones to CSR in parts that can be interrupted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_IN_FLIGHT = 1 << 22  # entries that are converted at once


def dense_to_csr(dense: NDArray[np.float64]) -> Any:
    """Convert a dense square matrix to CSR with sorted indices.

    Returns
    -------
    (n, n) csr_array
        The entries that are not 0.
    """
    n = len(dense)
    step = max(1, _IN_FLIGHT // n)  # one conversion of everything could not be interrupted
    parts = [_rows_of(dense[first : first + step]) for first in range(0, n, step)]
    counts, indices, data = (np.concatenate(each) for each in zip(*parts, strict=True))
    starts = np.concatenate([[0], np.cumsum(counts)])
    kind = np.int32 if starts[-1] < 1 << 31 else np.int64  # the type that SciPy chooses
    return sparse.csr_array((data, indices.astype(kind), starts.astype(kind)), shape=(n, n))


def _rows_of(dense: NDArray[np.float64]) -> tuple[Any, Any, Any]:
    """Extract from dense rows the count, the columns and the values of the entries that are not 0."""
    filled = dense != 0.0
    return np.count_nonzero(filled, axis=1), np.nonzero(filled)[1].astype(np.int32), dense[filled]


def check_couplings(couplings: Any) -> Any:
    """Validate couplings and copy them to read-only storage.

    Parameters
    ----------
    couplings : (n, n) array
        J, dense or any SciPy sparse matrix.

    Returns
    -------
    (n, n) array
        J, exactly symmetric; a sparse matrix as CSR with sorted indices and without stored zeros.

    Raises
    ------
    ValueError
        If J is not square, not finite, not symmetric, or has a diagonal.
    """
    is_sparse = sparse.issparse(couplings)
    j: Any = sparse.csr_array(couplings, dtype=float, copy=True) if is_sparse else np.array(couplings, dtype=float)
    if j.ndim != 2 or j.shape[0] != j.shape[1] or j.shape[0] == 0:
        raise ValueError(f"couplings have shape {j.shape}; expected (n, n) with n >= 1")
    if is_sparse:
        j.sum_duplicates()
    values: Any = j.data if is_sparse else j
    if not np.isfinite(values).all():
        raise ValueError("couplings hold NaN or infinity; every J_ij must be finite")
    if np.any(j.diagonal() != 0.0):
        i = int(np.argmax(j.diagonal() != 0.0))
        raise ValueError(f"couplings[{i}, {i}] is {j.diagonal()[i]}; s_i^2 = 1, so move -J_ii / 2 into the offset")
    scale = np.abs(values).max() if values.size else 0.0
    difference = abs(j - j.T)
    worst = float(difference.max()) if (difference.nnz if is_sparse else difference.size) else 0.0
    if worst > 1e-9 * scale:
        raise ValueError(f"couplings are not symmetric (largest |J_ij - J_ji| is {worst:g}); pass (J + J.T) / 2")
    if worst:  # round-off of the caller's arithmetic: J must be exactly symmetric for the energy to be one function
        j = (j + j.T) / 2.0
    if is_sparse:
        j = sparse.csr_array(j)
        j.eliminate_zeros()
        j.sort_indices()
        for part in (j.data, j.indices, j.indptr):
            part.setflags(write=False)
    else:
        j.setflags(write=False)
    return j
