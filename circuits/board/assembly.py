"""A circuit at level "board" as parts with references, packages filled, and the nets between their pins.

The parts are those of the netlist that SPICE runs: every resistor, capacitor, diode, op-amp and switch of it is one, in
the order of the netlist. Sources become pins of headers. Op-amps and switches that are left over in a package are tied
to ground.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..netlist.card_devices import Switch
from ..netlist.circuit import GROUND, Capacitor, Circuit, Diode, Element, Instance, Resistor
from ..synthesis.board_neuron import UNITS_IN_PACKAGE
from ..synthesis.opamp import VDD, VSS
from .parts import MOST_PINS, PARTS_TABLE, BoardPart, header_part, named_part, value_part

_RESISTORS, _CAPACITORS = ("resistor", "high_resistor"), ("capacitor", "large_capacitor")


@dataclass(frozen=True)
class PlacedPart:
    """A part of the board.

    Attributes
    ----------
    reference : str
        Reference, such as R12.
    part : BoardPart
        Part.
    pins : dict of str to str
        Net by pin.
    """

    reference: str
    part: BoardPart
    pins: Mapping[str, str]


def place_parts(circuit: Circuit, opamp: str) -> tuple[PlacedPart, ...]:
    """Return the parts of a circuit of level "board".

    Parameters
    ----------
    circuit : Circuit
        Circuit of ``build_hopfield_circuit``.
    opamp : str
        Name of its op-amp.

    Returns
    -------
    tuple of PlacedPart
        Parts, references counted by letter.

    Raises
    ------
    ValueError
        If a part cannot be ordered.
    """
    amplifier = named_part(opamp, "U")
    counts: defaultdict[str, int] = defaultdict(int)
    amplifiers: list[tuple[str, ...]] = []
    switches: list[tuple[str, ...]] = []
    placed: list[PlacedPart] = []

    def put(part: BoardPart, pins: Mapping[str, str]) -> None:
        counts[part.prefix] += 1
        placed.append(PlacedPart(f"{part.prefix}{counts[part.prefix]}", part, pins))

    for element in board_elements(circuit):
        match element:
            case Resistor(name, a, b, ohm) if not name.startswith("source"):
                put(value_part(_RESISTORS, float(ohm)), {"1": _net(a), "2": _net(b)})
            case Capacitor(name, a, b, farad):
                kinds = next(((kind,) for kind in ("decoupling", "bulk") if name.startswith(kind)), _CAPACITORS)
                put(value_part(kinds, float(farad)), {"1": _net(a), "2": _net(b)})
            case Diode(_, a, b):
                anode, cathode = PARTS_TABLE["diode"]["pins"]
                put(named_part("diode", "D"), {anode: _net(a), cathode: _net(b)})
            case Instance(_, _, (plus, minus, out, *_)):
                amplifiers.append((_net(plus), _net(minus), _net(out)))
            case Switch(_, a, b, plus):
                switches.append((_net(a), _net(b), _net(plus)))
    for kind, part, units in (("amplifier", amplifier, amplifiers), ("switch", named_part("switch", "U"), switches)):
        row = PARTS_TABLE[opamp if kind == "amplifier" else "switch"]
        for first in range(0, len(units), UNITS_IN_PACKAGE):
            pins = {row["high"]: VDD, row["low"]: VSS}
            for k, numbers in enumerate(row["units"]):
                spare = f"spare{counts['U'] + 1}_{k + 1}"
                left_over = ("GND", spare, spare) if kind == "amplifier" else ("GND", "GND", VSS)
                pins |= dict(zip(numbers, units[first + k] if first + k < len(units) else left_over, strict=True))
            put(part, pins)
    n = sum(isinstance(element, Switch) for element in circuit.elements)
    nets = [["GND", VDD, VSS, "load"], [f"cue{i}" for i in range(n)], [f"v{i}" for i in range(n)]]
    for wanted in nets:
        for first in range(0, len(wanted), MOST_PINS):
            some = wanted[first : first + MOST_PINS]
            put(header_part(len(some)), {str(k): net for k, net in enumerate(some, 1)})
    return tuple(placed)


def board_elements(circuit: Circuit) -> Iterator[Element]:
    """Return the elements of a board with neurons opened, op-amps whole.

    Parameters
    ----------
    circuit : Circuit
        Circuit of level "board".

    Yields
    ------
    Element
        One element after the other, nodes of a neuron named ``n<neuron>_<node>``.
    """
    for element in circuit.elements:
        if not isinstance(element, Instance):
            yield element
            continue
        outer = dict(zip(element.subcircuit.ports, element.nodes, strict=True)) | {GROUND: GROUND}
        for inner in element.subcircuit.elements:

            def node(name: str, outer: Mapping[str, str] = outer, owner: str = element.name) -> str:
                return outer.get(name, f"n{owner}_{name}")

            if isinstance(inner, Instance):
                yield replace(inner, name=f"{element.name}_{inner.name}", nodes=tuple(map(node, inner.nodes)))
            elif isinstance(inner, Resistor | Capacitor | Diode):
                yield replace(inner, name=f"{element.name}_{inner.name}", a=node(inner.a), b=node(inner.b))


def _net(node: str) -> str:
    return "GND" if node == GROUND else node
