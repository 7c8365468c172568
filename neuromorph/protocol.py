"""A target: a modelled piece of hardware, a software solver, the user's own CPU. All answer to the same protocol.

A target is found by an entry point of the group ``neuromorph.targets`` or passed as an object. (The module is not named
``target``: importing it would then hide the public function ``neuromorph.protocol``.)
"""

from __future__ import annotations

import warnings
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from .cost import Cost
from .ising import Ising
from .rng import RNG
from .run import Program, Run
from .task import Task, task_name
from .trace import Trace

if TYPE_CHECKING:  # problems know their task, and thus this module
    from .problems.problem import Problem


_OURS = "neuromorph"  # the distribution whose targets no other can replace


class DoesNotFit(ValueError):
    """The problem or task is beyond the device; the message says why and what would hold it."""


@runtime_checkable
class Target(Protocol):
    """What every target offers; ``neuromorph.testing`` checks that it keeps its word.

    name : str                  as in the entry point
    summary : str               one line for people
    supported_tasks : frozenset   of "minimize", "sample", "recall"
    """

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def supported_tasks(self) -> frozenset[str]: ...

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Put the problem on the device; ``rng`` draws its variability. Raises DoesNotFit."""
        ...

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Simulate ``reads`` independent reads, one stream each. Raises DoesNotFit for a task it does not claim.

        Loops that last call ``neuromorph.runtime.limits.checkpoint`` twice a second, here and in ``program``. On
        KeyboardInterrupt, which it raises when the time is over, reads that are whole may be returned, with status
        "interrupted".
        """
        ...

    def costs(self) -> tuple[Cost, ...]:
        """What the events of a run cost."""
        ...


@runtime_checkable
class TracingTarget(Target, Protocol):
    """A target that also tells what one read looks like inside; optional, and nothing else depends on it."""

    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Make one read and return its course: the spins are those of ``run(program, task, 1, rng)``.

        Raises DoesNotFit for a task that the target does not support.
        """
        ...


class TargetError(TypeError):
    """A target does not keep to the protocol; the message says where."""


_RENAMED = {"cpu-cluster": "cpu-swendsen-wang", "cpu-population": "cpu-population-annealing"}  # until the next release


def current_name(name: str) -> str:
    """Replace the former name of a target by today's, with a DeprecationWarning."""
    if name not in _RENAMED or name in _offers():
        return name
    message = f"target {name} is now {_RENAMED[name]}; the old name goes with the next release"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    return _RENAMED[name]


def available_targets() -> list[str]:
    """Names of all installed targets."""
    return sorted(_offers())


def get_target(name: str, **parameters: Any) -> Target:
    """The installed target ``name``; ``parameters`` go to its constructor. TargetError if what it makes is none."""
    name = current_name(name)
    points = _offers().get(name)
    if points is None:
        raise ValueError(f"target is {name!r}; installed are {', '.join(available_targets()) or 'none'}")
    about = f"entry point {points[0].value} of target {name!r}"
    try:
        made = points[0].load()(**parameters)
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit, say: a package must not end us
        raise TargetError(f"{about} raises {type(error).__name__}: {error}") from error
    if not isinstance(made, Target):
        raise TargetError(f"{about} lacks a member of neuromorph.Target")
    if made.name != name:
        raise TargetError(f"{about} makes one that names itself {made.name!r}; both names must be the same")
    return made


def hidden_targets() -> dict[str, list[str]]:
    """{name: packages} whose entry point of that name another package hides: neuromorph itself, or one named before."""
    return {name: [_package(point) for point in points[1:]] for name, points in _offers().items() if len(points) > 1}


def _offers() -> dict[str, list[EntryPoint]]:
    """All entry points by name, the one that counts first."""
    found: dict[str, list[EntryPoint]] = {}
    for point in sorted(entry_points(group="neuromorph.targets"), key=lambda p: (_package(p) != _OURS, _package(p))):
        found.setdefault(point.name, []).append(point)
    return found


def _package(point: EntryPoint) -> str:
    return "" if point.dist is None else str(point.dist.name)


def require_support(device: Target, task: Task) -> None:
    """Raise DoesNotFit unless ``device`` supports the task."""
    if task_name(task) not in device.supported_tasks:
        raise DoesNotFit(
            f"{device.name} does not {task_name(task)}; it supports {' and '.join(sorted(device.supported_tasks))}"
        )


def supports_trace(device: object) -> bool:
    """Whether a target tells what one of its reads looks like inside."""
    return callable(getattr(device, "trace", None))


def trace_read(device: Target, program: Program, task: Task, rng: RNG = None) -> Trace:
    """Make one read of ``program`` and return its course.

    Raises
    ------
    DoesNotFit      where the target does not support the task, or cannot tell; the message names those that can
    TargetError     where what it returns is no Trace
    """
    found = require_trace(device, task).trace(program, task, rng)
    if not isinstance(found, Trace):
        raise TargetError(f"trace() of {device.name} returns {type(found).__name__}; it must return a neuromorph.Trace")
    return found


def require_trace(device: Target, task: Task) -> TracingTarget:
    """Return ``device`` as one that traces; DoesNotFit unless it does, and supports the task."""
    require_support(device, task)
    if not isinstance(device, TracingTarget):
        raise DoesNotFit(
            f"{device.name} does not tell what its reads look like inside; {', '.join(_tracing()) or 'no target'} can"
        )
    return device


def _tracing() -> list[str]:
    """Names of the installed targets that trace; one that does not load is left out."""
    found = []
    for name in available_targets():
        try:
            device = get_target(name)
        except Exception:  # another's package
            continue
        if supports_trace(device):
            found.append(name)
    return found


def as_ising(problem: Ising | Problem) -> Ising:
    """The Ising form of a problem, or the Ising itself; DoesNotFit where it is too large to be built."""
    if isinstance(problem, Ising):
        return problem
    try:
        return problem.ising()
    except DoesNotFit:
        raise
    except ValueError as error:
        raise DoesNotFit(str(error)) from error


def mapping_error(asked: Ising, held: Ising) -> float:
    """RMS(held - asked) / RMS(asked) over all couplings and biases; 0 if nothing was asked."""
    difference = abs(held.sparse_couplings() - asked.sparse_couplings()).power(2).sum() / 2.0
    difference += float(((held.biases - asked.biases) ** 2).sum())
    scale = asked.sparse_couplings().power(2).sum() / 2.0 + float((asked.biases**2).sum())
    return float(np.sqrt(difference / scale)) if scale else float(difference > 0)
