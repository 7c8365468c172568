"""Dense and modern memories: published energies written out, descent, numbers that do not overflow, capacity."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuromorph import associative_memory as memory
from neuromorph import exact
from neuromorph.testing import require_distribution

MEMORIES = [(2, False), (3, False), (3, True), (4, True), (None, False)]


def patterns_of(seed, k, n):
    return np.random.default_rng(seed).choice([-1, 1], (k, n))


def published_energy(x, s, power, rectified):
    """-sum F(x.s), F as Krotov and Hopfield (2016) or Demircigil et al. (2017) write it."""
    total = 0.0
    for p in x:
        overlap = float(sum(a * b for a, b in zip(p, s, strict=True)))
        if power is None:
            total -= np.exp(overlap)
        elif not (rectified and overlap < 0):
            total -= overlap**power
    return total


def published_update(x, s, i, power, rectified):
    """The sign of the difference of the two energies, the other spins held; None at a tie."""
    up, down = s.copy(), s.copy()
    up[i], down[i] = 1, -1
    difference = published_energy(x, down, power, rectified) - published_energy(x, up, power, rectified)
    return None if abs(difference) < 1e-9 else int(np.sign(difference))


@pytest.mark.parametrize(("power", "rectified"), MEMORIES)
def test_energies_are_the_published_ones_rescaled(power, rectified):
    n, x = 9, patterns_of(0, 5, 9)
    made = memory.DenseMemory(x, power, rectified)
    states = exact.spins_of(np.arange(512), n)
    published = np.array([published_energy(x, s, power, rectified) for s in states])
    expected = -np.log(-published) if power is None else n ** (1.0 - power) * published
    np.testing.assert_allclose(made.energy(states), expected, atol=1e-12)
    assert made.energy(states[7]) == pytest.approx(expected[7])
    if power == 2:  # twice Hebb's, with the diagonal
        np.testing.assert_allclose(
            expected, 2 * memory.couplings_as_ising(memory.hebb(x, diagonal=True)).energy(states)
        )


@pytest.mark.parametrize(("power", "rectified"), MEMORIES)
@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 10), k=st.integers(1, 8))
def test_descent_ends_where_no_published_update_moves(power, rectified, seed, n, k):
    x, cues = patterns_of(seed, k, n), patterns_of(seed + 1, 4, n)
    made = memory.DenseMemory(x, power, rectified)
    ends = made.recall(cues, every=1, rng=seed)
    assert ends.settled.all()
    assert (np.diff(ends.energies) <= 1e-12).all()
    np.testing.assert_allclose(ends.energies[:, 0], made.energy(cues), atol=1e-9)
    np.testing.assert_allclose(ends.energies[:, -1], made.energy(ends.spins), atol=1e-9)
    for s in ends.spins:
        assert (made.rises(s) >= -1e-9).all()
        assert all(published_update(x, s, i, power, rectified) in (None, s[i]) for i in range(n))


def test_one_update_goes_downhill_as_published():
    """From every state of 6 spins, one update at a time, the kernel turns a spin exactly where the formula does."""
    x = patterns_of(3, 4, 6)
    states = exact.spins_of(np.arange(64), 6)
    for power, rectified in MEMORIES:
        made = memory.DenseMemory(x, power, rectified)
        turned = 0
        for s in states:
            downhill = [i for i in range(6) if published_update(x, s, i, power, rectified) == -s[i]]
            assert set(np.flatnonzero(made.rises(s) < -1e-9)) == set(downhill)
            turned += len(downhill)
        assert turned > 50


@pytest.mark.parametrize(("power", "rectified"), [(3, False), (4, True), (None, False)])
def test_heat_bath_of_a_dense_memory_follows_its_energy(power, rectified):
    """10,000 chains of 4 spins at beta 0.6 against enumeration; the energy twice as large is told apart."""
    made = memory.DenseMemory(patterns_of(1, 3, 4), power, rectified)
    weights = np.exp(-0.6 * made.energy(exact.spins_of(np.arange(16), 4)))
    ends = made.recall(patterns_of(2, 10_000, 4), beta=0.6, sweeps=40, rng=3)
    require_distribution(ends.spins, weights / weights.sum())
    with pytest.raises(AssertionError):
        require_distribution(ends.spins, weights**2 / (weights**2).sum())


def test_nothing_overflows():
    """exp(4000) and (1/4000)^100 are out of range of floats; energies and updates must not be."""
    x = patterns_of(4, 3, 4000)
    cue = x[0].copy()
    cue[:1200] *= -1
    for made in (memory.DenseMemory(x, None), memory.DenseMemory(x, 100, True)):
        ends = made.recall(cue, rng=0)
        assert np.isfinite(ends.energies).all()
        np.testing.assert_array_equal(ends.spins[0], x[0])
    assert memory.DenseMemory(x, None).energy(x[0]) == pytest.approx(-4000)


def test_dense_memories_keep_what_the_classic_one_forgets():
    """100 spins, 2 n patterns, 14 times the classic capacity: all come back from 10 % noise, classic none."""
    x = patterns_of(5, 200, 100)
    shares = {
        name: memory.basin_of_attraction(recall, x, [0.8], cues=60, tolerance=0.02, rng=0).recalled[0].value
        for name, recall in {
            "classic": memory.hebb(x),
            "cubic": memory.DenseMemory(x, 3).recall,
            "exponential": memory.DenseMemory(x, None).recall,
        }.items()
    }
    assert shares["classic"] == 0.0
    assert shares["cubic"] > 0.8
    assert shares["exponential"] == 1.0


def test_even_powers_keep_mirror_images_and_rectified_ones_do_not():
    x = patterns_of(6, 4, 40)
    assert memory.DenseMemory(x, 4).energy(-x[0]) == memory.DenseMemory(x, 4).energy(x[0])
    rectified = memory.DenseMemory(x, 4, rectified=True)
    assert rectified.energy(-x[0]) > 0.1 * rectified.energy(x[0])


# Modern.


def test_the_modern_energy_is_as_published_and_bounded():
    """Ramsauer et al.: 0 <= E <= 2 max |x|^2 in the hull, term by term; the gradient is q - q'."""
    draw = np.random.default_rng(0)
    x, beta = draw.normal(size=(6, 5)), 0.7
    made = memory.ModernHopfield(x, beta)
    largest = max(float(p @ p) for p in x)
    queries = draw.dirichlet(np.ones(6), 50) @ x
    for q in queries:
        expected = -np.log(sum(np.exp(beta * p @ q) for p in x)) / beta + q @ q / 2 + np.log(6) / beta + largest / 2
        assert made.energy(q) == pytest.approx(expected)
        weights = np.array([np.exp(beta * p @ q) for p in x])
        np.testing.assert_allclose(made.update(q), weights / weights.sum() @ x)
        slope = [(made.energy(q + h) - made.energy(q - h)) / 2e-5 for h in 1e-5 * np.eye(5)]
        np.testing.assert_allclose(slope, q - made.update(q), atol=1e-8)
    energies = made.energy(queries)
    assert ((energies >= 0) & (energies <= 2 * largest)).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 8), d=st.integers(1, 6), beta=st.floats(0.01, 50))
