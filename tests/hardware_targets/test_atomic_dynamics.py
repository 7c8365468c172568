"""Atoms under voltage, sine and drift, and slow synapses: against the master equation and enumeration."""

import numpy as np
import pytest
from scipy.linalg import expm

from hardware_targets.atomic_spins import (
    DrivenAtom,
    SynapticArray,
    VoltageResponse,
    averaged_floor,
    conditional_floor,
    drift_divergence,
    drifting_biases,
    exact_response,
    mixed_law,
    occupation,
    simulate_drift,
    simulate_residences,
    simulate_response,
    stationary_distribution,
    switching_rates,
    trajectory_floor,
)
from hardware_targets.atomic_spins.atom_costs import DATA
from neuromorph import Ising, exact
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.testing import require_distribution


def glass(seed: int, n: int, scale: float = 1.0) -> Ising:
    j = scale * np.triu(np.random.default_rng(seed).normal(size=(n, n)), 1)
    return Ising(j + j.T, scale * np.random.default_rng([seed, 1]).normal(size=n))


def divergence(fractions: np.ndarray, p: np.ndarray) -> float:
    seen = fractions > 0.0
    return float(np.sum(fractions[seen] * np.log(fractions[seen] / p[seen])))


# Rates that follow the voltage.


@pytest.mark.parametrize("theta", [0.0, 0.4, 1.0])
def test_the_stationary_law_follows_the_voltage_through_the_bias_alone(theta):
    """By enumeration of 4 atoms, each with an alpha and a kappa of its own."""
    ising, beta, v = glass(1, 4, 0.5), 0.7, 0.13
    response = VoltageResponse(np.array([3.0, -7.0, 0.0, 11.0]), np.array([20.0, -5.0, 3.0, 40.0]), reference_v=0.05)
    h = response.biases_at(ising.biases, v, beta)
    np.testing.assert_allclose(2 * beta * (h - ising.biases), np.array([3.0, -7.0, 0.0, 11.0]) * 0.08)
    speeds = response.speeds_at(v)
    assert speeds.max() / speeds.min() > 30.0
    p = stationary_distribution(ising.couplings, h, beta, theta, speeds)
    np.testing.assert_allclose(p, exact.boltzmann(Ising(ising.couplings, h), beta), rtol=1e-9)
    np.testing.assert_allclose(p, stationary_distribution(ising.couplings, h, beta, theta), rtol=1e-9)


def test_rates_at_a_voltage_are_two_exponentials():
    response = VoltageResponse(12.0, 30.0, reference_v=0.4)
    up, down = response.rates_at(0.7, np.array([0.4, 0.5]), attempt_rate_hz=1e3, theta=0.25)
    assert up[0] / down[0] == pytest.approx(np.exp(0.7))
    assert up[1] / up[0] == pytest.approx(np.exp(0.1 * (30.0 + 0.25 * 12.0)))
    assert down[1] / down[0] == pytest.approx(np.exp(0.1 * (30.0 - 0.75 * 12.0)))
    assert VoltageResponse.of(DATA).kappa_per_v == DATA["log_rate_per_volt"].value
    with pytest.raises(ValueError, match="alpha_per_v"):
        VoltageResponse(np.nan, 1.0)


def test_atoms_of_different_speeds_follow_the_master_equation_on_the_way():
    """20,000 reads stopped early, speeds 1, 1/4, 3; a speed at the wrong atom or inverted fails."""
    from scipy import sparse

    from hardware_targets.atomic_spins import simulate_switching

    rng = np.random.default_rng(3)
    w, h, speeds = rng.normal(size=(3, 3)) * (1 - np.eye(3)), rng.normal(size=3), np.array([1.0, 0.25, 3.0])
    spins = np.tile(np.array([-1, 1, -1], np.int8), (20_000, 1))
    streams = kernel_states(read_seeds(4, len(spins)))
    simulate_switching(
        sparse.csc_array(w), h, np.array([0.5]), np.array([0.5]), spins, streams, theta=0.3, speeds=speeds
    )
    rates = switching_rates(w, h, 0.5, 0.3, speeds)
    start = np.zeros(8)
    start[0b010] = 1.0
    require_distribution(spins, start @ expm(0.5 * (rates - np.diag(rates.sum(axis=1)))))


# Slow synapses.


@pytest.fixture(scope="module")
def array() -> SynapticArray:
    return SynapticArray(glass(3, 7, 0.35), synapses=3, slowness=300.0)


