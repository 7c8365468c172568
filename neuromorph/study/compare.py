"""One problem and one task on many targets: the quality, time and energy of each, side by side.

Random streams: every target has its own, drawn from the seed and its name, so that leaving one out does not change the
others; the cues of a recall are the same for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from .. import installed_targets
from ..datum import Datum
from ..pricing import Boundary
from ..problems import IsingModel
from ..problems.problem import Problem
from ..protocol import Target
from ..rng import RNG, child, seed_sequence
from ..runtime import limits
from ..runtime.signals import interrupts
from ..runtime.work_clock import clock
from ..target_constants import Replacements, datum_dict, host_of, read_replacements, replace_in_all
from ..task import Sample, Task, task_name
from .checkpoint import kept_seed, own_name
from .comparison import Comparison
from .evaluate import measure_success
from .installed import Unusable, labeled
from .one_target import CHIPS, Study, run_target
from .provenance import provenance
from .read_length import ReadLength
from .result import Result
from .row_prices import Counted
from .sampling_score import MAX_COUNTED, SamplingReference, exact_reference, tempering_reference
from .time_shares import TimeShares, run_in_shares, time_shares
from .validation import check_boundary, check_read_length, check_study, check_task

StudyProgress: TypeAlias = Callable[[str, str, int, int], None]

READS = 100  # a success rate is then known within +-10 %
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
    chips: int | None = None,
    problems_per_programming: int = 1,
    read_length: ReadLength = "default",
    every: bool = False,
    boundary: Boundary = "system+host",
    parallel: int = 1,
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
        None takes all that are installed but those of ``every``. A name may have parameters,
        ``cpu-anneal(sweeps=300)``, and the row is called so; its random streams are those of the plain name.
    reads : int
        Independent reads on each target.
    rng : int, SeedSequence, Generator or None
        None takes the seed of the reads in ``directory``, or draws one; ``provenance`` keeps it.
    task : Minimize, Sample, RecallFrom or None
        None: the problem's own, to minimize or to recall. ``Sample(beta)`` draws states of its Ising form, scored
        against enumeration or a reference run (``sampling_score``).
    time_limit : float or None
        Seconds of the whole study, what is left being shared equally by the targets still to run; one that has no read
        by then says how long it would take. Compiling kernels costs a target nothing of its share, and the study a
        quarter more at most (``time_shares``).
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
    chips : int or None
        Number of devices that the reads of a target are spread over, evenly, where ``Target.program`` draws what its
        device is like; each is programmed by a stream of its own. None takes ``CHIPS``; fewer reads take as many
        chips. Other targets use one.
    problems_per_programming : int
        Number of problems that are solved with one programming: each bears that part of its time and energy.
    read_length : "default", "best" or float
        Length of a read, as sweeps or attempts, of targets that name such a parameter: their own, the one of least time
        to solution on training reads of their own (to minimize, with a best value known), or this one.
    every : bool
        Whether None for ``targets`` includes those that nobody has built, and those for which another one stands, as
        ``cpu-anneal`` for further methods of the CPU.
    boundary : {"core", "chip", "system", "system+host"}
        What the joules of all rows include (``neuromorph.pricing``). By default all that an answer takes, with the same
        host for each row: it is the only boundary at which a processor, which is a host, and a device, which needs one,
        are compared like with like. The core stands beside it in every table.
    parallel : int
        Number of macros that work at the same time, where a target does not hold the whole problem.

    Returns
    -------
    Comparison
        Results with their provenance.

    Raises
    ------
    ValueError, TypeError
        An argument breaks its rule, contradicts the problem, or the problem is too large for an Ising form to sample.
    """
    chips = CHIPS if chips is None else chips
    check_study(problem, reads, time_limit, success_gap, chips, problems_per_programming, parallel)
    check_read_length(read_length)
    check_boundary(boundary)
    check_task(task, problem, reads)
    replacements = Replacements() if costs is None else read_replacements(costs)
    host = host_of(replacements)
    with time_shares(time_limit) as shares, interrupts() as signals:
        devices = labeled(targets, signals, shares.end_of_work, every)
        usable = [(label, device) for label, device in devices if not isinstance(device, Unusable)]
        priced, replaced = replace_in_all(usable, replacements)
        devices = [(label, priced.get(label, device)) for label, device in devices]
        stream = _stream(kept_seed(Path(directory), problem) if rng is None and directory is not None else rng)
        task = problem.task(reads, child(stream, "task")) if task is None else task
        able = [label for label, device in usable if task_name(task) in device.supported_tasks]
        study = Study(
            problem, asked_problem(problem, task), task, reads, stream, success_gap, able, signals, chips,
            Counted(boundary, host, problems_per_programming), read_length, parallel=parallel,
        )  # fmt: skip
        if isinstance(task, Sample) and able:
            study = replace(study, reference=_reference(study, task, shares, progress, reference))
        origin = _origin(study, [label for label, _ in devices], time_limit, left_out=targets is None)
        results = _rows(study, devices, shares, progress, None if directory is None else Path(directory) / "runs")
    results = [_with_replaced(row, replaced.get(row.target, {})) for row in results]
    return _with_best_of_study(
        Comparison(problem, tuple(results), origin, task, study.reference, None, boundary), success_gap
    )


