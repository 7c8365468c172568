"""Circuits of many neurons: steps by their error, transconductors as a netlist, and the way back."""

import re
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest
from scipy import sparse
from test_synapses import ENGINES, assert_follows, memory

from circuits import (
    build_hopfield_circuit,
    certify,
    extract_network,
    netlist_text,
    problem_netlist,
    read_netlist,
    simulate_circuit,
    transconductor_netlist,
)
from circuits.certificate.circuit_certificate import certify_circuit
from circuits.netlist.circuit import Resistor, Transconductor, Transient
from circuits.spice.dialects import DIALECTS
from circuits.synthesis import hopfield_circuit as rule
from circuits.synthesis.problem_circuit import problem_components
from circuits.synthesis.synapses import transconductor_circuit
from neuromorph import Ising, Recall
from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.problems import Tsp

NGSPICE = pytest.mark.skipif("ngspice" not in ENGINES, reason="ngspice is not installed")


def ring(n, seed=0):
    """A random ring with chords: every neuron has four synapses."""
    rng = np.random.default_rng(seed)
    j = sparse.lil_array((n, n))
    for i in range(n):
        for k in (1, 9):
            j[i, (i + k) % n] = j[(i + k) % n, i] = rng.choice([-1.0, 1.0])
    return Ising(sparse.csr_array(j))


def test_few_neurons_keep_their_steps_and_many_have_those_that_their_error_allows():
    few = build_hopfield_circuit(AnalogNetwork.from_ising(ring(rule.MANY))).analysis
    many = build_hopfield_circuit(AnalogNetwork.from_ising(ring(rule.MANY + 1)))
    assert few.largest_s is None
    assert few.reltol == rule.RELTOL
    assert few.chgtol_c is None
    assert many.analysis.chgtol_c == pytest.approx(1e-9 * 2.0 / 50.0 / 40.0)  # of 1 nF, rails -1 .. 1 V and gain 50
    tau = 1.0 / (2 * 1e-5 * 2 + 1e-6) * 1e-9
    assert many.analysis.largest_s == pytest.approx(tau)
    assert many.analysis.step_s == pytest.approx(tau / 50)
    assert many.comments[-1] == rule.STEPS_NOTE
    parts = build_hopfield_circuit(AnalogNetwork.from_ising(ring(rule.MANY + 1)), level="opamp").analysis
    assert (parts.largest_s, parts.chgtol_c) == (None, None)
    asked = build_hopfield_circuit(AnalogNetwork.from_ising(ring(rule.MANY + 1)), reltol=1e-6).analysis
    assert (asked.largest_s, asked.reltol) == (many.analysis.largest_s, 1e-6)
    fixed = build_hopfield_circuit(AnalogNetwork.from_ising(ring(rule.MANY + 1)), step_s=tau / 10).analysis
    assert (fixed.step_s, fixed.largest_s, fixed.chgtol_c) == (tau / 10, None, None)


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_the_largest_step_is_written_and_read_back(name):
    circuit = build_hopfield_circuit(AnalogNetwork.from_ising(ring(130)))
    analysis = read_netlist(netlist_text(circuit, DIALECTS[name]), DIALECTS[name]).analysis
    asked = circuit.analysis
    assert analysis.chgtol_c == (asked.chgtol_c if name == "ngspice" else None)
    if name in ("ngspice", "xyce"):
        assert (analysis.step_s, analysis.largest_s) == (asked.step_s, asked.largest_s)
    else:  # neospice has no such step, LTspice no other
        assert analysis.largest_s is None
        assert analysis.step_s == (asked.step_s if name == "neospice" else asked.largest_s)


def test_steps_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match=r"largest_s is 0\.5"):
        Transient(1.0, 2.0, largest_s=0.5)
    with pytest.raises(ValueError, match=r"chgtol_c is 0\.0"):
        Transient(1.0, 2.0, chgtol_c=0.0)


@NGSPICE
@pytest.mark.parametrize(("kind", "gain"), [("memory", 20.0), ("memory", 50.0), ("glass", 20.0)])
def test_steps_of_their_error_follow_the_differential_equation(monkeypatch, kind, gain):
    """30 R C of 40 neurons within 1e-4 of full scale, in two thirds of the points or fewer."""
    if kind == "memory":
        network, _, start = memory(40, 3, activation=Tanh(gain))
    else:
        j = np.triu(np.random.default_rng(7).normal(size=(40, 40)), 1)
        network = AnalogNetwork.from_ising(Ising(j + j.T), Tanh(gain))
        start = np.random.default_rng(3).uniform(-0.1, 0.1, 40) / gain
    length = 30.0 * float(network.time_constants_s.max())
    small = simulate_circuit(build_hopfield_circuit(network, start, duration_s=length), "ngspice")
    monkeypatch.setattr(rule, "MANY", 1)
    waves, _ = assert_follows(
        network, build_hopfield_circuit(network, start, duration_s=length), start, "ngspice", 1e-4
    )
    assert len(waves.times) < len(small.times) * 2 / 3


