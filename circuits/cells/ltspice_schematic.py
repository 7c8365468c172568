"""A neuron as a schematic of LTspice, with supplies and a step of current at its input, ready to run.

The file is the text that LTspice writes: ``SYMBOL name x y R0`` with its attributes, ``WIRE`` and ``FLAG`` on a grid of
16. Places of pins are those of the symbols that come with LTspice (res, cap, bv, voltage, current, OpAmps/opamp2), as
their .asy files say: R 16,16 and 16,96; C 16,0 and 16,64; sources 0,16 and 0,96, current 0,0 and 0,80; opamp2 in+
-32,80, in- -32,48, v+ 0,32, v- 0,96, out 32,64, in this order of SPICE.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..netlist.circuit import GROUND, Subcircuit
from ..spice.dialects import LTSPICE
from ..spice.writer import subcircuit_lines
from ..synthesis.opamp import VDD, VSS, OpAmp
from .placed_symbols import PlacedSymbol, place_symbols

_PINS: dict[str, tuple[tuple[int, int, int, int], ...]] = {  # x, y of a pin and the direction in which its wire leaves
    "res": ((16, 16, 0, -1), (16, 96, 0, 1)),
    "cap": ((16, 0, 0, -1), (16, 64, 0, 1)),
    "bv": ((0, 16, 0, -1), (0, 96, 0, 1)),
    "voltage": ((0, 16, 0, -1), (0, 96, 0, 1)),
    "current": ((0, 0, 0, -1), (0, 80, 0, 1)),
    r"OpAmps\\opamp2": ((-32, 80, -1, 0), (-32, 48, -1, 0), (32, 64, 1, 0), (0, 32, 0, -1), (0, 96, 0, 1)),
}
_SYMBOLS = {"resistor": "res", "capacitor": "cap", "opamp": r"OpAmps\\opamp2", "source": "bv"}
_WIDTH, _HEIGHT, _STUB, _LEFT, _TOP = 400, 240, 16, 160, 160


def ltspice_schematic(cell: Subcircuit, part: OpAmp, library: str) -> str:
    """Return the schematic of a neuron of op-amps.

    Parameters
    ----------
    cell : Subcircuit
        ``neuron_opamp`` of ``library_cells``.
    part : OpAmp
        Its op-amp.
    library : str
        Name of the file of :func:`ltspice_library`, beside it.

    Returns
    -------
    str
        Text of an ``.asc`` file.
    """
    symbols = place_symbols(cell)
    farad, ohm = (float(next(p.value for p in cell.parameters if p.name == name)) for name in ("farad", "leak_ohm"))
    columns, rows = (1 + max(places) for places in ([s.column for s in symbols], [s.row for s in symbols]))
    lines: list[str] = []
    drawn: list[str] = []
    for symbol in symbols:
        lines += _symbol(symbol, _SYMBOLS[symbol.kind], drawn)
    step = f"PULSE(0 {part.rail_v / 10.0 / ohm!r} 0 1n 1n 1 2)"
    bench = (
        ("voltage", PlacedSymbol("source", "VDD", (VDD, GROUND), repr(part.rail_v), 0, rows)),
        ("voltage", PlacedSymbol("source", "VSS", (VSS, GROUND), repr(-part.rail_v), 1, rows)),
        ("current", PlacedSymbol("source", "IIN", (GROUND, "u"), step, 2, rows)),
    )
    for name, symbol in bench:
        lines += _symbol(symbol, name, drawn)
    bottom = _TOP + (rows + 1) * _HEIGHT
    texts = [f"!.lib {library}", f"!.tran 0 {10.0 * farad * ohm!r} 0", f";{cell.name}: u in, v out, w its inverse"]
    notes = [f"TEXT {_LEFT} {bottom + 32 * k} Left 2 {text}" for k, text in enumerate(texts)]
    sheet = f"SHEET 1 {_LEFT + columns * _WIDTH} {bottom + 160}"
    return "\n".join(["Version 4", sheet, *drawn, *lines, *notes]) + "\n"


def _symbol(placed: PlacedSymbol, name: str, drawn: list[str]) -> Iterator[str]:
    """Yield the lines of a symbol; wires and labels of its pins are added to ``drawn``."""
    x, y = _LEFT + placed.column * _WIDTH, _TOP + placed.row * _HEIGHT
    for net, (dx, dy, right, down) in zip(placed.nets, _PINS[name], strict=True):
        a, b = (x + dx, y + dy), (x + dx + right * _STUB, y + dy + down * _STUB)
        drawn.append(f"WIRE {a[0]} {a[1]} {b[0]} {b[1]}")
        drawn.append(f"FLAG {b[0]} {b[1]} {net}")
    yield f"SYMBOL {name} {x} {y} R0"
    yield f"SYMATTR InstName {placed.name}"
    value = {"opamp": f"{placed.value}_opamp2", "source": f"V={placed.value}" if name == "bv" else placed.value}
    yield f"SYMATTR Value {value.get(placed.kind, placed.value)}"


def ltspice_library(parts: Sequence[OpAmp]) -> str:
    """Return op-amps for the pins of LTspice's symbol ``opamp2``.

    Parameters
    ----------
    parts : sequence of OpAmp
        Op-amps.

    Returns
    -------
    str
        Text of a library file.
    """
    lines = ["* op-amps of neuromorph for the symbol opamp2: in+ in- v+ v- out"]
    for part in parts:
        lines += subcircuit_lines(part.subcircuit, LTSPICE)
        lines += [
            f".subckt {part.name}_opamp2 inp inn vp vn out params: offset=0.0",
            f"X1 inp inn out vp vn {part.name} params: offset={{offset}}",
            f".ends {part.name}_opamp2",
        ]
    return "\n".join(lines) + "\n"
