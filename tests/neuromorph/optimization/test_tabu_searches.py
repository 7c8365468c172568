"""Tabu moves of sets and of groups, and backtracking of colorings: against enumeration and known numbers of colors."""

from itertools import product

import networkx as nx
import numpy as np
import pytest

from neuromorph import Ising
from neuromorph.optimization import (
    GroupMoves,
    SetMoves,
    exact_coloring,
    independent_set_search,
    minimize,
    moves_of,
    one_hot_annealing,
    one_hot_tabu,
    possible_colors,
    searched_form,
)
from neuromorph.problems import Coloring, IndependentSet, neurobench_set, sudoku
from neuromorph.runtime.limits import TimeLimitReached, time_limit

ESCARGOT = "100007090030020008009600500005300900010080002600004000300000010040000007007000300"
GOLDEN = "000000039000001005003050800008090006070002000100400000009080050020000600400700000"
SEVENTEEN = "000000010400000000020000000000050407008000300001090000300400200050100000000806000"
EASY = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"


def grid(text):
    return sudoku(np.array([int(sign) for sign in text]).reshape(9, 9))


def random_set(n, density, seed, weighted):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(n, density, seed=seed)
    weights = rng.uniform(0.5, 2.0, n) if weighted else None
    return IndependentSet("random", n, np.array(graph.edges).reshape(-1, 2), weights)


def heaviest(problem):
    states = np.array(list(product((-1, 1), repeat=problem.nodes)), np.int8)
    clash = ((states[:, problem.edges[:, 0]] > 0) & (states[:, problem.edges[:, 1]] > 0)).any(axis=1)
    return float(((states > 0) @ problem.weights)[~clash].max())


def queens(n):
    row, column = np.divmod(np.arange(n * n), n)
    apart = row[:, None] - row, column[:, None] - column
    joined = (apart[0] == 0) | (apart[1] == 0) | (abs(apart[0]) == abs(apart[1]))
    return np.argwhere(np.triu(joined, 1))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("density", [0.0, 0.2, 0.5, 1.0])
def test_sets_are_the_heaviest_by_enumeration(density, weighted):
    for seed in range(4):
        problem = random_set(12, density, seed, weighted)
        found = independent_set_search(problem, 3000, rng=seed)
        answer = problem.decode(found.spins[0])
        assert answer.feasible
        assert problem.score(answer) == pytest.approx(heaviest(problem))
        assert found.energies[0] == pytest.approx(problem.energy(found.spins[0]))


def test_one_node_is_its_own_set():
    assert independent_set_search(IndependentSet("one", 1, []), 5, rng=0).spins.tolist() == [[1]]


def test_larger_sets_than_the_published_ones_are_found():
    """Spins under penalties, annealed for a second, reach 313 of the first and 28 of the second."""
    for nodes, density, steps, least in ((1000, 0.01, 60_000, 312), (1000, 0.25, 60_000, 28)):
        problem = neurobench_set(nodes, density, 0)
        found = independent_set_search(problem, steps, rng=1)
        assert -found.energies[0] >= least > problem.best_known - 1


def test_a_search_ends_at_its_goal_and_is_the_same_for_a_seed_and_any_pieces():
    problem = neurobench_set(250, 0.05, 1)
    found = independent_set_search(problem, 10**9, goal=-60.0, rng=2)
    assert found.energies[0] <= -60.0
    assert found.diagnostics["steps"] < 10_000
    one, other = (independent_set_search(problem, 30_000, rng=3) for _ in range(2))
    assert (one.spins == other.spins).all()
    with pytest.raises(TimeLimitReached), time_limit(0.0):
        independent_set_search(problem, 10, rng=0)


def test_minimize_takes_thick_graphs_as_sets_and_thin_ones_as_spins():
    thick, thin = neurobench_set(100, 0.25, 0), neurobench_set(250, 0.01, 0)
    assert isinstance(searched_form(thick, "auto"), SetMoves)
    assert minimize(thick, batches=3, rng=1).methods == ("set-tabu",)
    found = minimize(thin, batches=1, rng=1)
    assert (found.optimal, found.energy) == (True, -thin.best_known)
    again = minimize(thin, method="set-tabu", batches=4, rng=1)
    assert (again.energy, again.optimal) == (found.energy, False)
    with pytest.raises(ValueError, match="holds nodes"):
        minimize(thick, initial=np.ones(100, int))
    with pytest.raises(ValueError, match="is no IndependentSet"):
        minimize(Ising(np.zeros((3, 3))), method="set-tabu")


