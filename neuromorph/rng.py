"""Random streams: one for each read, independent of the number of workers or batches.

``rng`` is a seed, a ``SeedSequence``, a ``Generator`` or None (SPEC 7). Reads take children of one ``SeedSequence``, so
that a run of 30 reads begins with the same 10 reads as a run of 10, and a run continues where an earlier one stopped
(``SeedSequence`` remembers how many children it has given).
"""

from __future__ import annotations

import zlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RNG: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None


def seed_sequence(rng: RNG) -> np.random.SeedSequence:
    """Return the SeedSequence behind ``rng``.

    Later spawning advances a Generator or a SeedSequence; a seed is not advanced.

    Returns
    -------
    SeedSequence
        The sequence.

    Raises
    ------
    TypeError
        If ``rng`` is none of the accepted types.
    ValueError
        If a seed is negative.
    """
    if isinstance(rng, np.random.SeedSequence):
        return rng
    if isinstance(rng, np.random.Generator):
        sequence = rng.bit_generator.seed_seq
        if not isinstance(sequence, np.random.SeedSequence):
            raise TypeError("rng has a bit generator without SeedSequence; make it with numpy.random.default_rng(seed)")
        return sequence
    if rng is None or isinstance(rng, (int, np.integer)):
        if rng is not None and rng < 0:
            raise ValueError(f"rng is {rng}; a seed must not be negative")
        return np.random.SeedSequence(rng)
    raise TypeError(f"rng is {type(rng).__name__}; expected a seed, a SeedSequence, a Generator or None")


def child(seed: np.random.SeedSequence, *keys: int | str) -> np.random.SeedSequence:
    """Return the child of a seed under some keys, the same whatever else was spawned.

    Parameters
    ----------
    seed : SeedSequence
        Not advanced.
    *keys : int or str
        Numbers as ``spawn`` gives them, or names, each a generation further.

    Returns
    -------
    SeedSequence
        Without children of its own yet.
    """
    numbers = (zlib.crc32(key.encode()) if isinstance(key, str) else int(key) for key in keys)
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, *numbers), pool_size=seed.pool_size)


def read_seeds(rng: RNG, reads: int) -> list[np.random.SeedSequence]:
    """Spawn one independent SeedSequence for each read.

    Parameters
    ----------
    rng : RNG
        Source of the streams.
    reads : int
        Number of reads.

    Returns
    -------
    list of SeedSequence
        The streams.

    Raises
    ------
    ValueError
        If ``reads`` is below 1.
    """
    if reads < 1:
        raise ValueError(f"reads is {reads}; ask for at least one")
    return seed_sequence(rng).spawn(reads)


def kernel_states(seeds: list[np.random.SeedSequence]) -> NDArray[np.uint64]:
    """Generate the states of xoshiro256++ for :mod:`.kernels.xoshiro`.

    Returns
    -------
    (reads, 4) uint64
        The states, never all zero.
    """
    states = np.array([seed.generate_state(4, np.uint64) for seed in seeds], dtype=np.uint64).reshape(-1, 4)
    states[:, 0] |= np.uint64(1)
    return states
