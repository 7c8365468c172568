"""Dynamics, spurious states, basins, mean field: against enumeration, theorems and exact sums."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuromorph import Ising, exact
from neuromorph import associative_memory as memory
from neuromorph.analog import simulate
from neuromorph.testing import require_distribution


def patterns_of(seed, k, n):
    return np.random.default_rng(seed).choice([-1, 1], (k, n))


def glass(seed, n, biased=True):
    draw = np.random.default_rng(seed)
    j = np.triu(draw.normal(size=(n, n)), 1)
    return Ising(j + j.T, draw.normal(size=n) if biased else None, 0.7)


def at_rest(j, h, s):
    """s_i f_i >= 0 spin by spin."""
    return all(s[i] * (h[i] + sum(j[i, m] * s[m] for m in range(len(s)))) >= -1e-12 for i in range(len(s)))


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 12))
def test_descent_lowers_the_energy_and_ends_at_rest(seed, n):
    """The trace is E itself at both ends, never rises, and the end is one that no single spin improves."""
    ising = glass(seed, n)
    cues = patterns_of(seed + 1, 6, n)
    ends = memory.relax(ising, cues, every=1, rng=seed)
    assert ends.settled.all()
    np.testing.assert_allclose(ends.energies[:, 0], ising.energy(cues), atol=1e-9)
    np.testing.assert_allclose(ends.energies[:, -1], ising.energy(ends.spins), atol=1e-9)
    assert (np.diff(ends.energies) <= 1e-12).all()
    assert all(at_rest(ising.dense_couplings(), ising.biases, s) for s in ends.spins)


def test_asymmetric_couplings_are_used_row_by_row():
    """J_ij is what j does to i: rests of a perceptron's memory are rests of its fields, which those of J' are not."""
    x = patterns_of(11, 8, 14)
    j = memory.perceptron(x, 0.3).couplings
    ends = memory.relax(j, exact.spins_of(np.arange(300), 14), rng=0)
    assert ends.settled.mean() > 0.9
    assert all(at_rest(j, np.zeros(14), s) for s in ends.spins[ends.settled])
    assert not all(at_rest(j.T, np.zeros(14), s) for s in ends.spins[ends.settled])
    np.testing.assert_array_equal(memory.relax(j, x, rng=0).spins, x)


def test_ties_do_not_turn():
    """Without couplings nothing moves, at any of the two orders; round-off of 1/3 does not either."""
    cues = patterns_of(0, 3, 9)
    for order in ("asynchronous", "synchronous"):
        ends = memory.relax(np.zeros((9, 9)), cues, order=order)
        np.testing.assert_array_equal(ends.spins, cues)
        assert ends.settled.all()
    x = patterns_of(1, 3, 9)
    ends = memory.relax(memory.hebb(np.repeat(x, 3, axis=0)), exact.spins_of(np.arange(512), 9), rng=0)
    assert ends.settled.all()


def test_heat_bath_samples_the_boltzmann_distribution():
    """20,000 chains of 4 spins with biases at beta 0.7: beta^2, a sign, a lost bias or factor 2 fails; chance 1e-6."""
    ising = glass(3, 4)
    cues = patterns_of(5, 20_000, 4)
    ends = memory.relax(ising, cues, beta=0.7, sweeps=60, rng=1)
    assert (ends.period == 0).all()
    require_distribution(ends.spins, exact.boltzmann(ising, 0.7))
    with pytest.raises(AssertionError):
        require_distribution(ends.spins, exact.boltzmann(ising, 0.7**2))


def test_synchronous_heat_bath_samples_little_s_distribution():
    """All at once the states follow exp(beta h.s) prod cosh(beta f_i), not Boltzmann's law (Peretto 1984)."""
    ising = glass(4, 4)
    ends = memory.relax(ising, patterns_of(6, 20_000, 4), beta=0.4, sweeps=60, order="synchronous", rng=2)
    states = exact.spins_of(np.arange(16), 4)
    log_weight = 0.4 * states @ ising.biases + np.log(np.cosh(0.4 * ising.field(states))).sum(axis=1)
    weight = np.exp(log_weight)
    require_distribution(ends.spins, weight / weight.sum())
    with pytest.raises(AssertionError):
        require_distribution(ends.spins, exact.boltzmann(ising, 0.4))


def synchronous_map(j, h, s):
    f = h + j @ s
    return np.where(abs(f) < 1e-12, s, np.sign(f)).astype(int)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 9), symmetric=st.booleans())
