"""The spiking reservoir: single neurons against their closed form, balance, memory, ranks, and its example."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from neuromorph.analog import memory_capacity, state_rank
from neuromorph.spiking import SpikingReservoir


def test_an_uncoupled_neuron_fires_at_the_rate_of_a_leaky_integrator():
    """T = -tau ln(1 - 1 / b), rounded up to whole steps, at constant input."""
    lonely = SpikingReservoir(10, coupling=0.0, drive=0.0, bias=1.5, step_s=1e-4, hold_s=0.01)
    _, rates = lonely.run(np.zeros(500), rng=0)
    period = np.ceil(-0.02 * np.log(1.0 - 1.0 / 1.5) / 1e-4) * 1e-4
    assert rates == pytest.approx(1.0 / period, abs=0.25)


def test_weights_are_balanced_and_of_the_strength_asked_for():
    reservoir = SpikingReservoir(1000, coupling=1.5)
    recurrent, given = reservoir.weights()
    assert (np.diag(recurrent) == 0.0).all()
    assert recurrent.sum(axis=1).mean() == pytest.approx(0.0, abs=0.1)
    assert np.sqrt((recurrent**2).sum(axis=1)).mean() == pytest.approx(1.5, rel=0.05)
    assert given.std() == pytest.approx(4.0, rel=0.1)
    assert (recurrent[:, :800] >= 0.0).all()
    assert (recurrent[:, 800:] <= 0.0).all()


def test_runs_are_independent_and_reproducible():
    reservoir = SpikingReservoir(30)
    u = np.random.default_rng(1).uniform(-1, 1, (3, 12))
    together, _ = reservoir.run(u, rng=4)
    alone = np.array([reservoir.run(row, rng=4)[0] for row in u])
    assert together.shape == (3, 12, 30)
    assert together == pytest.approx(alone, abs=1e-12)


def test_coupling_lengthens_the_memory_and_inputs_are_told_apart():
    u = np.random.default_rng(2).uniform(-1, 1, 1500)
    memories = [memory_capacity(SpikingReservoir(100, coupling=c).run(u, rng=0)[0], u, delays=10).total
                for c in (0.0, 2.0)]  # fmt: skip
    assert 1.0 < memories[1] < 100
    assert memories[1] > memories[0] + 0.5
    ends = SpikingReservoir(60).run(np.random.default_rng(3).uniform(-1, 1, (40, 10)), rng=0)[0][:, -1]
    assert state_rank(ends, threshold=0.005) > 20


def test_bad_reservoirs_and_inputs_are_refused():
    for options, says in (
        ({"neurons": 3}, "neurons is 3"),
        ({"membrane_s": 0.0}, "membrane_s is 0"),
        ({"coupling": -1.0}, "coupling is -1"),
        ({"hold_s": 1e-4}, "less than a step"),
    ):
        with pytest.raises(ValueError, match=says):
            SpikingReservoir(**options)
    with pytest.raises(ValueError, match="inputs have shape"):
        SpikingReservoir(10).run([np.nan])


def test_example_compares_couplings(tmp_path, capsys):
    out = tmp_path / "reservoir.png"
    path = Path(__file__).parents[2] / "examples" / "spiking_reservoir.py"
    options = ["--couplings", "0", "2", "--neurons", "60", "--steps", "800", "--out", str(out)]
    found = runpy.run_path(str(path))["main"](options)
    assert out.stat().st_size > 10_000
    assert found[2.0].error < found[0.0].error
    assert "published" in capsys.readouterr().out.splitlines()[-1]
