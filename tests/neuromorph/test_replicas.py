"""Every kernel and update against enumeration, an exact trajectory and each other; streams, copies, refusals."""

import numpy as np
import pytest
from scipy.stats import binom

from neuromorph import Ising, exact
from neuromorph.kernels import philox as variates
from neuromorph.sampling.replicas import replicas
from neuromorph.sampling.replicas.dense import DenseLayout
from neuromorph.testing import FALSE_FAILURE, require_distribution

READS, SWEEPS = 20_000, 60
STRIPS = ("sparse", "int8", "dense")
SMALL = ("plain", *STRIPS, "packed")  # kernels that hold a handful of spins
UPDATES = ("heat-bath", "metropolis")


def glass(n, kind, seed=1):
    """Irregular couplings and biases: "real", or integers times .37 up to 1 ("small"), or up to 9 ("large")."""
    rng = np.random.default_rng([seed, n])
    if kind == "real":
        upper, biases = np.triu(rng.normal(0.0, 0.6, (n, n)), 1), rng.normal(0.0, 0.6, n)
    else:
        top = 1 if kind == "small" else 9
        upper, biases = 0.37 * np.triu(rng.integers(-top, top + 1, (n, n)), 1), 0.37 * rng.integers(-top, top + 1, n)
        if kind == "large":
            upper, biases = upper / 5, biases / 5
    return Ising(upper + upper.T, biases, 1.5)


def kinds(kernel):
    return ("small", "large") if kernel in ("int8", "packed") else ("real",)


