"""Continuous solvers: quality on glasses, signs and biases, steps against their equations, reads and workers."""

import numpy as np
import pytest

from neuromorph import Ising, exact
from neuromorph.optimization import (
    coherent_ising_machine,
    local_quantum_annealing,
    relaxation,
    sim_cim,
    simulated_bifurcation,
)
from neuromorph.optimization.relaxation import Relaxation

SOLVERS = {
    "ballistic": lambda ising, steps, reads, **k: simulated_bifurcation(ising, steps, reads, variant="ballistic", **k),
    "discrete": simulated_bifurcation,
    "cim": lambda ising, steps, reads, **k: coherent_ising_machine(ising, steps, reads, control="none", **k),
    "cac": coherent_ising_machine,
    "cfc": lambda ising, steps, reads, **k: coherent_ising_machine(ising, steps, reads, control="feedback", **k),
    "simcim": sim_cim,
    "lqa": local_quantum_annealing,
}
each = pytest.mark.parametrize("solve", SOLVERS.values(), ids=SOLVERS.keys())


def glass(n, seed, field=0.3, scale=1.0):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(scale * (j + j.T), scale * field * np.sqrt(n) * rng.normal(size=n))


@each
@pytest.mark.parametrize("scale", [1.0, 1e3])
def test_ground_states_of_glasses_are_found_without_descent(solve, scale):
    """14 spins, six glasses with biases, 32 runs: most are found, and runs end near them; a sign fails at once."""
    found = []
    for seed in range(6):
        ising = glass(14, seed, scale=scale)
        lowest = exact.ground_states(ising)[0]
        energies = solve(ising, 600, 32, descend=False, rng=seed).energies
        found.append(energies.min() <= lowest + 1e-6 * scale)
        assert energies.mean() < 0.75 * lowest
    assert sum(found) >= 5


@each
def test_biases_alone_are_followed(solve):
    found = solve(Ising(np.zeros((4, 4)), [2.0, -1.0, 0.5, -3.0]), 300, 3, descend=False, rng=1)
    assert np.array_equal(found.spins, [[1, -1, 1, -1]] * 3)
    assert solve(Ising([[0.0]]), 50, 2, rng=1).spins.shape == (2, 1)


@each
def test_reads_depend_neither_on_their_number_nor_on_workers(solve):
    ising = glass(20, 3)
    many, few, two = (solve(ising, 60, reads, rng=5, workers=w) for reads, w in ((40, 1), (5, 1), (40, 2)))
    assert np.array_equal(many.spins[:5], few.spins)
    assert np.array_equal(many.spins, two.spins)
    free = glass(20, 3, field=0.0)
    assert len(np.unique(solve(free, 2, 40, descend=False, rng=5).spins, axis=0)) > 20


@each
def test_what_is_watched_changes_nothing(solve):
    ising, seen = glass(12, 1), []
    found = solve(ising, 40, 3, rng=5, observe=lambda parameter, spins: seen.append((parameter, spins.copy())))
    assert np.array_equal(found.spins, solve(ising, 40, 3, rng=5).spins)
    assert len(seen) in (40, 41)
    assert all(spins.shape == (3, 12) for _, spins in seen)
    assert np.array_equal(seen[-1][1], solve(ising, 40, 3, rng=5, descend=False).spins)


def test_a_step_of_bifurcation_is_that_of_its_equation(monkeypatch):
    """Two oscillators from a known start, in float64 beside it: a wrong order of x and y, or a missing wall, fails."""
    j = np.array([[0.0, 1.5], [1.5, 0.0]])
    ising, h = Ising(j, [0.3, -0.2]), np.array([0.3, -0.2]) / 1.5
    starts = {}

    def recorded(couplings, biases, strength, start, normal, observe):
        starts["x"], starts["y"] = start.copy(), normal()
        return Relaxation(couplings, biases, strength, start, lambda: starts["y"].copy(), observe)

    monkeypatch.setattr(relaxation, "Relaxation", recorded)
    for variant in ("ballistic", "discrete"):
        options = {"variant": variant, "dt": 0.4, "descend": False, "rng": 3}
        found = simulated_bifurcation(ising, 120, 16, **options)
        x, y = starts["x"].astype(float), 0.1 * starts["y"].astype(float)
        for t in range(120):
            a = (t + 1) / 120
            phi = np.sign(x) if variant == "discrete" else x
            y += 0.4 * (-(1 - a) * x + 0.5 * (j / 1.5 @ phi + h[:, None]))
            x += 0.4 * y
            y[np.abs(x) > 1] = 0.0
            x = np.clip(x, -1, 1)
        assert np.array_equal(found.spins, np.where(x < 0, -1, 1).T)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda i: simulated_bifurcation(i, variant="both"), "variant is 'both'"),
        (lambda i: simulated_bifurcation(i, dt=2.0), "dt is 2.0"),
        (lambda i: simulated_bifurcation(i, 0), "steps"),
        (lambda i: coherent_ising_machine(i, control="x"), "control is 'x'"),
        (lambda i: coherent_ising_machine(i, rate=-1.0), "rate is -1.0"),
        (lambda i: coherent_ising_machine(i, pump=np.inf), "pump is inf"),
        (lambda i: sim_cim(i, momentum=1.0), "momentum is 1.0"),
        (lambda i: sim_cim(i, noise=-0.1), "noise is -0.1"),
        (lambda i: local_quantum_annealing(i, step=0.0), "step is 0.0"),
        (lambda i: local_quantum_annealing(i, momentum=-0.1), "momentum is -0.1"),
        (lambda i: local_quantum_annealing(i, reads=0), "reads"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(glass(3, 0))
