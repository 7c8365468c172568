r"""The operating point of a crossbar with selectors, and what reading one of its cells costs.

.. math:: A_0 x + B' i(B x) = b, \qquad (A_0 + B' \mathrm{diag}(i') B) \, \delta = -F

where

- A_0 is the nodal matrix of wires, drivers and sense amplifiers, x are the potentials and b the driven currents,
- B x are the voltages over the cells, i their currents and i' the derivatives,
- F is the residual and delta Newton's step, sparse, symmetric and positive definite for any i that rises.

The step is halved until the largest residual current falls, and near the solution converges quadratically.
Source: nodal analysis with companion models as in SPICE, Nagel (1975); schemes of reading: Chen (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from .array import Crossbar, symmetric_factors
from .selector import Selector

Scheme: TypeAlias = Literal["half", "third", "ground", "float"]
_STEPS, _HALVINGS = 100, 40


@dataclass(frozen=True, eq=False)
class OperatingPoint:
    """The DC solution of a crossbar: potentials, currents and power.

    Attributes
    ----------
    potentials : (2, rows, columns) float
        Potentials of the nodes of the row wires, then of the column wires, V.
    cells : (rows, columns) float
        Currents from row to column, A.
    rows : (rows,) float
        Currents out of the drivers of the rows, A.
    columns : (columns,) float
        Currents into the terminals of the columns, A.
    power_w : float
        Power that the terminals deliver and cells, selectors and wires dissipate, W.
    residuals : tuple of float
        Largest violation of Kirchhoff's current law at any node after each Newton step, A.
    converged : bool
        Whether the residual is down to the rounding of the largest current at a node.
    """

    potentials: Float
    cells: Float
    rows: Float
    columns: Float
    power_w: float
    residuals: tuple[float, ...]
    converged: bool


def solve_operating_point(
    crossbar: Crossbar, row_volts: ArrayLike, column_volts: ArrayLike = 0.0, selector: Selector | None = None
) -> OperatingPoint:
    """Solve for the operating point of a crossbar by Newton's method.

    Without a selector the cells are ohmic and one step is enough.

    Parameters
    ----------
    crossbar : Crossbar
        Array that is solved.
    row_volts : (rows,) or scalar float
        Voltages of the rows' sources, V; NaN leaves a line floating.
    column_volts : (columns,) or scalar float, default 0.0
        Voltages of the columns' terminals, V; NaN leaves a line floating.
    selector : Selector, optional
        Selector in series with each cell; none by default.

    Returns
    -------
    OperatingPoint
        Potentials, currents, power, and whether the iteration converged.

    Raises
    ------
    ValueError
        If every line floats, or a voltage has the wrong shape.
    """
    g = crossbar.conductances
    volts = [_lines("row", row_volts, g.shape[0]), _lines("column", column_volts, g.shape[1])]
    driven = [np.isfinite(v) for v in volts]
    if not any(each.any() for each in driven):
        raise ValueError("every line floats; give at least one row or column a voltage")
    row, column = (np.where(on, v, 0.0) for on, v in zip(driven, volts, strict=True))
    source = np.zeros((2, *g.shape))
    source[0, :, 0] = row / crossbar.input_ohm
    source[0, :, -1] += crossbar.both_ends * row / crossbar.input_ohm
    source[1, -1, :] = column / crossbar.output_ohm
    wires = crossbar.nodal_matrix(np.zeros(g.shape), *driven)

    def missing(x: Float) -> tuple[Float, Float, Float]:
        """Return F, i and i' at the potentials x (2, rows, columns)."""
        over = x[0] - x[1]
        current, slope = (g * over, g) if selector is None else selector.currents(over, g)
        found = (wires @ x.ravel()).reshape(x.shape) - source
        return found + np.stack([current, -current]), current, slope

    def rounding(x: Float) -> float:
        """Return the residual that rounding of the largest current of a node explains, A."""
        return 16.0 * float(np.finfo(float).eps) * float((np.abs(x.ravel()) * wires.diagonal()).max())

    x = np.zeros((2, *g.shape))
    residual, current, slope = missing(x)
    sizes = [float(np.abs(residual).max())]
    for _ in range(_STEPS):
        checkpoint("finding the operating point")
        if sizes[-1] <= rounding(x):
            break
        full = -symmetric_factors(crossbar.nodal_matrix(slope, *driven)).solve(residual.ravel()).reshape(x.shape)
        for k in range(_HALVINGS):
            trial = x + 0.5**k * full
            found = missing(trial)
            if np.abs(found[0]).max() < sizes[-1]:
                break
        else:
            break
        x, (residual, current, slope) = trial, found
        sizes.append(float(np.abs(residual).max()))
    out = (row - x[0, :, 0] + crossbar.both_ends * (row - x[0, :, -1])) * driven[0] / crossbar.input_ohm
    into = (x[1, -1, :] - column) * driven[1] / crossbar.output_ohm
    power = float(row @ out - column @ into)
    return OperatingPoint(x, current, out, into, power, tuple(sizes), sizes[-1] <= rounding(x))


