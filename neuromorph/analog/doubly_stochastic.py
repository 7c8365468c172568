r"""Normalization of rows and columns: from any matrix x to the doubly stochastic matrix of its exponentials.

.. math:: V = \mathrm{diag}(a)\, e^{x}\, \mathrm{diag}(b), \qquad \sum_j V_{ij} = \sum_i V_{ij} = 1

Source: Sinkhorn, Ann. Math. Statist. 35, 876 (1964).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float


def sinkhorn(exponent: ArrayLike, tolerance: float = 1e-12, passes: int = 10_000) -> Float:
    """Normalize a matrix to the doubly stochastic diag(a) exp(exponent) diag(b).

    Columns and rows are normalized in turn in the log domain; near the end, where that slows down, Newton's method
    solves for the rows with the columns eliminated.

    Parameters
    ----------
    exponent : array_like
        Logarithms of the positive matrices, (..., n, n).
    tolerance : float
        Largest error of a row sum.
    passes : int
        Largest number of passes.

    Returns
    -------
    (..., n, n) float
        The doubly stochastic matrices.

    References
    ----------
    Sinkhorn, Ann. Math. Statist. 35, 876 (1964).
    """
    x = np.asarray(exponent, dtype=float)
    flat = x.reshape(-1, *x.shape[-2:])
    return np.array([_sinkhorn(matrix, tolerance, passes) for matrix in flat]).reshape(x.shape)


def _sinkhorn(x: Float, tolerance: float, passes: int) -> Float:
    n = len(x)
    best, rows, best_error = x, np.zeros(n), np.inf
    newton = False
    for _ in range(passes):
        y = best + rows[:, None]
        peak = y.max(axis=0)
        y = y - peak - np.log(np.exp(y - peak).sum(axis=0))
        v = np.exp(y)
        sums = v.sum(axis=1)
        error = np.abs(sums - 1.0).max()
        if newton and not error < best_error:  # Newton's step went too far: return to the last matrix for a plain pass
            v, sums = np.exp(best), np.exp(best).sum(axis=1)
            newton = False
        else:
            newton = error < 0.5
            best, best_error = y, error
        if best_error < tolerance:
            break
        if newton:
            rows = np.linalg.solve(np.diag(sums + 1e-12) - v @ v.T + 1.0 / n, 1.0 - sums)
        else:
            peak = best.max(axis=1)
            rows = -(peak + np.log(np.exp(best - peak[:, None]).sum(axis=1)))
    return np.exp(best)
