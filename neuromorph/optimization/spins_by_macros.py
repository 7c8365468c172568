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
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..cost import Cost
from ..ising import Ising
from ..pricing.macro_rounds import MacroEvents, activity_of_macros, costs_in_rounds
from ..problems import Problem, Recall, Tsp
from ..protocol import DoesNotFit, Target, as_ising
from ..rng import RNG, child, seed_sequence
from ..run import Program, Run, complete_run
from ..runtime.limits import checkpoint, unlimited
from ..target_description import parameters_of_macros
from ..task import Minimize, Task
from .spin_blocks import BlockState, SpinBlock, SpinBlocks, grow_blocks


@dataclass(eq=False)
class BlockCount:
    """Macros that were asked for a state, and what they counted.

    Attributes
    ----------
    macros, taken, longest : int
        Macros that were asked; answers that were taken; the largest number of spins.
    events : MacroEvents
        Events of all macros.
    interrupted : bool
        Whether Ctrl-C or a time limit ended the asking.
    """

    macros: int = 0
    taken: int = 0
    longest: int = 0
    events: MacroEvents = field(default_factory=MacroEvents)
    interrupted: bool = False


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
        if self.spins < 2:
            raise ValueError(f"spins is {self.spins}; a macro holds two at least")
        if self.rounds < 0:
            raise ValueError(f"rounds is {self.rounds}; it must not be negative")
        for name in ("partitions", "parallel"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be one at least")

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
        return frozenset({"minimize"} & set(self.inner.supported_tasks))

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

        When Ctrl-C or a time limit comes, the state in work is the last one if macros have set all of its spins, and
        otherwise is no read.
        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            States, with the events of all macros of each.
        """
        if not isinstance(task, Minimize):
            raise DoesNotFit(f"{self.name} holds this problem in macros, which can only minimize")
        if reads < 1:
            raise ValueError(f"reads is {reads}; ask for at least one")
        blocks, inner = program.state
        states: list[BlockState] = []
        counts: list[BlockCount] = []
        for seed in seed_sequence(rng).spawn(reads):
            state, count = _descend(blocks, inner, self.rounds, self.parallel, seed)
            if count.interrupted and not state.all():
                if states:
                    break
                raise KeyboardInterrupt(
                    f"{count.macros} macros of {self.name} had answered, and not yet set every spin"
                )
            states.append(state)
            counts.append(count)
            if count.interrupted:
                break
        activity: dict[str, Any] = dict(activity_of_macros((each.events for each in counts), self.inner.costs()))
        activity["macros"] = [float(count.macros) for count in counts]
        stopped = count.interrupted
        return complete_run(
            program,
            task,
            np.array(states),
            activity,
            converged=[not count.interrupted for count in counts],
            status="interrupted" if stopped else "ok",
            message="rounds that were left were not asked" if stopped else "",
            provenance={
                "parameters": parameters_of_macros(self, "spins", "rounds", "partitions", "parallel"),
                "notes": _notes(counts),
            },
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
) -> tuple[BlockState, BlockCount]:
    """Set all spins by blocks, then let the energy fall by rounds of them."""
    state, count = np.zeros(len(blocks.biases), np.int8), BlockCount()
    total = (rounds + 1) * len(blocks.partitions[0])
    for turn in range(rounds + 1):
        partition = blocks.partitions[turn % len(blocks.partitions)]
        for start in range(0, len(partition), parallel):
            some, before = partition[start : start + parallel], state.copy()
            batch = BlockCount()
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
                    count.taken += 1
    return state, count


def _lower(border: Ising, spins: BlockState, now: BlockState) -> bool:
    return bool(border.energy(spins) <= border.energy(now))


def _answer(
    blocks: SpinBlocks,
    inner: Target,
    state: BlockState,
    block: SpinBlock,
    seed: np.random.SeedSequence,
    count: BlockCount,
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


def _notes(counts: list[BlockCount]) -> tuple[str, ...]:
    macros, taken = sum(count.macros for count in counts), sum(count.taken for count in counts)
    longest = max(count.longest for count in counts)
    said = f"in {macros / len(counts):.0f} macros of {longest}" + (
        " in the mean of the reads" if len(counts) > 1 else ""
    )
    return (f"{said}; {100.0 * taken / macros:.0f} % of their answers were taken",)
