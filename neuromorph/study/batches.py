"""Reads in batches: finished reads are kept when time runs out, Ctrl-C comes or the target fails.

Read k is read k // chips of chip k % chips, and takes child k // chips of the stream of that chip. Batches of a chip
double from one read (or as many as the program makes in the time of one) to 64, so that the first answer comes soon and
later ones share their overhead; the chip with the fewest reads is next. Their size depends on nothing but the program
and the count of reads that the chip has done, unless a deadline is near. Reads that a program makes in the time of one
are made, and kept, though fewer were asked for: a measured time is that of all lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..problems import Problem
from ..protocol import DoesNotFit, Target, TargetError
from ..run import Program, Run
from ..runtime.limits import TimeLimit, TimeLimitReached, progress_text, readable_seconds, time_limit, unlimited
from ..runtime.signals import Interrupts, alarm
from ..runtime.work_clock import clock
from ..task import RecallFrom, Task
from .checkpoint import ChipProgram
from .contract import checked_run
from .reads_so_far import ReadsSoFar, part_of_task, reads_so_far
from .result import Status

_BATCH = 64


@dataclass(frozen=True, eq=False)
class BatchResult:
    """The reads of all batches.

    Attributes
    ----------
    run : Run or None
        The reads; None if there are none.
    status : str
        Why there are no more.
    reason : str
        The same in a sentence.
    resumed : int
        Number of reads that an earlier call had left.
    notes : tuple of str
        Notes for the user.
    programs : dict of int to ChipProgram
        What each chip holds.
    """

    run: Run | None
    status: Status
    reason: str
    resumed: int
    notes: tuple[str, ...] = ()
    programs: Mapping[int, ChipProgram] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Chips:
    """Chips that the reads of a target are spread over.

    Attributes
    ----------
    count : int
        Number of chips.
    program : callable
        Map from the number of a chip to its program.
    stream : callable
        Map from the number of a chip to the parent of the streams of its reads.
    """

    count: int
    program: Callable[[int], Program]
    stream: Callable[[int], np.random.SeedSequence]


def run_in_batches(
    device: Target,
    chips: Chips,
    problem: Problem,
    task: Task,
    reads: int,
    signals: Interrupts,
    *,
    deadline: float | None = None,
    path: Path | None = None,
    mark: Mapping[str, Any] | None = None,
    tell: Callable[[str, int], None] = lambda said, done: None,
) -> BatchResult:
    """Make the reads of some chips, which are the same in any batches.

    Parameters
    ----------
    device, chips, problem, task : Target, Chips, Problem, Task
        The target, its chips, and the task on them.
    reads : int
        Number of reads.
    signals : Interrupts
        Ctrl-C and the like.
    deadline : float, optional
        Time of ``work_clock.clock()``; an unfinished batch is lost, but for complete reads that the target hands over.
    path, mark : Path, dict
        The file that keeps the reads, and the fingerprint of this study.
    tell : callable
        Called with the current step and the number of reads done.

    Returns
    -------
    BatchResult
        The reads.
    """
    so_far = reads_so_far(path, mark or {}, device, task, problem, reads, chips.count)
    status: Status = "ok"
    reason = ""

    def report(step: str, part: float, whole: float) -> None:
        tell(progress_text("running", step, part, whole), so_far.count)

    with time_limit(deadline, report) as limit:
        batches = _Batches(device, chips, problem, task, so_far, limit, tell)
        try:
            tell("running", so_far.count)
            while so_far.missing:
                if so_far.made and clock() >= limit.deadline:
                    status, reason = "time limit", f"{so_far.count} of {reads} reads when the time was over"
                    break
                batches.make()
        except BaseException as error:  # the other targets, and the reads so far, are worth more than this traceback
            if isinstance(error, DoesNotFit) and not so_far.made:
                raise
            status, reason = why(error, limit, signals)
            if status == "interrupted":
                reason = f"{so_far.count} of {reads} reads when Ctrl-C came"
            elif status == "time limit" and so_far.made:
                reason = f"{so_far.count} of {reads} reads when the time was over"
            elif status == "time limit":
                reason = _no_read(error, batches.size, batches.began)
        so_far.save()
    if not so_far.made:
        return BatchResult(None, status, reason, 0, so_far.notes)
    run, programs = so_far.in_order()
    if status == "ok" and run.status == "failed":
        status, reason = "failed", run.message
    return BatchResult(run, status, reason, so_far.resumed, so_far.notes, programs)


@dataclass(eq=False)
class _Batches:
    """The next batch: of which chip, of how many reads, and what it took.

    Attributes
    ----------
    size : int
        Reads of the last batch.
    pace_s : float
        Seconds of each.
    began : float
        Time at which it began.
    """

    device: Target
    chips: Chips
    problem: Problem
    task: Task
    so_far: ReadsSoFar
    limit: TimeLimit
    tell: Callable[[str, int], None]
    size: int = 0
    pace_s: float = inf
    began: float = field(default_factory=clock)
    _programs: dict[int, Program] = field(default_factory=dict)

    def make(self) -> None:
        """Make a batch of the chip with the fewest reads."""
        chip, self.began = self.so_far.next_chip, clock()
        program = self._program(chip)
        self.size = self._next_size(chip, program)
        run = self._run(chip, program)
        if run.reads:
            self.so_far.add(run, chip)
            self.pace_s = max(clock() - self.began, 1e-6) / run.reads
        if run.status == "interrupted":
            raise KeyboardInterrupt
        if not run.reads:
            raise TargetError(f"run() failed without a read: {run.message or 'it does not say why'}")
        self.tell("running", self.so_far.count)
        self.so_far.save(now_and_then=True)

    def _program(self, chip: int) -> Program:
        if chip not in self._programs:
            if chip:
                of = min(self.chips.count, self.so_far.reads)
                self.tell(f"programming chip {chip + 1} of {of}", self.so_far.count)
            with alarm(self.limit):
                self._programs[chip] = self.chips.program(chip)
            self.so_far.programs[chip] = ChipProgram.of(self._programs[chip])
        return self._programs[chip]

    def _next_size(self, chip: int, program: Program) -> int:
        """Choose the number of reads, and let the time of a batch begin where a deadline is near."""
        beside, done, left = program.parallel_reads, int(self.so_far.done[chip]), self.so_far.left(chip)
        size = min(max(beside, done), max(beside, _BATCH))
        own = isinstance(self.task, RecallFrom) and np.ndim(self.task.cue) == 2
        # Lanes are filled, whatever was asked for; a program that makes all reads at once makes those alone.
        size = min(size, left if own or beside > _BATCH else max(left, beside))
        if self.so_far.made and isfinite(self.limit.deadline):
            self.began = clock()
            fit = int(min(size, max(0.0, self.limit.deadline - self.began) / self.pace_s))
            size = max(fit, min(beside, size))
        return size

    def _run(self, chip: int, program: Program) -> Run:
        """Make the reads, checked."""
        first = int(self.so_far.done[chip])
        rows = chip + self.chips.count * np.arange(first, first + self.size)
        stream = self.chips.stream(chip)
        seeds = np.random.SeedSequence(stream.entropy, spawn_key=stream.spawn_key, n_children_spawned=first)
        with alarm(self.limit):
            run = self.device.run(program, part_of_task(self.task, rows), self.size, rng=seeds)
        with unlimited():
            return checked_run(run, self.problem, self.size)


def why(error: BaseException, limit: TimeLimit, signals: Interrupts) -> tuple[Status, str]:
    """Return the status that an error gives a row, and its reason.

    Parameters
    ----------
    error : BaseException
        Exception that ended the reads.
    limit : TimeLimit
        Time limit of the target.
    signals : Interrupts
        Interrupts of the study.

    Returns
    -------
    (str, str)
        Status and reason: the user, the clock, or the target itself.
    """
    if signals.caused(error):
        return "interrupted", "Ctrl-C came before its first result"
    if limit.reached or isinstance(error, TimeLimitReached):
        return "time limit", str(error)
    if isinstance(error, TargetError):
        return "failed", str(error)
    if isinstance(error, KeyboardInterrupt):
        return "failed", "it raised KeyboardInterrupt, or said that it was interrupted, without Ctrl-C"
    return "failed", f"{type(error).__name__}: {error}".rstrip(": ")


def _no_read(error: BaseException, size: int, began: float) -> str:
    """Say how long the first batch would take, where the limit came before its end."""
    spent = clock() - began
    reads = "a read" if size == 1 else f"{size} reads at a time"
    told = f"no read was done in {readable_seconds(spent)}"
    needed = getattr(error, "needed_s", inf)
    if not isfinite(needed):
        step = f" ({error.step})" if getattr(error, "step", "") else ""  # type: ignore[attr-defined]
        return f"{told}; {reads} take{'s' * (size == 1)} longer{step}"
    whole = readable_seconds(spent - error.elapsed_s + needed)  # type: ignore[attr-defined]
    return f"{told}: {reads} take{'s' * (size == 1)} about {whole} ({error.step})"  # type: ignore[attr-defined]
