"""Prices of a target that works in macros: energy is that of all macros, time that of rounds of them.

As many macros as work in parallel take the time of a mean one. A read counts each event twice: under its own name over
all macros, and under ``waited_for`` of it over rounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil

from ..cost import Cost
from ..datum import Datum

_WAITED = "waited for "
_SECOND = Datum(1.0, "s/s", 1.0, 1.0, "modelled", "duration of the dynamics, as the model of the device ran them")
_NOTHING = Datum(0.0, "s/s", 0.0, 0.0, "modelled", "waited for in rounds of macros")


def waited_for(event: str) -> str:
    """Name the event of a macro as rounds count it.

    Parameters
    ----------
    event : str
        Event.

    Returns
    -------
    str
        Name of its time.
    """
    return _WAITED + event


@dataclass(eq=False)
class MacroEvents:
    """Events of macros, those of programming them included.

    Attributes
    ----------
    activity : Counter
        Number of each event over all macros.
    waited : Counter
        The same for macros that work in parallel: rounds of a batch times the mean of a macro.
    """

    activity: Counter[str] = field(default_factory=Counter)
    waited: Counter[str] = field(default_factory=Counter)

    def add(self, events: Mapping[str, float], macros: int, parallel: int) -> None:
        """Add the events of a batch of macros.

        Parameters
        ----------
        events : dict of str to float
            Number of each event over the batch.
        macros, parallel : int
            Macros of the batch, and how many work at the same time.
        """
        for name, number in events.items():
            self.activity[name] += number  # type: ignore[assignment]
            self.waited[name] += number / macros * ceil(macros / parallel)  # type: ignore[assignment]


def activity_of_macros(reads: Iterable[MacroEvents], costs: Iterable[Cost]) -> dict[str, list[float]]:
    """List what each read counted, each event twice.

    Parameters
    ----------
    reads : iterable of MacroEvents
        Reads.
    costs : iterable of Cost
        Prices of the device, whose events are listed though none was counted.

    Returns
    -------
    dict of str to list of float
        Activity as of a Run.
    """
    counts = list(reads)
    names = sorted({name for each in counts for name in each.activity} | {cost.event for cost in costs} | {"device_s"})
    activity = {name: [float(each.activity[name]) for each in counts] for name in names}
    return activity | {waited_for(name): [float(each.waited[name]) for each in counts] for name in names}


def costs_in_rounds(costs: Iterable[Cost]) -> tuple[Cost, ...]:
    """Turn the prices of a device to those of its macros.

    Parameters
    ----------
    costs : iterable of Cost
        Prices of the device.

    Returns
    -------
    tuple of Cost
        Energy a macro, time a round.
    """
    found: list[Cost] = []
    for cost in costs:
        if cost.energy is not None:
            found.append(replace(cost, time=None))
        if cost.time is not None:
            found.append(replace(cost, event=waited_for(cost.event), energy=None, idle=False))
    # A read takes device_s itself where no price says otherwise; here it is that of rounds.
    if not any(cost.event == waited_for("device_s") for cost in found):
        found.append(Cost(waited_for("device_s"), "macros of a read", time=_SECOND))
    found.append(Cost("device_s", "macros of a read, one after the other", time=_NOTHING))
    return tuple(found)
