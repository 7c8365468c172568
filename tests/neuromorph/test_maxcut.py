"""Cuts: E(s) = -cut(s) over every state, rudy files as they are found, and what is refused in them."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from neuromorph import MaxCut, Minimize, Problem, ProblemFileError, exact, load


def random_graph(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    w = np.triu(rng.integers(-3, 4, (n, n)), 1).astype(float)
    return w + w.T


@given(seed=st.integers(0, 10**6), n=st.integers(1, 9), as_sparse=st.booleans())
def test_energy_is_minus_the_cut_at_every_state(seed, n, as_sparse):
    """Against a loop over the edges; exactly, as weights are integers."""
    w = random_graph(seed, n)
    p = MaxCut("random", sparse.csr_array(w) if as_sparse else w)
    states = exact.spins_of(np.arange(2**n), n)
    cuts = np.array([sum(w[i, j] for i in range(n) for j in range(i) if s[i] != s[j]) for s in states])
    np.testing.assert_array_equal(p.cut(states), cuts)
    np.testing.assert_array_equal(p.energy(states), -cuts)
    np.testing.assert_array_equal(p.ising().energy(states), -cuts)
    assert p.cut(states[-1]) == p.score(states[-1]) == 0.0
    assert p.score(p.decode(states[1 % len(states)])) == cuts[1 % len(states)]


def test_networkx_finds_the_same_cut():
    """An implementation that is not ours."""
    graph = nx.gnp_random_graph(60, 0.2, seed=3)
    rng = np.random.default_rng(3)
    for edge in graph.edges.values():
        edge["weight"] = float(rng.integers(-5, 6))
    p = MaxCut("nx", nx.to_scipy_sparse_array(graph, nodelist=range(60)))
    sides = rng.choice([-1, 1], 60)
    assert p.cut(sides) == nx.cut_size(graph, np.flatnonzero(sides > 0).tolist(), weight="weight")


def test_a_maxcut_is_a_problem():
    p = MaxCut.from_edges(3, [[0, 1], [2, 1], [2, 2]], [2.0, -1.0, 9.0], name="three")
    assert isinstance(p, Problem)
    assert (p.kind, p.sense, p.size, p.name, p.best_known) == ("maxcut", "max", 3, "three", None)
    assert p.task(5, 0) == Minimize()
    solution = p.decode([1, -1, -1])
    assert (solution.feasible, solution.repaired, solution.value.tolist()) == (True, False, [1, -1, -1])
    assert p.score(solution) == 2
    assert p.weights.toarray().tolist() == [[0, 2, 0], [2, 0, -1], [0, -1, 0]]
    assert MaxCut.from_edges(3, [[0, 1], [1, 2], [0, 2]]).cut([1, -1, 1]) == 2


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: MaxCut("bad", [[0, 1], [2, 0]]), "weights are not symmetric"),
        (lambda: MaxCut("bad", [[0, np.nan], [np.nan, 0]]), "weights hold NaN"),
        (lambda: MaxCut("bad", [[1, 0], [0, 0]]), r"weights\[0, 0\]"),
        (lambda: MaxCut.from_edges(2, [[0, 2]]), "node 2"),
        (lambda: MaxCut.from_edges(3, [[0, 1], [1, 0]]), "repeat a pair"),
        (lambda: MaxCut.from_edges(2, [[0, 1]]).cut([0, 1]), "other than -1 and"),
        (lambda: MaxCut.from_edges(2, [[0, 1]]).decode([[1, 1]]), "one state"),
    ],
)
def test_bad_data_is_refused_with_the_rule(make, rule):
    with pytest.raises(ValueError, match=rule):
        make()


@pytest.mark.parametrize(
    "text",
    [
        "3 2\n1 2 5\n2 3 -1\n",
        "3 2 J\n1 2 5\n2 3 -1",
        "\n# as found\r\n  3 2 \r\n\r\n2 1 5\r\n% more\r\n 3   2 -1.0\r\n\n\n",
        "3 3\n1 1\n1\t2\t5e0\n2 3 -1\n",
    ],
)
def test_rudy_files_are_read_as_they_are_found(tmp_path, text):
    (tmp_path / "small.txt").write_bytes(text.encode())
    p = load(tmp_path / "small.txt")
    assert isinstance(p, MaxCut)
    assert p.name == "small"
    assert p.weights.toarray().tolist() == [[0, 5, 0], [5, 0, -1], [0, -1, 0]]


def test_a_missing_weight_is_one(tmp_path):
    (tmp_path / "g.mc").write_text("3 2\n1 2\n1 3 4\n")
    assert load(tmp_path / "g.mc").weights.toarray()[0].tolist() == [0, 1, 4]


@pytest.mark.parametrize(
    ("text", "line", "rule"),
    [
        ("3 2\n1 2 5\n", 1, "has 1 edges but its header says 2"),
        ("3 2\n1 2 5\n2 4 1\n", 3, "node is 4"),
        ("3 2\n1 2 5\n0 1 1\n", 3, "node is 0"),
        ("3 2\n1 2 5\n1.5 1 1\n", 3, "node is 1.5"),
        ("3 2\n1 2 5\n2 1 5\n", 3, "second time"),
        ("3 2\n1 2 5\n2 3 x\n", 3, "'x' is not a number"),
        ("3 2\n1 2 nan\n2 3 1\n", 2, "'nan' is not a number"),
        ("3 2\n1 2 1e999\n2 3 1\n", 2, "'1e999' is not a number"),
        ("3 2\n1 2 3 4\n2 3 1\n", 2, "more than 3 words"),
        ("0 1\n1 2 1\n", 1, "says 0 nodes"),
        ("1000000000000 1\n1 2 1\n", 1, "says 1000000000000 nodes"),
    ],
)
def test_bad_rudy_files_name_the_line_and_the_rule(tmp_path, text, line, rule):
    (tmp_path / "bad.txt").write_text(text)
    with pytest.raises(ProblemFileError, match=f"^bad.txt, line {line}: .*{rule}.*; "):
        load(tmp_path / "bad.txt")


def test_every_published_graph_loads_with_its_value(shared_data):
    """Every edge of the G-set files is there, and the table gives the published cut to the published graph only."""
    if shared_data is None:
        return
    import json

    best = json.loads((shared_data / "gset_best_known.json").read_text())
    paths = sorted((shared_data / "gset").glob("*.txt"))
    assert len(paths) >= 14
    for path in paths:
        p = load(path)
        nodes, edges = path.read_text().split()[:2]
        assert (p.size, p.weights.nnz) == (int(nodes), 2 * int(edges))
        assert p.best_known == best[p.name]
        assert p.ising().energy(np.ones(p.size)) == 0.0
