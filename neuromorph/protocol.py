"""A target: a modelled piece of hardware, a software solver, the user's own CPU. All answer to the same protocol.

A target is found by an entry point of the group ``neuromorph.targets`` or passed as an object. (The module is not named
``target``: importing it would then hide the public function ``neuromorph.target``.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cost import Cost
from .ising import Ising, check_spins
from .rng import RNG
from .run import Run

if TYPE_CHECKING:  # problems know their task, and thus this module
    from .problems.problem import Problem


_OURS = "neuromorph"  # the distribution whose targets no other can replace


@dataclass(frozen=True)
class Minimise:
    """Find a state of low energy."""


@dataclass(frozen=True)
class Sample:
    """Draw states with p proportional to exp(-beta E); reads are independent."""

    beta: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.beta) and self.beta >= 0):
            raise ValueError(f"beta is {self.beta}; it must be finite and not negative")


@dataclass(frozen=True, eq=False)
class Relax:
    """Start at ``cue`` (n,), or at one cue a read (reads, n), spins -1 or +1, and settle."""

    cue: ArrayLike

    def cues(self, reads: int, n: int) -> NDArray[np.int8]:
        """The cue of each read, (reads, n)."""
        cue = check_spins(self.cue, n).astype(np.int8)
        if cue.ndim == 2 and len(cue) != reads:
            raise ValueError(f"cue has {len(cue)} rows for {reads} reads; give one cue, or one a read")
        return np.broadcast_to(cue, (reads, n))


Task: TypeAlias = Minimise | Sample | Relax


class DoesNotFit(ValueError):
    """The problem or task is beyond the device; the message says why and what would hold it."""


@dataclass(frozen=True, eq=False)
class Program:
    """What a device really holds of the problem it was asked for.

    asked : Ising or Problem      what energies are computed from
    held : Ising or None          the couplings and biases the device has, in the units of ``asked``; None where it
                                  holds a structure of the problem (one-hot rows and columns) instead of couplings
    state : Any                   the device's own account: conductances, positions, a distance matrix
    mapping_error : float         RMS(held - asked) / RMS(asked) over couplings and biases
    notes : tuple of str          what was lost or changed on the way, for people
    setup : {event: count}        what programming took: pulses, placements
    together : int                reads that the device makes in about the time of one
    one_chip : bool               whether ``rng`` drew what this one device is like: all its reads share that
    """

    target: str
    asked: Ising | Problem
    held: Ising | None
    state: Any = None
    mapping_error: float = 0.0
    notes: tuple[str, ...] = ()
    setup: Mapping[str, float] = field(default_factory=dict)
    together: int = 1
    one_chip: bool = False


@runtime_checkable
class Target(Protocol):
    """What every target offers; ``neuromorph.testing`` checks that it keeps its word.

    name : str                  as in the entry point
    summary : str               one line for people
    claims : frozenset          which of "minimise", "sample", "relax" it does
    """

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def claims(self) -> frozenset[str]: ...

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Put the problem on the device; ``rng`` draws its variability. Raises DoesNotFit."""
        ...

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Simulate ``reads`` independent reads, one stream each. Raises DoesNotFit for a task it does not claim.

        Loops that last call ``neuromorph.limits.checkpoint`` twice a second, here and in ``program``. On
        KeyboardInterrupt, which it raises when the time is over, reads that are whole may be returned, with status
        "interrupted".
        """
        ...

    def costs(self) -> tuple[Cost, ...]:
        """What the events of a run cost."""
        ...


class TargetError(TypeError):
    """A target does not keep to the protocol; the message says where."""


def targets() -> list[str]:
    """Names of all installed targets."""
    return sorted(_offers())


def target(name: str, **parameters: Any) -> Target:
    """The installed target ``name``; ``parameters`` go to its constructor. TargetError if what it makes is none."""
    points = _offers().get(name)
    if points is None:
        raise ValueError(f"target is {name!r}; installed are {', '.join(targets()) or 'none'}")
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


def task_name(task: Task) -> str:
    """minimise, sample or relax."""
    return type(task).__name__.lower()


def require_claim(device: Target, task: Task) -> None:
    """Raise DoesNotFit unless ``device`` claims the task."""
    if task_name(task) not in device.claims:
        raise DoesNotFit(
            f"{device.name} does not {task_name(task)}; it claims to {' and '.join(sorted(device.claims))}"
        )


def ising_of(problem: Ising | Problem) -> Ising:
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
