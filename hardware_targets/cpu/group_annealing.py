"""Reads of problems with one-hot groups on the CPU: annealed within the groups, one after the other, each timed.

The read is the state of lowest energy that the anneal met. To sample and to relax, the problem is its Ising form,
groups or not, and the spins are those of the annealer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.optimization import GroupMoves, PermutationMoves, one_hot_annealing, one_hot_range
from neuromorph.runtime.limits import checkpoint
from neuromorph.task import Minimize, Task

from .sampler_trace import SweepWatcher

GROUPS_HELD = "each group keeps one spin up, by moves within it: penalties take no part"


@dataclass(frozen=True, eq=False)
class GroupReads:
    """Moves within groups, and the annealer of plain spins for what is no minimization.

    Parameters
    ----------
    moves : GroupMoves or PermutationMoves
        The problem.
    plain : object
        Reads of its Ising form.
    """

    moves: GroupMoves | PermutationMoves
    plain: Any

    def spins_and_answers(self, found: NDArray[np.int8]) -> tuple[NDArray[np.int8], None]:
        """Return what the reads hand over: the spins themselves.

        Parameters
        ----------
        found : (reads, n) int8
            Spins.

        Returns
        -------
        tuple
            Spins, and no other answers.
        """
        return found, None

    def reads(
        self,
        task: Task,
        sequence: np.random.SeedSequence,
        reads: int,
        sweeps: int,
        watcher: SweepWatcher | None = None,
    ) -> Iterator[tuple[NDArray[Any], ...]]:
        """Yield the reads one by one; ``watcher`` is shown a single read and changes nothing.

        Parameters
        ----------
        task : Task
            Task.
        sequence : SeedSequence
            Source of a stream for each read.
        reads, sweeps : int
            Their number, and proposals for each group in a read.
        watcher : SweepWatcher or None
            Called after each sweep.

        Yields
        ------
        tuple of array
            Spins, updates, seconds as charged, of a read alone, and as measured, settled.
        """
        if not isinstance(task, Minimize):
            yield from self.plain.reads(task, sequence, reads, sweeps, watcher)
            return
        betas = np.geomspace(*one_hot_range(self.moves), sweeps)
        checkpoint("compiling")
        one_hot_annealing(self.moves, betas[:1], rng=0)
        groups = len(self.moves.flows) if isinstance(self.moves, PermutationMoves) else self.moves.groups.max() + 1
        for k, seed in enumerate(sequence.spawn(reads)):
            checkpoint(f"annealing {reads} reads in groups", k, reads)
            start = perf_counter()
            found = one_hot_annealing(self.moves, betas, rng=seed, observe=None if watcher is None else watcher.look)
            spins, took = found.diagnostics["lowest_spins"], np.full(1, perf_counter() - start)
            if watcher is not None and (spins != found.spins).any():
                watcher.look(float(betas[-1]), spins)  # what the read hands over
            yield spins, np.full(1, float(sweeps * groups)), took, took, took, np.ones(1, bool)
