"""Reservoir metrics against delay lines, linear networks with known memory, and published NARMA-10 errors."""

import numpy as np
import pytest

from neuromorph.analog import memory_capacity, narma_series, prediction_error, rank_inputs, state_rank


def delay_line(inputs, taps):
    return np.column_stack([np.r_[np.zeros(k), inputs[: len(inputs) - k]] for k in range(1, taps + 1)])


def echo_states(inputs, weights, mouths, squash=np.tanh):
    x, states = np.zeros(len(weights)), np.empty((len(inputs), len(weights)))
    for t, u in enumerate(inputs):
        x = states[t] = squash(weights @ x + mouths * u)
    return states


def network(n, radius, rng):
    w = rng.normal(size=(n, n)) / np.sqrt(n)
    return radius * w / np.abs(np.linalg.eigvals(w)).max()


@pytest.mark.parametrize("taps", [1, 7, 20])
def test_a_delay_line_remembers_its_taps_and_nothing_else(taps):
    """MC = N: a delay off by one, a missing mean, or chance counted as memory fails."""
    u = np.random.default_rng(taps).uniform(-1.0, 1.0, 4000)
    found = memory_capacity(delay_line(u, taps) + 3.0, u, delays=2 * taps + 5)
    assert found.total == pytest.approx(taps, abs=0.02)
    assert (found.of_delay[:taps] > 0.999).all()
    assert not found.of_delay[taps:].any()


@pytest.mark.parametrize("nodes", [10, 20])
def test_linear_networks_remember_as_many_steps_as_nodes(nodes):
    """Jaeger's theorem, MC <= N, and MC near N for a linear network: an orthogonal one, which loses least."""
    rng = np.random.default_rng(nodes)
    q, _ = np.linalg.qr(rng.normal(size=(nodes, nodes)))
    u = rng.uniform(-1.0, 1.0, 6000)
    found = memory_capacity(echo_states(u, 0.9 * q, rng.normal(size=nodes), np.asarray), u, delays=3 * nodes).total
    # the input of this very step is one of the N that the states hold, and no delay counts it
    assert 0.9 * (nodes - 1) < found < nodes


def test_what_saturates_remembers_less_and_noise_nothing():
    rng = np.random.default_rng(3)
    u, w, mouths = rng.uniform(-1.0, 1.0, 4000), network(20, 0.9, rng), rng.normal(size=20)
    linear, hard = (memory_capacity(echo_states(u, w, gain * mouths), u, delays=60).total for gain in (0.01, 5.0))
    assert hard < 0.7 * linear < 20.0
    assert memory_capacity(rng.normal(size=(4000, 20)), u, delays=60).total < 1.0


def test_narma_errors_are_the_published_ones():
    """Root of NMSE: .4 for a shift register, .099 the best of 400 nodes (Appeltant's thesis, 3.3.1.1); 200 between."""
    rng = np.random.default_rng(5)
    u, y = narma_series(6000, rng)
    states = echo_states(u, network(200, 0.9, rng), 0.5 * rng.uniform(-1.0, 1.0, 200))
    assert 0.099 < np.sqrt(prediction_error(states, y)) < 0.3
    linear = prediction_error(np.column_stack([u, delay_line(u, 30)]), y)
    assert np.sqrt(linear) == pytest.approx(0.4, abs=0.03)
    assert prediction_error(rng.normal(size=(6000, 5)), y) == pytest.approx(1.0, abs=0.05)


def test_the_narma_series_is_its_equation():
    u, y = narma_series(500, 1)
    t = 300
    past = y[t - 10 : t].sum()
    assert y[t] == pytest.approx(0.3 * y[t - 1] + 0.05 * y[t - 1] * past + 1.5 * u[t - 9] * u[t] + 0.1, rel=1e-12)
    assert u.min() >= 0.0
    assert u.max() <= 0.5
    assert np.array_equal(narma_series(500, 1)[1], y)


def test_ranks_count_what_a_readout_can_tell_apart():
    """Kernel rank of a delay line is its length; of runs that agree in what it still holds, 1."""
    taps, runs = 8, 30
    ends = [
        np.array([delay_line(u, taps)[-1] for u in rank_inputs(runs, 40, shared, 2)]) for shared in (0, taps + 1, 4)
    ]
    assert [state_rank(end, threshold=1e-9) for end in ends] == [taps, 1, taps - 4 + 2]
    assert state_rank(np.zeros((4, 3))) == 0
    assert state_rank(np.diag([1.0, 0.5, 1e-4])) == 2


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: memory_capacity(np.zeros((50, 40)), np.zeros(50), delays=5, washout=0), "too few to train 41"),
        (lambda: memory_capacity(np.zeros((50, 4)), np.zeros(49), delays=5), "give finite"),
        (lambda: prediction_error(np.full((500, 4), np.nan), np.zeros(500)), "give finite"),
        (lambda: prediction_error(np.zeros((500, 4)), np.zeros(500)), "does not change"),
        (lambda: narma_series(10), "steps is 10"),
        (lambda: state_rank(np.zeros(3)), r"\(runs, nodes\)"),
        (lambda: state_rank(np.eye(3), threshold=2.0), "threshold is 2"),
        (lambda: rank_inputs(3, 5, 6), "shared is 6"),
    ],
)
def test_bad_arguments_are_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()