@dataclass(frozen=True)
class CellRead:
    """The currents and the power of reading one cell within its array.

    Attributes
    ----------
    current_a : float
        Current into the terminal of the selected column, A.
    alone_a : float
        Current that the cell alone would carry at this voltage, without wires, A.
    sneak_a : float
        Sneak-path current into that terminal, from the half-selected cells of the column, A.
    leakage_a : float
        Sum of the magnitudes of the currents through all cells but the selected, A.
    power_w : float
        Power of the whole array, W.
    """

    current_a: float
    alone_a: float
    sneak_a: float
    leakage_a: float
    power_w: float


def read_cell(
    crossbar: Crossbar, row: int, column: int, volts: float, scheme: Scheme = "half", selector: Selector | None = None
) -> CellRead:
    """Read one cell of a crossbar under a biasing scheme.

    Parameters
    ----------
    crossbar : Crossbar
        Array that holds the cell.
    row, column : int
        Place of the cell, counted from 0.
    volts : float
        Voltage between the lines of the cell, V.
    scheme : {"half", "third", "ground", "float"}, default "half"
        Voltages of the other lines: all at volts / 2; rows at volts / 3 and columns at 2 volts / 3; all at 0 V; or none
        driven.
    selector : Selector, optional
        Selector in series with each cell; none by default.

    Returns
    -------
    CellRead
        Currents and power of the read.

    Raises
    ------
    ValueError
        If the scheme is not known or the cell is not in the array.
    """
    if scheme not in get_args(Scheme):
        raise ValueError(f"scheme is {scheme!r}; known are {', '.join(get_args(Scheme))}")
    rows, columns = crossbar.conductances.shape
    if not (0 <= row < rows and 0 <= column < columns):
        raise ValueError(f"cell ({row}, {column}) is not in an array of {rows} x {columns}; count from 0")
    rest = {"half": (0.5, 0.5), "third": (1 / 3, 2 / 3), "ground": (0.0, 0.0), "float": (np.nan, np.nan)}[scheme]
    row_volts, column_volts = np.full(rows, rest[0] * volts), np.full(columns, rest[1] * volts)
    row_volts[row], column_volts[column] = volts, 0.0
    point = solve_operating_point(crossbar, row_volts, column_volts, selector)
    g = float(crossbar.conductances[row, column])
    alone = g * volts if selector is None else float(selector.currents(volts, g)[0])
    chosen = float(point.cells[row, column])
    return CellRead(
        float(point.columns[column]),
        alone,
        float(point.cells[:, column].sum()) - chosen,
        float(np.abs(point.cells).sum()) - abs(chosen),
        point.power_w,
    )


def _lines(kind: str, volts: ArrayLike, number: int) -> Any:
    v = np.asarray(volts, dtype=float)
    if v.shape not in ((), (number,)) or np.isinf(v).any():
        raise ValueError(f"{kind}_volts have shape {v.shape}; expected ({number},), finite or NaN for a floating line")
    return np.broadcast_to(v, (number,))
