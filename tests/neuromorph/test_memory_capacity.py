"""Capacity: the replica equations against their own integrals and long averages; retention against plain NumPy."""

import json
import runpy
from math import erf, exp, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from neuromorph import associative_memory as memory
from neuromorph.associative_memory.storage_capacity import RETAINED


def test_the_critical_load_is_that_of_amit_gutfreund_and_sompolinsky():
    """0.138 and 0.967 as published; 0.137906 as in arXiv 2403.01907; and the maximum over a plain grid."""
    load, overlap = memory.critical_load()
    assert round(load, 6) == 0.137906
    assert round(overlap, 3) == 0.967
    grid = np.linspace(0.5, 4.0, 200_001)
    loads = np.array([(erf(y) / y - 2 / sqrt(pi) * exp(-y * y)) ** 2 / 2 for y in grid])
    assert loads.max() == pytest.approx(load, abs=1e-10)
    assert erf(grid[loads.argmax()]) == pytest.approx(overlap, abs=1e-5)


def gaussian_mean(f, scale, shift):
    def weighted(z):
        return exp(-z * z / 2) / sqrt(2 * pi) * f(scale * z + shift)

    zero = -shift / scale  # where tanh turns; quad should not miss it
    return quad(weighted, -12, 12, points=[min(max(zero, -11.9), 11.9)], limit=500)[0]


@pytest.mark.parametrize(
    ("load", "temperature"), [(0.05, 0.1), (0.1, 0.3), (0.02, 0.8), (0.13, 0.02), (0.3, 0.2), (0.05, 0.0), (0.2, 0.0)]
)
def test_solutions_satisfy_the_equations(load, temperature):
    """Both sides by adaptive quadrature; at T = 0 the equations with C = beta (1 - q)."""
    found = memory.retrieval_solution(load, temperature)
    width, m, r = sqrt(load * found.noise), found.overlap, found.noise
    if temperature:
        assert gaussian_mean(lambda x: np.tanh(x / temperature), width, m) == pytest.approx(m, abs=1e-6)
        assert gaussian_mean(lambda x: np.tanh(x / temperature) ** 2, width, m) == pytest.approx(
            found.replica_overlap, abs=1e-6
        )
        c = (1 - found.replica_overlap) / temperature
    else:
        assert erf(m / sqrt(2) / width) == pytest.approx(m, abs=1e-10)
        c = sqrt(2 / pi) / width * exp(-(m**2) / 2 / width**2)
    assert found.replica_overlap / (1 - c) ** 2 == pytest.approx(r, rel=1e-5)


def test_retrieval_ends_at_the_critical_load():
    load, overlap = memory.critical_load()
    assert memory.retrieval_solution(load - 1e-9).overlap == pytest.approx(overlap, abs=1e-3)
    assert memory.retrieval_solution(load + 1e-9).overlap == 0.0
    assert memory.retrieval_solution(0.138, 0.3).overlap == 0.0
    assert memory.retrieval_solution(0.001).overlap == pytest.approx(1.0, abs=1e-12)
    assert memory.retrieval_solution(1e-6, 0.5).overlap == pytest.approx(0.9575040241, abs=1e-5)  # m = tanh(2 m)


def test_long_averages_have_the_overlap_of_replica_theory():
    """1000 neurons at alpha = 0.05, T = 0.4: without the noise r the overlap would be 0.0194 larger."""
    n, load, temperature = 1000, 0.05, 0.4
    x = np.random.default_rng(0).choice([-1, 1], (int(load * n), n))
    ising = memory.couplings_as_ising(memory.hebb(x))
    measured = [
        float((memory.glauber_magnetization(ising, 1 / temperature, p, sweeps=100, burn=50, reads=1, rng=3) @ p / n)[0])
        for p in x[:15]
    ]
    theory = memory.retrieval_solution(load, temperature).overlap
    assert np.mean(measured) == pytest.approx(theory, abs=0.006)
    assert memory.retrieval_solution(1e-6, temperature).overlap - theory > 0.019


