r"""Extraction of a Hopfield network from its circuit: the inverse of ``build_hopfield_circuit``.

.. math:: T_{ij} = G_{ij}, \qquad \frac{1}{R_i} = \frac{1}{\rho_i} + \sum_j |T_{ij}|

where G_ij are the conductances of the resistors from u_i to v_j less those to its inverse, and rho_i is the leak from
u_i to ground. The wiring decides, not the names: a capacitor to ground makes an input u_i (neurons are counted in the
order of their capacitors), a source g(u_i) its output v_i, a source 0 - v_i the inverted one. Subcircuits of op-amps or
transistors are recognized by ``neurons`` and replaced by the ideal amplifiers that they approximate.

A resistor is written in 12 digits, a leak in 9 (``hopfield_circuit``), and not every float is the inverse of another.
So a network comes back with each T_ij within 1e-11 when it first goes through a circuit, and to the last bit from then
on; one made of resistors of a series (``fit_to_components``) does so at once.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import NoReturn

import numpy as np
from scipy import sparse

from neuromorph.analog import Activation, AnalogNetwork
from neuromorph.ising import Float

from ..netlist.circuit import (
    GROUND,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Resistor,
    device_name,
    subcircuit_instances,
)
from ..netlist.expressions import Number, Operation, Voltage, expression_nodes
from ..netlist.hierarchy import flatten_circuit
from ..synthesis.component_values import passive_leaks
from ..synthesis.hopfield_circuit import AmplifierLevel, leak_ohm
from ..synthesis.opamp import OpAmp
from ..synthesis.opamp_neuron import OpAmpNeurons
from .neurons import extract_activation, find_neurons

_SPARSE = 0.25  # density below which the matrix is CSR
_PASSES = 5


@dataclass(frozen=True, eq=False)
class ExtractedNetwork:
    """A Hopfield network that was extracted from a circuit.

    Attributes
    ----------
    network : AnalogNetwork
        The network.
    initial : (n,) float
        Potentials at t = 0, V.
    level : AmplifierLevel
        Level of the amplifiers: "ideal", "opamp" or "transistor".
    opamp : OpAmp or None
        Amplifier of the circuit; its spread of offsets is known only for those in ``OPAMPS``.
    offsets_v : (n, 3) float or None
        Offsets of the two gain stages and the inverter of each neuron, V.
    """

    network: AnalogNetwork
    initial: Float
    level: AmplifierLevel
    opamp: OpAmp | None = None
    offsets_v: Float | None = None


def extract_network(circuit: Circuit) -> ExtractedNetwork:
    """Extract the Hopfield network that a circuit implements.

    Parameters
    ----------
    circuit : Circuit
        Circuit of a Hopfield network.

    Returns
    -------
    ExtractedNetwork
        The network, its initial potentials and its amplifiers.

    Raises
    ------
    ValueError
        If the circuit is no such network: other parts, amplifiers that differ, a synapse between neurons without an
        amplifier, or both a positive and a negative synapse in one place. The message names the element.
    """
    if not subcircuit_instances(circuit.elements):
        return ExtractedNetwork(*_network(circuit), "ideal")
    cells = find_neurons(circuit, _inputs(circuit))
    network, start = _network(cells.ideal)
    match cells.neurons:
        case OpAmpNeurons(_, part, offsets):
            return ExtractedNetwork(network, start, "opamp", part, offsets)
    return ExtractedNetwork(network, start, "transistor")


def network_from_circuit(circuit: Circuit) -> tuple[AnalogNetwork, Float]:
    """Extract the network and the initial potentials of a circuit.

    Parameters
    ----------
    circuit : Circuit
        Circuit of a Hopfield network.

    Returns
    -------
    network : AnalogNetwork
        The network.
    initial : (n,) float
        Potentials at t = 0, V.
    """
    found = extract_network(circuit)
    return found.network, found.initial


def _network(circuit: Circuit) -> tuple[AnalogNetwork, Float]:
    circuit = flatten_circuit(circuit)  # replaces parameters by their values
    inputs = _inputs(circuit)
    outputs, activation = _amplifiers(circuit, inputs)
    n = len(inputs)
    leaks, currents = np.zeros(n), np.zeros(n)
    synapses: dict[tuple[int, int], float] = defaultdict(float)
    for element in circuit.elements:
        match element:
            case Resistor(_, a, b, ohm):
                u, other = (a, b) if a in inputs else (b, a)
                if u not in inputs or (other != GROUND and other not in outputs):
                    _refuse(element, "leads neither from an input to ground nor to an amplifier's output")
                i = inputs[u]
                if other == GROUND:
                    leaks[i] += 1.0 / float(ohm)
                    continue
                j, sign = outputs[other]
                if synapses[i, j] * sign < 0.0:
                    _refuse(element, "is of the other sign than a resistor beside it; keep one")
                synapses[i, j] += sign / float(ohm)
            case CurrentSource(_, a, b, ampere):
                u, sign = (b, 1.0) if a == GROUND else (a, -1.0)
                if u not in inputs or GROUND not in (a, b):
                    _refuse(element, "does not feed an input from ground")
                currents[inputs[u]] += sign * float(ampere)
            case Capacitor() | BehavioralVoltage():
                pass
            case _:
                _refuse(element, "is of a kind that a network of ideal amplifiers has not")
    stray = [node for node in circuit.initial if node not in inputs]
    if stray:
        raise ValueError(f"initial sets node {stray[0]!r}, which is no neuron's input; set inputs only")
    t = _matrix(synapses, n)
    loads = np.asarray(abs(t).sum(axis=1), dtype=float).ravel()
    if (leaks + loads == 0.0).any():
        node = list(inputs)[int(np.argmin(leaks + loads))]
        raise ValueError(f"no resistor leads to input {node!r}; add its leak to ground")
    farads = np.zeros(n)
    for element in circuit.elements:
        if isinstance(element, Capacitor):
            farads[inputs[element.a if element.a in inputs else element.b]] += float(element.farad)
    start = np.array([circuit.initial.get(node, 0.0) for node in inputs])
    return _settled(AnalogNetwork(t, 1.0 / (leaks + loads), farads, currents, activation), loads), start


def _settled(network: AnalogNetwork, loads: Float) -> AnalogNetwork:
    """Iterate the resistances until the network comes back from its own circuit.

    A leak far below the synapses has few digits.
    """
    for _ in range(_PASSES):
        leaks = [1.0 / leak_ohm(leak) if leak else 0.0 for leak in passive_leaks(network).tolist()]
        again = 1.0 / (np.array(leaks) + loads)
        if np.array_equal(again, network.resistances):
            break
        network = replace(network, resistances=again)
    return network


def _inputs(circuit: Circuit) -> dict[str, int]:
    """Return {node: neuron}, from the capacitors to ground."""
    inputs: dict[str, int] = {}
    for element in circuit.elements:
        if isinstance(element, Capacitor):
            if (element.a == GROUND) == (element.b == GROUND):
                _refuse(element, "does not lead from an input to ground")
            inputs.setdefault(element.b if element.a == GROUND else element.a, len(inputs))
    if not inputs:
        raise ValueError("the circuit has no capacitor to ground, so no neuron; give a Hopfield network")
    return inputs


def _amplifiers(circuit: Circuit, inputs: dict[str, int]) -> tuple[dict[str, tuple[int, float]], Activation]:
    """Return {output: (neuron, sign)} and the activation that all neurons share."""
    outputs: dict[str, tuple[int, float]] = {}
    inverters: list[tuple[BehavioralVoltage, str]] = []
    activation: Activation | None = None
    for element in circuit.elements:
        if not isinstance(element, BehavioralVoltage):
            continue
        if element.b != GROUND or element.a in inputs:
            _refuse(element, "does not drive an output against ground")
        match element.expression:
            case Operation("-", Number(0.0), Voltage(node)):
                inverters.append((element, node))
                continue
        u, found = _activation(element)
        if activation is not None and found != activation:
            _refuse(element, f"is {found}, another amplifier {activation}; a network has one activation")
        if u not in inputs:
            _refuse(element, f"reads node {u!r}, which has no capacitor to ground")
        if element.a in outputs or (inputs[u], 1.0) in outputs.values():
            _refuse(element, "is a second amplifier of a neuron or output; keep one")
        outputs[element.a], activation = (inputs[u], 1.0), found
    for source, node in inverters:
        if outputs.get(node, (0, 0.0))[1] != 1.0 or source.a in outputs:
            _refuse(source, "inverts what is no amplifier's output, or drives an output that another source drives")
        outputs[source.a] = outputs[node][0], -1.0
    missing = set(inputs.values()) - {i for i, _ in outputs.values()}
    if activation is None or missing:
        node = next((node for node, i in inputs.items() if i in missing), "")
        raise ValueError(f"input {node!r} has no amplifier; add a source that is an activation of it")
    return outputs, activation


def _activation(source: BehavioralVoltage) -> tuple[str, Activation]:
    """Return the node that a source reads and its activation, if ``amplifier`` writes exactly this source."""
    node = next(iter(expression_nodes(source.expression)), "")
    found = extract_activation(source.expression, node)
    if found is None:
        _refuse(
            source, "is no amplifier that is known: Tanh, Arctan, Algebraic or Logistic of one input, or an inverter"
        )
    return node, found


def _matrix(synapses: dict[tuple[int, int], float], n: int) -> Float | sparse.csr_array:
    places = np.array(list(synapses), dtype=np.int64).reshape(-1, 2)
    values = np.array(list(synapses.values()))
    if len(values) < _SPARSE * n * n:
        return sparse.csr_array((values, (places[:, 0], places[:, 1])), shape=(n, n))
    t = np.zeros((n, n))
    t[places[:, 0], places[:, 1]] = values
    return t


def _refuse(element: Element, what: str) -> NoReturn:
    raise ValueError(f"{device_name(element)} {what}: no Hopfield network of ideal amplifiers")
