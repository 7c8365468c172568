r"""Proven lower bounds of the energy, which are upper bounds of cuts: spectral and semidefinite.

.. math:: E(s) \ge c - \tfrac12 \Bigl(\sum_i u_i + n' \lambda_{max}(J' - \mathrm{diag}\, u)\Bigr)

for every u, where J' holds the couplings and, as couplings to one more spin, the biases, of n' spins in all: s'J's is
s'(J' - diag u) s + sum u. The spectral bound takes u = 0; the best u is the dual of the semidefinite relaxation, whose
primal is solved in low rank: u_i = V_i . (J' V)_i with unit vectors V_i that maximize sum J'_ij V_i . V_j by coordinate
ascent. Whatever u is, the bound holds as long as the eigenvalue is not underestimated: the residual of its vector is
added.

Sources: Mohar and Poljak, Eur. J. Comb. 11, 545 (1990), and Delorme and Poljak, Math. Program. 62, 557 (1993),
spectral; Goemans and Williamson, J. ACM 42, 1115 (1995), semidefinite; Burer and Monteiro, Math. Program. 95, 329
(2003), and Wang, Chang and Kolter, arXiv 1706.00476, low rank and coordinate ascent.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import sparse
from scipy.linalg import eigvalsh
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from ..ising import Float, Ising
from ..runtime.limits import checkpoint
from ..runtime.pieces import run_aside
from ..runtime.threads import single_threaded_blas
from .bounds_kernel import ascend

_DENSE = 200  # spins up to which all eigenvalues are computed
_ROUND = 1e-9  # allowance for rounding, relative to the largest field


def spectral_bound(ising: Ising) -> float:
    """Compute the spectral lower bound of E.

    Parameters
    ----------
    ising : Ising
        The problem.

    Returns
    -------
    float
        A number that no energy is below.
    """
    j = _with_biases(ising)
    return ising.offset - 0.5 * _dual(j, np.zeros(j.shape[0]))


def semidefinite_bound(ising: Ising, rounds: int = 300, tolerance: float = 1e-6) -> float:
    """Compute a lower bound of E that converges to the semidefinite one with ``rounds``.

    Parameters
    ----------
    ising : Ising
        The problem.
    rounds : int
        Largest number of rounds of coordinate ascent.
    tolerance : float
        Relative improvement of a round at which the ascent ends.

    Returns
    -------
    float
        A number that no energy is below, however far the ascent came.
    """
    j = _with_biases(ising)
    n = j.shape[0]
    if not j.nnz:
        return ising.offset
    rank = min(n, math.ceil(math.sqrt(2.0 * n)) + 1)
    v = np.random.default_rng(0).normal(size=(n, rank))
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    csr = (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data)
    norms = np.zeros(n)
    for k in range(rounds):
        checkpoint("semidefinite bound", k, rounds)
        gained = ascend(*csr, v, norms)
        if gained <= tolerance * abs(norms.sum()):
            break
    u = np.einsum("ik,ik->i", v, np.asarray(j @ v))
    return ising.offset - 0.5 * min(_dual(j, u), _dual(j, np.zeros(n)))


def _with_biases(ising: Ising) -> Any:
    """Return J, with the biases as couplings to one more spin if there are any."""
    j, h = ising.sparse_couplings(), ising.biases
    if not h.any():
        return j
    column = sparse.csr_array(h[:, None])
    return sparse.csr_array(sparse.block_array([[j, column], [column.T, None]]))


def _dual(j: Any, u: Float) -> float:
    """Bound s'Js from above by sum u + n lambda_max(J - diag u)."""
    n = len(u)
    matrix = sparse.csr_array(j - sparse.diags_array(u))
    scale = float(abs(matrix).sum(axis=1).max())
    with single_threaded_blas():
        top = run_aside(lambda: _largest(matrix, scale)) if scale else 0.0
    return float(u.sum()) + n * (top + _ROUND * scale)


def _largest(matrix: Any, scale: float) -> float:
    """Bound the largest eigenvalue from above."""
    n = matrix.shape[0]
    if n <= _DENSE:
        return float(eigvalsh(matrix.toarray())[-1])
    try:
        values, vectors = eigsh(
            matrix, 1, which="LA", v0=np.random.default_rng(1).normal(size=n), tol=1e-5, maxiter=5000
        )
    except ArpackNoConvergence:
        return scale  # Gershgorin
    residual = float(np.linalg.norm(matrix @ vectors[:, 0] - values[0] * vectors[:, 0]))
    return float(values[0]) + residual
