r"""The whole network drawn as in figure 2 of Hopfield's paper: n amplifiers on top of a matrix of resistors.

Every amplifier sends its output v_j and the inverted one w_j down two columns; every row gathers the currents of the
resistors that connect it to columns, a black square to v (T_ij > 0), a white one to w (T_ij < 0), and leads round to
the input of its own amplifier. Of large networks the first corner is drawn.
Source: Hopfield, PNAS 81, 3088 (1984), figure 2.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from neuromorph.analog import AnalogNetwork

from ..synthesis.hopfield_circuit import count_resistors
from .symbols import SymbolCanvas, format_value

MAX_DRAWN_NEURONS = 8  # neurons of the largest array that is drawn whole; of larger ones the first CORNER
CORNER = 6
_COLUMN, _ROW, _LOOP = 2.7, 1.0, 0.35
_APART = 0.55  # distance of the columns v and w of a neuron
_INK, _PAPER = "black", "white"


def array_height(n: int) -> float:
    """Return the height of the drawing above the matrix.

    Parameters
    ----------
    n : int
        Number of neurons.

    Returns
    -------
    float
        Height in the units of a :class:`SymbolCanvas`.
    """
    return 3.2 + ((n if n <= MAX_DRAWN_NEURONS else CORNER) + 1) * _LOOP + 1.5


def draw_array(board: SymbolCanvas, network: AnalogNetwork) -> None:
    """Draw the matrix of resistors with its upper left corner at 0.

    Amplifiers and loops are above and to the left of it.

    Parameters
    ----------
    board : SymbolCanvas
        Canvas to draw on.
    network : AnalogNetwork
        Network whose resistors are drawn.
    """
    n = network.size
    shown = n if n <= MAX_DRAWN_NEURONS else CORNER
    t = sparse.csr_array(network.conductances)[:shown, :shown].toarray()
    more = n > shown
    inverted = np.zeros(n, dtype=bool)
    whole = sparse.csr_array(network.conductances)
    inverted[whole.indices[whole.data < 0.0]] = True
    right, bottom = shown * _COLUMN + (0.6 if more else 0.0), -(shown - 1) * _ROW - (1.3 if more else 0.6)
    for i in range(shown):
        _draw_neuron(board, i, bool(inverted[i]), right, bottom)
    for i, j in zip(*np.nonzero(t), strict=True):
        x = _place(int(j), "v" if t[i, j] > 0.0 else "w")
        y = -i * _ROW
        board.box((x, y), 0.24, 0.24, fill=_INK if t[i, j] > 0.0 else _PAPER)
        board.text(
            (x + 0.17, y + 0.26), format_value(1.0 / abs(t[i, j]), "Ω").rstrip("Ω").replace(" ", ""), "left", 7.0
        )
    if more:
        board.text((right + 0.7, -(shown - 1) / 2.0 * _ROW), f"… to column {n - 1}", "left", muted=True)
        board.text((right / 2.0, bottom - 0.5), f"⋮ to row {n - 1}", muted=True)
    top = array_height(n) - 1.5
    part = f"; the first {shown} are drawn" if more else ""
    title = f"array: {n} neurons, {count_resistors(network)} resistors with the leaks{part}"
    left = -(shown + 1) * _LOOP - 0.6
    board.text((left, top + 1.5), title, "left", 11.0)
    board.box((left + 0.12, top + 0.75), 0.24, 0.24, fill=_INK)
    board.text((left + 0.45, top + 0.75), "resistor to v,", "left", muted=True)
    board.box((left + 3.6, top + 0.75), 0.24, 0.24, fill=_PAPER)
    board.text((left + 3.95, top + 0.75), "to w = −v; values in Ω", "left", muted=True)


def _place(j: int, letter: str) -> float:
    """Return the horizontal place of the column of an output."""
    return j * _COLUMN + 0.7 + (_APART if letter == "w" else -_APART) * 0.9


def _draw_neuron(board: SymbolCanvas, i: int, inverted: bool, right: float, bottom: float) -> None:
    """Draw amplifier i, its columns, and row i with its loop to the input: row 0 is the innermost."""
    y, center = -i * _ROW, i * _COLUMN + 0.7
    left, top = -(i + 1) * _LOOP - 0.2, 3.2 + (i + 1) * _LOOP
    board.wire((right, y), (left, y), (left, top), (center, top), (center, 2.6))
    board.text((right + 0.15, y), f"u{i}", "left")
    board.triangle((center, 1.6), f"{i}", down=True)
    board.wire((center, 1.6), (center, 1.35), (_place(i, "v"), 1.35), (_place(i, "v"), bottom))
    board.text((_place(i, "v") - 0.1, 0.9), f"v{i}", "right")
    if inverted:
        x = _place(i, "w")
        board.wire((center, 1.35), (x, 1.35), (x, bottom))
        board.dot((x, 1.23), hollow=True)
        board.text((x + 0.1, 0.9), f"w{i}", "left")
