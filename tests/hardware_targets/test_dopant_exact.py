"""The master equation of hopping: rates by differences of the total energy, balance, Boltzmann; and mean field."""

import numpy as np
import pytest

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.device.hopping_network import HoppingNetwork, thermal_voltage
from hardware_targets.dopant_network.transport.master_equation import _balanced, stationary_occupations, transitions
from hardware_targets.dopant_network.transport.mean_field import _Rates, mean_field_occupations

NETWORKS = [random_device(n, 1 + n % 2, 8, images=n == 6, rng=n).network for n in (2, 4, 6, 7, 8)]
ELEMENTARY_CHARGE = 1.602176634e-19


def voltages(seed: int, electrodes: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, electrodes)


def one_acceptor(lever: tuple[float, ...], attempts_hz: tuple[float, ...]) -> HoppingNetwork:
    """One acceptor among electrodes."""
    k = len(lever)
    attempts = np.zeros((k + 1, k + 1))
    attempts[0, 1:] = attempts[1:, 0] = attempts_hz
    return HoppingNetwork(np.array([0.01]), np.zeros((1, 1)), np.array([lever]), attempts)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: f"{network.sites} acceptors")
def test_rates_follow_the_change_of_the_total_energy(network: HoppingNetwork) -> None:
    """Every rate is nu min(1, exp(-dE / kT)) with dE from the electrostatic energy of the whole, reservoirs included.

    Catches a pair's own term left out, a wrong sign at an electrode, a missing donor, an interaction counted twice.
    """
    v, kt = voltages(1), thermal_voltage(77.0)
    n = network.sites
    source, target, rates, electrode, sign = transitions(network, v, 77.0)
    filled = (np.arange(1 << n)[:, None] >> np.arange(n)) & 1
    ionized = 1.0 - filled
    energy = filled @ (network.lever @ v + network.static_v)
    for i in range(n):
        for j in range(i):
            energy += network.interaction_v[i, j] * ionized[:, i] * ionized[:, j]
    change = energy[target] - energy[source] + np.where(electrode >= 0, sign * v[electrode], 0.0)
    moved = filled[target] - filled[source]
    gained, lost = np.argmax(moved, axis=1), np.argmin(moved, axis=1)
    attempts = network.attempts_hz[np.where(sign > 0, lost, gained), n + electrode]
    attempts = np.where(electrode < 0, network.attempts_hz[lost, gained], attempts)
    assert np.allclose(np.log(rates), np.log(attempts) - np.maximum(change, 0.0) / kt, atol=1e-8)
    assert len(rates) == n * (n - 1) * 2**n // 4 + 8 * n * 2**n
    assert len(set(zip(source.tolist(), target.tolist(), electrode.tolist(), strict=True))) == len(rates)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: f"{network.sites} acceptors")
@pytest.mark.parametrize("temperature_k", [77.0, 300.0])
def test_equal_voltages_give_boltzmann_and_detailed_balance(network: HoppingNetwork, temperature_k: float) -> None:
    """p = exp(-H / kT) / Z to 1e-12, p k = p k for every hop and its return, and no current."""
    v = np.full(8, 0.037)
    state = stationary_occupations(network, v, temperature_k=temperature_k)
    filled = (np.arange(1 << network.sites)[:, None] >> np.arange(network.sites)) & 1
    energy = network.energy(filled, v, 0.037)
    boltzmann = np.exp(-(energy - energy.min()) / thermal_voltage(temperature_k))
    boltzmann /= boltzmann.sum()
    assert np.abs(state.probabilities - boltzmann).max() < 1e-12
    assert np.abs(state.currents_a).max() < 1e-19
    source, target, rates, electrode, _ = transitions(network, v, temperature_k)
    forth = dict(zip(zip(source, target, electrode, strict=True), boltzmann[source] * rates, strict=True))
    back = np.array([forth[t, s, e] for s, t, e in forth])
    assert np.allclose(list(forth.values()), back, rtol=1e-9, atol=0.0)


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: f"{network.sites} acceptors")
def test_currents_add_up_to_nothing(network: HoppingNetwork) -> None:
    """Below 1e-10 nA in sum, for currents of the order of 1 nA, at both temperatures."""
    for seed in range(4):
        for temperature_k in (77.0, 300.0):
            currents = stationary_occupations(network, voltages(seed), temperature_k=temperature_k).currents_a
            assert abs(currents.sum()) < 1e-19
            assert np.abs(currents).max() > 1e-12


def test_sums_of_ten_and_eleven_acceptors() -> None:
    """Both ways of solving, dense and sparse, where they meet; the occupation is that of the probabilities."""
    for n in (10, 11):
        network = random_device(n, 1, 8, rng=n).network
        state = stationary_occupations(network, voltages(n))
        assert abs(state.currents_a.sum()) < 1e-19
        assert state.occupation().shape == (n,)
        assert (state.occupation() >= 0.0).all()


@pytest.mark.parametrize("seed", range(3))
def test_elimination_and_sparse_factors_agree(seed: int) -> None:
    """Two methods, one steady state; 1e-9 relative to the largest probability."""
    network = random_device(7, 1, 5, rng=seed).network
    v = voltages(seed, 5)
    source, target, rates, _, _ = transitions(network, v, 77.0)
    sparse = _balanced(source, target, rates, 1 << 7)
    assert np.abs(stationary_occupations(network, v).probabilities - sparse).max() < 1e-9


