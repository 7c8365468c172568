"""Transconductors and the overlap bus against the differential equation, which knows neither."""

import numpy as np
import pytest
from scipy import sparse
from scipy.integrate import solve_ivp
from test_circuits import random_network

from circuits import build_hopfield_circuit, installed_engines, simulate_circuit
from circuits.netlist.circuit import Resistor, Transconductor
from circuits.synthesis.synapses import find_overlaps, overlap_circuit, transconductor_circuit
from neuromorph import Ising
from neuromorph.analog import AnalogNetwork, Logistic, Tanh

ENGINES = installed_engines()
every_engine = pytest.mark.parametrize("engine", ENGINES)


def memory(n, p, seed=0, activation=None, self_coupling=0.0):
    """(network, patterns, start at a quarter of wrong bits) of p patterns by Hebb's rule."""
    rng = np.random.default_rng(seed)
    patterns = rng.choice([-1, 1], (p, n))
    couplings = patterns.T @ patterns / n
    np.fill_diagonal(couplings, 0.0)
    network = AnalogNetwork.from_ising(Ising(couplings, rng.normal(size=n) / n), activation or Tanh(20.0))
    if self_coupling:
        t = network.conductances + np.diag(np.full(n, self_coupling))
        network = AnalogNetwork(t, network.resistances, network.capacitances, network.currents, network.activation)
    g = network.activation
    wrong = np.where(rng.random(n) < 0.25, -1, 1)
    return network, patterns, g.inverse((g.high + g.low) / 2 + 0.45 * (g.high - g.low) * patterns[0] * wrong)


def assert_follows(network, circuit, start, engine, within):
    """V(t) of the engine within a fraction of full scale of the ODE at 1e-9."""
    waves = simulate_circuit(circuit, engine)
    g, span = network.activation, (0.0, circuit.analysis.stop_s)
    tolerances = {"rtol": 1e-9, "atol": 1e-10 * g.swing / g.gain}
    solved = solve_ivp(network.rhs, span, start, method="DOP853", dense_output=True, **tolerances)
    expected = g.value(solved.sol(waves.times).T)
    got = waves.of([f"v{i}" for i in range(network.size)])
    assert np.abs(got - expected).max() <= within * (g.high - g.low)
    return waves, expected


@every_engine
@pytest.mark.parametrize("as_sparse", [False, True])
def test_transconductors_follow_the_differential_equation(engine, as_sparse):
    """Asymmetric, both signs, self-coupling, biases: a transposed or inverted synapse shows at once."""
    network = random_network(3, 7, as_sparse=as_sparse)
    start = np.random.default_rng(0).uniform(-0.3, 0.3, 7)
    assert_follows(network, transconductor_circuit(network, start), start, engine, 1e-4)


@every_engine
def test_synapses_that_do_not_load_allow_what_resistors_do_not(engine):
    """R_i above 1 / sum_j |T_ij|: no passive circuit has it."""
    t = np.array([[0.0, 1e-5], [-1e-5, 2e-6]])
    network = AnalogNetwork(t, 1e6, 1e-10, 1e-8, Tanh(2.0))
    with pytest.raises(ValueError, match="no passive circuit"):
        build_hopfield_circuit(network)
    start = np.array([0.1, -0.2])
    circuit = transconductor_circuit(network, start, duration_s=2e-4, step_s=5e-8)
    assert sum(isinstance(e, Transconductor) for e in circuit.elements) == 3
    assert_follows(network, circuit, start, engine, 1e-4)


@every_engine
@pytest.mark.parametrize(
    ("p", "activation", "self_coupling"), [(3, None, 0.0), (1, Tanh(15.0, 2.0), 3e-6), (4, Logistic(60.0, 1.0), -1e-6)]
)
def test_the_overlap_bus_follows_the_differential_equation_and_shows_the_overlaps(engine, p, activation, self_coupling):
    """32 neurons, with the rails about 0 and not, with self-coupling of either sign; m is Xi V / N."""
    network, patterns, start = memory(32, p, 1, activation, self_coupling)
    circuit = overlap_circuit(network, patterns, start)
    sources = sum(isinstance(e, Transconductor) for e in circuit.elements)
    assert 2 * 32 * p <= sources <= 2 * 32 * p + 32
    waves, expected = assert_follows(network, circuit, start, engine, 1e-4)
    overlaps = waves.of([f"m{k}" for k in range(p)])
    full = network.activation.high - network.activation.low
    np.testing.assert_allclose(overlaps, expected @ patterns.T / 32, rtol=0, atol=1e-4 * full)


@pytest.mark.parametrize("engine", [name for name in ENGINES if name == "ngspice"])
def test_1024_neurons_run_through_8_buses(engine):
    """17,408 sources where there would be a million resistors; steps of tau / 20."""
    network, patterns, start = memory(1024, 8)
    step = float(network.time_constants_s.min()) / 20
    circuit = overlap_circuit(network, patterns, start, step_s=step, reltol=1e-6)
    waves, _ = assert_follows(network, circuit, start, engine, 5e-4)
    assert waves.of(["m0"])[-1, 0] > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("engine", [name for name in ENGINES if name == "ngspice"])
def test_1024_neurons_meet_the_bound_of_small_networks(engine):
    network, patterns, start = memory(1024, 8)
    assert_follows(network, overlap_circuit(network, patterns, start), start, engine, 1e-4)


def test_the_factors_are_those_of_the_matrix():
    network, patterns, _ = memory(20, 3, self_coupling=2e-6)
    found = find_overlaps(network, patterns)
    made = found.strength_s * patterns.T @ patterns + np.diag(found.diagonal_s)
    np.testing.assert_allclose(made, network.conductances, rtol=0, atol=1e-12 * np.abs(made).max())
    sparse_one = AnalogNetwork(
        sparse.csr_array(network.conductances),
        network.resistances,
        network.capacitances,
        network.currents,
        network.activation,
    )
    assert find_overlaps(sparse_one, patterns).strength_s == pytest.approx(found.strength_s, rel=1e-12)


def test_another_matrix_is_refused():
    """A pattern forgotten, a synapse rounded, a pattern too short."""
    network, patterns, start = memory(20, 3)
    with pytest.raises(ValueError, match=r"Hebb's rule for these 2 patterns; give all patterns"):
        overlap_circuit(network, patterns[:2], start)
    t = network.conductances.copy()
    t[2, 5] *= 1.001
    spoilt = AnalogNetwork(t, network.resistances, network.capacitances, network.currents, network.activation)
    with pytest.raises(ValueError, match="unrounded"):
        overlap_circuit(spoilt, patterns, start)
    with pytest.raises(ValueError, match=r"patterns have shape \(3, 19\); expected \(P, 20\)"):
        overlap_circuit(network, patterns[:, 1:], start)
    with pytest.raises(ValueError, match=r"initial has shape \(3,\)"):
        overlap_circuit(network, patterns, start[:3])


def test_each_neuron_has_its_whole_resistance():
    network, patterns, _ = memory(12, 2)
    for circuit in (transconductor_circuit(network), overlap_circuit(network, patterns)):
        held = {e.a: e.ohm for e in circuit.elements if isinstance(e, Resistor) and e.a.startswith("u")}
        assert held == {f"u{i}": network.resistances[i] for i in range(12)}
