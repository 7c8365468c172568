"""Reads in batches: what is done stays done when time runs out, Ctrl-C comes or the target fails.

Batches double from one read (or as many as the program makes in the time of one) to 64, so that the first answer comes
soon and later ones share their overhead. Their size depends on nothing but the program and the count of reads done,
unless a deadline is near.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..protocol import DoesNotFit, Program, Relax, Target, Task
from ..run import Run, join
from . import store
from .result import Status

_BATCH = 64
_SAVE_S = 5.0  # seconds of computing that a crash may lose


@dataclass(frozen=True, eq=False)
class Reading:
    """The reads that were made (None if there are none), why no more, and how many an earlier call had left."""

    run: Run | None
    status: Status
    reason: str
    resumed: int


def read_in_batches(
    device: Target,
    program: Program,
    task: Task,
    reads: int,
    stream: np.random.SeedSequence,
    *,
    deadline: float | None = None,
    path: Path | None = None,
    mark: Mapping[str, Any] | None = None,
    tell: Callable[[int], None] = lambda done: None,
) -> Reading:
    """Make ``reads`` reads of ``program``: read k takes child k of ``stream``, whatever the batches.

    deadline : float        of ``time.monotonic()``; one read is made in any case
    path, mark              where reads are kept, and the fingerprint that says whose they are
    tell : callable         told the count of reads done after each batch
    """
    kept = None if path is None else store.load(path, mark or {}, device, task)
    runs = [] if kept is None else [kept]
    done = resumed = 0 if kept is None else kept.reads
    status: Status = "ok"
    reason = ""
    saved = -np.inf

    def save() -> None:
        if path is not None and done > resumed:
            store.save(path, join(runs), mark or {})

    try:
        tell(min(done, reads))
        pace = np.inf  # seconds a read, of the last batch
        while done < reads:
            size = min(max(program.together, done), max(program.together, _BATCH), reads - done)
            began = time.monotonic()
            if deadline is not None and runs:
                if began >= deadline:
                    status, reason = "time limit", f"{done} of {reads} reads when the time was over"
                    break
                size = max(1, min(size, int((deadline - began) / pace)))
            seeds = np.random.SeedSequence(stream.entropy, spawn_key=stream.spawn_key, n_children_spawned=done)
            run = device.run(program, _part(task, done, size), size, rng=seeds)
            if run.reads:
                runs.append(replace(run, status="ok") if run.status == "interrupted" else run)
                done += run.reads
                pace = (time.monotonic() - began) / run.reads
            if run.status == "interrupted":
                raise KeyboardInterrupt
            tell(done)
            if time.monotonic() - saved > _SAVE_S:
                save()
                saved = time.monotonic()
        save()
    except KeyboardInterrupt:
        status, reason = "interrupted", f"{done} of {reads} reads when Ctrl-C came"
    except Exception as error:  # the other targets, and the reads so far, are worth more than this traceback
        if isinstance(error, DoesNotFit) and not runs:
            raise
        status, reason = "failed", f"{type(error).__name__}: {error}"
    if status in ("interrupted", "failed"):
        try:
            save()
        except OSError as error:  # a full disk costs what it should have kept, not the row
            reason += f"; they cannot be kept: {error}" if status == "interrupted" else ""
    if not runs:
        return Reading(None, status, reason, 0)
    run = first_reads(join(runs), reads)
    if status == "ok" and run.status == "failed":
        status, reason = "failed", run.message
    return Reading(replace(run, task=_part(task, 0, run.reads)), status, reason, min(resumed, reads))


def first_reads(run: Run, reads: int) -> Run:
    """The run as if it had ended after ``reads`` reads."""
    return replace(
        run,
        spins=run.spins[:reads],
        energies=run.energies[:reads],
        activity={name: count[:reads] for name, count in run.activity.items()},
        converged=run.converged[:reads],
    )


def _part(task: Task, start: int, size: int) -> Task:
    """The task of reads ``start`` to ``start + size``: their own cues, if each has one."""
    cue = np.asarray(task.cue) if isinstance(task, Relax) else np.empty(0)
    return Relax(cue[start : start + size]) if cue.ndim == 2 else task
