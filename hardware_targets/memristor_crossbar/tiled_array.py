r"""The wires of a chip's arrays: tiles, IR drop and sneak paths, and targets that make up for them.

.. math:: J \to \frac{1}{h G_{max}} (W(G^+) - W(G^-)), \qquad P = V' (Q^+ + Q^-) V

where

- G+ and G- are the conductances of the two cells of each pair, W(G) what the amplifiers see of them,
- h is the factor of the compensation, Q V the currents that the drivers deliver at voltages V, P their power.

The two cells of a pair stand in separate arrays, G+ driven with V and G- with -V by the inverter, and their columns end
in one virtual ground. A matrix larger than a tile is cut into equal tiles; the currents of tiles that share a column
are added behind their amplifiers. W and Q: see ``circuits.Crossbar.terminals``; with ideal wires W = G.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from .. import circuits_needed  # noqa: F401

# isort: split
from circuits import Crossbar
from circuits.crossbar.ir_drop_compensation import compensate_ir_drop, first_order_attenuation
from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from .phase_change_cell import DATA

_HIGHEST = DATA["maximum_conductance"].value
CORE = int(DATA["core_rows"].value)


@dataclass(frozen=True)
class TiledArray:
    """The wiring of a chip's arrays.

    Matrices of cells are (outputs, inputs), in units of the largest conductance: an input drives a row of the array.

    Attributes
    ----------
    ohm : float
        Resistance of one segment of a row or a column; 0 for ideal wires.
    both_ends : bool
        Whether rows are driven at both ends.
    tile : int
        Largest number of rows, and of columns, of an array.
    highest_s : float
        Largest conductance of a cell, S.
    """

    ohm: float
    both_ends: bool
    tile: int
    highest_s: float = _HIGHEST

    def __post_init__(self) -> None:
        if not 0.0 <= self.ohm < math.inf:
            raise ValueError(f"wire_ohm is {self.ohm}; it must be finite and not negative, 0 for ideal wires")
        if not 1 <= self.tile <= CORE:
            raise ValueError(f"tile is {self.tile}; a core of {CORE} x {CORE} cells is cut into tiles of 1 to {CORE}")

    def across(self, n: int) -> int:
        """Count the tiles along one side of a matrix.

        Parameters
        ----------
        n : int
            Rows of the matrix.

        Returns
        -------
        int
            Number of tiles.
        """
        return math.ceil(n / self.tile)

    def terminals(self, cells: Float) -> tuple[Float, Float]:
        """Compute the cells as the amplifiers see them, and the load of the drivers.

        Parameters
        ----------
        cells : (..., m, n) float
            Conductances, G_max.

        Returns
        -------
        effective : (..., m, n) float
            Conductances as the amplifiers see them, with IR drop and sneak paths, G_max.
        drawn : (n, n) float
            Q, summed over all matrices of ``cells``, S.
        """
        each = cells.reshape(-1, *cells.shape[-2:])
        if self.ohm == 0.0:
            return cells, np.diag((self.highest_s * each.sum(axis=1)).sum(axis=0))
        effective, drawn = np.empty(each.shape), np.zeros((each.shape[2], each.shape[2]))
        places = self._places(each)
        for done, place in enumerate(places):

            def report(part: float, done: int = done) -> None:
                checkpoint("solving the wires of the crossbar", done + part, len(places))

            w, q = self._array(each[place].T * self.highest_s).terminals(report)
            effective[place] = w.T / self.highest_s
            drawn[place[2], place[2]] += q
        return effective.reshape(cells.shape), drawn

    def about(self, cells: Float) -> Float:
        """Compute the effective cells to first order in the resistance of the wires.

        Parameters
        ----------
        cells : (m, n) float
            Conductances.

        Returns
        -------
        (m, n) float
            Effective conductances.
        """
        if self.ohm == 0.0:
            return cells
        effective = np.empty(cells.shape)
        for _, outputs, inputs in self._places(cells[None]):
            checkpoint("finding the drift of the currents")
            crossbar = self._array(cells[outputs, inputs].T * self.highest_s)
            effective[outputs, inputs] = cells[outputs, inputs] * first_order_attenuation(crossbar).T
        return effective

    def compensated(self, targets: Float) -> tuple[Float, float]:
        """Scale the targets to make up for the IR drop.

        Parameters
        ----------
        targets : (k, m, n) float
            Wanted effective conductances, G_max.

        Returns
        -------
        cells : (k, m, n) float
            Targets for the cells whose effective values are about h ``targets``; none is above 1.
        h : float
            The common factor.
        """
        if self.ohm == 0.0 or not targets.any():
            return targets, 1.0
        places = self._places(targets)
        found, factor = compensate_ir_drop([targets[place].T for place in places], self._array, self.highest_s)
        cells = np.empty(targets.shape)
        for place, each in zip(places, found, strict=True):
            cells[place] = each.T / self.highest_s
        return cells, factor / self.highest_s

    def refined(self, cells: Float, scale: float, wanted: Float, steps: int, least: float = 0.0) -> tuple[Float, float]:
        r"""Refine compensated targets against the exact solve of the wires.

        .. math:: g \leftarrow g + (h\, wanted - (W^+ - W^-)) / (u y)

        where the difference goes to the cell of a pair that the sign asks for, and what would take it below its range
        to the other; what one step leaves is of second order in what there was.

        Parameters
        ----------
        cells : (2, n, n) float
            Targets of pairs, by :meth:`compensated`.
        scale : float
            Their common factor h.
        wanted : (n, n) float
            Wanted differences, G_max.
        steps : int
            Number of steps, each an exact solve.
        least : float
            Smallest conductance of a cell, G_max.

        Returns
        -------
        cells : (2, n, n) float
            Refined targets, ``least`` .. 1.
        h : float
            The common factor, lower where the largest target would have gone beyond 1.
        """
        if self.ohm == 0.0 or not cells.any():
            return cells, scale
        there = ~np.eye(len(wanted), dtype=bool)
        lowest = least * there
        for _ in range(steps):
            cells = np.maximum(cells, lowest)
            seen = self.terminals(cells)[0]
            signs = np.where(cells[0] >= cells[1], 1.0, -1.0)
            attenuation = np.where(signs > 0.0, self._attenuation(cells[0]), self._attenuation(cells[1]))
            missing = (scale * wanted - (seen[0] - seen[1])) * there
            strong = np.maximum(cells[0], cells[1]) + signs * missing / attenuation
            weak = np.minimum(cells[0], cells[1]) + np.maximum(lowest - strong, 0.0)
            strong = np.maximum(strong, lowest)
            top = max(1.0, float(strong.max()))
            cells, scale = np.where(signs > 0.0, [strong, weak], [weak, strong]) / top, scale / top
        return np.maximum(cells, lowest), scale

    def _attenuation(self, cells: Float) -> Float:
        """Return u y of every cell, open ones too."""
        found = np.empty(cells.shape)
        for _, outputs, inputs in self._places(cells[None]):
            found[outputs, inputs] = first_order_attenuation(self._array(cells[outputs, inputs].T * self.highest_s)).T
        return found

    def _places(self, matrices: Float) -> list[tuple[int, slice, slice]]:
        """List (matrix, outputs, inputs) of each array that ``matrices`` (k, m, n) take."""
        outputs, inputs = (self._cuts(n) for n in matrices.shape[-2:])
        return list(product(range(len(matrices)), outputs, inputs))

    def _cuts(self, n: int) -> list[slice]:
        ends = np.linspace(0, n, self.across(n) + 1).round().astype(int).tolist()
        return [slice(a, b) for a, b in pairwise(ends)]

    def _array(self, cells: Float) -> Crossbar:
        return Crossbar(cells, self.ohm, self.ohm, both_ends=self.both_ends)
