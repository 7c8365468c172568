r"""Subcircuits as Verilog-A modules, element by element.

.. math:: I_{ab} \mathrel{<\!\!+} V_{ab} / R, \qquad I_{ab} \mathrel{<\!\!+} \frac{d}{dt} C V_{ab}, \qquad
    V_b \mathrel{<\!\!+} f(V)

A module has the ports and parameters of its subcircuit; instances within it are opened. It has no variables, no events
and no random numbers: its only states are the charges of its capacitors, so that a simulator may evaluate it in any
order and turn a step back. Resistors carry their thermal noise for ``.noise``. A source of voltage is a branch with a
name, for a current and a voltage between the same nodes without one would take each other away.
Source: Accellera, Verilog-AMS Language Reference Manual 2.4 (2014), 5.4 to 5.6 (branch contributions), 4.5 (operators).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..netlist.circuit import (
    GROUND,
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Element,
    Instance,
    Resistor,
    Subcircuit,
    Transconductor,
    device_name,
)
from ..netlist.expressions import (
    Call,
    Expression,
    Leaf,
    Number,
    Operation,
    Reference,
    Time,
    Value,
    Voltage,
    is_expression,
    with_leaves,
)
from ..spice.lines import comment

_BOLTZMANN = "1.380649e-23"
_WORDS = frozenset([
    "abs", "acos", "analog", "and", "asin", "atan", "begin", "branch", "case", "cos", "cosh", "ddt", "discipline",
    "electrical", "else", "end", "endmodule", "exp", "flow", "for", "from", "function", "ground", "idt", "if", "in",
    "inf", "initial", "inout", "input", "integer", "ln", "log", "max", "min", "module", "nature", "not", "or", "out",
    "output", "parameter", "pow", "potential", "real", "sin", "sinh", "sqrt", "string", "table", "tan", "tanh", "time",
    "while", "wire",
])  # fmt: skip


def verilog_a_module(subcircuit: Subcircuit, about: str = "") -> str:
    """Return a subcircuit as a Verilog-A module.

    Parameters
    ----------
    subcircuit : Subcircuit
        Subcircuit of resistors, capacitors, sources and instances of such.
    about : str, optional
        Line for people.

    Returns
    -------
    str
        Text of a file with the module of its name.

    Raises
    ------
    ValueError
        If it refers to parameters of a circuit, or has an element that is not written.
    """
    if subcircuit.references:
        raise ValueError(f"subcircuit {subcircuit.name!r} refers to {min(subcircuit.references)!r} of a circuit")
    own: dict[str, Value] = {parameter.name: Reference(parameter.name) for parameter in subcircuit.parameters}
    nodes = {port: _word(port) for port in subcircuit.ports} | {GROUND: GROUND}
    inside: list[str] = []
    branches: list[str] = []
    body = list(_contributions(subcircuit, "", nodes, own, inside, branches))
    ports = ", ".join(map(_word, subcircuit.ports))
    names = ", ".join([*map(_word, subcircuit.ports), *inside])
    lines = [
        *([comment(about).replace("*", "//", 1)] if about else []),
        '`include "disciplines.vams"',
        "",
        f"module {_word(subcircuit.name)}({ports});",
        f"  inout {ports};",
        f"  electrical {names};",
        *(
            f"  parameter real {_word(each.name)} = {float(each.value)!r};{f'  // {each.unit}' if each.unit else ''}"
            for each in subcircuit.parameters
        ),
        *branches,
        "  analog begin",
        *body,
        "  end",
        "endmodule",
    ]
    return "\n".join(lines) + "\n"


def _contributions(
    subcircuit: Subcircuit,
    path: str,
    nodes: Mapping[str, str],
    known: Mapping[str, Value],
    inside: list[str],
    branches: list[str],
) -> Iterator[str]:
    """Yield the contributions of elements; nodes and branches that they need are added to the lists."""
    own = {node: _word(f"{path}{node}") for node in sorted(subcircuit.inside)}
    inside.extend(own.values())
    nodes = {**nodes, **own}

    def changed(leaf: Leaf) -> Expression:
        match leaf:
            case Voltage(node):
                return Voltage(nodes[node])
            case Reference(parameter):
                value = known[parameter]
                return value if is_expression(value) else Number(float(value))
        return leaf

    def text(value: Value) -> str:
        return _text(with_leaves(value, changed) if is_expression(value) else Number(float(value)))

    for element in subcircuit.elements:
        if isinstance(element, Instance):
            inner: Subcircuit = element.subcircuit
            given: dict[str, Value] = {parameter.name: parameter.value for parameter in inner.parameters}
            for name, value in element.parameters.items():
                given[name] = with_leaves(value, changed) if is_expression(value) else value
            wires = {port: nodes[node] for port, node in zip(inner.ports, element.nodes, strict=True)}
            deeper = f"{path}{device_name(element)}_"
            yield from _contributions(inner, deeper, {**wires, GROUND: GROUND}, given, inside, branches)
            continue
        if not isinstance(
            element, Resistor | Capacitor | CurrentSource | Transconductor | BehavioralVoltage | BehavioralCurrent
        ):
            raise ValueError(f"element {element.name!r} of {subcircuit.name!r} has no Verilog-A here; use SPICE")
        a, b = nodes[element.a], nodes[element.b]
        if a == b == GROUND:  # an input that is grounded
            continue
        if isinstance(element, BehavioralVoltage):
            branch = f"b_{path}{element.name}"
            branches.append(f"  branch ({', '.join(node for node in (a, b) if node != GROUND)}) {branch};")
            sign = "-" if a == GROUND else ""
            yield f"    V({branch}) <+ {sign}{text(element.expression)};"
        else:
            yield from _current(element, a, b, text, nodes)


def _current(element: Element, a: str, b: str, text: Callable[[Value], str], nodes: Mapping[str, str]) -> Iterator[str]:
    branch, sign = f"{a}, {b}", ""
    if GROUND in (a, b):
        branch, sign = (a, "") if b == GROUND else (b, "-")
    match element:
        case Resistor(_, _, _, ohm):
            yield f"    I({branch}) <+ V({branch}) / {text(ohm)};"
            yield f'    I({branch}) <+ white_noise(4.0 * {_BOLTZMANN} * $temperature / {text(ohm)}, "thermal");'
        case Capacitor(_, _, _, farad):
            yield f"    I({branch}) <+ ddt({text(farad)} * V({branch}));"
        case CurrentSource(_, _, _, ampere):
            yield f"    I({branch}) <+ {sign}{text(ampere)};"
        case Transconductor(_, _, _, plus, minus, siemens):
            across = _text(Voltage(nodes[plus]) - Voltage(nodes[minus]))
            yield f"    I({branch}) <+ {sign}{text(siemens)} * {across};"
        case BehavioralCurrent(_, _, _, expression):
            yield f"    I({branch}) <+ {sign}{text(expression)};"


def _text(expression: Expression) -> str:
    match expression:
        case Number(value):
            number = repr(float(value))
            return f"({number})" if number.startswith("-") else number
        case Voltage(node):
            return "0.0" if node == GROUND else f"V({node})"
        case Time():
            return "$abstime"
        case Reference(parameter):
            return _word(parameter)
        case Call("sgn", (argument,)):
            x = _text(argument)
            return f"(({x} > 0.0) ? 1.0 : (({x} < 0.0) ? -1.0 : 0.0))"
        case Call(function, arguments):
            return f"{function}({', '.join(map(_text, arguments))})"
        case Operation(symbol, left, right):
            return f"({_text(left)} {symbol} {_text(right)})"


def _word(name: str) -> str:
    """Return a name that is no word of the language."""
    return f"{name}_" if name in _WORDS else name
