"""Kinetic Monte Carlo of the hopping against the exact master equation, for each kernel; broken dynamics are caught."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import chi2, f, norm

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.device.hopping_network import HoppingNetwork, thermal_voltage
from hardware_targets.dopant_network.transport.hopping_walk import Kernel, Walk
from hardware_targets.dopant_network.transport.kinetic_monte_carlo import dwell_times, measure_currents
from hardware_targets.dopant_network.transport.master_equation import stationary_occupations, transitions

ELEMENTARY_CHARGE = 1.602176634e-19
FALSE_FAILURE = 1e-6
KERNELS: tuple[Kernel, ...] = ("plain", "cached", "rejection")
DEVICES = [random_device(4 + k % 7, k % 3, 8, rng=100 + k) for k in range(10)]  # 4 to 10 acceptors
VOLTAGES = np.random.default_rng(9).uniform(-0.3, 0.3, (10, 8))


def p_value(walk: Walk, exact_a: np.ndarray, hops: int = 4000, batches: int = 64) -> float:
    """Chance of what is seen if the true currents are ``exact_a``: Hotelling's T^2 of e N - I t over batches.

    All electrodes together, with their correlations; one is left out, since they sum to zero. Batches of thousands of
    hops are near enough to normal and independent.
    """
    walk.go(5000)
    away = []
    for _ in range(batches):
        net, seconds = walk.go(hops)
        away.append(ELEMENTARY_CHARGE * net - seconds * exact_a)
    x = np.array(away)
    reached = x.std(axis=0) > 0.2 * ELEMENTARY_CHARGE  # by enough holes to be near normal
    x = x[:, reached & (x.std(axis=0) < x.std(axis=0).max())]
    x /= x.std(axis=0)
    dimensions = x.shape[1]
    mean, covariance = x.mean(axis=0), np.cov(x.T).reshape(dimensions, dimensions)
    t2 = batches * mean @ np.linalg.pinv(covariance) @ mean
    return float(f.sf(t2 * (batches - dimensions) / (dimensions * (batches - 1)), dimensions, batches - dimensions))


@pytest.mark.parametrize("kernel", KERNELS)
def test_currents_of_ten_devices_are_exact(kernel: Kernel) -> None:
    """Ten random devices of 4 to 10 acceptors at 77 and 300 K; chance fails it once in 10^6.

    320,000 hops each detect an error of 1 to 5 % of the current.
    """
    for k, device in enumerate(DEVICES):
        temperature_k = (77.0, 300.0)[k % 2]
        exact = stationary_occupations(device.network, VOLTAGES[k], temperature_k=temperature_k).currents_a
        walk = Walk(device.network, VOLTAGES[k], temperature_k=temperature_k, kernel=kernel, rng=k)
        assert p_value(walk, exact) > FALSE_FAILURE / (10 * len(KERNELS)), f"device {k}"


def test_errors_of_currents_are_what_they_say() -> None:
    """Ten devices, every electrode: within 3 sigma of exact, as these seeds have it; and never beyond chance.

    80 electrodes of a right solver leave 3 sigma about 0.2 times, sigma from 32 batches; 10^-6 is 6.4 sigma.
    """
    z = []
    for k, device in enumerate(DEVICES):
        exact = stationary_occupations(device.network, VOLTAGES[k]).currents_a
        found = measure_currents(device.network, VOLTAGES[k], relative_error=0.02, rng=50 + k)
        assert found.converged
        assert found.hops >= 64 * 1000
        assert (found.errors_a <= 0.02 * np.abs(found.currents_a).max()).all()
        assert np.abs(found.currents_a.sum()) < 6.0 * found.errors_a.max()
        z.append((found.currents_a - exact) / found.errors_a)
    assert np.abs(z).max() < 3.0
    assert 0.4 < np.sqrt(np.mean(np.square(z))) < 1.3  # errors neither too small nor idle


def test_kernels_visit_states_as_the_jump_chain_does() -> None:
    """After each 300 hops, 2,500 times, at 300 K: the state follows p(n) k(n), whatever the kernel (chi^2 at 10^-6)."""
    network, v = random_device(4, 1, 5, rng=5).network, VOLTAGES[0, :5]
    source, _, rates, _, _ = transitions(network, v, 300.0)
    expected = stationary_occupations(network, v, temperature_k=300.0).probabilities * np.bincount(source, rates)
    expected /= expected.sum()
    for kernel in KERNELS:
        walk = Walk(network, v, temperature_k=300.0, kernel=kernel, rng=8)
        seen = np.zeros(16)
        for _ in range(2500):
            walk.go(300)
            seen[int(walk._filled @ (1 << np.arange(4)))] += 1
        often = expected * 2500 >= 5
        cells, wanted = np.append(seen[often], seen[~often].sum()), np.append(expected[often], expected[~often].sum())
        wanted = np.maximum(wanted * 2500, 1e-9)
        g = 2.0 * float(np.sum(cells * np.log(np.where(cells > 0, cells, 1.0) / wanted)))
        assert g < chi2.isf(FALSE_FAILURE, len(wanted) - 1), kernel


def test_cached_rates_give_the_same_hops() -> None:
    """Plain and cached from one seed: the same holes at the same electrodes hop for hop, times equal to round-off."""
    for n, donors in ((10, 1), (30, 3)):
        network = random_device(n, donors, rng=n).network
        v = VOLTAGES[1]
        plain, cached = (Walk(network, v, kernel=kernel, rng=3) for kernel in ("plain", "cached"))
        for _ in range(20):
            (net, seconds), (net_cached, seconds_cached) = plain.go(1000), cached.go(1000)
            assert np.array_equal(net, net_cached)
            assert seconds == pytest.approx(seconds_cached, rel=1e-9)
            assert np.array_equal(plain._filled, cached._filled)


@pytest.mark.parametrize(("seed", "n"), [(1, 3), (2, 5), (3, 6)])
def test_equal_voltages_are_boltzmann(seed: int, n: int) -> None:
    """Time in each state at one voltage: KL to Boltzmann within 3 times its floor.

    For a time T of a reversible chain the floor is E[KL] = sum_k 1 / (lambda_k T), over its relaxation rates: what
    (2^n - 1) / 2 N is for N independent reads. In these devices one hop counts as 1/2 to 1/10 of a read.
    """
    network, v, hops = random_device(n, 1, 6, rng=seed).network, np.full(6, 0.1), 4_000_000
    filled = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
    energy = network.energy(filled, v, 0.1)
    expected = np.exp(-(energy - energy.min()) / thermal_voltage(77.0))
    expected /= expected.sum()
    source, target, rates, _, _ = transitions(network, v, 77.0)
    chain = np.zeros((1 << n, 1 << n))
    np.add.at(chain, (source, target), rates)
    leaving = chain.sum(axis=1)
    balanced = chain * np.sqrt(expected)[:, None] / np.sqrt(expected)
    relaxation = np.sort(np.linalg.eigvalsh(np.diag(leaving) - 0.5 * (balanced + balanced.T)))[1:]
    floor = float((1.0 / relaxation).sum() / (hops / (expected @ leaving)))
    share = dwell_times(network, v, hops, rng=seed)
    seen = share > 0.0
    assert float(np.sum(share[seen] * np.log(share[seen] / expected[seen]))) < 3.0 * floor


def broken(network: HoppingNetwork, **changes: np.ndarray) -> HoppingNetwork:
    """``network`` with other numbers, past the checks of the border."""
    copy = dataclasses.replace(network)
    for name, value in changes.items():
        object.__setattr__(copy, name, value)
    return copy


@pytest.mark.parametrize("mutant", ["none", "no Coulomb", "no donor", "pair term", "electrode sign", "skewed", "level"])
def test_broken_dynamics_are_caught(mutant: str) -> None:
    """The check of currents fails each mistake, and passes the right walk."""
    device = random_device(8, 2, 8, rng=18)
    network, v = device.network, 0.2 * VOLTAGES[3]
    exact = stationary_occupations(network, v).currents_a
    skewed = network.attempts_hz.copy()
    n = network.sites
    skewed[:n, n:] *= 1.3  # holes leave for electrodes more often than they come
    donor = random_device(8, 2, 8, rng=18)
    donor = dataclasses.replace(donor, donors=donor.donors[:1])
    walks = {
        "none": lambda: Walk(network, v, rng=1),
        "no Coulomb": lambda: Walk(broken(network, interaction_v=np.zeros((n, n))), v, rng=1),
        "no donor": lambda: Walk(donor.network, v, rng=1),
        "electrode sign": lambda: Walk(broken(network, lever=-network.lever), v, rng=1),
        "skewed": lambda: Walk(broken(network, attempts_hz=skewed), v, rng=1),
        "level": lambda: Walk(network, v, temperature_k=100.0, rng=1),
        "pair term": lambda: Walk(network, v, kernel="plain", rng=1),
    }
    walk = walks[mutant]()
    if mutant == "pair term":
        walk._rates = (walk._rates[0], walk._rates[0])
    assert (p_value(walk, exact) > FALSE_FAILURE) == (mutant == "none")


def test_measure_stops_where_it_is_told() -> None:
    """At most_hops without convergence, and says so; a quarter of the error takes about 16 times the hops."""
    network = DEVICES[4].network
    short = measure_currents(network, VOLTAGES[4], relative_error=1e-5, most_hops=100_000, rng=0)
    assert not short.converged
    assert 100_000 <= short.hops < 400_000
    rough, fine = (measure_currents(network, VOLTAGES[4], relative_error=r, rng=0) for r in (0.004, 0.001))
    assert rough.converged
    assert fine.converged
    assert 4 <= fine.hops / rough.hops <= 64
    zero = measure_currents(network, np.zeros(8), relative_error=0.0, absolute_a=5e-12, rng=0)
    assert zero.converged
    assert (np.abs(zero.currents_a) < norm.isf(FALSE_FAILURE / 16) * 5e-12).all()


def test_the_same_seed_gives_the_same_currents() -> None:
    """Bit for bit, also with the kernel chosen by itself; another seed gives others."""
    network = random_device(20, 2, rng=0).network
    a, b, c = (measure_currents(network, VOLTAGES[0], relative_error=0.05, rng=seed) for seed in (1, 1, 2))
    assert np.array_equal(a.currents_a, b.currents_a)
    assert a.kernel == b.kernel
    assert not np.array_equal(a.currents_a, c.currents_a)


def test_the_kernel_is_chosen_by_what_succeeds() -> None:
    """Few states come back again and again: the cache. Energies hardly matter among many: rejection."""
    few, many = random_device(10, 1, rng=0).network, random_device(80, 20, rng=0).network
    assert Walk(few, VOLTAGES[0], rng=0).kernel == "cached"
    assert Walk(many, VOLTAGES[0] * 0.1, temperature_k=600.0, rng=0).kernel == "rejection"


def test_bad_requests_are_refused() -> None:
    """An unknown kernel, two settings at once, no precision, too many states, a temperature too low for floats."""
    network = DEVICES[0].network
    with pytest.raises(ValueError, match="kernel is"):
        Walk(network, VOLTAGES[0], kernel="fast", rng=0).go(1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one setting at a time"):
        Walk(network, VOLTAGES[:2], rng=0)
    with pytest.raises(ValueError, match="one of them positive"):
        measure_currents(network, VOLTAGES[0], relative_error=0.0)
    with pytest.raises(ValueError, match="up to 20"):
        dwell_times(random_device(21, 0, rng=0).network, VOLTAGES[0], 10)
    with pytest.raises(ValueError, match="more than a float holds"):
        Walk(network, VOLTAGES[0], temperature_k=1.0)
