"""Boards: their ODE is that of their elements, their parts are as far off as was said, their yields can be repeated."""

import json
import runpy
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from test_circuits import ACTIVATIONS, kirchhoff, random_network

from circuits import BoardEnsemble, Tolerances, build_hopfield_circuit, estimate_yield
from circuits.synthesis.tour_circuit import TourCircuit
from circuits.tolerances import monte_carlo as yields
from circuits.tolerances.monte_carlo import spot_check
from circuits.tolerances.sampled_board import sample_board
from circuits.tolerances.sampled_tour_board import sample_tour_board
from neuromorph import MaxCut, Recall, Tsp
from neuromorph.analog import AnalogNetwork, Softassign, Tanh

WIDE = Tolerances(0.2, 0.2, 0.1, 0.05, (250.0, 350.0), 1e-3, 1e-4)
CITIES = Tsp.from_coordinates(np.random.default_rng(4).random((6, 2)))


def memory(n=32, patterns=2, seed=0, noise=0.15):
    return Recall("memory", np.random.default_rng(seed).choice([-1, 1], (patterns, n)), noise=noise)


# What a board is.


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), which=st.integers(0, 3), as_sparse=st.booleans())
def test_the_ode_of_a_board_is_kirchhoffs_law_on_its_elements(seed, n, which, as_sparse):
    """An offset's sign, a gain on the wrong side, an inverter's ratio in the load: each fails."""
    board = sample_board(random_network(seed, n, ACTIVATIONS[which], as_sparse=as_sparse), WIDE, seed)
    u = np.random.default_rng(seed + 1).normal(size=n)
    expected = board.network.rhs(0.0, board.start(u)) / board.gains
    found = kirchhoff(board.circuit(u), u)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * abs(expected).max() + 1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_the_ode_of_a_tours_board_is_kirchhoffs_law_on_its_elements(seed):
    tour = TourCircuit(Softassign(CITIES.distances(), noise=0.0))
    board = sample_tour_board(tour, WIDE, seed)
    state = tour.start(seed) + 0.3 * np.random.default_rng(seed).normal(size=36 + 12)
    for t in (0.0, 0.7 * tour.duration_s):
        expected = board.rhs(t, state)
        np.testing.assert_allclose(
            kirchhoff(board.circuit(state), state, t), expected, rtol=1e-8, atol=1e-9 * abs(expected).max()
        )


def test_exact_parts_make_the_nominal_circuit():
    """Its values are those of the network, and those of the tour circuit, to round-off."""
    network = random_network(3, 6)
    made = sample_board(network, Tolerances(), 1).network
    for name in ("conductances", "resistances", "capacitances", "currents"):
        np.testing.assert_allclose(getattr(made, name), getattr(network, name), rtol=1e-12)
    tour = TourCircuit(Softassign(CITIES.distances(), noise=0.0))
    state = tour.start(0)
    exact = sample_tour_board(tour, Tolerances(), 1)
    np.testing.assert_allclose(exact.rhs(1e-3, state), tour.rhs(1e-3, state), rtol=1e-9, atol=1e-6)


def test_parts_are_as_far_off_as_was_said():
    """Kolmogorov and Smirnov at 1e-6: uniform within the bounds, normal with the standard deviation."""
    t = np.full((60, 60), -1e-6)
    network = AnalogNetwork(t, 1 / (2e-6 + 60e-6), 1e-9, 1e-7, Tanh(5.0))
    board = sample_board(network, Tolerances(resistor=0.05, capacitor=0.1, mismatch=0.02, offset_v=1e-3), 5)
    resistors = (1e-6 / board.synapses.data - 1.0) / 0.05
    assert stats.kstest(resistors, stats.uniform(-1, 2).cdf).pvalue > 1e-6
    assert np.abs(resistors).max() <= 1.0 + 1e-9
    assert stats.kstest((board.capacitances / 1e-9 - 1.0) / 0.1, stats.uniform(-1, 2).cdf).pvalue > 1e-6
    for ratio in (2e-6 / board.leaks, 1e-7 / board.currents):
        assert stats.kstest((ratio - 1.0) / 0.05, stats.uniform(-1, 2).cdf).pvalue > 1e-6
    for normal in (np.log(board.gains) / 0.02, np.log(board.ratios) / 0.02, board.offsets_v / 1e-3):
        assert stats.kstest(normal, stats.norm.cdf).pvalue > 1e-6
    assert abs(np.corrcoef(board.gains, board.ratios)[0, 1]) < 0.6
    assert board.temperature_k == 300.0


