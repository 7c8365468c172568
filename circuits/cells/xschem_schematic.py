r"""A neuron for xschem: its symbol, its schematic, and the symbols of op-amp and limiter that this needs.

Files are of xschem's file format 1.2 (its manual, "XSCHEM FILE FORMAT SPECIFICATION"): ``C {symbol} x y rotation flip
{attributes}`` for a component, ``N x y x y {lab=net}`` for a wire, ``B 5`` for the box of a pin. Its own symbols
res.sym and capa.sym have their pins at 0,-30 and 0,30; ipin, opin, iopin and lab_pin at 0,0. Pins are listed in the
order of the subcircuit's ports.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..netlist.circuit import Subcircuit
from ..spice.dialects import NGSPICE
from ..spice.writer import subcircuit_lines
from ..synthesis.opamp import VDD, VSS, OpAmp
from .placed_symbols import PlacedSymbol, place_symbols

HEAD = "v {xschem version=3.4.5 file_version=1.2}"
_PINS: dict[str, tuple[tuple[int, int, int, int], ...]] = {  # x, y of a pin and the direction in which its wire leaves
    "devices/res.sym": ((0, -30, 0, -1), (0, 30, 0, 1)),
    "devices/capa.sym": ((0, -30, 0, -1), (0, 30, 0, 1)),
    "limiter.sym": ((0, -30, 0, -1), (0, 30, 0, 1)),
    "opamp.sym": ((-40, -20, -1, 0), (-40, 20, -1, 0), (40, 0, 1, 0), (0, -40, 0, -1), (0, 40, 0, 1)),
}
_SYMBOLS = {
    "resistor": "devices/res.sym", "capacitor": "devices/capa.sym", "source": "limiter.sym", "opamp": "opamp.sym"
}  # fmt: skip
_WIDTH, _HEIGHT, _STUB = 220, 140, 20
_SIDES = {"u": "ipin", "v": "opin", "w": "opin", VDD: "iopin", VSS: "iopin"}


def xschem_files(cell: Subcircuit, part: OpAmp, library: str) -> dict[str, str]:
    """Return the files of a neuron of op-amps.

    Parameters
    ----------
    cell : Subcircuit
        ``neuron_opamp`` of ``library_cells``.
    part : OpAmp
        Its op-amp.
    library : str
        Name of the file of :func:`ngspice_library`, beside them.

    Returns
    -------
    dict of str to str
        ``<cell>.sym``, ``<cell>.sch``, ``opamp.sym`` and ``limiter.sym`` by name.
    """
    return {
        f"{cell.name}.sym": _cell_symbol(cell),
        f"{cell.name}.sch": _schematic(cell, library),
        "opamp.sym": _opamp_symbol(part),
        "limiter.sym": _limiter_symbol(),
    }


def ngspice_library(parts: Sequence[OpAmp]) -> str:
    """Return op-amps as subcircuits for ngspice.

    Parameters
    ----------
    parts : sequence of OpAmp
        Op-amps.

    Returns
    -------
    str
        Text of a library file.
    """
    lines = ["* op-amps of neuromorph: plus minus out vdd vss"]
    lines += [line for part in parts for line in subcircuit_lines(part.subcircuit, NGSPICE)]
    return "\n".join(lines) + "\n"


def _schematic(cell: Subcircuit, library: str) -> str:
    symbols = place_symbols(cell)
    bottom = _HEIGHT * (1 + max(symbol.row for symbol in symbols))
    lines = [HEAD, "G {}", "K {}", "V {}", "S {}", "E {}"]
    for k, port in enumerate(cell.ports):
        lines.append(f"C {{devices/{_SIDES[port]}.sym}} {k * 100} {bottom + 60} 0 0 {{name=p{k + 1} lab={port}}}")
    labels = len(cell.ports)
    for symbol in symbols:
        for line in _component(symbol):
            labels += line.startswith("C {devices/lab_pin.sym}")
            lines.append(line.replace("name=p ", f"name=p{labels} ", 1))
    code = (
        f'C {{devices/code_shown.sym}} 0 {bottom + 120} 0 0 {{name=LIB only_toplevel=false value=".include {library}"}}'
    )
    return "\n".join([*lines, code]) + "\n"


def _component(placed: PlacedSymbol) -> Iterator[str]:
    name = _SYMBOLS[placed.kind]
    x, y = placed.column * _WIDTH, placed.row * _HEIGHT
    value = f'func="{placed.value}"' if placed.kind == "source" else f"value={placed.value}"
    given = f"model={placed.value}" if placed.kind == "opamp" else f"{value} m=1" if placed.kind != "source" else value
    yield f"C {{{name}}} {x} {y} 0 0 {{name={placed.name} {given}}}"
    for net, (dx, dy, right, down) in zip(placed.nets, _PINS[name], strict=True):
        a, b = (x + dx, y + dy), (x + dx + right * _STUB, y + dy + down * _STUB)
        (x1, y1), (x2, y2) = sorted((a, b))  # xschem orders the ends of a wire
        yield f"N {x1} {y1} {x2} {y2} {{lab={net}}}"
        turn = {(0, -1): "3 1", (0, 1): "1 1", (-1, 0): "0 0", (1, 0): "0 1"}[right, down]
        yield f"C {{devices/lab_pin.sym}} {b[0]} {b[1]} {turn} {{name=p sig_type=std_logic lab={net}}}"


def _cell_symbol(cell: Subcircuit) -> str:
    """Return the symbol of a neuron: u at the left, v and w at the right, supplies above and below."""
    places = {"u": (-60, 0, "in"), "v": (60, -20, "out"), "w": (60, 20, "out")}
    places |= {VDD: (0, -60, "inout"), VSS: (0, 60, "inout")}
    shape = ["P 4 4 -40 -40 40 0 -40 40 -40 -40 {}"]
    shape += [
        "L 4 -60 0 -40 0 {}",
        "L 4 0 -20 60 -20 {}",
        "L 4 0 20 60 20 {}",
        "L 4 0 -60 0 -20 {}",
        "L 4 0 20 0 60 {}",
    ]
    return _symbol_text(
        'type=subcircuit\nformat="@name @pinlist @symname"\ntemplate="name=x1"',
        shape,
        [(port, *places[port]) for port in cell.ports],
        ["T {@symname} -38 -4 0 0 0.2 0.2 {}", "T {@name} 10 -50 0 0 0.2 0.2 {}"],
    )


def _opamp_symbol(part: OpAmp) -> str:
    directions = ("in", "in", "out", "inout", "inout")
    pins = [
        (port, x, y, way)
        for port, (x, y, *_), way in zip(part.subcircuit.ports, _PINS["opamp.sym"], directions, strict=True)
    ]
    shape = [
        "P 4 4 -30 -30 30 0 -30 30 -30 -30 {}",
        "L 4 -40 -20 -30 -20 {}",
        "L 4 -40 20 -30 20 {}",
        "L 4 30 0 40 0 {}",
    ]
    shape += ["L 4 0 -40 0 -15 {}", "L 4 0 15 0 40 {}", "L 4 -26 -20 -20 -20 {}", "L 4 -23 -23 -23 -17 {}"]
    shape += ["L 4 -26 20 -20 20 {}"]
    about = f'type=primitive\nformat="@name @pinlist @model"\ntemplate="name=X1 model={part.name}"'
    return _symbol_text(about, shape, pins, ["T {@name} 10 -30 0 0 0.2 0.2 {}", "T {@model} -14 -4 0 0 0.15 0.15 {}"])


def _limiter_symbol() -> str:
    about = 'type=primitive\nformat="@name @pinlist V=\\{@func\\}"\ntemplate="name=B1 func=\\"0\\""'
    shape = [
        "A 4 0 0 20 0 360 {}",
        "L 4 0 -30 0 -20 {}",
        "L 4 0 20 0 30 {}",
        "L 4 -3 -12 3 -12 {}",
        "L 4 0 -15 0 -9 {}",
    ]
    pins = [("p", 0, -30, "inout"), ("m", 0, 30, "inout")]
    return _symbol_text(about, shape, pins, ["T {@name} 24 -10 0 0 0.2 0.2 {}"])


def _symbol_text(
    about: str, shape: Sequence[str], pins: Sequence[tuple[str, int, int, str]], texts: Sequence[str]
) -> str:
    boxes = [f"B 5 {x - 2.5} {y - 2.5} {x + 2.5} {y + 2.5} {{name={pin} dir={way}}}" for pin, x, y, way in pins]
    return "\n".join([HEAD, "G {}", f"K {{{about}}}", "V {}", "S {}", "E {}", *shape, *boxes, *texts]) + "\n"
