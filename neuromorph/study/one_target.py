"""One target of a study: its chips are programmed, read, scored and priced, and whatever fails is a row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..problems import Recall
from ..problems.problem import Problem
from ..protocol import DoesNotFit, Target, files_of, forecast_of
from ..rng import child
from ..run import Program
from ..runtime import limits
from ..runtime.signals import Interrupts, alarm
from ..runtime.work_clock import clock
from ..task import TASK_NAMES, Minimize, RecallFrom, Sample, Task, task_name
from .batches import BatchResult, Chips, run_in_batches, why
from .contract import checked_files, checked_program
from .evaluate import evaluate_run
from .fingerprint import fingerprint
from .in_macros import macros_of, program_or_macros
from .length_curve import LengthCurve
from .mapping_report import mapping_report, with_reads
from .over_chips import mean_mapping_error
from .read_length import (
    ReadLength,
    best_read_length,
    keep_length,
    kept_length,
    read_length_of,
    with_read_length,
)
from .recall_score import score_recall
from .result import Result
from .row_prices import Counted
from .sampling_score import SamplingReference
from .sampling_verdict import with_sampling_scores

CHIPS = 10  # of a target that draws its devices
_FILES_S = 10.0  # for a target to make what it hands over
_TRAINING = 100  # most training reads of one read length


@dataclass(frozen=True, eq=False)
class Study:
    """One study of several targets.

    Attributes
    ----------
    problem, asked : Problem
        Problem, and the one that targets are programmed with.
    task : Task
        Task.
    reads : int
        Reads of each target.
    stream : SeedSequence
        Parent of all streams.
    success_gap : float
        A read succeeds within this fraction of the best value known.
    able : list of str
        Targets that do the task.
    signals : Interrupts
        Ctrl-C and the like.
    chips : int
        Chips of a target that draws its devices.
    counted : Counted
        Boundary, host, and problems that are solved with one programming.
    read_length : "default", "best" or float
        Length of a read.
    reference : SamplingReference or None
        What sampled reads are compared with.
    parallel : int
        Macros that work at the same time.
    """

    problem: Problem
    asked: Problem
    task: Task
    reads: int
    stream: np.random.SeedSequence
    success_gap: float
    able: list[str]
    signals: Interrupts
    chips: int = CHIPS
    counted: Counted = field(default_factory=Counted)
    read_length: ReadLength = "default"
    reference: SamplingReference | None = None
    parallel: int = 1


def run_target(
    study: Study, device: Target, deadline: float | None, path: Path | None, tell: Callable[[str, int], None]
) -> Result:
    """Run one target: program its chips, make the reads, score and price them.

    Parameters
    ----------
    study : Study
        Study.
    device : Target
        Target.
    deadline : float or None
        Time of ``work_clock.clock()`` at which it has to end.
    path : Path or None
        File that keeps its reads.
    tell : callable
        Called with the current step and the number of reads done.

    Returns
    -------
    Result
        Its row; a failure is a row too.
    """
    about: dict[str, Any] = {"target": device.name, "summary": device.summary}
    own = child(study.stream, device.name)
    try:
        device, curve = _at_length(study, device, deadline, path, tell)
    except ValueError as error:
        return Result(**about, status="failed", reason=str(error))
    about |= {"read_length": curve, "forecast": forecast_of(device)}
    if study.signals.number:
        return Result(**about, status="interrupted", reason="Ctrl-C came while its read length was tuned")
    limit, first = _first_program(study, device, own, deadline, about, tell)
    if isinstance(first, Result):
        return first
    device, program = first
    about |= {"mapping_error": float(program.mapping_error), "notes": tuple(program.notes)}
    about |= _mapping(program, study.task, about["notes"])
    chips = _chips(study, device, program, own)
    about["one_chip"] = program.one_chip and min(chips.count, study.reads) == 1
    seed = [own.entropy, *own.spawn_key]
    mark = fingerprint(study.problem, device, seed, study.task, chips.count) if path else None
    try:
        reading = run_in_batches(
            device, chips, study.asked, study.task, study.reads, study.signals,
            deadline=deadline, path=path, mark=mark, tell=tell,
        )  # fmt: skip
        about |= {"status": reading.status, "reason": reading.reason}
        said = () if reading.run is None else tuple(reading.run.provenance.get("notes", ()))
        about |= {"notes": about["notes"] + said + reading.notes, "warnings": reading.notes}
        if reading.run is None:
            return Result(**about)
        return _with_files(_scored(study, device, program, reading, about), device, program, study.signals)
    except DoesNotFit as error:
        macros = macros_of(device, study.asked, study.task, study.parallel)  # a chip may hold what it cannot search
        other = None if macros is None else run_target(study, macros, deadline, path, tell)
        if other is not None and other.status not in ("does not fit", "failed"):
            return other
        return Result(**{**about, "status": "does not fit", "reason": str(error)})
    except BaseException as error:
        status, reason = why(error, limit, study.signals)
        return Result(**{**about, "status": status, "reason": reason})


def _first_program(
    study: Study,
    device: Target,
    own: np.random.SeedSequence,
    deadline: float | None,
    about: dict[str, Any],
    tell: Callable[[str, int], None],
) -> tuple[limits.TimeLimit, tuple[Target, Program] | Result]:
    """Program the first chip, or macros of it, under a limit; a row where that fails."""
    began = clock()

    def report(step: str, part: float, whole: float) -> None:
        tell(limits.progress_text("programming", step, part, whole), 0)

    with limits.time_limit(deadline, report) as limit:
        try:
            if task_name(study.task) not in device.supported_tasks:
                raise DoesNotFit(_unclaimed(study, device))
            tell("programming", 0)
            with alarm(limit):
                stream = child(_of_chip(own, 0), "program")
                device, program = program_or_macros(device, study.asked, study.task, stream, study.parallel)
                return limit, (device, checked_program(program))
        except DoesNotFit as error:
            return limit, Result(**about, status="does not fit", reason=str(error))
        except BaseException as error:  # a target of somebody else: its failure is a row, not the end of the study
            status, reason = why(error, limit, study.signals)
            if status == "time limit":
                spent = limits.readable_seconds(clock() - began)
                reason = f"programming takes more than {spent}, its share of the time: {reason}"
            return limit, Result(**about, status=status, reason=reason)


def _chips(study: Study, device: Target, program: Program, own: np.random.SeedSequence) -> Chips:
    """Return the chips of a target, of which the first is programmed."""

    def programmed(chip: int) -> Program:
        if chip == 0:
            return program
        return checked_program(device.program(study.asked, rng=child(_of_chip(own, chip), "program")))

    count = study.chips if program.one_chip else 1
    return Chips(count, programmed, lambda chip: child(_of_chip(own, chip), "reads"))


def _scored(study: Study, device: Target, program: Program, reading: BatchResult, about: dict[str, Any]) -> Result:
    """Score and price the reads; ``about`` learns what their chips hold, whatever goes wrong here."""
    assert reading.run is not None
    about["resumed"] = reading.resumed
    errors = {chip: each.mapping_error for chip, each in reading.programs.items()}
    about["mapping_error"] = mean_mapping_error(errors)
    if "mapping" in about:
        about["mapping"] = with_reads(about["mapping"], reading.run)
    result = evaluate_run(
        study.problem,
        device,
        reading.run,
        success_gap=study.success_gap,
        counted=study.counted,
        parallel_reads=program.parallel_reads,
        mapping_errors=errors if program.one_chip else None,
        **about,
    )
    if study.reference is not None:
        result = with_sampling_scores(result, study.reference, study.asked.ising(), program, reading.run)
    if isinstance(study.task, RecallFrom) and isinstance(study.problem, Recall):
        run, cues = reading.run, study.task.cues(study.reads, study.problem.size)[: reading.run.reads]
        ends = score_recall(study.problem, cues, run.spins, run.converged)
        result = replace(result, recall=ends, warnings=result.warnings + ((ends.verdict,) if ends.verdict else ()))
    return result


def _of_chip(own: np.random.SeedSequence, chip: int) -> np.random.SeedSequence:
    """Return the stream of a chip, from which it is drawn and its reads are made; the first has the target's own."""
    return child(own, "chip", chip) if chip else own


