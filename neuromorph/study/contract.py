"""What a target hands over, looked at before it is believed: anybody may write one.

Each function returns what it was given, or raises TargetError that says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..cost import Cost
from ..datum import Datum
from ..problems import Problem
from ..protocol import Target, TargetError
from ..run import Program, Run, energies_of_answers
from ..task import TASK_NAMES

_STATUSES = ("ok", "interrupted", "failed")
_SAME = 1e-6  # two energies nearer than this, of the largest, are one: a target may add in another order, or in float32


def checked_target(device: Any) -> Target:
    """Require a target whose name, summary and tasks are of the right type.

    Parameters
    ----------
    device : object
        Object of a package of somebody else.

    Returns
    -------
    Target
        The object itself.

    Raises
    ------
    TargetError
        If it is no such target.
    """
    if not isinstance(device, Target):
        raise TargetError(f"targets holds a {type(device).__name__}; expected names or objects as of neuromorph.target")
    name, summary, tasks = (getattr(device, member) for member in ("name", "summary", "supported_tasks"))
    if not (isinstance(name, str) and name.strip()):
        raise TargetError(f"its name is {name!r}; expected some text")
    if not isinstance(summary, str):
        raise TargetError(f"its summary is {summary!r}; expected one line of text")
    if isinstance(tasks, str) or not hasattr(tasks, "__contains__") or not any(each in tasks for each in TASK_NAMES):
        raise TargetError(f"it supports {tasks!r}; expected a frozenset of {', '.join(TASK_NAMES)}")
    return device


def checked_program(program: Any) -> Program:
    """Require a Program whose numbers are finite.

    Parameters
    ----------
    program : object
        Result of ``Target.program``.

    Returns
    -------
    Program
        The program itself.

    Raises
    ------
    TargetError
        If it is no such program.
    """
    if not isinstance(program, Program):
        raise TargetError(f"program() returned a {type(program).__name__}, not a Program")
    error, notes, together = (getattr(program, name) for name in ("mapping_error", "notes", "parallel_reads"))
    if not (isinstance(error, (int, float, np.integer, np.floating)) and np.isfinite(error) and error >= 0):
        raise TargetError(f"program() has mapping_error {error!r}; expected a number, 0 or above")
    if isinstance(notes, str) or not all(isinstance(note, str) for note in notes):
        raise TargetError(f"program() has notes {notes!r}; expected a tuple of text")
    if not (isinstance(together, (int, np.integer)) and together >= 1):
        raise TargetError(f"program() has parallel_reads {together!r}; expected a whole number of reads, 1 or above")
    if not isinstance(program.provenance, Mapping):
        raise TargetError(f"program() has provenance {program.provenance!r}; expected numbers by name")
    return program


def checked_run(run: Any, problem: Problem, asked: int) -> Run:
    """Require a Run of the requested reads, with energies of its spins or answers.

    Parameters
    ----------
    run : object
        Result of ``Target.run``.
    problem : Problem
        Problem.
    asked : int
        Number of requested reads; a run that was interrupted may have fewer.

    Returns
    -------
    Run
        The run, with its energies checked.

    Raises
    ------
    TargetError
        If it is no such run.
    """
    if not isinstance(run, Run):
        raise TargetError(f"run() returned a {type(run).__name__}, not a Run")
    if run.status not in _STATUSES:
        raise TargetError(f"run() has status {run.status!r}; expected one of {', '.join(_STATUSES)}")
    spins: Any = run.spins
    if not (isinstance(spins, np.ndarray) and spins.ndim == 2 and spins.dtype.kind in "iuf"):
        raise TargetError(f"run() returned spins of shape {np.shape(spins)}; expected an array (reads, spins)")
    reads = len(spins)
    if reads > asked or (reads < asked and run.status == "ok"):
        raise TargetError(f"run() returned {reads} reads of {asked} that were asked for, with status {run.status!r}")
    if not (np.abs(spins) == 1).all():
        raise TargetError(f"run() returned spins {np.unique(spins)[:4].tolist()}; expected -1 and +1")
    if run.answers is not None:
        _check_answers(run)
    each: dict[str, Any] = {**run.activity, "energies": run.energies, "converged": run.converged}
    for name, count in each.items():
        if np.shape(count) != (reads,):
            raise TargetError(f"run() returned {name!r} of shape {np.shape(count)}; expected ({reads},), one a read")
    counted: dict[str, Any] = {**run.activity, **run.setup}
    for name, count in counted.items():
        if not np.all(np.isfinite(count) & (np.asarray(count) >= 0)):
            raise TargetError(f"run() counts {name!r} as {np.min(count)}; expected a finite number, 0 or above")
    if reads:
        _check_energies(run, problem)
    if run.answers is not None and spins.shape[1]:
        _check_spins_beside(run.answers, run, problem)
    return run


def _check_answers(run: Run) -> None:
    """Require an array of integers, one row a read."""
    answers: Any = run.answers
    if not (isinstance(answers, np.ndarray) and answers.ndim == 2 and answers.dtype.kind in "iu"):
        raise TargetError(f"run() returned answers of shape {np.shape(answers)}; expected integers (reads, cities)")
    if len(answers) != len(run.spins):
        raise TargetError(f"run() returned {len(answers)} answers for {len(run.spins)} reads")


def _check_spins_beside(answers: Any, run: Run, problem: Problem) -> None:
    """Spins beside answers say the same."""
    for k, spins in enumerate(run.spins):
        value = problem.decode(spins).value
        if value is None or not np.array_equal(answers[k], value):
            raise TargetError(f"run() returned spins of read {k} that are not those of its answer; leave them out")


def _check_energies(run: Run, problem: Problem) -> None:
    native: Any = run.answers
    what = "spins" if native is None else "answers"
    try:
        given = problem.energy(run.spins) if native is None else energies_of_answers(problem, native)
        energies = np.asarray(given, dtype=float)
    except ValueError as error:
        raise TargetError(f"run() returned {what} that are none of the problem: {error}") from error
    apart = np.abs(np.asarray(run.energies, dtype=float) - energies)
    same = apart <= _SAME * np.abs(energies)
    if not same.all() and native is None:  # near 0 round-off is that of what cancels there
        same = apart <= _SAME * np.abs([*energies, problem.energy(np.ones(run.spins.shape[1], np.int8))]).max()
    if not same.all():
        k = int(np.argmin(same))
        said = f"run() says that read {k} has the energy {run.energies[k]:.10g}"
        raise TargetError(f"{said}; its {what} have {energies[k]:.10g}")


def checked_costs(costs: Any) -> tuple[Cost, ...]:
    """Require prices that are not negative, each a Datum with its source.

    Parameters
    ----------
    costs : object
        Result of ``Target.costs``.

    Returns
    -------
    tuple of Cost
        The costs themselves.

    Raises
    ------
    TargetError
        If one of them is no such price.
    """
    for cost in costs:
        if not isinstance(cost, Cost):
            raise TargetError(f"costs() holds a {type(cost).__name__}, not a Cost")
        data: tuple[Any, Any] = (cost.energy, cost.time)
        for datum in data:
            if not isinstance(datum, Datum | None):
                raise TargetError(f"costs() prices {cost.what!r} at a bare {datum!r}; make it a Datum")
            if datum is not None and datum.low < 0:
                raise TargetError(
                    f"costs() prices {cost.what!r} at {datum.low:g} {datum.unit}; prices are not negative"
                )
    return tuple(costs)


def checked_files(files: Any) -> dict[str, str]:
    """Require texts by file name.

    Parameters
    ----------
    files : object
        Result of ``Target.files``.

    Returns
    -------
    dict of str to str
        The files as a dict.

    Raises
    ------
    TargetError
        If a name or content is no text.
    """
    found = dict(files)
    if not all(isinstance(part, str) for pair in found.items() for part in pair):
        raise TargetError("files() holds something else than {name: text}")
    return found
