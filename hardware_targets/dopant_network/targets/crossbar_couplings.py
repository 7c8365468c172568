"""Where neurons keep their couplings: in pairs of phase-change cells, with their errors, or in a memory, exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from ...analog_circuit.readout import Stream
from ...memristor_crossbar.differential_pairs import DifferentialPairs
from ...memristor_crossbar.phase_change_cell import DATA, PhaseChange
from ...memristor_crossbar.target import CORE
from ...memristor_crossbar.tiled_array import TiledArray


@dataclass(frozen=True, eq=False)
class CrossbarCouplings:
    """Wanted couplings (n, n), -1 .. 1, and the cells that hold them, if any."""

    wanted: Float
    pairs: DifferentialPairs | None

    @classmethod
    def written(cls, wanted: Float, cell: PhaseChange | None, rng: np.random.Generator) -> CrossbarCouplings:
        if cell is None:
            return cls(wanted, None)
        wires = TiledArray(DATA["wire"].value, both_ends=False, tile=CORE)
        return cls(wanted, DifferentialPairs.written(wanted, cell, wires, True, rng))

    @property
    def noisy(self) -> bool:
        return self.pairs is not None and self.pairs.cell.read > 0.0

    @property
    def where(self) -> str:
        n = len(self.wanted)
        if self.pairs is None:
            return f"{n * (n - 1)} couplings in a digital memory"
        return f"{n * (n - 1)} couplings in pairs of phase-change cells, {self.pairs.cell.age_s:g} s after programming"

    @property
    def siemens(self) -> float:
        """All conductances that the drivers feed together, S: a bound for any pattern of voltages."""
        return 0.0 if self.pairs is None else float(self.pairs.aged.sum()) * DATA["maximum_conductance"].value

    @property
    def setup(self) -> dict[str, float]:
        return {"written_cells": 0.0 if self.pairs is None else float(self.pairs.cells)}

    def read(self, rng: np.random.Generator | None = None) -> Float:
        """(n, n) as the cells have them, in one read or without its noise."""
        checkpoint()
        return self.wanted if self.pairs is None else self.wanted + self.pairs.error(rng)

    def of_reads(self, seeds: list[Stream]) -> Float:
        """(reads, n, n) as each read finds them, (1, n, n) if that is the same for all."""
        if not self.noisy:
            return self.read()[None]
        return np.array([self.read(np.random.default_rng(seed.spawn(1)[0])) for seed in seeds])
