r"""Models of the line resistance of a crossbar that are cheaper than its nodal solve, to be compared with it.

.. math::

    W^{path}_{ij} = \frac{G_{ij}}{1 + G_{ij} (l_{ij} + k_{ij})}, \qquad
    W^{lumped}_{ij} = \frac{G_{ij}}{(1 + l \sum_j G_{ij}) (1 + k \sum_i G_{ij})}, \qquad
    W^{first}_{ij} = u_{ij}\, G_{ij}\, y_{ij}

- *path*: each cell alone in series with the wire between it and its terminals, l_ij and k_ij;
- *lumped*: one resistor at each end of a line, half of the whole line, which all cells of the line share;
- *first order*: ``ir_drop_compensation``; exact to first order in the resistance of the wires;
- *aihwkit*: the outputs of a product, y_i - c_i sum_j w_ij x_j (1 - (1 - j / n)^2) with c = a (a (.05 a - .2) + .5) and
  a_i = n (r / R) sum_j \|w_ij x_j\|: drop along the wires that add currents only, first input farthest from the end;
- *fixed point*: the currents of the cells at given drops, the drops at given currents, until they agree, as CrossSim's
  array solvers iterate; it ends at the nodal solve, or not at all where the wires are long.

Sources: aihwkit: rpu_forward_backward_pass.cpp of IBM/aihwkit (read); CrossSim: NonInterleaved_InputSource.py in
simulator/circuits/array of sandialabs/cross-sim (read); path and lumped: usual in designs, no single source.
"""

from __future__ import annotations

import numpy as np

from neuromorph.ising import Float

from .array import Crossbar
from .ir_drop_compensation import first_order_attenuation


def path_model(crossbar: Crossbar) -> Float:
    """Compute the effective conductances of cells each alone with their way through the wires.

    Parameters
    ----------
    crossbar : Crossbar
        Array, driven at one end.

    Returns
    -------
    (rows, columns) float
        Effective conductances, S.

    Raises
    ------
    ValueError
        If rows are driven at both of their ends.
    """
    g = _driven_at_one_end(crossbar)
    rows, columns = g.shape
    along = crossbar.input_ohm + crossbar.row_ohm * np.arange(columns)
    down = crossbar.output_ohm + crossbar.column_ohm * np.arange(rows)[::-1]
    return np.asarray(g / (1.0 + g * (along[None, :] + down[:, None])))


def lumped_model(crossbar: Crossbar) -> Float:
    """Compute the effective conductances with half of each line as one resistor at its end.

    Parameters
    ----------
    crossbar : Crossbar
        Array, driven at one end.

    Returns
    -------
    (rows, columns) float
        Effective conductances, S.

    Raises
    ------
    ValueError
        If rows are driven at both of their ends.
    """
    g = _driven_at_one_end(crossbar)
    row_ohm = crossbar.input_ohm + crossbar.row_ohm * (g.shape[1] - 1) / 2.0
    column_ohm = crossbar.output_ohm + crossbar.column_ohm * (g.shape[0] - 1) / 2.0
    return np.asarray(g / ((1.0 + row_ohm * g.sum(axis=1, keepdims=True)) * (1.0 + column_ohm * g.sum(axis=0))))


def first_order_model(crossbar: Crossbar) -> Float:
    """Compute the effective conductances to first order in the resistance of the wires.

    Parameters
    ----------
    crossbar : Crossbar
        Array.

    Returns
    -------
    (rows, columns) float
        Effective conductances, S.
    """
    return np.asarray(crossbar.conductances * first_order_attenuation(crossbar))


def polynomial_currents(crossbar: Crossbar, volts: Float) -> Float:
    """Compute the currents of the columns by aihwkit's polynomial.

    Parameters
    ----------
    crossbar : Crossbar
        Array, of which the columns have a resistance.
    volts : (..., rows) float
        Voltages of the drivers, V.

    Returns
    -------
    (..., columns) float
        Currents, A.
    """
    g, v = crossbar.conductances, np.asarray(volts, dtype=float)
    rows, largest = len(g), float(g.max()) or 1.0
    a = rows * crossbar.column_ohm * largest * (np.abs(v) @ (g / largest)) / (float(np.abs(v).max()) or 1.0)
    c = a * (a * (0.05 * a - 0.2) + 0.5)
    near = 1.0 - (1.0 - np.arange(rows) / rows) ** 2
    return np.asarray(v @ g - c * ((v * near) @ g))


def fixed_point_currents(
    crossbar: Crossbar, volts: Float, *, damping: float = 0.9, tolerance: float = 1e-6, most: int = 500
) -> tuple[Float, int]:
    """Compute the currents of the columns by iterating drops and currents.

    Parameters
    ----------
    crossbar : Crossbar
        Array, driven at one end.
    volts : (rows,) float
        Voltages of the drivers, V.
    damping : float
        Part of each correction of the voltages over the cells that is made.
    tolerance : float
        Largest change of a voltage at the end, over the largest one.
    most : int
        Largest number of steps.

    Returns
    -------
    currents : (columns,) float
        Currents, A; not finite where the iteration does not converge.
    steps : int
        Steps that were made.

    Raises
    ------
    ValueError
        If rows are driven at both of their ends.
    """
    g, v = _driven_at_one_end(crossbar), np.asarray(volts, dtype=float)[:, None]
    rows, columns = g.shape
    along, down = np.full(columns, crossbar.row_ohm), np.full(rows, crossbar.column_ohm)
    along[0], down[-1] = crossbar.input_ohm, crossbar.output_ohm
    over, bound = np.broadcast_to(v, g.shape).copy(), tolerance * (float(np.abs(v).max()) or 1.0)
    for step in range(1, most + 1):
        cells = g * over
        through_rows = np.cumsum(cells[:, ::-1], axis=1)[:, ::-1]
        through_columns = np.cumsum(cells, axis=0)
        dropped = np.cumsum(along * through_rows, axis=1)
        raised = np.cumsum((down[:, None] * through_columns)[::-1], axis=0)[::-1]
        wrong = v - dropped - raised - over
        worst = float(np.abs(wrong).max())
        if worst <= bound:
            return np.asarray(cells.sum(axis=0)), step
        if not worst <= 1e6 * bound / tolerance:
            break
        over += damping * wrong
    return np.full(columns, np.inf), step


def compare_line_models(crossbar: Crossbar, volts: Float) -> dict[str, float]:
    """Compare the models with the nodal solve.

    Parameters
    ----------
    crossbar : Crossbar
        Array, driven at one end.
    volts : (inputs, rows) float
        Inputs, V.

    Returns
    -------
    dict of str to float
        Root mean square error of the currents of the columns over that of the nodal solve, by model; ``ideal`` for
        wires without resistance.

    Raises
    ------
    ValueError
        If rows are driven at both of their ends.
    """
    v = np.asarray(volts, dtype=float)
    exact = v @ crossbar.effective()
    currents = {
        "ideal": v @ crossbar.conductances,
        "path": v @ path_model(crossbar),
        "lumped": v @ lumped_model(crossbar),
        "aihwkit": polynomial_currents(crossbar, v),
        "first order": v @ first_order_model(crossbar),
        "fixed point": np.array([fixed_point_currents(crossbar, each)[0] for each in v]),
    }
    size = float(np.sqrt(np.mean(exact**2))) or 1.0
    return {name: float(np.sqrt(np.mean((found - exact) ** 2))) / size for name, found in currents.items()}


def _driven_at_one_end(crossbar: Crossbar) -> Float:
    if crossbar.both_ends:
        raise ValueError("rows are driven at both ends; these models of the wires are of rows driven at one end")
    return crossbar.conductances