def plain_retention(x, k, start):
    """Overlap at rest after descent in NumPy from pattern ``start``, spin after spin."""
    j = memory.hebb(x[:k], normalized=False)
    s = x[start].astype(float)
    for _ in range(200):
        changed = False
        for i in range(len(s)):
            f = j[i] @ s
            if f * s[i] < 0:
                s[i], changed = -s[i], True
        if not changed:
            return float(s @ x[start] / len(s))
    raise AssertionError("no rest")


def test_retention_counts_what_plain_descent_keeps():
    """200 neurons: shares and overlaps agree with a plain implementation on other draws, 5 sigma; ends exactly."""
    n, loads = 200, [0.05, 0.15, 0.3]
    found = memory.sample_final_overlaps(n, loads, realizations=20, starts=10, rng=0)
    assert found.overlaps.shape == (20, 3, 10)
    np.testing.assert_allclose(found.loads, loads)
    draw = np.random.default_rng(1)
    plain = np.array(
        [
            [[plain_retention(x, round(a * n), s) for s in range(10)] for a in loads]
            for x in (draw.choice([-1, 1], (60, n)) for _ in range(8))
        ]
    )
    for a in range(3):
        ours, theirs = found.shares()[:, a], (plain[:, a] > RETAINED).mean(axis=1)
        error = np.sqrt(ours.var(ddof=1) / 20 + theirs.var(ddof=1) / 8)
        assert abs(ours.mean() - theirs.mean()) <= 5.5 * error
    assert found.shares()[:, 0].mean() == 1.0
    assert found.mean_overlaps()[0] == pytest.approx(1.0, abs=1e-3)
    assert found.shares()[:, 2].mean() < 0.3
    assert np.isnan(memory.OverlapSamples(5, np.array([0.2]), np.zeros((2, 1, 3))).mean_overlaps()).all()


def test_retention_is_reproducible_and_goes_on(tmp_path):
    """Same seed, same result: with 2 threads, from a file, with more realizations; another seed is refused there."""
    path = tmp_path / "keep.json"
    told = []
    first = memory.sample_final_overlaps(
        60, [0.1, 0.2], realizations=3, starts=6, rng=5, path=path, progress=lambda *a: told.append(a)
    )
    assert told == [(1, 3), (2, 3), (3, 3)]
    told.clear()
    more = memory.sample_final_overlaps(
        60, [0.1, 0.2], realizations=5, starts=6, rng=5, path=path, workers=2, progress=lambda *a: told.append(a)
    )
    assert len(told) == 2
    np.testing.assert_array_equal(more.overlaps[:3], first.overlaps)
    fresh = memory.sample_final_overlaps(60, [0.1, 0.2], realizations=5, starts=6, rng=5)
    np.testing.assert_array_equal(more.overlaps, fresh.overlaps)
    with pytest.raises(ValueError, match="another size, loads, starts or seed"):
        memory.sample_final_overlaps(60, [0.1, 0.2], realizations=3, starts=6, rng=6, path=path)
    for damaged in ("{", "[]", json.dumps({"key": "x"}), json.dumps({"key": "x", "realizations": {"a": []}})):
        path.write_text(damaged)
        with pytest.raises(ValueError, match="is damaged"):
            memory.sample_final_overlaps(60, [0.1, 0.2], realizations=3, starts=6, rng=5, path=path)


def made_up(size, alpha_c, width, shift, seed):
    """Retentions that follow the law exactly, up to the noise of their realizations; m ends at 0.96 + 0.3 / sqrt n."""
    loads = np.arange(0.10, 0.20, 0.004)
    draw = np.random.default_rng(seed)
    # Each pattern is lost at its own load, normal as the law says.
    lost = alpha_c + (shift + draw.normal(size=(60, 1, 40))) * width / np.sqrt(size)
    m = 0.96 + 0.3 / np.sqrt(size) + 0.8 * np.maximum(lost - loads[:, None], 0.0)
    return memory.OverlapSamples(size, loads, np.where(loads[:, None] < lost, m, 0.3))


