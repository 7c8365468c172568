"""The annealing circuit of a tour: its elements are its equations, SPICE follows them, and the end is a good tour."""

from itertools import permutations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from test_circuits import kirchhoff

from circuits import certify_problem, installed_engines, problem_netlist, simulate_circuit
from circuits.synthesis.component_values import round_to_series
from circuits.synthesis.tour_circuit import TourCircuit
from neuromorph import Tsp
from neuromorph.analog.softassign import Softassign

ENGINES = installed_engines()


def cities(n, seed=0):
    return Tsp.from_coordinates(np.random.default_rng(seed).random((n, 2)))


def tour_circuit(n, seed=0):
    return TourCircuit(Softassign(cities(n, seed).distances()))


@pytest.mark.parametrize("n", [3, 6, 9])
def test_kirchhoffs_law_on_the_elements_is_the_ode(n):
    """A wrong neighbor, sign, city, servo or schedule fails, at any time of the anneal."""
    tour, rng = tour_circuit(n), np.random.default_rng(n)
    state = tour.start(1) + 0.1 * rng.normal(size=n * n + 2 * n)
    circuit = tour.circuit(state)
    assert list(circuit.initial.values()) == state.tolist()
    for t in (0.0, 0.3 * tour.duration_s, tour.duration_s):
        expected = tour.rhs(t, state)
        np.testing.assert_allclose(kirchhoff(circuit, state, t), expected, atol=1e-9 * np.abs(expected).max())


def test_the_start_is_nearly_normalized_and_its_capacitors_can_be_bought():
    tour = tour_circuit(8)
    v = tour.outputs(0.0, tour.start(0))
    np.testing.assert_allclose(v, 1 / 8, rtol=0.05)
    assert tour.servo_f == round_to_series(tour.servo_f, "E24")
    assert tour.kappa_v == pytest.approx(20 * tour.system.temperature(0.0), rel=0.05)
    assert not np.array_equal(tour.start(0), tour.start(1))


def test_the_servos_do_what_sinkhorns_iteration_does():
    """V of the ODE is the doubly stochastic matrix of its own U, throughout; the servos lag most where
    two tours compete."""
    tour = tour_circuit(6)
    solved = solve_ivp(tour.rhs, (0, tour.duration_s), tour.start(0), method="LSODA", rtol=1e-6, atol=1e-9)
    for t, state in list(zip(solved.t, solved.y.T, strict=True))[20::100]:
        expected = tour.system.assignment(t / tour.tau_s, state[:36])
        np.testing.assert_allclose(tour.outputs(t, state).ravel(), expected, atol=0.1)


def test_spice_follows_the_equations_to_a_thousandth():
    engines = [name for name in ENGINES if name != "pyspice"]  # ngspice once more
    assert engines
    certificate = certify_problem(cities(6), engines=engines)
    assert certificate.neurons == 36
    assert list(certificate.engines) == engines
    for result in certificate.engines.values():
        assert result.trajectory_error <= 1e-3
        assert result.final_error <= 1e-6
        assert result.same_attractor
        assert result.energy_error is None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", [1, 2])
def test_spice_ends_in_a_good_tour(engine, seed):
    """Seven cities: a valid permutation within 2 % of the best of all tours."""
    problem, tour = cities(7, seed), tour_circuit(7, seed)
    waves = simulate_circuit(tour.circuit(tour.start(0), reltol=1e-5), engine)
    v = waves.voltages[-1].reshape(7, 7)
    assert np.abs(v - v.round()).max() < 0.02
    solution = problem.decode(np.where(v > 0.5, 1, -1).ravel())
    assert solution.feasible
    best = min(problem.length(np.array([0, *rest])) for rest in permutations(range(1, 7)))
    assert problem.score(solution) <= 1.02 * best


def test_tours_of_6_to_20_cities_are_annealed_and_others_take_the_hopfield_network():
    for n, annealed in ((5, False), (6, True), (20, True), (21, False)):
        assert ("annealed softassign" in problem_netlist(cities(n))) is annealed
    text = problem_netlist(Tsp.from_coordinates(cities(6).coordinates, name="x\n.control\nshell rm\n.endc"), rng=3)
    assert not any(line.startswith((".control", "shell")) for line in text.splitlines())
    assert text != problem_netlist(cities(6), rng=4)
