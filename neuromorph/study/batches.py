"""Reads in batches: finished reads are kept when time runs out, Ctrl-C comes or the target fails.

Read k is read k // chips of chip k % chips, and takes child k // chips of the stream of that chip. Batches of a chip
double from one read (or as many as the program makes in the time of one) to 64, so that the first answer comes soon and
later ones share their overhead; the chip with the fewest reads is next. Their size depends on nothing but the program
and the count of reads that the chip has done, unless a deadline is near. Reads that a program makes in the time of one
are made, and kept, though fewer were asked for: a measured time is that of all lanes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..problems import Problem
from ..protocol import DoesNotFit, Target, TargetError
from ..run import Program, Run, concatenate_runs, reads_of
from ..runtime.limits import TimeLimit, TimeLimitReached, progress_text, readable_seconds, time_limit, unlimited
from ..runtime.signals import Interrupts, alarm
from ..task import RecallFrom, Task
from . import checkpoint as store
from .checkpoint import ChipProgram
from .contract import checked_run
from .result import Status

_BATCH = 64
_SAVE_S = 5.0  # seconds of computing that a crash may lose


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
        Time of ``time.monotonic()``; an unfinished batch is lost, but for complete reads that the target hands over.
    path, mark : Path, dict
        The file that keeps the reads, and the fingerprint of this study.
    tell : callable
        Called with the current step and the number of reads done.

    Returns
    -------
    BatchResult
        The reads.
    """
    kept, note = store.Kept(), ""
    try:
        if path is not None:
            kept, note = store.resume(path, mark or {}, device, task, problem)
    except OSError as error:
        path, note = None, f"its reads are not kept: {error}"
    made = [] if kept.run is None else [kept.run]
    known = dict(kept.programs)
    wanted = np.array([len(range(chip, reads, chips.count)) for chip in range(chips.count)])
    done = np.zeros(chips.count, int)
    calls = 0
    if kept.run is not None and kept.run.chip is not None and kept.run.batch is not None:
        done += np.bincount(kept.run.chip, minlength=chips.count)
        calls = int(kept.run.batch.max()) + 1
    resumed = int(np.minimum(done, wanted).sum())
    programs: dict[int, Program] = {}
    own = isinstance(task, RecallFrom) and np.ndim(task.cue) == 2
    status: Status = "ok"
    reason = unsaved = ""
    saved = -inf

    def count() -> int:
        return int(np.minimum(done, wanted).sum())

    def report(step: str, part: float, whole: float) -> None:
        tell(progress_text("running", step, part, whole), count())

    def save() -> None:
        nonlocal unsaved
        if path is None or calls == 0 or len(made) == (kept.run is not None):
            return
        try:
            store.save_reads(path, store.Kept(concatenate_runs(made), known), mark or {})
            unsaved = ""
        except OSError as error:  # a full disk costs what it should have kept, and no read
            unsaved = f"its reads are not kept: {error}"

    size = 0
    pace = inf  # seconds a read, of the last batch
    began = time.monotonic()
    with time_limit(deadline, report) as limit:
        try:
            tell("running", count())
            while (done < wanted).any():
                chip = int(np.argmin(np.where(done < wanted, done, np.iinfo(int).max)))
                began = time.monotonic()
                if made and began >= limit.deadline:
                    status, reason = "time limit", f"{count()} of {reads} reads when the time was over"
                    break
                if chip not in programs:
                    if chip:
                        tell(f"programming chip {chip + 1} of {min(chips.count, reads)}", count())
                    with alarm(limit):
                        programs[chip] = chips.program(chip)
                    known[chip] = ChipProgram.of(programs[chip])
                program, left = programs[chip], int(wanted[chip] - done[chip])
                beside = program.parallel_reads
                size = min(max(beside, int(done[chip])), max(beside, _BATCH))
                # Lanes are filled, whatever was asked for; a program that makes all reads at once makes those alone.
                size = min(size, left if own or beside > _BATCH else max(left, beside))
                if made and isfinite(limit.deadline):
                    began = time.monotonic()
                    fit = int(min(size, max(0.0, limit.deadline - began) / pace))
                    size = max(fit, min(beside, size))
                first = int(done[chip])
                rows = chip + chips.count * np.arange(first, first + size)
                stream = chips.stream(chip)
                seeds = np.random.SeedSequence(stream.entropy, spawn_key=stream.spawn_key, n_children_spawned=first)
                with alarm(limit):
                    run = device.run(program, _part(task, rows), size, rng=seeds)
                with unlimited():
                    run = checked_run(run, problem, size)
                if kept.run is not None and path is not None and run.activity.keys() != kept.run.activity.keys():
                    raise TargetError(store.set_aside(path, "counts other events than the target"))
                if made and (run.answers is None) != (made[0].answers is None):
                    raise TargetError("run() handed over answers for some reads, and spins alone for others")
                if run.reads:
                    run = _marked(run, chip, calls)
                    made.append(replace(run, status="ok") if run.status == "interrupted" else run)
                    done[chip] += run.reads
                    calls += 1
                    pace = max(time.monotonic() - began, 1e-6) / run.reads
                if run.status == "interrupted":
                    raise KeyboardInterrupt
                if not run.reads:
                    raise TargetError(f"run() failed without a read: {run.message or 'it does not say why'}")
                tell("running", count())
                if time.monotonic() - saved > _SAVE_S:
                    save()
                    saved = time.monotonic()
        except BaseException as error:  # the other targets, and the reads so far, are worth more than this traceback
            if isinstance(error, DoesNotFit) and not made:
                raise
            status, reason = why(error, limit, signals)
            if status == "interrupted":
                reason = f"{count()} of {reads} reads when Ctrl-C came"
            elif status == "time limit" and made:
                reason = f"{count()} of {reads} reads when the time was over"
            elif status == "time limit":
                reason = _no_read(error, size, began)
        save()
    notes = tuple(each for each in (note, unsaved) if each)
    if not made:
        return BatchResult(None, status, reason, 0, notes)
    run, order = _in_order(concatenate_runs(made), chips.count, reads)
    if status == "ok" and run.status == "failed":
        status, reason = "failed", run.message
    used = {chip: known[chip] for chip in np.unique(order % chips.count).tolist() if chip in known}
    run = replace(run, task=_part(task, order), setup={**run.setup, **_mean_setup(used)} if used else run.setup)
    return BatchResult(run, status, reason, resumed, notes, used)


