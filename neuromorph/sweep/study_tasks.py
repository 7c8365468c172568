"""Tasks of a study, one after the other, each named by the hash of all that its numbers depend on.

The hash is over problem, task, target, parameters, chip, seed, repeat and reads. Two studies that share a task share
its hash, and the order of a study's tables does not matter to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..installed_targets import get_target
from .parameter_points import parameter_points
from .study_checks import as_list
from .study_file import StudyFile, TargetSettings
from .study_problems import ProblemSource, problem_sources, with_rule

_FORMAT = 1  # of the hash; another one names other tasks


@dataclass(frozen=True)
class AskedProblem:
    """Problem with what is asked of it.

    Attributes
    ----------
    problem : ProblemSource
        Problem.
    task : str
        "minimize", "sample" or "recall".
    beta : float or None
        Inverse temperature to sample at.
    """

    problem: ProblemSource
    task: str
    beta: float | None = None


class SweepTask(NamedTuple):
    """One task of a study.

    Attributes
    ----------
    key : str
        Hash, 32 hexadecimal digits.
    work : int
        Number of its :class:`AskedProblem`.
    target : str
        Name of the target.
    parameters : str
        Its parameters, as JSON.
    seed, chip, repeat, reads : int
        Seed, number of the device and of the repeat, reads.
    """

    key: str
    work: int
    target: str
    parameters: str
    seed: int
    chip: int
    repeat: int
    reads: int


def canonical_json(value: Any) -> str:
    """Write plain data as JSON, the same for the same data.

    Parameters
    ----------
    value : object
        Plain data.

    Returns
    -------
    str
        JSON with sorted keys and no spaces.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def study_work(study: StudyFile) -> tuple[AskedProblem, ...]:
    """Pair the problems of a study with its tasks, where they fit each other.

    Parameters
    ----------
    study : StudyFile
        Study.

    Returns
    -------
    tuple of AskedProblem
        Pairs in their order.

    Raises
    ------
    ValueError
        If a problem cannot be read, or a task fits none of them.
    """
    found: dict[tuple[str, str, float | None], AskedProblem] = {}
    sources = problem_sources(study)
    for table in study.tasks or ({},):
        fits = False
        for source in sources:
            task = table.get("task") or ("recall" if source.kind == "recall" else "minimize")
            if task == "recall" and source.kind != "recall":
                continue
            fits = True
            for rule in as_list(table.get("rule")):
                problem = with_rule(source, rule)
                for beta in as_list(table.get("beta")):
                    value = None if beta is None else float(beta)
                    found.setdefault((problem.sha256, task, value), AskedProblem(problem, task, value))
        if not fits:
            raise ValueError("[[tasks]]: to recall needs patterns, and no problem of the study is a memory; add one")
    return tuple(found.values())


def study_digest(study: StudyFile, work: Iterable[AskedProblem]) -> str:
    """Compute the hash of everything that a study asks for.

    Parameters
    ----------
    study : StudyFile
        Study.
    work : iterable of AskedProblem
        Its problems and tasks.

    Returns
    -------
    str
        Hexadecimal digits; those of two files of the same meaning are equal.
    """
    pairs = [[each.problem.sha256, each.task, each.beta, each.problem.best_known] for each in work]
    about = [study.reads, study.chips, study.repeats, list(study.seeds), study.success_gap, study.keep_scores]
    targets = [repr(each) for each in study.targets]
    data = [_FORMAT, pairs, about, targets, study.task_time_limit_s, repr(study.search)]
    return hashlib.sha256(canonical_json(data).encode()).hexdigest()


def study_settings(study: StudyFile) -> Iterator[tuple[str, str]]:
    """List the settings of all targets, without those that are found on the way.

    Parameters
    ----------
    study : StudyFile
        Study.

    Yields
    ------
    target, parameters : str
        Name of the target, and its parameters as JSON.

    Raises
    ------
    ValueError
        If a target refuses the first of its settings.
    """
    for settings in study.targets:
        if study.search is None:
            yield from _settings(settings)


def _settings(settings: TargetSettings) -> Iterator[tuple[str, str]]:
    points = parameter_points(settings.parameters, settings.design, settings.points, settings.seed)
    for k, point in enumerate(points):
        if k == 0:
            get_target(settings.target, **point)  # a value that it refuses is better known now
        yield settings.target, canonical_json(point)


def tasks_of_setting(
    study: StudyFile, work: tuple[AskedProblem, ...], target: str, parameters: str
) -> Iterator[SweepTask]:
    """List the tasks of one setting of a target; those on the same device follow each other.

    Parameters
    ----------
    study : StudyFile
        Study.
    work : tuple of AskedProblem
        Its problems and tasks.
    target, parameters : str
        Setting.

    Yields
    ------
    SweepTask
        Task.
    """
    for number, each in enumerate(work):
        head = canonical_json([_FORMAT, each.problem.sha256, each.task, each.beta, target, study.reads])
        prefix = hashlib.sha256(f"{head}{parameters}".encode())
        for seed in study.seeds:
            for chip in range(study.chips):
                for repeat in range(study.repeats):
                    sha = prefix.copy()
                    sha.update(f" {seed} {chip} {repeat}".encode())
                    key = sha.hexdigest()[:32]
                    yield SweepTask(key, number, target, parameters, seed, chip, repeat, study.reads)
