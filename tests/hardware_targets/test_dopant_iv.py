"""I-V curves, maps, noise against time with exact spectra, and the test for falling curves with its error rates."""

import numpy as np
import pytest
from scipy.stats import binom, chi2

from hardware_targets.dopant_network.device.device import random_device
from hardware_targets.dopant_network.device.hopping_network import HoppingNetwork
from hardware_targets.dopant_network.transport.current_voltage import gate_map, sweep_settings, sweep_voltages
from hardware_targets.dopant_network.transport.isotonic_regression import distance_from_rising
from hardware_targets.dopant_network.transport.master_equation import stationary_occupations
from hardware_targets.dopant_network.transport.negative_differential_resistance import ndr_test
from hardware_targets.dopant_network.transport.telegraph_noise import current_trace

FALSE_FAILURE = 1e-6
NETWORK = random_device(6, 1, 6, rng=0).network
BASE = np.random.default_rng(0).uniform(-0.3, 0.3, 6)


def test_settings_of_curves_and_maps() -> None:
    """One electrode swept, or two; the others stay where they were."""
    curve = sweep_settings(BASE, 2, [0.0, 0.1, 0.2])
    assert curve.shape == (3, 6)
    assert np.array_equal(curve[:, 2], [0.0, 0.1, 0.2])
    assert np.array_equal(np.delete(curve, 2, axis=1), np.tile(np.delete(BASE, 2), (3, 1)))
    grid = gate_map(BASE, (0, [0.0, 0.1]), (5, [0.3, 0.4, 0.5]))
    assert grid.shape == (2, 3, 6)
    assert grid[1, 2].tolist() == [0.1, *BASE[1:5], 0.5]
    with pytest.raises(ValueError, match="electrode is 6"):
        sweep_settings(BASE, 6, [0.0])


def test_a_sweep_is_its_settings_one_by_one() -> None:
    """Exact, mean field and KMC near each other; temperatures broadcast; any number of workers gives the same bits."""
    settings = sweep_settings(BASE, 1, np.linspace(-0.3, 0.3, 3))
    exact = sweep_voltages(NETWORK, settings, temperature_k=[[77.0], [200.0]], solver="exact")
    assert exact.currents_a.shape == (2, 3, 6)
    for t in range(2):
        for m in range(3):
            alone = stationary_occupations(NETWORK, settings[m], temperature_k=(77.0, 200.0)[t]).currents_a
            assert np.array_equal(exact.currents_a[t, m], alone)
    rough = sweep_voltages(NETWORK, settings, solver="mean-field")
    assert rough.converged.all()
    assert np.abs(rough.currents_a - exact.currents_a[0]).max() < 0.2 * np.abs(exact.currents_a).max()
    one, two = (sweep_voltages(NETWORK, settings, relative_error=0.05, workers=w, rng=4) for w in (1, 2))
    assert np.array_equal(one.currents_a, two.currents_a)
    assert np.array_equal(one.errors_a, two.errors_a)
    z = (one.currents_a - exact.currents_a[0]) / one.errors_a
    assert np.abs(z).max() < 7.5  # t of 31 degrees, 18 values, at 10^-6


def test_common_random_numbers_are_common() -> None:
    """Equal settings give equal currents on common numbers, others on their own."""
    twice = np.stack([BASE, BASE])
    common = sweep_voltages(NETWORK, twice, relative_error=0.1, rng=1).currents_a
    own = sweep_voltages(NETWORK, twice, relative_error=0.1, common=False, rng=1).currents_a
    assert np.array_equal(common[0], common[1])
    assert not np.array_equal(own[0], own[1])


def channel(rates_hz: tuple[float, float]) -> HoppingNetwork:
    """One acceptor that holes enter from electrode 0 and leave to electrode 1 (far downhill)."""
    attempts = np.zeros((3, 3))
    attempts[0, 1:] = attempts[1:, 0] = rates_hz
    return HoppingNetwork(np.zeros(1), np.zeros((1, 1)), np.array([[0.5, 0.5]]), attempts)


def test_noise_of_one_acceptor_is_known() -> None:
    """S(f) = 2 e I (1 - 2 a b / ((a + b)^2 + (2 pi f)^2)): full shot noise at high frequency, half of it at low.

    Holes that enter at rate a and leave at b, one at a time. chi^2 of the averaged periodogram over its frequencies.
    """
    a, b = 2e9, 3e9
    trace = current_trace(
        channel((a, b)), np.array([0.5, -0.5]), 1, interval_s=2e-11, intervals=400_000, segments=200, rng=1
    )
    current = 1.602176634e-19 * a * b / (a + b)
    assert trace.currents_a.mean() == pytest.approx(current, rel=0.03)
    f = trace.frequencies_hz
    low = f < 0.1 / trace.interval_s
    expected = 2.0 * 1.602176634e-19 * current * (1.0 - 2.0 * a * b / ((a + b) ** 2 + (2.0 * np.pi * f) ** 2))
    # Counting in intervals multiplies by sinc^2 and folds the white rest back: within 1 % below 0.1 / interval.
    ratio = trace.spectrum_a2_hz[low] / expected[low]
    assert ratio.mean() == pytest.approx(1.0, abs=0.02)
    g = 2.0 * 200.0 * ratio  # chi^2 with 2 segments degrees, nearly independent
    assert (chi2.cdf(g, 400) > FALSE_FAILURE / g.size).all()
    assert (chi2.sf(g, 400) > FALSE_FAILURE / g.size).all()


