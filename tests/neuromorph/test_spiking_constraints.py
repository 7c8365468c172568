"""One-hot problems and their search by spikes: against enumeration, the problems' own scores, and two baselines."""

import itertools
import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from neuromorph import exact
from neuromorph.ising import Ising
from neuromorph.problems import MaxCut, OneHot, Tsp
from neuromorph.spiking import WinnerTakeAll, sample_uniformly, solve_by_gibbs, solve_by_spikes
from neuromorph.spiking.winner_take_all_kernel import search_compiled

SUDOKU = np.array([[0, 2, 3, 4], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])


def every_state(problem: OneHot) -> np.ndarray:
    rows = [row[row >= 0] for row in problem.members]
    return np.array(list(itertools.product(*rows)))


def glass(seed: int, n: int) -> Ising:
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n), 0.7)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_inhibiting_form_keeps_all_differences(seed):
    """W' and b' are not positive, and E' - E is one constant over all one-hot states of irregular groups."""
    rng = np.random.default_rng(seed)
    groups = rng.permutation([0, 0, 1, 2, 2, 2, 3, 3])
    w = rng.normal(size=(8, 8))
    problem = OneHot(w + w.T, rng.normal(size=8), groups)
    lower, bias = problem.inhibition
    assert lower.max() <= 0
    assert bias.max() <= 0
    states = every_state(problem)
    assert len(states) == 12
    shifted = OneHot(lower, bias, groups)
    assert np.ptp(shifted.energy(states) - problem.energy(states)) < 1e-9


@pytest.mark.parametrize("unit", [-400, 300])
def test_the_network_knows_no_unit_of_energy(unit):
    """Couplings 2^-400 or 2^300 times as large give the same neurons bit by bit: squares keep within doubles."""
    ising = glass(3, 5)
    other = Ising(np.ldexp(ising.dense_couplings(), unit), np.ldexp(ising.biases, unit))
    networks = [WinnerTakeAll().network(OneHot.from_spins(each)) for each in (ising, other)]
    for ours, theirs in zip(*networks, strict=True):
        assert np.array_equal(ours, theirs)


def test_energies_are_those_of_the_problems():
    """Spins in pairs and in groups, edges of one color, and tours: each against its own score, over all states."""
    ising = glass(1, 6)
    pairs = OneHot.from_spins(ising)
    states = every_state(pairs)
    assert np.allclose(pairs.energy(states), ising.energy(2 * (states % 2) - 1))
    groups = np.array([0, 1, 0, 1, 2, 2])
    grouped = OneHot.from_ising(ising, groups)
    states = every_state(grouped)
    spins = grouped.spins(states)
    assert ((spins > 0).sum(axis=1) == 3).all()
    assert np.allclose(grouped.energy(states), ising.energy(spins))
    edges = np.array([[0, 1], [1, 2], [0, 2], [2, 3]])
    coloring = OneHot.coloring(4, edges, 3)
    states = every_state(coloring)
    assert np.array_equal(
        coloring.energy(states), (states[:, edges[:, 0]] % 3 == states[:, edges[:, 1]] % 3).sum(axis=1)
    )
    tsp = Tsp.from_coordinates(np.random.default_rng(0).random((4, 2)))
    tours = OneHot.from_ising(tsp.ising(), np.arange(16) % 4)
    for order in itertools.permutations(range(4)):
        winners = np.array([order]) * 4 + np.arange(4)
        assert tsp.decode(tours.spins(winners)[0]).value.tolist() == list(order)
        e = tours.energy(winners)[0] - tours.energy(np.arange(4)[None] * 5)[0]
        assert e == pytest.approx(tsp.length(order) - tsp.length(range(4)), abs=1e-9)


def test_sudoku_counts_broken_rules_and_keeps_the_given():
    solved = np.array([[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 1]])
    problem = OneHot.sudoku(SUDOKU)
    winners = (np.arange(16) * 4 + solved.ravel() - 1)[None]
    assert problem.energy(winners) == 0.0
    assert set(problem.given) <= set(winners[0])
    spoiled = winners.copy()
    spoiled[0, 0] += 1  # a second 2: in its row, its column's box mates
    assert problem.energy(spoiled) == 2.0  # the 2 beside it, once as a pair; the 2 below in the column


