r"""A crossbar of memristors with the resistance of its wires, solved exactly.

Cell G_ij joins row wire i to column wire j. Along row i a segment of wire lies before every cell, the first of them
behind the driver (V_i, driver_ohm); along column j one lies after every cell, the last of them before the sense
amplifier, whose input is sense_ohm to a virtual ground. Kirchhoff's current law at all 2 x rows x columns nodes is

.. math:: A x = D V, \qquad I = S x, \qquad W = (S A^{-1} D)^T

A is sparse, symmetric and positive definite. W, (rows, columns), is what the terminals see in place of G: with ideal
wires W = G. A signed weight is the difference of two arrays.
Source: the nodal equations of An Chen, IEEE Trans. Electron Devices 60, 1318 (2013), here with every segment.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import splu

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from .expressions import Number
from .netlist import GROUND, BehaviouralVoltage, Circuit, Element, Resistor, Transient

_TOGETHER = 4


@dataclass(frozen=True, eq=False)
class Crossbar:
    """An array of cells between wires; all cells are ohmic.

    conductances : (rows, columns) float      G, S, not negative; 0 is an open cell
    row_ohm, column_ohm : float               one segment of wire, positive
    driver_ohm, sense_ohm : float             output of a driver, input of a sense amplifier
    """

    conductances: Float
    row_ohm: float = 1.0
    column_ohm: float = 1.0
    driver_ohm: float = 0.0
    sense_ohm: float = 0.0

    def __post_init__(self) -> None:
        g = np.array(self.conductances, dtype=float)
        if g.ndim != 2 or g.size == 0:
            raise ValueError(f"conductances have shape {g.shape}; expected (rows, columns), at least one of each")
        if not (np.isfinite(g).all() and (g >= 0.0).all()):
            raise ValueError("conductances hold NaN, infinity or a negative; put a signed weight into two arrays")
        g.setflags(write=False)
        object.__setattr__(self, "conductances", g)
        for name in ("row_ohm", "column_ohm"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is {getattr(self, name)}; a wire has a positive resistance, if only 1e-3 ohm")
        for name in ("driver_ohm", "sense_ohm"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and not negative")

    def effective(self) -> Float:
        """W, (rows, columns), S: the current out of column j for 1 V at row i and 0 V at all others."""
        # A is symmetric, so either side may be driven: the one with fewer wires.
        rows, columns = self.conductances.shape
        between = 1.0 / (self.input_ohm * self.output_ohm)
        if columns <= rows:
            return between * self._solve(self._ends("column"))[self._places("row")]
        return between * self._solve(self._ends("row"))[self._places("column")].T

    def currents(self, voltages: ArrayLike) -> Float:
        """The currents into the sense amplifiers, (..., columns), A, for row voltages (..., rows), V."""
        return np.asarray(self.potentials(voltages)[..., 1, -1, :] / self.output_ohm)

    def potentials(self, voltages: ArrayLike) -> Float:
        """The voltage of every node, (..., 2, rows, columns), V: the row wires', then the column wires'."""
        v = np.asarray(voltages, dtype=float)
        shape = self.conductances.shape
        if v.shape[-1:] != shape[:1]:
            raise ValueError(f"voltages have shape {v.shape}; expected (..., {shape[0]}), one a row")
        driven = self._ends("row") @ (v.reshape(-1, shape[0]).T / self.input_ohm)
        return self._solve(driven).T.reshape(*v.shape[:-1], 2, *shape)

    def circuit(self, voltages: ArrayLike, title: str = "crossbar") -> Circuit:
        """The array as a circuit for SPICE; its ``saved`` nodes are the ends of the columns: I_j = V_j / output_ohm."""
        v = np.asarray(voltages, dtype=float)
        if v.shape != self.conductances.shape[:1]:
            raise ValueError(f"voltages have shape {v.shape}; expected {self.conductances.shape[:1]}, one a row")
        # Without a capacitor every instant is the operating point; two steps are enough.
        columns = self.conductances.shape[1]
        saved = tuple(f"c{len(v) - 1}_{j}" for j in range(columns))
        return Circuit(title, tuple(self._elements(v.tolist())), Transient(0.5, 1.0, uic=False), saved)

    @property
    def output_ohm(self) -> float:
        """From the last node of a column to the virtual ground: a segment and the amplifier's input."""
        return self.column_ohm + self.sense_ohm

    @property
    def input_ohm(self) -> float:
        """From a row's source to its first node: the driver and a segment."""
        return self.row_ohm + self.driver_ohm

    def _elements(self, voltages: list[float]) -> Iterator[Element]:
        rows, columns = self.conductances.shape
        for i, volt in enumerate(voltages):
            yield BehaviouralVoltage(f"in{i}", f"in{i}", GROUND, Number(volt))
            yield Resistor(f"in{i}", f"in{i}", f"r{i}_0", self.input_ohm)
            for j in range(columns - 1):
                yield Resistor(f"r{i}_{j}", f"r{i}_{j}", f"r{i}_{j + 1}", self.row_ohm)
        for j in range(columns):
            for i in range(rows - 1):
                yield Resistor(f"c{i}_{j}", f"c{i}_{j}", f"c{i + 1}_{j}", self.column_ohm)
            yield Resistor(f"out{j}", f"c{rows - 1}_{j}", GROUND, self.output_ohm)
        for i, j in zip(*np.nonzero(self.conductances), strict=True):
            yield Resistor(f"{i}_{j}", f"r{i}_{j}", f"c{i}_{j}", 1.0 / float(self.conductances[i, j]))

    # The nodes are numbered as (2, rows, columns): row wires first.

    def _places(self, kind: str) -> Any:
        """Where the driven ends of the rows, or the sensed ends of the columns, are among the nodes."""
        number = np.arange(2 * self.conductances.size).reshape(2, *self.conductances.shape)
        return number[0, :, 0] if kind == "row" else number[1, -1, :]

    def _ends(self, kind: str) -> Float:
        """(nodes, rows) or (nodes, columns): 1 where a wire ends at its terminal."""
        places = self._places(kind)
        ends = np.zeros((2 * self.conductances.size, len(places)))
        ends[places, np.arange(len(places))] = 1.0
        return ends

    def _solve(self, currents: Float) -> Float:
        """A^-1 of the columns of ``currents`` (nodes, k), a few at a time: all at once are four times slower."""
        solved = np.empty(currents.shape, order="F")
        for k in range(0, currents.shape[1], _TOGETHER):
            solved[:, k : k + _TOGETHER] = self._factors.solve(np.asfortranarray(currents[:, k : k + _TOGETHER]))
        return solved

    @cached_property
    def _factors(self) -> Any:
        """The factors of A; a minimum-degree order of the symmetric pattern keeps them sparse."""
        g = self.conductances
        number = np.arange(2 * g.size).reshape(2, *g.shape)
        links: list[tuple[Any, Any, Any]] = [
            (number[0].ravel(), number[1].ravel(), g.ravel()),
            (number[0, :, :-1].ravel(), number[0, :, 1:].ravel(), 1.0 / self.row_ohm),
            (number[1, :-1, :].ravel(), number[1, 1:, :].ravel(), 1.0 / self.column_ohm),
        ]
        a = np.concatenate([one for one, _, _ in links])
        b = np.concatenate([other for _, other, _ in links])
        siemens = np.concatenate([np.broadcast_to(value, one.shape) for one, _, value in links])
        diagonal = np.bincount(a, siemens, 2 * g.size) + np.bincount(b, siemens, 2 * g.size)
        diagonal[self._places("row")] += 1.0 / self.input_ohm
        diagonal[self._places("column")] += 1.0 / self.output_ohm
        matrix = sparse.coo_array((-siemens, (a, b)), shape=(2 * g.size, 2 * g.size))
        matrix = sparse.csc_array(matrix + matrix.T + sparse.diags_array(diagonal))
        options = {"SymmetricMode": True}
        return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)


