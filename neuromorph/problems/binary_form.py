"""Quadratic forms of problems over x in {0, 1}: their Ising model, energies and answers, which several kinds share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising, check_spins

MAX_TERMS = 40_000_000  # couplings of a model that is built: 480 MB


def ising_of_terms(size: int, i: Any, j: Any, values: Any, linear: Any, offset: float) -> Ising:
    """Build the model of E(x) = sum of values x_i x_j + linear x + offset, pairs adding up.

    Parameters
    ----------
    size : int
        Number of variables.
    i, j : (m,) int
        Variables of each term, i != j.
    values : (m,) float
        Values.
    linear : (size,) float
        Linear terms.
    offset : float
        Constant.

    Returns
    -------
    Ising
        Model.

    Raises
    ------
    ValueError
        If there are too many terms.
    """
    if np.size(i) > MAX_TERMS:
        raise ValueError(
            f"the model would have {np.size(i)} couplings; it stops at {MAX_TERMS}: give a smaller instance"
        )
    terms = sparse.coo_array((np.asarray(values, float), (np.asarray(i), np.asarray(j))), shape=(size, size))
    both = sparse.csr_array(terms + terms.T)
    return Ising.from_binary(-both, -np.asarray(linear, float), offset)


def one_up(spins: ArrayLike, size: int) -> NDArray[np.bool_]:
    """Read one state.

    Parameters
    ----------
    spins : (size,) int
        State, -1 or +1.
    size : int
        Number of spins.

    Returns
    -------
    (size,) bool
        Whether each is up.

    Raises
    ------
    ValueError
        If it is no state, or several.
    """
    s = check_spins(spins, size)
    if s.ndim != 1:
        raise ValueError(f"spins have shape {s.shape}; decode one state ({size},) at a time")
    return np.asarray(s > 0)


def same_group_pairs(groups: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List all pairs of variables of one group.

    Parameters
    ----------
    groups : (groups, k) int
        Variables of each group.

    Returns
    -------
    tuple of (m,) int64, (m,) int64
        Pairs, each once.
    """
    a, b = np.triu_indices(groups.shape[1], 1)
    return groups[:, a].ravel(), groups[:, b].ravel()


def rounded_up(bound: float) -> float:
    """Round a bound up to five binary digits, so that integer sums stay exact.

    Parameters
    ----------
    bound : float
        Bound, 0 or above.

    Returns
    -------
    float
        Number above it; 1 for 0.
    """
    if bound <= 0.0:
        return 1.0
    unit = 2.0 ** (np.floor(np.log2(bound)) - 4.0)
    return float((np.floor(bound / unit) + 1.0) * unit)


def energies_of(model: Ising, spins: ArrayLike) -> Float | float:
    """Compute the energy of states by their model.

    Parameters
    ----------
    model : Ising
        Model.
    spins : (n,) or (reads, n)
        One state, or many.

    Returns
    -------
    float or (reads,) float
        E.
    """
    return model.energy(spins)
