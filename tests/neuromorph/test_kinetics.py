"""The master equation against closed forms, and kinetic proofreading against Hopfield's limits."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import expm

from neuromorph.kinetics import (
    Proofreading,
    entropy_production,
    fast_proofreading,
    generator,
    net_flows,
    stationary_probabilities,
)


def ring(n: int, forward: float, backward: float) -> np.ndarray:
    k = np.zeros((n, n))
    for i in range(n):
        k[(i + 1) % n, i], k[i, (i + 1) % n] = forward, backward
    return k


def test_two_states_share_time_as_their_rates_do():
    assert stationary_probabilities([[0, 3.0], [1.0, 0]]) == pytest.approx([0.75, 0.25], rel=1e-15)


def test_steady_state_is_where_the_process_goes():
    k = np.random.default_rng(1).uniform(0.1, 2.0, (6, 6))
    late = expm(200.0 * generator(k)) @ np.eye(6)[0]
    assert stationary_probabilities(k) == pytest.approx(late, rel=1e-10)
    assert generator(k).sum(axis=0) == pytest.approx(0.0, abs=1e-12)


def test_small_probabilities_keep_their_digits():
    """A chain of 12 states with 1e-3 a step: the last is 1e-36, which subtraction would lose."""
    k = np.diag(np.full(12, 1e-3), -1) + np.diag(np.ones(12), 1)
    p = stationary_probabilities(k)
    assert p[1:] / p[:-1] == pytest.approx(np.full(12, 1e-3), rel=1e-12)


def test_driven_ring_dissipates_flow_times_affinity():
    k = ring(5, 3.0, 0.5)
    p = stationary_probabilities(k)
    assert p == pytest.approx(0.2)
    assert net_flows(k, p)[1, 0] == pytest.approx((3.0 - 0.5) / 5)
    assert entropy_production(k, p) == pytest.approx((3.0 - 0.5) * np.log(6.0))
    assert entropy_production(ring(5, 1.0, 0.0), p) == np.inf


def test_equilibrium_dissipates_nothing():
    """Rates of detailed balance with energies e: no flow anywhere, and Boltzmann's weights."""
    e = np.array([0.0, 1.0, -0.5, 2.0])
    k = np.exp(-(e[:, None] - e) / 2)
    p = stationary_probabilities(k)
    assert p == pytest.approx(np.exp(-e) / np.exp(-e).sum(), rel=1e-12)
    assert entropy_production(k, p) == pytest.approx(0.0, abs=1e-14)


@pytest.mark.parametrize("stages", [0, 1, 2, 3])
def test_error_reaches_a_power_of_the_discrimination_for_each_check(stages):
    """Hopfield's f_0^2 for one stage; f_0^(stages + 1)."""
    enzyme = Proofreading(0.01, 100.0, stages, forward=1e-6, backward=1e-12, product=1e-6)
    assert enzyme.flows().error == pytest.approx(0.01 ** (stages + 1), rel=1e-3)


@pytest.mark.parametrize("stages", [1, 2])
def test_without_drive_no_error_is_below_the_discrimination(stages):
    for seed in range(30):
        forward, backward, product = 10.0 ** np.random.default_rng(seed).uniform(-4, 2, 3)
        flows = Proofreading(0.02, 0.0, stages, forward=forward, backward=backward, product=product).flows()
        assert 0.02 * (1 - 1e-12) <= flows.error <= 1.0
    slow = Proofreading(0.02, 0.0, stages, product=1e-9).flows()
    assert slow.error == pytest.approx(0.02, rel=1e-6)
    assert slow.dissipation == 0.0


def test_binding_changes_speed_alone():
    one, other = (Proofreading(0.05, 8.0, binding=b).flows() for b in (0.01, 1.0))
    assert one.error == pytest.approx(other.error, rel=1e-12)
    assert one.fuel == pytest.approx(other.fuel, rel=1e-12)
    assert one.right_rate < other.right_rate


@pytest.mark.parametrize("stages", [1, 2, 4])
def test_what_an_idle_enzyme_dissipates_is_its_fuel(stages):
    """Without products all steps are reversible: the entropy of the whole network is fuel times drive, exactly."""
    k = Proofreading(0.1, 7.0, stages, forward=0.3, backward=0.02, product=0.0).rates(products=False)
    p = stationary_probabilities(k)
    flow, chain = net_flows(k, p), stages + 1
    fuel = sum(flow[first + i + 1, first + i] for first in (1, 1 + chain) for i in range(stages))
    assert fuel > 0
    assert entropy_production(k, p) == pytest.approx(7.0 * fuel, rel=1e-10)


def test_closed_form_is_the_limit_of_the_master_equation():
    for x in (0.1, 1.0, 30.0):
        enzyme = Proofreading(0.03, 150.0, forward=1e-5, backward=1e-12, product=1.0 / x)
        error, fuel = fast_proofreading(0.03, x)
        assert enzyme.flows().error == pytest.approx(float(error), rel=1e-3)
        assert enzyme.flows().fuel == pytest.approx(float(fuel), rel=1e-3)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"discrimination": 0.0}, "above 0"),
        ({"drive": -1.0}, "0 to 200"),
        ({"stages": 51}, "0 to 50"),
        ({"backward": 0.0}, "backward is 0.0"),
        ({"product": np.inf}, "product is inf"),
    ],
)
def test_bad_enzymes_are_refused(change, says):
    with pytest.raises(ValueError, match=says):
        Proofreading(**({"discrimination": 0.1, "drive": 5.0} | change))
    with pytest.raises(ValueError, match="nothing is made"):
        Proofreading(0.1, 5.0, product=0.0).flows()


@pytest.mark.parametrize(
    ("rates", "says"),
    [
        (np.ones((2, 3)), "expected"),
        ([[0, -1.0], [1.0, 0]], r"rates\[0, 1\] is -1"),
        ([[0, np.nan], [1.0, 0]], "finite"),
        ([[0, 0], [1.0, 0]], "leave state 1 no way"),
        ([[0, 1.0], [0, 0]], "do not reach state 1"),
    ],
)
def test_bad_rates_are_refused(rates, says):
    with pytest.raises(ValueError, match=says):
        stationary_probabilities(rates)


def test_example_shows_error_against_dissipation(tmp_path, capsys):
    out = tmp_path / "proofreading.png"
    path = Path(__file__).parents[2] / "examples" / "proofreading.py"
    found = runpy.run_path(str(path))["main"](["--points", "4", "--drives", "5", "20", "--out", str(out)])
    assert out.stat().st_size > 10_000
    assert found[20.0][-1][1] < found[5.0][-1][1]
    assert "published" in capsys.readouterr().out.splitlines()[-1]