def test_two_time_scales_stand_apart(array):
    """2^3 - 1 slow times, far above all others; the adiabatic rates of the synapses give them within 3 %."""
    times = array.relaxation_times()
    assert times.size == 127
    assert times[6] / times[7] > 20.0
    assert times[7] < 3.0
    adiabatic = array.adiabatic_rates()
    decay = np.sort(-np.linalg.eigvals(adiabatic - np.diag(adiabatic.sum(axis=1))).real)
    np.testing.assert_allclose(1.0 / decay[1:], times[:7], rtol=0.03)
    # One time scale where synapses are as fast as neurons.
    alike = SynapticArray(array.ising, 3, slowness=1.0).relaxation_times()
    assert alike[6] / alike[7] < 1.5


@pytest.mark.parametrize("theta", [0.0, 0.5, 1.0])
def test_the_joint_law_is_boltzmanns_for_every_slowness(array, theta):
    slow = SynapticArray(array.ising, 3, slowness=777.0, theta=theta)
    p = stationary_distribution(array.ising.dense_couplings(), array.ising.biases, 1.0, theta, slow.speeds)
    np.testing.assert_allclose(p, slow.joint().ravel(), rtol=1e-6)
    np.testing.assert_allclose(slow.conditional().sum(axis=1), 1.0)


def test_neurons_follow_their_law_for_each_state_of_the_synapses(array):
    """Per state, KL of one trajectory below a bound that chance exceeds once in 10^6; the mean within 3 x its floor.

    Dwell times are correlated: the floor is that of the trajectory, from the deviation matrix, not of counted events.
    """
    time = 3e5
    p, conditional, rates = array.joint().ravel(), array.conditional(), array.rates()
    fractions, events = occupation(array.ising.dense_couplings(), array.ising.biases, time, speeds=array.speeds, rng=11)
    seen = fractions.reshape(conditional.shape)
    shares = seen.sum(axis=1)
    found = [divergence(row / row.sum(), law) for row, law in zip(seen, conditional, strict=True)]
    floors = conditional_floor(rates, p, time, array.synapse_states)
    for s, floor in floors.items():
        assert found[s] < floor.bound(1e-6 / len(floors))
    average = averaged_floor(rates, p, time, array.synapse_states)
    assert average.mean == pytest.approx(sum(array.joint().sum(axis=1)[s] * f.mean for s, f in floors.items()))
    assert shares @ found < 3.0 * average.mean
    assert average.bound(1e-3) < 3.0 * average.mean  # so that 3 x fails a correct array less than once in 1,000
    assert divergence(fractions, p) < trajectory_floor(rates, p, time).bound(1e-6)
    assert events > 1e5


def test_the_floor_of_a_trajectory_is_its_mean_divergence():
    """200 short trajectories of 3 atoms: mean KL within 5 standard errors and the second order, bound(0.05) kept."""
    ising, time = glass(2, 3, 0.6), 4000.0
    p = exact.boltzmann(ising, 1.0)
    floor = trajectory_floor(switching_rates(ising.couplings, ising.biases, 1.0), p, time)
    found = np.array([divergence(occupation(ising.couplings, ising.biases, time, rng=k)[0], p) for k in range(200)])
    assert abs(found.mean() - floor.mean) < 5.0 * found.std() / np.sqrt(200) + 0.02 * floor.mean
    assert np.mean(found > floor.bound(0.05)) < 0.07
    assert np.mean(found > 3.0 * 7 / (2 * 4000.0 * 3)) > 0.02  # the floor of counted events fails correct arrays
    with pytest.raises(ValueError, match="chance is 0"):
        floor.bound(0.0)


def test_the_floor_of_one_atom_is_the_textbook_variance():
    """Two states: var of the fraction up is 2 u d / (u + d)^3 / T."""
    rates = np.array([[0.0, 0.7], [1.9, 0.0]])
    p = np.array([1.9, 0.7]) / 2.6
    variance = 2.0 * 0.7 * 1.9 / 2.6**3 / 50.0
    assert trajectory_floor(rates, p, 50.0).mean == pytest.approx(0.5 * variance * (1.0 / p[0] + 1.0 / p[1]))


