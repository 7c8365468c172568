r"""Learning rules in closed form: patterns (k, n) of -1 and +1 become couplings J (n, n).

.. math:: J^{\rm Hebb} = \frac1n X^\top X, \qquad
          J^{\rm pinv} = X^+ X, \qquad
          J^\nu_{ij} = J^{\nu-1}_{ij} + \tfrac1n (x_i - h_{ij})(x_j - h_{ji}), \quad
          h_{ij} = \sum_{l \ne i, j} J^{\nu-1}_{il} x_l

all with zero diagonal unless asked. Hebb: Hopfield, PNAS 79, 2554 (1982). Pseudo-inverse, the projection on the span of
the patterns: Personnaz, Guyon and Dreyfus, J. Physique Lett. 46, L359 (1985); Phys. Rev. A 34, 4217 (1986). Storkey, in
the first order without the product of the two fields h: Storkey, ICANN 97, 451 (1997); in the second order as written:
Storkey and Valabregue, Neural Networks 12, 869 (1999).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, Ising
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas


def hebb(patterns: ArrayLike, *, normalized: bool = True, diagonal: bool = False) -> Float:
    """Learn couplings by Hebb's rule J_ij = sum_mu x_i x_j.

    Parameters
    ----------
    patterns : (k, n) array_like
        Patterns of -1 and +1.
    normalized : bool
        Whether the sum is divided by n.
    diagonal : bool
        Whether the diagonal of the sum is kept; otherwise J_ii = 0.

    Returns
    -------
    (n, n) float
        J.
    """
    x = check_patterns(patterns).astype(float)
    n = x.shape[1]
    with single_threaded_blas(x.size * n):
        return _finished(x.T @ x / (n if normalized else 1), diagonal)


@single_threaded_blas()
def pseudo_inverse(patterns: ArrayLike, *, diagonal: bool = False) -> Float:
    """Learn couplings by the pseudo-inverse rule J = X^+ X, the projection on the patterns.

    All patterns are eigenvectors with eigenvalue 1. The rule takes the singular vectors of X whose values are not
    round-off, so that repeated and dependent patterns are no difficulty. Without the diagonal each pattern stays fixed
    as long as every J_ii < 1, that is, as long as the patterns do not span a whole axis: k < n for random ones.

    Parameters
    ----------
    patterns : (k, n) array_like
        Patterns of -1 and +1.
    diagonal : bool
        Whether the diagonal is kept; otherwise J_ii = 0.

    Returns
    -------
    (n, n) float
        J.

    References
    ----------
    Kanter and Sompolinsky, Phys. Rev. A 35, 380 (1987).
    """
    x = check_patterns(patterns).astype(float)
    _, values, vectors = np.linalg.svd(x, full_matrices=False)
    kept = vectors[values > max(x.shape) * np.finfo(float).eps * values[0]]
    return _finished(kept.T @ kept, diagonal)


def storkey(patterns: ArrayLike, *, order: int = 1, start: ArrayLike | None = None) -> Float:
    """Learn couplings by Storkey's rule, each pattern without the earlier crosstalk.

    Parameters
    ----------
    patterns : (k, n) array_like
        Patterns of -1 and +1.
    order : {1, 2}
        1: x_i x_j - x_i h_ji - h_ij x_j (1997); 2: the same + h_ij h_ji (1999).
    start : (n, n) array_like or None
        J learned before, with zero diagonal, which the rule continues; None is empty.

    Returns
    -------
    (n, n) float
        J.

    Raises
    ------
    ValueError
        If ``order`` is unknown or ``start`` has the wrong shape, a diagonal, or values that are not finite.
    """
    x = check_patterns(patterns).astype(float)
    n = x.shape[1]
    if order not in (1, 2):
        raise ValueError(f"order is {order}; it must be 1 (Storkey 1997) or 2 (Storkey and Valabregue 1999)")
    j = np.zeros((n, n)) if start is None else np.array(start, dtype=float)
    if j.shape != (n, n) or not np.isfinite(j).all() or j.diagonal().any():
        raise ValueError(f"start has shape {j.shape}; give finite ({n}, {n}) couplings with zero diagonal")
    for k, pattern in enumerate(x):
        checkpoint("storkey learning", k, len(x))
        fields = (j @ pattern)[:, None] - j * pattern  # h_ij, the field on i without j; J_ii = 0 leaves i out
        change = np.outer(pattern, pattern) - fields * pattern - (fields * pattern).T
        if order == 2:
            change += fields * fields.T
        j = _finished(j + change / n, diagonal=False)
    return j


def couplings_as_ising(couplings: ArrayLike, biases: ArrayLike | None = None) -> Ising:
    """Convert symmetric couplings to an Ising problem, a diagonal into its offset.

    Parameters
    ----------
    couplings : (n, n) array_like
        Symmetric J; asymmetric couplings have no energy and are refused.
    biases : (n,) array_like or None
        h; None is zeros.

    Returns
    -------
    Ising
        The problem.

    Raises
    ------
    ValueError
        If ``couplings`` are not square or not symmetric.
    """
    j = np.array(couplings, dtype=float)
    if j.ndim != 2 or j.shape[0] != j.shape[1]:
        raise ValueError(f"couplings have shape {j.shape}; expected (n, n)")
    offset = -0.5 * float(np.trace(j))
    np.fill_diagonal(j, 0.0)
    return Ising(j, biases, offset)


def check_patterns(patterns: ArrayLike) -> NDArray[np.int8]:
    """Validate patterns of -1 and +1.

    Returns
    -------
    (k, n) int8
        The patterns; a single one (n,) becomes (1, n).

    Raises
    ------
    ValueError
        If a dimension is 0 or a value is neither -1 nor +1.
    """
    x: NDArray[Any] = np.atleast_2d(np.asarray(patterns))
    if x.ndim != 2 or 0 in x.shape:
        raise ValueError(f"patterns have shape {x.shape}; expected (patterns, pixels), neither of them 0")
    if x.dtype.kind not in "iuf" or not ((x == 1) | (x == -1)).all():
        raise ValueError("patterns hold values other than -1 and +1; map 0/1 by s = 2x - 1")
    return x.astype(np.int8)


def _finished(couplings: Float, diagonal: bool) -> Float:
    """Make J exactly symmetric, which products of matrices are not to the last bit; drop the diagonal unless kept."""
    j = (couplings + couplings.T) / 2.0
    if not diagonal:
        np.fill_diagonal(j, 0.0)
    return j
