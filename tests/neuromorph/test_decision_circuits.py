"""Tank and Hopfield's circuits of 1986 against rounding, their energy, and SciPy's linear programmes."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

from neuromorph import exact
from neuromorph.analog import (
    converter_network,
    decomposition_network,
    linear_program_circuit,
    simulate,
)


def test_energy_is_that_of_the_decomposition():
    """At the rails E = 1/2 |x - sum V e|^2 up to a constant and one factor, over all 2^4 answers."""
    rng = np.random.default_rng(1)
    basis, x = rng.normal(size=(4, 3)), rng.normal(size=3)
    energies = exact.all_energies(decomposition_network(basis, x).to_ising())
    v = (exact.spins_of(np.arange(16), 4) + 1) / 2
    squares = 0.5 * ((x - v @ basis) ** 2).sum(axis=1)
    line = np.polyfit(squares, energies, 1)
    assert line[0] > 0
    assert energies == pytest.approx(np.polyval(line, squares), rel=1e-9)


@pytest.mark.parametrize("value", [0.1, 3.2, 4.9, 7.0, 10.1, 15.0])
def test_lowest_energy_of_the_converter_is_the_rounded_value(value):
    _, states = exact.ground_states(converter_network(value).to_ising())
    assert (states > 0).astype(int) @ [1, 2, 4, 8] == [round(value)]


def test_converter_from_zero_is_right_at_every_whole_number():
    for value in range(16):
        network = converter_network(value)
        final = simulate(network, np.zeros(4), 2e-3, samples=3, method="LSODA").final[0]
        assert (final > 0).astype(int) @ [1, 2, 4, 8] == value


def test_converter_keeps_an_old_answer():
    """From the answer 8, a value of 7 stays at 8 (all four bits would have to turn): a local minimum."""
    old = simulate(converter_network(8.0), np.zeros(4), 2e-3, samples=3, method="LSODA").final[0]
    kept = simulate(converter_network(7.0), old, 2e-3, samples=3, method="LSODA").final[0]
    assert (kept > 0).astype(int) @ [1, 2, 4, 8] == 8


@pytest.mark.parametrize("seed", range(5))
def test_linear_programme_is_short_by_the_penalty(seed):
    """A bounded random programme: violations are the dual solution over K, and V is SciPy's to that order."""
    rng = np.random.default_rng(seed)
    d = np.vstack([np.eye(3), -rng.uniform(0.2, 1.0, (3, 3))])  # V >= 0 and three resources
    b = np.concatenate([np.zeros(3), -rng.uniform(1.0, 3.0, 3)])
    a = -rng.uniform(0.5, 1.5, 3)
    best = linprog(a, -d, -b, bounds=(None, None))
    for slope in (100.0, 1000.0):
        found = linear_program_circuit(a, d, b, slope=slope)
        assert found.status == "ok"
        dual = -best.ineqlin.marginals
        assert found.violations == pytest.approx(dual / slope, abs=1e-5)
        assert found.value == pytest.approx(best.fun - (dual**2).sum() / slope, abs=1e-4)


def test_unbounded_programme_does_not_rest():
    found = linear_program_circuit([-1.0, 0.0], [[0.0, 1.0]], [0.0], duration=50.0)
    assert found.status == "not at rest"


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="basis has shape"):
        decomposition_network(np.ones((2, 3)), [1.0])
    with pytest.raises(ValueError, match="NaN or infinity"):
        decomposition_network([[1.0]], [np.nan])
    with pytest.raises(ValueError, match="leak_s is 0"):
        decomposition_network([[1.0]], [1.0], leak_s=0)
    with pytest.raises(ValueError, match="give 1 to 16"):
        converter_network(1.0, 0)
    with pytest.raises(ValueError, match="have shapes"):
        linear_program_circuit([1.0], [[1.0, 2.0]], [1.0])
    with pytest.raises(ValueError, match="NaN"):
        linear_program_circuit([np.inf], [[1.0]], [1.0])
    with pytest.raises(ValueError, match="slope is -1"):
        linear_program_circuit([1.0], [[1.0]], [1.0], slope=-1)


def test_example_converts_decomposes_and_optimizes(tmp_path, capsys):
    out = tmp_path / "decision.png"
    path = Path(__file__).parents[2] / "examples" / "decision_circuits.py"
    ours = runpy.run_path(str(path))["main"](["--points", "32", "--signals", "2", "--no-spice", "--out", str(out)])
    assert out.stat().st_size > 10_000
    assert ours["reset"] > 0.8
    assert ours["reset"] > ours["ramp"]
    assert "published" in capsys.readouterr().out.splitlines()[-1]
