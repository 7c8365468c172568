"""What a study will take: the number of its tasks, and the time of a few of them."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .study_file import read_study
from .study_tasks import AskedProblem, SweepTask, study_settings, study_work, tasks_of_setting
from .task_runs import run_task

_PROBES = 8
_PROBE_S = 60.0  # for all probes


@dataclass(frozen=True)
class StudyEstimate:
    """Size of a study and an estimate of its time.

    Attributes
    ----------
    tasks : int
        Number of tasks.
    settings : dict of str to int
        Number of settings of each target.
    problems : int
        Number of problems with what is asked of them.
    task_s : float
        Mean time of the tasks that were tried, s.
    tried : int
        Number of these.
    failures : tuple of str
        Reasons of those that failed.
    """

    tasks: int
    settings: Mapping[str, int]
    problems: int
    task_s: float
    tried: int
    failures: tuple[str, ...] = ()


def estimate_study(study: str | os.PathLike[str] | Mapping[str, Any]) -> StudyEstimate:
    """Count the tasks of a study and try a few that are spread over it; nothing is written.

    Parameters
    ----------
    study : path or dict
        STUDY.toml, or its tables.

    Returns
    -------
    StudyEstimate
        Number of tasks and their time.
    """
    given = read_study(study)
    work = study_work(given)
    settings: Counter[str] = Counter()
    some: list[tuple[str, str]] = []
    every = 1
    for k, setting in enumerate(study_settings(given)):
        settings[setting[0]] += 1
        if k % every == 0:
            some.append(setting)
            if len(some) == 2 * _PROBES:  # of a list of unknown length, evenly: every second one is dropped
                some, every = some[::2], 2 * every
    if given.search is not None:
        settings.update({each.target: given.search.trials for each in given.targets})
    each_setting = len(work) * len(given.seeds) * given.chips * given.repeats
    spent, failures, tried = 0.0, [], 0
    began = time.monotonic()
    for k, (target, parameters) in enumerate(some[:_PROBES]):
        tasks = list(tasks_of_setting(given, (work[k % len(work)],), target, parameters))
        pair = work[k % len(work)]
        _run(given, pair, tasks[0])  # compiles
        row = _run(given, pair, tasks[-1])
        spent, tried = spent + row["seconds"], tried + 1
        if row["status"] != "ok":
            failures.append(f"{target} {parameters}: {row['reason']}")
        if time.monotonic() - began > _PROBE_S:
            break
    total = each_setting * sum(settings.values())
    return StudyEstimate(total, settings, len(work), spent / max(1, tried), tried, tuple(dict.fromkeys(failures)))


def _run(given: Any, pair: AskedProblem, task: SweepTask) -> dict[str, Any]:
    return run_task(task, pair, success_gap=given.success_gap, limit_s=given.task_time_limit_s or _PROBE_S)
