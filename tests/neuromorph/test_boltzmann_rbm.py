"""Restricted Boltzmann machines: drawing, learning and likelihood against enumeration; mutants have to be caught."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from neuromorph import exact
from neuromorph.boltzmann import RBM, AnnealingPath, RandomLanes, RestrictedBoltzmann, ais, tempering_sweep
from neuromorph.boltzmann.block_gibbs_kernel import generator_lanes, to_means, to_means_and_samples, to_samples
from neuromorph.boltzmann.contrastive_divergence import RbmTrainer, TrainingOptions
from neuromorph.testing import FALSE_FAILURE, require_distribution

READS = 20_000
BASE = np.array([-0.4, 0.9, 0.3])
BETA = 0.6


def small(units="bernoulli", m=3, n=3, scale=1.0, seed=3):
    """Irregular weights, and biases of both signs that are not 0."""
    rng = np.random.default_rng(seed)
    return RestrictedBoltzmann(rng.normal(0, scale, (n, m)), rng.normal(0.3, 0.8, m), rng.normal(-0.4, 0.8, n), units)


def tempered(layer, beta, base):
    """The Bernoulli layer that stands at ``beta`` of the path."""
    visible = (1 - beta) * base + beta * layer.visible_biases
    return RestrictedBoltzmann(beta * layer.weights, visible, beta * layer.hidden_biases)


def visible_probabilities(layer):
    """p(v) (2^m,) by enumeration of all spins."""
    p = exact.boltzmann(layer.ising(), 1.0)
    return p.reshape(-1, 2 ** len(layer.visible_biases)).sum(axis=0)


def bars(size=3):
    """Bars and stripes: the patterns whose rows, or whose columns, are all alike."""
    on = exact.spins_of(np.arange(2**size), size) > 0
    rows = np.repeat(on[:, :, None], size, axis=2).reshape(-1, size**2)
    columns = np.repeat(on[:, None, :], size, axis=1).reshape(-1, size**2)
    return np.unique(np.concatenate([rows, columns]), axis=0).astype(float)


# Kernels.


def test_means_are_those_of_the_logistic_function_over_all_floats():
    """A wrong polynomial, a lost clamp or a beta or base that is not applied."""
    z = np.concatenate([np.linspace(-80, 80, 4001), [-1e30, -200, 0, 200, 1e30]]).astype(np.float32)
    x = z[None].copy()
    to_means(x, np.zeros_like(z), np.zeros_like(z), np.ones(1, np.float32), np.float32(-1))
    assert np.allclose(-x[0], expit(z.astype(float)), rtol=1e-6, atol=1e-37)
    rng = np.random.default_rng(0)
    x, shift, base = rng.normal(size=(4, 70)), rng.normal(size=70), rng.normal(size=70)
    betas = np.array([0.0, 0.3, 1.0, 2.0])
    got = x.astype(np.float32)
    to_means(got, *(part.astype(np.float32) for part in (shift, base, betas)), np.float32(1))
    assert np.allclose(got, expit(base + betas[:, None] * (x + shift)), atol=1e-6)


def test_both_kernels_draw_the_same_and_their_lanes_are_independent():
    """Streams that lanes, blocks or rows share: all states of 2 rows x 4 units, at the seams of the blocks of 32."""
    p = np.array([0.2, 0.4, 0.5, 0.7])
    z = np.tile(np.log(p / (1 - p)), 34).astype(np.float32)
    none, ones = np.zeros_like(z), np.ones(20_000, np.float32)
    x, again, samples = np.zeros((3, len(ones), z.size), np.float32)
    lanes = generator_lanes(np.random.SeedSequence(4))
    to_samples(x, z, none, ones, lanes.copy())
    to_means_and_samples(again, z, none, ones, np.float32(1), samples, lanes)
    assert np.array_equal(x, samples)
    assert np.allclose(again, expit(z.astype(float)))
    single = np.array([np.prod(np.where(s > 0, p, 1 - p)) for s in exact.spins_of(np.arange(16), 4)])
    for first in (0, 20, 28, 32, 60, 64, 124, 132):
        block = 2 * x[:, first : first + 4] - 1
        pairs = np.concatenate([block[0::2], block[1::2]], axis=1)
        require_distribution(pairs, np.outer(single, single).ravel(), f"units {first} ..")
    for a, b in ((0, 32), (30, 34), (0, 64), (0, 132)):
        columns = 2 * np.concatenate([x[:, a : a + 2], x[:, b : b + 2]], axis=1) - 1
        q = np.r_[p[[a % 4, (a + 1) % 4]], p[[b % 4, (b + 1) % 4]]]
        expected = np.array([np.prod(np.where(s > 0, q, 1 - q)) for s in exact.spins_of(np.arange(16), 4)])
        require_distribution(columns, expected, f"units {a} and {b}")


# Conditionals, equilibrium, tempering.


def chains_at_equilibrium(layer, beta=1.0, base=None, steps=60, seed=1):
    """(v, h) as spins, (READS, m + n), of independent chains."""
    path, stream = AnnealingPath.of(layer, base), RandomLanes.of(seed)
    at, v = np.full(READS, beta, np.float32), path.start(READS, stream)
    for _ in range(steps):
        h = path.draw_hidden(v @ path.weights.T, at, stream)
        v = path.draw_visible(h, at, stream)
    return 2 * np.concatenate([v, path.draw_hidden(v @ path.weights.T, at, stream)], axis=1) - 1


def test_one_step_follows_the_conditionals():
    layer, path, stream = small(), AnnealingPath.of(small(), BASE), RandomLanes.of(0)
    at = np.full(READS, BETA, np.float32)
    v, h = np.array([1.0, 0.0, 1.0]), np.array([0.0, 1.0, 1.0])
    x = np.tile(v, (READS, 1)).astype(np.float32) @ path.weights.T
    means = (
        expit(BETA * (layer.weights @ v + layer.hidden_biases)),
        expit((1 - BETA) * BASE + BETA * (h @ layer.weights + layer.visible_biases)),
    )
    drawn = path.draw_hidden(x, at, stream), path.draw_visible(np.tile(h, (READS, 1)).astype(np.float32), at, stream)
    for states, p in zip(drawn, means, strict=True):
        expected = [np.prod(np.where(s > 0, p, 1 - p)) for s in exact.spins_of(np.arange(8), 3)]
        require_distribution(2 * states - 1, np.array(expected))


@pytest.mark.parametrize("beta", [1.0, BETA])
def test_chains_reach_the_boltzmann_distribution(beta):
    """20,000 chains of 6 units with biases; detects KL of 0.003."""
    expected = exact.boltzmann(tempered(small(), beta, BASE).ising(), 1.0)
    require_distribution(chains_at_equilibrium(small(), beta, BASE), expected)


def test_mutants_of_the_chains_are_caught():
    """Hidden biases left out, beta applied twice, the base forgotten, one sign of the weights turned."""
    layer = small()
    expected = exact.boltzmann(tempered(layer, BETA, BASE).ising(), 1.0)
    mutants = {
        "no hidden biases": (
            RestrictedBoltzmann(layer.weights, layer.visible_biases, 0 * layer.hidden_biases),
            BETA,
            BASE,
        ),
        "beta twice": (layer, BETA**2, BASE),
        "no base": (layer, BETA, None),
        "sign": (RestrictedBoltzmann(-layer.weights, layer.visible_biases, layer.hidden_biases), BETA, BASE),
    }
    for name, mutant in mutants.items():
        with pytest.raises(AssertionError, match="do not follow"):
            require_distribution(chains_at_equilibrium(*mutant), expected, name)


def rungs_after_tempering(path, sweeps=40):
    betas, stream = np.array([0.0, 0.4, 1.0], np.float32), RandomLanes.of(5)
    level = np.repeat(np.arange(3)[:, None], READS, axis=1)
    v = path.start(3 * READS, stream)
    taken = []
    for _ in range(sweeps):
        v, level, fraction = tempering_sweep(path, v, level, betas, stream)
        taken.append(fraction)
    assert (np.sort(level, axis=0) == np.arange(3)[:, None]).all()
    return betas, [2 * v[(level == k).ravel()] - 1 for k in range(3)], np.mean(taken)


def test_every_rung_of_tempering_keeps_its_distribution():
    """A wrong acceptance rule bends the distributions that Gibbs steps alone would keep."""
    layer = small(scale=1.5)
    betas, rungs, taken = rungs_after_tempering(AnnealingPath.of(layer, BASE))
    assert 0.2 < taken < 0.999
    for beta, spins in zip(betas, rungs, strict=True):
        require_distribution(spins, visible_probabilities(tempered(layer, float(beta), BASE)), f"beta {beta}")


def test_tempering_that_always_swaps_is_caught(monkeypatch):
    layer = small(scale=1.5)
    monkeypatch.setattr(AnnealingPath, "slope", lambda self, v, h, x: np.zeros(len(v)))
    _, rungs, _ = rungs_after_tempering(AnnealingPath.of(layer, BASE))
    with pytest.raises(AssertionError, match="do not follow"):
        require_distribution(rungs[2], visible_probabilities(layer))


# Gradients.


def log_likelihood(layer, v):
    return float(-layer.free_energy(v).mean() - layer.log_partition())


@pytest.mark.parametrize(("units", "m", "n"), [("bernoulli", 4, 3), ("bernoulli", 3, 5), ("gaussian", 4, 3)])
def test_the_exact_gradient_is_that_of_the_exact_likelihood(units, m, n):
    """Against finite differences; either side is the one that is enumerated."""
    layer, rng = small(units, m, n), np.random.default_rng(0)
    v = rng.normal(size=(6, m)) if units == "gaussian" else rng.integers(0, 2, (6, m)).astype(float)
    parts = [layer.weights, layer.visible_biases, layer.hidden_biases]
    found = layer.gradient(v)
    for k, gradient in enumerate((found.weights, found.visible_biases, found.hidden_biases)):
        for place in np.ndindex(parts[k].shape):
            step = np.zeros_like(parts[k])
            step[place] = 1e-5
            up, down = ([p + sign * step if i == k else p for i, p in enumerate(parts)] for sign in (1, -1))
            slope = (
                log_likelihood(RestrictedBoltzmann(*up, units), v)
                - log_likelihood(RestrictedBoltzmann(*down, units), v)
            ) / 2e-5
            assert gradient[place] == pytest.approx(slope, abs=1e-8)


def test_the_likelihood_is_that_of_all_spins_enumerated():
    layer = small(m=4, n=3)
    assert layer.log_partition() == pytest.approx(np.log(np.exp(-energies_of(layer)).sum()), rel=1e-12)
    every = (exact.spins_of(np.arange(16), 4) + 1) / 2.0
    p = np.exp(-layer.free_energy(every) - layer.log_partition())
    assert np.allclose(p, visible_probabilities(layer), atol=1e-13)


def energies_of(layer):
    """E(v, h) over all states, straight from its definition."""
    n, m = layer.weights.shape
    v, h = ((exact.spins_of(np.arange(2**k), k) + 1) / 2.0 for k in (m, n))
    return -(v @ layer.visible_biases)[:, None] - (h @ layer.hidden_biases)[None] - v @ layer.weights.T @ h.T


def test_a_gaussian_machine_has_a_normalized_density():
    """Integrated over the plane; the standardization of the data is part of it."""
    rng = np.random.default_rng(2)
    x = rng.normal([3.0, -40.0], [0.5, 8.0], (300, 2)) + rng.choice([0, 1], (300, 1)) * [2.0, 30.0]
    machine = RBM(5, visible="gaussian", n_iter=400, learning_rate=0.05, batch_size=50, random_state=0).fit(x)
    a, b = np.linspace(-4, 12, 401), np.linspace(-160, 120, 401)
    grid = np.stack(np.meshgrid(a, b, indexing="ij"), axis=-1).reshape(-1, 2)
    total = np.exp(machine.score_samples(grid)).sum() * (a[1] - a[0]) * (b[1] - b[0])
    assert total == pytest.approx(1.0, abs=1e-6)
    independent = norm.logpdf(x, x.mean(axis=0), x.std(axis=0)).sum(axis=1).mean()
    assert machine.score(x) > independent + 0.3  # two clusters, which independent features cannot have


CHAINS = 100_000


def parameters_of(layer):
    return [layer.weights, layer.visible_biases, layer.hidden_biases]


def learner_of(layer, rule, seed=7):
    parts = [p.astype(np.float32) for p in parameters_of(layer)]
    return RbmTrainer(*parts, np.zeros(parts[1].size, np.float32), rule, RandomLanes.of(seed), layer.visible)


def update_of(layer, v, rule):
    """(dW, db, dc) of one update with many chains, per unit of rate."""
    learner, rate = learner_of(layer, rule), 0.5
    learner.learn(v.astype(np.float32), rate)
    after = (learner.weights, learner.visible_biases, learner.hidden_biases)
    return [(a - b) / rate for a, b in zip(after, parameters_of(layer), strict=True)]


@pytest.mark.parametrize(("method", "units"), [("pcd", "bernoulli"), ("tempering", "bernoulli"), ("pcd", "gaussian")])
def test_an_update_is_the_exact_gradient(method, units):
    """Chains that had time to equilibrate. Sees: the sign of the negative phase, missing biases, beta twice."""
    layer, rng = small(units, m=4, n=3, scale=0.7), np.random.default_rng(1)
    v = rng.normal(size=(40, 4)) if units == "gaussian" else rng.integers(0, 2, (40, 4)).astype(float)
    rule = TrainingOptions(method, steps=8 if method == "tempering" else 20, chains=CHAINS, rungs=3)
    exactly = layer.gradient(v)
    expected = parameters_of(exactly)
    # <(p v)^2> <= <v^2>, at most 1 or that of the Gaussian units' means, which h bounds
    second = 1.0 if units == "bernoulli" else 1.0 + (np.abs(layer.visible_biases) + np.abs(layer.weights).sum(0)) ** 2
    limit = norm.isf(FALSE_FAILURE / 100) * np.sqrt(np.max(second) / CHAINS)
    for found, wanted in zip(update_of(layer, v, rule), expected, strict=True):
        assert np.abs(found - wanted).max() < limit
    if units == "bernoulli":
        plus = layer.hidden_means(v).T @ v / len(v)
        others = {
            "sign": 2.0 * plus - exactly.weights,
            "no hidden biases": RestrictedBoltzmann(layer.weights, layer.visible_biases, [0, 0, 0]).gradient(v).weights,
            "beta twice": RestrictedBoltzmann(2 * layer.weights, 2 * layer.visible_biases, 2 * layer.hidden_biases)
            .gradient(v)
            .weights,
        }
        for name, wrong in others.items():
            assert np.abs(wrong - exactly.weights).max() > 2.0 * limit, name


def test_contrastive_divergence_is_its_own_expectation():
    """CD-2 against the sum over all h, v', h', v'' from every sample: one step more or less fails."""
    layer, rng = small(m=4, n=3, scale=2.0), np.random.default_rng(1)
    data = rng.integers(0, 2, (3, 4)).astype(float)
    v_all, h_all = ((exact.spins_of(np.arange(2**k), k) + 1) / 2.0 for k in (4, 3))

    def chances(means, states):
        return np.prod(np.where(states[None] > 0, means[:, None], 1 - means[:, None]), axis=2)

    up, down = chances(layer.hidden_means(v_all), h_all), chances(layer.visible_means(h_all), v_all)
    start = np.eye(16)[exact.states_of(2 * data - 1)].mean(axis=0)
    p = layer.hidden_means(v_all)

    def after(steps):
        end = start @ np.linalg.matrix_power(up @ down, steps)
        return (p * start[:, None]).T @ v_all - (p * end[:, None]).T @ v_all

    v = np.repeat(data, CHAINS // 3, axis=0)
    found = update_of(layer, v, TrainingOptions("cd", steps=2))[0]
    limit = norm.isf(FALSE_FAILURE / 100) / np.sqrt(len(v))
    assert np.abs(found - after(2)).max() < limit
    assert min(np.abs(after(2) - after(k)).max() for k in (1, 3)) > 1.5 * limit


def test_momentum_and_weight_decay_do_what_they_say():
    layer, v, rate, momentum, decay = small(), np.eye(3, dtype=np.float32), 0.1, 0.5, 0.3

    def weights(updates, **rule):
        learner = learner_of(layer, TrainingOptions("pcd", chains=4, **rule))
        history = [learner.weights.astype(float)]
        for _ in range(updates):
            learner.learn(v, rate)
            history.append(learner.weights.astype(float))
        return history

    plain, heavy = weights(2), weights(2, momentum=momentum)
    assert np.allclose(heavy[1], plain[1], atol=1e-7)
    assert np.allclose(heavy[2], plain[2] + momentum * (plain[1] - plain[0]), atol=1e-6)
    for other in ({}, {"momentum": momentum}):
        decayed = weights(1, weight_decay=decay, **other)
        assert np.allclose(decayed[1], plain[1] - rate * decay * plain[0], atol=1e-6)


# Likelihood.


@pytest.mark.parametrize(("units", "scale"), [("bernoulli", 1.0), ("gaussian", 0.25)])
def test_annealed_importance_sampling_finds_the_enumerated_partition_function(units, scale):
    """The mean weight is unbiased; intervals hold as often as they say; both bounds hold. 12 hidden units."""
    layer = small(units, m=16, n=12, scale=scale)
    log_z = layer.log_partition()
    base = np.linspace(-0.5, 0.5, 16)
    results = [ais(layer, chains=100, betas=200, base=base, rng=seed) for seed in range(40)]
    weights = np.exp(np.concatenate([r.log_weights for r in results]) - log_z)
    assert abs(weights.mean() - 1.0) < norm.isf(FALSE_FAILURE / 2) * weights.std() / np.sqrt(weights.size)
    assert weights.std() / np.sqrt(weights.size) < 0.02  # what that detects
    assert sum(r.low <= log_z <= r.high for r in results) >= 26  # of 40 at 95 %: fewer once in 10^6
    assert all(r.lower < log_z < r.upper for r in results)
    assert min(r.effective_size for r in results) > 20


def test_annealing_of_independent_units_is_exact():
    """All weights are alike where base and biases agree."""
    layer = RestrictedBoltzmann(np.zeros((4, 5)), np.linspace(-1, 1, 5), np.zeros(4))
    found = ais(layer, chains=10, betas=5, base=layer.visible_biases, rng=0)
    assert found.effective_size == pytest.approx(10)
    assert found.low == pytest.approx(layer.log_partition(), abs=1e-6) == found.high


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"chains": 1}, "chains is 1"),
        ({"betas": 1}, "betas is 1"),
        ({"betas": [0.0, 0.5]}, "from 0 to 1"),
        ({"betas": [0.0, 0.7, 0.7, 1.0]}, "rise strictly"),
        ({"base": [0.0]}, "base has shape"),
        ({"mixing": -1}, "mixing is -1"),
    ],
)
def test_annealing_refuses(changed, message):
    with pytest.raises(ValueError, match=message):
        ais(small(), **changed)


# The estimator.


@pytest.mark.parametrize("method", ["cd", "pcd", "tempering"])
def test_an_rbm_learns_bars_and_stripes(method):
    """14 of 512 states, entropy 2.64: independent units reach -6.2, a machine that has learned them nearly -2.64."""
    x = bars()
    machine = RBM(12, method=method, learning_rate=(0.3, 0.0), n_iter=1500, batch_size=14, n_chains=28, random_state=1)
    machine.fit(x)
    assert machine.score(x) > -4.0
    every = (exact.spins_of(np.arange(512), 9) + 1) / 2.0
    assert np.exp(machine.score_samples(every)).sum() == pytest.approx(1.0)
    annealed = ais(machine.layer, base=machine.base_, rng=0)
    assert annealed.lower < machine.log_partition().value < annealed.upper


@pytest.mark.filterwarnings("ignore:RBM learned nothing")
def test_samples_of_the_estimator_follow_its_likelihood_and_a_gibbs_step_keeps_them():
    x = np.repeat([[0, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 1.0]], [5, 3, 2], axis=0)
    machine = RBM(4, learning_rate=0.2, n_iter=100, batch_size=10, random_state=0).fit(x)
    drawn = machine.sample(READS, n_steps=100, rng=3)
    expected = np.exp(machine.score_samples((exact.spins_of(np.arange(16), 4) + 1) / 2.0))
    require_distribution(2 * drawn - 1, expected, "sample")
    require_distribution(2 * machine.gibbs(drawn, rng=4) - 1, expected, "gibbs")


@pytest.mark.filterwarnings("ignore:RBM learned nothing")
def test_random_states_are_followed():
    """int: the same machine; Generator, SeedSequence and RandomState: streams that go on; never the global one."""
    x = bars()

    def weights(state):
        return RBM(3, n_iter=2, random_state=state).fit(x).components_

    before = np.random.get_state()[1].copy()  # noqa: NPY002  what must not change
    assert np.array_equal(weights(5), weights(5))
    assert not np.array_equal(weights(5), weights(6))
    for made in (np.random.default_rng, np.random.SeedSequence, np.random.RandomState):
        stream = made(5)
        first, second = weights(stream), weights(stream)
        assert not np.array_equal(first, second)
        assert np.array_equal(first, weights(made(5)))
    assert not np.array_equal(weights(None), weights(None))
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_partial_fit_goes_on_where_it_stopped_and_forgets_the_old_likelihood():
    x, machine = bars(), RBM(8, random_state=0, learning_rate=0.3, batch_size=14)
    machine.partial_fit(x)
    first = machine.score(x)
    for _ in range(1000):
        machine.partial_fit(x)
    assert machine.score(x) > first + 0.5


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"visible": "softmax"}, "visible is 'softmax'"),
        ({"method": "exact"}, "method is 'exact'"),
        ({"n_components": 0}, "n_components is 0"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"n_steps": 0}, "steps is 0"),
        ({"visible": "gaussian", "sigma": 0.0}, "sigma is 0.0"),
        ({"momentum": 1.0}, "momentum is 1.0"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0"),
        ({"learning_rate": (0.1, 0.2, 0.3)}, "learning_rate is"),
        ({"learning_rate": np.nan}, "learning_rate is nan"),
    ],
)
def test_the_estimator_refuses(changed, message):
    with pytest.raises(ValueError, match=message):
        RBM(**{"n_components": 3, **changed}).fit(bars())


def test_values_beyond_the_unit_interval_are_warned_of():
    with pytest.warns(UserWarning, match=r"X ranges from 0 to 255"):
        RBM(3, n_iter=0).fit(255 * bars())


def test_a_layer_refuses_what_is_none():
    with pytest.raises(ValueError, match="expected"):
        RestrictedBoltzmann(np.zeros((3, 2)), np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="NaN or infinity"):
        RestrictedBoltzmann(np.full((3, 2), np.nan), np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="enumeration stops at 20"):
        RestrictedBoltzmann(np.zeros((21, 30)), np.zeros(30), np.zeros(21)).log_partition()
    with pytest.raises(ValueError, match="only Bernoulli units are spins"):
        small("gaussian").ising()
