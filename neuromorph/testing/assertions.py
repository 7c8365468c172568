"""Assertions of the checks, and programs of the problems that a target takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..ising import Ising
from ..protocol import DoesNotFit, Target
from ..run import Program
from ..task import Minimize, RecallFrom, Sample, Task, task_name


def require_that(condition: bool, found: str) -> None:
    """Raise AssertionError unless a condition holds.

    Parameters
    ----------
    condition : bool
        Condition.
    found : str
        Message: the rule and the value found.

    Raises
    ------
    AssertionError
        If it does not hold.
    """
    if not condition:
        raise AssertionError(found)


def expect_error(kind: type[Exception], what: str, target: Target, program: Program, *arguments: Any) -> None:
    """Require that a run raises an error.

    Parameters
    ----------
    kind : type of Exception
        Class of the exception.
    what : str
        Description of the run, for the message.
    target : Target
        Target.
    program : Program
        Program on it.
    *arguments : object
        Other arguments of ``Target.run``.

    Raises
    ------
    AssertionError
        If it raises nothing, or something else.
    """
    try:
        target.run(program, *arguments)
    except kind:
        return
    raise AssertionError(f"{what} was accepted; it must raise {kind.__name__}")


def try_program(target: Target, ising: Ising) -> Program | DoesNotFit:
    """Program a model if it fits.

    Parameters
    ----------
    target : Target
        Target.
    ising : Ising
        Model.

    Returns
    -------
    Program or DoesNotFit
        Program, or the error of a device that is too small.
    """
    try:
        return target.program(ising, rng=0)
    except DoesNotFit as error:
        return error


def held_by(program: Program) -> Ising:
    """Return the model that a program holds.

    Parameters
    ----------
    program : Program
        Program of an Ising.

    Returns
    -------
    Ising
        Couplings and biases of the device.

    Raises
    ------
    AssertionError
        If the program does not state them.
    """
    if program.programmed is None:
        raise AssertionError("program.programmed is None for an Ising; say which couplings and biases the device holds")
    return program.programmed


def first_that_fits(target: Target, *isings: Ising) -> tuple[Ising, Program, Ising]:
    """Program the first model that fits.

    Parameters
    ----------
    target : Target
        Target.
    *isings : Ising
        Models.

    Returns
    -------
    (Ising, Program, Ising)
        Model, its program, and the model that the program holds.

    Raises
    ------
    AssertionError
        If none fits.
    """
    refused = []
    for ising in isings:
        program = try_program(target, ising)
        if isinstance(program, DoesNotFit):
            require_that(
                isinstance(try_program(target, ising), DoesNotFit), f"{ising.size} spins: refused, then accepted"
            )
            refused.append(f"{ising.size} spins: {program}")
            continue
        return ising, program, held_by(program)
    raise AssertionError(f"{target.name} refuses the problems of this check ({'; '.join(refused)})")


def supported(target: Target, ising: Ising, beta: float = 0.6) -> Iterator[tuple[str, Task]]:
    """Iterate over the tasks that a target supports.

    Parameters
    ----------
    target : Target
        Target.
    ising : Ising
        Model, for the size of the cue.
    beta : float
        Inverse temperature of sampling.

    Yields
    ------
    (str, Task)
        Name and task.
    """
    cue = np.where(np.arange(ising.size) % 3 == 0, -1, 1).astype(np.int8)
    for task in (Minimize(), Sample(beta), RecallFrom(cue)):
        if task_name(task) in target.supported_tasks:
            yield task_name(task), task