def test_traces_are_repeatable_and_refuse_nonsense() -> None:
    """One seed, one trace; its mean is the exact current."""
    asked = {"interval_s": 1e-9, "intervals": 2000, "rng": 3}
    first, again = (current_trace(NETWORK, BASE, 0, **asked) for _ in range(2))
    assert np.array_equal(first.currents_a, again.currents_a)
    exact = stationary_occupations(NETWORK, BASE).currents_a[0]
    noise = np.sqrt(first.spectrum_a2_hz[:5].mean() / (2.0 * 2000 * 1e-9))
    assert abs(first.currents_a.mean() - exact) < 6.0 * noise
    with pytest.raises(ValueError, match="electrode is 9"):
        current_trace(NETWORK, BASE, 9, **asked)
    with pytest.raises(ValueError, match="positive"):
        current_trace(NETWORK, BASE, 0, interval_s=0.0, intervals=100)


def test_distance_from_rising_curves_is_that_of_isotonic_regression() -> None:
    """Pooling against pool-adjacent-violators of scipy."""
    from scipy.optimize import isotonic_regression

    rng = np.random.default_rng(2)
    for _ in range(20):
        y, sigma = rng.normal(size=15), rng.uniform(0.5, 2.0, 15)
        fit = isotonic_regression(y, weights=1.0 / sigma**2).x
        assert distance_from_rising(y[None], 1.0 / sigma[None] ** 2)[0] == pytest.approx(
            float((((y - fit) / sigma) ** 2).sum()), abs=1e-9
        )


def test_flat_curves_are_called_falling_as_often_as_said() -> None:
    """2,000 flat noisy curves: p below 5 % in 5 % of them, though the largest drop of each is a third of its span."""
    rng = np.random.default_rng(3)
    sigma = rng.uniform(0.5, 2.0, 12)
    estimated = sigma * np.sqrt(rng.chisquare(31, (2000, 12)) / 31)
    curves = rng.normal(0.0, sigma, (2000, 12))
    p = np.concatenate(
        [ndr_test(curves[k : k + 1], estimated[k : k + 1], level=0.05, draws=400, rng=k).p for k in range(500)]
    )
    low, high = binom.ppf([FALSE_FAILURE / 2, 1 - FALSE_FAILURE / 2], 500, 0.05)
    assert low <= np.count_nonzero(p <= 0.05) <= high
    assert (np.maximum.accumulate(curves, axis=1) - curves).max(
        axis=1
    ).mean() > 3.0  # what one would be tempted to call


def test_rising_noisy_curves_pass_and_falling_ones_are_found() -> None:
    """Power: a dip of 8 sigma over 5 of 20 points is found; of 40 steep curves none is called falling."""
    rng = np.random.default_rng(4)
    rising = np.linspace(0.0, 40.0, 20) + rng.normal(size=(40, 20))
    dipped = np.linspace(0.0, 10.0, 20) - 8.0 * (np.abs(np.arange(20) - 10) < 3) + rng.normal(size=(10, 20))
    found = ndr_test(np.concatenate([rising, dipped]), np.ones((50, 20)), rng=1)
    assert not found.falls[:40].any()
    assert found.falls[40:].all()


def test_some_curves_of_dopant_networks_fall() -> None:
    """Output current against an input's voltage, exact: some drop > 10 % of the span; KMC agrees."""
    volts = np.linspace(-0.5, 0.5, 15)
    settings, networks = [], []
    for seed in range(4):
        networks.append(random_device(7, 1, 8, rng=seed).network)
        base = np.random.default_rng(seed).uniform(-0.5, 0.5, (4, 8))
        base[:, 4] = 0.0
        settings.append(sweep_settings(base, 0, volts))
    every = np.array([sweep_voltages(n, v, solver="exact").currents_a for n, v in zip(networks, settings, strict=True)])
    curves = every[..., 4].reshape(16, -1)
    verdict = ndr_test(curves, np.zeros_like(curves))
    assert 2 <= np.count_nonzero(verdict.drop > 0.1) <= 14
    assert np.array_equal(verdict.falls, verdict.drop > 0.0)
    # KMC knows currents to 1 % of the largest of all electrodes: the two deepest falls and the two steepest climbs.
    size = np.abs(every).max(axis=(2, 3)).ravel()
    deep = verdict.drop * np.ptp(curves, axis=1) / size
    climb = np.where(verdict.drop == 0.0, np.ptp(curves, axis=1) / size, 0.0)
    chosen = [*np.argsort(deep)[-2:], *np.argsort(climb)[-2:]]
    noisy, errors = [], []
    for c in chosen:
        found = sweep_voltages(networks[c // 4], settings[c // 4][c % 4], relative_error=0.01, common=False, rng=int(c))
        noisy.append(found.currents_a[:, 4])
        errors.append(found.errors_a[:, 4])
    assert ndr_test(np.array(noisy), np.array(errors), rng=5).falls.tolist() == [True, True, False, False]


def test_bad_curves_are_refused() -> None:
    """Unequal shapes, NaN, errors of part of a curve, a level that the draws cannot reach."""
    good = np.zeros((2, 5))
    with pytest.raises(ValueError, match="equal shapes"):
        ndr_test(good, np.zeros((2, 4)))
    with pytest.raises(ValueError, match="finite"):
        ndr_test(good + np.nan, good)
    with pytest.raises(ValueError, match="all of a curve or none"):
        ndr_test(good, good + np.arange(5))
    with pytest.raises(ValueError, match="more than"):
        ndr_test(good, good + 1.0, draws=100)
    with pytest.raises(ValueError, match="solver is"):
        sweep_voltages(NETWORK, BASE, solver="magic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="workers"):
        sweep_voltages(NETWORK, BASE, workers=0)
