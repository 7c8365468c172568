"""Assignments of cities to positions, read from the final outputs of the tour dynamics without repair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float


@dataclass(frozen=True, eq=False)
class Permutations:
    """Final outputs of a batch of reads of the tour dynamics.

    Attributes
    ----------
    values : (reads, n, n) float
        V[city, position] at the end, from 0 to 1.
    duration_tau : float
        Time that each read took, in time constants of the leak.
    steps : int
        Integration steps of each read.
    passes : (reads,) int
        Normalizations of all rows and columns in each read; 0 where the dynamics do not normalize.
    """

    values: NDArray[np.floating]
    duration_tau: float
    steps: int
    passes: NDArray[np.int64]

    @property
    def assignments(self) -> NDArray[np.bool_]:
        """Binary assignments V > 1/2, (reads, n, n)."""
        return np.asarray(self.values > 0.5)

    @property
    def spins(self) -> NDArray[np.int8]:
        """Spins (reads, n * n), +1 where V > 1/2; a row reshapes to [city, position]."""
        return np.where(self.assignments, 1, -1).astype(np.int8).reshape(len(self.values), -1)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Validity (reads,): True where V > 1/2 is a permutation."""
        a = self.assignments
        return np.asarray((a.sum(axis=1) == 1).all(axis=1) & (a.sum(axis=2) == 1).all(axis=1))

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Convergence (reads,): True where every V is within 0.1 of 0 or 1."""
        return np.asarray(np.abs(self.values - self.assignments).max(axis=(1, 2)) < 0.1)

    @property
    def tours(self) -> NDArray[np.intp]:
        """City of the largest V at each position, (reads, n): a tour where ``valid``."""
        return np.asarray(self.values.argmax(axis=1))


def check_distances(distances: ArrayLike) -> Float:
    """Validate a matrix of distances and copy it.

    Returns
    -------
    (n, n) float
        A read-only copy.

    Raises
    ------
    ValueError
        If the matrix is not square, has fewer than 3 cities, or is not finite.
    """
    d = np.array(distances, dtype=float)
    if d.ndim != 2 or d.shape[0] != d.shape[1] or len(d) < 3:
        raise ValueError(f"distances have shape {d.shape}; expected (n, n) with n >= 3 cities")
    if not np.isfinite(d).all():
        raise ValueError("distances hold NaN or infinity; every distance must be finite")
    d.setflags(write=False)
    return d
