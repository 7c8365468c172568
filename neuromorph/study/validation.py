"""Arguments of a study, looked at before any work."""

from __future__ import annotations

import math

import numpy as np

from ..pricing import BOUNDARIES
from ..problems import Recall
from ..problems.problem import Problem
from ..task import RecallFrom, Task, task_name

_LONGEST_READ = 1e15  # above which events are no longer counted exactly


def check_study(
    problem: Problem, reads: int, time_limit: float | None, success_gap: float, chips: int, problems: int, parallel: int
) -> None:
    """Require the arguments of a study to keep their rules.

    Parameters
    ----------
    problem : Problem
        Problem.
    reads, chips, problems, parallel : int
        Reads of a target, its chips, problems solved with one programming, and macros at the same time.
    time_limit : float or None
        Seconds of the whole study.
    success_gap : float
        Fraction of the best value known.

    Raises
    ------
    TypeError
        If ``problem`` is none.
    ValueError
        If a number is out of range.
    """
    if not isinstance(problem, Problem):
        raise TypeError(f"problem is {type(problem).__name__}; expected a Problem, as neuromorph.load gives it")
    if isinstance(reads, bool) or not isinstance(reads, (int, np.integer)) or reads < 1:
        raise ValueError(f"reads is {reads!r}; ask for a whole number of reads, at least one")
    if time_limit is not None and not (math.isfinite(time_limit) and time_limit > 0):
        raise ValueError(f"time_limit is {time_limit}; give seconds above 0, or None for no limit")
    if not (math.isfinite(success_gap) and success_gap >= 0):
        raise ValueError(f"success_gap is {success_gap}; give a fraction of the best value, 0 or above")
    counts = {"chips": (chips, "chips"), "problems_per_programming": (problems, "problems")}
    counts |= {"parallel": (parallel, "macros")}
    for name, (value, what) in counts.items():
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} is {value!r}; give a whole number of {what}, at least one")


def check_task(task: Task | None, problem: Problem, reads: int) -> None:
    """Require a task that the problem has, with as many cues as reads.

    Parameters
    ----------
    task : Task or None
        Task; None is the problem's own.
    problem : Problem
        Problem.
    reads : int
        Reads of a target.

    Raises
    ------
    ValueError
        If there is nothing to recall, or the cues have other numbers.
    """
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


def check_read_length(value: object) -> None:
    """Require "default", "best" or a number above 0.

    Parameters
    ----------
    value : object
        Read length of a study.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if value in ("default", "best"):
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (math.isfinite(value) and value > 0):
        raise ValueError(f"read_length is {value!r}; give 'default', 'best' or a number above 0")
    if value > _LONGEST_READ:
        raise ValueError(f"read_length is {value:g}; give {_LONGEST_READ:g} at most, and more reads")


def check_boundary(value: object) -> None:
    """Require one of the boundaries of prices.

    Parameters
    ----------
    value : object
        Boundary of a study.

    Raises
    ------
    ValueError
        If it is none.
    """
    if value not in BOUNDARIES:
        raise ValueError(f"boundary is {str(value)[:40]!r}; it is one of {', '.join(BOUNDARIES)}")