def test_no_step_of_the_modern_network_raises_its_energy(seed, k, d, beta):
    draw = np.random.default_rng(seed)
    made = memory.ModernHopfield(draw.normal(size=(k, d)), beta)
    found = made.recall(3.0 * draw.normal(size=(4, d)), steps=50)
    assert (np.diff(found.energies) <= 1e-10 * (1 + abs(found.energies[:, :-1]))).all()
    rest = found.states[found.settled]
    np.testing.assert_allclose(made.update(rest), rest, atol=1e-7)


def test_large_beta_retrieves_and_small_beta_averages():
    """Spins of 50,000: overlaps of 5e4 times beta do not overflow."""
    x = patterns_of(7, 5, 50_000)
    cue = x[2] * np.where(np.arange(50_000) % 4 == 0, -1, 1)
    sharp = memory.ModernHopfield(x, 2.0).recall(cue)
    np.testing.assert_allclose(sharp.states[0], x[2])
    assert sharp.settled.all()
    assert sharp.steps[0] == 2  # one step gets there, one finds that nothing moves
    blurred = memory.ModernHopfield(x, 1e-9).recall(cue)
    np.testing.assert_allclose(blurred.states[0], x.mean(axis=0), atol=1e-3)
    assert not memory.ModernHopfield(x, 1e-5).recall(cue, steps=1).settled.any()


def test_a_query_does_not_depend_on_the_others():
    draw = np.random.default_rng(1)
    made = memory.ModernHopfield(draw.normal(size=(5, 4)), 2.0)
    queries = draw.normal(size=(6, 4))
    whole = made.recall(queries)
    for q, state, steps in zip(queries, whole.states, whole.steps, strict=True):
        alone = made.recall(q)
        np.testing.assert_allclose(alone.states[0], state, rtol=1e-12)
        assert alone.steps[0] == steps


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: memory.DenseMemory([[1, 0]]), "other than -1 and"),
        (lambda: memory.DenseMemory([[1, -1]], 1), "power is 1"),
        (lambda: memory.DenseMemory([[1, -1]], 2.5), "power is 2.5"),
        (lambda: memory.DenseMemory([[1, -1]], None, True), "rectified is True"),
        (lambda: memory.DenseMemory([[1, -1]]).recall([1, 1, 1]), "spins have shape"),
        (lambda: memory.DenseMemory([[1, -1]]).recall([1, 1], beta=-1.0), "beta is -1"),
        (lambda: memory.DenseMemory([[1, -1]]).recall([1, 1], sweeps=0), "sweeps is 0"),
        (lambda: memory.DenseMemory([[1, -1]]).recall([1, 1], every=5), "every is 5"),
        (lambda: memory.DenseMemory([[1, -1]]).rises([[1, 1]]), "one state"),
        (lambda: memory.ModernHopfield([[np.nan]]), "NaN"),
        (lambda: memory.ModernHopfield(np.ones((0, 2))), "neither of them 0"),
        (lambda: memory.ModernHopfield([[1.0]], beta=0.0), "beta is 0"),
        (lambda: memory.ModernHopfield([[1.0]], beta=1e308), "must be below 1e"),
        (lambda: memory.ModernHopfield([[1.0]]).energy([1.0, 2.0]), "queries have shape"),
        (lambda: memory.ModernHopfield([[1.0]]).update([np.inf]), "queries hold"),
        (lambda: memory.ModernHopfield([[1.0]]).recall([1.0], steps=0), "steps is 0"),
    ],
)
def test_bad_arguments_are_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()


def test_the_example_runs(tmp_path, capsys):
    example = Path(__file__).parents[2] / "examples" / "dense_memory.py"
    space = runpy.run_path(str(example))
    out = tmp_path / "figure.png"
    shares = space["main"](["--spins", "40", "--cues", "20", "--largest", "4", "--out", str(out)])
    assert out.stat().st_size > 5000
    assert shares["classic"][-1].value == 0.0
    assert shares["exponential"][-1].value > 0.9
    assert "classic" in capsys.readouterr().out
