r"""A circuit as the text of one simulator.

What is written is the subset that simulators read alike: plain floats in the shortest form that reads back exactly,
full parentheses, no power and no unary minus, one ``.ic`` a line, lines of at most 120 columns continued with ``+``,
and a title line starting with ``* ``. A dialect adds how its simulator wants a behavioural source and the analysis
written.

Free text (title, comments) comes from problem files. It ends up behind ``* ``, on one line, in printable ASCII: a line
of its own, a first line ``*ng_script`` or a line ``*#`` would be commands to ngspice.

A dialect also says what its simulator would drop or compute wrong without a word; such a circuit is refused.
ngspice and neospice are run by the tests. Xyce and LTspice cannot be run here: what they want comes from the Xyce
Reference Guide (.TRAN, .IC, .PRINT, .OPTIONS TIMEINT, B device) and the LTspice reference of Analog Devices.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .expressions import Call, Expression, Number, Operation, Time, Voltage
from .netlist import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Mosfet,
    MosModel,
    Resistor,
    Transconductor,
    Transient,
)

COLUMNS = 120
LARGEST_EXPRESSION = 5_000  # terms of one source in neospice, which crashes at 50,000


@dataclass(frozen=True)
class Dialect:
    """How one simulator wants a circuit written.

    voltage, current : str            format of a behavioural source: {name} {a} {b} {expression}
    analysis : Circuit -> lines       initial voltages, options, analysis and what to save
    command : str                     how to run it, for the reader
    refusal : Circuit -> str or None  what the simulator would drop or compute wrong, with the remedy
    """

    name: str
    voltage: str
    current: str
    analysis: Callable[[Circuit], Iterator[str]]
    command: str
    refusal: Callable[[Circuit], str | None] = lambda circuit: None


def _ngspice_analysis(circuit: Circuit) -> Iterator[str]:
    step, stop, uic = _transient(circuit)
    yield from _initial(circuit)
    yield _tolerances(circuit)
    # Both engines take tstep as the largest step where no other is given; the embedded one ignores a separate one.
    yield f".tran {step} {stop}{uic}"
    yield from _saved(circuit)


def _xyce_analysis(circuit: Circuit) -> Iterator[str]:
    step, stop, uic = _transient(circuit)
    yield from _initial(circuit)
    yield f".options timeint reltol={float(circuit.analysis.reltol)!r} abstol={float(circuit.analysis.vntol_v)!r}"
    yield f".tran {step} {stop} 0.0 {step}{uic}"  # the first number is the first step only, the fourth the largest
    yield wrap(".print tran format=raw " + " ".join(f"v({node})" for node in circuit.saved))


def _ltspice_analysis(circuit: Circuit) -> Iterator[str]:
    step, stop, uic = _transient(circuit)
    yield from _initial(circuit)
    yield f"{_tolerances(circuit)} plotwinsize=0 numdgt=15"  # else the samples are compressed, in single precision
    yield f".tran 0.0 {stop} 0.0 {step}{uic}"  # the first number is a wish for plots, the fourth the largest step
    yield from _saved(circuit)


def _transient(circuit: Circuit) -> tuple[str, str, str]:
    analysis = circuit.analysis
    return repr(float(analysis.step_s)), repr(float(analysis.stop_s)), " uic" if analysis.uic else ""


def _initial(circuit: Circuit) -> Iterator[str]:
    for node, volt in circuit.initial.items():
        yield f".ic v({node})={volt!r}"


def _tolerances(circuit: Circuit) -> str:
    analysis = circuit.analysis
    reltol, vntol, abstol = (repr(float(x)) for x in (analysis.reltol, analysis.vntol_v, analysis.abstol_a))
    return f".options reltol={reltol} vntol={vntol} abstol={abstol}"


def _saved(circuit: Circuit) -> Iterator[str]:
    for node in circuit.saved:
        yield f".save v({node})"


def _neospice_refusal(circuit: Circuit) -> str | None:
    if circuit.initial and not circuit.analysis.uic:
        return "neospice does not hold initial voltages during the operating point; set uic, or use ngspice"
    for element in circuit.elements:
        if isinstance(element, (BehaviouralVoltage, BehaviouralCurrent)):
            terms = _terms(element.expression)
            if terms > LARGEST_EXPRESSION:
                return f"source {element.name!r} has more than {LARGEST_EXPRESSION} terms for neospice; use ngspice"
    return None


def _xyce_refusal(circuit: Circuit) -> str | None:
    if circuit.analysis.abstol_a != Transient.abstol_a:
        return (
            f"abstol_a is {circuit.analysis.abstol_a}; Xyce has one absolute tolerance for volts and amperes, "
            f"vntol_v: leave abstol_a at {Transient.abstol_a}"
        )
    return None


NGSPICE = Dialect(
    "ngspice",
    "b{name} {a} {b} V={{{expression}}}",
    "b{name} {a} {b} I={{{expression}}}",
    _ngspice_analysis,
    "ngspice -b -r waves.raw THIS_FILE",
)
NEOSPICE = Dialect(
    "neospice",
    NGSPICE.voltage,
    NGSPICE.current,
    _ngspice_analysis,
    "python -m circuits.engines.neospice_worker THIS_FILE waves.npz",
    _neospice_refusal,
)
XYCE = Dialect("xyce", NGSPICE.voltage, NGSPICE.current, _xyce_analysis, "Xyce THIS_FILE", _xyce_refusal)
LTSPICE = Dialect(
    "ltspice",
    "b{name} {a} {b} V={expression}",
    "b{name} {a} {b} I={expression}",
    _ltspice_analysis,
    "LTspice -b THIS_FILE",
)
DIALECTS: Mapping[str, Dialect] = MappingProxyType({d.name: d for d in (NGSPICE, XYCE, LTSPICE, NEOSPICE)})


def dialect_named(name: str) -> Dialect:
    """The dialect of that name; ValueError names those there are."""
    if name not in DIALECTS:
        raise ValueError(f"dialect is {name!r}; known are {', '.join(DIALECTS)}")
    return DIALECTS[name]


def netlist_lines(circuit: Circuit, dialect: Dialect = NGSPICE) -> Iterator[str]:
    """The lines of the netlist, one after the other, so that a large one need not fit into memory.

    Raises ValueError for what the dialect's simulator would drop or compute wrong.
    """
    refused = dialect.refusal(circuit)
    if refused:
        raise ValueError(refused)
    for text in (circuit.title, f"run: {dialect.command}", *circuit.comments):
        yield comment(text)
    for element in circuit.elements:
        line = element_line(element, dialect)
        yield line if len(line) <= COLUMNS else wrap(line)
    for model in circuit.models():
        yield wrap(model_line(model))
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
            number = repr(float(value))
            return f"({number})" if number.startswith("-") else number  # minus zero, too
        case Voltage(node):
            return f"v({node})"
        case Time():
            return "time"
        case Call(function, arguments):
            return f"{function}({', '.join(expression_text(argument) for argument in arguments)})"
        case Operation(symbol, left, right):
            return f"({expression_text(left)} {symbol} {expression_text(right)})"


def _terms(expression: Expression) -> int:
    match expression:
        case Operation(_, left, right):
            return _terms(left) + _terms(right)
        case Call(_, arguments):
            return sum(_terms(argument) for argument in arguments)
    return 1


def element_line(element: Element, dialect: Dialect) -> str:
    match element:
        case Resistor(name, a, b, value):
            return f"r{name} {a} {b} {float(value)!r}"
        case Capacitor(name, a, b, value):
            return f"c{name} {a} {b} {float(value)!r}"
        case CurrentSource(name, a, b, value):
            return f"i{name} {a} {b} dc {float(value)!r}"
        case Transconductor(name, a, b, plus, minus, value):
            return f"g{name} {a} {b} {plus} {minus} {float(value)!r}"
        case Mosfet(name, drain, gate, source, bulk, model, width, length):
            size = f"w={float(width)!r} l={float(length)!r}"
            return f"m{name} {drain} {gate} {source} {bulk} {model.name} {size}"
        case BehaviouralVoltage(name, a, b, expression):
            return dialect.voltage.format(name=name, a=a, b=b, expression=expression_text(expression))
        case BehaviouralCurrent(name, a, b, expression):
            return dialect.current.format(name=name, a=a, b=b, expression=expression_text(expression))


def model_line(model: MosModel) -> str:
    """A card of level 1, in the parameters that every simulator of the family knows."""
    values = {
        "vto": model.threshold_v,
        "kp": model.kp,
        "gamma": model.body_v,
        "phi": model.surface_v,
        "lambda": model.modulation,
        "tox": model.oxide_m,
        "cgso": model.overlap_f_m,
        "cgdo": model.overlap_f_m,
    }
    return f".model {model.name} {model.channel}mos level=1 " + " ".join(f"{k}={float(v)!r}" for k, v in values.items())
