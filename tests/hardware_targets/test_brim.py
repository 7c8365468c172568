"""Bistable nodes with resistors between them: the model, its circuit in ngspice, energy, the target."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import neuromorph as nm
from circuits import installed_engines, lint, read_netlist, simulate_circuit
from hardware_targets.oscillators import BistableNetwork, Brim, bistable_circuit, simulate_voltages
from neuromorph import exact
from neuromorph.protocol import DoesNotFit
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.testing.models import glass

PARTS = {"coupling_ohm": 3e5, "capacitance_f": 5e-14, "swing_v": 0.5}


def cut(n, seed):
    """A weighted max-cut with a bias on one node, which takes the symmetry away."""
    rng = np.random.default_rng(seed)
    weights = np.triu(rng.random((n, n)) < 0.5, 1) * rng.integers(1, 4, (n, n))
    return nm.Ising(-(weights + weights.T).astype(float), np.r_[1.0, np.zeros(n - 1)])


def start(reads, n, seed=1):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (reads, n)), kernel_states(read_seeds(seed, reads))


def test_the_lyapunov_function_descends():
    network = BistableNetwork.of_ising(glass(3, 10))
    volts, streams = start(20, 10)
    last = network.lyapunov(volts, 2.0)
    for _ in range(30):
        simulate_voltages(network, volts, streams, 0.2, gain=(2.0, 2.0), step=0.01)
        now = network.lyapunov(volts, 2.0)
        assert (now <= last + 1e-9).all()
        last = now


def test_it_is_the_gradient_that_voltages_follow():
    network = BistableNetwork.of_ising(glass(4, 6))
    volts, _ = start(5, 6)
    for i in range(6):
        up, down = volts.copy(), volts.copy()
        up[:, i] += 1e-5
        down[:, i] -= 1e-5
        slope = (network.lyapunov(up, 1.5) - network.lyapunov(down, 1.5)) / 2e-5
        assert network.rate(volts, 1.5)[:, i] == pytest.approx(-slope, abs=1e-7)


def test_at_the_swing_it_is_the_ising_energy():
    ising = cut(7, 3)
    states = exact.spins_of(np.arange(128), 7)
    network = BistableNetwork.of_ising(ising)
    largest = abs(ising.dense_couplings()).max()
    found = network.lyapunov(states.astype(float), 0.0)
    energies = ising.energy(states) / largest
    assert found - energies == pytest.approx(np.full(128, found[0] - energies[0]))


@pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_ngspice_ends_where_the_equation_does(seed):
    """A max-cut of 8 nodes, differential circuit: 1e-4 of the swing on the way, 1e-6 at the end, and the same cut.

    Both solvers resolve far more than that: LSODA at 1e-10, ngspice at 1e-6 of a step.
    """
    network = BistableNetwork.of_ising(cut(8, seed))
    first, gain, duration = 0.01 * start(1, 8, seed)[0][0], (0.0, 0.5 * float(network.loads.max())), 40.0
    circuit = bistable_circuit(network, first, duration, gain=gain, **PARTS)
    waves = simulate_circuit(circuit, "ngspice")
    rails = [waves.of([f"{rail}{i}" for i in range(8)]) for rail in "pm"]
    found = (rails[0] - rails[1]) / PARTS["swing_v"]
    times = np.minimum(waves.times / (PARTS["coupling_ohm"] * PARTS["capacitance_f"]), duration)

    def rate(t, v):
        return network.rate(v[None], gain[1] * t / duration)[0]

    ode = solve_ivp(rate, (0.0, duration), first, method="LSODA", rtol=1e-10, atol=1e-14, t_eval=times).y.T
    assert np.abs(found - ode).max() < 1e-4
    assert np.abs(found[-1] - ode[-1]).max() < 1e-6
    assert (np.sign(found[-1]) == np.sign(ode[-1])).all()
    assert np.abs(rails[0] + rails[1]).max() < 1e-6  # p and m stay opposed
    kernel, streams = first[None].copy(), kernel_states(read_seeds(0, 1))
    simulate_voltages(network, kernel, streams, duration, gain=gain, step=0.001)
    assert kernel[0] == pytest.approx(ode[-1], abs=1e-3)


def test_the_netlist_can_be_taken_away():
    device = Brim()
    text = device.files(device.program(cut(6, 1)))["netlist.cir"]
    circuit = read_netlist(text)
    assert not [each for each in lint(text) if getattr(each, "severity", "error") == "error"]
    kinds = [element.letter for element in circuit.elements]
    network = device.program(cut(6, 1)).state
    assert kinds.count("r") == network.couplings.nnz + 2
    assert kinds.count("c") == 12
    huge = BistableNetwork.of_ising(nm.Ising(np.ones((600, 600)) - np.eye(600)))
    with pytest.raises(DoesNotFit, match="300000 resistors"):
        bistable_circuit(huge, np.zeros(600), 1.0, gain=(0.0, 1.0), **PARTS)


def test_energy_lost_is_that_of_the_resistors():
    """One node on a rail charges its capacitor: C V_s^2 / 2 is lost on the way, whatever the resistor."""
    network = BistableNetwork.of_ising(nm.Ising([[0.0]], [2.0]))
    volts, streams = np.zeros((1, 1)), kernel_states(read_seeds(0, 1))
    counts = simulate_voltages(network, volts, streams, 20.0, gain=(0.0, 0.0), step=0.001)
    assert volts[0, 0] == pytest.approx(1.0, abs=1e-6)
    assert counts.lost == pytest.approx([0.5], rel=2e-3)


def test_thermal_noise_is_k_t_over_c():
    network = BistableNetwork.of_ising(nm.Ising([[0.0]], [1.0]))
    volts, streams = np.ones((4000, 1)), kernel_states(read_seeds(3, 4000))
    simulate_voltages(network, volts, streams, 6.0, gain=(0.0, 0.0), heat=0.01, step=0.02)
    assert volts.var() == pytest.approx(0.01, rel=0.12)


def test_forced_flips_are_counted_and_die_out():
    network = BistableNetwork.of_ising(cut(10, 4))
    volts, streams = start(50, 10)
    counts = simulate_voltages(network, volts, streams, 40.0, gain=(0.0, 2.0), flips=0.2)
    assert counts.flips.mean() == pytest.approx(0.5 * 0.2 * 10 * 40.0, rel=0.1)


def test_it_cuts_far_better_than_by_chance():
    problem = cut(12, 5)
    device = Brim()
    run = device.run(device.program(problem), nm.Minimize(), 40, 1)
    lowest = exact.all_energies(problem).min()
    assert (run.energies <= lowest + 1e-9).mean() > 0.25
    assert run.converged.mean() > 0.5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"time_constants": 0.0}, "time_constants is 0"), ({"gain": -1.0}, "gain is -1"),
        ({"flips": -1.0}, "0 or more"), ({"noise": -0.1}, "0 or more"), ({"weight_levels": 0}, "weight_levels is 0"),
    ],
)  # fmt: skip
def test_parameters_that_make_no_sense(given, said):
    with pytest.raises(ValueError, match=said):
        Brim(**given)