def written(
    targets: ArrayLike,
    *,
    lowest_s: float,
    highest_s: float,
    levels: int | None = None,
    spread: float = 0.0,
    stuck_low: float = 0.0,
    stuck_high: float = 0.0,
    rng: RNG = None,
) -> Float:
    """Conductances of cells that were asked to take ``targets``, of the same shape, S.

    Parameters
    ----------
    lowest_s, highest_s : float        range of a cell, S; targets beyond it are cut
    levels : int or None               evenly spaced conductances that a cell can be asked for; None: any
    spread : float                     standard deviation of ln G around what was asked
    stuck_low, stuck_high : float      fractions of cells that stay at either end of the range
    """
    asked = np.asarray(targets, dtype=float)
    if not np.isfinite(asked).all():
        raise ValueError("targets hold NaN or infinity; every conductance must be finite")
    if not 0.0 <= lowest_s < highest_s < float("inf"):
        raise ValueError(f"lowest_s is {lowest_s} and highest_s {highest_s}; need 0 <= lowest_s < highest_s, finite")
    if levels is not None and levels < 2:
        raise ValueError(f"levels is {levels}; a cell needs at least 2, or None for no steps")
    if not 0.0 <= spread < float("inf"):
        raise ValueError(f"spread is {spread}; it must be finite and not negative")
    if min(stuck_low, stuck_high) < 0.0 or not stuck_low + stuck_high <= 1.0:
        raise ValueError(f"stuck_low is {stuck_low} and stuck_high {stuck_high}; fractions, together at most 1")
    stream = np.random.default_rng(read_seeds(rng, 1)[0])
    cells = np.clip(asked, lowest_s, highest_s)
    if levels is not None:
        step = (highest_s - lowest_s) / (levels - 1)
        cells = lowest_s + step * np.rint((cells - lowest_s) / step)
    cells = cells * np.exp(spread * stream.standard_normal(cells.shape))
    fate = stream.random(cells.shape)
    cells = np.where(fate < stuck_low, lowest_s, cells)
    return np.where((fate >= stuck_low) & (fate < stuck_low + stuck_high), highest_s, cells)
