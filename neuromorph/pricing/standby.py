r"""Joules an answer when questions are rare: most devices wait most of the time, and waiting costs too.

.. math:: E_{answer} = R\, E_{read} + P_{idle}\, \max(0, 1/f - R\, t_{read}), \qquad
          P_{idle} = \frac{1}{t_{read}} \sum_{k\ \mathrm{idle}} \bar n_k e_k

with f questions a second and R reads an answer. Idle costs (``Cost.idle``) are those that are drawn also while the
device waits: bias currents, coolers, a waiting host; they go on at the mean power that they have during a read.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..cost import Ledger
from .boundary import entries_of_reads


@dataclass(frozen=True)
class Standby:
    """Energy of an answer with the waiting before the next question.

    Attributes
    ----------
    energy_j : float
        Energy of an answer, J.
    idle_w : float
        Power while it waits, W.
    busy : float
        Share of the time in which it works; 1 where it does not keep up.
    keeps_up : bool
        Whether answers take no longer than questions are apart.
    """

    energy_j: float
    idle_w: float
    busy: float
    keeps_up: bool


def standby_energy(ledger: Ledger, reads: float = 1.0, questions_hz: float = 1.0) -> Standby:
    """Compute the energy of an answer at a rate of questions.

    Parameters
    ----------
    ledger : Ledger
        Ledger at a boundary.
    reads : float
        Reads an answer, as those to solution.
    questions_hz : float
        Questions a second.

    Returns
    -------
    Standby
        Energy of an answer, power while waiting, and whether it keeps up.

    Raises
    ------
    ValueError
        If there is less than one read, or no question.
    """
    if not 1.0 <= reads < float("inf"):
        raise ValueError(f"reads is {reads}; an answer takes one read at least, and a finite number")
    if not 0.0 < questions_hz < float("inf"):
        raise ValueError(f"questions_hz is {questions_hz}; it must be above 0 and finite")
    entries, times = entries_of_reads(ledger.entries), entries_of_reads(ledger.times)
    energy = sum(entry.count * entry.unit.value for entry in entries) / ledger.reads
    waiting = sum(entry.count * entry.unit.value for entry in entries if entry.idle) / ledger.reads
    seconds = sum(entry.count * entry.unit.value for entry in times) / ledger.reads
    power = waiting / seconds if seconds else 0.0
    busy = reads * seconds * questions_hz
    rest = max(0.0, 1.0 / questions_hz - reads * seconds)
    return Standby(reads * energy + power * rest, power, min(1.0, busy), busy <= 1.0)
