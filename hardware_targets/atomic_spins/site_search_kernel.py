r"""Descent on a lattice: the one best move of an atom, or of two at once, until none helps.

.. math:: \epsilon^2 = \min_{\sigma > 0} \frac{\sum (\sigma c_{ij} - J_{ij})^2}{\sum J_{ij}^2}
          = 1 - \frac{\max(0, \sum c_{ij} J_{ij})^2}{\sum c_{ij}^2 \sum J_{ij}^2}

with c the couplings of the law at the sites, sums over pairs i < j, and the scale sigma always at its best. Moving
atoms i and j leaves the sums over the other pairs alone and adds one row of each, so that all m^2 pairs of m sites
cost one look-up each.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numba import njit

_GAIN = 1e-12  # of epsilon^2, below which a move is round-off


@njit(cache=True, nogil=True, inline="always")
def _badness(product, square, norm):
    """Compute epsilon^2 from sum c J, sum c^2 and sum J^2."""
    if not square < np.inf:
        return np.inf
    if not product > 0.0:
        return 1.0
    return 1.0 - product * product / (square * norm)


@njit(cache=True, nogil=True)
def _sums(wanted, table, sites, at, skip, other, products, squares):
    """Fill sum c J and sum c^2 of the atom ``skip`` at every site with all atoms except ``other``."""
    middle_u, middle_v = table.shape[0] // 2, table.shape[1] // 2
    for s in range(sites.shape[0]):
        product = square = 0.0
        for k in range(at.size):
            if k != skip and k != other:
                c = table[sites[s, 0] - sites[at[k], 0] + middle_u, sites[s, 1] - sites[at[k], 1] + middle_v]
                product += c * wanted[skip, k]
                square += c * c
        products[s], squares[s] = product, square


@njit(cache=True, nogil=True)
def _rest(wanted, table, sites, at, i, j):
    """Compute sum c J and sum c^2 of the pairs that hold neither atom i nor j."""
    middle_u, middle_v = table.shape[0] // 2, table.shape[1] // 2
    product = square = 0.0
    for k in range(at.size):
        for m in range(k):
            if k != i and k != j and m != i and m != j:
                c = table[sites[at[m], 0] - sites[at[k], 0] + middle_u, sites[at[m], 1] - sites[at[k], 1] + middle_v]
                product += c * wanted[k, m]
                square += c * c
    return product, square


@njit(cache=True, nogil=True)
def improve_sites(wanted, table, sites, at, pairs):
    """Move one atom, and then two at once, to the best sites until no move helps.

    Parameters
    ----------
    wanted : (n, n) float
        J, symmetric.
    table : (u, v) float
        Coupling by displacement in half cells, the middle is none; infinite where two atoms would be too near.
    sites : (m, 2) int64
        Sites in half cells.
    at : (n,) int64
        Site of each atom, changed in place.
    pairs : bool
        Whether to move two atoms at once where no single move helps.

    Returns
    -------
    float
        epsilon^2, infinite if atoms stay too near one another.
    """
    n, m = at.size, sites.shape[0]
    middle_u, middle_v = table.shape[0] // 2, table.shape[1] // 2
    norm = 0.0
    for i in range(n):
        for j in range(i):
            norm += wanted[i, j] ** 2
    first, second = np.empty((2, m)), np.empty((2, m))
    product, square = _rest(wanted, table, sites, at, -1, -1)
    best = _badness(product, square, norm)
    moved = True
    while moved:
        moved = False
        for i in range(n):
            product, square = _rest(wanted, table, sites, at, i, i)
            _sums(wanted, table, sites, at, i, i, first[0], first[1])
            for s in range(m):
                trial = _badness(product + first[0, s], square + first[1, s], norm)
                if trial < best - _GAIN:
                    best, at[i], moved = trial, s, True
        if moved or not pairs:
            continue
        for i in range(n):
            for j in range(i):
                product, square = _rest(wanted, table, sites, at, i, j)
                _sums(wanted, table, sites, at, i, j, first[0], first[1])
                _sums(wanted, table, sites, at, j, i, second[0], second[1])
                for s in range(m):
                    if first[1, s] == np.inf:
                        continue
                    for t in range(m):
                        c = table[sites[s, 0] - sites[t, 0] + middle_u, sites[s, 1] - sites[t, 1] + middle_v]
                        trial = _badness(
                            product + first[0, s] + second[0, t] + c * wanted[i, j],
                            square + first[1, s] + second[1, t] + c * c,
                            norm,
                        )
                        if trial < best - _GAIN:
                            best, at[i], at[j], moved = trial, s, t, True
    return max(0.0, best)
