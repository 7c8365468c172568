"""ODE and SPICE on one network: the certificate holds for what is right and fails for what is wrong."""

import dataclasses

import numpy as np
import pytest
from test_circuits import ACTIVATIONS, ToyProblem, hebbian, random_network

from circuits import EngineError, certify, certify_problem, installed_engines, problem_netlist
from circuits.certificate import certify as certificate
from circuits.certificate import engine_comparison
from circuits.certificate.certificate import OutputTrace
from circuits.certificate.sensitivity import ends_on_saddle
from circuits.netlist.circuit import Resistor
from circuits.synthesis.problem_network import problem_network
from neuromorph import DoesNotFit, MaxCut, Recall, Tsp
from neuromorph.analog import AnalogNetwork, Tanh

ENGINES = installed_engines()
FAST = [name for name in ENGINES if name != "pyspice"]  # ngspice once more
KEYS = ["version", "trajectory_error", "final_error", "same_attractor", "energy_error", "energy_rise", "balance"]
KEYS += ["supply_error", "alignment"]


def recall(n, seed=0):
    return Recall("memory", np.random.default_rng(seed).choice([-1, 1], (3, n)))


def test_32_neurons_recall_alike_in_the_ode_and_in_every_engine():
    """The promise: 1e-4 of full scale with each engine that is there."""
    assert ENGINES
    found = certify_problem(recall(32)).to_dict()
    assert found["neurons"] == 32
    assert list(found["engines"]) == ENGINES
    for result in found["engines"].values():
        assert list(result) == KEYS
        assert 0 < result["trajectory_error"] <= 1e-4
        assert 0 <= result["final_error"] <= 1e-6
        assert result["same_attractor"] is True
        assert 0 < result["energy_error"] <= 1e-4
        assert 0 <= result["energy_rise"] <= 1e-12
        assert 0 < result["balance"]["imbalance"] <= 1e-6
        assert 0 < result["supply_error"] <= 1e-4
    assert found["ode"]["balance"]["imbalance"] <= 1e-12
    assert found["ode"]["energy_rise"] <= 1e-12
    assert (found["passed"], found["exit_status"]) == (True, 0)


@pytest.mark.parametrize("gain", [4.0, 20.0, 50.0])
def test_a_start_at_the_saddle_is_followed_as_well(gain):
    """From near the middle of the rails every error grows until the outputs reach their rails."""
    for result in certify(AnalogNetwork.from_ising(hebbian(8, 2), Tanh(gain)), rng=3).engines.values():
        assert result.trajectory_error <= 1e-4
        assert result.same_attractor


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_certifies_on_a_network_without_symmetry(activation):
    for result in certify(random_network(5, 6, activation), engines=FAST).engines.values():
        assert result.trajectory_error <= 1e-4
        assert result.energy_error is None


@pytest.mark.parametrize("engine", FAST)
def test_the_error_falls_with_the_step_squared(engine):
    """The trapezoidal rule has order 2: what is left is the integration, not a difference of the circuits."""
    network = AnalogNetwork.from_ising(hebbian(8, 2), Tanh(4.0))
    tau = network.time_constants_s.min()
    errors = [
        certify(network, step_s=tau / k, reltol=1e-3, engines=[engine]).engines[engine].trajectory_error
        for k in (100, 200, 400)
    ]
    assert np.all(np.abs(np.log2(np.array(errors[:-1]) / errors[1:]) - 2.0) < 0.25)
    fine = certify(network, step_s=tau / 250, reltol=1e-9, engines=[engine]).engines[engine]
    assert fine.trajectory_error <= 3e-6


@pytest.mark.parametrize("mutant", ["rail", "value", "dropped", "transposed"])
def test_a_wrong_circuit_does_not_certify(mutant, monkeypatch):
    """One resistor of 64 on the wrong rail, 2 % off, missing, or fed by the wrong neuron."""
    real = certificate.build_hopfield_circuit

    def broken(network, *args, **options):
        if mutant == "transposed":
            t = network.conductances
            return real(dataclasses.replace(network, conductances=t.T), *args, **options)
        circuit = real(network, *args, **options)
        k = next(k for k, e in enumerate(circuit.elements) if isinstance(e, Resistor) and e.b.startswith("v"))
        old = circuit.elements[k]
        change = {"rail": {"b": "w" + old.b[1:]}, "value": {"ohm": 1.02 * old.ohm}, "dropped": {"b": "0", "ohm": 1e12}}
        new = dataclasses.replace(old, **change[mutant])
        return dataclasses.replace(circuit, elements=(*circuit.elements[:k], new, *circuit.elements[k + 1 :]))

    rng = np.random.default_rng(1)
    t = rng.normal(size=(8, 8)) * 1e-5
    network = AnalogNetwork(t, 1.0 / np.maximum(abs(t).sum(axis=0), abs(t).sum(axis=1)), 1e-9, 0.0, Tanh(4.0))
    monkeypatch.setattr(certificate, "build_hopfield_circuit", broken)
    for result in certify(network).engines.values():
        assert result.trajectory_error > 1e-3


