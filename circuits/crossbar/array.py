r"""A crossbar of memristors with the resistance of its wires, solved exactly.

.. math:: A x = D V, \qquad I = S x, \qquad W = (S A^{-1} D)^T

is Kirchhoff's current law at all 2 x rows x columns nodes, where

- A is the nodal matrix, sparse, symmetric and positive definite, and x are the potentials of the nodes,
- D joins the drivers V_i to the first nodes of their rows, S the last nodes of the columns to the sense amplifiers,
- W, (rows, columns), is what the terminals see in place of the conductances G; with ideal wires W = G.

Cell G_ij joins row wire i to column wire j. Along row i a segment of wire lies before every cell, the first of them
behind the driver (V_i, driver_ohm); along column j one lies after every cell, the last of them before the sense
amplifier, whose input is sense_ohm to a virtual ground. A signed weight is the difference of two arrays. With
``both_ends`` a driver feeds the far end of its row too, through as much resistance: the longest way to a cell is half
as long.
Source: the nodal equations of An Chen, IEEE Trans. Electron Devices 60, 1318 (2013), here with every segment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import splu

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from ..netlist.circuit import GROUND, BehavioralVoltage, Circuit, Element, Resistor, Transient
from ..netlist.expressions import Number
from .selector import Selector

_TOGETHER = 4  # right-hand sides that SuperLU solves at a time: it is four times slower with all at once


@dataclass(frozen=True, eq=False)
class Crossbar:
    """A memristor crossbar with wire resistance and ohmic cells.

    Attributes
    ----------
    conductances : (rows, columns) float
        Conductance G of each cell, S, not negative; 0 is an open cell.
    row_ohm, column_ohm : float
        Resistance of one wire segment, ohm, positive.
    driver_ohm : float
        Output resistance of a row driver, ohm.
    sense_ohm : float
        Input resistance of a sense amplifier, ohm.
    both_ends : bool
        Whether a row is driven from both of its ends.
    """

    conductances: Float
    row_ohm: float = 1.0
    column_ohm: float = 1.0
    driver_ohm: float = 0.0
    sense_ohm: float = 0.0
    both_ends: bool = False

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
        """Return the effective conductances W that the terminals see in place of G.

        Returns
        -------
        (rows, columns) float
            Current out of column j for 1 V at row i and 0 V at all other rows, S.
        """
        return self.terminals()[0]

    def terminals(self, progress: Callable[[float], None] | None = None) -> tuple[Float, Float]:
        """Return the terminal conductances of the columns and of the drivers.

        Parameters
        ----------
        progress : callable, optional
            Function called with the part of the work that is done; ``limits.checkpoint`` by default.

        Returns
        -------
        W : (rows, columns) float
            The currents of the columns are V W, S.
        Q : (rows, rows) float
            The currents of the drivers are Q V and the power of the array is V Q V, S.
        """
        from .nested_dissection import terminal_matrices  # compiled

        return terminal_matrices(
            self.conductances,
            row_ohm=self.row_ohm,
            column_ohm=self.column_ohm,
            input_ohm=self.input_ohm,
            output_ohm=self.output_ohm,
            both_ends=self.both_ends,
            progress=progress or (lambda part: checkpoint("solving the wires", part, 1.0)),
        )

    def currents(self, voltages: ArrayLike) -> Float:
        """Return the currents into the sense amplifiers, A.

        Parameters
        ----------
        voltages : (..., rows) float
            Voltages of the drivers, V.

        Returns
        -------
        (..., columns) float
            Currents, A.
        """
        return np.asarray(self.potentials(voltages)[..., 1, -1, :] / self.output_ohm)

    def power(self, voltages: ArrayLike) -> Float:
        """Return the power that the drivers deliver, W.

        All of it is dissipated in cells, wires, drivers and sense amplifiers.

        Parameters
        ----------
        voltages : (..., rows) float
            Voltages of the drivers, V.

        Returns
        -------
        (...,) float
            Power, W.
        """
        v = np.asarray(voltages, dtype=float)
        return np.asarray((v * self._delivered(v, self.potentials(v))).sum(axis=-1))

    def potentials(self, voltages: ArrayLike) -> Float:
        """Return the potential of every node, V.

        Parameters
        ----------
        voltages : (..., rows) float
            Voltages of the drivers, V.

        Returns
        -------
        (..., 2, rows, columns) float
            Potentials of the nodes of the row wires, then of the column wires, V.
        """
        v = np.asarray(voltages, dtype=float)
        rows, columns = self.conductances.shape
        if v.shape[-1:] != (rows,):
            raise ValueError(f"voltages have shape {v.shape}; expected (..., {rows}), one a row")
        driven = np.zeros((v.size // rows, 2, rows, columns))
        driven[:, 0, :, 0] = v.reshape(-1, rows) / self.input_ohm
        if self.both_ends:
            driven[:, 0, :, -1] += v.reshape(-1, rows) / self.input_ohm
        return self._solve(driven.reshape(len(driven), 2 * rows * columns)).reshape(*v.shape[:-1], 2, rows, columns)

    def circuit(
        self,
        voltages: ArrayLike,
        title: str = "crossbar",
        *,
        column_voltages: ArrayLike = 0.0,
        selector: Selector | None = None,
    ) -> Circuit:
        r"""Return the array as a circuit for SPICE, which saves the ends of the columns.

        .. math:: I_j = \frac{V_j - V^{col}_j}{R_{out}}

        Parameters
        ----------
        voltages : (rows,) float
            Voltages of the drivers, V; NaN leaves a line floating.
        title : str, default "crossbar"
            Title of the circuit.
        column_voltages : (columns,) float, default 0.0
            Voltages at the ends of the columns, V; NaN leaves a line floating.
        selector : Selector, optional
            Selector in series with each cell; none by default.

        Returns
        -------
        Circuit
            The circuit, with V_j among its saved nodes.
        """
        v = np.asarray(voltages, dtype=float)
        rows, columns = self.conductances.shape
        if v.shape != (rows,):
            raise ValueError(f"voltages have shape {v.shape}; expected {(rows,)}, one a row")
        # Without a capacitor every instant is the operating point; two steps are enough.
        elements = self._elements(v.tolist(), np.broadcast_to(column_voltages, (columns,)).tolist(), selector)
        saved = tuple(f"c{rows - 1}_{j}" for j in range(columns))
        return Circuit(title, tuple(elements), Transient(0.5, 1.0, uic=False), saved)

    @property
    def output_ohm(self) -> float:
        """Resistance from the last node of a column to the virtual ground, ohm."""
        return self.column_ohm + self.sense_ohm

    @property
    def input_ohm(self) -> float:
        """Resistance from the source of a row to its first node, ohm."""
        return self.row_ohm + self.driver_ohm

    def nodal_matrix(self, cells: Float, row_driven: ArrayLike = True, column_driven: ArrayLike = True) -> Any:
        """Return the nodal matrix A for given cells.

        Parameters
        ----------
        cells : (rows, columns) float
            Conductances of the cells, S.
        row_driven : (rows,) bool, default True
            Whether a row is driven; False leaves its ends floating.
        column_driven : (columns,) bool, default True
            Whether a column is read out; False leaves its end floating.

        Returns
        -------
        (nodes, nodes) csc_array
            Conductances, S; nodes are numbered as (2, rows, columns).
        """
        number = np.arange(2 * cells.size).reshape(2, *cells.shape)
        links: list[tuple[Any, Any, Any]] = [
            (number[0].ravel(), number[1].ravel(), cells.ravel()),
            (number[0, :, :-1].ravel(), number[0, :, 1:].ravel(), 1.0 / self.row_ohm),
            (number[1, :-1, :].ravel(), number[1, 1:, :].ravel(), 1.0 / self.column_ohm),
        ]
        a = np.concatenate([one for one, _, _ in links])
        b = np.concatenate([other for _, other, _ in links])
        siemens = np.concatenate([np.broadcast_to(value, one.shape) for one, _, value in links])
        diagonal = np.bincount(a, siemens, 2 * cells.size) + np.bincount(b, siemens, 2 * cells.size)
        diagonal[number[0, :, 0]] += np.asarray(row_driven) / self.input_ohm
        diagonal[number[0, :, -1]] += self.both_ends * np.asarray(row_driven) / self.input_ohm
        diagonal[number[1, -1]] += np.asarray(column_driven) / self.output_ohm
        # Open cells stay in the pattern: an array with holes has an order of elimination that fills far more.
        node = np.arange(diagonal.size)
        entries = (np.concatenate([-siemens, -siemens, diagonal]), (np.r_[a, b, node], np.r_[b, a, node]))
        return sparse.csc_array(sparse.coo_array(entries, shape=(node.size, node.size)))

    def _delivered(self, v: Float, x: Float) -> Float:
        """Return the currents out of the drivers, (..., rows), A."""
        return np.asarray(v - x[..., 0, :, 0] + self.both_ends * (v - x[..., 0, :, -1])) / self.input_ohm

    def _solve(self, currents: Float) -> Float:
        """Apply A^-1 to each row of ``currents`` (k, nodes), a few at a time."""
        solved = np.empty(currents.shape)
        for k in range(0, len(currents), _TOGETHER):
            checkpoint("solving for the potentials", k, len(currents))
            solved[k : k + _TOGETHER] = self._factors.solve(currents[k : k + _TOGETHER].T).T
        return solved

    @cached_property
    def _factors(self) -> Any:
        return symmetric_factors(self.nodal_matrix(self.conductances))

    def _elements(
        self, voltages: list[float], column_voltages: list[float], selector: Selector | None
    ) -> Iterator[Element]:
        rows, columns = self.conductances.shape
        for i, volt in enumerate(voltages):
            if np.isfinite(volt):
                yield BehavioralVoltage(f"in{i}", f"in{i}", GROUND, Number(volt))
                yield Resistor(f"in{i}", f"in{i}", f"r{i}_0", self.input_ohm)
                if self.both_ends:
                    yield Resistor(f"far{i}", f"in{i}", f"r{i}_{columns - 1}", self.input_ohm)
            for j in range(columns - 1):
                yield Resistor(f"r{i}_{j}", f"r{i}_{j}", f"r{i}_{j + 1}", self.row_ohm)
        for j, volt in enumerate(column_voltages):
            for i in range(rows - 1):
                yield Resistor(f"c{i}_{j}", f"c{i}_{j}", f"c{i + 1}_{j}", self.column_ohm)
            if np.isfinite(volt):
                end = GROUND if volt == 0.0 else f"out{j}"
                yield Resistor(f"out{j}", f"c{rows - 1}_{j}", end, self.output_ohm)
                if volt != 0.0:
                    yield BehavioralVoltage(f"out{j}", end, GROUND, Number(volt))
        for i, j in zip(*np.nonzero(self.conductances), strict=True):
            ohm = 1.0 / float(self.conductances[i, j])
            if selector is None:
                yield Resistor(f"{i}_{j}", f"r{i}_{j}", f"c{i}_{j}", ohm)
            else:
                yield Resistor(f"{i}_{j}", f"r{i}_{j}", f"m{i}_{j}", ohm)
                yield selector.element(f"s{i}_{j}", f"m{i}_{j}", f"c{i}_{j}")


def symmetric_factors(matrix: Any) -> Any:
    """Factorize a sparse symmetric positive definite matrix.

    A minimum-degree order keeps the factors sparse.

    Parameters
    ----------
    matrix : sparse array
        Symmetric positive definite matrix.

    Returns
    -------
    SuperLU
        The factors.
    """
    options = {"SymmetricMode": True}
    return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options)
