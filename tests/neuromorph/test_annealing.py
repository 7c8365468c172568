"""The annealing dynamics against their equations written down again, brute force, and what the literature found."""

import runpy
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats
from scipy.integrate import solve_ivp

from neuromorph import Ising, exact
from neuromorph.analog import (
    AnalogNetwork,
    Arctan,
    HopfieldTank,
    Permutations,
    Softassign,
    Tanh,
    critical_gain,
    hopfield_tank,
    mean_field_anneal,
    simulate,
    sinkhorn,
    softassign,
)
from neuromorph.analog import softassign_kernel as kernel
from neuromorph.kernels import xoshiro as kernel_random
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.validate.analog_checks import shortest_length


def random_distances(seed: int, n: int) -> np.ndarray:
    xy = np.random.default_rng(seed).random((n, 2))
    return np.hypot(*(xy[:, None] - xy).T)


def lengths(distances: np.ndarray, tours: np.ndarray) -> np.ndarray:
    return distances[tours, np.roll(tours, -1, axis=-1)].sum(axis=-1)


def brute_force(distances: np.ndarray) -> float:
    n = len(distances)
    tours = np.array([(0, *rest) for rest in permutations(range(1, n))])
    return float(lengths(distances, tours).min())


# Softassign


def padded(system: Softassign) -> np.ndarray:
    n = system.size
    d = np.zeros((n, -(-n // kernel.SOFTASSIGN_LANES) * kernel.SOFTASSIGN_LANES), np.float32)
    d[:, :n] = system.scaled().T
    return d


def reference(system, times, noise, initial, stream, d=None):
    """Euler's method in double precision, position by position, with the normalization carried to the end."""
    n = system.size
    d = system.scaled() if d is None else d
    width = -(-n // kernel.SOFTASSIGN_LANES) * kernel.SOFTASSIGN_LANES
    u = np.array([[initial * kernel_random.normal(stream) for _ in range(n)] for _ in range(n)]).T  # [city, position]
    dt = times[1] - times[0]
    for t in times[:-1]:
        v = sinkhorn(u / system.temperature(t))
        new = np.empty_like(u)
        for i in range(n):
            force = d @ (v[:, i - 1] + v[:, (i + 1) % n])
            new[:, i] = u[:, i] + dt * (-u[:, i] - force + system.coupling(t) * v[:, i])
        if noise:
            words = [kernel_random.next_uint64(stream) >> 32 for _ in range(n * width // 32)]
            ones = np.array([(word >> bit) & 1 for word in words for bit in range(32)]).reshape(n, width)[:, :n].T
            new += noise * system.temperature(t) * np.sqrt(dt) * np.where(ones == 1, -1.0, 1.0)
        u = new
    return sinkhorn(u / system.temperature(times[-1]))


@pytest.mark.parametrize("n", [3, 10, 33])
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_kernel_is_the_equation(n, noise):
    """30 steps through the transition: a wrong shift, sign, padding, transpose or schedule is an error of order 0.1."""
    d = random_distances(n, n) * (1 + 0.1 * np.random.default_rng(1).normal(size=(n, n)))  # asymmetric, as programmed
    system = Softassign(d, tau_per_city=15 / n, cold=0.2, gamma_start=2.0)
    times = np.linspace(0.0, system.duration_tau, 31)
    out = np.empty(padded(system).shape, np.float32)
    state = kernel_states(read_seeds(5, 1))[0]
    stream = state.copy()
    temperatures, couplings = system.temperature(times).astype(np.float32), system.coupling(times[:-1])
    dt, noise_, initial, tolerance = np.array([times[1], noise, 0.1, 1e-6], np.float32)
    read = kernel.start_softassign(n, out.shape[1], initial, stream)
    for part in (slice(0, 7), slice(7, 8), slice(8, 30)):  # a read goes on where it stopped
        options = (dt, noise_, tolerance, 3000, stream, *read, out)
        kernel.anneal_softassign(padded(system), temperatures[part], couplings[part].astype(np.float32), *options)
    kernel.finish(*read, temperatures[-1], out)
    expected = reference(system, times, noise, 0.1, state.copy())
    np.testing.assert_allclose(out[:, :n].T, expected, atol=2e-3)
    assert (out[:, n:] < 1e-12).all()
    assert 0.01 < np.ptp(expected) <= 1


def test_softassign_hands_the_kernel_its_system():
    """Asymmetric distances, so that a transposed matrix or state shows; noise, so that U leaves the middle at once."""
    n, d = 7, np.random.default_rng(3).random((7, 7))
    system = Softassign(random_distances(1, n), tau_per_city=2.0, cold=0.3)
    seeds = read_seeds(4, 2)
    result = softassign(system, seeds, held=d, tolerance=1e-6, passes=3000)
    times = np.linspace(0.0, 14.0, 29)
    stream = kernel_states(seeds)[1]
    expected = reference(system, times, system.sigma, 1e-3, stream, system.scaled(d))
    np.testing.assert_allclose(result.values[1], expected, atol=2e-3)
    assert (result.steps, result.duration_tau) == (28, 14.0)


def test_softassign_is_its_own_ode():
    """Euler's method at halved steps runs at order 1 into SciPy's solution of rhs(t, u)."""
    system = Softassign(random_distances(3, 6), tau_per_city=0.5, cold=0.5)
    seeds, scatter = kernel_states(read_seeds(1, 1)), 0.3
    stream = seeds[0].copy()
    u0 = np.array([[scatter * kernel_random.normal(stream) for _ in range(6)] for _ in range(6)]).T
    solved = solve_ivp(system.rhs, (0.0, system.duration_tau), u0.ravel(), rtol=1e-9, atol=1e-10)
    truth = system.assignment(system.duration_tau, solved.y[:, -1]).reshape(6, 6)
    errors = []
    for steps in (64, 128, 256, 512):
        times = np.linspace(0.0, system.duration_tau, steps + 1)
        errors.append(abs(reference(system, times, 0.0, scatter, seeds[0].copy()) - truth).max())
    assert np.polyfit(range(4), -np.log2(errors), 1)[0] == pytest.approx(1.0, abs=0.1)
    u = np.random.default_rng(0).normal(size=(2, 6, 6))
    np.testing.assert_allclose(system.rhs(1.0, u).reshape(2, -1)[1], system.rhs(1.0, u[1].ravel()))


@given(seed=st.integers(0, 10**6), n=st.integers(2, 8), scale=st.floats(0.1, 8.0))
@settings(max_examples=30)
def test_sinkhorn_scales_rows_and_columns_only(seed, n, scale):
    x = scale * np.random.default_rng(seed).normal(size=(n, n))
    v = sinkhorn(x)
    np.testing.assert_allclose(v.sum(axis=0), 1.0, atol=1e-8)
    np.testing.assert_allclose(v.sum(axis=1), 1.0, atol=1e-8)

    def free_of_scales(y):
        return y - y.mean(axis=0) - y.mean(axis=1, keepdims=True) + y.mean()

    np.testing.assert_allclose(free_of_scales(np.log(v)), free_of_scales(x), atol=1e-9 * scale)


@pytest.mark.parametrize("n", [3, 4, 5, 8, 10, 31, 32, 40])
def test_every_read_is_a_tour_without_repair(n):
    d = random_distances(n, n)
    result = softassign(d, read_seeds(2, 20))
    assert result.valid.all()
    assert result.converged.all()
    assert (np.sort(result.tours, axis=1) == np.arange(n)).all()
    np.testing.assert_array_equal(result.spins.reshape(-1, n, n).argmax(axis=1), result.tours)
    assert result.duration_tau == 40 * n
    assert result.steps == 80 * n
    assert (result.passes >= result.steps).all()


def test_small_tours_are_nearly_optimal():
    """15 instances of 8 cities: mean gap .6 %, optimum in 7 of 10 reads. Random tours are 60 % too long."""
    gaps = []
    for seed in range(15):
        d = random_distances(100 + seed, 8)
        gaps.append(lengths(d, softassign(d, read_seeds(seed, 20)).tours) / brute_force(d) - 1.0)
    assert np.mean(gaps) < 0.02
    assert np.mean(np.array(gaps) < 1e-9) > 0.5


def test_published_instances(shared_data):
    """berlin52: best of 20 within 6 % of the optimum, mean within 9; burma14: the optimum among 100 reads."""
    if shared_data is None:
        return
    from neuromorph.problems import load

    berlin = load(shared_data / "tsplib" / "berlin52.tsp")
    result = softassign(berlin.distances(), read_seeds(1, 20))
    gaps = lengths(berlin.distances(), result.tours) / 7542 - 1
    assert result.valid.all()
    assert gaps.min() <= 0.06
    assert gaps.mean() <= 0.09
    burma = load(shared_data / "tsplib" / "burma14.tsp")
    result = softassign(burma.distances(), read_seeds(1, 100))
    assert result.valid.all()
    assert lengths(burma.distances(), result.tours).min() == 3323


def test_reads_are_streams_and_may_hold_other_distances():
    d = random_distances(1, 12)
    many, few = softassign(d, read_seeds(3, 6)), softassign(d, read_seeds(3, 2))
    np.testing.assert_array_equal(many.values[:2], few.values)
    assert len({tuple(u.ravel()) for u in many.values}) == 6
    other = random_distances(2, 12)
    held = np.stack([d, other])
    mixed = softassign(Softassign(d), read_seeds(3, 2), held=held)
    np.testing.assert_array_equal(mixed.values[0], few.values[0])
    single = softassign(Softassign(d), read_seeds(3, 2), held=other)
    np.testing.assert_array_equal(mixed.values[1], single.values[1])
    assert lengths(other, mixed.tours[1]) < lengths(other, few.tours[1])
    # a factor on all distances and constants of a row or a column change nothing but rounding
    shifted = softassign(3 * d + np.arange(12), read_seeds(3, 2), step_tau=0.25)
    plain = softassign(d, read_seeds(3, 2), step_tau=0.25)
    np.testing.assert_array_equal(shifted.tours, plain.tours)


def test_states_that_are_no_tours_are_called_so():
    eye = np.eye(4)
    doubled, missing = eye.copy(), eye.copy()
    doubled[0, 1], missing[2, 2] = 0.9, 0.3
    moved = eye.copy()
    moved[3] = eye[2]  # every row has its one, a column has two
    values = np.stack([eye, doubled, missing, moved, moved.T])
    result = Permutations(values, 1.0, 1, np.zeros(5, np.int64))
    np.testing.assert_array_equal(result.valid, [True, False, False, False, False])
    np.testing.assert_array_equal(result.converged, [True, True, False, True, True])


# Hopfield and Tank


def energy_of_1985(v, d, a=500, b=500, c=200, dd=500, n0=15):
    n = len(d)
    e = 0.5 * c * (v.sum() - n0) ** 2
    for x in range(n):
        for i in range(n):
            e += 0.5 * a * sum(v[x, i] * v[x, j] for j in range(n) if j != i)
            e += 0.5 * b * sum(v[x, i] * v[y, i] for y in range(n) if y != x)
            e += 0.5 * dd * sum(d[x, y] * v[x, i] * (v[y, (i + 1) % n] + v[y, i - 1]) for y in range(n) if y != x)
    return e


def test_hopfield_tank_follows_the_gradient_of_its_published_energy():
    d = random_distances(4, 4)
    system = HopfieldTank(d, surplus=11.0)  # n0 = 15
    u = np.random.default_rng(5).normal(size=(4, 4)) * 0.02
    v, h = system.voltages(u), 1e-5
    np.testing.assert_allclose(v, 0.5 * (1 + np.tanh(u / 0.02)))
    gradient = np.empty((4, 4))
    for x in range(4):
        for i in range(4):
            step = np.zeros((4, 4))
            step[x, i] = h
            gradient[x, i] = (energy_of_1985(v + step, d) - energy_of_1985(v - step, d)) / (2 * h)
    np.testing.assert_allclose(system.rhs(0.0, u), -u - gradient, rtol=1e-6)


def test_hopfield_tank_is_an_analog_network():
    system = HopfieldTank(random_distances(6, 10))
    start = system.initial(read_seeds(1, 3))
    np.testing.assert_allclose(system.voltages(start).mean(), 0.1, rtol=0.05)
    assert np.ptp(start) == pytest.approx(0.004, rel=0.1)
    network = system.network()
    flat = start.reshape(3, -1)
    np.testing.assert_allclose(network.rhs(0.0, flat), system.rhs(0.0, flat), rtol=1e-9)
    assert simulate(network, flat, 0.01, samples=51, rtol=1e-5).descends().all()


def test_the_parameters_of_1985_rarely_give_a_tour():
    """About one start in ten (Wilson and Pawley 1988); 300 starts with 6 % to 12 % give 2 to 66 but once in 10^6."""
    valid = np.concatenate([hopfield_tank(random_distances(k, 10), read_seeds(k, 20)).valid for k in range(15)])
    assert stats.binom.ppf(5e-7, 300, 0.06) <= valid.sum() <= stats.binom.isf(5e-7, 300, 0.12)


# Rising gain


def random_ising(seed: int, n: int) -> Ising:
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n))


def test_rising_gain_finds_ground_states():
    """30 problems of 10 spins: .8 of the reads, and on each problem some; a random state does once in 1024."""
    shares = []
    for seed in range(30):
        ising = random_ising(seed, 10)
        result = mean_field_anneal(ising, read_seeds(seed, 30))
        assert result.converged.all()
        shares.append((ising.energy(result.spins) < exact.ground_states(ising)[0] + 1e-9).mean())
    assert np.mean(shares) > 0.6
    assert min(shares) > 0


def test_rising_gain_follows_the_network_at_first_order():
    """Exponential Euler at halved steps against SciPy on the same ramp; unequal R C, so that each has its own decay."""
    network = AnalogNetwork.from_ising(random_ising(3, 6), Arctan(20.0))
    seeds = read_seeds(0, 2)
    errors = []
    for step in (0.08, 0.04, 0.02, 0.01):
        result = mean_field_anneal(network, seeds, duration_tau=12.0, step_tau=step, noise=0.0)
        start = np.array([1e-3 * np.random.default_rng(seed).standard_normal(6) for seed in seeds])
        truth = simulate(network, start, result.duration_s, samples=2, rtol=1e-10, gain=result.ramp).final
        errors.append(abs(result.potentials - truth).max())
    assert np.polyfit(range(4), -np.log2(errors), 1)[0] == pytest.approx(1.0, abs=0.1)
    assert result.duration_s == pytest.approx(12 * np.median(network.time_constants_s))
    assert result.ramp(0.0) == pytest.approx(0.9 * critical_gain(network))
    assert result.ramp(result.duration_s) == 1.0


@pytest.mark.parametrize("as_sparse", [False, True])
def test_below_the_critical_gain_the_middle_is_stable(as_sparse):
    rng = np.random.default_rng(8)
    j = np.triu(rng.normal(size=(600, 600)) * (rng.random((600, 600)) < 0.02), 1)
    ising = Ising(sparse.csr_array(j + j.T) if as_sparse else j + j.T)
    network = AnalogNetwork.from_ising(ising, Tanh(3.0))
    critical = critical_gain(network)
    for factor, stable in ((0.996, True), (1.004, False)):
        jacobian = network.jacobian(np.zeros(600), factor * critical)  # symmetric, for C and the slope are uniform
        growth = np.linalg.eigvalsh(jacobian.toarray() if as_sparse else jacobian)
        assert (growth.max() < 0) == stable


def test_edge_cases_of_rising_gain():
    biases = np.array([0.5, -1.0, 2.0])
    result = mean_field_anneal(Ising(np.zeros((3, 3)), biases), read_seeds(0, 4))
    np.testing.assert_array_equal(result.spins, np.tile(np.sign(biases), (4, 1)))
    ising = random_ising(1, 8)
    many, few = mean_field_anneal(ising, read_seeds(5, 4)), mean_field_anneal(ising, read_seeds(5, 2))
    np.testing.assert_allclose(many.potentials[:2], few.potentials, rtol=1e-9, atol=1e-12)
    assert not mean_field_anneal(ising, read_seeds(5, 2), duration_tau=1.0).converged.all()


# Bad input


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: Softassign(np.zeros((2, 2))), r"distances have shape \(2, 2\); expected \(n, n\) with n >= 3"),
        (lambda: HopfieldTank(np.full((4, 4), np.nan)), "distances hold NaN"),
        (lambda: Softassign(np.zeros((4, 4)), cold=0.0), "cold is 0.0; it must be finite and positive"),
        (lambda: Softassign(np.zeros((4, 4)), gamma_end=np.inf), "gamma_end is inf"),
        (lambda: Softassign(np.zeros((4, 4)), noise=-1.0), "noise is -1.0"),
        (lambda: softassign(np.zeros((4, 4)), []), "seeds are empty"),
        (
            lambda: softassign(np.zeros((4, 4)), read_seeds(0, 2), held=np.zeros((3, 4, 4))),
            r"held has shape \(3, 4, 4\)",
        ),
        (lambda: softassign(np.zeros((4, 4)), read_seeds(0, 1), step_tau=1.5), "step_tau is 1.5"),
        (lambda: softassign(np.zeros((4, 4)), read_seeds(0, 1), passes=0), "passes 0"),
        (lambda: HopfieldTank(np.zeros((4, 4)), u0=0.0), "u0 is 0.0"),
        (lambda: hopfield_tank(np.zeros((4, 4)), read_seeds(0, 1), step_tau=1.0), "step_tau is 1.0"),
        (lambda: mean_field_anneal(random_ising(0, 3), []), "seeds are empty"),
        (lambda: mean_field_anneal(random_ising(0, 3), read_seeds(0, 1), duration_tau=-1), "duration_tau is -1"),
        (lambda: mean_field_anneal(random_ising(0, 3), read_seeds(0, 1), step_tau=0), "step_tau is 0"),
    ],
)
def test_bad_arguments_are_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()


def test_the_example_runs(capsys):
    example = Path(__file__).parents[2] / "examples" / "hopfield_tank_1985.py"
    space = runpy.run_path(str(example))
    summary = space["main"](["--instances", "2", "--starts", "5"])
    assert summary["softassign feasible"] == 1.0
    assert summary["softassign gap"] < 0.1
    assert "1985:" in capsys.readouterr().out
    d = random_distances(0, 7)
    assert shortest_length(d) == pytest.approx(brute_force(d))
