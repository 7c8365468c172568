"""The batch integrator against SciPy's DOP853; its series; what it does at rest, on failure and on Ctrl-C."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import sparse

from neuromorph import Ising
from neuromorph.analog import (
    Algebraic,
    AnalogNetwork,
    Arctan,
    Logistic,
    Tanh,
    batch_transient,
    can_batch,
    relax_batch,
    simulate,
    simulate_batch,
)
from neuromorph.analog.series_kernel import ALGEBRAIC, ARCTAN, TANH, begin_series, next_term
from neuromorph.runtime.limits import TimeLimitReached, time_limit

ACTIVATIONS = (Tanh(8.0, 1.5), Logistic(6.0, 2.0), Arctan(5.0), Algebraic(7.0, 0.5))


def make_network(activation, n=12, seed=0, *, is_sparse=False):
    """Every neuron has a resistance, a capacitance and a current of its own."""
    rng = np.random.default_rng(seed)
    t = rng.normal(size=(n, n)) * 1e-5
    if is_sparse:
        t = sparse.csr_array(t * (rng.random((n, n)) < 0.3))
    ohm, farad = rng.uniform(1e4, 4e4, n), rng.uniform(0.5e-9, 2e-9, n)
    return AnalogNetwork(t, ohm, farad, rng.normal(size=n) * 1e-6, activation)


def spin_glass(n, seed=0, gain=10.0):
    j = np.triu(np.random.default_rng(seed).normal(size=(n, n)), 1)
    return AnalogNetwork.from_ising(Ising(j + j.T), Tanh(gain))


@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda g: type(g).__name__)
def test_every_sample_is_nearer_to_a_finer_solution_than_scipys(activation, is_sparse):
    """At 1e-8; a wrong term of a series, or a wrong value within a step, is 1e-6 at the least."""
    network = make_network(activation, is_sparse=is_sparse)
    starts = np.random.default_rng(1).normal(size=(5, network.size)) * 0.2
    end = 8.0 * float(network.time_constants_s.max())
    found = simulate_batch(network, starts, end, samples=33, rtol=1e-8, atol=1e-11)
    assert found.status == "ok"
    np.testing.assert_array_equal(found.potentials[0], starts)
    ours, others = [], []
    for k, start in enumerate(starts):
        exact = simulate(network, start, end, samples=33, rtol=1e-12, atol=1e-15).potentials[:, 0]
        alone = simulate(network, start, end, samples=33, rtol=1e-8, atol=1e-11).potentials[:, 0]
        ours.append(np.abs(found.potentials[:, k] - exact).max())
        others.append(np.abs(alone - exact).max())
    assert max(ours) < 2e-8
    assert max(ours) <= max(others)


@pytest.mark.parametrize("kind", [TANH, ARCTAN, ALGEBRAIC])
def test_series_of_the_activations_are_theirs(kind):
    """z = a + b t - t^2 / 3: the sum of the series of v is f(z)."""
    order, n = 20, 9
    power = (0.0, -1.0, -1.5)[kind]
    m, j = np.maximum(np.arange(order), 1)[:, None], np.arange(order)[None]
    tables = (j / m, (power * j - (m - j)) / m)
    z = np.zeros((order + 1, 2, n))
    z[0, 1], z[1, 1], z[2, 1] = np.linspace(-2.0, 2.0, n), np.linspace(1.0, -1.0, n), -1.0 / 3.0
    v, w, s = (np.zeros((order, 2, n)) for _ in range(3))
    begin_series(kind, z[0, 1], v[0, 1], w[0, 1], s[0, 1])
    for term in range(1, order):
        next_term(kind, term, 1, z, v, w, s, tables)
    function = (np.tanh, np.arctan, lambda x: x / np.hypot(1.0, x))[kind]
    t = 0.2
    expected = function(z[0, 1] + z[1, 1] * t - t * t / 3.0)
    np.testing.assert_allclose(np.polynomial.polynomial.polyval(t, v[:, 1]), expected, rtol=0, atol=1e-12)


def test_fewer_products_than_scipy_evaluates():
    network = spin_glass(64)
    starts = np.random.default_rng(1).uniform(-0.01, 0.01, (4, 64))
    end = 10.0 * float(network.time_constants_s.max())
    found = simulate_batch(network, starts, end, samples=101)
    alone = sum(simulate(network, start, end, samples=101).evaluations for start in starts)
    assert found.evaluations < alone


@pytest.mark.parametrize("rtol", [1e-5, 1e-6, 1e-7])
def test_products_in_single_precision_leave_the_error_as_it_is(rtol, monkeypatch):
    """They take a tenth of the tolerance at most, and it is not theirs that decides what the error is."""
    network = spin_glass(96, gain=20.0)
    starts = np.random.default_rng(2).uniform(-0.01, 0.01, (6, 96))
    end = 10.0 * float(network.time_constants_s.max())
    assert batch_transient._orders(rtol)[1] < batch_transient._orders(rtol)[0]
    mixed = simulate_batch(network, starts, end, samples=41, rtol=rtol, atol=rtol * 1e-3)
    monkeypatch.setattr(batch_transient, "_NOISE", 1e9)
    double = simulate_batch(network, starts, end, samples=41, rtol=rtol, atol=rtol * 1e-3)
    assert mixed.evaluations == double.evaluations
    exact = simulate(network, starts, end, samples=41, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(mixed.potentials, double.potentials, rtol=0, atol=0.1 * rtol)
    errors = [np.abs(found.voltages - exact.voltages).max() for found in (mixed, double)]
    assert errors[0] < 1.2 * errors[1]


def test_a_step_over_a_threshold_that_the_series_does_not_see_is_taken_again():
    """A saturated neuron is driven over its threshold: all terms of tanh at -100 are nil, and the next neuron waits."""
    network = AnalogNetwork([[0.0, 0.0], [1e-4, 0.0]], 1e4, 1e-9, [2e-4, 0.0], Tanh(50.0))
    end = 10.0 * float(network.time_constants_s.max())
    found = simulate_batch(network, [-2.0, 0.0], end, samples=41)
    exact = simulate(network, [-2.0, 0.0], end, samples=41, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.potentials, exact.potentials, rtol=0, atol=1e-6)


def test_potentials_beyond_single_precision_are_integrated():
    network = AnalogNetwork(np.zeros((2, 2)), 1e4, 1e-9, [1e60, -1e50], Tanh())
    found = simulate_batch(network, np.zeros(2), 5e-5, samples=6)
    expected = -np.expm1(-found.times / 1e-5)[:, None] * [1e64, -1e54]
    np.testing.assert_allclose(found.potentials[:, 0], expected, rtol=1e-5)


def test_tolerances_are_kept_against_a_finer_solution():
    network = spin_glass(32)
    starts = np.random.default_rng(2).uniform(-0.02, 0.02, (8, 32))
    end = 6.0 * float(network.time_constants_s.max())
    exact = simulate(network, starts, end, samples=2, rtol=1e-12, atol=1e-14).voltages[-1, :]
    errors = []
    for rtol in (1e-4, 1e-6, 1e-8):
        found = simulate_batch(network, starts, end, samples=2, rtol=rtol, atol=rtol * 1e-2)
        errors.append(float(np.abs(found.voltages[-1] - exact).max()))
    assert errors[2] < errors[1] < errors[0] < 1e-2
    assert errors[2] < 1e-6


def test_a_state_is_integrated_alike_in_company_and_alone():
    """150 starts on 64 lanes: places are given on as states end at different rounds."""
    network = make_network(Tanh(8.0))
    starts = np.random.default_rng(3).normal(size=(150, network.size)) * 10.0 ** -np.arange(150.0)[:, None].clip(0, 9)
    end = 5.0 * float(network.time_constants_s.max())
    found = simulate_batch(network, starts, end, samples=5)
    for k in (0, 1, 63, 64, 100, 149):
        alone = simulate_batch(network, starts[k], end, samples=5)
        np.testing.assert_allclose(found.potentials[:, k], alone.potentials[:, 0], rtol=0, atol=1e-8)
    np.testing.assert_array_equal(found.potentials[0], starts)


def test_a_linear_decay_is_exact():
    """Without synapses u falls as exp(-t / R C), whatever the tolerance between samples."""
    network = AnalogNetwork(np.zeros((3, 3)), 1e4, 1e-9, 0.0, Tanh())
    found = simulate_batch(network, [1.0, -2.0, 0.5], 5e-5, samples=21, rtol=1e-9, atol=1e-12)
    expected = np.exp(-found.times / 1e-5)[:, None] * [1.0, -2.0, 0.5]
    np.testing.assert_allclose(found.potentials[:, 0], expected, rtol=0, atol=2e-9)


def test_states_rest_where_the_mean_field_equation_holds():
    network = spin_glass(24)
    starts = np.random.default_rng(4).uniform(-0.05, 0.05, (70, 24))
    tau = float(network.time_constants_s.max())
    found = relax_batch(network, starts, 400.0 * tau, rest_v=1e-4)
    assert set(found.status) == {"rested"}
    assert network.mean_field_residual(found.potentials).max() <= 1e-4
    assert (found.seconds > 0).all()
    assert np.unique(found.seconds).size > 60
    later = simulate_batch(network, found.potentials, 20.0 * tau, samples=2)
    np.testing.assert_allclose(later.final, found.potentials, rtol=0, atol=1e-2)


def test_a_state_that_moves_at_the_end_is_said_to_move():
    network = spin_glass(8)
    found = relax_batch(network, np.full(8, 1e-3), 0.5 * float(network.time_constants_s.min()), rest_v=1e-9)
    assert found.status == ("moving",)
    assert np.isnan(found.seconds).all()


def test_what_cannot_be_integrated_is_reported():
    network = AnalogNetwork(np.zeros((2, 2)), 1e4, 1e-9, [1e299, 0.0], Tanh())
    assert relax_batch(network, np.zeros(2), 1e-3, rest_v=1e-6).status == ("failed",)
    found = simulate_batch(network, np.zeros(2), 1e-3, samples=3)
    assert found.status == "failed"
    assert "too small" in found.message


@dataclass(frozen=True)
class Own(Tanh):
    """A user's class, whose value may be anything."""


