"""Reads stacked in one simulation, with results that do not depend on which other reads are requested.

Brian2 has one random stream for a whole simulation, so that a read depends on the other reads in it. Batches are
therefore fixed: with s the size of the first, reads 0 .. s - 1 are simulated together, then s .. 2s - 1, 2s .. 4s - 1,
and so on, doubling up to the largest; each batch takes the stream of its first read. A batch is simulated whole even if
only one of its reads is requested. Few reads stay cheap, many need few simulations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRST, LARGEST = 64, 8192  # number of reads of the first and of the largest batch, for small networks
_NEURONS, _SYNAPSES = 1 << 15, 1 << 21  # most neurons of a batch after the first; most synapses of any batch


@dataclass(frozen=True, eq=False)
class ReadBatchPlan:
    """Reads of one batch.

    Attributes
    ----------
    where : (k,) int
        Positions among the requested reads.
    chains : (k,) int
        Their indices among the ``size`` reads that are simulated.
    size : int
        Number of simulated reads.
    seed : numpy.random.SeedSequence
        The stream of the batch.
    """

    where: NDArray[np.int64]
    chains: NDArray[np.int64]
    size: int
    seed: np.random.SeedSequence


def batch_sizes(neurons: int, synapses: int) -> tuple[int, int]:
    """Choose the sizes of batches for a network, powers of two.

    Parameters
    ----------
    neurons, synapses : int
        Size of the network.

    Returns
    -------
    first, largest : int
        Reads of the first and of the largest batch.
    """
    first = FIRST
    while first > 1 and first * max(synapses, neurons) > _SYNAPSES:
        first //= 2
    largest = first
    while largest < LARGEST and 2 * largest * neurons <= _NEURONS and 2 * largest * synapses <= _SYNAPSES:
        largest *= 2
    return first, largest


def plan_batches(seeds: list[np.random.SeedSequence], first: int, largest: int) -> Iterator[ReadBatchPlan]:
    """Yield the batches that contain the reads of ``seeds``.

    Parameters
    ----------
    seeds : list of numpy.random.SeedSequence
        Children of one SeedSequence, one a read.
    first, largest : int
        Reads of the first and of the largest batch.

    Yields
    ------
    ReadBatchPlan
        Batch.
    """
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
