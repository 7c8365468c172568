r"""What an iteration of SACHI takes: a compute memory that updates all spins, energy and cycles.

.. math:: E = e\, b \sum_i d_i, \qquad
          \text{cycles} = \begin{cases} D & n \le C D \\ n / (C / 2) & \text{otherwise} \end{cases}

with e = 1.25 pJ, b bits of a coupling, d_i couplings of spin i (each coupling is stored with both of its spins), C = 16
cores, and D = 80 rows of compute memory in each. Larger problems use half of the cores, since spins are stored twice.
Traffic from memories outside is in neither number. Reported for 1000 spins coupled to all, 4 bits (TSP-1K): 80 cycles
and 5 uJ, from which e was read; the reported King's graphs of 500 to a million spins are then predictions.
Source: SACHI, HPCA 2024 (ieeexplore 10476402), figure 15, as openising (KU Leuven) quotes it: second-hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from neuromorph.datum import Datum, read_data, scale_datum

PROCESSOR_DATA = read_data(files(__package__).joinpath("processors.toml").read_text())
_CORES, _ROWS = 16, 80


@dataclass(frozen=True)
class IterationCost:
    """Cost of one iteration over all spins.

    Attributes
    ----------
    cycles : float
        Clock cycles.
    energy : Datum
        Energy, J.
    """

    cycles: float
    energy: Datum


def sachi_iteration(spins: int, couplings: int, bits: int) -> IterationCost:
    """Compute what an iteration of SACHI takes.

    Parameters
    ----------
    spins : int
        Spins.
    couplings : int
        Couplings of all spins, each pair counted twice.
    bits : int
        Bits of a coupling.

    Returns
    -------
    IterationCost
        Cycles and energy.

    Raises
    ------
    ValueError
        If a number is not positive.
    """
    for name, value in (("spins", spins), ("couplings", couplings), ("bits", bits)):
        if value < 1:
            raise ValueError(f"{name} is {value}; it must be at least 1")
    cycles = float(_ROWS) if spins <= _CORES * _ROWS else spins / (_CORES / 2)
    return IterationCost(cycles, scale_datum(PROCESSOR_DATA["sachi_bit_j"], float(bits * couplings)))
