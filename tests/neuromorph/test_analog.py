"""The analog network against closed forms: a lost factor in R, C, gain, swing or noise, or a wrong sign, shows here."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.optimize import brentq

from neuromorph import Ising, exact
from neuromorph.analog import Algebraic, AnalogNetwork, Arctan, Logistic, Tanh, simulate, simulate_noisy
from neuromorph.analog.noise import _steps

ACTIVATIONS = [Tanh, Arctan, Algebraic, Logistic]
activations = st.builds(
    lambda kind, gain, swing: kind(gain, swing),
    st.sampled_from(ACTIVATIONS),
    st.floats(0.2, 20.0),
    st.floats(0.1, 15.0),
)


def random_network(seed: int, n: int, activation=None, *, symmetric: bool = True) -> AnalogNetwork:
    """Microsiemens, nanofarads, every neuron different: nothing is 1 by accident."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(n, n)) * 1e-5
    t = (t + t.T) / 2 if symmetric else t
    leak = rng.uniform(0.5e-5, 2e-5, n)
    currents = rng.normal(size=n) * 1e-5
    return AnalogNetwork(
        t, 1 / (leak + abs(t).sum(1)), rng.uniform(0.5e-9, 2e-9, n), currents, activation or Tanh(gain=8.0, swing=1.5)
    )


def order(errors: list[float]) -> float:
    """Slope over the last three halvings of the step."""
    return float(np.polyfit(range(4), -np.log2(errors[-4:]), 1)[0])


# Activations


@given(g=activations, x=st.floats(-3.0, 3.0))
def test_activation_slope_inverse_and_integral_belong_together(g, x):
    u = x / g.gain
    v = g.value(u)
    assert g.low < v < g.high
    assert g.inverse(v) == pytest.approx(u, rel=1e-9, abs=1e-12 / g.gain)
    h = 1e-6 / g.gain
    assert g.slope(u) == pytest.approx((g.value(u + h) - g.value(u - h)) / (2 * h), rel=1e-6)
    assert g.inverse_integral(v) == pytest.approx(quad(g.inverse, 0.0, v)[0], rel=1e-6, abs=1e-9 * g.swing / g.gain)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_activation_at_the_rails(kind):
    g = kind(gain=3.0, swing=2.0)
    far = g.value([-1e9, 1e9])
    np.testing.assert_allclose(far, [g.low, g.high], atol=1e-8)
    assert (np.diff(g.value(np.linspace(-5, 5, 1001))) > 0).all()
    assert np.isfinite(g.inverse_integral(far)).all()  # Arctan: at a finite u, for it grows like a logarithm
    with pytest.raises(ValueError, match=r"v holds 2.1 V, outside the rails"):
        g.inverse(2.1)
    with pytest.raises(ValueError, match="gain is 0"):
        kind(gain=0.0)
    with pytest.raises(ValueError, match="swing is nan"):
        kind(swing=np.nan)


def test_integral_at_the_rails_is_the_known_constant():
    np.testing.assert_allclose(Tanh(2.0, 3.0).inverse_integral([-3.0, 3.0]), 1.5 * np.log(2))
    np.testing.assert_allclose(Algebraic(2.0, 3.0).inverse_integral([-3.0, 3.0]), 1.5)
    np.testing.assert_allclose(Logistic(2.0, 3.0).inverse_integral([0.0, 1.5, 3.0]), [0.0, -1.5 * np.log(2), 0.0])


# The differential equation


@pytest.mark.parametrize("method", ["RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA"])
def test_rc_elements_charge_exponentially(method):
    r, c, i = np.array([1e4, 3e5]), np.array([1e-9, 2e-10]), np.array([1e-5, -2e-6])
    network = AnalogNetwork(np.zeros((2, 2)), r, c, i, Tanh())
    run = simulate(network, [[0.0, 0.5], [1.0, 0.0]], 1e-4, samples=11, method=method, rtol=1e-8, atol=1e-10)
    start = np.array([[0.0, 0.5], [1.0, 0.0]])
    exact_u = r * i + (start - r * i) * np.exp(-run.times[:, None, None] / (r * c))
    np.testing.assert_allclose(run.potentials, exact_u, atol=3e-7)
    assert run.status == "ok"
    assert run.message == ""


