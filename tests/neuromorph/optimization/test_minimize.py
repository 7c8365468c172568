"""minimize(): ground states, choice of the method, workers, limits, goals, interruption, parts."""

import _thread
import threading
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from neuromorph import Ising, MaxCut, exact
from neuromorph.optimization import batches, choose_method, is_thin, minimize, planar_ground_state
from neuromorph.optimization.minimize import EXACT_METHODS


def torus(length, seed, weights=(-1.0, 1.0)):
    graph, rng = nx.grid_2d_graph(length, length, periodic=True), np.random.default_rng(seed)
    nx.set_edge_attributes(graph, {edge: float(rng.choice(weights)) for edge in graph.edges}, "weight")
    return Ising.from_networkx(graph)


def random_graph(n, edges, seed=1, scale=1.0):
    return Ising(-scale * nx.to_scipy_sparse_array(nx.gnm_random_graph(n, edges, seed=seed), dtype=float))


def dense(n, seed):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(j + j.T, rng.normal(size=n), 1.5)


SMALL = [dense(n, n) for n in (1, 2, 7, 16)] + [random_graph(16, 60), torus(4, 2)]


@pytest.mark.parametrize("reduce", [True, False])
def test_small_problems_are_solved_and_said_to_be(reduce):
    for ising in SMALL:
        found = minimize(ising, reduce=reduce, rng=1)
        assert found.energy == ising.energy(found.spins) == pytest.approx(exact.ground_states(ising)[0], abs=1e-9)
        assert found.optimal
        assert found.batches == 0


@pytest.mark.parametrize("method", batches.BATCHED_METHODS)
def test_every_method_finds_ground_states(method):
    ising = torus(4, 5) if method in ("cluster-tempering", "multispin") else dense(15, 3)
    found = minimize(ising, method=method, reduce=False, batches=2, rng=1)
    assert found.energy == pytest.approx(exact.ground_states(ising)[0], abs=1e-9)
    assert found.methods == (method,)
    assert not found.optimal
    assert found.batches == 2


def test_the_structure_chooses():
    """Planar lattices need PyMatching; without it, as everywhere on a torus, they are tempered."""
    assert choose_method(random_graph(15, 60)) == "elimination"
    assert choose_method(torus(30, 1)) == "cluster-tempering"
    assert choose_method(torus(30, 1, (-1.3, 0.2, 2**0.5))) == "tempering"
    assert choose_method(random_graph(200, 2000, scale=0.5)) == "multispin"
    assert choose_method(dense(60, 1)) == "annealing"
    assert choose_method(Ising(random_graph(200, 2000).couplings, np.full(200, 2.0))) == "multispin"
    assert choose_method(Ising(random_graph(200, 2000).couplings, np.full(200, 90.0))) == "annealing"
    assert is_thin(torus(30, 1))
    assert not is_thin(random_graph(900, 1800))
    assert not is_thin(Ising(nx.to_scipy_sparse_array(nx.grid_graph((12, 12, 12), periodic=True), dtype=float)))
    assert not is_thin(random_graph(10, 12))


@pytest.mark.parametrize("method", ["multispin", "annealing", "cluster-tempering", "tempering", "discrete-bifurcation"])
def test_the_answer_is_that_of_the_seed_for_any_number_of_workers(method):
    ising = torus(12, 3)
    found = [minimize(ising, method=method, batches=3, workers=workers, rng=7) for workers in (1, 2, 3, 1)]
    assert all(np.array_equal(each.spins, found[0].spins) for each in found)
    assert [each.batches for each in found] == [3] * 4
    goal = found[0].energy + 4.0
    early = [minimize(ising, method=method, batches=3, workers=workers, goal=goal, rng=7) for workers in (1, 2)]
    assert np.array_equal(early[0].spins, early[1].spins)
    assert early[0].batches == early[1].batches


def test_seeds_differ_and_are_repeated():
    ising = random_graph(60, 300)
    first, again, *others = (minimize(ising, batches=1, rng=seed).spins for seed in (1, 1, 2, 3, 4, 5, 6, 7))
    assert np.array_equal(first, again)
    assert not all(np.array_equal(first, other) for other in others)