def test_finite_size_scaling_finds_what_was_put_in():
    """alpha_c, w, c and the last overlap within their intervals, which are narrow; a wrong power of n would not fit."""
    made = [made_up(n, 0.138, 0.6, 1.2, n) for n in (1000, 2000, 4000, 8000)]
    found = memory.finite_size_scaling(made, resamples=60)
    for value, truth, width in (
        (found.load, 0.138, 0.003), (found.width, 0.6, 0.08), (found.shift, 1.2, 0.4), (found.overlap, 0.96, 0.003)
    ):  # fmt: skip
        assert value.high - value.low < width
        assert abs(value.value - truth) < 1.5 * (value.high - value.low)
    assert found.fits < 3.0
    np.testing.assert_allclose(
        memory.half_loads(made), [0.138 + 0.72 / sqrt(n) for n in (1000, 2000, 4000, 8000)], atol=1e-3
    )
    wrong = [
        memory.OverlapSamples(each.size * n, each.loads, each.overlaps)
        for n, each in zip((1, 2, 4, 8), made, strict=True)
    ]
    assert memory.finite_size_scaling(wrong, resamples=2).fits > 10.0


def test_the_law_of_the_fit_is_the_probit():
    """P = Phi(sqrt n (alpha_c - alpha) / w + c) at the loads of the made-up data, 5 sigma of 2400 patterns."""
    made = made_up(2000, 0.138, 0.6, 1.2, 0)
    law = ndtr(sqrt(2000) * (0.138 - made.loads) / 0.6 + 1.2)
    assert (abs(made.shares().mean(axis=0) - law) < 5 * np.sqrt(law * (1 - law) / 2400) + 1e-3).all()


@pytest.mark.slow
def test_simulated_capacity():
    """Descent in up to 4000 neurons: alpha_c within 0.004 of 0.138, the last overlap within 0.006 of 0.967."""
    measured = [
        memory.sample_final_overlaps(n, np.linspace(low, high, 11), realizations=r, starts=60, rng=7)
        for n, low, high, r in ((1000, 0.13, 0.19, 60), (2000, 0.13, 0.175, 40), (4000, 0.13, 0.168, 20))
    ]
    found = memory.finite_size_scaling(measured, resamples=100)
    assert found.load.value == pytest.approx(0.138, abs=0.004)
    assert found.load.high - found.load.low < 0.005
    assert found.overlap.value == pytest.approx(memory.critical_load()[1], abs=0.006)


def test_the_example_runs(tmp_path, capsys):
    space = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "capacity.py"))
    out = tmp_path / "c.png"
    found = space["main"](
        ["--sizes", "200", "400", "--realizations", "6", "--starts", "20", "--out", str(out), "--keep", str(tmp_path)]
    )
    assert out.stat().st_size > 5000
    assert 0.1 < found.load.value < 0.18
    assert "theory, replica symmetric: alpha_c = 0.13791, overlap there 0.96742" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["200.json", "400.json"]


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: memory.retrieval_solution(0.0), "load is 0"),
        (lambda: memory.retrieval_solution(0.1, 0.001), "temperature is 0.001"),
        (lambda: memory.retrieval_solution(0.1, -1.0), "temperature is -1"),
        (lambda: memory.sample_final_overlaps(1, [0.5]), "size is 1"),
        (lambda: memory.sample_final_overlaps(100, [0.001]), "with 0 to 0 patterns"),
        (lambda: memory.sample_final_overlaps(100, [0.1], starts=11), "starts is 11"),
        (lambda: memory.sample_final_overlaps(100, [0.1], starts=5, realizations=0), "at least one"),
        (lambda: memory.finite_size_scaling([made_up(100, 0.1, 1, 0, 0)] * 2), "of different n"),
    ],
)
def test_bad_arguments_are_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()