def _origin(study: Study, labels: list[str], time_limit: float | None, left_out: bool) -> dict[str, Any]:
    """Return the provenance of a study: the call that repeats it, and its arguments."""
    task, counted = study.task, study.counted
    names = ", ".join(map(repr, labels))
    also = f", task=Sample({task.beta!r})" if isinstance(task, Sample) else ""
    seed = study.stream.entropy
    call = f"neuromorph.compare(load({study.problem.name!r}), [{names}], reads={study.reads}, rng={seed}{also})"
    about = {"command": call, "reads": study.reads, "time_limit_s": time_limit, "success_gap": study.success_gap}
    about |= {"chips": study.chips, "problems_per_programming": counted.problems, "read_length": study.read_length}
    about |= {"parallel_macros": study.parallel} if study.parallel > 1 else {}
    about |= {"boundary": counted.boundary, "host_power": datum_dict(counted.host)}
    if left_out:
        about["left_out"] = sorted(set(installed_targets.available_targets()) - set(labels))
    return provenance(study.problem, study.stream, about)


def _rows(
    study: Study,
    devices: Sequence[tuple[str, Target]],
    shares: TimeShares,
    progress: StudyProgress | None,
    folder: Path | None,
) -> list[Result]:
    """Run the targets one after the other, until Ctrl-C comes."""
    rows: dict[int, Result] = {}

    def attempt(k: int, deadline: float | None) -> bool:
        label, device = devices[k]

        def tell(status: str, done: int) -> None:
            if progress is not None:
                progress(label, status, done, study.reads)

        if study.signals.number or any(row.status == "interrupted" for row in rows.values()):
            return False
        rows.setdefault(k, Result(label, "interrupted", "Ctrl-C came before its first result", device.summary))
        with suppress(KeyboardInterrupt):
            path = None if folder is None else folder / f"{own_name(label)}.npz"
            rows[k] = replace(run_target(study, device, deadline, path, tell), target=label)
            tell(rows[k].status, rows[k].reads)
        return rows[k].status == "time limit" and not rows[k].reads

    run_in_shares(shares, [task_name(study.task) in device.supported_tasks for _, device in devices], attempt)
    for k, (label, device) in enumerate(devices):
        rows.setdefault(k, Result(label, "interrupted", "not begun when Ctrl-C came", device.summary))
    return [rows[k] for k in range(len(devices))]


def _with_best_of_study(found: Comparison, success_gap: float) -> Comparison:
    """Measure all rows by the best answer of the study, where no best value is known."""
    if found.problem.best_known is not None or isinstance(found.task, Sample) or found.best is None:
        return found
    best = found.best.best
    rows = tuple(measure_success(row, found.problem, best, success_gap) for row in found.results)
    return replace(found, results=rows, best_of_study=best)


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
    study: Study, task: Sample, shares: TimeShares, progress: StudyProgress | None, wanted: bool
) -> SamplingReference:
    """Compute the scores of a correct sampler for all targets, in the time of one of them."""
    ising = study.asked.ising()
    if ising.size <= MAX_COUNTED:
        return exact_reference(ising, task.beta)
    if not wanted:
        return SamplingReference("none", task.beta, reason="no reference run was asked for")
    share = min(_REFERENCE_S, shares.share_s(1 + len(study.able)))

    def tell(step: str, part: float, whole: float) -> None:
        if progress is not None:
            progress("reference run", limits.progress_text("running", step, part, whole), 0, 0)

    try:
        with limits.time_limit(clock() + share, tell):
            found = tempering_reference(ising, task.beta, child(study.stream, "reference"))
    except KeyboardInterrupt:
        found = SamplingReference("none", task.beta, reason="no reference run: Ctrl-C came")
    if progress is not None:
        progress("reference run", "ok", 0, 0)
    return found


def _with_replaced(result: Result, given: Mapping[str, Datum]) -> Result:
    """List in provenance and notes the constants that were replaced."""
    if not given or result.run is None:
        return result
    listed = {name: datum_dict(datum) for name, datum in given.items()}
    run = replace(result.run, provenance={**result.run.provenance, "replaced_constants": listed})
    said = ", ".join(f"{name} = {datum.value:g} {datum.unit}" for name, datum in given.items())
    return replace(result, run=run, notes=(*result.notes, f"priced with constants of the user: {said}"))


def _stream(rng: RNG) -> np.random.SeedSequence:
    """Return the stream of this study; a seed that nobody gave is short enough to be typed again."""
    if rng is None:
        return np.random.SeedSequence(int(np.random.SeedSequence().generate_state(1)[0]))
    if isinstance(rng, (int, np.integer)):
        return seed_sequence(int(rng))
    return seed_sequence(rng).spawn(1)[0]