@given(seed=st.integers(0, 10**6), n=st.integers(1, 6))
@settings(max_examples=20)
def test_linear_circuits_follow_the_matrix_exponential(seed, n):
    """Amplifiers of gain 1 far from their rails; T asymmetric, so that a transposed product fails."""
    network = random_network(seed, n, Algebraic(gain=1e-6, swing=1e6), symmetric=False)
    u0, t_end = np.random.default_rng(seed).normal(size=n), 1e-4
    a = (network.conductances - np.diag(1 / network.resistances)) / network.capacitances[:, None]
    rest = -np.linalg.solve(a, network.currents / network.capacitances)
    run = simulate(network, u0, t_end, samples=3, rtol=1e-9, atol=1e-12)
    for t, u in zip(run.times, run.potentials[:, 0], strict=True):
        expected = rest + expm(a * t) @ (u0 - rest)
        np.testing.assert_allclose(u, expected, atol=1e-7 * max(1.0, abs(expected).max()))


@given(seed=st.integers(0, 10**6), n=st.integers(2, 8), g=activations)
@settings(max_examples=25)
def test_energy_falls_and_ends_where_the_mean_field_equation_holds(seed, n, g):
    network = random_network(seed, n, g)
    initial = np.random.default_rng(seed).normal(size=(3, n))
    run = simulate(network, initial, 40 * network.time_constants_s.max(), rtol=1e-7)
    assert run.descends().all()
    # dE/dt = -sum C g' (du/dt)^2 at the start, against the energies themselves
    rate = network.rhs(0.0, initial)
    expected = -(network.capacitances * g.slope(initial) * rate**2).sum(axis=1)
    h = 1e-4 / abs(rate).max()
    change = network.energy(g.value(initial + h * rate)) - network.energy(g.value(initial - h * rate))
    np.testing.assert_allclose(change / (2 * h), expected, rtol=1e-3, atol=1e-6 * abs(expected).max())
    late = simulate(network, run.final, 1e5 * network.time_constants_s.max(), samples=2, method="BDF")
    assert (late.residuals <= 1e-5 * max(1.0, abs(late.final).max())).all()


def test_descent_is_not_vacuous():
    """The rotation of an antisymmetric network is seen to climb the energy of its symmetric neighbor."""
    network = random_network(3, 6, symmetric=False)
    with pytest.raises(ValueError, match="conductances are not symmetric"):
        network.energy(np.zeros(6))
    run = simulate(network, np.ones(6), 1e-3)
    t = network.conductances
    assert not replace(run, network=replace(network, conductances=(t + t.T) / 2)).descends().all()
    with pytest.raises(ValueError, match="not symmetric"):
        run.descends()


@given(seed=st.integers(0, 10**6), n=st.integers(2, 8))
@settings(max_examples=20)
def test_neurons_may_be_renumbered(seed, n):
    network = random_network(seed, n, symmetric=False)
    rng = np.random.default_rng(seed)
    p, u = rng.permutation(n), rng.normal(size=(2, n))
    moved = AnalogNetwork(
        network.conductances[np.ix_(p, p)],
        network.resistances[p],
        network.capacitances[p],
        network.currents[p],
        network.activation,
    )
    np.testing.assert_allclose(moved.rhs(0.0, u[:, p]), network.rhs(0.0, u)[:, p], rtol=1e-9)
    np.testing.assert_allclose(moved.mean_field_residual(u[:, p]), network.mean_field_residual(u))