def test_heat_lowers_the_gain_and_moves_every_resistor_by_its_own_coefficient():
    network = random_network(1, 6)
    hot = sample_board(network, Tolerances(temperature_k=(350.0, 350.0), resistor_per_k=1e-3, offset_per_k=1e-5), 1)
    assert hot.gains == pytest.approx(300.0 / 350.0)
    t = network.conductances[network.conductances != 0.0]
    drift = np.abs(t) / hot.synapses.data[hot.synapses.data > 0.0] - 1.0
    assert np.abs(drift).max() <= 0.05
    assert np.ptp(drift) > 0.01
    assert 1e-5 < np.abs(hot.offsets_v).max() < 50 * 1e-5 * 5
    temperatures = [sample_board(network, WIDE, seed).temperature_k for seed in range(50)]
    assert 250.0 <= min(temperatures) < 260.0 < 340.0 < max(temperatures) <= 350.0


def test_a_seed_is_the_same_board_at_every_tolerance():
    """Twice the tolerance is twice the deviation: curves of yield compare boards with themselves."""
    network = random_network(2, 5)
    one, two = (sample_board(network, Tolerances(resistor=r, offset_v=r), 7) for r in (0.01, 0.02))
    exact = sample_board(network, Tolerances(), 7).synapses.data
    present = exact > 0.0
    deviation = [(exact[present] / board.synapses.data[present] - 1.0) for board in (one, two)]
    np.testing.assert_allclose(deviation[1], 2.0 * deviation[0], rtol=1e-9)
    np.testing.assert_allclose(two.offsets_v, 2.0 * one.offsets_v)


# How many work.


def test_perfect_boards_recall_and_bad_ones_do_not():
    """Wilson's interval over the boards; reads of one board are counted apart."""
    perfect = estimate_yield(BoardEnsemble(memory(), Tolerances(), reads=3), 20)
    assert perfect.succeeded.shape == (20, 3)
    assert (perfect.boards.value, perfect.boards.high, perfect.reads) == (1.0, 1.0, 1.0)
    assert perfect.boards.low == pytest.approx(20 / (20 + 1.959964**2))
    bad = estimate_yield(BoardEnsemble(memory(), Tolerances(offset_v=1.0), reads=3), 20)
    assert bad.boards.value < 0.2
    assert bad.boards.value <= bad.reads


def test_the_yield_falls_as_offsets_grow_and_a_lower_target_is_met_more_often():
    found = [
        estimate_yield(BoardEnsemble(memory(), Tolerances(offset_v=v)), 30).boards.value for v in (0.0, 0.1, 0.3, 1.0)
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] > 0.8
    anything = estimate_yield(BoardEnsemble(memory(), Tolerances(offset_v=0.3), target=-1.0), 30).boards.value
    assert found[2] < anything == 1.0


def test_offsets_drown_a_cue_of_30_mv_and_not_one_of_a_volt():
    """A tanh of gain 50 is at 0.9 of its swing at 29 mV."""
    offsets = Tolerances(offset_v=0.1)
    weak, strong = (estimate_yield(BoardEnsemble(memory(), offsets, cue_v=v), 30) for v in (None, 1.0))
    assert weak.boards.high < strong.boards.low
    starts, cues = BoardEnsemble(memory(), offsets, cue_v=0.7).starts(np.random.SeedSequence(0))
    assert np.array_equal(starts, 0.7 * cues)