def test_what_is_not_compiled_is_refused_with_the_remedy():
    network = make_network(Own())
    assert not can_batch(network)
    with pytest.raises(ValueError, match=r"Own .*take simulate"):
        simulate_batch(network, np.zeros(network.size), 1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"rtol": 0.0}, "rtol is 0"), ({"rest_v": -1.0}, "rest_v is -1"), ({"hold_s": np.inf}, "hold_s is inf")],
)
def test_bad_arguments_are_named(options, said):
    network = make_network(Tanh())
    with pytest.raises(ValueError, match=said):
        relax_batch(network, np.zeros(network.size), 1e-5, **{"rest_v": 1e-6, **options})


def test_the_clock_ends_a_long_run():
    network = spin_glass(32)
    tau = float(network.time_constants_s.max())
    with time_limit(time.monotonic() + 0.05), pytest.raises(TimeLimitReached, match="transient"):
        simulate_batch(network, np.full((64, 32), 1e-3), 1e9 * tau, samples=2)


def test_a_time_that_no_number_of_steps_reaches_is_refused():
    network = make_network(Tanh(2.0), 2)
    with pytest.raises(ValueError, match=r"t_end_s is 1e\+300.*take relax_batch"):
        simulate_batch(network, np.zeros((3, 2)), 1e300)
