"""The dialects of simulators: ngspice, neospice, Xyce and LTspice.

What is written is the subset that simulators read alike: plain floats in the shortest form that reads back exactly,
full parentheses, no power and no unary minus, one ``.ic`` a line, lines of at most 120 columns continued with ``+``,
and a title line starting with ``* ``. A dialect adds how its simulator wants a behavioral source and the analysis
written.

Free text (title, comments) comes from problem files. It ends up behind ``* ``, on one line, in printable ASCII: a line
of its own, a first line ``*ng_script`` or a line ``*#`` would be commands to ngspice.

A dialect also says what its simulator would drop or compute wrong without a word; such a circuit is refused.
ngspice and neospice are run by the tests. Xyce and LTspice cannot be run here: what they want comes from the Xyce
Reference Guide (.TRAN, .IC, .PRINT, .OPTIONS TIMEINT, B device) and the LTspice reference of Analog Devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ..netlist.circuit import (
    GROUND,
    ROOM_C,
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Resistor,
    Transconductor,
    Transient,
)
from ..netlist.expressions import Call, Expression, Operation
from ..netlist.hierarchy import flatten_circuit
from .dialect import Dialect
from .lines import wrap

# Devices above which ngspice is asked for KLU, if it has it (42 and later; 39 ignores the option without a word): 128
# neurons, all with all, take it a seventh of the time of Sparse 1.3.
_KLU_DEVICES = 1_000
LARGEST_EXPRESSION = 5_000  # terms of one source in neospice, which crashes at 50,000


def _ngspice_analysis(circuit: Circuit) -> Iterator[str]:
    step, stop, uic = _transient(circuit)
    yield from _initial(circuit, ".")
    chgtol = circuit.analysis.chgtol_c
    charge = "" if chgtol is None else f" chgtol={float(chgtol)!r}"
    yield _tolerances(circuit) + charge + (" klu" if _suits_klu(circuit) else "")
    # tstep is the largest step where no other is given.
    largest = circuit.analysis.largest_s
    yield f".tran {step} {stop}{'' if largest is None else f' 0.0 {float(largest)!r}'}{uic}"
    yield from _saved(circuit, ".")


def _suits_klu(circuit: Circuit) -> bool:
    """Return whether a circuit is large and every ideal source has a load.

    KLU keeps the pivots that it found first. A node that nothing but its source is tied to has none of its own, and
    the run fails ("timestep too small") when the slope of an amplifier falls.
    """
    loaded: set[str] = {GROUND}
    driven: set[str] = set()
    for element in circuit.elements:
        match element:
            case Resistor(_, a, b):
                loaded |= {a, b}
            case BehavioralVoltage(_, a, b):
                driven |= {a, b}
            case Capacitor() | CurrentSource() | Transconductor():
                continue
            case _:
                return False
    return len(circuit.elements) > _KLU_DEVICES and driven <= loaded


def _neospice_analysis(circuit: Circuit) -> Iterator[str]:
    step, stop, uic = _transient(circuit)
    yield from _initial(circuit, ".")
    yield _tolerances(circuit)
    yield f".tran {step} {stop}{uic}"  # it ignores a largest step beside tstep, which is the largest one to it
    yield from _saved(circuit, ".")


def _xyce_analysis(circuit: Circuit) -> Iterator[str]:
    step, stop, uic = _transient(circuit)
    yield from _initial(circuit, ":")
    yield f".options timeint reltol={float(circuit.analysis.reltol)!r} abstol={float(circuit.analysis.vntol_v)!r}"
    if _temperature(circuit):
        yield f".options device{_temperature(circuit)}"
    # The first number is the first step only, the fourth the largest.
    yield f".tran {step} {stop} 0.0 {_largest(circuit)}{uic}"
    yield wrap(".print tran format=raw " + " ".join(f"v({_node(path, ':')})" for path in circuit.saved))


def _ltspice_analysis(circuit: Circuit) -> Iterator[str]:
    _, stop, uic = _transient(circuit)
    yield from _initial(circuit, ":")
    yield f"{_tolerances(circuit)} plotwinsize=0 numdgt=15"  # else the samples are compressed, in single precision
    # The first number is a wish for plots, the fourth the largest step.
    yield f".tran 0.0 {stop} 0.0 {_largest(circuit)}{uic}"
    yield from _saved(circuit, ":")


def _transient(circuit: Circuit) -> tuple[str, str, str]:
    analysis = circuit.analysis
    return repr(float(analysis.step_s)), repr(float(analysis.stop_s)), " uic" if analysis.uic else ""


def _largest(circuit: Circuit) -> str:
    analysis = circuit.analysis
    return repr(float(analysis.step_s if analysis.largest_s is None else analysis.largest_s))


def _initial(circuit: Circuit, separator: str) -> Iterator[str]:
    for path, volt in circuit.initial.items():
        yield f".ic v({_node(path, separator)})={volt!r}"


def _tolerances(circuit: Circuit) -> str:
    analysis = circuit.analysis
    reltol, vntol, abstol = (repr(float(x)) for x in (analysis.reltol, analysis.vntol_v, analysis.abstol_a))
    return f".options reltol={reltol} vntol={vntol} abstol={abstol}{_temperature(circuit)}"


def _temperature(circuit: Circuit) -> str:
    celsius = circuit.analysis.temperature_c
    return "" if celsius == ROOM_C else f" temp={float(celsius)!r}"


def _saved(circuit: Circuit, separator: str) -> Iterator[str]:
    for path in circuit.saved:
        yield f".save v({_node(path, separator)})"


def _node(path: str, separator: str) -> str:
    return path.replace(".", separator)


def _neospice_refusal(circuit: Circuit) -> str | None:
    if circuit.initial and not circuit.analysis.uic:
        return (
            "neospice does not hold initial voltages during the operating point; set uic, take "
            "clamp_initial(circuit), or use ngspice"
        )
    for element in flatten_circuit(circuit).elements:
        if isinstance(element, (BehavioralVoltage, BehavioralCurrent)):
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
    _neospice_analysis,
    "python -m circuits.simulators.neospice_worker THIS_FILE waves.npz",
    _neospice_refusal,
    is_flat=True,
)
XYCE = Dialect("xyce", NGSPICE.voltage, NGSPICE.current, _xyce_analysis, "Xyce THIS_FILE", _xyce_refusal, separator=":")
LTSPICE = Dialect(
    "ltspice",
    "b{name} {a} {b} V={expression}",
    "b{name} {a} {b} I={expression}",
    _ltspice_analysis,
    "LTspice -b THIS_FILE",
    reference="({{{}}})",  # a parameter is put in only within braces
    separator=":",
)
DIALECTS: Mapping[str, Dialect] = MappingProxyType({d.name: d for d in (NGSPICE, XYCE, LTSPICE, NEOSPICE)})


def get_dialect(name: str) -> Dialect:
    """Return the dialect of a name.

    Parameters
    ----------
    name : str
        Name of the simulator.

    Returns
    -------
    Dialect
        The dialect.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if name not in DIALECTS:
        raise ValueError(f"dialect is {name!r}; known are {', '.join(DIALECTS)}")
    return DIALECTS[name]


def _terms(expression: Expression) -> int:
    match expression:
        case Operation(_, left, right):
            return _terms(left) + _terms(right)
        case Call(_, arguments):
            return sum(_terms(argument) for argument in arguments)
    return 1
