r"""Extraction of a Hopfield network from its circuit: the inverse of ``build_hopfield_circuit``.

.. math:: T_{ij} = G_{ij}, \qquad \frac{1}{R_i} = \frac{1}{\rho_i} + \sum_j |T_{ij}|

where G_ij are the conductances of the resistors from u_i to v_j less those to its inverse, and rho_i is the leak from
u_i to ground; a transconductor from v_j adds to T_ij without a load (``network_sums``). The wiring decides, not the
names: a capacitor to ground makes an input u_i (neurons are counted in the order of their capacitors), a source g(u_i)
its output v_i, a source 0 - v_i the inverted one (``outputs``). Subcircuits of op-amps or transistors are recognized by
``neurons`` and replaced by the ideal amplifiers that they approximate, those of ideal sources put in their places.

A resistor is written in 12 digits, a leak in 9 (``hopfield_circuit``), and not every float is the inverse of another.
So a network comes back with each T_ij within 1e-11 when it first goes through a circuit, and to the last bit from then
on; one made of resistors of a series (``fit_to_components``) does so at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float

from ..netlist.circuit import (
    GROUND,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    Instance,
    Mosfet,
    subcircuit_instances,
)
from ..netlist.hierarchy import flatten_circuit, resolve_parameters
from ..netlist.sources import VoltageSource
from ..synthesis.component_values import passive_leaks
from ..synthesis.hopfield_circuit import AmplifierLevel, leak_ohm
from ..synthesis.opamp import OpAmp
from ..synthesis.opamp_neuron import OpAmpNeurons
from .network_sums import NetworkSums
from .neurons import find_neurons
from .outputs import driven_by, find_outputs
from .refusal import refuse

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
    outputs : tuple of (str, float)
        A node of each neuron that carries k g(u), and k.
    """

    network: AnalogNetwork
    initial: Float
    level: AmplifierLevel
    opamp: OpAmp | None = None
    offsets_v: Float | None = None
    outputs: tuple[tuple[str, float], ...] = ()


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
    circuit = resolve_parameters(circuit)
    instances = subcircuit_instances(circuit.elements).values()
    inside = {type(part) for instance in instances for part in instance.subcircuit.elements}
    if not inside & {Instance, Mosfet}:  # at most subcircuits of ideal sources, such as a user's own amplifier
        network, start, outputs = _network(circuit)
        return ExtractedNetwork(network, start, "ideal", outputs=outputs)
    cells = find_neurons(circuit, _inputs(circuit))
    network, start, outputs = _network(cells.ideal)
    match cells.neurons:
        case OpAmpNeurons(_, OpAmp() as part, offsets):
            return ExtractedNetwork(network, start, "opamp", part, offsets, outputs)
    return ExtractedNetwork(network, start, "transistor", outputs=outputs)


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


def _network(circuit: Circuit) -> tuple[AnalogNetwork, Float, tuple[tuple[str, float], ...]]:
    circuit = flatten_circuit(circuit)  # replaces parameters by their values
    inputs = _inputs(circuit)
    outputs = find_outputs(circuit, inputs)
    sums = NetworkSums(inputs, outputs)
    for element in circuit.elements:
        if not isinstance(element, Capacitor | BehavioralVoltage | VoltageSource):
            sums.add(element)
    stray = [node for node in circuit.initial if node not in inputs]
    if stray:
        raise ValueError(f"initial sets node {stray[0]!r}, which is no neuron's input; set inputs only")
    n = len(inputs)
    t = _matrix(sums.synapses, n)
    if sums.is_passive:
        loads = np.asarray(abs(t).sum(axis=1), dtype=float).ravel()
    else:
        loads = sums.loads
    total = sums.leaks + loads
    if (total <= 0.0).any():
        node = list(inputs)[int(np.argmin(total))]
        raise ValueError(f"no resistor leads to input {node!r}; add its leak to ground")
    farads = np.zeros(n)
    for element in circuit.elements:
        if isinstance(element, Capacitor) and {element.a, element.b} & inputs.keys():
            farads[inputs[element.a if element.a in inputs else element.b]] += float(element.farad)
    start = np.array([circuit.initial.get(node, 0.0) for node in inputs])
    network = AnalogNetwork(t, 1.0 / total, farads, sums.currents, outputs.activation)
    driven = {i: (node, factor) for node, (i, factor) in reversed(outputs.signals.items())}
    shown = tuple(driven[i] for i in range(n))
    return _settled(network, loads) if sums.is_passive else network, start, shown


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
    driven = {driven_by(element) for element in circuit.elements}
    for element in circuit.elements:
        if isinstance(element, Capacitor):
            if {element.a, element.b} <= driven | {GROUND}:  # a load of ideal sources
                continue
            if (element.a == GROUND) == (element.b == GROUND):
                refuse(element, "does not lead from an input to ground")
            inputs.setdefault(element.b if element.a == GROUND else element.a, len(inputs))
    if not inputs:
        raise ValueError("the circuit has no capacitor to ground, so no neuron; give a Hopfield network")
    return inputs


def _matrix(synapses: dict[tuple[int, int], float], n: int) -> Float | sparse.csr_array:
    places = np.array(list(synapses), dtype=np.int64).reshape(-1, 2)
    values = np.array(list(synapses.values()))
    if len(values) < _SPARSE * n * n:
        return sparse.csr_array((values, (places[:, 0], places[:, 1])), shape=(n, n))
    t = np.zeros((n, n))
    t[places[:, 0], places[:, 1]] = values
    return t