def test_synchronous_updates_end_where_the_map_does(seed, n, symmetric):
    """The period by stepping the map; at most 2 and a falling L for symmetric couplings (Goles and Olivos)."""
    draw = np.random.default_rng(seed)
    j = draw.integers(-2, 3, (n, n)).astype(float)
    j = np.triu(j, 1) + (np.triu(j, 1).T if symmetric else np.tril(j, -1))
    cues = patterns_of(seed + 1, 5, n)
    ends = memory.relax(j, cues, order="synchronous", sweeps=600)
    for cue, s, period in zip(cues, ends.spins, ends.period, strict=True):
        seen, state = [], cue
        while state.tolist() not in seen:
            seen.append(state.tolist())
            state = synchronous_map(j, np.zeros(n), state)
        assert period == len(seen) - seen.index(state.tolist())
        np.testing.assert_array_equal(s, state)
    if symmetric:
        assert set(ends.period) <= {1, 2}
        assert (np.diff(ends.energies) <= 1e-9).all()
        rests = ends.settled
        energies = memory.couplings_as_ising(j).energy(ends.spins)
        np.testing.assert_allclose(ends.energies[rests, -1], energies[rests], atol=1e-9)


def test_two_antiferromagnetic_spins_blink():
    """The simplest cycle of two; and a rotor of asymmetric couplings goes round four states."""
    ends = memory.relax([[0.0, -1.0], [-1.0, 0.0]], [1, 1], order="synchronous")
    assert ends.period.tolist() == [2]
    assert memory.relax([[0.0, -1.0], [-1.0, 0.0]], [1, 1], rng=0).period.tolist() == [1]
    assert memory.relax([[0.0, -1.0], [1.0, 0.0]], [1, 1], order="synchronous").period.tolist() == [4]
    assert memory.relax([[0.0, -1.0], [1.0, 0.0]], [1, 1], sweeps=50).period.tolist() == [0]


@pytest.mark.parametrize("options", [{}, {"beta": 0.8}, {"order": "synchronous", "beta": 0.8, "sweeps": 7}])
def test_a_read_does_not_depend_on_the_others(options):
    ising, cues = glass(8, 12), patterns_of(9, 6, 12)
    whole = memory.relax(ising, cues, rng=3, **options)
    again = memory.relax(ising, cues[:4], rng=3, **options)
    np.testing.assert_array_equal(whole.spins[:4], again.spins)
    other = memory.relax(ising, cues, rng=4, **options)
    assert options == {} or (whole.spins != other.spins).any()


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 9), symmetric=st.booleans())
def test_fixed_points_are_all_states_at_rest(seed, n, symmetric):
    x = patterns_of(seed, 3, n)
    j = memory.hebb(x)
    if not symmetric:
        j = j * np.random.default_rng(seed).normal(1.0, 0.5, (n, n))
    found = {tuple(s) for s in memory.fixed_points(j).tolist()}
    by_hand = {tuple(s) for s in exact.spins_of(np.arange(1 << n), n).tolist() if at_rest(j, np.zeros(n), s)}
    assert found == by_hand


def test_spurious_states_get_their_names():
    """Three patterns in 60 spins: they, their mirror images, their mixtures; and a random state is none of these."""
    x = patterns_of(0, 3, 60)
    mixed = memory.mixture_states(x)
    assert mixed.shape == (8, 60)
    assert sorted(map(tuple, mixed)) == sorted(tuple(-s) for s in mixed)
    states = np.concatenate([x, -x, mixed, patterns_of(1, 2, 60)])
    expected = ["pattern"] * 3 + ["inverse"] * 3 + ["mixture"] * 8 + ["other"] * 2
    assert memory.classify(states, x).tolist() == expected
    damaged = states.copy()
    damaged[:, :3] *= -1
    assert memory.classify(damaged, x, tolerance=0.05).tolist() == expected
    assert set(memory.classify(damaged, x, tolerance=0.04).tolist()) == {"other"}