def test_tours_stay_tours_with_parts_of_five_percent():
    """Feasible is asked by default, and a length if given: offsets of 0.3 V make tours, but not the shortest."""
    good = BoardEnsemble(CITIES, Tolerances(resistor=0.05, capacitor=0.1, offset_v=1e-3))
    assert estimate_yield(good, 2).boards.value == 1.0
    best = min(CITIES.length([0, *rest]) for rest in permutations(range(1, 6)))
    assert estimate_yield(BoardEnsemble(CITIES, Tolerances(), target=best), 2).boards.value == 1.0
    assert estimate_yield(BoardEnsemble(CITIES, Tolerances(offset_v=0.3), target=best), 2).boards.value < 1.0
    ends = np.array([np.eye(6), np.eye(6)[::-1], np.eye(6) + np.eye(6)[::-1], np.full((6, 6), np.nan)]).reshape(4, 36)
    assert good.good(good.scores(ends, None)).tolist() == [True, True, False, False]


def test_other_problems_start_at_random():
    """Cuts of a ring: any state is feasible, the best is a target."""
    ring = MaxCut.from_edges(8, [(k, (k + 1) % 8) for k in range(8)])
    assert estimate_yield(BoardEnsemble(ring, WIDE, reads=2), 3).boards.value == 1.0
    best = estimate_yield(BoardEnsemble(ring, Tolerances(), reads=5, target=8.0), 3)
    assert len(np.unique(best.succeeded)) == 2


def test_a_network_of_ones_own_is_taken():
    """With its gain: at a fifth of the slope that it needs nothing is recalled."""
    problem = memory()
    weak = AnalogNetwork.from_ising(problem.ising(), Tanh(0.5))
    assert (
        estimate_yield(BoardEnsemble(problem, Tolerances(), network=weak, target=0.99), 5).boards.value == 1.0
    )  # signs only
    lossy = replace(weak, currents=1e-3 * np.ones(32))
    assert estimate_yield(BoardEnsemble(problem, Tolerances(), network=lossy), 5).boards.value == 0.0


# Again, elsewhere, further.


def test_workers_and_length_change_nothing():
    boards = BoardEnsemble(memory(), Tolerances(resistor=0.3, offset_v=0.1), reads=2)
    alone = estimate_yield(boards, 12, rng=3)
    assert 0.0 < alone.reads < 1.0
    assert np.array_equal(estimate_yield(boards, 12, rng=3, workers=2).succeeded, alone.succeeded)
    assert np.array_equal(estimate_yield(boards, 5, rng=3).succeeded, alone.succeeded[:5])
    assert not np.array_equal(estimate_yield(boards, 12, rng=4).succeeded, alone.succeeded)


def test_a_run_that_was_stopped_goes_on(tmp_path, monkeypatch):
    """What is kept is not computed again; a longer run goes on, another study or a damaged file starts again."""
    boards = BoardEnsemble(memory(), Tolerances(offset_v=0.1))
    path = tmp_path / "kept" / "yield.json"
    whole = estimate_yield(boards, 16, rng=1).succeeded

    def stop(done):
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        estimate_yield(boards, 16, rng=1, path=path, progress=stop)
    assert len(json.loads(path.read_text())["scores"]) == 6
    assert [file.name for file in path.parent.iterdir()] == ["yield.json"]
    counted = []
    real = yields._portion
    monkeypatch.setattr(yields, "_portion", lambda b, seeds: counted.append(len(seeds)) or real(b, seeds))
    assert np.array_equal(estimate_yield(boards, 16, rng=1, path=path).succeeded, whole)
    assert sum(counted) == 10
    estimate_yield(boards, 20, rng=1, path=path)
    assert sum(counted) == 14
    assert np.array_equal(estimate_yield(boards, 16, rng=1, path=path).succeeded, whole)
    assert sum(counted) == 14
    for other, rng in (
        (replace(boards, reads=2), 1),
        (BoardEnsemble(memory(seed=1), boards.tolerances), 1),
        (boards, 2),
    ):
        counted.clear()
        estimate_yield(other, 2, rng=rng, path=path)
        assert sum(counted) == 2
    path.write_text(path.read_text()[:-9])
    counted.clear()
    estimate_yield(boards, 2, rng=2, path=path)
    assert sum(counted) == 2


