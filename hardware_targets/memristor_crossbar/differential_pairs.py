"""A matrix in differential pairs of phase-change cells between wires: programmed, aged, read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from .phase_change_cell import PhaseChange
from .tiled_array import TiledArray


@dataclass(frozen=True, eq=False)
class DifferentialPairs:
    """A matrix (n, n), outputs by inputs, in differential pairs of cells, none on the diagonal.

    wanted (n, n)                        G+ - G- that was asked for, -1 .. 1 of G_max
    fresh, aged, effective (2, n, n)     G+ and G- after programming, when they are read, and as the amplifiers see them
    drawn (n, n)                         Q of both arrays: the drivers deliver Q V, S
    scale : float                        what compensation of the wires scaled the targets by
    gain : float                         factor on every current that makes up for that and for the mean drift
    """

    cell: PhaseChange
    wanted: Float
    fresh: Float
    aged: Float
    effective: Float
    drawn: Float
    scale: float
    gain: float

    @classmethod
    def written(
        cls, wanted: Float, cell: PhaseChange, wires: TiledArray, compensate: bool, rng: np.random.Generator
    ) -> DifferentialPairs:
        """Program ``wanted`` (n, n) into cells that ``rng`` draws, and let them age."""
        targets, scale = np.stack([np.maximum(wanted, 0.0), np.maximum(-wanted, 0.0)]), 1.0
        if compensate:
            targets, scale = wires.compensated(targets)
        there = ~np.eye(len(wanted), dtype=bool)
        checkpoint("programming the cells")
        fresh = cell.programmed(targets, rng) * there
        checkpoint("programming the cells")
        aged = cell.aged(fresh, targets, rng)
        seen, drawn = wires.terminals(aged)
        # Its sum of currents after programming, over that when it is read.
        drift = _sum(wires, fresh) / _sum(wires, aged) if aged.any() else 1.0
        return cls(cell, wanted, fresh, aged, seen, drawn, scale, drift / scale)

    @property
    def cells(self) -> int:
        return 2 * len(self.wanted) * (len(self.wanted) - 1)

    @property
    def lost(self) -> float:
        """Part of all current that the wires take away, uncompensated."""
        return 1.0 - float(self.effective.sum() / self.aged.sum()) if self.aged.any() else 0.0

    def load(self, drives: Float) -> tuple[Float, Float]:
        """(dissipated, driven), (reads,), S: means of V' Q V and of sum |Q V| over V = ``drives`` (reads, times, n)."""
        current = drives @ self.drawn
        return (drives * current).sum(axis=-1).mean(axis=1), np.abs(current).sum(axis=-1).mean(axis=1)

    def error(self, read: np.random.Generator | None = None) -> Float:
        """gain (W+ - W-) - wanted, (n, n), with the noise that ``read`` draws; exactly 0 of perfect cells and wires.

        Noise of a cell changes its own part of the current; what it changes in the drop along the wires is left out.
        On the diagonal there are no cells, only what sneaks there.
        """
        cells = self.effective if read is None else self.effective * self.cell.read_factors(self.fresh, read)
        return np.asarray(self.gain * (cells[0] - cells[1]) - self.wanted)


def _sum(wires: TiledArray, cells: Float) -> float:
    return float(sum(wires.about(each).sum() for each in cells))
