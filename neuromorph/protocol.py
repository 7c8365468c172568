"""A target: a modelled piece of hardware, a software solver, the user's own CPU. All answer to the same protocol.

A target is found by an entry point of the group ``neuromorph.targets`` or passed as an object. :class:`Target` is what
each must have. What follows it may have; the function that asks for it stands behind, and says nothing where there is
nothing.

=====================================  ===============================================================================
``files(program) -> {name: text}``     what can be taken away, as a netlist; DoesNotFit where it would be too long
                                       (:func:`files_of`)
``constants : {name: Datum}``          the table of numbers that it is modelled and priced by
                                       (``neuromorph.target_constants.constants_of``)
``priced : frozenset of str``          those of the constants that prices and times depend on, but no read
                                       (``priced_of``)
``with_constants({name: Datum})``      the same device with others in their place; a dataclass with a field
                                       ``constants`` needs none (``replace_constants``)
``limits : {what: number or text}``    the largest problems, and what it refuses (:func:`limits_of`)
``read_length : str``                  the parameter that is the length of a read (sweeps, attempts): a time to
                                       solution is that of the best one (``neuromorph.study.read_length``)
``forecast : str``                     why nobody has built it: left out unless asked for (:func:`forecast_of`)
``beside : str``                       the target that stands for it unless asked for: a further method on the same
                                       machine, say (:func:`left_out`)
parameters                             those of the callable behind the entry point: explicit, documented, with units in
                                       their names (``neuromorph.installed_targets.parameters_of``)
=====================================  ===============================================================================

What a Program and a Run may have besides spins (see there): ``Program.setup`` and ``Run.setup`` count what is done once
for all reads, and is priced like activity; ``Program.parallel_reads`` and ``Program.one_chip``; ``Program.sampled`` or
``Program.sampling_bound`` state the distribution that the device samples where that is not exp(-beta E) of
``Program.programmed``; ``Run.provenance["parameters"]`` has the parameters, and other entries are metrics of the
device, as ``neurobench`` of spiking chips (:func:`metrics_of`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from .cost import Cost
from .ising import Ising
from .rng import RNG
from .run import Program, Run, versions
from .task import Task, task_name
from .trace import Trace

if TYPE_CHECKING:  # problems know their task, and thus this module
    from .problems.problem import Problem


_LONGEST_READ = 1_000_000_000  # one spin alone takes seconds for it


class DoesNotFit(ValueError):
    """The problem or task is beyond the device; the message says why and what would hold it."""


@runtime_checkable
class Target(Protocol):
    """Modelled hardware, or a solver, that takes problems and returns reads.

    :mod:`neuromorph.testing` checks that a target keeps its word.
    """

    @property
    def name(self) -> str:
        """Name of the target, as in its entry point."""
        ...

    @property
    def summary(self) -> str:
        """Summary of the target for people, one line."""
        ...

    @property
    def supported_tasks(self) -> frozenset[str]:
        """Supported tasks, of "minimize", "sample" and "recall"."""
        ...

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Put a problem on the device.

        Parameters
        ----------
        problem : Ising or Problem
            Problem, or couplings and biases.
        rng : RNG
            Source of the variability of the device.

        Returns
        -------
        Program
            The problem as the device holds it.

        Raises
        ------
        DoesNotFit
            If the device cannot hold the problem.
        """
        ...

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Simulate independent reads, each with a random stream of its own.

        Loops that last call ``neuromorph.runtime.limits.checkpoint`` twice a second, here and in ``program``. On
        KeyboardInterrupt, which it raises when the time is over, reads that are whole may be returned, with status
        "interrupted".

        Parameters
        ----------
        program : Program
            Result of :meth:`program`.
        task : Task
            Task: minimize, sample at beta, or recall from a cue.
        reads : int
            Number of reads.
        rng : RNG
            Source of one stream for each read.

        Returns
        -------
        Run
            Final states, their energies, and what is priced.

        Raises
        ------
        DoesNotFit
            If the target does not support the task.
        """
        ...

    def costs(self) -> tuple[Cost, ...]:
        """List the costs of the events of a run.

        Returns
        -------
        tuple of Cost
            Energy and time of each kind of event, with their sources.
        """
        ...


@runtime_checkable
class TracingTarget(Target, Protocol):
    """A target that also records the course of a read; nothing else depends on it."""

    def trace(self, program: Program, task: Task, rng: RNG = None) -> Trace:
        """Simulate one read and record its course.

        Its final state is that of ``run(program, task, 1, rng)``.

        Parameters
        ----------
        program : Program
            Result of :meth:`program`.
        task : Task
            Task: minimize, sample at beta, or recall from a cue.
        rng : RNG
            Source of the stream of the read.

        Returns
        -------
        Trace
            Course of the read.

        Raises
        ------
        DoesNotFit
            If the target does not support the task.
        """
        ...


class TargetError(TypeError):
    """A target does not keep to the protocol; the message says where."""


def limits_of(device: Target) -> dict[str, Any]:
    """Return the largest problems that a target holds, and what it refuses.

    Parameters
    ----------
    device : Target
        Target.

    Returns
    -------
    dict of str to object
        Number or text by name; empty if the target states none.
    """
    found: Mapping[str, Any] = getattr(device, "limits", {})
    return dict(found)


def forecast_of(device: Target) -> str:
    """Return why a target is a forecast.

    Parameters
    ----------
    device : Target
        Target.

    Returns
    -------
    str
        Reason; empty of one that has been built.
    """
    found = getattr(device, "forecast", "")
    return found if isinstance(found, str) else ""


def left_out(device: Target) -> bool:
    """Tell whether a study takes a target only when named, or when all are asked for.

    Parameters
    ----------
    device : Target
        Target.

    Returns
    -------
    bool
        True of forecasts, and of targets for which another one stands.
    """
    return bool(forecast_of(device) or getattr(device, "beside", ""))


def files_of(device: Target, program: Program) -> Mapping[str, str]:
    """Return the files that a target offers for a program, as a netlist.

    Exceptions of the target pass through.

    Parameters
    ----------
    device : Target
        Target.
    program : Program
        Program on that target.

    Returns
    -------
    dict of str to str
        Text by file name; empty if the target offers none.
    """
    offer = getattr(device, "files", None)
    found: Mapping[str, str] = offer(program) if callable(offer) else {}
    return found


def metrics_of(run: Run) -> dict[str, Any]:
    """Return what a run states of its device beside spins and activity.

    Parameters
    ----------
    run : Run
        Run.

    Returns
    -------
    dict of str to object
        Its provenance, without parameters and versions.
    """
    return {name: each for name, each in run.provenance.items() if name not in {"parameters", *versions()}}


def require_support(device: Target, task: Task) -> None:
    """Require that a target supports a task.

    Parameters
    ----------
    device : Target
        Target.
    task : Task
        Task.

    Raises
    ------
    DoesNotFit
        If ``device`` does not support it.
    """
    if task_name(task) not in device.supported_tasks:
        raise DoesNotFit(
            f"{device.name} does not {task_name(task)}; it supports {' and '.join(sorted(device.supported_tasks))}"
        )


def as_ising(problem: Ising | Problem) -> Ising:
    """Return the Ising form of a problem, or the Ising itself.

    Parameters
    ----------
    problem : Ising or Problem
        Problem, or couplings and biases.

    Returns
    -------
    Ising
        Couplings and biases.

    Raises
    ------
    DoesNotFit
        If the form is too large to be built.
    """
    if isinstance(problem, Ising):
        return problem
    try:
        return problem.ising()
    except DoesNotFit:
        raise
    except ValueError as error:
        raise DoesNotFit(str(error)) from error


def mapping_error(asked: Ising, held: Ising) -> float:
    """Compute the mapping error RMS(held - asked) / RMS(asked).

    The root mean squares go over all couplings and biases.

    Parameters
    ----------
    asked, held : Ising
        Requested model, and the model on the device.

    Returns
    -------
    float
        Relative error; 0 if nothing was asked and nothing is held.
    """
    difference = abs(held.sparse_couplings() - asked.sparse_couplings()).power(2).sum() / 2.0
    difference += float(((held.biases - asked.biases) ** 2).sum())
    scale = asked.sparse_couplings().power(2).sum() / 2.0 + float((asked.biases**2).sum())
    return float(np.sqrt(difference / scale)) if scale else float(difference > 0)


def check_length(name: str, length: float, least: float = 0.0) -> None:
    """Require a length of a read, as sweeps or attempts, of which the read has an end.

    Parameters
    ----------
    name, length : str, float
        Parameter that is the length, and its value.
    least : float
        Shortest read; 0: any that is longer than nothing.
    """
    if not (least <= length <= _LONGEST_READ and length > 0.0):
        shortest = f"at least {least:g}" if least else "more than 0"
        raise ValueError(f"{name} is {length:g}; a read takes {shortest}, at most {_LONGEST_READ:,}: give more reads")