def test_synapses_adapt_to_a_step_on_their_own_time_scale(array):
    """A voltage step on all atoms: neurons jump within attempt times and then follow the synapses over hundreds.

    2,000 reads against the exact response, within 5 standard errors at each of six times.
    """
    after = array.with_biases(VoltageResponse(12.0, 0.0).biases_at(array.ising.biases, 0.1, array.beta))
    times = np.array([0.5, 3.0, 10.0, 100.0, 400.0, 2000.0])
    expected = exact_response(array, after, times)
    spins = simulate_response(array, after, times, 2000, rng=5)
    error = np.sqrt(np.maximum(1.0 - expected**2, 0.01) / 2000)
    assert (np.abs(spins.mean(axis=1) - expected) < 5.0 * error).all()
    start = exact_response(array, after, np.array([0.0, 1e6]))
    np.testing.assert_allclose(
        start[0], exact.boltzmann(array.ising, 1.0) @ exact.spins_of(np.arange(128), 7), atol=1e-9
    )
    moved = np.abs(expected - start[0])
    whole = np.abs(start[1] - start[0])
    slow = 4 + int(np.argmax(whole[4:]))
    assert whole[slow] > 0.5
    assert moved[1, slow] < 0.05 * whole[slow]  # after three attempt times synapses have hardly begun
    assert moved[-1, slow] > 0.99 * whole[slow]
    follower = int(np.argmax(whole[:4]))
    assert 0.4 * whole[follower] < moved[1, follower] < 0.8 * whole[follower]  # a jump, and then what synapses bring
    assert moved[-1, follower] > 0.99 * whole[follower]


def test_arrays_without_neurons_or_with_fast_synapses_are_refused(array):
    for wrong, rule in (({"synapses": 7}, "synapses is 7"), ({"synapses": 1, "slowness": 0.5}, "slowness is 0.5")):
        with pytest.raises(ValueError, match=rule):
            SynapticArray(array.ising, **wrong)
    with pytest.raises(ValueError, match="increasing"):
        simulate_response(array, array, np.array([1.0, 0.5]), 1)


# Sine.

FE = DrivenAtom(800.0, 300.0, 25.0, 15.0, 0.06, 1.0)  # slopes of different size
CO = DrivenAtom(500.0, 500.0, 20.0, -20.0, 0.06, 1.0)  # alike


def at(atom: DrivenAtom, frequency: float) -> DrivenAtom:
    return DrivenAtom(atom.up_hz, atom.down_hz, atom.up_per_v, atom.down_per_v, atom.amplitude_v, frequency)


@pytest.mark.parametrize("atom", [FE, CO])
def test_slow_and_fast_sines_have_the_limits_of_dc_and_of_mean_rates(atom):
    slow, fast = at(atom, 1e-3).residence(), at(atom, 1e7).residence()
    for found, limit in ((slow, atom.quasi_static_residence()), (fast, atom.averaged_residence())):
        assert found.up_s == pytest.approx(limit.up_s, rel=1e-4)
        assert found.down_s == pytest.approx(limit.down_s, rel=1e-4)
        assert found.favorability == pytest.approx(limit.favorability, rel=1e-4)


def test_favorability_depends_on_frequency_only_where_the_slopes_differ():
    middle = [at(CO, f).residence().favorability for f in (1.0, 300.0, 1e5)]
    np.testing.assert_allclose(middle, 0.5, atol=1e-6)
    low, high = (at(FE, f).residence().favorability for f in (1.0, 1e5))
    assert high - low > 0.05


@pytest.mark.parametrize("frequency", [30.0, 300.0, 3000.0])
def test_simulated_residences_are_those_of_the_master_equation(frequency):
    """40,000 residences in each state; means within 5 standard errors of batches of 400."""
    atom = at(FE, frequency)
    expected = atom.residence()
    for found, mean in zip(simulate_residences(atom, 40_000, 7), (expected.up_s, expected.down_s), strict=True):
        batches = found.reshape(100, 400).mean(axis=1)
        assert abs(found.mean() - mean) < 5.0 * batches.std() / 10.0 + 1e-3 * mean


