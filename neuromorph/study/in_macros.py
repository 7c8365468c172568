"""A target as a study takes it: whole, or in macros where it cannot hold the problem as a whole."""

from __future__ import annotations

from ..optimization.spins_by_macros import SpinsByMacros
from ..problems import Problem, Recall, Tsp
from ..protocol import DoesNotFit, Target
from ..rng import RNG
from ..run import Program
from ..task import Minimize, Task
from ..tours.by_macros import ByMacros


def program_or_macros(
    device: Target, problem: Problem, task: Task, rng: RNG = None, parallel: int = 1
) -> tuple[Target, Program]:
    """Program a target, or macros of it where it cannot hold a problem as a whole.

    Parameters
    ----------
    device : Target
        Target.
    problem : Problem
        Problem.
    task : Task
        Task.
    rng : RNG
        Source of the variability of the device.
    parallel : int
        Number of macros that work at the same time.

    Returns
    -------
    tuple of Target, Program
        The target itself, or ``ByMacros`` or ``SpinsByMacros`` of it, and its program.

    Raises
    ------
    DoesNotFit
        If neither holds the problem.
    """
    try:
        return device, device.program(problem, rng=rng)
    except DoesNotFit as refused:
        macros = macros_of(device, problem, task, parallel)
        if macros is None:
            raise
        try:
            return macros, macros.program(problem, rng=rng)
        except Exception:  # a target of somebody else, that takes no Ising problem: what it said first stands
            raise refused from None


def macros_of(device: Target, problem: Problem, task: Task, parallel: int = 1) -> Target | None:
    """Return a target that works in macros of another.

    Parameters
    ----------
    device : Target
        Target that cannot hold the problem.
    problem : Problem
        Problem.
    task : Task
        Task.
    parallel : int
        Number of macros that work at the same time.

    Returns
    -------
    Target or None
        ``ByMacros`` of a tour, ``SpinsByMacros`` else; None where macros do not do the task, or ``device`` is one.
    """
    if isinstance(device, (ByMacros, SpinsByMacros)) or isinstance(problem, Recall):
        return None
    if not (isinstance(task, Minimize) and "minimize" in device.supported_tasks):
        return None
    if isinstance(problem, Tsp):
        return ByMacros(device, parallel=parallel)
    return SpinsByMacros(device, parallel=parallel)
