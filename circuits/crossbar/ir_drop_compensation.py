r"""Compensation of IR drop: conductances whose effective values are in proportion to what was asked for.

.. math:: W_{ij} \approx g_{ij} u_{ij} y_{ij}, \qquad g \leftarrow h \, \frac{asked}{u(g) \, y(g)}

where

- u_ij is the part of row i's voltage that arrives at column j with all columns grounded,
- y_ij is the part of a current into column j at row i that arrives at its end with all rows grounded,
- h makes the largest g the highest there is.

u and y are two tridiagonal systems; their product is exact to first order in resistance of a wire times conductance of
its cells. The rest is of second order, sneak currents among it, for which an open cell cannot make up: less than a
thousandth of the matrix for 121 x 121 cells of up to 25 uS on wires of 1 ohm. ``Crossbar.effective`` says what it is.
Source: scaling of targets by asked / effective, as in Hu et al., DAC 2016 (dot-product engine).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.linalg import solve_banded

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from .array import Crossbar

_STEPS, _SETTLED = 200, 1e-9


def first_order_attenuation(crossbar: Crossbar) -> Float:
    """Return the attenuation W / G to first order in the wire resistance, u y.

    Parameters
    ----------
    crossbar : Crossbar
        Array of ohmic cells.

    Returns
    -------
    (rows, columns) float
        Part of each conductance that the terminals see.
    """
    g = crossbar.conductances
    near, far = np.zeros(g.shape), np.zeros(g.shape)
    near[:, 0] = 1.0 / crossbar.input_ohm
    near[:, -1] += crossbar.both_ends / crossbar.input_ohm
    far[-1] = 1.0 / crossbar.output_ohm
    return _arriving(g, near, crossbar.row_ohm) * _arriving(g.T, far.T, crossbar.column_ohm).T


def compensate_ir_drop(
    asked: Sequence[Float], build: Callable[[Float], Crossbar], highest_s: float
) -> tuple[list[Float], float]:
    """Compensate arrays for the IR drop of their wires.

    A cell behind long wires needs more conductance than one near its driver, so h falls with the wire resistance.

    Parameters
    ----------
    asked : sequence of (rows, columns) float
        Conductances that the terminals should see, in any unit; 0 stays an open cell.
    build : callable
        Function from conductances (rows, columns), S, to the crossbar that holds them.
    highest_s : float
        Largest conductance of a cell, S.

    Returns
    -------
    conductances : list of (rows, columns) float
        Conductances of each array for which W is about h asked, S.
    h : float
        Factor that all arrays share, S per unit of ``asked``.

    Raises
    ------
    ValueError
        If ``highest_s`` or all that is asked is not positive.
    """
    largest = max(float(np.max(each)) for each in asked)
    if not (0.0 < highest_s < float("inf") and 0.0 < largest < float("inf")):
        raise ValueError(f"highest_s is {highest_s} and the largest conductance asked {largest}; both must be positive")
    factor = highest_s / largest
    cells = [factor * each for each in asked]
    for _ in range(_STEPS):
        wanted = []
        for each, cell in zip(asked, cells, strict=True):
            checkpoint("compensating for the wires")
            wanted.append(each / first_order_attenuation(build(cell)))
        factor = highest_s / max(float(each.max()) for each in wanted)
        before, cells = cells, [factor * each for each in wanted]
        if all(np.abs(b - a).max() <= _SETTLED * highest_s for b, a in zip(before, cells, strict=True)):
            break
    return cells, factor


def _arriving(g: Float, driven: Float, ohm: float) -> Float:
    """Return the potentials along wires (wires, nodes) that ``driven`` S join to 1 V and ``g`` S to ground."""
    between = np.full(g.shape, 1.0 / ohm)
    between[:, -1] = 0.0  # all wires as one system, without links between them
    links = between.ravel()[:-1]
    banded = np.zeros((3, g.size))
    banded[0, 1:] = banded[2, :-1] = -links
    banded[1] = (g + driven + between).ravel()
    banded[1, 1:] += links
    return np.asarray(solve_banded((1, 1), banded, driven.ravel(), check_finite=False)).reshape(g.shape)
