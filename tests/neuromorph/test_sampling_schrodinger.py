"""Real-time quantum annealing and the master equation against closed forms and SciPy's exponentials."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm

from neuromorph import Ising, exact
from neuromorph.sampling import (
    master_equation_annealing,
    path_integral,
    quantum_ground_probability,
    schrodinger_annealing,
)


def random_ising(n: int, seed: int, offset: float = 0.0) -> Ising:
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n), offset)


def hamiltonian(ising: Ising, gamma: float) -> np.ndarray:
    """From Kronecker products, so that the numbering of states is tested as well."""
    n = ising.size
    x = sum(np.kron(np.kron(np.eye(1 << (n - 1 - i)), [[0, 1], [1, 0]]), np.eye(1 << i)) for i in range(n))
    return np.diag(exact.all_energies(ising)) - gamma * x


def test_one_spin_precesses():
    """H = -h z - Gamma x from |+>: P(up) = 1/2 + h Gamma / (h^2 + Gamma^2) sin^2(t sqrt(h^2 + Gamma^2))."""
    h, gamma, times = 0.7, 1.3, np.linspace(0.0, 4.0, 9)
    found = schrodinger_annealing(Ising([[0.0]], [h]), lambda t: gamma, times, step=1e-3)
    square = h**2 + gamma**2
    assert found.ground == pytest.approx(0.5 + h * gamma / square * np.sin(times * np.sqrt(square)) ** 2, abs=1e-6)


def test_constant_field_is_the_exponential():
    ising = random_ising(4, 1, offset=3.0)
    found = schrodinger_annealing(ising, lambda t: 0.8, [2.0], step=1e-3)
    psi = expm(-2.0j * hamiltonian(ising, 0.8)) @ np.full(16, 0.25)
    assert found.probabilities[0] == pytest.approx(np.abs(psi) ** 2, abs=1e-5)
    assert found.probabilities.sum() == pytest.approx(1.0, abs=1e-12)


def test_errors_fall_as_the_square_of_the_step():
    ising = random_ising(3, 2)
    for anneal in (schrodinger_annealing, master_equation_annealing):
        runs = [anneal(ising, lambda t: 2.0 / (1 + t), [3.0], step=0.1 / 2**k).probabilities[0] for k in range(4)]
        errors = [np.abs(run - runs[-1]).max() for run in runs[:3]]
        assert errors[0] / errors[1] == pytest.approx(4.2, rel=0.25)


def test_slow_anneal_stays_in_the_ground_state():
    ising = random_ising(5, 4)
    found = schrodinger_annealing(ising, lambda t: 24.0 * (1 - t / 200.0) ** 4, [100.0, 200.0], step=0.02)
    assert found.ground[0] == pytest.approx(quantum_ground_probability(ising, 1.5), abs=0.01)
    assert found.ground[1] > 0.98


@pytest.mark.parametrize("n", [1, 2, 6])
def test_ground_state_of_the_field_is_that_of_the_matrix(n):
    ising = random_ising(n, 4)
    vector = np.linalg.eigh(hamiltonian(ising, 0.9))[1][:, 0]
    best = exact.all_energies(ising).argmin()
    assert quantum_ground_probability(ising, 0.9) == pytest.approx(vector[best] ** 2, rel=1e-8)


def test_path_integral_has_the_same_ground_state():
    """Cold path integral, 4 spins: share of the classical ground state within errors and a bias of slices."""
    ising = random_ising(4, 5)
    samples = path_integral(ising, 6.0, 0.8, 3000, slices=96, rng=1, burn_in=300)
    _, states = exact.ground_states(ising)
    share = (samples.flat() == states[0]).all(axis=1).mean()
    assert share == pytest.approx(quantum_ground_probability(ising, 0.8), abs=0.03)


def test_master_equation_rests_at_boltzmanns_distribution():
    ising = random_ising(5, 6)
    found = master_equation_annealing(ising, lambda t: 1.7, [200.0], step=0.1)
    assert found.probabilities[0] == pytest.approx(exact.boltzmann(ising, 1 / 1.7), abs=1e-8)


def test_zero_temperature_descends():
    """A frozen ferromagnet: nothing leaves its two ground states, and ties are tossed."""
    ising = Ising([[0.0, 1.0], [1.0, 0.0]])
    found = master_equation_annealing(ising, lambda t: 0.0, [0.0, 1.0, 30.0])
    assert found.ground[0] == pytest.approx(0.5)
    assert found.ground[1] == pytest.approx(1 - 0.5 * np.exp(-2.0), abs=1e-4)
    assert found.ground[2] == pytest.approx(1.0)


def test_bad_arguments_are_refused():
    ising = random_ising(2, 1)
    with pytest.raises(ValueError, match="has 17 spins"):
        schrodinger_annealing(Ising(np.zeros((17, 17))), lambda t: 1.0, [1.0])
    for anneal in (schrodinger_annealing, master_equation_annealing):
        for times in ([-1.0], [2.0, 1.0], [np.nan]):
            with pytest.raises(ValueError, match="times must be"):
                anneal(ising, lambda t: 1.0, times)
        with pytest.raises(ValueError, match="step is 0"):
            anneal(ising, lambda t: 1.0, [1.0], step=0)
        with pytest.raises(ValueError, match="not negative"):
            anneal(ising, lambda t: -1.0, [1.0])
    with pytest.raises(ValueError, match="gamma is 0"):
        quantum_ground_probability(ising, 0)


def test_example_shows_quantum_annealing_above_simulated(tmp_path, capsys):
    out = tmp_path / "real_time.png"
    path = Path(__file__).parents[2] / "examples" / "real_time_annealing.py"
    ours = runpy.run_path(str(path))["main"](["--spins", "5", "--end", "100", "--reads", "50", "--out", str(out)])
    assert out.stat().st_size > 10_000
    assert all(quantum > simulated for quantum, simulated in list(ours.values())[1:])
    assert "published" in capsys.readouterr().out.splitlines()[-1]
