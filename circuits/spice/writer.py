"""A writer of netlists: the text of elements, expressions, models and whole circuits.

It uses what the simulators share: plain floats in the shortest form that reads back exactly, full parentheses, no power
and no unary minus.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..netlist.card_devices import Bipolar, CardDiode, CardModel, CardMosfet, Jfet, Switch
from ..netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Diode,
    DiodeModel,
    Element,
    Instance,
    Mosfet,
    Parameter,
    Resistor,
    Subcircuit,
    Transconductor,
)
from ..netlist.expressions import Call, Expression, Number, Operation, Reference, Time, Value, Voltage, is_expression
from ..netlist.hierarchy import flatten_circuit
from ..netlist.models import DeviceModel
from ..netlist.sources import Coupling, CurrentGain, Inductor, Transresistance, VoltageSource, Wave, WaveCurrent
from .dialect import Dialect
from .dialects import NGSPICE
from .lines import COLUMNS, comment, wrap

if TYPE_CHECKING:
    from .dialect import Dialect


def expression_text(expression: Expression, reference: str = "{}") -> str:
    """Return an expression as text, with every operation in parentheses.

    Parameters
    ----------
    expression : Expression
        Expression that is written.
    reference : str, default "{}"
        Format of a parameter.

    Returns
    -------
    str
        Text that :func:`read_expression` reads back.
    """
    match expression:
        case Number(value):
            number = repr(float(value))
            return f"({number})" if number.startswith("-") else number  # minus zero, too
        case Voltage(node):
            return f"v({node})"
        case Time():
            return "time"
        case Reference(parameter):
            return reference.format(parameter)
        case Call(function, arguments):
            return f"{function}({', '.join(expression_text(argument, reference) for argument in arguments)})"
        case Operation(symbol, left, right):
            return f"({expression_text(left, reference)} {symbol} {expression_text(right, reference)})"


def value_text(value: Value, number: Callable[[float], str] = repr) -> str:
    """Return a value as text: a number, or an expression in braces without spaces.

    Parameters
    ----------
    value : Value
        Value of an element.
    number : callable, optional
        Function from a number to its text; the shortest plain one by default.

    Returns
    -------
    str
        Text of the value.
    """
    return "{" + expression_text(value).replace(" ", "") + "}" if is_expression(value) else number(float(value))


def wave_text(wave: Wave | None) -> str:
    """Return the function of time of a source behind its constant value.

    Parameters
    ----------
    wave : Wave or None
        Function of time.

    Returns
    -------
    str
        Text with a space before it; empty without a wave.
    """
    return "" if wave is None else f" {wave.kind}( {' '.join(repr(float(x)) for x in wave.numbers)} )"


def element_line(element: Element, dialect: Dialect) -> str:
    """Return the card of an element, not wrapped.

    Parameters
    ----------
    element : Element
        Element that is written.
    dialect : Dialect
        Dialect of the simulator.

    Returns
    -------
    str
        One line.
    """
    text = _element_text(element, dialect)
    return text[0].upper() + text[1:] if dialect.is_upper else text


def _element_text(element: Element, dialect: Dialect) -> str:
    def text_of(value: Value) -> str:
        return value_text(value, dialect.number)

    match element:
        case Resistor(name, a, b, value):
            return f"r{name} {a} {b} {text_of(value)}"
        case Capacitor(name, a, b, value):
            return f"c{name} {a} {b} {text_of(value)}"
        case CurrentSource(name, a, b, value):
            return f"i{name} {a} {b} dc {text_of(value)}"
        case Transconductor(name, a, b, plus, minus, value):
            return f"g{name} {a} {b} {plus} {minus} {text_of(value)}"
        case Diode(name, a, b, model, area) | CardDiode(name, a, b, model, area):
            return f"d{name} {a} {b} {model.name} area={text_of(area)}"  # ngspice 39 refuses a bare 1.6
        case Mosfet(name, drain, gate, source, bulk, model, width, length):
            size = f"w={text_of(width)} l={text_of(length)}"
            return f"m{name} {drain} {gate} {source} {bulk} {model.name} {size}"
        case CardMosfet(name, drain, gate, source, bulk, model, width, length, count):
            size = f"w={text_of(width)} l={text_of(length)}{'' if count == 1.0 else f' m={text_of(count)}'}"
            return f"m{name} {drain} {gate} {source} {bulk} {model.name} {size}"
        case Instance(name, subcircuit, nodes, parameters):
            given = [f"{key}={text_of(value)}" for key, value in parameters.items()]
            return " ".join([f"x{name}", *nodes, subcircuit.name, *(["params:", *given] if given else [])])
        case VoltageSource(name, a, b, volt, wave):
            return f"v{name} {a} {b} dc {text_of(volt)}{wave_text(wave)}"
        case WaveCurrent(name, a, b, ampere, wave):
            return f"i{name} {a} {b} dc {text_of(ampere)}{wave_text(wave)}"
        case CurrentGain(name, a, b, source, value) | Transresistance(name, a, b, source, value):
            return f"{element.letter}{name} {a} {b} {source} {text_of(value)}"
        case Inductor(name, a, b, value):
            return f"l{name} {a} {b} {text_of(value)}"
        case Coupling(name, first, second, value):
            return f"k{name} {first} {second} {text_of(value)}"
        case Bipolar(name, collector, base, emitter, substrate, model, area):
            return f"q{name} {collector} {base} {emitter} {substrate} {model.name} area={text_of(area)}"
        case Jfet(name, drain, gate, source, model, area):
            return f"j{name} {drain} {gate} {source} {model.name} area={text_of(area)}"
        case Switch(name, a, b, plus, minus, model):
            return f"s{name} {a} {b} {plus} {minus} {model.name}"
        case BehavioralVoltage(name, a, b, expression):
            text = expression_text(expression, dialect.reference)
            return dialect.voltage.format(name=name, a=a, b=b, expression=text)
        case BehavioralCurrent(name, a, b, expression):
            text = expression_text(expression, dialect.reference)
            return dialect.current.format(name=name, a=a, b=b, expression=text)


def subcircuit_lines(subcircuit: Subcircuit, dialect: Dialect) -> list[str]:
    """Return the lines of a subcircuit, from ``.subckt`` to ``.ends``.

    Parameters
    ----------
    subcircuit : Subcircuit
        Subcircuit that is written.
    dialect : Dialect
        Dialect of the simulator.

    Returns
    -------
    list of str
        Lines, wrapped.
    """
    values = [f"{parameter.name}={float(parameter.value)!r}" for parameter in subcircuit.parameters]
    head = [".subckt", subcircuit.name, *subcircuit.ports, *(["params:", *values] if values else [])]
    noted = [note for parameter in subcircuit.parameters for note in parameter_note(parameter)]
    body = [wrap(element_line(element, dialect)) for element in subcircuit.elements]
    return [wrap(" ".join(head)), *noted, *body, f".ends {subcircuit.name}"]


def parameter_note(parameter: Parameter) -> list[str]:
    """Return tolerance and unit of a parameter as a comment that ``reader`` knows.

    Simulators have no word for them: ``*@ k tolerance=0.01 unit=ohm``.

    Parameters
    ----------
    parameter : Parameter
        Parameter that is written.

    Returns
    -------
    list of str
        The comment, or no line.
    """
    said = [f"tolerance={float(parameter.tolerance)!r}"] if parameter.tolerance else []
    said += [f"unit={parameter.unit}"] if parameter.unit else []
    return [" ".join([f"*@ {parameter.name}", *said])] if said else []


def model_line(model: DeviceModel) -> str:
    """Return a model card of level 1, in the parameters that all simulators share.

    Parameters
    ----------
    model : DeviceModel
        Model that is written.

    Returns
    -------
    str
        One line, not wrapped.
    """
    if isinstance(model, CardModel):
        kind, values = model.kind, dict(model.numbers)
    elif isinstance(model, DiodeModel):
        kind, values = (
            "d",
            {
                "is": model.saturation_a,
                "n": model.emission,
                "rs": model.series_ohm,
                "cjo": model.junction_f,
                "vj": model.barrier_v,
                "m": model.grading,
                "tt": model.transit_s,
            },
        )
    else:
        kind, values = (
            f"{model.channel}mos level=1",
            {
                "vto": model.threshold_v,
                "kp": model.kp,
                "gamma": model.body_v,
                "phi": model.surface_v,
                "lambda": model.modulation,
                "tox": model.oxide_m,
                "cgso": model.overlap_f_m,
                "cgdo": model.overlap_f_m,
            },
        )
    return " ".join([f".model {model.name} {kind}", *(f"{k}={float(v)!r}" for k, v in values.items())])


def netlist_lines(circuit: Circuit, dialect: Dialect = NGSPICE) -> Iterator[str]:
    """Iterate over the lines of a netlist, so that a large one need not fit into memory.

    Parameters
    ----------
    circuit : Circuit
        Circuit that is written.
    dialect : Dialect, default NGSPICE
        Dialect of the simulator.

    Yields
    ------
    str
        One card after the other.

    Raises
    ------
    ValueError
        If the simulator would drop or miscompute a part of the circuit.
    """
    refused = dialect.refusal(circuit)
    if refused:
        raise ValueError(refused)
    if dialect.is_flat:
        circuit = flatten_circuit(circuit)
    for text in (circuit.title, f"run: {dialect.command}", *circuit.comments):
        yield comment(text)
    for parameter in circuit.parameters:
        yield f".param {parameter.name}={dialect.number(parameter.value)}"
        yield from parameter_note(parameter)
    for subcircuit in circuit.subcircuits():
        yield from subcircuit_lines(subcircuit, dialect)
    for element in circuit.elements:
        line = element_line(element, dialect)
        yield line if len(line) <= COLUMNS else wrap(line)
    for model in circuit.models():
        yield wrap(model_line(model))
    for line in dialect.analysis(circuit):
        yield line
    yield ".end"


def netlist_text(circuit: Circuit, dialect: Dialect = NGSPICE) -> str:
    """Return the netlist of a circuit.

    Parameters
    ----------
    circuit : Circuit
        Circuit that is written.
    dialect : Dialect, default NGSPICE
        Dialect of the simulator.

    Returns
    -------
    str
        Text of the netlist.

    Raises
    ------
    ValueError
        If the simulator would drop or miscompute a part of the circuit.
    """
    text = io.StringIO()
    for line in netlist_lines(circuit, dialect):
        text.write(line)
        text.write("\n")
    return text.getvalue()
