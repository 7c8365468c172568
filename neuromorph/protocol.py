"""A target: a modelled piece of hardware, a software solver, the user's own CPU. All answer to the same protocol.

A target is found by an entry point of the group ``neuromorph.targets`` or passed as an object. :class:`Target` is what
each must have. What follows it may have; the function that asks for it stands behind, and says nothing where there is
nothing.

=====================================  ===============================================================================
``files(program) -> {name: text}``     what can be taken away, as a netlist; DoesNotFit where it would be too long
                                       (:func:`spiking_files`)
``constants : {name: Datum}``          the table of numbers that it is modelled and priced by
                                       (``neuromorph.target_constants.constants_of``)
``priced : frozenset of str``          those of the constants that prices and times depend on, but no read
                                       (``priced_of``)
``with_constants({name: Datum})``      the same device with others in their place; a dataclass with a field
                                       ``constants`` needs none (``replace_constants``)
``limits : {what: number or text}``    the largest problems, and what it refuses (:func:`limits_of`)
parameters                             those of the callable behind the entry point: explicit, documented, with units in
                                       their names (:func:`parameters_of`)
=====================================  ===============================================================================

What a Program and a Run may have besides spins (see there): ``Program.setup`` and ``Run.setup`` count what is done once
for all reads, and is priced like activity; ``Program.parallel_reads`` and ``Program.one_chip``; ``Program.sampled`` or
``Program.sampling_bound`` state the distribution that the device samples where that is not exp(-beta E) of
``Program.programmed``; ``Run.provenance["parameters"]`` has the parameters, and other entries are metrics of the
device, as ``neurobench`` of spiking chips (:func:`metrics_of`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from .cost import Cost
from .ising import Ising
from .rng import RNG
from .run import Program, Run, versions
from .target_names import TargetParameter, callable_parameters, check_names, converted, nearest, parse_target
from .task import Task, task_name
from .trace import Trace

if TYPE_CHECKING:  # problems know their task, and thus this module
    from .problems.problem import Problem


_OURS = "neuromorph"  # the distribution whose targets no other can replace


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
    """A target that also records the course of a read; optional, and nothing else depends on it."""

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


_RENAMED = {"cpu-cluster": "cpu-swendsen-wang", "cpu-population": "cpu-population-annealing"}  # until the next release


def current_name(name: str) -> str:
    """Replace the former name of a target by today's.

    A former name gives a DeprecationWarning.

    Parameters
    ----------
    name : str
        Name of a target.

    Returns
    -------
    str
        Name by which it is installed.
    """
    if name not in _RENAMED or name in _offers():
        return name
    message = f"target {name} is now {_RENAMED[name]}; the old name goes with the next release"
    warnings.warn(message, DeprecationWarning, stacklevel=3)
    return _RENAMED[name]


def available_targets() -> list[str]:
    """List the names of all installed targets.

    Returns
    -------
    list of str
        Names in alphabetical order.
    """
    return sorted(_offers())


def get_target(name: str, **parameters: Any) -> Target:
    """Make the installed target of a name.

    Parameters
    ----------
    name : str
        As of :func:`available_targets`, or with parameters: ``"cpu-anneal(sweeps=300)"``.
    **parameters
        More of its parameters, as Python objects.

    Returns
    -------
    Target

    Raises
    ------
    ValueError
        If there is no such target, parameter or value; with the nearest right name.
    TargetError
        If what the entry point makes is no target.
    """
    plain, given = parse_target(name)
    plain = current_name(plain)
    point = _entry_point(plain)
    about = f"entry point {point.value} of target {plain!r}"
    try:
        make = point.load()
        known = callable_parameters(make)
        if "constants" in given:
            raise ValueError("constants are no text; give a file by --cost, or costs= in Python")
        check_names(known, [*given, *parameters])
        if twice := given.keys() & parameters.keys():
            raise ValueError(f"{min(twice)} is given twice, in the name and beside it; give it once")
        made = make(**converted(known, given), **parameters)
    except ValueError as error:
        if not (given or parameters):
            raise
        raise ValueError(f"{plain}: {error}") from error  # one of several targets, perhaps
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:  # SystemExit, say: a package must not end us
        raise TargetError(f"{about} raises {type(error).__name__}: {error}") from error
    if not isinstance(made, Target):
        raise TargetError(f"{about} lacks a member of neuromorph.Target")
    if made.name != plain:
        raise TargetError(f"{about} makes one that names itself {made.name!r}; both names must be the same")
    return made


def split_target_text(text: str) -> tuple[str, str]:
    """Split the text form of a target into its name and its label.

    Parameters
    ----------
    text : str
        Name, alone or with parameters in parentheses.

    Returns
    -------
    (str, str)
        Plain name of the installed target, and its label: ``text`` under today's name.

    Raises
    ------
    ValueError
        If the text cannot be read or no target of that name is installed. Its parameters are not looked at: that needs
        the package of the target.
    """
    given, _ = parse_target(text)
    name = current_name(given)
    _entry_point(name)
    return name, name + text.strip()[len(given) :]


def parameters_of(name: str) -> tuple[TargetParameter, ...]:
    """List the parameters of an installed target.

    Parameters
    ----------
    name : str
        Name of the target, with or without parameters.

    Returns
    -------
    tuple of TargetParameter
        Name, default, annotation and meaning of each; empty where Python cannot tell.
    """
    return callable_parameters(_entry_point(current_name(parse_target(name)[0])).load()) or ()


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


def _entry_point(name: str) -> EntryPoint:
    points = _offers().get(name)
    if points is None:
        known = available_targets()
        listed = f"installed are {', '.join(known) or 'none'}"
        raise ValueError(f"target is {name!r}; {nearest(name, known)}{listed}")
    return points[0]


def hidden_targets() -> dict[str, list[str]]:
    """Find targets that another package of the same name hides.

    Returns
    -------
    dict of str to list of str
        Hidden packages by the name of their entry point; neuromorph itself, or a package named before, hides them.
    """
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
