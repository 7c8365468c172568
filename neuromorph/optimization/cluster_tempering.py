r"""Parallel tempering with isoenergetic cluster moves on bits: for lattices, planar graphs and other thin ones.

.. math:: \beta_t = .3 \cdot 10^{t / 31} \;\text{in units of the couplings}, \qquad t = 0 .. 31

32 temperatures and two replicas at each live in the bits of one word a spin (:mod:`.cluster_tempering_kernel`).
Clusters of the coldest temperatures are exchanged. Where they do not percolate, as in two dimensions, that crosses
barriers of any height; the lowest state met is what counts.

Sources: Houdayer, Eur. Phys. J. B 22, 479 (2001); Zhu, Ochoa and Katzgraber, Phys. Rev. Lett. 115, 077201 (2015).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Ising
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.pieces import each_on_threads, pieces
from ..sampling.replicas.bitpacked import expand_bonds
from ..sampling.replicas.integer_couplings import field_bounds, integer_couplings
from ..sampling.samples import Samples
from ..sampling.validation import at_least, check_ladder, starting_spins
from . import cluster_tempering_kernel as kernel

HOT, COLD = 0.3, 3.0  # ends of the ladder in units of the couplings
CLUSTERS = 10  # coldest temperatures whose clusters are exchanged; 8 to 14 did best on toroidal +-1 lattices
_FREE = -1  # number of unsatisfied bonds that is never reached


def holds_on_bits(ising: Ising) -> bool:
    """Test whether :func:`cluster_tempering` can hold a problem.

    Returns
    -------
    bool
        True if all fields are small integers in some unit.
    """
    found = integer_couplings(ising)
    return found is not None and int(field_bounds(ising, found).max(initial=0)) <= kernel.MOST_BONDS


def cluster_tempering(
    ising: Ising,
    betas: ArrayLike | None = None,
    rounds: int = 1000,
    reads: int = 1,
    *,
    clusters: int = CLUSTERS,
    goal: float = -np.inf,
    initial: ArrayLike | None = None,
    workers: int = 1,
    rng: RNG = None,
) -> Samples:
    r"""Minimize by tempering with isoenergetic clusters; a read is its ladder's lowest state.

    Diagnostics: ``rounds`` (reads,) that were made, ``unit`` of the couplings.

    Parameters
    ----------
    ising : Ising
        The problem; in some unit, couplings and biases must be integers with \|h_i\| + sum_j \|J_ij\| <= 7.
    betas : (32,) array_like or None
        The ladder in rising order; None is from .3 to 3 in equal ratios, in units of the couplings.
    rounds : int
        Sweeps of all replicas, each with cluster moves and swaps.
    reads : int
        Number of independent ladders.
    clusters : int
        Number of the coldest temperatures whose clusters are exchanged.
    goal : float
        Energy at which a ladder stops.
    initial : (n,) or (reads, n) array_like, or None
        Initial state of all replicas of a ladder; None is random.
    workers : int
        Number of threads, on which the spins do not depend.
    rng : RNG
        Source of one stream for each read.

    Returns
    -------
    Samples
        The lowest states.

    Raises
    ------
    ValueError
        If the problem or the ladder does not fit.
    """
    at_least(1, rounds=rounds, reads=reads, workers=workers)
    at_least(0, clusters=clusters)
    if clusters > kernel.TEMPERATURES:
        raise ValueError(f"clusters is {clusters}; there are {kernel.TEMPERATURES} temperatures")
    starts, places, bonds, unit = expand_bonds(ising, "cluster tempering", kernel.MOST_BONDS, 1)
    neighbors, signs = places % (ising.size + 1), np.where(places > ising.size, kernel.ALL_SET, kernel.U64(0))
    given = np.geomspace(HOT, COLD, kernel.TEMPERATURES) / unit if betas is None else check_ladder(betas, rising=True)
    if given.size != kernel.TEMPERATURES:
        raise ValueError(f"betas hold {given.size} temperatures; give {kernel.TEMPERATURES}")
    which, kinds = np.unique(bonds, return_inverse=True)
    outcomes = np.empty((which.size, kernel.SLOTS, 2, kernel.LEVELS), np.uint64)
    odds = np.empty((which.size, kernel.SLOTS), np.uint64)
    for k, count in enumerate(which):
        kernel.prefix_table(unit * given, int(count), outcomes[k], odds[k])
    streams, n = kernel_states(read_seeds(rng, reads)), ising.size
    words = np.full((reads, n + 1), kernel.ALL_SET, np.uint64)
    for row, stream in zip(words, streams, strict=True):
        row[:n] = np.random.default_rng(stream).integers(0, kernel.ALL_SET, n, np.uint64, endpoint=True)
    if initial is not None:
        words[:, :n] = np.where(starting_spins(initial, reads, n) > 0, kernel.ALL_SET, kernel.U64(0))
    pairs = (int(bonds.sum()) + int(np.rint(np.abs(ising.biases).sum() / unit))) / 2.0  # a bias is counted once
    least = (goal - ising.offset) / unit
    stop = _FREE if least < -pairs else int(min(np.floor((least + pairs) / 2.0 + 1e-9), 1 << 62))
    best, lowest = np.ones((reads, n), np.int8), np.full((reads, 1), 1 << 62)
    seen, made, over = np.zeros((reads, n + 1), np.int64), np.zeros(reads, np.int64), np.zeros(reads, bool)
    tables = (starts, neighbors, signs, kinds.astype(np.int64), outcomes, odds, unit * given, not ising.biases.any())
    for rows, part in pieces(reads, rounds, "tempering", together=workers):

        def one(r: int, part: slice = part) -> None:
            if over[r]:
                return
            counts, queue = np.empty(64, np.int64), np.empty(n, np.int64)
            made[r] = kernel.temper(
                *tables, part.start, part.stop, clusters, words[r], counts, best[r], lowest[r], stop, seen[r], queue,
                streams[r],
            )  # fmt: skip
            over[r] = lowest[r, 0] <= stop

        each_on_threads(one, range(rows.start, rows.stop), workers)
    about = {"rounds": made, "unit": unit}
    return Samples(best, np.asarray(ising.energy(best)), given, "cluster tempering", about)
