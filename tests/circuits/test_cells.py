"""Networks recognized in circuits of op-amps and of transistors, and nothing else taken for one."""

import re
from dataclasses import replace

import numpy as np
import pytest
from test_amplifiers import PART, spins
from test_circuits import ACTIVATIONS, random_network

from circuits import OPAMPS, build_hopfield_circuit, extract_network, netlist_text, read_netlist
from circuits.extraction.network import network_from_circuit
from circuits.netlist.hierarchy import flatten_circuit
from circuits.spice.dialects import LTSPICE, NGSPICE, XYCE
from neuromorph.analog import AnalogNetwork, Tanh


def assert_same(network: AnalogNetwork, expected: AnalogNetwork) -> None:
    assert network.activation == expected.activation
    for name in ("conductances", "resistances", "capacitances", "currents"):
        np.testing.assert_allclose(getattr(network, name), getattr(expected, name), rtol=1e-8, atol=0.0)


@pytest.mark.parametrize("name", OPAMPS)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda g: type(g).__name__)
def test_op_amps_are_recognized_with_their_part_and_offsets(name, activation):
    swing = min(activation.swing, 2.0)
    network = replace(random_network(5, 4, ACTIVATIONS[0]), activation=replace(activation, swing=swing))
    start = np.array([0.1, 0.2, -0.1, 0.05])
    circuit = build_hopfield_circuit(network, start, level="opamp", opamp=OPAMPS[name], rng=3)
    for dialect in (NGSPICE, XYCE, LTSPICE):
        found = extract_network(read_netlist(netlist_text(circuit, dialect)))
        assert_same(found.network, network)
        assert found.level == "opamp"
        assert found.opamp is OPAMPS[name]
        assert np.array_equal(found.initial, start)
        assert np.abs(found.offsets_v).max() > 0.0
        again = build_hopfield_circuit(found.network, found.initial, level="opamp", opamp=found.opamp, rng=3)
        assert [e for e in again.elements if e.letter == "x"] == [e for e in circuit.elements if e.letter == "x"]


def test_a_part_that_is_no_preset_comes_back_by_its_numbers():
    part = replace(PART, name="mine", gain=123457.0, bandwidth_hz=3.3e6, slew_v_s=1.7e6, headroom_v=0.3, rail_v=15.0)
    found = extract_network(read_netlist(netlist_text(build_hopfield_circuit(spins(0), level="opamp", opamp=part))))
    assert found.opamp == part
    renamed = (
        netlist_text(build_hopfield_circuit(spins(0), level="opamp"))
        .replace("lmv824", "other")
        .replace("neuron", "cell")
    )
    assert extract_network(read_netlist(renamed)).opamp is OPAMPS["lmv824"]


@pytest.mark.parametrize(("gain", "swing"), [(20.0, 1.0), (7.3, 0.9), (55.5, 2.0)])
def test_transistors_are_recognized_by_their_sizes(gain, swing):
    network = replace(spins(1), activation=Tanh(gain, swing))
    start = np.linspace(-0.01, 0.01, 8)
    found = extract_network(read_netlist(netlist_text(build_hopfield_circuit(network, start, level="transistor"))))
    assert_same(found.network, network)
    assert (found.level, found.opamp) == ("transistor", None)
    assert np.array_equal(found.initial, start)
    assert np.array_equal(network_from_circuit(build_hopfield_circuit(network, start, level="transistor"))[1], start)


def test_ideal_amplifiers_are_still_recognized():
    found = extract_network(build_hopfield_circuit(spins(2)))
    assert (found.level, found.opamp, found.offsets_v) == ("ideal", None, None)
    assert_same(found.network, spins(2))


@pytest.mark.parametrize(
    ("level", "old", "new", "rule"),
    [
        ("opamp", r"bs s 0 V=\{.*\}", "bs s 0 V={v(y)}", "limiter of subcircuit 'neuron.*' is no activation"),
        ("opamp", r"rfy y my", "rfy y mv", "subcircuit 'neuron.*' is wired or sized as no neuron is"),
        ("opamp", r"rfw w mw \S+", "rfw w mw 5.0", "is wired or sized as no neuron is"),
        ("opamp", r"rp p 0 \S+", "rp p plus 5.0", "subcircuit 'lmv824' is wired as no op-amp of ours"),
        ("opamp", r"bh vdd out .*", "bh vdd out I={v(p)}", "subcircuit 'lmv824' is no op-amp of ours"),
        ("opamp", r"x0 u0 v0( w0)? vdd vss", r"x0 u0 v0\1 vss vdd", "x0 has 'vss' where 'vdd' belongs"),
        ("opamp", r"x0 u0", "rq q 0 1.0\nx0 q", "x0 reads a node without a capacitor"),
        ("opamp", r"x1 u1 v1 ", "x1 u1 v0 ", "second amplifier"),
        ("transistor", r"mb b 0", "mb b u", "is wired or sized as no neuron is"),
        ("transistor", r"(mnv v xv vss vss nmos2u w=)\S+", r"\g<1>1e-05", "is wired or sized as no neuron is"),
        ("transistor", r"\brov v 0", "rovx v 0", "has no 'rov'"),
    ],
)
def test_cells_that_are_wired_otherwise_are_refused(level, old, new, rule):
    text = netlist_text(build_hopfield_circuit(spins(0, 4), level=level))
    assert extract_network(read_netlist(text)).network.size == 4
    changed = re.sub(old, new, text)
    assert changed != text
    with pytest.raises(ValueError, match=rule):
        extract_network(read_netlist(changed))


def test_flat_circuits_of_op_amps_are_not_guessed():
    with pytest.raises(ValueError, match=r"\w+ "):
        extract_network(flatten_circuit(build_hopfield_circuit(spins(0, 4), level="opamp")))
