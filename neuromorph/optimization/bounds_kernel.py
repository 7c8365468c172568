r"""Coordinate ascent of the semidefinite relaxation in low rank: each vector turns into its field.

.. math:: V_i \leftarrow \frac{g_i}{|g_i|}, \qquad g_i = \sum_j J_{ij} V_j
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def ascend(indptr, indices, data, v, norms):
    """Turn every vector once.

    Parameters
    ----------
    indptr, indices, data : arrays
        CSR couplings.
    v : (n, k) float
        Unit vectors, in place.
    norms : (n,) float
        Lengths of the fields, filled in place.

    Returns
    -------
    float
        What sum_ij J_ij V_i . V_j gained.
    """
    n, rank = v.shape
    field = np.empty(rank)
    gained = 0.0
    for i in range(n):
        field[:] = 0.0
        for p in range(indptr[i], indptr[i + 1]):
            for k in range(rank):
                field[k] += data[p] * v[indices[p], k]
        square = along = 0.0
        for k in range(rank):
            square += field[k] * field[k]
            along += field[k] * v[i, k]
        norms[i] = math.sqrt(square)
        if norms[i] > 0.0:
            gained += 2.0 * (norms[i] - along)
            for k in range(rank):
                v[i, k] = field[k] / norms[i]
    return gained