def test_sudoku_is_solved_by_spikes_in_four_seconds():
    """>= 95 % of 40 networks, far above what as many random states find: a wrong sign or no competition would fail."""
    problem = OneHot.sudoku(SUDOKU)
    spikes = solve_by_spikes(problem, 4.0, chains=40, rng=1)
    assert spikes.hits(0.0) >= 38
    digits = spikes.winners % 4 + 1
    assert (digits[:, SUDOKU.ravel() > 0] == SUDOKU[SUDOKU > 0]).all()
    for grid in digits[spikes.energies == 0].reshape(-1, 4, 4):
        boxes = grid.reshape(2, 2, 2, 2).swapaxes(1, 2).reshape(4, 4)
        assert all(sorted(line) == [1, 2, 3, 4] for line in (*grid, *grid.T, *boxes))
    updates = round(spikes.updates)
    assert sample_uniformly(problem, updates, chains=40, rng=1).hits(0.0) <= 20
    assert solve_by_gibbs(problem, updates, chains=40, rng=1).hits(0.0) >= 38


def test_more_constraints_than_one_kind():
    """3-coloring, max-cut, any Ising with biases and a tour of 5 cities: optima of most of 20 networks."""
    rng = np.random.default_rng(3)
    color = rng.integers(0, 3, 20)
    edges = np.array([(i, j) for i in range(20) for j in range(i) if color[i] != color[j]])
    cut = MaxCut.from_edges(12, np.array([(i, j) for i in range(12) for j in range(i) if rng.random() < 0.5]))
    ising = glass(5, 10)
    tsp = Tsp.from_coordinates(rng.random((5, 2)))
    shortest = min(tsp.length((0, *rest)) for rest in itertools.permutations(range(1, 5)))
    for problem, best in (
        (OneHot.coloring(20, edges[rng.permutation(len(edges))[:40]], 3), 0.0),
        (OneHot.from_spins(cut.ising()), exact.ground_states(cut.ising())[0]),
        (OneHot.from_spins(ising), exact.ground_states(ising)[0]),
        (OneHot.from_ising(tsp.ising(), np.arange(25) % 5), shortest),
    ):
        found = solve_by_spikes(problem, 2.0, chains=20, rng=4)
        assert (found.energies >= best - 1e-9).all()
        assert np.allclose(problem.energy(found.winners), found.energies)
        assert found.hits(best) >= 12
        assert (found.found <= 2.0 + 1e-9).all()


def test_gibbs_baseline_draws_the_heat_bath():
    """Constant beta: the last states of 20,000 independent chains against exp(-beta E') over all states."""
    from neuromorph.rng import kernel_states, read_seeds
    from neuromorph.spiking.one_hot_gibbs_kernel import one_hot_gibbs
    from neuromorph.testing import require_distribution

    problem = OneHot.from_spins(glass(2, 3))
    last = np.empty((20_000, 3), np.int64)
    betas = np.full(60, 0.6)
    fixed = (np.array(problem.weights), np.array(problem.biases), problem.members)
    for row, state in zip(last, kernel_states(read_seeds(1, len(last))), strict=True):
        one_hot_gibbs(*fixed, betas, row, np.empty(3, np.int64), np.empty(6), np.full(4, -1.0), state)
    require_distribution(2 * (last % 2) - 1, exact.boltzmann(glass(2, 3), 0.6))


