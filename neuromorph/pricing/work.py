"""Common units of work: updates, flips, spikes and multiply-accumulates a second, and joules of each.

A read of every device is some number of elementary steps. What is one step depends on the device; the table below says
which counted event is which, from the finest standard unit of its kind. The first one that a run counts is the unit of
its row; the others stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..cost import Ledger
from ..run import Run
from .boundary import entries_of_reads

# event of Run.activity: (name of one, what it is)
WORK_UNITS: dict[str, tuple[str, str]] = {
    "updates": ("update", "one proposal for one spin or city, or one R C of one analog neuron"),
    "atom_attempts": ("update", "one attempt of one atom to switch"),
    "membrane_updates": ("update", "one neuron of a spiking chip in one step, when anything acts on it"),
    "hops": ("hop", "one hole that goes from one acceptor to another"),
    "macs": ("MAC", "one multiply-accumulate: one cell of a crossbar, once"),
    "synaptic_operations": ("synaptic operation", "one spike that arrives at one synapse: an accumulate"),
    "spikes": ("spike", "one neuron that fires"),
    "switches": ("flip", "one spin that did turn"),
}


@dataclass(frozen=True)
class Work:
    """Elementary steps of a read, in one unit.

    Attributes
    ----------
    event : str
        Name of the event in ``Run.activity``.
    unit : str
        Name of one: "update", "flip", "spike", "MAC".
    meaning : str
        What one is.
    per_read : float
        Mean number in a read.
    per_second : float or None
        Number in a second of the device, one read after the other; None where no time is known.
    energy_j : float or None
        Energy of the whole read divided by the number, J; None where no energy is known or nothing was counted.
    """

    event: str
    unit: str
    meaning: str
    per_read: float
    per_second: float | None
    energy_j: float | None


def work_of(run: Run, ledger: Ledger) -> list[Work]:
    """Return the work of a run in each unit that it counts, that of its row first.

    Parameters
    ----------
    run : Run
        Run.
    ledger : Ledger
        Its ledger at a boundary.

    Returns
    -------
    list of Work
        In the order of ``WORK_UNITS``; empty where none of these events is counted.
    """
    seconds, joules = (
        sum(entry.count * entry.unit.value for entry in entries_of_reads(lines)) / ledger.reads
        for lines in (ledger.times, ledger.entries)
    )
    found = []
    for event, (unit, meaning) in WORK_UNITS.items():
        if event in run.activity:
            number = float(run.activity[event].mean())
            rate = number / seconds if seconds else None
            each = joules / number if joules and number else None
            found.append(Work(event, unit, meaning, number, rate, each))
    return found