def test_the_density_of_residences_is_synchronized():
    """Its integral and mean, and 40,000 simulated residences in 30 bins, within 6 deviations of independent ones."""
    atom = DrivenAtom(800.0, 300.0, 25.0, -25.0, 0.06, 200.0)
    times = np.linspace(0.0, 0.05, 4001)
    density = atom.residence_density(times)
    assert np.trapezoid(density, times) == pytest.approx(1.0, abs=1e-4)
    assert np.trapezoid(density * times, times) == pytest.approx(atom.residence().up_s, rel=1e-3)
    peaks = [k for k in range(1, 1200) if density[k] > density[k - 1] and density[k] >= density[k + 1]]
    assert len(peaks) >= 3
    np.testing.assert_allclose(np.diff(times[peaks][:3]), 0.005, rtol=0.15)  # one a period
    edges = times[: 30 * 50 + 1 : 50]
    counts, _ = np.histogram(simulate_residences(atom, 40_000, 1)[0], edges)
    cumulative = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(times))])
    wanted = 40_000 * np.diff(np.interp(edges, times, cumulative))
    assert (np.abs(counts - wanted) < 6.0 * np.sqrt(wanted + 1.0)).all()


def test_a_driven_atom_has_the_rates_of_its_voltage():
    response = VoltageResponse(12.0, 30.0)
    atom = DrivenAtom.of(
        response, 0.3, attempt_rate_hz=1e3, offset_v=0.05, amplitude_v=0.02, frequency_hz=10.0, theta=0.3
    )
    crest = atom.rates_of_phase(np.array([0.25]))
    expected = response.rates_at(0.3, 0.07, attempt_rate_hz=1e3, theta=0.3)
    np.testing.assert_allclose(np.ravel(crest), np.ravel(expected))
    for wrong, rule in (({"frequency_hz": 0.0}, "frequency_hz is 0"), ({"amplitude_v": 1e3}, "take at most 50")):
        with pytest.raises(ValueError, match=rule):
            DrivenAtom(
                **({"frequency_hz": 1.0, "amplitude_v": 0.1} | wrong), up_hz=1, down_hz=1, up_per_v=1, down_per_v=1
            )
    with pytest.raises(ValueError, match="residences is 0"):
        simulate_residences(atom, 0)


# Drift.


def test_biases_drift_and_walk():
    times = np.linspace(0.0, 9.0, 10)
    path = drifting_biases(np.array([1.0, -1.0]), times, rate=np.array([0.5, 0.0]))
    np.testing.assert_allclose(path, [[1.0 + 0.5 * t, -1.0] for t in times])
    walks = np.array([drifting_biases([0.0], times, diffusion=0.04, rng=k)[:, 0] for k in range(2000)])
    variance = walks.var(axis=0)
    assert (np.abs(variance - 0.04 * times) <= 5.0 * 0.04 * times * np.sqrt(2.0 / 2000)).all()
    for wrong in ({"diffusion": -1.0}, {"times": [1.0, 0.5]}):
        with pytest.raises(ValueError, match=r"variance|increasing"):
            drifting_biases(**({"biases": [0.0], "times": [0.0, 1.0]} | wrong))


def test_divergence_of_drifted_laws_is_that_of_enumeration():
    ising, rate = glass(4, 4, 0.5), np.array([1.0, -2.0, 0.5, 0.0])
    p = exact.boltzmann(ising, 0.8)
    moved = exact.boltzmann(Ising(ising.couplings, ising.biases + 1e-3 * rate), 0.8)
    assert divergence(moved, p) == pytest.approx(drift_divergence(ising, 0.8, 1e-3, rate=rate), rel=0.01)
    walks = [drifting_biases(ising.biases, [2.0], diffusion=1e-4, rng=k)[0] for k in range(1000)]
    mean = np.mean([divergence(exact.boltzmann(Ising(ising.couplings, h), 0.8), p) for h in walks])
    assert mean == pytest.approx(drift_divergence(ising, 0.8, 2.0, diffusion=1e-4), rel=0.15)


def test_atoms_under_drift_follow_the_law_of_the_moment():
    """10,000 reads through 4 steps of bias; each step ends at its own law, all together at the mixture."""
    ising, beta = glass(5, 3, 0.5), 0.9
    path = drifting_biases(ising.biases, np.arange(4.0), rate=np.array([0.4, -0.3, 0.2]))
    spins = np.ones((10_000, 3), np.int8)
    seen = simulate_drift(ising, path, 25.0, beta, spins, kernel_states(read_seeds(8, len(spins))))
    for k, biases in enumerate(path):
        require_distribution(seen[k], exact.boltzmann(Ising(ising.couplings, biases), beta))
    quarter = np.concatenate([seen[k, k::4] for k in range(4)])  # every read once: independent
    require_distribution(quarter, mixed_law(ising, path, beta))