def test_same_seed_same_search():
    problem = OneHot.sudoku(SUDOKU)
    for solve, length in ((solve_by_spikes, 0.2), (solve_by_gibbs, 30), (sample_uniformly, 30)):
        first, again, other = (solve(problem, length, chains=4, rng=seed) for seed in (1, 1, 2))
        assert np.array_equal(first.winners, again.winners)
        assert not np.array_equal(first.winners, other.winners)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OneHot(np.ones((2, 3)), [0, 0], [0, 0]), "symmetric"),
        (lambda: OneHot([[0, 1], [2, 0]], [0, 0], [0, 1]), "symmetric"),
        (lambda: OneHot(np.zeros((2, 2)), [0, np.nan], [0, 1]), "biases"),
        (lambda: OneHot(np.zeros((2, 2)), [0, 0], [0, 2]), "without a gap"),
        (lambda: OneHot(np.zeros((2, 2)), [0, 0], [0, 0], [0, 1]), "at most one unit a group"),
        (lambda: OneHot(np.zeros((2, 2)), [0, 0], [-1, 0]), "without a gap"),
        (lambda: OneHot.coloring(2, [[0, 2]], 3), "numbered from 0"),
        (lambda: OneHot.sudoku(np.zeros((5, 5), int)), "4 x 4"),
        (lambda: OneHot.sudoku(np.full((4, 4), 5)), "1 .. 4"),
        (lambda: OneHot.from_ising(glass(0, 4), [0, 1]), "one group for each"),
        (lambda: WinnerTakeAll(rate_hz=2e3), "1000 at most"),
        (lambda: WinnerTakeAll(tau_s=-1.0), "tau_s is -1"),
        (lambda: solve_by_spikes(OneHot.sudoku(SUDOKU), 0.0), "duration_s 0"),
        (lambda: solve_by_gibbs(OneHot.sudoku(SUDOKU), 10, chains=0), "reads is 0"),
    ],
)
def test_bad_input_is_answered(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_example_runs(capsys):
    """All of it, small: three searches a problem, none below the optimum, and both baselines printed beside."""
    example = runpy.run_path(str(Path(__file__).resolve().parents[2] / "examples" / "spiking_constraints.py"))
    searches = example["main"](["--seconds", "0.2", "--networks", "4"])
    for name, (_, best) in example["problems"](1).items():
        assert all((search.energies >= best - 1e-9).all() for search in searches[name])
    out = capsys.readouterr().out
    assert "Gibbs" in out
    assert "random" in out


@pytest.mark.parametrize("updates", [0, -1])
def test_a_baseline_needs_an_update(updates):
    with pytest.raises(ValueError, match="ask for at least one"):
        sample_uniformly(OneHot.coloring(2, [[0, 1]], 2), updates)
    with pytest.raises(ValueError, match="ask for at least one"):
        solve_by_gibbs(OneHot.coloring(2, [[0, 1]], 2), updates)


def _searches(problem, duration_s, chains, neurons, seed=0, record=()):
    """Run the same search by Brian2 and by compiled steps, with skew weights as a device may hold them."""
    weights, biases = neurons.network(problem)
    rng = np.random.default_rng(9)
    network = weights * rng.uniform(0.8, 1.2, weights.shape), biases
    seeds = np.random.SeedSequence(seed).spawn(chains)
    ours = search_compiled(problem, duration_s, seeds, neurons, network, record)
    theirs = solve_by_spikes(
        problem, duration_s, chains=chains, neurons=neurons, network=network, rng=seed, record=record
    )
    return ours, theirs


def test_compiled_steps_are_those_of_brian_where_nothing_is_random():
    neurons = WinnerTakeAll(rate_hz=1000.0, low=1e5, high=2e5)  # a neuron fires when u > 0, and not when u < 0
    ours, theirs = _searches(OneHot.from_spins(glass(5, 9)), 0.4, 1, neurons, record=[0, 3, 9])
    assert theirs.activity["spikes"][0] > 200
    for one, other in zip(ours.spikes, theirs.spikes, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)
    assert np.array_equal(ours.winners, theirs.winners)
    for name, count in ours.activity.items():
        assert np.array_equal(count, theirs.activity[name])
    for one, other in zip(ours.potentials, theirs.potentials, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_compiled_steps_draw_as_brian_does():
    """Numbers of spikes and best energies of 400 chains come from the same laws."""
    ours, theirs = _searches(OneHot.from_spins(glass(6, 8)), 0.1, 400, WinnerTakeAll(), seed=3)
    for one, other in ((ours.activity["spikes"], theirs.activity["spikes"]), (ours.energies, theirs.energies)):
        assert ks_2samp(one, other).pvalue > 1e-3
    counts = [np.bincount(each.spikes[2], minlength=16) for each in (ours, theirs)]
    assert np.abs(counts[0] - counts[1]).max() < 5.0 * np.sqrt(counts[0].max())


def test_a_compiled_chain_is_the_same_in_any_company():
    problem, neurons = OneHot.from_spins(glass(6, 8)), WinnerTakeAll()
    seeds = np.random.SeedSequence(1).spawn(5)
    together = search_compiled(problem, 0.2, seeds, neurons, neurons.network(problem))
    alone = search_compiled(problem, 0.2, seeds[3:4], neurons, neurons.network(problem))
    assert np.array_equal(alone.winners[0], together.winners[3])
    assert alone.activity["spikes"][0] == together.activity["spikes"][3]
