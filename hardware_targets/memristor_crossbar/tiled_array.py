r"""The wires of a chip's arrays: tiles, what their terminals see, and targets that make up for it.

.. math:: J \to \frac{1}{h G_{max}} (W(G^+) - W(G^-)), \qquad P = V' (Q^+ + Q^-) V

Both cells of a pair stand in arrays of their own, G+ driven with V and G- with -V by the inverter, and their columns
end in one virtual ground. A matrix larger than a tile is cut into equal tiles; the currents of those that share a
column are added behind their amplifiers. W and Q: see ``circuits.Crossbar.terminals``; ideal wires: W = G.
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


@dataclass(frozen=True)
class TiledArray:
    """How a chip's arrays are wired.

    ohm : float           a segment of a row or a column; 0 for ideal wires
    both_ends : bool      whether rows are driven at both ends
    tile : int            most rows, and columns, of an array

    Matrices of cells are (outputs, inputs), in units of the largest conductance: an input drives a row of the array.
    """

    ohm: float
    both_ends: bool
    tile: int

    def across(self, n: int) -> int:
        """Tiles along a side of an n x n matrix."""
        return math.ceil(n / self.tile)

    def terminals(self, cells: Float) -> tuple[Float, Float]:
        """(effective cells, Q in S): what the amplifiers see of ``cells`` (..., n, n), and what the drivers do, (n, n).

        Q is the sum over all matrices of cells.
        """
        each = cells.reshape(-1, *cells.shape[-2:])
        if self.ohm == 0.0:
            return cells, np.diag((_HIGHEST * each.sum(axis=1)).sum(axis=0))
        effective, drawn = np.empty(each.shape), np.zeros(each.shape[1:])
        places = self._places(each)
        for done, place in enumerate(places):

            def report(part: float, done: int = done) -> None:
                checkpoint("solving the wires of the crossbar", done + part, len(places))

            w, q = self._array(each[place].T * _HIGHEST).terminals(report)
            effective[place] = w.T / _HIGHEST
            drawn[place[2], place[2]] += q
        return effective.reshape(cells.shape), drawn

    def about(self, cells: Float) -> Float:
        """The effective cells to first order in the resistance of the wires."""
        if self.ohm == 0.0:
            return cells
        effective = np.empty(cells.shape)
        for _, outputs, inputs in self._places(cells[None]):
            checkpoint("finding the drift of the currents")
            crossbar = self._array(cells[outputs, inputs].T * _HIGHEST)
            effective[outputs, inputs] = cells[outputs, inputs] * first_order_attenuation(crossbar).T
        return effective

    def compensated(self, targets: Float) -> tuple[Float, float]:
        """(cells, h): for ``targets`` (2, n, n) those whose effective cells are about h targets, none above 1."""
        if self.ohm == 0.0 or not targets.any():
            return targets, 1.0
        places = self._places(targets)
        found, factor = compensate_ir_drop([targets[place].T for place in places], self._array, _HIGHEST)
        cells = np.empty(targets.shape)
        for place, each in zip(places, found, strict=True):
            cells[place] = each.T / _HIGHEST
        return cells, factor / _HIGHEST

    def _places(self, matrices: Float) -> list[tuple[int, slice, slice]]:
        """(which, outputs, inputs) of each array that ``matrices`` (k, n, n) take."""
        n = matrices.shape[-1]
        ends = np.linspace(0, n, self.across(n) + 1).round().astype(int).tolist()
        sides = [slice(a, b) for a, b in pairwise(ends)]
        return list(product(range(len(matrices)), sides, sides))

    def _array(self, cells: Float) -> Crossbar:
        return Crossbar(cells, self.ohm, self.ohm, both_ends=self.both_ends)