def test_the_census_counts_the_spurious_states_of_a_small_memory():
    """Orthogonal patterns of 16 spins, exactly: 3 patterns, 3 mirror images, the mixtures; the sampled one agrees."""
    from scipy.linalg import hadamard

    x = hadamard(16)[1:4]
    whole = memory.find_attractors(memory.hebb(x), x)
    counts = whole.counts()
    assert (counts["pattern"], counts["inverse"]) == (3, 3)
    assert counts["mixture"] == sum(at_rest(memory.hebb(x), np.zeros(16), s) for s in memory.mixture_states(x))
    assert sum(counts.values()) == len(memory.fixed_points(memory.hebb(x)))
    assert np.isnan(whole.weights).all()
    drawn = memory.find_attractors(memory.hebb(x), x, starts=2000, rng=0)
    assert drawn.unsettled == 0.0
    assert drawn.weights.sum() == pytest.approx(1.0)
    assert {tuple(s) for s in drawn.states.tolist()} <= {tuple(s) for s in whole.states.tolist()}
    assert drawn.counts()["pattern"] == drawn.counts()["inverse"] == 3
    # The mirror images are as good as the patterns: 2000 starts, 5 sigma.
    shares = [drawn.weights[drawn.kinds == kind].sum() for kind in ("pattern", "inverse")]
    assert abs(shares[0] - shares[1]) < 5.0 * np.sqrt(sum(shares) / 2000)


def test_symmetric_mixtures_are_stable_at_low_load():
    """Amit, Gutfreund, Sompolinsky 1985: mixtures of three are fixed points at T = 0; of their overlaps each is 1/2."""
    x = patterns_of(3, 3, 4001)
    mixed = memory.mixture_states(x)
    np.testing.assert_allclose(abs(mixed @ x.T / 4001), 0.5, atol=6 / np.sqrt(4001))
    ends = memory.relax(memory.hebb(x), mixed, rng=0)
    assert ends.settled.all()
    assert (memory.classify(ends.spins, x, tolerance=0.02) == "mixture").all()


def test_basins_shrink_with_distance_and_with_load():
    x = patterns_of(1, 20, 200)
    few = memory.basin_of_attraction(memory.hebb(x[:4]), x[:4], [1.0, 0.6, 0.3, 0.0], cues=120, tolerance=0.02, rng=0)
    many = memory.basin_of_attraction(memory.hebb(x), x, [1.0, 0.6, 0.3, 0.0], cues=120, tolerance=0.02, rng=0)
    np.testing.assert_allclose(few.overlaps, [1.0, 0.6, 0.3, 0.0])
    assert few.recalled[0].value == 1.0
    assert all(a.value >= b.value for a, b in zip(few.recalled, few.recalled[1:], strict=False))
    assert few.recalled[2].low > many.recalled[2].high
    assert few.recalled[3].high < 0.5  # a cue without overlap finds its pattern by chance only
    dense = memory.basin_of_attraction(memory.DenseMemory(x, 3).recall, x, [0.3], cues=60, rng=0)
    assert dense.recalled[0].value == 1.0


# Mean field.