@NGSPICE
def test_a_network_of_many_neurons_is_certified():
    network = AnalogNetwork.from_ising(ring(132), Tanh(20.0))
    certificate = certify(network, duration_s=2.0 * float(network.time_constants_s.max()), engines=["ngspice"])
    assert certificate.passed


def test_transconductors_are_the_same_network_as_the_resistors():
    problem = Recall("memory", np.random.default_rng(0).choice([-1, 1], (2, 20)))
    parts = extract_network(read_netlist(problem_netlist(problem))).network
    circuit = read_netlist(transconductor_netlist(problem))
    found = extract_network(circuit)
    np.testing.assert_allclose(found.network.conductances, parts.conductances, rtol=1e-11)
    np.testing.assert_allclose(found.network.resistances, parts.resistances, rtol=1e-9)
    np.testing.assert_allclose(found.network.currents, parts.currents, rtol=1e-9)
    np.testing.assert_array_equal(found.initial, problem_components(problem)[1])
    kinds = {type(element) for element in circuit.elements}
    assert Transconductor in kinds
    assert sum(isinstance(element, Resistor) for element in circuit.elements) == 40  # leaks and loads


@NGSPICE
def test_a_netlist_of_transconductors_runs_and_is_certified():
    problem = Recall("memory", np.random.default_rng(0).choice([-1, 1], (2, 16)))
    circuit = read_netlist(transconductor_netlist(problem))
    assert certify_circuit(circuit, engines=["ngspice"]).passed


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_transconductors_are_written_in_every_dialect(name):
    text = transconductor_netlist(ring(20), dialect=name)
    assert "synapses: transconductors" in text
    assert read_netlist(text, DIALECTS[name]).elements


def test_a_small_tour_has_no_transconductors():
    cities = np.random.default_rng(0).random((7, 2))
    with pytest.raises(ValueError, match="anneals a tour"):
        transconductor_netlist(Tsp("seven", cities))


def test_the_command_writes_either_form_and_says_what_does_not_go_together(tmp_path):
    (tmp_path / "g.txt").write_text("3 3\n1 2 1\n2 3 1\n1 3 -1\n")

    def run(*words):
        command = [sys.executable, "-m", "neuromorph", "netlist", "g.txt", "--kind", "maxcut", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert run("--synapses", "transconductors").stdout.count("\ng") == 6
    refused = run("--synapses", "transconductors", "--level", "opamp")
    assert refused.returncode == 2
    assert "leave --level" in refused.stderr


@pytest.mark.slow
def test_1024_neurons_all_with_all_become_text():
    j = np.triu(np.random.default_rng(0).choice([-1.0, 1.0], (1024, 1024)), 1)
    text = problem_netlist(Ising(j + j.T), series="exact")
    assert sum(line.startswith("r") for line in text.splitlines()) >= 1024 * 1023
    assert ".tran" in text


@NGSPICE
@pytest.mark.slow
def test_a_lattice_of_1024_neurons_follows_the_differential_equation():
    """30 R C from a cue with a fifth of wrong bits."""
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(32, 32, periodic=True))
    rng = np.random.default_rng(0)
    pattern = rng.choice([-1.0, 1.0], 1024)
    bonds = sparse.coo_array(nx.to_scipy_sparse_array(graph, dtype=float))
    j = sparse.csr_array((pattern[bonds.row] * pattern[bonds.col], (bonds.row, bonds.col)), shape=(1024, 1024))
    network = AnalogNetwork.from_ising(Ising(j))
    start = network.activation.inverse(0.9 * pattern * np.where(rng.random(1024) < 0.2, -1.0, 1.0))
    length = 30.0 * float(network.time_constants_s.max())
    assert_follows(network, build_hopfield_circuit(network, start, duration_s=length), start, "ngspice", 1e-4)


def test_ngspice_is_asked_for_klu_where_every_source_has_a_load():
    """An option that ngspice 39 ignores; the deck is read back as it was written."""
    j = np.triu(np.random.default_rng(0).choice([-1.0, 1.0], (64, 64)), 1)
    dense = build_hopfield_circuit(AnalogNetwork.from_ising(Ising(j + j.T)))
    sparse_one = transconductor_circuit(AnalogNetwork.from_ising(ring(200)))
    for circuit in (dense, sparse_one):
        text = netlist_text(circuit)
        assert re.search(r"^\.options reltol=\S+ vntol=\S+ abstol=\S+( chgtol=\S+)? klu$", text, re.MULTILINE)
        assert netlist_text(read_netlist(text)) == text
    for name in ("neospice", "xyce", "ltspice"):
        assert "klu" not in netlist_text(dense, DIALECTS[name])
    for without in (ring(200), Ising(-np.ones((64, 64)) + np.eye(64))):  # outputs that only an inverter reads
        assert "klu" not in netlist_text(build_hopfield_circuit(AnalogNetwork.from_ising(without)))
    few = transconductor_circuit(AnalogNetwork.from_ising(ring(20)))
    assert "klu" not in netlist_text(few)
