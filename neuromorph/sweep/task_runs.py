r"""One task: program the target, make the reads, score and price them, as one row of numbers.

Devices, problems and programs that the next task needs again are kept, so that a task costs little more than its reads.
Streams are those of ``compare`` with the same seed for chip 0 and repeat 0; other chips and repeats have their own.

.. math:: E_{solution} = E_{setup} + n\, E_{read}, \qquad n = \max(1, \ln(1 - .99) / \ln(1 - p))

Energies and times that a clock measured stand in columns of their own: they differ from run to run.
"""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from ..cost import price
from ..exact import states_of
from ..installed_targets import target_maker
from ..ising import Float
from ..problems import IsingModel, Problem, score_run
from ..protocol import DoesNotFit, Target, require_support
from ..rng import child
from ..run import Program, Run
from ..runtime.limits import TimeLimitReached, time_limit
from ..study.contract import checked_costs, checked_program, checked_run
from ..study.evaluate import relative_gap
from ..study.sampling_score import MAX_COUNTED, exact_reference, kl_divergence
from ..task import Minimize, Sample, Task
from .study_tasks import AskedProblem, SweepTask

_SAME = 1e-9  # two scores nearer than this, as a fraction, are one
_TRACE = 2000  # characters of a traceback


def run_task(
    task: SweepTask,
    work: AskedProblem,
    *,
    success_gap: float = 0.0,
    keep_scores: bool = False,
    limit_s: float | None = None,
) -> dict[str, Any]:
    """Run one task; whatever happens to it is in its row.

    Parameters
    ----------
    task : SweepTask
        Task.
    work : AskedProblem
        Its problem and what is asked of it.
    success_gap : float
        Relative distance from the best value known up to which a read succeeds.
    keep_scores : bool
        Whether to keep the score of each read, even with a best value known.
    limit_s : float or None
        Seconds after which the task has failed.

    Returns
    -------
    dict of str to object
        Row of the results, with the best answer under "answer".
    """
    began = time.perf_counter()
    row: dict[str, Any] = {"task": task.key, "status": "ok", "reason": ""}
    try:
        with time_limit(None if limit_s is None else time.monotonic() + limit_s):
            row |= _numbers(task, work, success_gap, keep_scores)
    except DoesNotFit as error:
        row |= {"status": "does not fit", "reason": str(error)}
    except TimeLimitReached:
        row |= {"status": "failed", "reason": f"was not done within task_time_limit_s = {limit_s:g}"}
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # of a target of anybody: the other tasks are worth more than this traceback
        lines = traceback.format_exc().strip()[-_TRACE:]
        row |= {"status": "failed", "reason": f"{type(error).__name__}: {error}".rstrip(": "), "traceback": lines}
    return row | {"seconds": time.perf_counter() - began, "finished": time.time()}


def _numbers(task: SweepTask, work: AskedProblem, success_gap: float, keep_scores: bool) -> dict[str, Any]:
    problem = _problem(work)
    device = _device(task.target, task.parameters)
    stream = np.random.SeedSequence(task.seed)
    own = child(stream, device.name)
    asked = _asked(problem, work, task.reads, stream, task.repeat)
    require_support(device, asked)
    began = time.perf_counter()
    program = _program(work, task)
    programmed = time.perf_counter()
    numbered = [number for number in (task.chip, task.repeat) if number]
    reads = child(own, "reads", *(("chip", task.chip, "repeat", task.repeat) if numbered else ()))
    run = device.run(program, asked, task.reads, rng=reads)
    ran = time.perf_counter()
    if (pair := (task.target, task.parameters, work.problem.sha256)) not in _KEPT.checked:
        run = checked_run(run, problem, task.reads)  # once a setting and problem: it computes all energies again
        _make_room(_KEPT.checked, 1024)
        _KEPT.checked[pair] = True
    if run.status == "failed":
        raise RuntimeError(run.message or "the run failed and does not say why")
    found = {"mapping_error": float(program.mapping_error), "one_chip": bool(program.one_chip)}
    found |= _quality(problem, run, success_gap, keep_scores) | _prices(device, run)
    if isinstance(asked, Sample):
        found |= _sampling(work, asked, run)
    return found | {"program_s": programmed - began, "run_s": ran - programmed}