def test_parts_are_solved_apart_and_put_together():
    """A torus, a dense glass, a chain and free spins in one problem: the sum of their minima, each by its method."""
    left, right = torus(10, 1), random_graph(40, 300)
    n = left.size + right.size + 8
    j = np.zeros((n, n))
    j[:100, :100], j[100:140, 100:140] = left.dense_couplings(), right.dense_couplings()
    for k in range(140, 145):
        j[k, k + 1] = j[k + 1, k] = 1.0
    whole = minimize(Ising(j, offset=2.0), rng=3)
    assert sorted(whole.methods) == ["cluster-tempering", "multispin"]
    assert whole.left == 140
    apart = minimize(left, batches=6, rng=1).energy + minimize(right, batches=6, rng=1).energy - 5.0 + 2.0
    assert whole.energy == pytest.approx(apart)


def test_matching_is_used_where_it_can_prove():
    pytest.importorskip("pymatching")
    graph, rng = nx.grid_2d_graph(25, 25), np.random.default_rng(2)
    nx.set_edge_attributes(graph, {edge: float(rng.choice([-1, 1])) for edge in graph.edges}, "weight")
    ising = Ising.from_networkx(graph)
    found = minimize(ising, rng=1)
    assert found.optimal
    assert found.energy == planar_ground_state(ising)[0]
    assert minimize(ising, method="annealing", batches=4, rng=1).energy >= found.energy  # which is proven


def test_a_goal_ends_the_search():
    ising = torus(20, 1)
    lowest = minimize(ising, batches=6, rng=0).energy
    found = minimize(ising, goal=lowest + 8.0, batches=30, rng=1)
    assert found.energy <= lowest + 8.0
    assert found.batches <= 2
    assert found.status == "ok"


def test_a_time_limit_ends_the_search_with_the_best_so_far():
    """Batches without end, but for the limit."""
    ising = random_graph(3000, 30_000)
    minimize(random_graph(200, 2000), method="multispin", batches=1, rng=0)  # compiles
    told = []
    found = minimize(ising, time_limit_s=1.5, rng=1, progress=lambda *step: told.append(step))
    assert found.energy == ising.energy(found.spins)
    assert found.energy < 0.0
    assert told
    assert (np.diff(found.course[:, 1]) < 0).all()
    assert all(a <= b for a, b in pairwise(found.course[:, 0]))


def test_a_limit_that_is_over_at_once_still_answers():
    ising = random_graph(2000, 20_000)
    found = minimize(ising, time_limit_s=1e-9, rng=1)
    assert found.status == "time limit"
    assert found.energy == ising.energy(found.spins)
    start = np.ones(2000, np.int8)
    assert np.array_equal(minimize(ising, time_limit_s=1e-9, initial=start).spins, start)


def test_ctrl_c_keeps_the_best_so_far():
    ising = random_graph(3000, 30_000)
    timer = threading.Timer(1.5, _thread.interrupt_main)
    timer.start()
    found = minimize(ising, batches=60, method="annealing", rng=1)
    timer.join()
    assert found.status == "interrupted"
    assert found.energy == ising.energy(found.spins) < 0.0


def test_an_initial_state_is_never_lost():
    ising = random_graph(300, 3000)
    best = minimize(ising, batches=5, rng=1)
    found = minimize(ising, batches=1, method="sim-cim", initial=best.spins, rng=2)
    assert found.energy <= best.energy


def test_cuts_are_verified_on_the_graph():
    graph = nx.random_regular_graph(3, 300, seed=4)
    problem = MaxCut("cubic", nx.to_scipy_sparse_array(graph, dtype=float))
    found = minimize(problem.ising(), rng=1)
    assert problem.cut(found.spins) == -found.energy > 390
    assert found.left < 200


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"method": "magic"}, "method is 'magic'; expected auto, elimination"),
        ({"batches": 0}, "batches"),
        ({"workers": 0}, "workers"),
        ({"time_limit_s": 0.0}, "time_limit_s is 0.0"),
        ({"goal": np.nan}, "goal is nan"),
        ({"initial": [1, 2, 1]}, "spins"),
        ({"rng": -1}, "rng is -1"),
    ],
)
def test_bad_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        minimize(Ising(np.ones((3, 3)) - np.eye(3)), **wrong)


def test_exact_methods_can_be_asked_for():
    assert EXACT_METHODS == ("elimination", "matching")
    ising = Ising(-nx.to_numpy_array(nx.cycle_graph(9)))
    for method in EXACT_METHODS:
        found = minimize(ising, method=method, reduce=False, rng=1)
        assert found.optimal
        assert found.energy == -7.0
    with pytest.raises(ValueError, match="not planar"):
        minimize(Ising(np.ones((5, 5)) - np.eye(5)), method="matching", reduce=False)
