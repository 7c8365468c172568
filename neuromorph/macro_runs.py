"""Reads of a target that works in macros of another, whatever a macro holds: cities of a tour, or spins of a block.

Each macro is a program and a read of the inner target. Their events add up over a read, those of programming among
them. When Ctrl-C or a time limit comes, the read in work is the last one if macros have set all of it, and otherwise
it is none: most of it would be the host's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .pricing.macro_rounds import MacroEvents, activity_of_macros
from .protocol import DoesNotFit, Target
from .rng import RNG, seed_sequence
from .run import Program, Run, complete_run
from .target_constants import own_parameters
from .task import Minimize, Task


@dataclass(eq=False)
class MacroCount:
    """Macros that were asked for a read, and what they counted.

    Attributes
    ----------
    macros, accepted : int
        Number of macros that were asked, and of those whose answer was of use: a permutation, or a state that was
        taken.
    longest : int
        Largest number of cities or spins asked for.
    events : MacroEvents
        Events of all macros, those of programming them included.
    interrupted : bool
        Whether Ctrl-C or a time limit ended the asking.
    complete : bool
        Whether macros have set every city or spin.
    """

    macros: int = 0
    accepted: int = 0
    longest: int = 0
    events: MacroEvents = field(default_factory=MacroEvents)
    interrupted: bool = False
    complete: bool = False


class InMacros(Protocol):
    """A target that works in macros of another."""

    @property
    def inner(self) -> Target:
        """Target of a macro."""
        ...


MacroRead = Callable[[np.random.SeedSequence], tuple[NDArray[Any], MacroCount]]


def check_at_least(device: InMacros, **least: int) -> None:
    """Check the numbers of a target that works in macros.

    Parameters
    ----------
    device : InMacros
        Target.
    **least : int
        Least value of each of its parameters.

    Raises
    ------
    ValueError
        If one is below its least value.
    """
    for name, value in least.items():
        if getattr(device, name) < value:
            raise ValueError(f"{name} is {getattr(device, name)}; it must be {value} at least")


def tasks_in_macros(device: InMacros) -> frozenset[str]:
    """Return the tasks in macros: to minimize, where the inner target does.

    Returns
    -------
    frozenset of str
        Names of tasks.
    """
    return frozenset({"minimize"} & set(device.inner.supported_tasks))


def run_in_macros(
    device: InMacros,
    program: Program,
    task: Task,
    reads: int,
    rng: RNG,
    read: MacroRead,
    *,
    tours: bool,
    complete: str,
    accepted: str,
    parameters: dict[str, Any],
) -> Run:
    """Run ``reads`` reads, each by its own macros.

    Parameters
    ----------
    device, program, task, reads, rng
        As of :meth:`.Target.run`.
    read : callable
        What makes one read from a seed: a tour or spins, and the count of its macros.
    tours : bool
        Whether it is a tour.
    complete, accepted : str
        What macros have done when a read is complete, and when an answer is accepted, for messages.
    parameters : dict of str to object
        Parameters of the target, apart from those of the inner one.

    Returns
    -------
    Run
        Reads, with the events of all macros of each.

    Raises
    ------
    DoesNotFit
        If the task is not to minimize.
    KeyboardInterrupt
        If the first read was stopped before it was complete.
    """
    inner = device.inner
    if not isinstance(task, Minimize):
        raise DoesNotFit(f"{inner.name} holds this problem in macros, which can only minimize")
    if reads < 1:
        raise ValueError(f"reads is {reads}; ask for at least one")
    found: list[NDArray[Any]] = []
    counts: list[MacroCount] = []
    for seed in seed_sequence(rng).spawn(reads):
        state, count = read(seed)
        if count.interrupted and not count.complete:
            if found:
                break
            raise KeyboardInterrupt(f"{count.macros} macros of {inner.name} had answered, and not yet {complete}")
        found.append(state)
        counts.append(count)
        if count.interrupted:
            break
    activity: dict[str, Any] = dict(activity_of_macros((each.events for each in counts), inner.costs()))
    activity["macros"] = [float(each.macros) for each in counts]
    return complete_run(
        program,
        task,
        None if tours else np.array(found),
        activity,
        answers=np.array(found) if tours else None,
        converged=[not each.interrupted for each in counts],
        status="interrupted" if count.interrupted else "ok",
        message="rounds that were left were not asked" if count.interrupted else "",
        provenance={"parameters": {**_inner_parameters(inner), **parameters}, "notes": _notes(counts, accepted)},
    )


def _inner_parameters(inner: Target) -> dict[str, Any]:
    """Return the parameters of the inner target that a file can hold: samplers of the CPU are made of functions."""
    fields = own_parameters(inner) if hasattr(inner, "__dataclass_fields__") else {}
    return {name: each for name, each in fields.items() if each is None or isinstance(each, (bool, int, float, str))}


def _notes(counts: list[MacroCount], accepted: str) -> tuple[str, ...]:
    macros, used = sum(count.macros for count in counts), sum(count.accepted for count in counts)
    if not macros:
        return ()
    mean, longest = macros / len(counts), max(count.longest for count in counts)
    reads = " in the mean of the reads" if len(counts) > 1 else ""
    return (f"in {mean:.0f} macros of {longest}{reads}; {100.0 * used / macros:.0f} % {accepted}",)
