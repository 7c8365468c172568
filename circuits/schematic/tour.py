"""One cell of the circuit that anneals a tour, and the servo that its row and its column each have once."""

from __future__ import annotations

from ..synthesis.tour_circuit import TourCircuit
from .symbols import SymbolCanvas, format_value


def draw_cell(board: SymbolCanvas, tour: TourCircuit) -> None:
    """Draw a cell: integrator u, exponential output v, transconductors of v, and a servo.

    Parameters
    ----------
    board : SymbolCanvas
        Canvas to draw on.
    tour : TourCircuit
        Circuit of the cell.
    """
    n, siemens = tour.size, 1.0 / tour.resistance_ohm
    board.text(
        (-1.0, 3.2),
        f"one of {n * n} cells: city x at position i of {n}",
        "left",
        11.0,
    )
    # The currents into u, all from ground.
    for x, text in (
        (0.0, f"Σ d(x,y) v(y,i−1)\n{n} sources"),
        (4.6, f"Σ d(x,y) v(y,i+1)\n{n} sources"),
    ):
        _source(board, x, text, up=False)
    _source(board, 9.2, f"γ(t) v(x,i)\n× {format_value(siemens, 'S')}", up=True)
    board.part("Capacitor", (12.8, 0.0), (12.8, -2.2), format_value(tour.capacitance_f, "F"), "bottom")
    board.part("Resistor", (15.2, 0.0), (15.2, -2.2), format_value(tour.resistance_ohm, "Ω"), "bottom")
    for x in (12.8, 15.2):
        board.ground((x, -2.2))
        board.dot((x, 0.0))
    board.wire((0.0, 0.0), (17.6, 0.0))
    board.text((16.8, 0.3), "u(x,i)")
    board.box((20.4, 0.0), 5.6, 2.2, "v = exp((u + p + q) / T(t))")
    for x, name in ((19.0, "p(x)"), (20.4, "q(i)"), (21.8, "T(t)")):
        board.wire((x, 1.1), (x, 1.7))
        board.text((x, 2.0), name)
    board.wire((23.2, 0.0), (24.8, 0.0))
    board.dot((24.8, 0.0), hollow=True)
    board.text((25.05, 0.0), "v(x,i)", "left")
    # The servo, once for p and once for q.
    board.origin = (0.0, -6.2)
    board.text((-1.0, 1.3), f"one of {2 * n} servos: p(x) holds row x at 1 V in all, q(i) column i", "left", 11.0)
    board.part("SourceI", (0.0, -2.2), (0.0, 0.0))
    board.text((0.8, -1.1), f"1 V × {format_value(siemens, 'S')}", "left")
    board.ground((0.0, -2.2))
    _source(board, 5.2, f"Σ v, row or column\n{n} sources × {format_value(siemens, 'S')}", up=False)
    board.part("Capacitor", (10.8, 0.0), (10.8, -2.2), format_value(tour.servo_f, "F"), "bottom")
    board.dot((10.8, 0.0))
    board.ground((10.8, -2.2))
    board.wire((0.0, 0.0), (13.4, 0.0))
    board.dot((13.4, 0.0), hollow=True)
    board.text((13.65, 0.0), "p(x) or q(i)", "left")
    first, last = (float(tour.system.temperature(t)) for t in (0.0, tour.system.duration_tau))
    board.text(
        (-1.0, -4.1),
        f"T(t) falls from {format_value(first, 'V')} to {format_value(last, 'V')} in "
        f"{format_value(tour.duration_s, 's')}; "
        f"d: distance / {tour.system.unit:.4g} × {format_value(siemens, 'S')}",
        "left",
        muted=True,
    )


def _source(board: SymbolCanvas, x: float, text: str, *, up: bool) -> None:
    """Draw a controlled current between ground and the line at height 0."""
    ends = ((x, -2.2), (x, 0.0)) if up else ((x, 0.0), (x, -2.2))
    board.part("SourceControlledI", *ends)
    board.ground((x, -2.2))
    board.dot((x, 0.0))
    board.text((x + 0.7, -1.1), text, "left")