def test_the_flip_flop_of_1984():
    """Two neurons, T12 = T21 = 1, R = 1, g = (2/pi) arctan(pi lambda u / 2): two states above lambda = 1, one below."""

    def flip_flop(gain):
        return AnalogNetwork([[0.0, 1.0], [1.0, 0.0]], 1.0, 1.0, 0.0, Arctan(gain))

    starts = np.random.default_rng(1).normal(size=(20, 2))
    upper = brentq(lambda v: 2 / np.pi * np.arctan(np.pi * 1.4 * v / 2) - v, 0.1, 0.99)
    high = flip_flop(1.4)
    run = simulate(high, starts, 200.0, rtol=1e-9)
    side = np.sign(starts.sum(axis=1))
    np.testing.assert_allclose(run.voltages[-1], (side * upper)[:, None] * np.ones(2), atol=1e-7)
    np.testing.assert_array_equal(high.spins(run.final), side[:, None] * np.ones(2))
    np.testing.assert_allclose(simulate(flip_flop(0.9), starts, 400.0).final, 0.0, atol=1e-6)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_at_high_gain_the_fixed_points_are_the_local_minima_of_the_spins(kind):
    rng = np.random.default_rng(11)
    j = np.triu(rng.normal(size=(7, 7)), 1)
    ising = Ising(j + j.T, rng.normal(size=7) * 0.5, 0.7)
    network = AnalogNetwork.from_ising(ising, kind(gain=3000.0, swing=2.0))
    states = exact.spins_of(np.arange(2**7), 7)
    stable = (states * ising.field(states) > 0).all(axis=1)
    assert 1 <= stable.sum() < 20
    run = simulate(network, 0.5 * states, 60 * network.time_constants_s.max(), samples=2)
    final = network.spins(run.final)
    np.testing.assert_array_equal((final == states).all(axis=1), stable)
    assert (final * ising.field(final) > 0).all()


@given(seed=st.integers(0, 10**6), n=st.integers(1, 7), g=activations, as_sparse=st.booleans())
@settings(max_examples=30)
def test_ising_problems_come_back_from_the_network(seed, n, g, as_sparse):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    j = j + j.T
    ising = Ising(sparse.csr_array(j) if as_sparse else j, rng.normal(size=n), 1.3)
    network = AnalogNetwork.from_ising(ising, g, conductance_s=2e-5, leak_s=3e-6)
    largest = abs(network.conductances).max()
    assert largest == pytest.approx(2e-5 if n > 1 else 0.0)
    np.testing.assert_allclose(network.leaks_s, 3e-6)
    s = exact.spins_of(np.arange(2**n), n)
    rails = np.where(s > 0, g.high, g.low)
    watts = network.to_ising().energy(s)
    without_leak = network.energy(rails) - g.inverse_integral(rails) @ (1 / network.resistances)
    np.testing.assert_allclose(watts, without_leak, rtol=1e-9, atol=1e-9 * abs(watts).max())
    scale = (2e-5 / (abs(j).max() or abs(ising.biases).max())) * ((g.high - g.low) / 2) ** 2
    difference = watts - scale * ising.energy(s)
    np.testing.assert_allclose(difference, difference[0], atol=1e-9 * abs(watts).max())


def test_a_state_is_as_accurate_in_company_as_alone():
    """Beside 999 networks at rest, SciPy's RMS norm over the batch would let the error of the one grow 100 times."""
    network = random_network(5, 20)
    initial = np.random.default_rng(0).normal(size=(1, 20))
    at_rest = simulate(network, np.zeros(20), 2e-3).final
    batch = np.concatenate([np.repeat(at_rest, 999, axis=0), initial])
    truth = simulate(network, initial, 2e-4, samples=5, rtol=1e-12, atol=1e-13).potentials[:, 0]

    def error(states):
        run = simulate(network, states, 2e-4, samples=5, rtol=1e-5, atol=1e-6, method="RK45")
        return abs(run.potentials[:, -1] - truth).max()

    assert error(batch) < 4 * error(initial)


