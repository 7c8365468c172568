r"""Overlaps of two replicas of one problem, the order parameter of spin glasses, at every beta of a ladder.

.. math:: q = \frac1n \sum_i s_i^{(1)} s_i^{(2)}, \qquad P(q) = [\langle \delta(q - q^{12}) \rangle]

where the brackets average over instances. Above the transition P(q) is one peak at 0; where replica symmetry is broken
it is broad, with weight at q = 0 that does not vanish as n grows. For couplings from a Gaussian an integration by parts
ties the mean energy to overlaps, at every size, and tells whether a simulation has reached equilibrium:

.. math:: [\langle E \rangle] = -\beta \sum_{i < j} [J_{ij}^2] \bigl( 1 - [\langle s_i s_j \rangle^2] \bigr)
          \quad\Rightarrow\quad [\langle E \rangle] / n = -\tfrac{\beta}{2} (1 - [\langle q^2 \rangle])
          \ \text{(Sherrington-Kirkpatrick)}

Sources: Parisi, Phys. Rev. Lett. 50, 1946 (1983); Young, Phys. Rev. Lett. 51, 1206 (1983); Bray and Moore, J. Phys. C
13, L469 (1980); Katzgraber, Palassini and Young, Phys. Rev. B 63, 184422 (2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, Ising
from ..rng import RNG, seed_sequence
from .replica_exchange import Ladders
from .validation import at_least, check_ladder


@dataclass(frozen=True, eq=False)
class ReplicaOverlaps:
    """Overlaps of two replicas of one problem, sampled by parallel tempering.

    Attributes
    ----------
    betas : (T,) float
        The ladder, rising.
    overlaps : (draws, T) float
        q.
    link_overlaps : (draws, T) float
        Overlap of the bonds: the mean of s_i s_j s'_i s'_j over pairs with J_ij != 0; 1 without such pairs.
    energies : (draws, T) float
        E, the mean of both replicas.
    swap_rates : (T - 1,) float
        Mean probability of a swap between neighbors.
    """

    betas: Float
    overlaps: Float
    link_overlaps: Float
    energies: Float
    swap_rates: Float


def replica_overlaps(
    ising: Ising, betas: ArrayLike, draws: int = 1000, *, burn_in: int = 1000, thin: int = 1, rng: RNG = None
) -> ReplicaOverlaps:
    """Sample overlaps of two independent ladders of parallel tempering.

    Parameters
    ----------
    ising : Ising
        The problem.
    betas : (T,) array_like
        The ladder in rising order.
    draws, burn_in, thin : int
        Overlaps kept; sweeps before the first, and from one to the next.
    rng : RNG
        Source of the streams.

    Returns
    -------
    ReplicaOverlaps
        The overlaps.

    Raises
    ------
    ValueError
        If the ladder or a count is out of range.
    """
    rungs, ladders = _two_ladders(ising, betas, draws, burn_in, thin, rng)
    j = ising.sparse_couplings()
    first, second = np.repeat(np.arange(ising.size), np.diff(j.indptr)), j.indices
    first, second = first[first < second], second[first < second]
    complete = j.nnz == ising.size * (ising.size - 1) > 0
    q, links, energies = (np.ones((draws, rungs.size)) for _ in range(3))
    for draw in range(draws):
        ladders.advance(np.empty(thin), "overlaps")
        spins = ladders.spins_by_beta()  # (2, T, n)
        product = spins[0] * spins[1]
        q[draw] = product.mean(axis=1)
        if complete:  # the sum over all pairs is a square
            links[draw] = (ising.size * q[draw] ** 2 - 1.0) / (ising.size - 1.0)
        elif first.size:
            links[draw] = (product[:, first] * product[:, second]).mean(axis=1)
        energies[draw] = ising.energy(spins.reshape(-1, ising.size)).reshape(2, -1).mean(axis=0)
    return ReplicaOverlaps(rungs, q, links, energies, ladders.swap_rates())


def overlap_fields(
    ising: Ising, betas: ArrayLike, draws: int = 100, *, burn_in: int = 1000, thin: int = 10, rng: RNG = None
) -> NDArray[np.int8]:
    r"""Sample the overlap of two replicas at every spin, from which its Fourier modes follow.

    .. math:: q_i = s_i^{(1)} s_i^{(2)}, \qquad \xi = \frac{1}{2 \sin(k / 2)}
              \sqrt{\frac{[\langle |q(0)|^2 \rangle]}{[\langle |q(k)|^2 \rangle]} - 1}

    xi is the correlation length on a torus of side L, with k = 2 pi / L along an axis; xi / L of all sizes crosses at
    the transition.

    Parameters
    ----------
    ising : Ising
        The problem.
    betas : (T,) array_like
        The ladder in rising order.
    draws, burn_in, thin : int
        Draws kept; sweeps before the first, and from one to the next.
    rng : RNG
        Source of the streams; the same as those of :func:`replica_overlaps`.

    Returns
    -------
    (draws, T, n) int8
        q_i.

    Raises
    ------
    ValueError
        If the ladder or a count is out of range.

    References
    ----------
    Ballesteros et al., Phys. Rev. B 62, 14237 (2000).
    """
    rungs, ladders = _two_ladders(ising, betas, draws, burn_in, thin, rng)
    fields = np.empty((draws, rungs.size, ising.size), np.int8)
    for draw in range(draws):
        ladders.advance(np.empty(thin), "overlaps")
        spins = ladders.spins_by_beta()
        fields[draw] = spins[0] * spins[1]
    return fields


def _two_ladders(
    ising: Ising, betas: ArrayLike, draws: int, burn_in: int, thin: int, rng: RNG
) -> tuple[Float, Ladders]:
    """Check the arguments and burn two ladders in."""
    at_least(1, draws=draws, thin=thin)
    at_least(0, burn_in=burn_in)
    rungs = check_ladder(betas, rising=True)
    ladders = Ladders(ising, rungs, 2, False, "heat-bath", "auto", seed_sequence(rng))
    ladders.advance(np.empty(burn_in), "burn-in")
    return rungs, ladders