@pytest.mark.parametrize("seed", range(3))
def test_spot_checks_in_spice_agree(seed):
    """The elements of a board in SPICE end where its ODE does."""
    boards = BoardEnsemble(memory(16), replace(WIDE, offset_v=0.1), reads=2)
    check = spot_check(boards, seed, number=seed, read=1)
    assert check.final_error < 1e-4
    assert check.same_attractor
    succeeded = estimate_yield(boards, seed + 1, rng=seed).succeeded[seed, 1]
    assert check.succeeds_in_spice == check.succeeds_in_ode == succeeded


@pytest.mark.slow
def test_a_spot_check_of_a_tour_agrees():
    """Which of two tours wins is unstable: checked at 1e-10, ODE and SPICE still end alike (2e-8 seen)."""
    check = spot_check(BoardEnsemble(CITIES, Tolerances(resistor=0.05, capacitor=0.1, offset_v=1e-3)), 1)
    assert check.final_error < 1e-6
    assert check.same_attractor
    assert check.succeeds_in_spice
    assert check.succeeds_in_ode


def test_a_spot_check_shows_a_board_that_is_not_its_elements(monkeypatch):
    """Offsets left out of the netlist move the end."""
    monkeypatch.setattr(
        "circuits.tolerances.sampled_board.SampledBoard.circuit",
        lambda b, u, **o: build_hopfield_circuit(b.nominal, u, **o),
    )
    boards = BoardEnsemble(
        memory(16), Tolerances(offset_v=0.5), network=AnalogNetwork.from_ising(memory(16).ising(), Tanh(4))
    )
    assert spot_check(boards, 0).final_error > 1e-2


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: Tolerances(resistor=-0.1), "resistor is -0.1; it must be finite and not negative"),
        (lambda: Tolerances(capacitor=1.0), "capacitor moves a part by 100%"),
        (lambda: Tolerances(temperature_k=(200, 300), resistor_per_k=0.02), "resistor_per_k moves a part by 200%"),
        (lambda: Tolerances(temperature_k=(300, 200)), "need 0 < low <= high"),
        (lambda: BoardEnsemble(memory(), WIDE, reads=0), "reads is 0"),
        (lambda: BoardEnsemble(memory(), WIDE, duration_tau=0.0), "duration_tau is 0"),
        (lambda: BoardEnsemble(memory(), WIDE, cue_v=-1.0), "cue_v is -1"),
        (lambda: estimate_yield(BoardEnsemble(memory(), WIDE), 2, workers=0), "workers is 0"),
        (lambda: estimate_yield(BoardEnsemble(memory(), WIDE), 0), "reads is 0"),
    ],
)
def test_bad_arguments_are_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()


@pytest.mark.slow
def test_the_example_runs(tmp_path, capsys):
    """Few boards of few neurons: five curves, from all boards down, and a figure."""
    example = Path(__file__).parents[2] / "examples" / "yield_curve.py"
    out = tmp_path / "yield.png"
    options = ["--neurons", "16", "--patterns", "1", "--boards", "8", "--tour-boards", "1"]
    options += ["--out", str(out), "--keep", str(tmp_path)]
    curves = runpy.run_path(str(example))["main"](options)
    assert [curve[0].boards.value for curve in curves.values()] == [1.0] * 5
    assert curves["weak cue"][-1].boards.value < 1.0
    assert out.read_bytes()[:4] == b"\x89PNG"
    said = capsys.readouterr().out
    assert "of the boards recall" in said
    assert "end with a tour" in said
    assert len(list(tmp_path.glob("*.json"))) == sum(map(len, curves.values()))