@pytest.mark.parametrize("method", ["RK45", "Radau", "BDF", "LSODA"])
def test_solvers_agree_with_a_rising_gain(method):
    network = random_network(7, 5)
    initial = np.random.default_rng(2).normal(size=(3, 5)) * 0.1

    def gain(t):
        return 0.1 + 0.9 * min(1.0, t / 2e-4)

    reference = simulate(network, initial, 3e-4, gain=gain, rtol=1e-10)
    run = simulate(network, initial, 3e-4, gain=gain, method=method, rtol=1e-7)
    np.testing.assert_allclose(run.potentials, reference.potentials, atol=1e-5)
    np.testing.assert_allclose(run.voltages[0], network.activation.value(0.1 * initial))
    steep = replace(network, activation=Tanh(gain=4.0, swing=1.5))
    np.testing.assert_allclose(steep.energy(run.voltages[0]), network.energy(run.voltages[0], gain=0.5))
    with pytest.raises(ValueError, match="gain changes with time"):
        run.descends()


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_jacobian_and_sparse_networks(kind):
    dense = random_network(9, 6, kind(2.0, 1.5), symmetric=False)
    thin = replace(dense, conductances=sparse.csr_array(dense.conductances))
    u = np.random.default_rng(3).normal(size=(4, 6))
    np.testing.assert_allclose(thin.rhs(0.0, u), dense.rhs(0.0, u), rtol=1e-12)
    h = 1e-6
    numeric = np.array(
        [(dense.rhs(0, u[0] + h * e, lambda t: 0.7) - dense.rhs(0, u[0] - h * e, lambda t: 0.7)) for e in np.eye(6)]
    )
    np.testing.assert_allclose(dense.jacobian(u[0], 0.7), numeric.T / (2 * h), rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(thin.jacobian(u[0], 0.7).toarray(), dense.jacobian(u[0], 0.7), rtol=1e-12)


# Noise


@pytest.mark.parametrize(("method", "expected"), [("euler-maruyama", 1), ("heun", 2)])
def test_order_of_convergence_without_noise(method, expected):
    network = random_network(13, 6)
    tau = network.time_constants_s.min()
    initial = np.random.default_rng(4).normal(size=(2, 6))

    def gain(t):
        return 0.2 + 0.2 * t / tau

    truth = simulate(network, initial, 4 * tau, samples=2, rtol=1e-12, atol=1e-13, gain=gain).final
    errors = []
    for halving in range(5, 10):
        run = simulate_noisy(
            network, initial, 4 * tau, dt_s=tau / 2**halving, noise=0.0, method=method, samples=2, gain=gain
        )
        errors.append(abs(run.final - truth).max())
    assert order(errors) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("method", ["euler-maruyama", "heun"])
def test_strong_order_is_one(method):
    """The same Brownian paths at halved steps; a kick scaled by dt instead of sqrt(dt) gives another order."""
    network = random_network(17, 4, Tanh(1.0, 1.5))  # one stable state: no path is near a watershed
    tau, paths, finest = network.time_constants_s.min(), 1000, 2**12
    kicks = np.random.default_rng(5).normal(size=(finest, paths, 4)) * 0.3 * np.sqrt(4 / finest)
    initial = np.zeros((paths, 4))

    def final(steps):
        coarse = kicks.reshape(steps, finest // steps, paths, 4).sum(axis=1)
        return _steps(network, initial, 0.0, 4 * tau / steps, coarse, method, None)

    truth = final(finest)
    errors = [float(np.sqrt(((final(2**k) - truth) ** 2).mean())) for k in range(5, 9)]
    assert order(errors) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("method", ["euler-maruyama", "heun"])
@pytest.mark.parametrize("per_tau", [10, 40])
def test_thermal_noise_of_an_rc_element_is_kt_over_c(method, per_tau):
    """24,000 capacitors: their variance is that of the scheme at its dt to 5 % (false alarm 1e-6), and kT/C to O(dt).

    A factor 2 between one- and two-sided density or a wrong power of dt is a factor 2 or more.
    """
    boltzmann, temperature, r, c, neurons, batch = 1.380649e-23, 300.0, 1e6, 1e-15, 2000, 12
    network = AnalogNetwork(sparse.csr_array((neurons, neurons)), r, c, 0.0, Tanh())
    density = np.sqrt(4 * boltzmann * temperature / r)
    x = 1 / per_tau
    run = simulate_noisy(
        network,
        np.zeros((batch, neurons)),
        8 * r * c,
        dt_s=x * r * c,
        noise=density,
        rng=8,
        method=method,
        samples=3,
    )
    decay, share = (1 - x, 1.0) if method == "euler-maruyama" else (1 - x + x**2 / 2, 1 - x / 2)
    exact_variance = boltzmann * temperature / c
    of_the_scheme = exact_variance * 2 * x * share**2 / (1 - decay**2)
    assert of_the_scheme == pytest.approx(exact_variance, rel=x)
    count = batch * neurons
    statistic = (run.final**2).sum() / of_the_scheme
    low, high = stats.chi2.ppf([5e-7, 1 - 5e-7], count)
    # what is left of the start at zero, exp(-16), is far below this interval
    assert low < statistic < high


def test_noise_streams_belong_to_states_and_failure_is_reported():
    network = random_network(19, 3)
    tau = network.time_constants_s.min()
    settings_ = {"dt_s": tau / 10, "noise": 1e-8, "rng": 3, "samples": 5}
    many = simulate_noisy(network, np.zeros((4, 3)), 5 * tau, **settings_)
    few = simulate_noisy(network, np.zeros((2, 3)), 5 * tau, **settings_)
    np.testing.assert_array_equal(many.potentials[:, :2], few.potentials)
    assert abs(many.final[0] - many.final[1]).min() > 0
    wild = simulate_noisy(network, np.ones(3), 1e5 * tau, dt_s=500 * tau, noise=0.0, samples=101)
    assert wild.status == "failed"
    assert "take a shorter dt_s" in wild.message
    assert np.isfinite(wild.potentials).all()
    assert len(wild.times) == len(wild.potentials) < 101
    stuck = simulate(network, np.ones(3), 1e-3, gain=lambda t: 1.0 if t < 5e-4 else float("nan"))
    assert stuck.status == "failed"
    assert stuck.message
    assert 1 < len(stuck.times) == len(stuck.potentials) < 201


# Bad input


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"conductances": np.zeros((2, 3))}, r"conductances have shape \(2, 3\)"),
        ({"conductances": [[0, np.nan], [0, 0]]}, "conductances hold NaN"),
        ({"resistances": [1.0, 0.0]}, r"resistances\[1\] is 0.0; it must be finite and positive"),
        ({"capacitances": -1.0}, r"capacitances\[0\] is -1.0"),
        ({"currents": [1.0, np.inf]}, r"currents\[1\] is inf; it must be finite"),
        ({"currents": [1.0]}, "one a neuron"),
    ],
)
def test_bad_networks_are_refused(change, rule):
    good = {
        "conductances": np.zeros((2, 2)),
        "resistances": 1.0,
        "capacitances": 1.0,
        "currents": 0.0,
        "activation": Tanh(),
    }
    with pytest.raises(ValueError, match=rule):
        AnalogNetwork(**{**good, **change})


