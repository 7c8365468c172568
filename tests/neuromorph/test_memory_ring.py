"""The ring attractor against its closed forms: width, amplitude, marginal direction, diffusion."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from neuromorph.associative_memory import RingAttractor


@pytest.mark.parametrize("tuned", [2.5, 6.0, 20.0])
def test_any_start_becomes_the_bump_of_theory(tuned):
    ring = RingAttractor(256, tuned, uniform=-tuned)
    start = 0.1 * np.random.default_rng(1).normal(size=(3, 256)) + 0.5 * np.cos(ring.angles - 1.0)
    end = ring.simulate(start, 300.0)
    assert end == pytest.approx(ring.bump(ring.decode(end)), abs=0.02 * ring.amplitude)
    assert np.mean(end > 0) == pytest.approx(ring.half_width / np.pi, abs=0.01)


def test_half_width_is_pi_at_the_transition_and_shrinks():
    assert RingAttractor(16, 2.0 + 1e-9).half_width == pytest.approx(np.pi, abs=0.02)
    widths = [RingAttractor(16, tuned, -20.0).half_width for tuned in (2.1, 4.0, 10.0)]
    assert widths == sorted(widths, reverse=True)
    # J_1 = 4: theta - sin(2 theta) / 2 = pi / 2 at theta = pi / 2.
    assert widths[1] == pytest.approx(np.pi / 2)


def test_bump_stays_at_every_angle_without_noise():
    """On a ring of n neurons the angle is marginal to the order of 1 / n^2, between neurons too."""
    ring = RingAttractor(512)
    angles = np.linspace(-3.0, 3.0, 7)
    assert ring.decode(ring.simulate(ring.bump(angles), 200.0)) == pytest.approx(angles, abs=2e-3)


def test_angle_diffuses_as_foreseen():
    """400 trials: the variance has a relative error of sqrt(2 / 400) = 7 %; 5 of these are allowed."""
    for size in (32, 128):
        ring = RingAttractor(size)
        end = ring.simulate(ring.bump(np.zeros(400)), 20.0, noise=0.1, rng=3)
        assert np.var(ring.decode(end)) == pytest.approx(20.0 * ring.diffusion(0.1), rel=0.35)


def test_same_seed_gives_the_same_walk():
    ring = RingAttractor(32)
    one, other = (ring.simulate(ring.bump([0.0, 1.0]), 3.0, noise=0.2, rng=5) for _ in range(2))
    assert (one == other).all()


def test_bad_rings_are_refused():
    for options, says in (
        ({"size": 4}, "size is 4"),
        ({"tuned": 2.0}, "above 2"),
        ({"drive": 0.0}, "drive is 0"),
        ({"uniform": 9.0}, "runs away"),
    ):
        with pytest.raises(ValueError, match=says):
            RingAttractor(**({"size": 16} | options))
    ring = RingAttractor(16)
    with pytest.raises(ValueError, match="expected finite values"):
        ring.simulate(np.zeros((2, 8)), 1.0)
    with pytest.raises(ValueError, match="step at most"):
        ring.simulate(np.zeros((2, 16)), 1.0, step=1.0)


def test_example_holds_and_diffuses(tmp_path, capsys):
    out = tmp_path / "ring.png"
    path = Path(__file__).parents[2] / "examples" / "ring_attractor.py"
    ours = runpy.run_path(str(path))["main"](["--sizes", "32", "64", "--trials", "100", "--out", str(out)])
    assert out.stat().st_size > 10_000
    assert ours == pytest.approx([1.0, 1.0], abs=0.7)
    assert "published" in capsys.readouterr().out.splitlines()[-1]
