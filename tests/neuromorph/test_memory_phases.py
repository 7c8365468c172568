"""Lines of the phase diagram of Hebb's rule against the numbers of Amit, Gutfreund and Sompolinsky, and each other."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from neuromorph import associative_memory as memory


def test_lines_end_at_the_published_loads_and_slopes():
    """0.138 and 0.051 at T = 0; near T = 1 the lines are 1 - 1.95 sqrt(alpha) and 1 - 2.6 sqrt(alpha)."""
    assert memory.retrieval_load(0.0)[0] == pytest.approx(0.138, abs=5e-4)
    assert memory.ground_load(0.0) == pytest.approx(0.051, abs=1e-3)
    slopes = [
        [(1 - t) / np.sqrt(line) for line in (memory.retrieval_load(t)[0], memory.ground_load(t))]
        for t in (0.99, 0.995)
    ]
    assert 2 * np.array(slopes[1]) - slopes[0] == pytest.approx([1.95, 2.6], abs=0.03)


@pytest.mark.parametrize("temperature", [0.02, 0.5])
def test_retrieval_ends_where_the_iteration_loses_the_pattern(temperature):
    load, overlap = memory.retrieval_load(temperature)
    below = memory.retrieval_solution(load * 0.99, temperature)
    assert overlap < below.overlap < overlap + 0.1
    assert memory.retrieval_solution(load * 1.1, temperature).overlap < 0.2


def test_free_energies_cross_on_the_line():
    for temperature in (0.0, 0.1, 0.5):
        load = memory.ground_load(temperature)
        assert load < memory.retrieval_load(temperature)[0]
        for factor, sign in ((0.9, -1), (1.1, 1)):
            pattern = memory.retrieval_solution(factor * load, temperature)
            glass = memory.spin_glass_solution(factor * load, temperature)
            of = [memory.free_energy(each, factor * load, temperature) for each in (pattern, glass)]
            assert np.sign(of[0] - of[1]) == sign


def test_free_energy_is_stationary_at_a_solution():
    """Derivatives by m, q and r vanish there: a wrong term of f would show."""
    load, temperature = 0.03, 0.4
    for found in (memory.retrieval_solution(load, temperature), memory.spin_glass_solution(load, temperature)):
        here = np.array([found.overlap, found.replica_overlap, found.noise])
        for k in range(3):
            step = 1e-5 * np.eye(3)[k]
            up, down = (
                memory.free_energy(memory.ReplicaSolution(*x), load, temperature) for x in (here + step, here - step)
            )
            assert (up - down) / 2e-5 == pytest.approx(0.0, abs=1e-6)


def test_zero_temperature_is_the_limit():
    for solve in (memory.retrieval_solution, memory.spin_glass_solution):
        f = [memory.free_energy(solve(0.1, t), 0.1, t) for t in (0.0, 0.02, 0.04)]
        # Replica symmetry leaves an entropy at T = 0, below 0, so that f rises with T at first.
        assert f[0] == pytest.approx(2 * f[1] - f[2], abs=3e-4)


def test_spin_glass_freezes_at_its_temperature():
    assert memory.glass_temperature(0.25) == 1.5
    assert memory.spin_glass_solution(0.25, 1.5) == memory.ReplicaSolution(0.0, 0.0, 0.0)
    q = [memory.spin_glass_solution(0.25, 1.5 - d).replica_overlap for d in (0.02, 0.01)]
    assert 0.0 < q[1] < q[0] < 0.03
    assert q[0] / q[1] == pytest.approx(2.0, rel=0.05)


def test_without_patterns_the_glass_is_that_of_a_ferromagnet_above_one():
    """At load 1e-6 and T < 1 the retrieval state is the ferromagnet's: m = tanh(m / T)."""
    found = memory.retrieval_solution(1e-6, 0.5)
    assert found.overlap == pytest.approx(0.9575040240772687, abs=1e-4)
    f = memory.free_energy(found, 1e-6, 0.5)
    m = 0.9575040240772687
    assert f == pytest.approx(m**2 / 2 - 0.5 * np.log(2 * np.cosh(2 * m)), abs=1e-5)


@pytest.mark.parametrize("call", [memory.retrieval_load, memory.ground_load])
@pytest.mark.parametrize("temperature", [0.01, 1.0, np.nan, -1.0])
def test_temperatures_without_an_answer_are_refused(call, temperature):
    with pytest.raises(ValueError, match="give 0, or one from"):
        call(temperature)


def test_bad_loads_are_refused():
    with pytest.raises(ValueError, match="not negative"):
        memory.glass_temperature(-0.1)
    with pytest.raises(ValueError, match="finite and positive"):
        memory.spin_glass_solution(np.nan, 0.5)
    with pytest.raises(ValueError, match="has less than 1"):
        memory.free_energy(memory.ReplicaSolution(0.0, 0.0, 1.0), 0.1, 0.5)


def test_example_shows_the_lines_and_a_simulation(tmp_path, capsys):
    out = tmp_path / "ags.png"
    path = Path(__file__).parents[2] / "examples" / "ags_phases.py"
    ours = runpy.run_path(str(path))["main"](
        ["--size", "400", "--loads", "0.02", "--temperatures", "0.3", "0.5", "--out", str(out)]
    )
    assert out.stat().st_size > 10_000
    assert ours["apart"] < 0.03
    assert "published 0.138" in capsys.readouterr().out.splitlines()[-1]
