"""One neuron drawn with its values: synapses, capacitor and leak, and its amplifier as the level builds it."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from neuromorph.analog import AnalogNetwork

from ..synthesis.board_network import BOARD, inverted_neurons
from ..synthesis.board_neuron import BoardNeurons
from ..synthesis.cmos_neuron import CmosNeurons
from ..synthesis.component_values import passive_leaks
from ..synthesis.opamp import DATA, OpAmp
from ..synthesis.opamp_neuron import OpAmpNeurons
from ..synthesis.vendor_opamp import VendorOpAmp
from .cmos import draw_cmos
from .symbols import SymbolCanvas, format_value

_SHOWN = 3  # synapses of either sign that are drawn
_ROW = 1.2
_BUS = 3.6  # horizontal place at which the synapses meet


def draw_neuron(
    board: SymbolCanvas, network: AnalogNetwork, i: int, level: str = "ideal", part: OpAmp | VendorOpAmp | None = None
) -> None:
    """Draw a neuron with its input line at height 0 and its outputs at the right.

    Parameters
    ----------
    board : SymbolCanvas
        Canvas to draw on.
    network : AnalogNetwork
        Network of the neuron.
    i : int
        Number of the neuron.
    level : str, default "ideal"
        Level of the amplifiers.
    part : OpAmp or VendorOpAmp, optional
        Amplifier at level "opamp".
    """
    t = sparse.csr_array(network.conductances)[[i]].tocoo()
    synapses = sorted((int(j), float(value)) for j, value in zip(t.coords[1], t.data, strict=True) if value)
    height = _draw_synapses(board, synapses)
    board.wire((_BUS, height), (_BUS, 0.0))
    end = _draw_load(board, network, i)
    board.wire((_BUS, 0.0), (end, 0.0))
    board.text((_BUS - 0.2, -0.3), f"u{i}", "right")
    inverted = bool((sparse.csr_array(network.conductances)[:, [i]].data < 0.0).any())
    g = network.activation
    said = f"neuron {i}: v{i} = g(u{i}), g: {type(g).__name__}, {g.gain:g} /V, {g.low:g} … {g.high:g} V"
    if level == "ideal":
        _draw_ideal(board, i, end, inverted)
        said += "; ideal amplifiers"
    elif level == "opamp" and part is not None:
        _draw_opamps(board, OpAmpNeurons(g, part, np.zeros((network.size, 3))), i, end, inverted)
        speed = f", {format_value(part.bandwidth_hz, 'Hz')}" if isinstance(part, OpAmp) else ""
        said += f"; {part.name.upper()}{speed}, rails ±{part.rail_v:g} V"
    elif level == "board" and isinstance(part, OpAmp):
        inverters = len(inverted_neurons(network))
        neurons = BoardNeurons(g, part, np.zeros((network.size, 3)), np.zeros(network.size), inverters)
        _draw_board(board, neurons, i, end, inverted)
        said += f"; {part.name.upper()}, 1N4148, 74HC4066, rails ±{part.rail_v:g} V"
    else:
        draw_cmos(board, CmosNeurons.of(network), i, end, inverted)
        said += "; CMOS, W/L in µm"
    top = max(height, 5.0 if level == "transistor" else 3.2 if level in ("opamp", "board") else 0.0)
    board.text((0.0, top + 1.3), said, "left", 11.0)


def _draw_synapses(board: SymbolCanvas, synapses: list[tuple[int, float]]) -> float:
    """Draw resistors from the outputs v and w down to the bus, and return the height of the first."""
    y = _ROW
    sides = [("w", [s for s in synapses if s[1] < 0.0]), ("v", [s for s in synapses if s[1] > 0.0])]
    for letter, found in sides:
        left = len(found) - _SHOWN
        if left == 1:  # there is room for one instead of the words
            left = 0
        if left > 0:
            board.text((0.0, y), f"⋮  {left} more from {letter}", "left", muted=True)
            y += 0.7 * _ROW
        for j, siemens in reversed(found[: len(found) - left if left > 0 else None]):
            board.part("Resistor", (0.3, y), (_BUS, y), format_value(1.0 / abs(siemens), "Ω"))
            board.text((0.0, y), f"{letter}{j}", "right")
            board.dot((0.3, y), hollow=True)
            y += _ROW
    return max(y - _ROW, 0.0)


def _draw_load(board: SymbolCanvas, network: AnalogNetwork, i: int) -> float:
    """Draw the devices between u and ground, and return where the line of u is free again."""
    x, low = _BUS + 1.0, -2.0
    leak, current = float(passive_leaks(network)[i]), float(network.currents[i])
    parts = [("Capacitor", format_value(float(network.capacitances[i]), "F"))]
    parts += [("Resistor", format_value(1.0 / leak, "Ω"))] if leak else []
    for symbol, text in parts:
        board.part(symbol, (x, 0.0), (x, low), text, "bottom")
        board.dot((x, 0.0))
        board.ground((x, low))
        x += 2.1
    if current:
        a, b = ((x, low), (x, 0.0)) if current > 0.0 else ((x, 0.0), (x, low))
        board.part("SourceI", a, b)
        board.text((x + 0.65, low / 2.0), format_value(abs(current), "A"), "left")
        board.dot((x, 0.0))
        board.ground((x, low))
        x += 2.1
    return x - 0.4


def _draw_ideal(board: SymbolCanvas, i: int, x: float, inverted: bool) -> None:
    board.wire((x, 0.0), (x + 0.6, 0.0))
    board.triangle((x + 1.6, 0.0), "g")
    _draw_output(board, (x + 1.6, 0.0), (x + 4.9, 0.0), f"v{i}")
    if inverted:
        board.wire((x + 2.3, 0.0), (x + 2.3, -1.6), (x + 2.9, -1.6))
        board.dot((x + 2.3, 0.0))
        board.triangle((x + 4.1, -1.6), "−1", bubble=True)
        _draw_output(board, (x + 4.1, -1.6), (x + 4.9, -1.6), f"w{i}")


def _draw_opamps(board: SymbolCanvas, neurons: OpAmpNeurons, i: int, x: float, inverted: bool) -> None:
    k = neurons.stage
    board.wire((x, 0.0), (x + 2.6, 0.0))
    x, y = _draw_stage(board, (x + 2.6, 0.0), k)
    board.text((x + 0.2, y + 0.3), f"y{i}", "left")
    board.wire((x, y), (x + 0.9, y))
    said = f"g(y{i})" if k == 1.0 else f"g(y{i}/{k:.3g})/{k:.3g}"
    board.box((x + 2.5, y), 3.2, 1.0, said)
    board.text((x + 2.5, y - 0.8), "limiter", muted=True)
    board.part("Resistor", (x + 4.1, y), (x + 6.5, y), format_value(DATA["limiter"].value, "Ω"), "bottom")
    x, y = _draw_stage(board, (x + 6.5, y), k)
    _draw_end(board, i, x, y, inverted)


def _draw_board(board: SymbolCanvas, neurons: BoardNeurons, i: int, x: float, inverted: bool) -> None:
    """Draw the switch of the cue, both stages, and the diodes of the limiter between them."""
    first, second = neurons.stages
    board.wire((x, 0.0), (x + 4.4, 0.0))
    board.dot((x + 1.2, 0.0))
    board.wire((x + 1.2, 0.0), (x + 1.2, -1.0))
    board.box((x + 1.2, -1.5), 2.0, 1.0, "switch")
    board.wire((x + 1.2, -2.0), (x + 1.2, -2.6))
    board.dot((x + 1.2, -2.6), hollow=True)
    board.text((x + 1.2, -3.0), f"cue{i}")
    x, y = _draw_stage(board, (x + 4.4, 0.0), first)
    board.text((x + 0.2, y + 0.3), f"y{i}", "left")
    board.wire((x, y), (x + 0.6, y))
    board.part("Resistor", (x + 0.6, y), (x + 3.0, y), format_value(BOARD["limiter_resistor"].value, "Ω"))
    board.wire((x + 3.0, y), (x + 8.6, y))
    for left, (top, bottom) in ((x + 3.4, (y, y - 2.0)), (x + 5.4, (y - 2.0, y))):
        board.dot((left, y))
        board.part("Diode", (left, top), (left, bottom))
        board.ground((left, y - 2.0))
    board.text((x + 4.4, y + 0.4), "2 × 1N4148", muted=True)
    x, y = _draw_stage(board, (x + 8.6, y), second)
    _draw_end(board, i, x, y, inverted)


def _draw_end(board: SymbolCanvas, i: int, x: float, y: float, inverted: bool) -> None:
    """Draw the output of the second stage, and the inverter behind it."""
    feedback = format_value(DATA["feedback"].value, "Ω")
    _draw_output(board, (x, y), (x + 7.4, y), f"v{i}")
    if inverted:
        low = y - 2.4
        board.dot((x + 0.6, y))
        board.wire((x + 0.6, y), (x + 0.6, low))
        board.part("Resistor", (x + 0.6, low), (x + 3.0, low), feedback, "bottom")
        places = board.put("Opamp", "in1", (x + 3.4, low))
        (out, down), minus = places["out"], (x + 3.0, low)
        board.wire(minus, (x + 3.4, low))
        board.dot(minus, (out, down))
        board.wire(minus, (x + 3.0, low + 1.1))
        board.part("Resistor", (x + 3.0, low + 1.1), (out, low + 1.1), feedback)
        board.wire((out, low + 1.1), (out, down))
        board.wire(places["in2"], (x + 3.0, places["in2"][1]), (x + 3.0, low - 1.7))
        board.ground((x + 3.0, low - 1.7))
        _draw_output(board, (out, down), (x + 7.4, down), f"w{i}")


def _draw_stage(board: SymbolCanvas, plus: tuple[float, float], gain: float) -> tuple[float, float]:
    """Draw an amplifier that does not invert, its input at ``plus``, and return the place of its output."""
    places = board.put("Opamp", "in2", plus)
    (x, y), (end, height) = places["in1"], places["out"]
    left, above, right = x - 0.4, y + 1.1, end + 0.3
    board.wire((x, y), (left, y), (left, above))
    if gain == 1.0:
        board.wire((left, above), (right, above))
    else:
        feedback = DATA["feedback"].value
        board.part("Resistor", (left, above), (right, above), format_value(feedback, "Ω"))
        board.part("Resistor", (left - 2.2, above), (left, above), format_value(feedback / (gain - 1.0), "Ω"))
        board.ground((left - 2.2, above))
        board.dot((left, above))
    board.wire((right, above), (right, height), (end, height))
    board.dot((right, height))
    return right, height


def _draw_output(board: SymbolCanvas, start: tuple[float, float], end: tuple[float, float], name: str) -> None:
    board.wire(start, end)
    board.dot(end, hollow=True)
    board.text((end[0] + 0.25, end[1]), name, "left")
