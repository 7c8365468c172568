"""One problem on many targets: the quality, time and energy of each, side by side.

Random streams: every target has its own, drawn from the seed and its name, so that leaving one out does not change the
others; the cues of a recall are the same for all of them.
"""

from __future__ import annotations

import math
import os
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..problems.problem import Problem
from ..protocol import DoesNotFit, Target
from ..rng import RNG, seed_sequence
from ..run import Program
from ..runtime import limits
from ..runtime.signals import Interrupts, alarm, interrupts
from ..task import TASK_NAMES, Task, task_name
from .batches import run_in_batches, why
from .checkpoint import fingerprint, kept_seed, own_name
from .comparison import Comparison
from .contract import checked_files, checked_program
from .installed import Unusable, labeled
from .provenance import provenance
from .result import Result, evaluate_run

StudyProgress: TypeAlias = Callable[[str, str, int, int], None]

READS = 100  # a success rate is then known within +-10 %; berlin52 takes 1 to 2 minutes on all targets
_LEAST_S = 0.1  # for each target, though the others have taken all of it
_FILES_S = 10.0  # for a target to make what it hands over


def compare(
    problem: Problem,
    targets: Sequence[str | Target] | str | Target | None = None,
    reads: int = READS,
    rng: RNG = None,
    *,
    time_limit: float | None = None,
    success_gap: float = 0.0,
    progress: StudyProgress | None = None,
    directory: str | os.PathLike[str] | None = None,
) -> Comparison:
    """Run ``problem`` on each target and say what came out.

    Parameters
    ----------
    problem : Problem           as ``nm.load`` gives it
    targets : names or Targets  all that are installed if None
    reads : int                 independent reads on each target
    rng : seed                  or SeedSequence or Generator; None takes the seed of the reads in ``directory``, or
                                draws one; ``provenance`` keeps it
    time_limit : float          seconds of the whole study, what is left being shared equally by the targets still to
                                run; one that has no read by then says how long it would take
    success_gap : float         a read succeeds within this fraction of the best value known
    progress : callable         called as ``progress(target, status, reads done, reads)``
    directory : path            reads are kept in its folder ``runs``; the same call, or one with more reads, goes on
                                from there

    A target that cannot hold the problem, fails or breaks its protocol says so in its row, and the others go on. Ctrl-C
    ends the study and keeps its reads. Work that does not look at the clock (``runtime.limits.checkpoint``) is
    stopped a second late; compiled code cannot be stopped before it returns.
    """
    _check(problem, reads, time_limit, success_gap)
    end = inf if time_limit is None else time.monotonic() + time_limit
    results: list[Result] = []
    with interrupts() as signals:
        devices = labeled(targets, signals, end)
        stream = _stream(kept_seed(Path(directory), problem) if rng is None and directory is not None else rng)
        task = problem.task(reads, _child(stream, "task"))
        able = [
            name for name, each in devices if task_name(task) in each.supported_tasks and not isinstance(each, Unusable)
        ]
        study = _Study(problem, task, reads, stream, success_gap, able, signals)
        names = ", ".join(repr(label) for label, _ in devices)
        call = f"neuromorph.compare(load({problem.name!r}), [{names}], reads={reads}, rng={stream.entropy})"
        about = {"command": call, "reads": reads, "time_limit_s": time_limit, "success_gap": success_gap}
        origin = provenance(problem, stream, about)
        for k, (label, device) in enumerate(devices):
            now, left = time.monotonic(), sum(task_name(task) in each.supported_tasks for _, each in devices[k:])
            deadline = None if time_limit is None else now + max(_LEAST_S, (end - now) / max(1, left))
            path = None if directory is None else Path(directory) / "runs" / f"{own_name(label)}.npz"

            def tell(status: str, done: int, label: str = label) -> None:
                if progress is not None:
                    progress(label, status, done, reads)

            row = Result(label, "interrupted", "not begun when Ctrl-C came", device.summary)
            with suppress(KeyboardInterrupt):
                if not signals.number and all(result.status != "interrupted" for result in results):
                    row = replace(row, reason="Ctrl-C came before its first result")
                    row = replace(_run_target(study, device, deadline, path, tell), target=label)
                    tell(row.status, row.reads)
            results.append(row)
    return Comparison(problem, tuple(results), origin)


@dataclass(frozen=True, eq=False)
class _Study:
    """What all targets share."""

    problem: Problem
    task: Task
    reads: int
    stream: np.random.SeedSequence
    success_gap: float
    able: list[str]
    signals: Interrupts