def _mapping(program: Program, task: Task, notes: tuple[str, ...]) -> dict[str, Any]:
    """Report what the first chip holds; a target that cannot be compared so costs no reads."""
    try:
        return {"mapping": mapping_report(program, beta=task.beta if isinstance(task, Sample) else None)}
    except Exception as error:
        return {"notes": (*notes, f"no mapping report: {type(error).__name__}: {error}")}


def _unclaimed(study: Study, device: Target) -> str:
    """Say which tasks the device does instead, and which targets do this one."""
    others = f", which {', '.join(study.able)} can" if study.able else ""
    tasks = " and ".join(sorted(name for name in TASK_NAMES if name in device.supported_tasks))
    return f"supports {tasks} only; the task is to {task_name(study.task)}{others}"


def _with_files(result: Result, device: Target, program: Program, signals: Interrupts) -> Result:
    """Add the files that the target hands over, as a netlist; a failure there costs no numbers."""
    with limits.time_limit(clock() + _FILES_S) as limit:
        try:
            with alarm(limit):
                return replace(result, files=checked_files(files_of(device, program)))
        except BaseException as error:
            status, reason = why(error, limit, signals)
            if status == "interrupted":
                return replace(result, status=status, reason="Ctrl-C came while its files were made")
            return replace(result, notes=(*result.notes, f"hands over no files: {reason}"))


