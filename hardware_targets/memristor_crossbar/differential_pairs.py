r"""A matrix in differential pairs of phase-change cells between wires: programmed, drifted, read.

.. math:: \hat W_{ij} = a\, (W^+_{ij} - W^-_{ij}), \qquad
          a = \frac{1}{h} \frac{\sum_{ij} W(G_p)_{ij}}{\sum_{ij} W(G_d)_{ij}}

where W+ and W- are the conductances of a pair as the amplifiers see them through the wires, a is the gain, h the scale
of the targets, and G_p and G_d are the conductances after programming and after drift: one factor compensates the mean
drift. Source: Joshi et al., Nat. Commun. 11, 2473 (2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from .phase_change_cell import PhaseChange
from .tiled_array import TiledArray
from .weight_code import WeightCode

_PAIRS = WeightCode()


@dataclass(frozen=True, eq=False)
class DifferentialPairs:
    """A matrix in differential pairs of cells, with programming error, drift and IR drop.

    Matrices are (outputs, inputs). There are no cells on the diagonal. With another code than a pair a weight
    (``weight_code``) there are more or fewer arrays than two, and a reference column.

    Attributes
    ----------
    cell : PhaseChange
        The imperfections of the cells.
    wanted : (n, n) float
        The differences G+ - G- that were requested, -1 .. 1 in units of G_max.
    targets : (2, n, n) float
        What the cells were asked for.
    fresh, aged, effective : (2, n, n) float
        G+ and G- after programming, after their drift, and as the amplifiers see them through the wires.
    drawn : (n, n) float
        Q of both arrays: the drivers deliver the currents Q V; unit S.
    scale : float
        The factor on the targets by which the compensation of the IR drop scaled them.
    gain : float
        The factor on every current that makes up for ``scale`` and for the mean drift.
    code : WeightCode
        How weights stand in cells.
    """

    cell: PhaseChange
    wanted: Float
    targets: Float
    fresh: Float
    aged: Float
    effective: Float
    drawn: Float
    scale: float
    gain: float
    code: WeightCode = _PAIRS

    @classmethod
    def written(
        cls,
        wanted: Float,
        cell: PhaseChange,
        wires: TiledArray,
        compensate: bool,
        rng: np.random.Generator,
        *,
        code: WeightCode = _PAIRS,
        refinements: int = 0,
    ) -> DifferentialPairs:
        """Program ``wanted`` into cells that ``rng`` draws, and let the cells drift.

        Parameters
        ----------
        wanted : (n, n) float
            Requested differences G+ - G-, -1 .. 1 in units of G_max.
        cell : PhaseChange
            The imperfections of the cells.
        wires : TiledArray
            The wires of the arrays.
        compensate : bool
            Whether the targets make up for the IR drop.
        rng : numpy.random.Generator
            The stream of programming errors, stuck cells and drift exponents.
        code : WeightCode
            How weights stand in cells.
        refinements : int
            Steps of the compensation against the exact solve of the wires; only of single pairs.

        Returns
        -------
        DifferentialPairs
            The matrix as these cells hold it.
        """
        targets, scale, there = code.planes(wanted, cell.levels), 1.0, code.places(len(wanted))
        least = cell.least
        if least > 0.0:  # Cells that are off conduct, and the window above that is what holds weights.
            targets = (least + (1.0 - least) * targets) * there
        if compensate:
            targets, scale = wires.compensated(targets)
            if refinements and code.plain:
                targets, scale = wires.refined(targets, scale, (1.0 - least) * wanted, refinements, least)
            if least > 0.0:
                targets = np.maximum(targets, least * there)
        checkpoint("programming the cells")
        fresh = cell.with_broken_lines(cell.programmed(targets, rng), rng) * there
        checkpoint("programming the cells")
        aged = cell.aged(fresh, targets, rng)
        seen, drawn = wires.terminals(aged)
        # The compensation of drift: the sum of currents after programming over the sum when the array is read.
        drift = _sum(wires, fresh) / _sum(wires, aged) if aged.any() else 1.0
        return cls(cell, wanted, targets, fresh, aged, seen, drawn, scale, drift / (scale * (1.0 - least)), code)

    @property
    def cells(self) -> int:
        """Number of cells: two a slice for each pair of indices, or one with a reference."""
        return self.code.arrays * int(np.count_nonzero(self.code.places(len(self.wanted))))

    @property
    def lost(self) -> float:
        """IR drop: the fraction of all current that the wires take away, uncompensated."""
        return 1.0 - float(self.effective.sum() / self.aged.sum()) if self.aged.any() else 0.0

    def load(self, drives: Float) -> tuple[Float, Float]:
        """Compute the mean conductances that dissipate power and that load the drivers.

        Parameters
        ----------
        drives : (reads, times, n) float
            Voltages V of the rows, in units of the read voltage.

        Returns
        -------
        dissipated : (reads,) float
            Mean over times of V' Q V, S.
        driven : (reads,) float
            Mean over times of ``sum |Q V|``, S.
        """
        current = drives @ self.drawn
        return (drives * current).sum(axis=-1).mean(axis=1), np.abs(current).sum(axis=-1).mean(axis=1)

    def error(self, read: np.random.Generator | None = None) -> Float:
        """Compute the error of the matrix, gain (W+ - W-) - wanted.

        The error is exactly 0 for perfect cells and ideal wires. Read noise of a cell changes its own part of the
        current; its effect on the IR drop is neglected. On the diagonal, where no cells are, the error is the
        sneak-path current.

        Parameters
        ----------
        read : numpy.random.Generator, optional
            The stream of the read noise; None leaves the read noise out.

        Returns
        -------
        (n, n) float
            The error in units of G_max.
        """
        return np.asarray(self.gain * self.code.matrix(self.read_cells(read), self.cell.levels) - self.wanted)

    def read_cells(self, read: np.random.Generator | None = None) -> Float:
        """Return the cells as the amplifiers see them in one read.

        Parameters
        ----------
        read : numpy.random.Generator, optional
            The stream of the read noise; None leaves the read noise out.

        Returns
        -------
        (2, n, n) float
            Conductances, G_max.
        """
        return self.effective if read is None else self.effective * self.cell.read_factors(self.fresh, read)


def _sum(wires: TiledArray, cells: Float) -> float:
    """Sum the currents of all cells to first order in the resistance of the wires."""
    return float(sum(wires.about(each).sum() for each in cells))
