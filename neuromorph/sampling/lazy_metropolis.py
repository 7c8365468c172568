r"""Lazy Metropolis: the temperatures at which sweeps in order must be lazy to reach every state.

.. math:: P(s_i \to -s_i) = \tfrac12 \min(1, e^{-x}) \text{ where } |x| \le 0.02, \qquad x = 2 \beta s_i f_i

A flip that costs nothing is accepted with certainty, and certainties in a fixed order leave nothing to chance: near
beta = 0 every spin flips at every sweep, and on a ring of equal couplings domain walls are carried round for ever, so
that a chain meets half of the states or fewer. A state is caught if a sweep flips it as a whole.

Summed over the spins of a connected part, the costs of such a sweep cancel; none is above 0, so that all are 0: a
single spin that cannot be in zero field frees its part, and so does a bias. Where every spin can be, many states are
caught if some spins have two neighbors only, as on rings, or if few spins have different neighbors, as in small or
complete bipartite graphs; else fewer than 2^-16. An enumeration of all graphs of up to 7 spins, in test_lazy.py,
confirms that these rules find all that is caught.
Source: lazy chains: Levin, Peres and Wilmer, Markov Chains and Mixing Times, 2nd ed. (2017), section 1.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from ..ising import Float, Ising
from ..kernels.philox import FREE
from .replicas.integer_couplings import integer_couplings

_EQUAL = 1e-3  # relative difference of fields that counts as none: a sweep over 30 spins meets it 30 times
_FEW = 16  # largest number of different rows of J that counts as few


def lazy_below(ising: Ising, sampled: bool = True) -> Float:
    """Find the beta up to which each spin must be lazy.

    Parameters
    ----------
    ising : Ising
        The problem.
    sampled : bool
        Whether free spins, which else flip at every sweep, are lazy too; an anneal does not need that.

    Returns
    -------
    (n,) float
        The betas: infinite where states are caught, -inf where a spin is never lazy.
    """
    strongest = np.asarray(abs(ising.sparse_couplings()).sum(axis=1)).ravel() + np.abs(ising.biases)
    limit = np.full(ising.size, -np.inf)
    if sampled:
        limit = np.divide(FREE / 2.0, strongest, out=np.full(ising.size, np.inf), where=strongest > 0.0)
    limit[_caught(ising)] = np.inf
    return limit


def _caught(ising: Ising) -> NDArray[np.bool_]:
    """Find the spins (n,) of parts in which every spin can be in zero field and many states are caught."""
    j = ising.sparse_couplings()
    degree = np.diff(j.indptr)
    parts, part = connected_components(j, directed=False)
    caught = np.bincount(part, ~_may_be_free(ising, degree), parts) == 0.0
    if caught.any():
        thin = np.bincount(part, degree <= 2, parts) > 0.0
        for k in np.flatnonzero(caught & ~thin):
            caught[k] = _few_rows(j, np.flatnonzero(part == k))
    return np.asarray(caught[part])


def _may_be_free(ising: Ising, degree: NDArray[Any]) -> NDArray[np.bool_]:
    """Test for each spin whether it has couplings that can cancel, and no bias."""
    found, coupled, owner = integer_couplings(ising), degree > 0, np.repeat(np.arange(ising.size), degree)
    j = abs(ising.sparse_couplings())
    unit = np.ones(ising.size)
    unit[coupled] = found[0] if found else np.minimum.reduceat(j.data, j.indptr[:-1][coupled])
    size = j.data / unit[owner]
    whole = np.rint(size)
    uneven = np.bincount(owner, np.abs(size - whole) > _EQUAL * size, ising.size) > 0.0
    total, largest = np.bincount(owner, whole, ising.size), np.zeros(ising.size)
    largest[coupled] = np.maximum.reduceat(whole, j.indptr[:-1][coupled])
    cancels = (total % 2.0 == 0.0) & (largest <= total / 2.0) & ~uneven
    return np.asarray(coupled & cancels & (np.abs(ising.biases) <= _EQUAL * unit))


def _few_rows(j: Any, spins: NDArray[np.int64]) -> bool:
    """Test whether at most ``_FEW`` rows of J differ by more than a sign."""
    seen = set()
    for i in spins:
        row = slice(j.indptr[i], j.indptr[i + 1])
        seen.add((j.indices[row].tobytes(), (j.data[row] * np.sign(j.data[row.start])).tobytes()))
        if len(seen) > _FEW:
            return False
    return True