def test_far_voltages_do_not_break_the_elimination() -> None:
    """Rates that lie 130 powers of e apart, where balance by plain factors is singular in floats."""
    network = random_device(8, 1, 8, rng=0).network
    for seed in range(20):
        v = np.random.default_rng([7, seed]).uniform(-1.0, 1.0, 8)
        state = stationary_occupations(network, v)
        assert np.isfinite(state.probabilities).all()
        assert abs(state.currents_a.sum()) < 1e-19


def test_one_acceptor_by_hand() -> None:
    """p = in / (in + out), I = e (p out_e - (1 - p) in_e): exact for the master equation, and for mean field."""
    network = one_acceptor((0.2, 0.5, 0.3), (1e9, 3e9, 2e8))
    v, kt = np.array([0.02, -0.01, 0.0]), thermal_voltage(77.0)
    energy = 0.2 * 0.02 - 0.5 * 0.01 + 0.01
    out = np.array([1e9, 3e9, 2e8]) * np.minimum(1.0, np.exp(-(v - energy) / kt))
    into = np.array([1e9, 3e9, 2e8]) * np.minimum(1.0, np.exp(-(energy - v) / kt))
    p = into.sum() / (into.sum() + out.sum())
    expected = ELEMENTARY_CHARGE * (p * out - (1.0 - p) * into)
    assert np.allclose(stationary_occupations(network, v).currents_a, expected, rtol=1e-12)
    assert np.allclose(mean_field_occupations(network, v).currents_a, expected, rtol=1e-8)


def test_bad_networks_and_voltages_are_refused() -> None:
    """NaN, wrong shapes, rates that differ there and back, hops between electrodes, too many acceptors."""
    network = NETWORKS[1]
    n = network.sites
    asked = dict(vars(network))
    skewed = network.attempts_hz.copy()
    skewed[0, 1] *= 1.1
    shorted = network.attempts_hz.copy()
    shorted[n, n + 1] = shorted[n + 1, n] = 1.0
    for change, message in (
        ({"attempts_hz": skewed}, "symmetric"),
        ({"attempts_hz": shorted}, "between electrodes"),
        ({"interaction_v": np.eye(n)}, "zero diagonal"),
        ({"static_v": np.full(n, np.nan)}, "NaN"),
        ({"static_v": np.zeros(n + 1)}, "shape"),
    ):
        with pytest.raises(ValueError, match=message):
            HoppingNetwork(**(asked | change))
    with pytest.raises(ValueError, match="8 electrodes"):
        stationary_occupations(network, np.zeros(7))
    with pytest.raises(ValueError, match="NaN or infinity"):
        stationary_occupations(network, np.full(8, np.inf))
    with pytest.raises(ValueError, match="temperature_k"):
        stationary_occupations(network, np.zeros(8), temperature_k=0.0)
    with pytest.raises(ValueError, match="stops at 14"):
        stationary_occupations(random_device(15, 1, rng=0).network, np.zeros(8))


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: f"{network.sites} acceptors")
def test_mean_field_slopes_are_finite_differences(network: HoppingNetwork) -> None:
    """dI/dV by implicit differentiation against central differences of whole solutions; and rows sum to nothing."""
    v, step = voltages(3), 1e-6
    state = mean_field_occupations(network, v, temperature_k=150.0)
    assert state.converged
    assert abs(state.currents_a.sum()) < 1e-9 * np.abs(state.currents_a).max()
    found = np.empty((8, 8))
    for e in range(8):
        ends = [
            mean_field_occupations(network, v + d * np.eye(8)[e], temperature_k=150.0).currents_a for d in (step, -step)
        ]
        found[:, e] = (ends[0] - ends[1]) / (2.0 * step)
    scale = np.abs(found).max()
    assert np.abs(state.conductances_s - found).max() < 1e-5 * scale
    assert np.abs(state.conductances_s.sum(axis=0)).max() < 1e-7 * scale
    assert np.abs(state.conductances_s.sum(axis=1)).max() < 1e-7 * scale


def test_mean_field_balance_has_its_slope() -> None:
    """d(ds/dt)/ds away from the steady state too, where Newton's method needs it."""
    network = NETWORKS[3]
    s = np.random.default_rng(0).random(network.sites)
    rates = _Rates(network, voltages(2), 1.0 / thermal_voltage(300.0))
    slope = rates.slope(s, rates.balance(s))[0]
    step = 1e-6
    for i, d in enumerate(step * np.eye(network.sites)):
        difference = (rates.balance(s + d).net - rates.balance(s - d).net) / (2.0 * step)
        assert np.allclose(slope[:, i], difference, atol=1e-7 * np.abs(slope).max())


def test_mean_field_is_near_the_exact_currents() -> None:
    """Within 10 % of the largest current for most devices of 8 acceptors, and exact without interaction of one."""
    for temperature_k in (77.0, 300.0):
        errors = []
        for seed in range(12):
            network = random_device(8, 1, 8, rng=seed // 3).network
            exact = stationary_occupations(network, voltages(seed), temperature_k=temperature_k).currents_a
            state = mean_field_occupations(network, voltages(seed), temperature_k=temperature_k)
            assert state.converged, state.message
            errors.append(np.abs(state.currents_a - exact).max() / np.abs(exact).max())
        assert np.median(errors) < 0.1


def test_mean_field_says_when_it_is_not_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """A status and a residual, not silence."""
    from hardware_targets.dopant_network.transport import mean_field as module

    monkeypatch.setattr(module, "_STEPS", 1)
    state = mean_field_occupations(NETWORKS[4], voltages(0))
    assert not state.converged
    assert "still differ" in state.message
    with pytest.raises(ValueError, match="start"):
        mean_field_occupations(NETWORKS[4], voltages(0), start=np.full(8, 2.0))