def require_boltzmann(ising, lanes, beta=0.9):
    """Two betas side by side after one for all: states of independent replicas against enumeration."""
    lanes.sweep(np.full(SWEEPS, beta))
    require_distribution(lanes.spins(), exact.boltzmann(ising, beta))
    pair = np.tile([0.3, 1.4], lanes.count // 2)
    lanes.sweep(np.tile(pair, (SWEEPS, 1)))
    for k in (0, 1):
        require_distribution(lanes.spins()[k::2], exact.boltzmann(ising, pair[k]), f"beta = {pair[k]}")


CASES = [(kernel, kind, update) for kernel in SMALL for kind in kinds(kernel) for update in UPDATES]


@pytest.mark.parametrize(("kernel", "kind", "update"), CASES)
def test_kernels_sample_the_boltzmann_distribution(kernel, kind, update):
    """20,000 replicas of 5 spins, irregular J, h != 0, beta != 1, at one beta and at two at once: see the mutants."""
    ising = glass(5, kind)
    require_boltzmann(ising, replicas(ising, READS, kernel=kernel, update=update, rng=3))


@pytest.mark.parametrize("kernel", STRIPS)
def test_philox_samples_the_boltzmann_distribution(kernel):
    ising = glass(5, kinds(kernel)[0])
    require_boltzmann(ising, replicas(ising, READS, kernel=kernel, rng=3, generator="philox"))


def require_odds(kernel, update):
    """Of a sweep from random spins the first spin sees only those: its flips, by cost, are binomial."""
    rng = np.random.default_rng(10)
    couplings, count = np.zeros((8, 8)), 40_000
    couplings[0, 1:] = couplings[1:, 0] = 0.4 * np.array([1, -1, 1, 1, -1, 2, 1])
    for bias, beta in ((-0.4, 0.7), (0.0, 0.2)):  # costs of 0, 4, 8 ..., and of 2, 6, ..., in units of 0.4
        ising = Ising(couplings, np.r_[bias, rng.integers(-1, 2, 7) * 0.4])
        lanes = replicas(ising, count, kernel=kernel, update=update, rng=11)
        before = rng.choice([-1, 1], (count, 8)).astype(np.int8)
        lanes.set_spins(before)
        lanes.sweep([beta])
        flipped, cost = (lanes.spins() != before)[:, 0], 2.0 * beta * (before * ising.field(before))[:, 0]
        for x in np.unique(cost.round(9)):
            here = np.isclose(cost, x)
            odds = 1.0 / (1.0 + np.exp(x)) if update == "heat-bath" else min(1.0, np.exp(-x))
            law, seen = binom(here.sum(), odds), flipped[here].sum()
            low, high = law.ppf(FALSE_FAILURE / 40), law.isf(FALSE_FAILURE / 40)
            assert low <= seen <= high, f"flips that cost {x:.2f}: {seen} of {here.sum()} where {odds:.4f} is right"


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("kernel", SMALL)
def test_every_kind_of_flip_has_its_odds(kernel, update):
    """The rule itself, not only what it converges to: a heat bath that always turns in no field samples as well."""
    require_odds(kernel, update)


@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("kernel", SMALL)
def test_rare_flips_have_their_odds(kernel, update):
    """Free spins against their biases, 2 beta h = 12: odds of 6e-6. Thresholds of 16 bits or a cut tail would fail."""
    ising = Ising(np.zeros((2000, 2000)), np.full(2000, 3.0))
    lanes = replicas(ising, 512 if kernel == "packed" else 64, kernel=kernel, update=update, rng=4)
    lanes.set_spins(np.ones(2000, np.int8))
    draws, seen = 10 if kernel in ("plain", "packed") else 60, 0
    for _ in range(draws):
        lanes.sweep([2.0])
        seen += int((lanes.spins() < 0).sum())
        lanes.set_spins(np.ones(2000, np.int8))
    odds = np.exp(-12.0) / (1.0 + np.exp(-12.0)) if update == "heat-bath" else np.exp(-12.0)
    law = binom(draws * lanes.count * 2000, odds)
    assert law.ppf(FALSE_FAILURE / 2) <= seen <= law.isf(FALSE_FAILURE / 2)


def philox_reference(key, replica, sweep, n):
    """32 bits for each spin, by the published algorithm on Python's integers."""
    bits = []
    for spin in range(0, n, 4):
        c, (k0, k1) = [spin // 4, replica, sweep, 0], key
        for _ in range(10):
            p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
            c = [p1 >> 32 ^ c[1] ^ k0, p1 & 0xFFFFFFFF, p0 >> 32 ^ c[3] ^ k1, p0 & 0xFFFFFFFF]
            k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
        bits += c
    return bits[:n]


@pytest.mark.parametrize("coldest", [1.1, 12.0])
@pytest.mark.parametrize("update", UPDATES)
def test_philox_trajectories_are_those_of_the_definition(update, coldest):
    """300 spins (several blocks of each kernel, the last not full) of replica 70, five sweeps, in plain Python.

    Then all kernels agree with it spin by spin: a stale field, a skipped spin or a wrong counter fails at once.
    Where it is cold, int8 counts thresholds.
    """
    n, betas = 300, np.linspace(0.2, coldest, 5)
    rng = np.random.default_rng(5)
    upper = np.triu(rng.integers(-2, 3, (n, n)) * (rng.random((n, n)) < 0.03), 1) * 0.25
    ising = Ising(upper + upper.T, 0.25 * rng.integers(-2, 3, n))
    sequence = np.random.SeedSequence(9)
    key = [int(word) for word in sequence.generate_state(2, np.uint32)]
    spins = np.where(np.array(philox_reference(key, 70, 0, n)) >> 31, 1, -1)
    couplings = ising.dense_couplings()
    for t, beta in enumerate(betas):
        for i, bits in enumerate(philox_reference(key, 70, t + 1, n)):
            u = (bits & 0x7FFFFFFF) + 0.5
            field = 2 * beta * spins[i] * (couplings[i] @ spins + ising.biases[i])
            if update == "metropolis":
                flips = u / 2**31 <= np.exp(-field)
            else:
                u /= 2**32
                flips = field <= (-1 if bits >> 31 else 1) * np.log(u / (1 - u))
            spins[i] *= -1 if flips else 1
    for kernel in STRIPS:
        lanes = replicas(ising, 80, kernel=kernel, update=update, rng=np.random.SeedSequence(9), generator="philox")
        lanes.sweep(betas)
        assert np.array_equal(lanes.spins()[70], spins), kernel
        assert np.array_equal(lanes.energies(), ising.energy(lanes.spins()))


@pytest.mark.parametrize("generator", ["xoshiro", "philox"])
@pytest.mark.parametrize("kernel", STRIPS)
def test_a_replica_does_not_depend_on_the_others(kernel, generator):
    """Replica r of 10 is replica r of 150, on one thread or two, in one call or many, beside others at other betas."""
    ising, betas = glass(70, "real" if kernel != "int8" else "small"), np.linspace(0.02, 0.2, 600)
    few = replicas(ising, 10, kernel=kernel, rng=6, generator=generator)
    many = replicas(ising, 150, kernel=kernel, rng=6, generator=generator, workers=2)
    assert np.array_equal(few.spins(), many.spins()[:10])
    few.sweep(betas)
    each = np.tile(betas[:, None], 150)
    each[:, 10:] *= 0.3
    for part in np.split(each, [1, 5, 400]):
        many.sweep(part)
    assert np.array_equal(few.spins(), many.spins()[:10])
    assert len(np.unique(many.spins()[10:], axis=0)) == 140


@pytest.mark.parametrize("kernel", ["plain", "packed"])
def test_threads_and_calls_do_not_matter(kernel):
    """Also where replicas share a stream: strips of 512 do not know how many there are, nor who works."""
    ising, betas = glass(40, "small"), np.linspace(0.02, 0.2, 20)
    few = replicas(ising, 600, kernel=kernel, rng=6)
    many = replicas(ising, 1100, kernel=kernel, rng=6, workers=2)
    few.sweep(betas)
    for part in np.split(betas, [3, 4]):
        many.sweep(part)
    assert np.array_equal(few.spins(), many.spins()[:600])
    assert len(np.unique(many.spins(), axis=0)) > 1000


@pytest.mark.parametrize("kernel", SMALL)
def test_spins_energies_and_copies(kernel):
    """Round trips and resampling across strips; energies to the last bit where couplings are quarters."""
    ising, count = glass(37, "small"), 700
    ising = Ising(ising.couplings / 0.37 * 0.25, ising.biases / 0.37 * 0.25, 1.25)
    lanes = replicas(ising, count, kernel=kernel, rng=7)
    assert (lanes.count, lanes.size, lanes.kernel) == (count, 37, kernel)
    rng = np.random.default_rng(8)
    given = rng.choice([-1, 1], (count, 37)).astype(np.int8)
    lanes.set_spins(given)
    assert np.array_equal(lanes.spins(), given)
    assert np.array_equal(lanes.energies(), ising.energy(given))
    sources = rng.integers(0, count, count)
    lanes.take(sources)
    assert np.array_equal(lanes.spins(), given[sources])
    lanes.sweep(np.full(3, 0.7))
    assert np.array_equal(lanes.energies(), ising.energy(lanes.spins()))
    lanes.set_spins(given[0])
    assert np.array_equal(lanes.spins(), np.broadcast_to(given[0], (count, 37)))
    lanes.sweep([0.5])
    assert len(np.unique(lanes.spins(), axis=0)) > count // 2  # the copies go on with streams of their own


@pytest.mark.parametrize("kernel", ["sparse", "dense"])
def test_energies_of_real_couplings_are_those_of_float64(kernel):
    ising = glass(100, "real")
    lanes = replicas(ising, 100, kernel=kernel, rng=7)
    lanes.sweep(np.linspace(0.1, 3.0, 1100))
    expected = ising.energy(lanes.spins())
    np.testing.assert_allclose(lanes.energies(), expected, rtol=1e-13)
    np.testing.assert_allclose(lanes.energies(exact=False), expected, rtol=1e-5)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
@pytest.mark.parametrize("kernel", ["sparse", "dense"])
def test_units_do_not_overflow_single_precision(kernel, unit):
    ising = glass(4, "real")
    scaled = Ising(unit * ising.couplings, unit * ising.biases)
    lanes = replicas(scaled, READS, kernel=kernel, rng=8)
    lanes.sweep(np.full(SWEEPS, 0.9 / unit))
    require_distribution(lanes.spins(), exact.boltzmann(ising, 0.9))
    lanes.sweep([1e300 / unit if unit > 1 else 1e300])  # as cold as it gets: no NaN, no warning


def test_the_kernel_follows_from_the_problem():
    """Small integers: int8; sparse or few spins: CSR; many couplings a spin: dense. The count changes nothing."""
    rng = np.random.default_rng(9)
    full = rng.normal(size=(200, 200))
    ring = np.roll(np.eye(200), 1, axis=1) + np.roll(np.eye(200), -1, axis=1)
    for problem, kernel in (
        (Ising(ring), "int8"),
        (Ising(ring, rng.normal(size=200)), "sparse"),
        (Ising(full + full.T - 2 * np.diag(np.diag(full))), "dense"),
        (Ising(60.0 * ring, rng.integers(-7, 7, 200)), "sparse"),  # integers, but each bond would count sixtyfold
    ):
        assert {replicas(problem, count, rng=0).kernel for count in (1, 100)} == {kernel}
    noisy = Ising(ring, rng.normal(size=200))
    for problem, count, kernel in (
        (Ising(ring), 64, "int8"),
        (Ising(ring), 500, "packed"),
        (noisy, 1, "plain"),
        (noisy, 500, "sparse"),
    ):
        assert replicas(problem, count, kernel="fastest", rng=0).kernel == kernel
    assert replicas(Ising(ring), 500, kernel="fastest", rng=0, generator="philox").kernel == "int8"


@pytest.mark.parametrize(
    ("ising", "kernel", "says"),
    [
        (glass(4, "real"), "int8", "integers times one unit"),
        (glass(4, "real"), "packed", "integers times one unit"),
        (Ising(np.ones((200, 200)) - np.eye(200)), "int8", "spin 0 has 199"),
        (Ising(np.ones((100, 100)) - np.eye(100)), "packed", "spin 0 has 99"),
        (glass(4, "small"), "lattice", "neighbors a spin"),
        (glass(4, "small"), "fast", "kernel is 'fast'"),
    ],
)
def test_kernels_that_do_not_fit_say_why(ising, kernel, says):
    with pytest.raises(ValueError, match=says):
        replicas(ising, 3, kernel=kernel)


def test_wrong_arguments_are_named():
    ising = glass(4, "small")
    for arguments, says in (
        ({"update": "glauber"}, "update is 'glauber'"),
        ({"workers": 0}, "workers is 0"),
        ({"generator": "pcg"}, "generator is 'pcg'"),
        ({"generator": "philox", "kernel": "plain"}, "use sparse, int8, dense with philox"),
        ({"count": 0}, "count is 0"),
    ):
        with pytest.raises(ValueError, match=says):
            replicas(ising, arguments.pop("count", 3), **arguments)
    for kernel in SMALL:
        lanes = replicas(ising, 3, kernel=kernel, rng=0)
        for betas in ([[1.0, 2.0]], 1.0, [np.nan], [-1.0], [np.inf]):
            with pytest.raises(ValueError, match="beta"):
                lanes.sweep(betas)
        for sources in ([0, 1], [0, 1, 3], [0, -1, 1], [0.0, 1.0, 2.0]):
            with pytest.raises(ValueError, match="sources"):
                lanes.take(sources)
        with pytest.raises(ValueError, match="spins hold 2 states for 3 replicas"):
            lanes.set_spins(np.ones((2, 4)))


# Mistakes, and that the checks above see them.


class Mistaken:
    """Replicas with something wrong on the way in."""

    def __init__(self, lanes, betas=lambda b: b):
        self._lanes, self._betas, self.count = lanes, betas, lanes.count
        self.spins = lanes.spins

    def sweep(self, betas):
        self._lanes.sweep(self._betas(np.asarray(betas)))


@pytest.mark.parametrize("kernel", SMALL)
@pytest.mark.parametrize(
    "mistake", ["beta squared", "no biases", "wrong sign", "doubled couplings", "one beta for all"]
)
def test_mistakes_are_seen(kernel, mistake):
    ising = glass(5, kinds(kernel)[0])
    j, h = ising.dense_couplings(), ising.biases
    held = {"no biases": Ising(j), "wrong sign": Ising(-j, h), "doubled couplings": Ising(2 * j, h)}.get(mistake, ising)
    betas = {"beta squared": np.square, "one beta for all": lambda b: b if b.ndim == 1 else b[:, 0]}
    lanes = Mistaken(replicas(held, READS, kernel=kernel, rng=3), betas.get(mistake, lambda b: b))
    with pytest.raises(AssertionError, match="do not follow"):
        require_boltzmann(ising, lanes)


@pytest.mark.parametrize("kernel", [*STRIPS, "packed"])
def test_a_stream_shared_between_lanes_is_seen(kernel):
    ising = glass(5, kinds(kernel)[0])
    lanes = replicas(ising, READS, kernel=kernel, rng=3)
    lanes._states[:] = lanes._states[:1, :, :1]
    with pytest.raises(AssertionError, match="do not follow"):
        require_boltzmann(ising, lanes)


def test_fields_not_renewed_are_seen():
    """A dense layout that is not told of new spins goes on from the fields of the old ones."""
    ising = glass(40, "real")
    lanes = replicas(ising, 64, kernel="dense", rng=3)
    lanes.sweep([0.5])
    lanes._layout.touched = lambda: None
    lanes.set_spins(np.ones(40, np.int8))
    assert not np.allclose(lanes.energies(exact=False), lanes.energies(), rtol=1e-3)
    assert isinstance(lanes._layout, DenseLayout)
    assert variates.LANES == 64
