r"""The cells of a network as subcircuits: neuron (ideal, of op-amps), synapse, crossbar cell, p-bit.

Each is what the netlists have, with the values that a designer varies as parameters, and none has a state beside the
charges of its capacitors: noise enters at a node. The p-bit compares

.. math:: v_m = V_s \tanh\big(k\, (\tanh(v_u / V_0) + v_r / V_0)\big), \qquad
    C \dot v = (v_m - v) / R

with a random voltage v_r of the range +-V_0 that the user brings: where that is even in the range and k large, v_m is
up with the probability (1 + tanh(v_u / V_0)) / 2. Source: Camsari, Faria, Sutton and Datta, Phys. Rev. X 7, 031014
(2017), equation 1; the comparator's gain k is finite here.
"""

from __future__ import annotations

import numpy as np

from neuromorph.analog import AnalogNetwork, Tanh

from ..crossbar.selector import Selector
from ..netlist.circuit import GROUND, BehavioralVoltage, Capacitor, Parameter, Resistor, Subcircuit
from ..netlist.expressions import Expression, Number, Reference, Voltage, call
from ..synthesis.component_values import passive_leaks
from ..synthesis.hopfield_circuit import amplifier, leak_ohm
from ..synthesis.opamp import VDD, VSS, OpAmp
from ..synthesis.opamp_neuron import OpAmpNeurons

OPEN_OHM = 1e12  # leak of a neuron whose synapses are all of its load
CELL_S, PBIT_V, PBIT_GAIN, PBIT_OHM, PBIT_F = 1e-5, 1.0, 100.0, 1e4, 10e-12  # defaults of parameters, for the user


def library_cells(network: AnalogNetwork, part: OpAmp, neuron: int = 0) -> tuple[Subcircuit, ...]:
    """Return the cells of a network, its first neuron's values as defaults.

    Parameters
    ----------
    network : AnalogNetwork
        Network of component values.
    part : OpAmp
        Op-amp of the neuron of op-amps.
    neuron : int, default 0
        Number of the neuron whose capacitor and leak are the defaults.

    Returns
    -------
    tuple of Subcircuit
        ``neuron_ideal``, ``neuron_opamp``, ``synapse``, ``crossbar_cell`` and ``pbit``.

    Raises
    ------
    ValueError
        If there is no such neuron, or the op-amp does not reach the swing.
    """
    if not 0 <= neuron < network.size:
        raise ValueError(f"neuron is {neuron}; the network has {network.size}, from 0 on")
    leak = float(passive_leaks(network)[neuron])
    load = (
        Parameter("farad", float(network.capacitances[neuron]), unit="F"),
        Parameter("leak_ohm", leak_ohm(leak) if leak else OPEN_OHM, unit="ohm"),
    )
    input_load = (
        Capacitor("load", "u", GROUND, Reference("farad")),
        Resistor("load", "u", GROUND, Reference("leak_ohm")),
    )
    g = network.activation
    gain: tuple[Parameter, ...] = ()
    output: Expression = amplifier(g, Voltage("u"))
    if isinstance(g, Tanh):
        gain = (Parameter("gain", g.gain, unit="V^-1"), Parameter("swing", g.swing, unit="V"))
        output = Reference("swing") * call("tanh", Reference("gain") * Voltage("u"))
    sources = (
        BehavioralVoltage("v", "v", GROUND, output),
        BehavioralVoltage("w", "w", GROUND, Number(0.0) - Voltage("v")),
    )
    made = OpAmpNeurons(g, part, np.zeros((1, 3))).cells[1]
    strongest = float(abs(network.conductances).max())
    return (
        Subcircuit("neuron_ideal", ("u", "v", "w"), (*input_load, *sources), (*load, *gain)),
        Subcircuit("neuron_opamp", ("u", "v", "w", VDD, VSS), (*input_load, *made.elements), (*load, *made.parameters)),
        Subcircuit(
            "synapse",
            ("u", "v"),
            (Resistor("synapse", "u", "v", Reference("ohm")),),
            (Parameter("ohm", 1.0 / (strongest or CELL_S), unit="ohm"),),
        ),
        Subcircuit(
            "crossbar_cell",
            ("row", "column"),
            (Resistor("cell", "row", "inner", Reference("ohm")), Selector().element("selector", "inner", "column")),
            (Parameter("ohm", 1.0 / CELL_S, unit="ohm"),),
        ),
        _pbit(),
    )


def _pbit() -> Subcircuit:
    biased = call("tanh", Voltage("u") / Reference("scale")) + Voltage("r") / Reference("scale")
    return Subcircuit(
        "pbit",
        ("u", "r", "v"),
        (
            BehavioralVoltage("m", "m", GROUND, Reference("swing") * call("tanh", Reference("gain") * biased)),
            Resistor("v", "m", "v", Reference("ohm")),
            Capacitor("v", "v", GROUND, Reference("farad")),
        ),
        (
            Parameter("scale", PBIT_V, unit="V"),
            Parameter("swing", PBIT_V, unit="V"),
            Parameter("gain", PBIT_GAIN),
            Parameter("ohm", PBIT_OHM, unit="ohm"),
            Parameter("farad", PBIT_F, unit="F"),
        ),
    )
