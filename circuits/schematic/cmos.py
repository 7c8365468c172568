"""The CMOS cell of ``cmos_neuron`` drawn, with W/L of every transistor in micrometres."""

from __future__ import annotations

from ..netlist.circuit import Element, Mosfet, Resistor, device_name
from ..synthesis.cmos_neuron import DATA, CmosNeurons
from .symbols import Place, SymbolCanvas, format_value

_TOP, _BOTTOM = 5.0, -5.0  # heights of the rails
_HIGH, _LOW = 4.0, -2.0  # upper ends of the transistors at the rails


def draw_cmos(board: SymbolCanvas, neurons: CmosNeurons, i: int, x: float, inverted: bool) -> None:
    """Draw the transistors of a neuron.

    Parameters
    ----------
    board : SymbolCanvas
        Canvas to draw on.
    neurons : CmosNeurons
        Cells and what they share.
    i : int
        Number of the neuron.
    x : float
        Horizontal place of its input, at height 0.
    inverted : bool
        Whether it has an inverted output.
    """
    cell = {device_name(e): e for e in (*neurons.shared(), *neurons.cells[1].elements)}
    x += 1.8
    board.wire((x - 1.8, 0.0), (x - 1.37, 0.0))
    _pair(board, cell, ("a", "b", "ta"), x)
    for node, load, place in (("a", "ra", x), ("b", "rb", x + 2.6)):
        board.wire((place, 0.75), (place, 2.2))
        board.part("Resistor", (place, 4.6), (place, 2.2), _ohm(cell[load]), "bottom" if node == "b" else "top")
        board.wire((place, 4.6), (place, _TOP))
        board.text((place + 0.15, 1.75), node, "left")
    board.wire((x + 3.97, 0.0), (x + 3.97, -0.4))
    board.ground((x + 3.97, -0.4))
    board.wire((x + 2.6, 1.2), (x + 5.0, 1.2), (x + 5.0, 0.0), (x + 5.63, 0.0))
    board.dot((x + 2.6, 1.2))
    start, x = x, x + 7.0
    _pair(board, cell, ("c", "d", "tb"), x)
    board.text((x + 4.1, 0.0), "a", "left")
    for node, place in (("c", x), ("d", x + 2.6)):
        left = node == "c"
        _mosfet(board, cell, f"k{node}", (place, _HIGH), left)
        side = place + (-1.37 if left else 1.37)
        board.wire((side, _HIGH - 0.75), (side, 2.2), (place, 2.2))
        board.wire((place, 0.75), (place, _HIGH - 1.5))
        board.dot((place, 2.2))
        board.text((place - 0.15 if left else place + 0.15, 1.75), node, "right" if left else "left")
    x += 7.4
    for out, source, sink in (("v", "c", "d"), ("w", "d", "c"))[: 1 + inverted]:
        _output(board, cell, (out, source, sink), f"{out}{i}", x)
        x += 8.0
    board.wire((x, _TOP), (x, 1.8))
    board.part("Resistor", (x, 1.8), (x, -0.8), _ohm(cell["rbias"]), "bottom")
    _mosfet(board, cell, "bias", (x, _LOW), False)
    board.wire((x, -0.8), (x, _LOW))
    board.wire((x + 1.37, _LOW - 0.75), (x + 1.37, -1.4), (x, -1.4))
    board.dot((x, -1.4))
    board.text((x - 0.2, -1.4), "bias", "right")
    board.text((x, _BOTTOM - 0.5), "shared by all neurons", muted=True)
    rail = DATA["rail"].value
    for y, name, sign in ((_TOP, "vdd", "+"), (_BOTTOM, "vss", "−")):
        board.wire((start, y), (x, y))
        board.text((start - 0.2, y), f"{name} {sign}{rail:g} V", "right")


def _pair(board: SymbolCanvas, cell: dict[str, Element], names: tuple[str, str, str], x: float) -> None:
    """Draw two transistors on one tail, with their gates outwards at height 0."""
    left, right, tail = names
    _mosfet(board, cell, left, (x, 0.75), True)
    _mosfet(board, cell, right, (x + 2.6, 0.75), False)
    board.wire((x, -0.75), (x, -1.3), (x + 2.6, -1.3), (x + 2.6, -0.75))
    board.wire((x + 1.3, -1.3), (x + 1.3, _LOW))
    board.dot((x + 1.3, -1.3))
    _mosfet(board, cell, tail, (x + 1.3, _LOW), True)
    board.text((x - 0.2, _LOW - 0.75), "bias", "right")


def _output(board: SymbolCanvas, cell: dict[str, Element], nodes: tuple[str, str, str], name: str, x: float) -> None:
    """Draw the mirrors of an output: one diode sources its current, the other, mirrored once more at x, sinks it."""
    (out, source, sink), far, middle = nodes, x + 3.4, x + 1.7
    for mirror, place, gate in ((f"x{out}", x, sink), (f"p{out}", far, source)):
        _mosfet(board, cell, mirror, (place, _HIGH), True)
        board.text((place - 1.5, _HIGH - 0.75), gate, "right")
    board.wire((x, _HIGH - 1.5), (x, _LOW))
    _mosfet(board, cell, f"y{out}", (x, _LOW), False)
    _mosfet(board, cell, f"n{out}", (far, _LOW), True)
    board.wire((x + 1.37, _LOW - 0.75), (far - 1.37, _LOW - 0.75))
    board.wire((middle, _LOW - 0.75), (middle, -1.5), (x, -1.5))
    board.dot((middle, _LOW - 0.75), (x, -1.5))
    board.wire((far, _HIGH - 1.5), (far, _LOW))
    board.wire((far, 0.0), (far + 2.0, 0.0))
    board.part("Resistor", (far + 1.0, 0.0), (far + 1.0, -1.8), _ohm(cell[f"ro{out}"]), "bottom")
    board.ground((far + 1.0, -1.8))
    board.dot((far, 0.0), (far + 1.0, 0.0))
    board.dot((far + 2.0, 0.0), hollow=True)
    board.text((far + 2.0, 0.4), name)


def _mosfet(board: SymbolCanvas, cell: dict[str, Element], name: str, top: Place, gate_left: bool) -> None:
    """Draw a transistor of the cell, 1.5 high, its upper end at ``top``, and wire it to a rail that it reaches."""
    found = cell[f"m{name}"]
    assert isinstance(found, Mosfet)
    channel = found.model.channel
    board.put("NFet" if channel == "n" else "PFet", "drain" if channel == "n" else "source", top, mirrored=gate_left)
    x, y = top
    if top[1] == _HIGH:
        board.wire((x, _TOP), top)
    if top[1] == _LOW:
        board.wire((x, _LOW - 1.5), (x, _BOTTOM))
    size = f"{float(f'{1e6 * found.width_m:.3g}'):g}/{1e6 * found.length_m:.3g}"
    board.text((x + 0.15, y - 0.75) if gate_left else (x - 0.15, y - 0.75), size, "left" if gate_left else "right", 7.5)


def _ohm(element: Element) -> str:
    assert isinstance(element, Resistor)
    return format_value(float(element.ohm), "Ω")
