r"""Simulated annealing on bits: 512 anneals at a time, each with the acceptance of Metropolis.

.. math:: P(s_i \to -s_i) = \min(1, e^{-2 \beta s_i f_i}), \qquad f_i = h_i + \sum_j J_{ij} s_j

Anneals of a strip of 512 share random thresholds (:mod:`.multispin_kernel`): each follows the law of an anneal, but
they are not independent, so that the spread of the best of them is wider than that of independent anneals.

Source: Isakov et al., Comput. Phys. Commun. 192, 265 (2015).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Ising
from ..kernels.aligned import empty
from ..kernels.philox import LANES
from ..rng import RNG, child, kernel_states, seed_sequence
from ..runtime.pieces import each_on_threads, pieces
from ..sampling.replicas import bitpacked_kernel as packed
from ..sampling.replicas.bitpacked import expand_bonds, word_states
from ..sampling.samples import Samples
from ..sampling.simulated_annealing import descend_to_minimum
from ..sampling.validation import at_least, check_ladder, starting_spins
from . import multispin_kernel as multispin
from .anneal_schedule import anneal_schedule


def multispin_annealing(
    ising: Ising,
    betas: ArrayLike | None = None,
    reads: int = packed.REPLICAS,
    *,
    descend: bool = True,
    initial: ArrayLike | None = None,
    keep: int | None = None,
    workers: int = 1,
    rng: RNG = None,
) -> Samples:
    r"""Minimize by anneals on bits, one sweep at each of ``betas``.

    Diagnostics: ``unit`` of the couplings.

    Parameters
    ----------
    ising : Ising
        The problem; in some unit, couplings and biases must be integers with \|h_i\| + sum_j \|J_ij\| <= 127.
    betas : (sweeps,) array_like or None
        Schedule; None is 1000 of :func:`.anneal_schedule`.
    reads : int
        Number of anneals; 512 take the time of one.
    descend : bool
        Whether each anneal ends at a state in which no single flip lowers E.
    initial : (n,) or (reads, n) array_like, or None
        Initial states; None is random.
    keep : int or None
        Number of the lowest reads that are returned, before they go downhill; None is all.
    workers : int
        Number of threads, on which the spins do not depend.
    rng : RNG
        Source of the streams, one for each 512 reads.

    Returns
    -------
    Samples
        The final states.
    """
    at_least(1, reads=reads, workers=workers, keep=reads if keep is None else keep)
    schedule = anneal_schedule(ising, 1000) if betas is None else check_ladder(betas, least=0)
    starts, neighbors, bonds, unit = expand_bonds(ising, "multispin", multispin.LARGEST_COUNT, 4)
    sequence, n = seed_sequence(rng), ising.size
    seeds = sequence.spawn(-(-reads // packed.REPLICAS))
    states = word_states(seeds)
    variates = np.array([child(seed, "variates").generate_state(4 * LANES, np.uint32) for seed in seeds])
    variates = variates.reshape(-1, 4, LANES)
    words = empty((len(seeds), 2 * n + 2, packed.WORDS), np.uint64)
    for strip, state in zip(words, states, strict=True):
        packed.randomize_bits(strip, state)
    if initial is not None:
        given = starting_spins(initial, reads, n)
        for k, strip in enumerate(words):
            packed.write_bits(strip[None], given[k * packed.REPLICAS : (k + 1) * packed.REPLICAS])
    scaled = unit * schedule
    for strips, sweeps in pieces(len(words), scaled.size, "annealing", together=workers):

        def one(k: int, sweeps: slice = sweeps) -> None:
            of = (starts, neighbors, bonds, scaled, sweeps.start, sweeps.stop)
            multispin.sweep_multispin(*of, words[k], states[k], variates[k])

        each_on_threads(one, range(strips.start, strips.stop), workers)
    lanes = np.arange(reads)
    if keep is not None and keep < reads:
        broken = np.empty((len(words), packed.REPLICAS), np.int64)
        for strip, counts in zip(words, broken, strict=True):
            packed.unsatisfied(starts, neighbors, strip, counts)
        lanes = np.argsort(broken.ravel()[:reads], kind="stable")[:keep]
    spins = _read(words, lanes)
    if descend:
        streams = [child(seeds[k // packed.REPLICAS], "descent", int(k % packed.REPLICAS)) for k in lanes]
        descend_to_minimum(ising, spins, kernel_states(streams))
    return Samples(spins, ising.energy(spins), schedule, "multispin", {"unit": unit})


def _read(words: NDArray[np.uint64], lanes: NDArray[np.int64]) -> NDArray[np.int8]:
    """Convert some reads to spins."""
    spins = np.empty((lanes.size, words.shape[1] // 2 - 1), np.int8)
    for some, _ in pieces(lanes.size, 1):
        packed.read_bits(words, lanes[some], spins[some])
    return spins
