r"""Blocks of spins with fixed borders: an Ising problem in parts that a small device holds.

The energy of the spins s_B of a block, all others held, is that of a small Ising problem but for a constant,

.. math:: E(s_B) = -\tfrac12 s_B^\top J_{BB} s_B - (h_B + J_{B\bar B} s_{\bar B})^\top s_B

so that the whole energy falls by as much as that of the block does. A spin that is not yet set is a border of 0.
Blocks are grown along couplings, the spin that is pulled most next, so that few couplings cross borders.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float, Ising
from ..runtime.limits import checkpoint

BlockState = NDArray[np.int8]
SpinBlock = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SpinBlocks:
    """An Ising problem and its partitions into blocks.

    Attributes
    ----------
    couplings : csr_array
        J.
    biases : (n,) float
        h.
    partitions : tuple of tuples of int64 arrays
        Blocks of each partition, in the order in which they are answered.
    """

    couplings: Any
    biases: Float
    partitions: tuple[tuple[SpinBlock, ...], ...]

    @classmethod
    def of(cls, ising: Ising, size: int, partitions: int, rng: np.random.Generator) -> SpinBlocks:
        """Divide a problem.

        Parameters
        ----------
        ising : Ising
            Problem.
        size : int
            Largest number of spins of a block.
        partitions : int
            Number of partitions, each with borders of its own.
        rng : Generator
            Source of the spins from which blocks grow.

        Returns
        -------
        SpinBlocks
            Blocks of sizes that differ by one at most.
        """
        couplings = ising.sparse_couplings()
        return cls(couplings, ising.biases, tuple(tuple(grow_blocks(couplings, size, rng)) for _ in range(partitions)))

    def border(self, spins: BlockState, block: SpinBlock) -> Ising:
        """Return the problem of a block between the spins around it.

        Parameters
        ----------
        spins : (n,) int8
            State; 0 where a spin is not yet set.
        block : (m,) int64
            Spins of the block.

        Returns
        -------
        Ising
            Problem of m spins, with energies that differ from the whole by a constant.
        """
        outside = spins.astype(float)
        outside[block] = 0.0
        rows = self.couplings[block]
        return Ising(rows[:, block], self.biases[block] + rows @ outside)


def grow_blocks(couplings: Any, size: int, rng: np.random.Generator) -> Iterator[SpinBlock]:
    """Divide spins into blocks along their couplings.

    Parameters
    ----------
    couplings : csr_array
        J.
    size : int
        Largest number of spins of a block.
    rng : Generator
        Source of the order in which spins begin a block.

    Yields
    ------
    (m,) int64
        Spins of the next block, sorted.
    """
    n = couplings.shape[0]
    ends = np.linspace(0, n, -(-n // size) + 1).round().astype(int)
    starts, columns, pull = couplings.indptr, couplings.indices, np.abs(couplings.data)
    free, at, begin = np.ones(n, bool), 0, rng.permutation(n)
    for number, most in enumerate(np.diff(ends).tolist()):
        checkpoint("dividing the problem into blocks", number, len(ends) - 1)
        pulled: dict[int, float] = {}
        heap: list[tuple[float, int]] = []
        block: list[int] = []
        while len(block) < most:
            spin = -1
            while heap and spin < 0:
                _, spin = heappop(heap)
                spin = spin if free[spin] else -1
            while spin < 0:
                spin = int(begin[at]) if free[begin[at]] else -1
                at += 1
            free[spin] = False
            block.append(spin)
            some = slice(starts[spin], starts[spin + 1])
            for other, strength in zip(columns[some].tolist(), pull[some].tolist(), strict=True):
                if free[other]:
                    pulled[other] = pulled.get(other, 0.0) + strength
                    heappush(heap, (-pulled[other], other))
        yield np.sort(np.array(block, dtype=np.int64))
