"""Parameters for the values that a designer would change: capacitors, leaks, synapses, gain and swing, supplies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from ..netlist.circuit import BehavioralVoltage, Capacitor, Circuit, Element, Parameter, Resistor
from ..netlist.expressions import Call, Expression, Number, Operation, Reference
from ..netlist.sources import VoltageSource
from .opamp import VDD, VSS

_MOST = 12  # values of synapses that get a name; more are written where they are


def name_values(circuit: Circuit) -> Circuit:
    """Return a Hopfield circuit whose values have names.

    Parameters
    ----------
    circuit : Circuit
        Circuit of ``build_hopfield_circuit``.

    Returns
    -------
    Circuit
        The same circuit with parameters ``cap``, ``leak``, ``syn1`` .., ``gain``, ``swing``, ``supply_high`` and
        ``supply_low``; each only where all, or for synapses several, elements share the value.
    """
    named: dict[str, Parameter] = {}

    def reference(name: str, value: float, unit: str) -> Reference:
        named[name] = Parameter(name, value, unit=unit)
        return Reference(name)

    farads = {float(e.farad) for e in circuit.elements if isinstance(e, Capacitor) and e.name.isdigit()}
    leaks = {float(e.ohm) for e in circuit.elements if isinstance(e, Resistor) and e.name.startswith("leak")}
    synapses = Counter(float(e.ohm) for e in circuit.elements if isinstance(e, Resistor) and "_" in e.name)
    shared = sorted(ohm for ohm, times in synapses.items() if times > 1)
    names = {ohm: f"syn{k}" for k, ohm in enumerate(shared, 1)} if len(shared) <= _MOST else {}
    sources = [e for e in circuit.elements if isinstance(e, BehavioralVoltage)]
    amplifiers = {_shape(e.expression) for e in sources if _is_amplifier(e)}

    def made(element: Element) -> Element:
        match element:
            case VoltageSource(name, _, _, volt) if name in (VDD, VSS):
                return replace(element, volt=reference(f"supply_{'high' if name == VDD else 'low'}", float(volt), "V"))
            case Capacitor(name, _, _, farad) if name.isdigit() and len(farads) == 1:
                return replace(element, farad=reference("cap", float(farad), "F"))
            case Resistor(name, _, _, ohm) if name.startswith("leak") and len(leaks) == 1:
                return replace(element, ohm=reference("leak", float(ohm), "ohm"))
            case Resistor(name, _, _, ohm) if "_" in name and float(ohm) in names:
                return replace(element, ohm=reference(names[float(ohm)], float(ohm), "ohm"))
            case BehavioralVoltage(name, _, _, Number(volt)) if name in (VDD, VSS):
                side = "high" if name == VDD else "low"
                return replace(element, expression=reference(f"supply_{side}", volt, "V"))
            case BehavioralVoltage() if _is_amplifier(element) and len(amplifiers) == 1:
                return replace(element, expression=_named(element.expression, reference))
        return element

    elements = tuple(map(made, circuit.elements))
    return replace(circuit, elements=elements, parameters=(*circuit.parameters, *named.values()))


def _is_amplifier(element: Element) -> bool:
    """Return whether an element is the source s tanh(g u) of a neuron."""
    match element:
        case BehavioralVoltage(_, _, _, Operation("*", Number(), Call("tanh", (Operation("*", Number(), _),)))):
            return True
    return False


def _shape(expression: Expression) -> tuple[float, float]:
    match expression:
        case Operation("*", Number(swing), Call("tanh", (Operation("*", Number(gain), _),))):
            return swing, gain
    return 0.0, 0.0


def _named(expression: Expression, reference: Callable[[str, float, str], Reference]) -> Expression:
    match expression:
        case Operation("*", Number(swing), Call("tanh", (Operation("*", Number(gain), u),))):
            inner = Operation("*", reference("gain", gain, "V^-1"), u)
            return Operation("*", reference("swing", swing, "V"), Call("tanh", (inner,)))
    return expression