def test_an_amplifier_that_leaves_its_rails_does_not_certify(monkeypatch):
    """Its outputs end at twice the rail: nothing between the engine and the verdict may cut them back."""
    network = AnalogNetwork([[3e-5]], 3e4, 1e-9, 0.0, Tanh(50.0))
    real = engine_comparison.simulate_circuit

    def doubled(*args, **options):
        waves = real(*args, **options)
        return dataclasses.replace(waves, voltages=2.0 * waves.voltages)

    monkeypatch.setattr(engine_comparison, "simulate_circuit", doubled)
    for result in certify(network, [0.5]).engines.values():
        assert result.final_error == pytest.approx(0.5, abs=1e-3)
        assert result.trajectory_error >= result.final_error


@pytest.mark.parametrize("when", ["at first", "at a finer step", "always, all of them"])
def test_an_engine_that_fails_does_not_cost_the_others_their_results(monkeypatch, when):
    network, real, calls = AnalogNetwork([[3e-5]], 3e4, 1e-9, 0.0, Tanh(50.0)), engine_comparison.simulate_circuit, []

    def failing(circuit, name, **options):
        calls.append(name)
        bad = {"at first": True, "at a finer step": calls.count(name) > 1}.get(when, True)
        if bad and (name == "broken" or when.startswith("always")):
            raise EngineError(f"{name} crashed")
        return real(circuit, ENGINES[0], **options)

    monkeypatch.setattr(engine_comparison, "simulate_circuit", failing)
    monkeypatch.setattr(engine_comparison, "require_engines", lambda names: None)
    engines = ["broken", ENGINES[0]]
    if when.startswith("always"):
        with pytest.raises(EngineError, match=f"broken: broken crashed; {ENGINES[0]}: {ENGINES[0]} crashed"):
            certify(network, [0.5], engines=engines)
        return
    certificate = certify(network, [0.5], engines=engines, refine=True)
    found = certificate.to_dict()
    assert list(found["failures"]) == ["broken"]
    assert found["failures"]["broken"].endswith("broken crashed")
    assert list(found["engines"]) == ([ENGINES[0]] if when == "at first" else engines)
    assert list(found["refinement"]["engines"]) == [ENGINES[0]]
    assert not certificate.passed
    assert [(check.of, check.what) for check in certificate.checks() if not check.ok] == [("broken", "failed")]


def test_certifying_needs_an_engine_and_a_circuit_of_sensible_size(monkeypatch):
    with pytest.raises(DoesNotFit, match=r"600 neurons.*at most 512.*or synapses 'overlaps', which go up to 2048"):
        certify_problem(recall(600), synapses="resistors")
    with pytest.raises(DoesNotFit, match=r"90000 resistors.*at most 512 and 66000"):
        certify_problem(ToyProblem("dense", size=300))
    with pytest.raises(ValueError, match="engine is 'hspice'"):
        certify(AnalogNetwork.from_ising(hebbian(4, 2)), engines=["hspice"])
    with monkeypatch.context() as patch:  # the first of them may take minutes
        patch.setattr(engine_comparison, "simulate_circuit", lambda *_, **__: pytest.fail("ran"))
        with pytest.raises(ValueError, match="engine is 'hspice'"):
            certify(AnalogNetwork.from_ising(hebbian(4, 2)), engines=[*ENGINES, "hspice"])
    monkeypatch.setattr(engine_comparison, "installed_engines", list)
    with pytest.raises(EngineError, match="ngspice"):
        certify(AnalogNetwork.from_ising(hebbian(4, 2)))


def test_real_problems_become_netlists_and_certificates():
    """A memory, a cut and a tour, each through its own Ising form."""
    cities = np.random.default_rng(0).random((3, 2))
    for problem in (
        recall(9),
        MaxCut.from_edges(8, [(k, (k + 1) % 8) for k in range(8)]),
        Tsp.from_coordinates(cities),
    ):
        assert problem_netlist(problem, series="E96").startswith("* neuromorph: ")
        for result in certify_problem(problem, engines=FAST).engines.values():
            assert result.trajectory_error <= 1e-4


def test_errors_are_the_largest_of_any_neuron_at_any_time_of_full_scale():
    expected = np.zeros((3, 4))
    got = expected.copy()
    got[1, 2], got[2, 0] = -0.4, 0.1  # of rails -1 .. 3 V, whose middle is 1 V
    result = engine_comparison._result(OutputTrace(np.arange(3.0), got, expected, (-1.0, 3.0)))
    assert (result.trajectory_error, result.final_error, result.same_attractor) == (0.1, 0.025, True)
    got[2, 3] = 1.1
    assert not engine_comparison._result(OutputTrace(np.arange(3.0), got, expected, (-1.0, 3.0))).same_attractor


@pytest.mark.parametrize("level", ["ideal", "opamp", "transistor", "board"])
def test_a_run_that_starts_on_a_saddle_is_no_verdict(level):
    """Two neurons that hold each other and start opposed end in the middle; offsets decide where parts go."""
    apart = Recall("apart", [[1, 1, 1, -1, -1, 1, 1, 1], [1, 1, 1, -1, -1, -1, 1, -1]], cue=[1, 1, 1, -1, -1, 1, 1, 1])
    network, start, _ = problem_network(apart, rng=0, most_neurons=8, most_resistors=100)
    start = start.copy()
    start[7] = -start[5]
    with pytest.raises(ValueError, match=r"ends on a saddle between attractors.*--seed"):
        certify(network, start, level=level, engines=FAST[:1])
    assert not ends_on_saddle(network, network.activation.inverse(np.array([0.99] * 8)))  # no place of rest