def curie_weiss(n, beta):
    """<s> of the valley m > 0 of one pattern, J = 1/n without diagonal, by the exact sum over magnetizations."""
    up = np.arange(n // 2 + 1, n + 1)
    m = 2.0 * up - n
    log_weight = np.array([float(np.log(float(comb(n, int(u))))) for u in up]) + beta * m**2 / (2 * n)
    weight = np.exp(log_weight - log_weight.max())
    return float((weight * m).sum() / weight.sum() / n)


def test_the_analog_network_rests_where_the_binary_one_is_on_average_to_order_1_over_n():
    """One pattern, beta 2, against the exact sum: the error times n settles, so that it falls as 1/n."""
    errors = []
    for n in (100, 200, 400, 800):
        ising = memory.couplings_as_ising(memory.hebb(np.ones((1, n), int)))
        found = memory.stationary_state(ising, 2.0, np.ones(n))
        assert found.converged
        m = float(found.means[0])
        assert m == pytest.approx(np.tanh(2.0 * m * (n - 1) / n), abs=1e-10)
        errors.append(n * (m - curie_weiss(n, 2.0)))
    assert errors[0] > 0.02  # there is an error at finite n to speak of
    assert errors[2] == pytest.approx(errors[3], rel=0.03)


def test_monte_carlo_gives_the_exact_averages():
    """One pattern, n = 100, beta 1.4, 32 chains: the mean over spins within 5 standard errors of the exact sum."""
    ising = memory.couplings_as_ising(memory.hebb(np.ones((1, 100), int)))
    means = memory.glauber_magnetization(ising, 2.0, np.ones(100), sweeps=1500, reads=32, rng=0).mean(axis=1)
    error = means.std(ddof=1) / np.sqrt(32)
    assert error < 2e-4
    assert abs(means.mean() - curie_weiss(100, 2.0)) < 5.5 * error
    field = memory.stationary_state(ising, 2.0, np.ones(100)).means[0]
    assert abs(means.mean() - field) > 10 * error  # what is compared is finer than the correction to mean field


def test_mean_field_states_of_a_hebbian_memory_are_those_of_the_analog_network():
    """The circuit's ODE, the fixed-point iteration and the residual of the network agree for 5 patterns in 60."""
    x = patterns_of(2, 5, 60)
    ising = Ising(memory.hebb(x), 0.05 * patterns_of(3, 1, 60)[0])
    for beta in (1.5, 4.0):
        found = memory.stationary_state(ising, beta, x[0])
        network = memory.analog_equivalent(ising, beta)
        potentials = np.arctanh(found.means) / beta
        assert network.mean_field_residual(potentials) < 1e-9
        (end,) = simulate(network, 0.9 * x[0], t_end_s=200.0).final
        np.testing.assert_allclose(np.tanh(beta * end), found.means, atol=1e-4)


def mean_field_error(n, seed, k=3, beta=2.0):
    """Root mean square over the spins of <s_i> minus its mean field, all chains being in the valley of the pattern."""
    x = patterns_of(seed, k, n)
    ising = memory.couplings_as_ising(memory.hebb(x))
    means = memory.glauber_magnetization(ising, beta, x[0], sweeps=1500, reads=8, rng=seed)
    assert (means @ x[0] / n > 0.9).all()
    return float(np.sqrt(np.mean((means.mean(axis=0) - memory.stationary_state(ising, beta, x[0]).means) ** 2)))


def test_mean_field_becomes_exact_as_the_memory_grows():
    """Three patterns, spin by spin: 4 times the spins, 1/4 of the error; 1/2 or 1/16 would be outside the bounds."""
    small, large = (np.mean([mean_field_error(n, seed) for seed in range(4)]) for n in (200, 800))
    assert 2.0 * np.sqrt(2.0) < small / large < 8.0


def test_a_wrong_temperature_or_factor_is_no_stationary_state_of_the_binary_network():
    """Half or twice the gain is off by far more than the correction of order k / n."""
    x = patterns_of(0, 3, 200)
    ising = memory.couplings_as_ising(memory.hebb(x))
    means = memory.glauber_magnetization(ising, 2.0, x[0], rng=0).mean(axis=0)
    errors = [abs(means - memory.stationary_state(ising, beta, x[0]).means).max() for beta in (2.0, 4.0, 1.0)]
    assert errors[0] < 0.05
    assert min(errors[1:]) > 0.05


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: memory.relax(np.eye(3), [1, 1, 1]), "diagonal"),
        (lambda: memory.relax(np.zeros((2, 3)), [1, 1]), "expected"),
        (lambda: memory.relax(np.zeros((2, 2)), [1, 0]), "other than -1 and"),
        (lambda: memory.relax(np.zeros((2, 2)), [1, 1], beta=-1.0), "beta is -1"),
        (lambda: memory.relax(np.zeros((2, 2)), [1, 1], beta=np.nan), "beta is nan"),
        (lambda: memory.relax(np.zeros((2, 2)), [1, 1], sweeps=0), "sweeps is 0"),
        (lambda: memory.relax(np.zeros((2, 2)), [1, 1], every=3), "every is 3"),
        (lambda: memory.relax(np.zeros((2, 2)), [1, 1], every=1, order="synchronous"), "every is 1"),
        (lambda: memory.relax(np.zeros((2, 2)), [1, 1], order="random"), "order is 'random'"),
        (lambda: memory.fixed_points(np.zeros((30, 30))), "30 spins"),
        (lambda: memory.classify([[1, 1]], [[1, 1]], tolerance=0.3), "tolerance is 0.3"),
        (lambda: memory.basin_of_attraction(np.zeros((2, 2)), [[1, 1]], [1.5]), "outside 0"),
        (lambda: memory.stationary_state(glass(0, 3), 0.0, np.ones(3)), "beta is 0"),
        (lambda: memory.stationary_state(glass(0, 3), 1.0, 2 * np.ones(3)), "start"),
        (lambda: memory.glauber_magnetization(glass(0, 3), 1.0, np.ones(3), sweeps=0), "sweeps is 0"),
        (lambda: memory.analog_equivalent(glass(0, 3), np.inf), "beta is inf"),
    ],
)
def test_bad_arguments_are_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()