def test_bad_simulations_are_refused():
    network = random_network(1, 2)
    with pytest.raises(ValueError, match=r"initial has shape \(3,\); expected \(2,\)"):
        simulate(network, np.zeros(3), 1.0)
    with pytest.raises(ValueError, match="initial holds NaN"):
        simulate(network, [0.0, np.nan], 1.0)
    with pytest.raises(ValueError, match="t_end_s is 0"):
        simulate(network, np.zeros(2), 0)
    with pytest.raises(ValueError, match="samples is 1"):
        simulate(network, np.zeros(2), 1.0, samples=1)
    with pytest.raises(ValueError, match="method is 'euler'; choose one of RK23"):
        simulate(network, np.zeros(2), 1.0, method="euler")
    with pytest.raises(ValueError, match="rtol is 0"):
        simulate(network, np.zeros(2), 1.0, rtol=0)
    with pytest.raises(ValueError, match="dt_s is -1"):
        simulate_noisy(network, np.zeros(2), 1.0, dt_s=-1, noise=0.0)
    with pytest.raises(ValueError, match="choose heun or"):
        simulate_noisy(network, np.zeros(2), 1.0, dt_s=1, noise=0.0, method="milstein")
    with pytest.raises(ValueError, match="leak_s is 0"):
        AnalogNetwork.from_ising(Ising([[0.0]]), leak_s=0.0)
