"""A cell as symbols on a page: one column a stage, each pin joined to its net by a label.

Schematic editors join what carries the same label, so that a page needs no lines across it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..netlist.circuit import BehavioralVoltage, Capacitor, Instance, Resistor, Subcircuit
from ..netlist.expressions import Expression, Leaf, Number, Reference, Value, is_expression, with_leaves
from ..spice.people_numbers import people_number
from ..spice.writer import expression_text

SymbolKind = Literal["resistor", "capacitor", "opamp", "source"]


@dataclass(frozen=True)
class PlacedSymbol:
    """A symbol on a page.

    Attributes
    ----------
    kind : SymbolKind
        Symbol.
    name : str
        Name as SPICE has it, its letter in upper case.
    nets : tuple of str
        Nets of its pins: a, b; of an op-amp plus, minus, out, upper and lower supply.
    value : str
        Value, or the expression of a source.
    column, row : int
        Place on the page.
    """

    kind: SymbolKind
    name: str
    nets: tuple[str, ...]
    value: str
    column: int
    row: int


def place_symbols(cell: Subcircuit) -> tuple[PlacedSymbol, ...]:
    """Return the symbols of a cell with the values that its parameters have by default.

    Parameters
    ----------
    cell : Subcircuit
        Neuron of op-amps, such as ``neuron_opamp`` of ``library_cells``.

    Returns
    -------
    tuple of PlacedSymbol
        Symbols in the order of its elements.

    Raises
    ------
    ValueError
        If an element has no symbol.
    """
    known = {parameter.name: float(parameter.value) for parameter in cell.parameters}

    def number(leaf: Leaf) -> Expression:
        return Number(known[leaf.parameter]) if isinstance(leaf, Reference) else leaf

    def text(value: Value) -> str:
        return people_number(float(with_leaves(value, number)) if is_expression(value) else float(value))

    placed: list[PlacedSymbol] = []
    rows: dict[int, int] = {}
    for element in cell.elements:
        column = "ysvw".find(element.name[-1]) + 1 if element.name != "load" else 0
        row = rows.get(column, 0)
        rows[column] = row + 1
        match element:
            case Resistor(name, a, b, ohm):
                placed.append(PlacedSymbol("resistor", f"R{name}", (a, b), text(ohm), column, row))
            case Capacitor(name, a, b, farad):
                placed.append(PlacedSymbol("capacitor", f"C{name}", (a, b), text(farad), column, row))
            case Instance(name, subcircuit, nodes):
                placed.append(PlacedSymbol("opamp", f"X{name}", nodes, subcircuit.name, column, row))
            case BehavioralVoltage(name, a, b, expression):
                written = expression_text(with_leaves(expression, number))
                placed.append(PlacedSymbol("source", f"B{name}", (a, b), written, column, row))
            case _:
                raise ValueError(f"element {element.name!r} of cell {cell.name!r} has no symbol here; use SPICE")
    return tuple(placed)
