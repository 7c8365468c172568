"""Couplings of dopant neurons, in a memristor crossbar with its errors or in a digital memory, exactly.

.. math:: W_{ij} = G^+_{ij} - G^-_{ij}

where W are the couplings and G+ and G- the conductances of a pair of phase-change cells, in units of G_max; see
``memristor_crossbar.differential_pairs``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from ...analog_circuit.readout import Stream
from ...memristor_crossbar.differential_pairs import DifferentialPairs
from ...memristor_crossbar.phase_change_cell import DATA, PhaseChange
from ...memristor_crossbar.tiled_array import CORE, TiledArray


@dataclass(frozen=True, eq=False)
class CrossbarCouplings:
    """Requested couplings and the cells that hold them, if any.

    Attributes
    ----------
    wanted : (n, n) float
        Requested couplings, -1 .. 1.
    pairs : DifferentialPairs or None
        The cells; None is a digital memory.
    """

    wanted: Float
    pairs: DifferentialPairs | None

    @classmethod
    def written(cls, wanted: Float, cell: PhaseChange | None, rng: np.random.Generator) -> CrossbarCouplings:
        """Program couplings into cells, or into a memory.

        Parameters
        ----------
        wanted : (n, n) float
            Requested couplings, -1 .. 1.
        cell : PhaseChange or None
            The imperfections of the cells; None takes a digital memory.
        rng : numpy.random.Generator
            The stream of the cells.

        Returns
        -------
        CrossbarCouplings
            The couplings as they are held.
        """
        if cell is None:
            return cls(wanted, None)
        wires = TiledArray(DATA["wire"].value, both_ends=False, tile=CORE)
        return cls(wanted, DifferentialPairs.written(wanted, cell, wires, True, rng))

    @property
    def noisy(self) -> bool:
        """Whether reads differ by read noise."""
        return self.pairs is not None and self.pairs.cell.read > 0.0

    @property
    def where(self) -> str:
        """Description of the storage for people."""
        n = len(self.wanted)
        if self.pairs is None:
            return f"{n * (n - 1)} couplings in a digital memory"
        return f"{n * (n - 1)} couplings in pairs of phase-change cells, {self.pairs.cell.age_s:g} s after programming"

    @property
    def siemens(self) -> float:
        """Sum of all conductances that the drivers feed, S: a bound for any pattern of voltages."""
        return 0.0 if self.pairs is None else float(self.pairs.aged.sum()) * DATA["maximum_conductance"].value

    @property
    def setup(self) -> dict[str, float]:
        """Number of events of programming."""
        return {"written_cells": 0.0 if self.pairs is None else float(self.pairs.cells)}

    def read(self, rng: np.random.Generator | None = None) -> Float:
        """Read the couplings once.

        Parameters
        ----------
        rng : np.random.Generator or None
            Source of the read noise; None: without read noise.

        Returns
        -------
        (n, n) float
            Couplings.
        """
        checkpoint()
        return self.wanted if self.pairs is None else self.wanted + self.pairs.error(rng)

    def of_reads(self, seeds: list[Stream]) -> Float:
        """Return the couplings of each read.

        Parameters
        ----------
        seeds : list
            Random stream of each read.

        Returns
        -------
        (reads, n, n) or (1, n, n) float
            Couplings; one matrix if there is no read noise.
        """
        if not self.noisy:
            return self.read()[None]
        return np.array([self.read(np.random.default_rng(seed.spawn(1)[0])) for seed in seeds])
