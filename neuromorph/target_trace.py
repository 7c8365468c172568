"""Traced reads: the course of one read, of the targets that record it."""

from __future__ import annotations

from .installed_targets import available_targets, get_target
from .protocol import DoesNotFit, Target, TargetError, TracingTarget, require_support
from .rng import RNG
from .run import Program
from .task import Task
from .trace import Trace


def supports_trace(device: object) -> bool:
    """Tell whether a target can record the course of a read.

    Parameters
    ----------
    device : object
        Target.

    Returns
    -------
    bool
        Whether it has a method ``trace``.
    """
    return callable(getattr(device, "trace", None))


def trace_read(device: Target, program: Program, task: Task, rng: RNG = None) -> Trace:
    """Make one read of a program and record its course.

    Parameters
    ----------
    device : Target
        Target.
    program : Program
        Program on that target.
    task : Task
        Task.
    rng : RNG
        Source of the stream of the read.

    Returns
    -------
    Trace
        Course of the read.

    Raises
    ------
    DoesNotFit
        If the target does not support the task or does not trace; the message names those that do.
    TargetError
        If it returns no Trace.
    """
    found = require_trace(device, task).trace(program, task, rng)
    if not isinstance(found, Trace):
        raise TargetError(f"trace() of {device.name} returns {type(found).__name__}; it must return a neuromorph.Trace")
    return found


def require_trace(device: Target, task: Task) -> TracingTarget:
    """Require that a target traces reads of a task.

    Parameters
    ----------
    device : Target
        Target.
    task : Task
        Task.

    Returns
    -------
    TracingTarget
        The same target.

    Raises
    ------
    DoesNotFit
        If it does not support the task or does not trace; the message names the targets that do.
    """
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
