"""Random streams: one for each read, the same whatever the number of workers or batches.

``rng`` is a seed, a ``SeedSequence``, a ``Generator`` or None (SPEC 7). Reads take children of one ``SeedSequence``, so
a run of 30 reads begins with the same 10 reads as a run of 10, and a run continues where an earlier one stopped
(``SeedSequence`` remembers how many children it has given).
"""

from __future__ import annotations

import zlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RNG: TypeAlias = int | np.random.SeedSequence | np.random.Generator | None


def seed_sequence(rng: RNG) -> np.random.SeedSequence:
    """The SeedSequence behind ``rng``; a Generator or SeedSequence is advanced by later spawning, a seed is not."""
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
    """One independent SeedSequence a read."""
    if reads < 1:
        raise ValueError(f"reads is {reads}; ask for at least one")
    return seed_sequence(rng).spawn(reads)


def kernel_states(seeds: list[np.random.SeedSequence]) -> NDArray[np.uint64]:
    """(reads, 4) states for the generator of ``kernels.random``, never all zero."""
    states = np.array([seed.generate_state(4, np.uint64) for seed in seeds], dtype=np.uint64).reshape(-1, 4)
    states[:, 0] |= np.uint64(1)
    return states