def _marked(run: Run, chip: int, call: int) -> Run:
    """Note which chip made the reads, and in which call."""
    chips, calls = (np.full(run.reads, number, np.int32) for number in (chip, call))
    return replace(run, chip=chips, batch=calls)


def _in_order(run: Run, chips: int, reads: int) -> tuple[Run, NDArray[np.int64]]:
    """Return the reads that were asked for by their number, and those numbers."""
    assert run.chip is not None
    numbers = np.empty(run.reads, np.int64)
    for chip in np.unique(run.chip):
        here = np.flatnonzero(run.chip == chip)
        numbers[here] = chip + chips * np.arange(len(here))
    rows = np.argsort(numbers, kind="stable")
    rows = rows[numbers[rows] < reads]
    return reads_of(run, rows), numbers[rows]


def _mean_setup(programs: Mapping[int, ChipProgram]) -> dict[str, float]:
    """Mean number of each event of programming a chip."""
    each = [program.setup for program in programs.values()]
    return {name: sum(setup.get(name, 0.0) for setup in each) / len(each) for name in each[0]}


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
    spent = time.monotonic() - began
    reads = "a read" if size == 1 else f"{size} reads at a time"
    told = f"no read was done in {readable_seconds(spent)}"
    needed = getattr(error, "needed_s", inf)
    if not isfinite(needed):
        step = f" ({error.step})" if getattr(error, "step", "") else ""  # type: ignore[attr-defined]
        return f"{told}; {reads} take{'s' * (size == 1)} longer{step}"
    whole = readable_seconds(spent - error.elapsed_s + needed)  # type: ignore[attr-defined]
    return f"{told}: {reads} take{'s' * (size == 1)} about {whole} ({error.step})"  # type: ignore[attr-defined]


def _part(task: Task, rows: NDArray[np.int64]) -> Task:
    """Return the task of some reads: their own cues, if each has one."""
    cue = np.asarray(task.cue) if isinstance(task, RecallFrom) else np.empty(0)
    return replace(task, cue=cue[rows]) if isinstance(task, RecallFrom) and cue.ndim == 2 else task
