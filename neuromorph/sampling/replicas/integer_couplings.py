"""Detection of couplings and biases that are integers times one unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...ising import Float, Ising

_MANY = 256  # number of distinct magnitudes that no problem of small integers reaches
_SLACK = 1e-9  # error of decimal fractions in binary, relative to the largest integer
_NOTHING = 1e-14  # remainder of sums that should cancel, relative to the largest value


def largest_magnitude(ising: Ising) -> float:
    """Find the largest magnitude of couplings and biases.

    Returns
    -------
    float
        The largest absolute value of J_ij and h_i, or 1 where all are 0.
    """
    values = _held(ising)
    return max(float(np.abs(values).max(initial=0.0)), float(np.abs(ising.biases).max())) or 1.0


def _held(ising: Ising) -> Float:
    """Return the stored values of the couplings, of a dense matrix with its zeros."""
    return np.asarray(ising.couplings.data if ising.is_sparse else ising.couplings.ravel())


def field_bounds(ising: Ising, found: tuple[float, NDArray[np.int64], NDArray[np.int64]]) -> NDArray[np.int64]:
    """Bound the field on every spin by the sum of absolute values of h_i and J_ij.

    Parameters
    ----------
    ising : Ising
        The problem.
    found : tuple
        Result of :func:`integer_couplings`.

    Returns
    -------
    (n,) int64
        The bounds in the unit of ``found``.
    """
    each = np.abs(found[2])
    np.add.at(each, np.repeat(np.arange(ising.size), np.diff(ising.sparse_couplings().indptr)), np.abs(found[1]))
    return each


def integer_couplings(ising: Ising) -> tuple[float, NDArray[np.int64], NDArray[np.int64]] | None:
    """Find the largest unit of which all couplings and biases are integer multiples.

    Returns
    -------
    tuple of float, int64 arrays, or None
        Unit, J / unit in the order of the CSR data, and h / unit; None if there is no unit.
    """
    if np.unique(np.abs(_held(ising)[: 16 * _MANY])).size > _MANY + 1:  # one more for 0
        return None  # a part of a dense matrix is enough to refuse it
    values = ising.sparse_couplings().data
    sizes = np.unique(np.abs(np.concatenate([values, ising.biases])))
    sizes = sizes[sizes > _NOTHING * sizes[-1]]
    if sizes.size > _MANY:
        return None
    unit = 0.0
    for size in sizes:  # Euclid's algorithm
        while size > _SLACK * sizes[-1]:
            unit, size = size, unit % size if min(unit % size, size - unit % size) > _SLACK * sizes[-1] else 0.0
    unit = unit or 1.0
    couplings, biases = np.rint(values / unit), np.rint(ising.biases / unit)
    worst = max(np.abs(values - couplings * unit).max(initial=0.0), np.abs(ising.biases - biases * unit).max())
    if worst > _SLACK * unit or (sizes < 0.5 * unit).any():
        return None
    return float(unit), couplings.astype(np.int64), biases.astype(np.int64)
