"""The ledger's joules are those of the circuit: class by class, along the trajectory that the reads took."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_circuits import ACTIVATIONS, random_network

from circuits.energy.class_power import ClassMeter
from circuits.energy.ode_energy import AMPLIFIERS, LEAKS, SYNAPSES, Rails, energy_of_network, energy_of_trajectory
from hardware_targets.analog_circuit import trajectory_energy as joules
from hardware_targets.analog_circuit.readout import CUE
from hardware_targets.analog_circuit.target import DATA, AnalogCircuit
from neuromorph import Ising, Minimize, Recall, RecallFrom, Tsp, price
from neuromorph.analog import simulate
from neuromorph.analog.doubly_stochastic import sinkhorn
from neuromorph.analog.softassign import Softassign

RAIL = DATA["supply"].value / 2.0
RAILS = Rails(-RAIL, RAIL)


def glass(seed, n):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n))


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 7), which=st.integers(0, 3), as_sparse=st.booleans())
def test_classes_are_the_sums_of_their_elements(seed, n, which, as_sparse):
    """Signed asymmetric T, biases of both signs, unused inverters: a wrong sign or transpose fails."""
    network = random_network(seed, n, ACTIVATIONS[which], as_sparse=as_sparse)
    rails = Rails(-4.0, 4.0, 1e-6)
    u = np.random.default_rng(seed).normal(size=(2, 3, n))
    duration = 1e-3 * float(network.time_constants_s.min())  # so short that u stays, to 1e-3
    found = ClassMeter(network, rails).powers(u, network.voltages(u))
    for index in np.ndindex(2, 3):
        energy = energy_of_network(network, u[index], duration, rails=rails)
        burnt = energy.dissipated[AMPLIFIERS]
        expected = {
            "synapse": energy.totals()["dissipated"][SYNAPSES],
            "leak": energy.totals()["dissipated"][LEAKS],
            "output": sum(joule for name, joule in burnt.items() if name.startswith("bv")),
            "inverter": sum(joule for name, joule in burnt.items() if name.startswith("bw")),
            "bias": 4.0 * np.abs(network.currents).sum() * duration,
        }
        for name, joule in expected.items():
            assert getattr(found, name)[index] * duration == pytest.approx(
                joule, rel=0.02, abs=2e-3 * energy.dissipated_j
            )
    np.testing.assert_allclose(
        ClassMeter(network, rails).stored(u), 0.5 * (network.capacitances * u**2).sum(axis=-1), rtol=1e-12
    )


def entries(run, device):
    return {entry.what: entry.total for entry in price(run, device.costs()).entries}


def test_the_ledger_of_a_recall_is_what_the_rails_deliver():
    """Every class within 0.5 % of the balanced account; together: rails, bias sources and the loaded capacitors."""
    problem = Recall("memory", np.random.default_rng(0).choice([-1, 1], (3, 24)))
    device, task = AnalogCircuit(), problem.task(1, 0)
    program = device.program(problem)
    network = dataclasses.replace(program.state, currents=1e-7 * np.linspace(-1.0, 1.0, 24))
    run = device.run(dataclasses.replace(program, state=network), task, 1, 0)
    start = network.activation.inverse(CUE * network.activation.swing * task.cues(1, network.size)[0])
    seconds = float(run.activity["device_s"][0])
    energy, priced = energy_of_network(network, start, seconds, rails=RAILS), entries(run, device)
    totals, burnt = energy.totals(), energy.dissipated[AMPLIFIERS]
    expected = {
        "synapses": totals["dissipated"][SYNAPSES],
        "leaks": totals["dissipated"][LEAKS],
        "output stages of neurons": sum(joule for name, joule in burnt.items() if name.startswith("bv")),
        "output stages of inverters": sum(joule for name, joule in burnt.items() if name.startswith("bw")),
        "bias currents": RAIL * np.abs(network.currents).sum() * seconds,
    }
    for name, joule in expected.items():
        assert joule > 0.0
        assert priced[name].value == pytest.approx(joule, rel=5e-3), name
        assert priced[name].low < joule < priced[name].high
    loaded = 0.5 * float(network.capacitances @ start**2)
    into_biases = expected["bias currents"] - totals["delivered"]["bias currents"]  # what the sources burn
    together = sum(priced[name].value for name in (*expected, "charge on the capacitors"))
    assert together == pytest.approx(energy.delivered_j + into_biases + loaded, rel=2e-3)
    assert run.activity["drawn_j"][0] == pytest.approx(together)


def test_the_old_bound_was_wrong_by_as_much_as_it_is_now_known():
    """All synapses at full swing from one rail: the trajectory says what they really take."""
    device, asked = AnalogCircuit(), glass(2, 24)
    run = device.run(device.program(asked), Minimize(), 4, 0)
    siemens = np.abs(device.program(asked).state.conductances).sum()
    bound = siemens * RAIL * DATA["swing"].value * run.activity["device_s"]
    part = run.activity["drawn_j"] / bound
    assert ((part > 0.3) & (part < 2.0)).all()
    assert np.ptp(part) > 1e-3  # each read has its own


def test_an_anneal_is_looked_at_often_enough(monkeypatch):
    """Against a look at every step: noise lies between the looks, but no bias (at fixed seeds, 0.5 % seen)."""
    device, asked = AnalogCircuit(), glass(1, 30)
    program = device.program(asked)
    few = device.run(program, Minimize(), 20, 0)
    monkeypatch.setattr(joules.PowerProbe, "__call__", joules.PowerProbe._look)
    all_steps = device.run(program, Minimize(), 20, 0)
    assert np.array_equal(few.spins, all_steps.spins)
    for name in joules.EVENTS:
        assert few.activity[name].mean() == pytest.approx(all_steps.activity[name].mean(), rel=0.01), name
    np.testing.assert_allclose(few.activity["drawn_j"], all_steps.activity["drawn_j"], rtol=0.02)


def test_joules_of_an_anneal_at_rest_are_power_times_time():
    """Couplings and biases that pin every neuron: power at the end is nearly power throughout the second half."""
    device = AnalogCircuit(series=None)
    program = device.program(Ising(np.ones((6, 6)) - np.eye(6), 50.0 * np.ones(6)))
    network = program.state
    run = device.run(program, Minimize(), 1, 0)
    u = network.resistances * network.drive(np.full(6, network.activation.swing))
    power = ClassMeter(network, RAILS).powers(u, network.voltages(u))
    seconds = float(run.activity["device_s"][0])
    assert run.activity["leak_j"][0] == pytest.approx(float(power.leak) * seconds, rel=0.05)
    assert run.activity["synapse_j"][0] == pytest.approx(float(power.synapse) * seconds, rel=0.05)
    assert run.activity["charge_j"][0] == pytest.approx(0.5 * float(network.capacitances @ u**2), rel=0.05)


def test_joules_are_those_of_a_trajectory_by_cubics():
    """Another quadrature, of each single element, over a relaxation."""
    device = AnalogCircuit()
    network = device.program(glass(3, 10)).state
    cue = np.random.default_rng(3).choice([-1, 1], 10)
    run = device.run(device.program(glass(3, 10)), RecallFrom(cue), 1, 0)
    u = network.activation.inverse(CUE * network.activation.swing * cue)
    path = simulate(network, u, float(run.activity["device_s"][0]), samples=2001, rtol=1e-9, atol=1e-12)
    energy = energy_of_trajectory(path, rails=RAILS)
    assert run.activity["synapse_j"][0] == pytest.approx(energy.totals()["dissipated"][SYNAPSES], rel=5e-3)
    assert run.activity["leak_j"][0] == pytest.approx(energy.totals()["dissipated"][LEAKS], rel=5e-3)


# Tours: no trajectory is needed.


@pytest.mark.parametrize("n", [6, 12])
def test_the_drivers_current_is_the_same_at_every_moment_of_a_tour(n):
    """2 sum G x swing for whatever U, as rows and columns add to 1; the self-coupling stays within the range given."""
    rng = np.random.default_rng(n)
    problem, device = Tsp.from_coordinates(rng.random((n, 2))), AnalogCircuit()
    program = device.program(problem)
    siemens, swing = program.state.conductances, DATA["swing"].value
    system = Softassign(program.state.held)
    for sharpness in (0.1, 5.0, 40.0):
        v = swing * sinkhorn(sharpness * rng.normal(size=(n, n)))
        drivers = np.roll(v, 1, axis=1) + np.roll(v, -1, axis=1)
        assert (siemens @ drivers).sum() == pytest.approx(2.0 * siemens.sum() * swing, rel=1e-9)
    run = device.run(program, Minimize(), 2, 0)
    drawn = entries(run, device)["distances of a tour"].value / 2
    assert drawn == pytest.approx(2.0 * siemens.sum() * swing * DATA["supply"].value * run.activity["device_s"][0])
    assert run.activity["drawn_j"] == pytest.approx(drawn)
    per_distance = siemens.sum() / program.state.held.sum()
    mean_coupling = np.mean(system.coupling(np.linspace(0.0, system.duration_tau, 1001))) * n
    more = mean_coupling * system.unit * per_distance * swing / (2.0 * siemens.sum() * swing)
    assert 1.02 * (1.0 + more) <= DATA["tour_drive"].high / DATA["tour_drive"].value


def test_the_ledger_says_what_is_simulated_and_what_is_from_data_sheets():
    device = AnalogCircuit()
    run = device.run(device.program(glass(1, 5)), Minimize(), 1, 0)
    found = {entry.what: entry for entry in price(run, device.costs()).entries}
    assert "data sheet" in found["amplifiers"].source
    assert "simulated trajectory" in found["synapses"].source
    assert {entry.kind for entry in found.values() if entry.what.startswith("output")} == {"modelled"}
    assert all(entry.unit.low <= entry.unit.value <= entry.unit.high for entry in found.values())