def _at_length(
    study: Study, device: Target, deadline: float | None, path: Path | None, tell: Callable[[str, int], None]
) -> tuple[Target, LengthCurve | None]:
    """Return the target at the read length that was asked for; training takes half of the time at most."""
    found = read_length_of(device)
    if found is None or study.read_length == "default":
        return device, None if found is None else LengthCurve(found[0], found[1], found[1])
    if study.read_length != "best":
        changed = with_read_length(device, study.read_length)
        return changed, LengthCurve(found[0], (read_length_of(changed) or found)[1], found[1])
    if not isinstance(study.task, Minimize) or study.problem.best_known is None:
        return device, LengthCurve(found[0], found[1], found[1])
    now = clock()
    half = None if deadline is None else now + (deadline - now) / 2.0

    def train(trial: Target, number: int, more: int) -> Result | None:
        if (half is not None and clock() >= half) or study.signals.number:
            return None
        reads = more * min(study.reads, _TRAINING)
        stream = child(study.stream, "training", number)
        training = replace(study, stream=stream, reads=reads, read_length="default")

        def said(status: str, done: int) -> None:
            tell(f"training {found[0]} = {read_length_of(trial)[1]:g}", done)  # type: ignore[index]

        return run_target(training, trial, half, None, said)

    kept = None if path is None else path.with_suffix(".length.json")
    mark = _training_mark(study, device)
    known = kept_length(kept, mark)
    curve = best_read_length(device, train) if known is None else replace(known, default=found[1])
    if curve is None:
        return device, None
    if kept is not None and known is None and not study.signals.number:
        keep_length(kept, mark, curve)
    return with_read_length(device, curve.length), curve


def _training_mark(study: Study, device: Target) -> Any:
    seed = [study.stream.entropy, *study.stream.spawn_key]
    about = fingerprint(study.problem, device, seed, study.task, study.chips)
    more = {"reads": study.reads, "best_known": study.problem.best_known, "success_gap": study.success_gap}
    return json.loads(json.dumps({**about, **more}))
