r"""How far each constant moves a row: the data of a tornado plot.

.. math:: S_i = \frac{E(c_i = h_i)}{E(c_i = \ell_i)}, \qquad \epsilon_i = \frac{\partial \ln E}{\partial \ln c_i}
              = \frac{c_i}{E} \sum_k \bar n_k \frac{\partial e_k}{\partial c_i}

with all other constants at their values. Prices are sums of products of powers, so that the elasticity is exact: the
sum of the terms' shares, each times its power.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..cost import Entry, Ledger
from ..datum import Datum
from .boundary import entries_of_reads
from .draws import evaluate


@dataclass(frozen=True)
class Swing:
    """Effect of one constant on the energy or the time of a read.

    Attributes
    ----------
    name : str
        Name of the constant in its table, or what it is the price of.
    constant : Datum
        Constant with its range.
    low, value, high : float
        Energy, J, or time, s, of a read with the constant at its low end, its value and its high end.
    elasticity : float
        d ln E / d ln c at the value.
    """

    name: str
    constant: Datum
    low: float
    value: float
    high: float
    elasticity: float

    @property
    def factor(self) -> float:
        """The larger of both ends over the smaller one; infinite where one is 0."""
        least, most = sorted((self.low, self.high))
        return most / least if least > 0.0 else (float("inf") if most > 0.0 else 1.0)


def energy_swings(ledger: Ledger) -> list[Swing]:
    """Return the effect of each constant on the energy of a read, largest first.

    Parameters
    ----------
    ledger : Ledger
        Ledger at a boundary.

    Returns
    -------
    list of Swing
        One a constant that a read depends on; programming stands apart and is not in it.
    """
    return _swings(entries_of_reads(ledger.entries), ledger.reads)


def time_swings(ledger: Ledger) -> list[Swing]:
    """Return the effect of each constant on the time of a read, largest first.

    Parameters
    ----------
    ledger : Ledger
        Ledger.

    Returns
    -------
    list of Swing
        One a constant that the time depends on.
    """
    return _swings(entries_of_reads(ledger.times), ledger.reads)


def _swings(entries: Iterable[Entry], reads: int) -> list[Swing]:
    counted = [(entry, entry.count / reads) for entry in entries if entry.count > 0.0]
    value = float(sum(count * entry.unit.value for entry, count in counted))
    constants = {(c.name, c): c.name or entry.what for entry, _ in counted for c in entry.unit.constants}
    found = []
    for (name, constant), told in constants.items():
        ends = {(name, constant): np.array([constant.low, constant.high])}
        low, high = np.zeros(2) + sum(count * evaluate(entry.unit, ends) for entry, count in counted)
        slope = sum(
            count * power * term.at(lambda datum: datum.value)
            for entry, count in counted
            for term in entry.unit.as_terms
            for datum, power in term.powers
            if (datum.name, datum) == (name, constant)
        )
        found.append(Swing(told, constant, float(low), value, float(high), slope / value if value else 0.0))
    return sorted(found, key=lambda swing: (-swing.factor, -abs(swing.elasticity), swing.name))
