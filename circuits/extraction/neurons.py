r"""Extraction of a neuron from its subcircuit: op-amps by the numbers of part and limiter, transistors by their sizes.

.. math:: A_0 = g_m R_p, \quad GBW = \frac{g_m}{2 \pi C_p}, \quad \text{slew} = \frac{I_{max}}{C_p}; \qquad
    \text{gain} = \frac{a D}{V_o^2}, \quad V_o^2 = \frac{I_t L}{K_P W}, \quad
    \text{swing} = \frac{M I_t}{G}

with the symbols of ``opamp`` and ``cmos_neuron``. The subcircuit is built again from these numbers and compared, so
that a cell which is wired otherwise is refused and not misread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import pi

import numpy as np

from neuromorph.analog import Activation, Algebraic, Arctan, Logistic, Tanh

from ..netlist.circuit import (
    GROUND,
    BehavioralVoltage,
    Circuit,
    Element,
    Instance,
    Mosfet,
    Resistor,
    Subcircuit,
    device_name,
)
from ..netlist.expressions import Call, Expression, Number, Operation, Voltage
from ..synthesis import cmos_neuron as transistors
from ..synthesis.cmos_neuron import NMOS, SLOPE, CmosNeurons
from ..synthesis.opamp import VDD, VSS
from ..synthesis.opamp_neuron import OpAmpNeurons, amplifier
from .matching import alike, simplest
from .opamps import identify_opamp

_DIGITS = 12  # digits of a gain or swing that follows from sizes


@dataclass(frozen=True, eq=False)
class NeuronCells:
    """The neurons of a circuit of subcircuits.

    Attributes
    ----------
    ideal : Circuit
        The same circuit with ideal amplifiers.
    neurons : OpAmpNeurons or CmosNeurons
        The amplifiers that were replaced.
    """

    ideal: Circuit
    neurons: OpAmpNeurons | CmosNeurons


def find_neurons(circuit: Circuit, inputs: Mapping[str, int]) -> NeuronCells:
    """Extract the neurons of a circuit of subcircuits.

    Parameters
    ----------
    circuit : Circuit
        Circuit whose instances are neurons.
    inputs : dict of str to int
        {input node: neuron}.

    Returns
    -------
    NeuronCells
        The neurons, and the circuit with ideal amplifiers in their place.

    Raises
    ------
    ValueError
        If a subcircuit is no neuron of this package.
    """
    instances = [element for element in circuit.elements if isinstance(element, Instance)]
    kinds = {id(instance.subcircuit): instance.subcircuit for instance in instances}
    neurons: OpAmpNeurons | CmosNeurons
    if any(isinstance(element, Mosfet) for cell in kinds.values() for element in cell.elements):
        neurons = _cmos(kinds.values())
    else:
        neurons = _opamps(circuit, instances, inputs)
    for cell in kinds.values():
        if not any(alike(cell, built) for built in neurons.cells):
            raise ValueError(
                f"subcircuit {cell.name!r} is wired or sized as no neuron is; give a cell of build_hopfield_circuit"
            )
    shared = list(neurons.shared())
    elements: list[Element] = []
    for element in circuit.elements:
        if isinstance(element, Instance):
            elements += _ideal(element, neurons.activation)
        elif element not in shared:
            elements.append(element)
    initial = {node: volt for node, volt in circuit.initial.items() if "." not in node}
    saved = tuple(node for node in circuit.saved if node in inputs) or tuple(inputs)
    return NeuronCells(Circuit(circuit.title, tuple(elements), circuit.analysis, saved, initial), neurons)


def _ideal(instance: Instance, activation: Activation) -> list[Element]:
    wires = dict(zip(instance.subcircuit.ports, instance.nodes, strict=True))
    for rail in ("bias", VDD, VSS):
        if wires.get(rail, rail) != rail:
            raise ValueError(f"{device_name(instance)} has {wires[rail]!r} where {rail!r} belongs; wire it to that")
    name, v = f"x{instance.name}", wires["v"]
    found: list[Element] = [BehavioralVoltage(f"{name}v", v, GROUND, amplifier(activation, Voltage(wires["u"])))]
    if "w" in wires:
        found.append(BehavioralVoltage(f"{name}w", wires["w"], GROUND, Number(0.0) - Voltage(v)))
    return found


# Op-amps


def _opamps(circuit: Circuit, instances: list[Instance], inputs: Mapping[str, int]) -> OpAmpNeurons:
    cell = instances[0].subcircuit
    parts = [element.subcircuit for element in cell.elements if isinstance(element, Instance)]
    limiters = [element.expression for element in cell.elements if isinstance(element, BehavioralVoltage)]
    rails = [e.expression for e in circuit.elements if isinstance(e, BehavioralVoltage) and e.a == VDD]
    if not parts or len(limiters) != 1 or len(rails) != 1 or not isinstance(rails[0], Number):
        raise ValueError(
            f"subcircuit {cell.name!r} holds no op-amps around one limiter between rails, and no transistors; "
            "give a cell of build_hopfield_circuit"
        )
    activation = _limiter(limiters[0])
    if activation is None:
        raise ValueError(f"the limiter of subcircuit {cell.name!r} is no activation that is known; correct it")
    offsets = np.zeros((len(inputs), 3))
    for instance in instances:
        wires = dict(zip(instance.subcircuit.ports, instance.nodes, strict=True))
        if wires.get("u") not in inputs:
            raise ValueError(f"{device_name(instance)} reads a node without a capacitor to ground; add it")
        values = {p.name: p.value for p in instance.subcircuit.parameters} | dict(instance.parameters)
        known = [values.get(f"offset_{stage}", 0.0) for stage in "yvw"]
        offsets[inputs[wires["u"]]] = [float(value) for value in known]
    return OpAmpNeurons(activation, identify_opamp(parts[0], rails[0].value), offsets)


def _limiter(expression: Expression) -> Activation | None:
    """Return the activation g of the expression (1/k) g((1/k) v(y))."""
    match expression:
        case Operation("*", Number(k), inner):
            scaled = Operation("*", Number(k), Voltage("y"))
            return extract_activation(_put(inner, scaled, Voltage("y")), "y")
    return None


def _put(tree: Expression, old: Expression, new: Expression) -> Expression:
    if tree == old:
        return new
    match tree:
        case Call(function, arguments):
            return Call(function, tuple(_put(argument, old, new) for argument in arguments))
        case Operation(symbol, left, right):
            return Operation(symbol, _put(left, old, new), _put(right, old, new))
    return tree


# Transistors


def _cmos(kinds: Iterable[Subcircuit]) -> CmosNeurons:
    cell = next(iter(kinds))
    found = {device_name(element): element for element in cell.elements}
    try:
        first, second, load = found["ma"], found["mc"], found["rov"]
    except KeyError as missing:
        raise ValueError(f"subcircuit {cell.name!r} has no {missing}; give a cell of build_hopfield_circuit") from None
    if not (isinstance(first, Mosfet) and isinstance(second, Mosfet) and isinstance(load, Resistor)):
        raise ValueError(f"subcircuit {cell.name!r} is no neuron of two pairs; give a cell of build_hopfield_circuit")
    bias, swing_v, ratio, stiff = (transistors.DATA[key].value for key in ("bias", "first_swing", "ratio", "stiffness"))
    square = bias * float(first.length_m) / (NMOS.kp * float(first.width_m))  # V_o^2
    tail = square * NMOS.kp * float(second.width_m) / float(second.length_m)
    siemens = 1.0 / float(load.ohm)
    gain, swing = (float(f"{x:.{_DIGITS}g}") for x in (swing_v * SLOPE / square, tail * ratio / siemens))
    return CmosNeurons(Tanh(gain, swing), siemens / stiff)


def extract_activation(expression: Expression, node: str) -> Activation | None:
    """Return the activation that ``amplifier`` writes as this expression, exactly.

    Parameters
    ----------
    expression : Expression
        Expression of a source.
    node : str
        Node that the source reads.

    Returns
    -------
    Activation or None
        The activation, if there is one.
    """
    return next((g for g in _candidates(expression) if amplifier(g, Voltage(node)) == expression), None)


def _candidates(expression: Expression) -> list[Activation]:
    match expression:
        case Operation("*", Number(a), Call("tanh", (Operation("*", Number(b), _),))) if a > 0.0 < b:
            return [Tanh(b, a)]
        case Operation("*", Number(a), Call("atan", (Operation("*", Number(b), _),))) if a > 0.0 < b:
            gain = simplest(2.0 * b / pi, b, lambda x: x * pi / 2.0)
            return [Arctan(gain, simplest(a * pi / 2.0, a, lambda x: x * 2.0 / pi))]
        case Operation("/", Operation("*", Number(a), Operation("*", Number(b), _)), Call("sqrt", _)) if a > 0.0 < b:
            return [Algebraic(b, a)]
        case Operation("*", Number(a), Operation("+", _, Call("tanh", (Operation("*", Number(b), _),)))) if a > 0.0 < b:
            return [Logistic(2.0 * b, 2.0 * a)]
    return []
