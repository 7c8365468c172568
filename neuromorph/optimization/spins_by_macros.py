"""A target that cannot hold all spins answers for them all the same: in macros of fewer, with fixed borders.

Each macro is a program and a read of the inner target: the spins of a block, with fields from the spins around it
(``spin_blocks``). In the first round, blocks are set one after the other, and a spin that is not yet set has no field.
In later rounds, an answer is taken where the energy of the whole does not rise, and each round has the borders of the
next partition. Blocks that work in parallel see the same state, and are taken one after the other.

Events add up over macros, those of programming them among them. Energy is that of all macros; time is that of rounds of
as many as work in parallel. The host computes fields and energies, neither of which is in the sums of the device. It is
the block-coordinate descent of qbsolv (Booth, Reinhardt, Roy, D-Wave 14-1006A-A, 2017), whose tabu search of the whole
between rounds is left out: each spin is set by the device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cost import Cost
from ..ising import Ising
from ..macro_runs import MacroCount, check_at_least, run_in_macros, tasks_in_macros
from ..pricing.macro_rounds import costs_in_rounds
from ..problems import Problem, Recall, Tsp
from ..protocol import DoesNotFit, Target, as_ising
from ..rng import RNG, child, seed_sequence
from ..run import Program, Run
from ..runtime.limits import checkpoint, unlimited
from ..task import Minimize, Task
from .spin_blocks import BlockState, SpinBlock, SpinBlocks, grow_blocks


@dataclass(frozen=True)
class SpinsByMacros:
    """Minimize an Ising problem by macros of another target.

    Parameters
    ----------
    inner : Target
        Target that holds some of the spins.
    spins : int
        Largest number of spins of a macro; fewer where the target cannot hold so many.
    rounds : int
        Rounds over all spins after the first.
    partitions : int
        Number of partitions that rounds take in turn.
    parallel : int
        Number of macros that work at the same time.
    """

    inner: Target
    spins: int = 256
    rounds: int = 3
    partitions: int = 2
    parallel: int = 1

    def __post_init__(self) -> None:
        check_at_least(self, spins=2, rounds=0, partitions=1, parallel=1)

    @property
    def name(self) -> str:
        """Name of the inner target."""
        return self.inner.name

    @property
    def summary(self) -> str:
        """Summary of the inner target, and that it works in macros."""
        return f"{self.inner.summary}; in macros with fixed borders"

    @property
    def supported_tasks(self) -> frozenset[str]:
        """To minimize, where the inner target does."""
        return tasks_in_macros(self)

    @property
    def limits(self) -> Mapping[str, Any]:
        """The largest problems, and what is refused."""
        return {"spins": "as many as fit into memory", "refuses": "anything but to minimize spins"}

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Divide a problem into the largest blocks that the inner target holds.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Blocks; programming is done for each macro, within a read.

        Raises
        ------
        DoesNotFit
            If the problem is a tour or a recall, or the inner target holds not even two of its spins.
        """
        if isinstance(problem, (Tsp, Recall)):
            raise DoesNotFit(f"macros of {self.name} set spins of a model; this is a {problem.kind} problem")
        ising, inner, seed = as_ising(problem), _quick(self.inner), seed_sequence(rng)
        size = self._largest(ising, inner, seed)
        blocks = SpinBlocks.of(ising, size, self.partitions, np.random.default_rng(child(seed, "blocks")))
        longest = max(map(len, blocks.partitions[0]))
        about = f"in macros of {longest} spins, {self.parallel} at a time; each is programmed and read once"
        return Program(self.name, problem, None, (blocks, inner), notes=(about,))

    def _largest(self, ising: Ising, inner: Target, seed: np.random.SeedSequence) -> int:
        """Find the size of a block that the target holds, within a sixteenth, by bisection."""
        couplings, clear = ising.sparse_couplings(), np.zeros(ising.size, np.int8)
        holds, most = 0, min(self.spins, ising.size) + 1
        size = most - 1
        while True:
            rng = np.random.default_rng(child(seed, "blocks"))
            whole = SpinBlocks(couplings, ising.biases, ())
            try:
                inner.program(whole.border(clear, next(grow_blocks(couplings, size, rng))), child(seed, "tried", size))
                holds = size
            except DoesNotFit as error:
                if size <= 2:
                    raise DoesNotFit(f"{self.name} holds no two spins of it either: {error}") from error
                most = size
            if most - holds <= max(1, most // 16) and holds:
                return holds
            size = max(2, (holds + most) // 2)

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Find ``reads`` states, each by its own macros.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            States, with the events of all macros of each.
        """
        blocks, inner = program.state
        return run_in_macros(
            self,
            program,
            task,
            reads,
            rng,
            lambda seed: _descend(blocks, inner, self.rounds, self.parallel, seed),
            tours=False,
            complete="set every spin",
            accepted="of their answers were taken",
            parameters={name: getattr(self, name) for name in ("spins", "rounds", "partitions", "parallel")},
        )

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of the inner target, its times for rounds of macros.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return costs_in_rounds(self.inner.costs())


def _quick(inner: Target) -> Target:
    """Return the target as it is simulated for many short reads."""
    quicker = getattr(inner, "for_macros", None)
    found: Target = quicker() if callable(quicker) else inner
    return found


def _descend(
    blocks: SpinBlocks, inner: Target, rounds: int, parallel: int, seed: np.random.SeedSequence
) -> tuple[BlockState, MacroCount]:
    """Set all spins by blocks, then let the energy fall by rounds of them."""
    state, count = np.zeros(len(blocks.biases), np.int8), MacroCount()
    total = (rounds + 1) * len(blocks.partitions[0])
    for turn in range(rounds + 1):
        partition = blocks.partitions[turn % len(blocks.partitions)]
        for start in range(0, len(partition), parallel):
            some, before = partition[start : start + parallel], state.copy()
            batch = MacroCount()
            try:
                checkpoint("macros", turn * len(partition) + start, total)
                found = [
                    _answer(blocks, inner, before, block, child(seed, turn, start + k), batch)
                    for k, block in enumerate(some)
                ]
            except KeyboardInterrupt:
                count.interrupted = True
                return state, count
            count.events.add(batch.events.activity, batch.macros, parallel)
            count.macros, count.longest = count.macros + batch.macros, max(count.longest, batch.longest)
            with unlimited():
                for block, spins in zip(some, found, strict=True):
                    if turn and not _lower(blocks.border(state, block), spins, state[block]):
                        continue
                    state[block] = spins
                    count.accepted += 1
            count.complete = bool(state.all())
    return state, count


def _lower(border: Ising, spins: BlockState, now: BlockState) -> bool:
    return bool(border.energy(spins) <= border.energy(now))


def _answer(
    blocks: SpinBlocks,
    inner: Target,
    state: BlockState,
    block: SpinBlock,
    seed: np.random.SeedSequence,
    count: MacroCount,
) -> BlockState:
    """Ask the device for the spins of a block; two halves, one after the other, where it cannot hold this one."""
    try:
        program = inner.program(blocks.border(state, block), child(seed, "program"))
        run = inner.run(program, Minimize(), 1, child(seed, "read"))
    except DoesNotFit:
        if len(block) < 2:
            raise
        halves = (block[: len(block) // 2], block[len(block) // 2 :])
        around = state.copy()
        for k, half in enumerate(halves):
            around[half] = _answer(blocks, inner, around, half, child(seed, "half", k), count)
        return around[block]
    if not run.reads:
        raise KeyboardInterrupt(run.message)
    best = int(run.energies.argmin())
    count.macros += 1
    count.longest = max(count.longest, len(block))
    count.events.add({name: float(number[best]) for name, number in run.activity.items()}, 1, 1)
    count.events.add({name: float(number) for name, number in run.setup.items()}, 1, 1)
    return np.asarray(run.spins[best], dtype=np.int8)
