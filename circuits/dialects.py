r"""A circuit as the text of one simulator.

What is written is the subset that simulators read alike: plain floats in the shortest form that reads back exactly,
full parentheses, no power and no unary minus, one ``.ic`` a line, lines of at most 120 columns continued with ``+``,
and a title line starting with ``* ``. A dialect adds how its simulator wants a behavioural source and the analysis
written.

Free text (title, comments) comes from problem files. It ends up behind ``* ``, on one line, in printable ASCII: a line
of its own, a first line ``*ng_script`` or a line ``*#`` would be commands to ngspice.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .expressions import Call, Expression, Number, Operation, Time, Voltage
from .netlist import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Resistor,
    Transconductor,
)

COLUMNS = 120


@dataclass(frozen=True)
class Dialect:
    """How one simulator wants a circuit written.

    voltage, current : str            format of a behavioural source: {name} {a} {b} {expression}
    analysis : Circuit -> lines       initial voltages, options, analysis and what to save
    command : str                     how to run it, for the reader
    """

    name: str
    voltage: str
    current: str
    analysis: Callable[[Circuit], Iterator[str]]
    command: str


def _ngspice_analysis(circuit: Circuit) -> Iterator[str]:
    transient = circuit.analysis
    step, stop, reltol, vntol, abstol = (
        repr(float(x))
        for x in (transient.step_s, transient.stop_s, transient.reltol, transient.vntol_v, transient.abstol_a)
    )
    for node, volt in circuit.initial.items():
        yield f".ic v({node})={volt!r}"
    yield f".options reltol={reltol} vntol={vntol} abstol={abstol}"
    # Both engines take tstep as the largest step where no other is given; the embedded one ignores a separate one.
    yield f".tran {step} {stop}{' uic' if transient.uic else ''}"
    for node in circuit.saved:
        yield f".save v({node})"


NGSPICE = Dialect(
    "ngspice",
    "b{name} {a} {b} V={{{expression}}}",
    "b{name} {a} {b} I={{{expression}}}",
    _ngspice_analysis,
    "ngspice -b -r waves.raw THIS_FILE",
)


def netlist_lines(circuit: Circuit, dialect: Dialect = NGSPICE) -> Iterator[str]:
    """The lines of the netlist, one after the other, so that a large one need not fit into memory."""
    for text in (circuit.title, f"run: {dialect.command}", *circuit.comments):
        yield comment(text)
    for element in circuit.elements:
        line = _element_line(element, dialect)
        yield line if len(line) <= COLUMNS else wrap(line)
    for line in dialect.analysis(circuit):
        yield line
    yield ".end"


def netlist_text(circuit: Circuit, dialect: Dialect = NGSPICE) -> str:
    """The whole netlist."""
    text = io.StringIO()
    for line in netlist_lines(circuit, dialect):
        text.write(line)
        text.write("\n")
    return text.getvalue()


def comment(text: str) -> str:
    """Free text as comment lines that no simulator acts on."""
    harmless = "".join(c if " " <= c <= "~" else "?" for c in " ".join(text.split()))
    return f"* {harmless[: COLUMNS - 2]}".rstrip()


def wrap(line: str) -> str:
    """Break a line at spaces; the simulators put a space where ``+`` continues a line."""
    lines, current = [], ""
    for word in line.split(" "):
        if current and len(current) + 1 + len(word) > COLUMNS:
            lines.append(current)
            current = "+"
        current = f"{current} {word}" if current else word
    return "\n".join([*lines, current])


def expression_text(expression: Expression) -> str:
    """An expression with every operation in parentheses."""
    match expression:
        case Number(value):
            return repr(float(value)) if value >= 0 else f"({float(value)!r})"
        case Voltage(node):
            return f"v({node})"
        case Time():
            return "time"
        case Call(function, arguments):
            return f"{function}({', '.join(expression_text(argument) for argument in arguments)})"
        case Operation(symbol, left, right):
            return f"({expression_text(left)} {symbol} {expression_text(right)})"


def _element_line(element: Element, dialect: Dialect) -> str:
    match element:
        case Resistor(name, a, b, value):
            return f"r{name} {a} {b} {float(value)!r}"
        case Capacitor(name, a, b, value):
            return f"c{name} {a} {b} {float(value)!r}"
        case CurrentSource(name, a, b, value):
            return f"i{name} {a} {b} dc {float(value)!r}"
        case Transconductor(name, a, b, plus, minus, value):
            return f"g{name} {a} {b} {plus} {minus} {float(value)!r}"
        case BehaviouralVoltage(name, a, b, expression):
            return dialect.voltage.format(name=name, a=a, b=b, expression=expression_text(expression))
        case BehaviouralCurrent(name, a, b, expression):
            return dialect.current.format(name=name, a=a, b=b, expression=expression_text(expression))
