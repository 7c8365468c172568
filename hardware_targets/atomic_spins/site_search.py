r"""Placement of atoms on the sites of a surface: the best of many descents on the lattice.

.. math:: \min_{\mathbf r_i \in \text{sites},\, \sigma > 0}
          \sum_{i<j} \bigl(\sigma J(\mathbf r_i - \mathbf r_j) - J_{ij}\bigr)^2

A descent moves one atom at a time to the site that lowers the error most, then two at once to the best of all pairs
of sites, until neither helps; it begins at random sites. Law, scale and least separation are those of ``placement``.
A site is a choice among hundreds, a position among all: the error that remains falls with the area that is searched,
and the couplings with the distance at which they are found.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from .placement import CouplingLaw, Placement
from .site_search_kernel import improve_sites
from .surface import Surface

_TRIES = 200  # of a site for one atom; a disc that holds the others has one by then
REACH_NM = 3.5  # radius of the disc that is searched: an image of 7 nm


def place_on_sites(
    wanted: Float,
    law: CouplingLaw,
    surface: Surface,
    rng: np.random.Generator,
    starts: int = 16,
    *,
    reach_nm: float = REACH_NM,
    pairs: bool = True,
    first: Float | None = None,
) -> Placement:
    """Find sites whose couplings, times one scale, are closest to ``wanted``.

    Parameters
    ----------
    wanted : (n, n) float
        Requested couplings, not all zero.
    law : CouplingLaw
        The coupling of two atoms.
    surface : Surface
        Lattice of the sites.
    rng : numpy.random.Generator
        The stream of random starts.
    starts : int
        Number of descents.
    reach_nm : float
        Radius of the disc that is searched, nm.
    pairs : bool
        Whether two atoms at once are moved where no single move helps.
    first : (n, 2) float, optional
        Positions whose nearest sites are where the first descent begins, nm, as those of ``place_atoms``.

    Returns
    -------
    Placement
        The best arrangement.

    Raises
    ------
    ValueError
        If no start keeps all atoms apart.
    """
    n = len(wanted)
    sites = surface.sites_within(reach_nm)
    table = surface.coupling_table(law, reach_nm)
    asked = np.ascontiguousarray(wanted, dtype=float)
    best, least = np.empty(n, np.int64), np.inf
    for k in range(starts):
        checkpoint("placing the atoms", k, starts)
        at = rng.integers(len(sites), size=n)
        if k == 0 and first is not None:
            at = _nearest_of(sites, surface, np.asarray(first, dtype=float))
        _keep_apart(at, sites, table, rng)
        error = float(improve_sites(asked, table, sites, at, pairs))
        if error < least:
            best, least = at, error
    if np.isinf(least):
        raise ValueError(
            f"no descent of {starts} keeps {n} atoms {law.least} nm apart within {reach_nm} nm: search a larger disc"
        )
    chosen = sites[best]
    shift = np.rint(chosen.mean(axis=0) / 2.0).astype(np.int64) * 2  # a whole cell: sites stay sites
    return placement_at(asked, law, (chosen - shift) * surface.half_cell)


def placement_at(wanted: Float, law: CouplingLaw, positions: Float) -> Placement:
    """Return atoms at given positions, with the scale that fits ``wanted`` best.

    Parameters
    ----------
    wanted : (n, n) float
        Requested couplings.
    law : CouplingLaw
        The coupling of two atoms.
    positions : (n, 2) float
        Positions, nm.

    Returns
    -------
    Placement
        Positions, their couplings, and the scale; 0 where the couplings point away from the requested ones.
    """
    n = len(wanted)
    i, j = np.triu_indices(n, 1)
    x, y = (positions[i] - positions[j]).T
    couplings = np.zeros((n, n))
    couplings[i, j] = couplings[j, i] = law.couplings(x, y)
    scale = float(np.sum(couplings * wanted) / np.sum(couplings**2))
    return Placement(positions, couplings, max(0.0, scale))


def coupling_error(wanted: Float, placement: Placement) -> float:
    """Compute the relative error of placed couplings, at their best scale.

    Parameters
    ----------
    wanted : (n, n) float
        Requested couplings.
    placement : Placement
        Placed atoms.

    Returns
    -------
    float
        RMS(scale c - J) / RMS(J).
    """
    return float(np.linalg.norm(placement.scale * placement.couplings - wanted) / np.linalg.norm(wanted))


def _keep_apart(at: NDArray[np.int64], sites: NDArray[np.int64], table: Float, rng: np.random.Generator) -> None:
    """Draw anew, in place, the sites of atoms (n,) that are too near to an earlier one: no descent leaves those."""
    middle = np.array(table.shape) // 2
    for k in range(at.size):
        for _ in range(_TRIES):
            u, v = (sites[at[:k]] - sites[at[k]] + middle).T
            if np.isfinite(table[u, v]).all():
                break
            at[k] = rng.integers(len(sites))


def _nearest_of(sites: NDArray[np.int64], surface: Surface, positions: Float) -> NDArray[np.int64]:
    """Return the number of the site of the disc nearest to each position (n, 2)."""
    apart = (sites[None] * surface.half_cell - (positions - positions.mean(axis=0))[:, None]) ** 2
    return np.asarray(np.argmin(apart.sum(axis=2), axis=1), dtype=np.int64)