def _run_target(
    study: _Study, device: Target, deadline: float | None, path: Path | None, tell: Callable[[str, int], None]
) -> Result:
    about: dict[str, Any] = {"target": device.name, "summary": device.summary}
    own = _child(study.stream, device.name)
    began = time.monotonic()

    def report(step: str, part: float, whole: float) -> None:
        tell(limits.progress_text("programming", step, part, whole), 0)

    with limits.time_limit(deadline, report) as limit:
        try:
            if task_name(study.task) not in device.supported_tasks:
                raise DoesNotFit(_unclaimed(study, device))
            tell("programming", 0)
            with alarm(limit):
                program = checked_program(device.program(study.problem, rng=_child(own, "program")))
        except DoesNotFit as error:
            return Result(**about, status="does not fit", reason=str(error))
        except BaseException as error:  # a target of somebody else: its failure is a row, not the end of the study
            status, reason = why(error, limit, study.signals)
            if status == "time limit":
                spent = limits.readable_seconds(time.monotonic() - began)
                reason = f"programming takes more than {spent}, its share of the time: {reason}"
            return Result(**about, status=status, reason=reason)
    about |= {"mapping_error": float(program.mapping_error), "notes": tuple(program.notes)}
    about["one_chip"] = program.one_chip
    seed = [own.entropy, *own.spawn_key]
    try:
        reading = run_in_batches(
            device,
            program,
            study.problem,
            study.task,
            study.reads,
            _child(own, "reads"),
            study.signals,
            deadline=deadline,
            path=path,
            mark=fingerprint(study.problem, device, seed, task_name(study.task)) if path else None,
            tell=tell,
        )
        about |= {"status": reading.status, "reason": reading.reason}
        about |= {"notes": about["notes"] + reading.notes, "warnings": reading.notes}
        if reading.run is None:
            return Result(**about)
        about["resumed"] = reading.resumed
        result = evaluate_run(study.problem, device, reading.run, success_gap=study.success_gap, **about)
        return _with_files(result, device, program, study.signals)
    except DoesNotFit as error:
        return Result(**{**about, "status": "does not fit", "reason": str(error)})
    except BaseException as error:
        status, reason = why(error, limit, study.signals)
        return Result(**{**about, "status": status, "reason": reason})


def _unclaimed(study: _Study, device: Target) -> str:
    """What the device does instead, and who can."""
    others = f", which {', '.join(study.able)} can" if study.able else ""
    tasks = " and ".join(sorted(name for name in TASK_NAMES if name in device.supported_tasks))
    return f"supports {tasks} only; the problem asks to {task_name(study.task)}{others}"


def _with_files(result: Result, device: Target, program: Program, signals: Interrupts) -> Result:
    """The result with what the target hands over, as a netlist; that it cannot, costs no numbers."""
    offer = getattr(device, "files", None)
    if not callable(offer):
        return result
    with limits.time_limit(time.monotonic() + _FILES_S) as limit:
        try:
            with alarm(limit):
                return replace(result, files=checked_files(offer(program)))
        except BaseException as error:
            status, reason = why(error, limit, signals)
            if status == "interrupted":
                return replace(result, status=status, reason="Ctrl-C came while its files were made")
            return replace(result, notes=(*result.notes, f"hands over no files: {reason}"))


def _stream(rng: RNG) -> np.random.SeedSequence:
    """The stream of this study; a seed that nobody gave is short enough to be typed again."""
    if rng is None:
        return np.random.SeedSequence(int(np.random.SeedSequence().generate_state(1)[0]))
    if isinstance(rng, (int, np.integer)):
        return seed_sequence(int(rng))
    return seed_sequence(rng).spawn(1)[0]


def _child(stream: np.random.SeedSequence, name: str) -> np.random.SeedSequence:
    """The stream of ``name``, the same whatever else was drawn."""
    return np.random.SeedSequence(stream.entropy, spawn_key=(*stream.spawn_key, zlib.crc32(name.encode())))


def _check(problem: Problem, reads: int, time_limit: float | None, success_gap: float) -> None:
    if not isinstance(problem, Problem):
        raise TypeError(f"problem is {type(problem).__name__}; expected a Problem, as neuromorph.load gives it")
    if isinstance(reads, bool) or not isinstance(reads, (int, np.integer)) or reads < 1:
        raise ValueError(f"reads is {reads!r}; ask for a whole number of reads, at least one")
    if time_limit is not None and not (math.isfinite(time_limit) and time_limit > 0):
        raise ValueError(f"time_limit is {time_limit}; give seconds above 0, or None for no limit")
    if not (math.isfinite(success_gap) and success_gap >= 0):
        raise ValueError(f"success_gap is {success_gap}; give a fraction of the best value, 0 or above")