def _quality(problem: Problem, run: Run, success_gap: float, keep_scores: bool) -> dict[str, Any]:
    scored = score_run(problem, run)
    scores = scored.scores
    feasible = scores[np.isfinite(scores)]
    found: dict[str, Any] = {"feasible": int(feasible.size), "mean_energy": float(run.energies.mean())}
    if keep_scores or problem.best_known is None:
        found["scores"] = scores.tolist()
    if feasible.size:
        k = int(np.nanargmin(scores if problem.sense == "min" else -scores))
        value = scored.solutions[k].value
        found |= {"best": float(scores[k]), "mean": float(feasible.mean()), "median": float(np.median(feasible))}
        found["answer"] = None if value is None else np.asarray(value).tolist()
    if problem.best_known is not None:
        gaps = relative_gap(scores, problem)
        found["successes"] = int((gaps <= success_gap + _SAME).sum())
        found["quality"] = float(np.where(np.isfinite(gaps), 1.0 - np.clip(gaps, 0.0, 1.0), 0.0).mean())
    return found


def _prices(device: Target, run: Run) -> dict[str, Any]:
    """Price the mean read, and what is done once; ranges are those of the prices alone, chips and seeds have theirs."""
    costs = checked_costs(device.costs())
    mean = replace(run, activity={name: np.full(run.reads, count.mean()) for name, count in run.activity.items()})
    once = [each for each in costs if each.event not in run.activity and each.event in run.setup]
    each_read, setup = price(mean, [each for each in costs if each not in once]), price(mean, once)
    energy, core, latency = each_read.energy_per_read(), each_read.energy_per_read("core"), each_read.time_per_read
    found = {"energy_per_read_j": energy.value, "energy_low_j": energy.low, "energy_high_j": energy.high}
    found |= {"core_energy_per_read_j": core.value, "setup_energy_j": setup.energy().value}
    found |= {"time_per_read_s": latency.value, "time_low_s": latency.low, "time_high_s": latency.high}
    if any(each.counted == "measured" for each in costs):
        return {f"measured_{name}": value for name, value in found.items()}
    return found


def _sampling(work: AskedProblem, asked: Sample, run: Run) -> dict[str, Any]:
    """Divergence from the asked-for distribution, where states can be counted."""
    if run.spins.shape[1] > MAX_COUNTED:
        return {}
    wanted = _reference(work.problem.sha256, asked.beta)
    kl, _ = kl_divergence(np.bincount(states_of(run.spins), minlength=wanted.size), wanted)
    return {"kl": None if kl is None else kl.value}


def _asked(problem: Problem, work: AskedProblem, reads: int, stream: np.random.SeedSequence, repeat: int) -> Task:
    if work.task == "sample":
        return Sample(float(work.beta or 0.0))
    if work.task == "minimize":
        return Minimize()
    return problem.task(reads, child(stream, "task", *((repeat,) if repeat else ())))


class _Kept(threading.local):
    """Problems and programs that the next task may need again; each thread has its own."""

    def __init__(self) -> None:
        self.problems: dict[tuple[str, bool], Problem] = {}
        self.programs: dict[tuple[Any, ...], Program | DoesNotFit] = {}
        self.checked: dict[tuple[str, str, str], bool] = {}


_KEPT = _Kept()


def _make_room(kept: dict[Any, Any], most: int) -> None:
    while len(kept) >= most:
        del kept[next(iter(kept))]


def _problem(work: AskedProblem) -> Problem:
    """Problem as targets are programmed with it: to sample, its Ising form."""
    kept, key = _KEPT.problems, (work.problem.sha256, work.task == "sample")
    if key not in kept:
        problem = work.problem.problem()
        if work.task == "sample" and not isinstance(problem, IsingModel):
            problem = IsingModel(problem.name, problem.ising())
        _make_room(kept, 8)
        kept[key] = problem
    return kept[key]


def _program(work: AskedProblem, task: SweepTask) -> Program:
    kept = _KEPT.programs
    key = (work.problem.sha256, work.task == "sample", task.target, task.parameters, task.seed, task.chip)
    if key not in kept:
        device = _device(task.target, task.parameters)
        stream = child(
            np.random.SeedSequence(task.seed), device.name, "program", *(("chip", task.chip) if task.chip else ())
        )
        _make_room(kept, 4)
        try:
            kept[key] = checked_program(device.program(_problem(work), rng=stream))
        except DoesNotFit as error:
            kept[key] = error
    found = kept[key]
    if isinstance(found, DoesNotFit):
        raise found
    return found


@lru_cache(64)
def _device(target: str, parameters: str) -> Target:
    return _maker(target)(**json.loads(parameters))


@lru_cache(64)
def _maker(target: str) -> Callable[..., Target]:
    return target_maker(target)


@lru_cache(4)
def _reference(sha256: str, beta: float) -> Float:
    """Probabilities of all states of a problem that is kept."""
    found = exact_reference(_KEPT.problems[sha256, True].ising(), beta).probabilities
    assert found is not None
    return found
