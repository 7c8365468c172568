r"""Reads stacked in one simulation, and the same whatever reads are asked for.

Brian2 has one random stream for a whole simulation, so that a read depends on how many stand beside it. Batches are
therefore fixed: with s the first of them, reads 0 .. s - 1 are simulated together, then s .. 2s - 1, 2s .. 4s - 1, and
so on, doubling up to the largest; each takes the stream of its first read. A batch is simulated whole though one read
of it be asked for. Few reads stay cheap, many are done in few simulations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRST, LARGEST = 64, 8192  # reads of the first and of the largest batch, for small networks
_NEURONS, _SYNAPSES = 1 << 15, 1 << 21  # of a batch beyond the first one, and of any


@dataclass(frozen=True, eq=False)
class ReadBatchPlan:
    """where (k,): positions among the reads asked for; chains (k,): which they are of the ``size`` simulated."""

    where: NDArray[np.int64]
    chains: NDArray[np.int64]
    size: int
    seed: np.random.SeedSequence


def batch_sizes(neurons: int, synapses: int) -> tuple[int, int]:
    """Reads of the first and of the largest batch for a network: powers of two."""
    first = FIRST
    while first > 1 and first * max(synapses, neurons) > _SYNAPSES:
        first //= 2
    largest = first
    while largest < LARGEST and 2 * largest * neurons <= _NEURONS and 2 * largest * synapses <= _SYNAPSES:
        largest *= 2
    return first, largest


def plan_batches(seeds: list[np.random.SeedSequence], first: int, largest: int) -> Iterator[ReadBatchPlan]:
    """The batches that hold the reads of ``seeds``, the children of one SeedSequence."""
    number = np.array([seed.spawn_key[-1] for seed in seeds])
    power = np.floor(np.log2(np.maximum(number // first, 1))).astype(np.int64)
    size = np.minimum(first << power, largest)
    begin = np.where(number < first, 0, number // size * size)
    parent = seeds[0]
    for start in np.unique(begin):
        where = np.flatnonzero(begin == start)
        seed = np.random.SeedSequence(
            parent.entropy, spawn_key=(*parent.spawn_key[:-1], int(start)), pool_size=parent.pool_size
        )
        yield ReadBatchPlan(where, number[where] - start, int(size[where[0]]), seed)
