"""Sites of a sparse graph in words of few bits: rounding, tables of probabilities, and the heat bath color by color."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float, Ising
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.sampling.single_spin_kernel import randomize_spins

from .colored_updates_kernel import colored_updates

_PART = 20_000_000  # updates between two looks at the clock


@dataclass(frozen=True, eq=False)
class SiteWords:
    """Words of the sites, as sparse rows.

    Attributes
    ----------
    indptr, indices : int64 arrays
        CSR structure.
    words : int64 array
        J of each coupler.
    biases : (sites,) int64
        h.
    scale : float
        Words in a unit of energy.
    held : Ising
        What the words stand for.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    words: NDArray[np.int64]
    biases: NDArray[np.int64]
    scale: float
    held: Ising


def held_in_words(physical: Ising, largest: int) -> SiteWords:
    """Round couplings and biases of sites to words of one scale.

    Parameters
    ----------
    physical : Ising
        Couplings and biases of the sites.
    largest : int
        Largest word.

    Returns
    -------
    SiteWords
        Words, and what they stand for.
    """
    j = physical.sparse_couplings()
    top = max(float(np.abs(j.data).max(initial=0.0)), float(np.abs(physical.biases).max(initial=0.0)))
    scale = largest / top if top > 0.0 else 1.0
    words, biases = (np.rint(scale * each).astype(np.int64) for each in (j.data, physical.biases))
    couplings = j.copy()
    couplings.data = words / scale
    held = Ising(couplings, biases / scale, physical.offset)
    return SiteWords(j.indptr.astype(np.int64), j.indices.astype(np.int64), words, biases, scale, held)


def probability_table(betas: Float, scale: float, largest: int) -> NDArray[np.uint64]:
    """Compute the table of probabilities that a site turns up.

    Parameters
    ----------
    betas : (sweeps,) float
        Inverse temperatures.
    scale : float
        Words in a unit of energy.
    largest : int
        F, largest field in words.

    Returns
    -------
    (sweeps, 2 F + 1) uint64
        2^32 / (1 + exp(-2 beta f / scale)), rounded, for f = -F to F.
    """
    drive = 2.0 * np.asarray(betas, float)[:, None] * np.arange(-largest, largest + 1) / scale
    return np.rint(2.0**32 / (1.0 + np.exp(np.clip(-drive, -700.0, 700.0)))).astype(np.uint64)


def heat_bath_reads(
    words: SiteWords, colors: NDArray[np.int64], betas: Float, streams: NDArray[np.uint64]
) -> tuple[NDArray[np.int8], Float]:
    """Run reads from random states, a sweep at each inverse temperature.

    Parameters
    ----------
    words : SiteWords
        Words of the sites.
    colors : (sites,) int64
        Color of each site; sites of one color are not coupled.
    betas : (sweeps,) float
        Inverse temperatures.
    streams : (reads, 4) uint64
        Random states, changed in place.

    Returns
    -------
    states : (reads, sites) int8
        Last states; fewer than asked where reads were interrupted.
    flips : (reads,) float
        Flips.
    """
    n = words.biases.size
    fields = np.abs(words.biases) + np.diff(np.r_[0, np.abs(words.words).cumsum()][words.indptr])
    table = probability_table(betas, words.scale, int(fields.max()))
    order = np.argsort(colors, kind="stable")
    each = max(1, min(_PART // (n * betas.size), 4096))
    part = max(1, _PART // n)

    def some(first: int) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
        mine = streams[first : first + each]
        spins, flips = np.empty((len(mine), n), np.int8), np.zeros(len(mine), np.int64)
        randomize_spins(spins, mine)
        for begin in range(0, betas.size, part):
            checkpoint("sweeps", first, len(streams))
            sweeps = table[begin : begin + part]
            colored_updates(words.indptr, words.indices, words.words, words.biases, order, sweeps, spins, flips, mine)
        return spins, flips

    parts, _ = whole_parts(map(some, range(0, len(streams), each)))
    states, flips = (np.concatenate(found) for found in zip(*parts, strict=True))
    return states, flips.astype(float)
