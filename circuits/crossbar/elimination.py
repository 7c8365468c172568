r"""What the terminals of a crossbar see, by eliminating its rows one after the other.

With the row wire i eliminated, T_i r_i = g_i c_i + b V_i (T tridiagonal), the columns' nodes c_i see

.. math:: K_i = g_i - g_i T_i^{-1} g_i, \qquad j_i = g_i T_i^{-1} b

S, (columns, columns), is all of the array down to row i, F, (columns, rows), the currents that the sources put there.
Behind a segment of wire, or the sense amplifiers, of conductance y:

.. math:: X = (S + y)^{-1} [S, F], \qquad S \to y X_S + K_{i+1}, \qquad F \to y X_F + j_{i+1}, \qquad Q \to Q - F' X_F

from Q_ii = sum j_i on, and W = (y X_F)' at the end. No step subtracts what nearly cancels: y (S + y)^-1 S in place of
y - y (S + y)^-1 y. It takes 4 rows columns^3 operations of dense linear algebra, where the sparse factors of all nodes,
solved once for every row, take several times as long.
Source: block elimination of a block-tridiagonal matrix; Golub and Van Loan, Matrix Computations, section 4.5, from
memory.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_banded

from neuromorph.ising import Float


def eliminated(
    g: Float, row_ohm: float, column_ohm: float, input_ohm: float, output_ohm: float, both_ends: bool
) -> tuple[Float, Float]:
    """(W, Q), (rows, columns) and (rows, rows), S, of cells ``g`` (rows, columns), S; as ``Crossbar.terminals``."""
    rows, columns = g.shape
    driven = np.zeros(columns)
    driven[0] = 1.0 / input_ohm
    driven[-1] += both_ends / input_ohm
    banded = np.zeros((3, columns))
    banded[0, 1:] = banded[2, :-1] = -1.0 / row_ohm
    wire = -banded[0] - banded[2]  # the segments on both sides of each node
    s, f = np.zeros((columns, columns)), np.zeros((columns, rows))
    q = np.zeros((rows, rows))
    for i, cells in enumerate(g):
        banded[1] = wire + driven + cells
        x = solve_banded((1, 1), banded, np.column_stack([np.diag(cells), driven]), check_finite=False)
        s += np.diag(cells) - cells[:, None] * x[:, :-1]
        f[:, i] = cells * x[:, -1]
        q[i, i] += f[:, i].sum()
        y = 1.0 / (column_ohm if i < rows - 1 else output_ohm)
        below = f[:, : i + 1]
        x = cho_solve(
            cho_factor(s + y * np.eye(columns), check_finite=False), np.hstack([s, below]), check_finite=False
        )
        q[: i + 1, : i + 1] -= below.T @ x[:, columns:]
        s, f[:, : i + 1] = y * (x[:, :columns] + x[:, :columns].T) / 2.0, y * x[:, columns:]
    return f.T.copy(), (q + q.T) / 2.0