@pytest.mark.parametrize("text", [ESCARGOT, GOLDEN, SEVENTEEN, EASY])
def test_hard_sudokus_are_solved_by_backtracking(text):
    problem = grid(text)
    found = minimize(problem, rng=0)
    assert (found.methods, found.optimal, found.energy) == (("backtracking",), True, 0.0)
    colors = problem.decode(found.spins).value
    assert problem.score(colors) == 0.0
    assert all(colors[k] == int(sign) - 1 for k, sign in enumerate(text) if sign != "0")


def test_singles_leave_the_one_solution_of_an_easy_sudoku():
    problem = grid(EASY)
    possible = possible_colors(problem)
    assert (possible.sum(axis=1) == 1).all()
    moves = moves_of(problem)
    found = one_hot_annealing(moves, 1, rng=0)  # nothing is left to be moved
    assert problem.score(problem.decode(found.spins[0])) == 0.0
    assert moves_of(problem, all_states=True).allowed.all()


def test_propagation_keeps_every_coloring_without_a_conflict():
    rng = np.random.default_rng(0)
    kept = 0
    for seed in range(40):
        edges = np.array(nx.gnp_random_graph(7, 0.4, seed=seed).edges).reshape(-1, 2)
        given = np.where(rng.random(7) < 0.4, rng.integers(0, 3, 7), -1)
        given[0] = 0
        problem = Coloring("own", 7, edges, 3, given)
        every = np.array(list(product(range(3), repeat=7)))
        proper = (every[:, edges[:, 0]] != every[:, edges[:, 1]]).all(axis=1)
        proper &= ((every == given) | (given < 0)).all(axis=1)
        colors, ended = exact_coloring(problem)
        assert ended
        assert (colors is not None) == proper.any()
        possible = possible_colors(problem)
        if proper.any():
            kept += 1
            assert problem.score(colors) == 0.0
            assert possible[np.arange(len(problem.free)), every[proper][:, problem.free]].all()
    assert kept > 5


def test_a_sudoku_without_a_solution_is_still_searched():
    problem = sudoku(np.array([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]))
    assert possible_colors(problem) is None
    assert exact_coloring(problem) == (None, True)
    found = minimize(problem, batches=1, rng=0)  # the box below has no place for a 1: a second conflict
    assert problem.score(problem.decode(found.spins)) == found.energy == 2.0


def test_backtracking_proves_the_number_of_colors():
    """Mycielski's graphs need 3, 4, 5 colors; with one less the whole tree is searched."""
    graph = nx.Graph([(0, 1)])
    for colors in (2, 3, 4, 5):
        edges = np.array(graph.edges)
        assert exact_coloring(Coloring("m", len(graph), edges, colors))[0] is not None
        assert exact_coloring(Coloring("m", len(graph), edges, colors - 1)) == (None, True)
        graph = nx.mycielskian(graph)
    assert exact_coloring(Coloring("q", 64, queens(8), 8), work=1e5) == (None, False)


def test_tabu_moves_color_queens_and_end_at_the_bound():
    problem = Coloring("queen9_9", 81, queens(9), 10)
    found = one_hot_tabu(problem, 20_000, rng=1)
    assert found.energies[0] == 0.0 == problem.score(problem.decode(found.spins[0]))
    assert found.diagnostics["moves"] < 20_000 * 81
    both = minimize(problem, rng=1)
    assert (both.energy, both.optimal, both.methods) == (0.0, True, ("one-hot-tabu",))


def test_tabu_moves_find_the_fewest_conflicts():
    """Complete graphs of n nodes in k colors: classes as even as can be."""
    for n, colors, fewest in ((6, 3, 3), (7, 3, 5), (9, 4, 6)):
        edges = np.argwhere(np.triu(np.ones((n, n)), 1))
        assert one_hot_tabu(Coloring("k", n, edges, colors), 50, rng=0).energies[0] == fewest


def test_tabu_moves_of_groups_of_any_inhibition_reach_the_minimum():
    rng = np.random.default_rng(5)
    j = -np.triu(rng.uniform(0.1, 1.0, (9, 9)), 1)
    groups = np.repeat(np.arange(3), 3)
    j[groups[:, None] == groups] = 0.0
    moves = GroupMoves(Ising(j + j.T, rng.normal(size=9)), groups)
    every = np.array([[a, 3 + b, 6 + c] for a, b, c in product(range(3), repeat=3)])
    energies = moves.energy(every)
    assert moves.least <= energies.min() + 1e-9
    assert one_hot_tabu(moves, 100, rng=0).energies[0] == pytest.approx(energies.min())


def test_groups_that_favor_each_other_are_refused():
    moves = GroupMoves(Ising(np.array([[0, 1.0], [1, 0]])), [0, 1])
    assert moves.least == -np.inf
    with pytest.raises(ValueError, match="0 or less"):
        one_hot_tabu(moves)
    with pytest.raises(ValueError, match="a True in each group"):
        GroupMoves(Ising(np.zeros((2, 2))), [0, 1], [True, False])
