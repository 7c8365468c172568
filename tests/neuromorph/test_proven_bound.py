"""A proven bound where no best value is known: valid, whole where scores are, time-limited, said in words."""

from itertools import permutations

import networkx as nx
import numpy as np
import pytest

from neuromorph import Ising, MaxCut, Tsp, exact
from neuromorph.cli import main
from neuromorph.problems import IsingModel
from neuromorph.problems.assignment import Assignment
from neuromorph.study.proven_bound import bound_sentence, proven_bound


def cut(seed, weights=(1.0,)):
    graph, rng = nx.gnm_random_graph(12, 30, seed=seed), np.random.default_rng(seed)
    nx.set_edge_attributes(graph, {edge: float(rng.choice(weights)) for edge in graph.edges}, "weight")
    return MaxCut("own", nx.to_scipy_sparse_array(graph, dtype=float))


@pytest.mark.parametrize("weights", [(1.0,), (-1.0, 1.0), (0.3, -1.7, 2.2)])
def test_no_cut_is_larger(weights):
    for seed in range(3):
        problem = cut(seed, weights)
        best, bound = -exact.ground_states(problem.ising())[0], proven_bound(problem)
        assert best - 1e-9 <= bound <= 1.3 * best
        assert (bound == round(bound)) == (weights != (0.3, -1.7, 2.2))


def test_no_energy_is_lower():
    rng = np.random.default_rng(2)
    j = np.triu(rng.normal(size=(10, 10)), 1)
    problem = IsingModel("own", Ising(j + j.T, rng.normal(size=10), 3.0))
    lowest = exact.ground_states(problem.ising())[0]
    assert lowest - 0.2 * abs(lowest) <= proven_bound(problem) <= lowest + 1e-9


def test_no_tour_is_shorter():
    problem = Tsp.from_coordinates(np.random.default_rng(1).random((8, 2)))
    shortest = min(problem.length(np.array([0, *rest])) for rest in permutations(range(1, 8)))
    assert 0.9 * shortest <= proven_bound(problem, 300.0) <= shortest + 1e-9


def test_others_and_short_times_have_none():
    assert proven_bound(Assignment("own", np.eye(3), np.eye(3))) is None
    assert proven_bound(Tsp.from_coordinates(np.random.default_rng(1).random((9, 2))), seconds=1e-9) is None


@pytest.mark.parametrize(
    ("best", "said"),
    [(50.0, "the gap to the bound is 3.8 %"), (52.0, "is optimal"), (None, "proven: no cut is larger than 52")],
)
def test_words(best, said):
    assert said in bound_sentence(cut(1), 52.0, best)


def test_the_table_says_it(tmp_path, capsys):
    (tmp_path / "ring.txt").write_text("9 9\n" + "".join(f"{i + 1} {(i + 1) % 9 + 1} 1\n" for i in range(9)))
    words = ["compare", str(tmp_path / "ring.txt"), "--kind", "maxcut", "--targets", "cpu-anneal", "--reads", "2"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "proven: no cut is larger than 8, so the best answer of this study is optimal" in said
    assert "a better answer" not in said  # there is none
    assert "No best value is known" not in (tmp_path / "out" / "report.html").read_text()
    assert main([*words, "--best-known", "8"]) == 0
    assert "proven" not in capsys.readouterr().out
