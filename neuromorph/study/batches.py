"""Reads in batches: finished reads are kept when time runs out, Ctrl-C comes or the target fails.

Batches double from one read (or as many as the program makes in the time of one) to 64, so that the first answer comes
soon and later ones share their overhead. Their size depends on nothing but the program and the count of reads done,
unless a deadline is near.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from ..problems import Problem
from ..protocol import DoesNotFit, Target, TargetError
from ..run import Program, Run, concatenate_runs, part_of
from ..runtime.limits import TimeLimit, TimeLimitReached, progress_text, readable_seconds, time_limit, unlimited
from ..runtime.signals import Interrupts, alarm
from ..task import RecallFrom, Task
from . import checkpoint as store
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
    """

    run: Run | None
    status: Status
    reason: str
    resumed: int
    notes: tuple[str, ...] = ()


def run_in_batches(
    device: Target,
    program: Program,
    problem: Problem,
    task: Task,
    reads: int,
    stream: np.random.SeedSequence,
    signals: Interrupts,
    *,
    deadline: float | None = None,
    path: Path | None = None,
    mark: Mapping[str, Any] | None = None,
    tell: Callable[[str, int], None] = lambda said, done: None,
) -> BatchResult:
    """Make the reads of a program: read k takes child k of ``stream`` in any batches.

    Parameters
    ----------
    device, program, problem, task : Target, Program, Problem, Task
        The target, its program, and the task on it.
    reads : int
        Number of reads.
    stream : numpy.random.SeedSequence
        Parent of the reads' streams.
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
    kept, note = None, ""
    try:
        if path is not None:
            kept, note = store.resume(path, mark or {}, device, task, problem, reads)
    except OSError as error:
        path, note = None, f"its reads are not kept: {error}"
    runs = [] if kept is None else [kept]
    done = resumed = 0 if kept is None else kept.reads
    status: Status = "ok"
    reason = unsaved = ""
    saved = -inf

    def report(step: str, part: float, whole: float) -> None:
        tell(progress_text("running", step, part, whole), done)

    def save() -> None:
        nonlocal unsaved
        if path is None or done <= resumed:
            return
        try:
            store.save_reads(path, concatenate_runs(runs), mark or {})
            unsaved = ""
        except OSError as error:  # a full disk costs what it should have kept, and no read
            unsaved = f"its reads are not kept: {error}"

    size = 0
    pace = inf  # seconds a read, of the last batch
    began = time.monotonic()
    with time_limit(deadline, report) as limit:
        try:
            tell("running", min(done, reads))
            while done < reads:
                size = min(max(program.parallel_reads, done), max(program.parallel_reads, _BATCH), reads - done)
                began = time.monotonic()
                if runs and isfinite(limit.deadline):
                    if began >= limit.deadline:
                        status, reason = "time limit", f"{done} of {reads} reads when the time was over"
                        break
                    fit = int(min(size, (limit.deadline - began) / pace))
                    size = max(fit, min(program.parallel_reads, reads - done))
                seeds = np.random.SeedSequence(stream.entropy, spawn_key=stream.spawn_key, n_children_spawned=done)
                with alarm(limit):
                    run = device.run(program, _part(task, done, size), size, rng=seeds)
                with unlimited():
                    run = checked_run(run, problem, size)
                if kept is not None and path is not None and run.activity.keys() != kept.activity.keys():
                    raise TargetError(store.set_aside(path, "counts other events than the target"))
                if runs and (run.answers is None) != (runs[0].answers is None):
                    raise TargetError("run() handed over answers for some reads, and spins alone for others")
                if run.reads:
                    runs.append(replace(run, status="ok") if run.status == "interrupted" else run)
                    done += run.reads
                    pace = max(time.monotonic() - began, 1e-6) / run.reads
                if run.status == "interrupted":
                    raise KeyboardInterrupt
                if not run.reads:
                    raise TargetError(f"run() failed without a read: {run.message or 'it does not say why'}")
                tell("running", done)
                if time.monotonic() - saved > _SAVE_S:
                    save()
                    saved = time.monotonic()
        except BaseException as error:  # the other targets, and the reads so far, are worth more than this traceback
            if isinstance(error, DoesNotFit) and not runs:
                raise
            status, reason = why(error, limit, signals)
            if status == "interrupted":
                reason = f"{done} of {reads} reads when Ctrl-C came"
            elif status == "time limit" and done:
                reason = f"{done} of {reads} reads when the time was over"
            elif status == "time limit":
                reason = _no_read(error, size, began)
        save()
    notes = tuple(each for each in (note, unsaved) if each)
    if not runs:
        return BatchResult(None, status, reason, 0, notes)
    run = part_of(concatenate_runs(runs), 0, reads)
    if status == "ok" and run.status == "failed":
        status, reason = "failed", run.message
    return BatchResult(replace(run, task=_part(task, 0, run.reads)), status, reason, min(resumed, reads), notes)


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


def _part(task: Task, start: int, size: int) -> Task:
    """Return the task of reads ``start`` to ``start + size``: their own cues, if each has one."""
    cue = np.asarray(task.cue) if isinstance(task, RecallFrom) else np.empty(0)
    return RecallFrom(cue[start : start + size]) if cue.ndim == 2 else task
