"""One problem and one task on many targets: the quality, time and energy of each, side by side.

Random streams: every target has its own, drawn from the seed and its name, so that leaving one out does not change the
others; the cues of a recall are the same for all of them.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..datum import Datum
from ..problems import IsingModel, Recall
from ..problems.problem import Problem
from ..protocol import DoesNotFit, Target, files_of
from ..rng import RNG, child, seed_sequence
from ..run import Program
from ..runtime import limits
from ..runtime.signals import Interrupts, alarm, interrupts
from ..target_constants import Replacements, datum_dict, read_replacements, replace_in_all
from ..task import TASK_NAMES, RecallFrom, Sample, Task, task_name
from ..tours.by_macros import program_or_macros
from .batches import run_in_batches, why
from .chain_diagnostics import diagnose, independent_reads, samples_of
from .checkpoint import kept_seed, own_name
from .comparison import Comparison
from .contract import checked_files, checked_program
from .fingerprint import fingerprint
from .installed import Unusable, labeled
from .provenance import provenance
from .recall_score import score_recall
from .result import Result, evaluate_run
from .sampling_score import MAX_COUNTED, SamplingReference, exact_reference, score_samples, tempering_reference

StudyProgress: TypeAlias = Callable[[str, str, int, int], None]

READS = 100  # a success rate is then known within +-10 %; berlin52 takes 1 to 2 minutes on all targets
_LEAST_S = 0.1  # for each target, though the others have taken all of it
_FILES_S = 10.0  # for a target to make what it hands over
_REFERENCE_S = 60.0  # for the reference run of a sampling task, where no time limit says less


def compare(
    problem: Problem,
    targets: Sequence[str | Target] | str | Target | None = None,
    reads: int = READS,
    rng: RNG = None,
    *,
    task: Task | None = None,
    time_limit: float | None = None,
    success_gap: float = 0.0,
    progress: StudyProgress | None = None,
    directory: str | os.PathLike[str] | None = None,
    costs: str | Path | Mapping[str, Any] | None = None,
    reference: bool = True,
) -> Comparison:
    """Run one problem and task on each target, side by side.

    A target that cannot hold the problem, fails or breaks its protocol says so in its row, and the others go on. Ctrl-C
    ends the study and keeps its reads. Work that does not look at the clock (``runtime.limits.checkpoint``) is
    stopped a second late; compiled code cannot be stopped before it returns.

    Parameters
    ----------
    problem : Problem
        As ``nm.load`` gives it.
    targets : str, Target, sequence of them, or None
        None takes all that are installed. A name may have parameters, ``cpu-anneal(sweeps=300)``, and the row is called
        so; its random streams are those of the plain name.
    reads : int
        Independent reads on each target.
    rng : int, SeedSequence, Generator or None
        None takes the seed of the reads in ``directory``, or draws one; ``provenance`` keeps it.
    task : Minimize, Sample, RecallFrom or None
        None: the problem's own, to minimize or to recall. ``Sample(beta)`` draws states of its Ising form, scored
        against enumeration or a reference run (``sampling_score``).
    time_limit : float or None
        Seconds of the whole study, what is left being shared equally by the targets still to run; one that has no read
        by then says how long it would take.
    success_gap : float
        A read succeeds within this fraction of the best value known.
    progress : callable or None
        Called as ``progress(target, status, reads done, reads)``.
    directory : path or None
        Reads are kept in its folder ``runs``; the same call, or one with more reads, goes on from there.
    costs : path, mapping or None
        Constants in place of those of the targets, as of ``target_constants.read_replacements``. The same seed gives
        the same spins; times and joules follow.
    reference : bool
        Whether samples of models too large to be enumerated are compared with those of a reference run.

    Returns
    -------
    Comparison
        Results with their provenance.

    Raises
    ------
    ValueError, TypeError
        An argument breaks its rule, contradicts the problem, or the problem is too large for an Ising form to sample.
    """
    _check(problem, reads, time_limit, success_gap)
    _check_task(task, problem, reads)
    end = inf if time_limit is None else time.monotonic() + time_limit
    results: list[Result] = []
    replacements = Replacements() if costs is None else read_replacements(costs)
    with interrupts() as signals:
        devices = labeled(targets, signals, end)
        usable = [(label, device) for label, device in devices if not isinstance(device, Unusable)]
        priced, replaced = replace_in_all(usable, replacements)
        devices = [(label, priced.get(label, device)) for label, device in devices]
        stream = _stream(kept_seed(Path(directory), problem) if rng is None and directory is not None else rng)
        task = problem.task(reads, child(stream, "task")) if task is None else task
        able = [
            name for name, each in devices if task_name(task) in each.supported_tasks and not isinstance(each, Unusable)
        ]
        study = _Study(problem, asked_problem(problem, task), task, reads, stream, success_gap, able, signals)
        if isinstance(task, Sample) and able:
            study = replace(study, reference=_reference(study, task, end, progress, reference))
        names = ", ".join(repr(label) for label, _ in devices)
        also = f", task=Sample({task.beta!r})" if isinstance(task, Sample) else ""
        call = f"neuromorph.compare(load({problem.name!r}), [{names}], reads={reads}, rng={stream.entropy}{also})"
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
                    row = _with_replaced(row, replaced.get(label, {}))
                    tell(row.status, row.reads)
            results.append(row)
    return Comparison(problem, tuple(results), origin, task, study.reference)


@dataclass(frozen=True, eq=False)
class _Study:
    """What all targets share; ``asked`` is what they are programmed with."""

    problem: Problem
    asked: Problem
    task: Task
    reads: int
    stream: np.random.SeedSequence
    success_gap: float
    able: list[str]
    signals: Interrupts
    reference: SamplingReference | None = None


def asked_problem(problem: Problem, task: Task) -> Problem:
    """Return the problem that targets are programmed with.

    Parameters
    ----------
    problem : Problem
        The problem of the study.
    task : Task
        Its task.

    Returns
    -------
    Problem
        The problem; to sample its Ising form, for p is over spins and not over tours.
    """
    if not isinstance(task, Sample) or isinstance(problem, IsingModel):
        return problem
    return IsingModel(problem.name, problem.ising())


def _reference(
    study: _Study, task: Sample, end: float, progress: StudyProgress | None, wanted: bool
) -> SamplingReference:
    """Compute the scores of a correct sampler for all targets, in the time of one of them."""
    ising = study.asked.ising()
    if ising.size <= MAX_COUNTED:
        return exact_reference(ising, task.beta)
    if not wanted:
        return SamplingReference("none", task.beta, reason="no reference run was asked for")
    now = time.monotonic()
    share = min(_REFERENCE_S, max(_LEAST_S, (end - now) / (1 + len(study.able))))

    def tell(step: str, part: float, whole: float) -> None:
        if progress is not None:
            progress("reference run", limits.progress_text("running", step, part, whole), 0, 0)

    try:
        with limits.time_limit(now + share, tell):
            found = tempering_reference(ising, task.beta, child(study.stream, "reference"))
    except KeyboardInterrupt:
        found = SamplingReference("none", task.beta, reason="no reference run: Ctrl-C came")
    if progress is not None:
        progress("reference run", "ok", 0, 0)
    return found


def _run_target(
    study: _Study, device: Target, deadline: float | None, path: Path | None, tell: Callable[[str, int], None]
) -> Result:
    about: dict[str, Any] = {"target": device.name, "summary": device.summary}
    own = child(study.stream, device.name)
    began = time.monotonic()

    def report(step: str, part: float, whole: float) -> None:
        tell(limits.progress_text("programming", step, part, whole), 0)

    with limits.time_limit(deadline, report) as limit:
        try:
            if task_name(study.task) not in device.supported_tasks:
                raise DoesNotFit(_unclaimed(study, device))
            tell("programming", 0)
            with alarm(limit):
                device, program = program_or_macros(device, study.asked, study.task, child(own, "program"))
                program = checked_program(program)
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
            study.asked,
            study.task,
            study.reads,
            child(own, "reads"),
            study.signals,
            deadline=deadline,
            path=path,
            mark=fingerprint(study.problem, device, seed, study.task) if path else None,
            tell=tell,
        )
        about |= {"status": reading.status, "reason": reading.reason}
        said = () if reading.run is None else tuple(reading.run.provenance.get("notes", ()))
        about |= {"notes": about["notes"] + said + reading.notes, "warnings": reading.notes}
        if reading.run is None:
            return Result(**about)
        about["resumed"] = reading.resumed
        result = evaluate_run(study.problem, device, reading.run, success_gap=study.success_gap, **about)
        if study.reference is not None:
            samples, ising = samples_of(reading.run), study.asked.ising()
            spins, apart = independent_reads(samples)
            found = score_samples(study.reference, ising, spins, program.programmed)
            if apart > 1:
                found = replace(found, notes=(*found.notes, f"scores count one draw in {apart}, which are correlated"))
            result = replace(result, sampling=found, notes=(*result.notes, *found.notes))
            try:
                result = replace(result, diagnostics=diagnose(samples, ising, study.reference.beta))
            except KeyboardInterrupt:
                return replace(result, status="interrupted", reason="Ctrl-C came while its chains were diagnosed")
        if isinstance(study.task, RecallFrom) and isinstance(study.problem, Recall):
            run, cues = reading.run, study.task.cues(study.reads, study.problem.size)[: reading.run.reads]
            result = replace(result, recall=score_recall(study.problem, cues, run.spins, run.converged))
        return _with_files(result, device, program, study.signals)
    except DoesNotFit as error:
        return Result(**{**about, "status": "does not fit", "reason": str(error)})
    except BaseException as error:
        status, reason = why(error, limit, study.signals)
        return Result(**{**about, "status": status, "reason": reason})


def _unclaimed(study: _Study, device: Target) -> str:
    """Say which tasks the device does instead, and which targets do this one."""
    others = f", which {', '.join(study.able)} can" if study.able else ""
    tasks = " and ".join(sorted(name for name in TASK_NAMES if name in device.supported_tasks))
    return f"supports {tasks} only; the task is to {task_name(study.task)}{others}"


def _with_files(result: Result, device: Target, program: Program, signals: Interrupts) -> Result:
    """Add the files that the target hands over, as a netlist; a failure there costs no numbers."""
    with limits.time_limit(time.monotonic() + _FILES_S) as limit:
        try:
            with alarm(limit):
                return replace(result, files=checked_files(files_of(device, program)))
        except BaseException as error:
            status, reason = why(error, limit, signals)
            if status == "interrupted":
                return replace(result, status=status, reason="Ctrl-C came while its files were made")
            return replace(result, notes=(*result.notes, f"hands over no files: {reason}"))


def _with_replaced(result: Result, given: Mapping[str, Datum]) -> Result:
    """List in provenance and notes the constants that were replaced."""
    if not given or result.run is None:
        return result
    listed = {name: datum_dict(datum) for name, datum in given.items()}
    run = replace(result.run, provenance={**result.run.provenance, "replaced_constants": listed})
    said = ", ".join(f"{name} = {datum.value:g} {datum.unit}" for name, datum in given.items())
    return replace(result, run=run, notes=(*result.notes, f"priced with constants of the user: {said}"))


def _check_task(task: Task | None, problem: Problem, reads: int) -> None:
    if task is None:
        return
    task_name(task)
    if not isinstance(task, RecallFrom):
        return
    if not isinstance(problem, Recall):
        raise ValueError(
            f"task is to recall, but {problem.name} is no memory but of kind {problem.kind}; minimize it, or sample it"
        )
    task.cues(reads, problem.size)


def _stream(rng: RNG) -> np.random.SeedSequence:
    """Return the stream of this study; a seed that nobody gave is short enough to be typed again."""
    if rng is None:
        return np.random.SeedSequence(int(np.random.SeedSequence().generate_state(1)[0]))
    if isinstance(rng, (int, np.integer)):
        return seed_sequence(int(rng))
    return seed_sequence(rng).spawn(1)[0]


def _check(problem: Problem, reads: int, time_limit: float | None, success_gap: float) -> None:
    if not isinstance(problem, Problem):
        raise TypeError(f"problem is {type(problem).__name__}; expected a Problem, as neuromorph.load gives it")
    if isinstance(reads, bool) or not isinstance(reads, (int, np.integer)) or reads < 1:
        raise ValueError(f"reads is {reads!r}; ask for a whole number of reads, at least one")
    if time_limit is not None and not (math.isfinite(time_limit) and time_limit > 0):
        raise ValueError(f"time_limit is {time_limit}; give seconds above 0, or None for no limit")
    if not (math.isfinite(success_gap) and success_gap >= 0):
        raise ValueError(f"success_gap is {success_gap}; give a fraction of the best value, 0 or above")
