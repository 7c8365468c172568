"""Further kinds of problems: ground states are the best answers, by enumeration of both; files, answers, figures."""

import itertools
import json

import networkx as nx
import numpy as np
import pytest

from neuromorph import Problem, ProblemFileError, exact, load
from neuromorph.cli import main
from neuromorph.problems import (
    Assignment,
    Coloring,
    IndependentSet,
    Partition,
    Polynomial,
    Satisfiability,
    neurobench_set,
    neurobench_sets,
    solution_text,
    sudoku,
    tile_planted,
    wishart_planted,
    xorsat_planted,
)

RNG = np.random.default_rng


def ground(problem):
    lowest, states = exact.ground_states(problem.ising())
    return lowest, [problem.decode(state) for state in states]


def check(problem, best):
    """The ground states are feasible, have the best score, and E is the score."""
    assert isinstance(problem, Problem)
    lowest, answers = ground(problem)
    assert all(answer.feasible for answer in answers)
    scores = {round(problem.score(answer), 9) for answer in answers}
    assert scores == {round(best, 9)}
    states = exact.spins_of(RNG(0).integers(0, 2 ** problem.ising().size, 20), problem.ising().size)
    np.testing.assert_allclose(problem.energy(states), problem.ising().energy(states), rtol=1e-12, atol=1e-9)
    return lowest


def test_assignments():
    for seed, n in ((0, 3), (1, 3), (2, 4)):
        rng = RNG(seed)
        f, d = rng.integers(0, 9, (2, n, n))
        problem = Assignment("random", f, d)
        costs = [problem.score(np.array(p)) for p in itertools.permutations(range(n))]
        assert costs[0] == (f * d).sum()
        assert check(problem, min(costs)) == pytest.approx(min(costs))
        assert sorted(problem.decode(-np.ones(n * n), repair=True).value) == list(range(n))
        assert problem.decode(-np.ones(n * n)).value is None
    with pytest.raises(ValueError, match="flows hold a number"):
        Assignment("x", [[0, -1], [1, 0]], [[0, 1], [1, 0]])


@pytest.mark.parametrize("colors", [2, 3])
def test_colorings(colors):
    edges = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)])
    problem = Coloring("cycle", 5, edges, colors)
    best = min(problem.score(np.array(c)) for c in itertools.product(range(colors), repeat=5))
    assert check(problem, best) == best == (1 if colors == 2 else 0)
    held = Coloring("cycle", 5, edges, colors, given=[0, 0, -1, -1, -1])
    assert check(held, 1.0) == 1.0
    assert held.groups.tolist() == np.repeat([0, 1, 2], colors).tolist()
    fixed = problem.decode(-np.ones(5 * colors), repair=True)
    assert (fixed.feasible, fixed.repaired, len(fixed.value)) == (False, True, 5)


def test_the_penalty_of_a_coloring_is_sufficient_where_one_color_is_left():
    """The complete graph of 5 with 2 colors: 4 conflicts at best, and no node goes without a color."""
    edges = list(itertools.combinations(range(5), 2))
    problem = Coloring("K5", 5, edges, 2)
    assert problem.default_penalty() == 3.0
    assert check(problem, 4.0) == 4.0


def test_sudokus(tmp_path):
    text = "1 . | . 4\n. 4 | 1 .\n----+----\n. 1 | 4 .\n4 . | . 1\n"
    (tmp_path / "s.txt").write_text(text)
    problem = load(tmp_path / "s.txt")
    assert (problem.kind, problem.best_known, problem.ising().size) == ("sudoku", 0.0, 32)
    energies = []
    for free in itertools.product(range(4), repeat=8):
        grid = np.array(problem.given)
        grid[problem.free] = free
        energies.append(problem.score(grid))
    assert min(energies) == 0.0
    solved = sudoku([[1, 2, 3, 4], [3, 4, 1, 2], [2, 1, 4, 3], [4, 3, 2, 0]])
    assert solution_text(solved, ground(solved)[1][0].value) == "1234\n3412\n2143\n4321"
    nine = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
    for name, content in (("a.sdk", nine), ("b.txt", "\n".join(nine[k : k + 9] for k in range(0, 81, 9)))):
        (tmp_path / name).write_text(content)
        p = load(tmp_path / name)
        assert (p.kind, p.size, p.colors, len(p.free)) == ("sudoku", 81, 9, 51)
    clash = sudoku([[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert clash.best_known is None
    assert "digit 1 is given twice" in clash.notes[0]


def test_independent_sets():
    graph = nx.gnp_random_graph(9, 0.4, seed=2)
    problem = IndependentSet("gnp", 9, np.array(graph.edges))
    best = max(map(len, nx.find_cliques(nx.complement(graph))))
    assert check(problem, best) == -best
    heavy = IndependentSet("path", 3, [(0, 1), (1, 2)], weights=[1.0, 5.0, 1.0])
    assert check(heavy, 5.0) == -5.0
    fixed = problem.decode(np.ones(9), repair=True)
    assert fixed.repaired
    assert problem.score(fixed) >= 1
    assert np.isnan(problem.score(np.ones(9)))


def test_partitions(tmp_path):
    numbers = [8, 7, 6, 5, 4]
    problem = Partition("p", numbers)
    assert check(problem, 0.0) == 0.0
    (tmp_path / "n.txt").write_text("5\n8\n7\n6\n5\n4\n")
    with pytest.raises(ProblemFileError, match="looks like a list of numbers; partition parts them"):
        load(tmp_path / "n.txt")
    p = load(tmp_path / "n.txt", kind="partition")
    assert p.numbers.tolist() == numbers
    assert "counts the others" in p.notes[-1]
    large = Partition("large", [2.0**52, 2.0**52 - 2, 3.0])
    assert large.score([1, -1, -1]) == 1.0
    assert "digits" in large.notes[0]


CNF = "c two\np cnf 3 4\n1 -2 0\n-1 2 0\n2 3\n0\n-3 -2 0\n"
WCNF = "p wcnf 3 5 100\n3 1 -2 0\n2 -1 2 0\n100 2 3 0\n1.5 -3 -2 0\n4 -1 0\n"


def unsatisfied(clauses, weights, x):
    return sum(w for c, w in zip(clauses, weights, strict=True) if not any(x[abs(k) - 1] == (k > 0) for k in c))


def test_satisfiability(tmp_path):
    (tmp_path / "a.cnf").write_text(CNF)
    p = load(tmp_path / "a.cnf")
    best = min(unsatisfied(p.clauses, p.weights, x) for x in itertools.product((0, 1), repeat=3))
    assert (p.kind, p.size, p.clauses) == ("max-sat", 3, ((1, -2), (-1, 2), (2, 3), (-3, -2)))
    assert check(p, best) == best
    for text in (WCNF, "h 2 3 0\n3 1 -2 0\n2 -1 2 0\n1.5 -3 -2 0\n4 -1 0\n"):
        (tmp_path / "a.wcnf").write_text(text)
        hard = load(tmp_path / "a.wcnf", kind="max-sat") if text == WCNF else None
        if hard is not None:
            assert hard.hard.tolist() == [False, False, True, False, False]
            assert check(hard, 0.0) == 0.0
            assert not hard.decode(-np.ones(3)).feasible
    rng = RNG(1)
    clauses = [tuple(rng.choice([-1, 1], 3) * (rng.permutation(5)[:3] + 1)) for _ in range(12)]
    three = Satisfiability("three", 5, clauses)
    best = min(unsatisfied(three.clauses, three.weights, x) for x in itertools.product((0, 1), repeat=5))
    lowest, answers = ground(three)
    assert lowest == pytest.approx(best)
    assert {three.score(answer) for answer in answers} == {best}
    for text, rule in (("p cnf 2 1\n1 3 0\n", "its header says 1 and 2"), ("p cnf 2 1\n1 2\n", "ends within a clause"),
                       ("p cnf 2 1\n1 x 0\n", "'x' is no literal"), ("p cnf 2\n1 0\n", "is no header")):  # fmt: skip
        (tmp_path / "b.cnf").write_text(text)
        with pytest.raises(ProblemFileError, match=rule):
            load(tmp_path / "b.cnf")


@pytest.mark.parametrize("domain", ["binary", "spin"])
def test_polynomials_of_any_order(domain):
    for seed in range(6):
        rng = RNG(seed)
        terms = {(): 0.5}
        for order in (1, 2, 3, 4):
            for _ in range(2):
                terms[tuple(sorted(rng.permutation(5)[:order].tolist()))] = float(rng.normal())
        p = Polynomial("p", 5, terms, domain)
        values = (0, 1) if domain == "binary" else (-1, 1)
        best = min(p.score(np.array(x)) for x in itertools.product(values, repeat=5))
        lowest, answers = ground(p)
        assert lowest == pytest.approx(best)
        assert all(p.score(answer) == pytest.approx(best) for answer in answers)


def test_polynomials_from_files(tmp_path):
    rows = "# vartype=SPIN\n0 1 2 -1.5\n2 3 0.5\n1 1 0.25\n0 1 2 3 1e0\n"
    listed = {"terms": [[[0, 1, 2], -1.5], [[2, 3], 0.5], [[1], 0.25], [[0, 1, 2, 3], 1]], "vartype": "SPIN"}
    for name, text in (("a.txt", rows), ("a.json", json.dumps(listed))):
        (tmp_path / name).write_text(text)
        p = load(tmp_path / name)
        assert (p.kind, p.size, p.domain) == ("pubo", 4, "spin")
        assert p.terms == {(0, 1, 2): -1.5, (2, 3): 0.5, (1,): 0.25, (0, 1, 2, 3): 1.0}
    listed["terms"] = [[["a", "b", "c"], -1.5]]
    (tmp_path / "a.json").write_text(json.dumps(listed))
    assert load(tmp_path / "a.json").labels == ("a", "b", "c")
    for text, rule in (("# vartype=SPIN\n0 1 2 x\n", "is no term"), ("# vartype=SPIN\n0 1 -2 1\n", "no whole number"),
                       ("# vartype=SPIN\n0 1 2 1\n2 1 0 1\n", "a second time")):  # fmt: skip
        (tmp_path / "b.txt").write_text(text)
        with pytest.raises(ProblemFileError, match=rule):
            load(tmp_path / "b.txt")


def test_qaplib_files(tmp_path):
    (tmp_path / "q.dat").write_text("3\n\n0 1 2\n1 0 1 2 1 0\n\n0 5 2\n5 0 3\n2 3 0\n")
    p = load(tmp_path / "q.dat")
    best = min(p.score(np.array(each)) for each in itertools.permutations(range(3)))
    assert check(p, best) == best
    assert solution_text(p, np.array([2, 0, 1])).splitlines()[1] == "3 1 2"
    (tmp_path / "q.dat").write_text("2\n0 1\n1 0\n0 -1\n1 0\n")
    with pytest.raises(ProblemFileError, match="line 4: has -1; flows and distances are 0 or more"):
        load(tmp_path / "q.dat")


def test_a_graph_is_colored_or_its_set_is_found_if_asked_for(tmp_path):
    (tmp_path / "a.col").write_text("p edge 4 5\ne 1 2\ne 2 3\ne 3 4\ne 1 4\ne 1 3\n")
    coloring = load(tmp_path / "a.col", kind="coloring")
    assert (coloring.colors, coloring.best_known) == (3, 0.0)
    assert load(tmp_path / "a.col", kind="coloring", best_known=2).colors == 2
    assert check(coloring, 0.0) == 0.0
    assert solution_text(coloring, np.array([0, 1, 2, 1])) == "s col 3\nl 1 1\nl 2 2\nl 3 3\nl 4 2"
    found = load(tmp_path / "a.col", kind="independent-set")
    assert check(found, 2.0) == -2.0
    assert solution_text(found, np.array([0, 1, 0, 1])) == "2 4"
    assert load(tmp_path / "a.col", kind="ising").meaning == "-cut: J = -w/2"


# Made instances.


def test_neurobench_targets_are_those_of_the_graphs():
    sets = list(neurobench_sets(25))
    assert len(sets) == 40
    for problem in sets:
        graph = nx.empty_graph(problem.size)
        graph.add_edges_from(problem.edges.tolist())
        assert problem.best_known == max(map(len, nx.find_cliques(nx.complement(graph)))), problem.name
    assert neurobench_set(5000, 0.25, 4).best_known is not None
    assert neurobench_set(12, 0.5, 9).best_known is None


@pytest.mark.parametrize("seed", range(3))
def test_planted_states_are_ground_states(seed):
    for problem, state in (wishart_planted(10, 0.5, seed), tile_planted(4, seed)):
        assert problem.energy(state) == pytest.approx(problem.best_known)
        assert exact.ground_states(problem.ising())[0] == pytest.approx(problem.best_known)
    problem, state = xorsat_planted(8, seed)
    assert problem.score(state) == problem.best_known == 0.0
    assert min(problem.score(np.array(s)) for s in itertools.product((-1, 1), repeat=8)) == 0.0
    assert np.bincount(np.concatenate([key for key in problem.terms if key]).astype(int)).tolist() == [3] * 8


# The command line and figures.

FILES = {
    "q.dat": ("3\n0 1 2\n1 0 1\n2 1 0\n0 5 2\n5 0 3\n2 3 0\n", []),
    "c.col": ("p edge 4 5\ne 1 2\ne 2 3\ne 3 4\ne 1 4\ne 1 3\n", ["--kind", "coloring"]),
    "m.col": ("p edge 4 5\ne 1 2\ne 2 3\ne 3 4\ne 1 4\ne 1 3\n", ["--kind", "independent-set"]),
    "n.txt": ("8\n7\n6\n5\n4\n", ["--kind", "partition"]),
    "s.txt": ("1 . . 4\n. 4 1 .\n. 1 4 .\n4 . . 1\n", []),
    "f.cnf": (CNF, []),
    "p.txt": ("# vartype=SPIN\n0 1 2 -1.5\n2 3 0.5\n", []),
}


@pytest.mark.parametrize("name", FILES)
def test_every_kind_runs_from_file_to_report(tmp_path, name, capsys):
    text, options = FILES[name]
    path = tmp_path / name
    path.write_text(text)
    words = ["compare", str(path), *options, "--targets", "cpu-anneal", "--reads", "20", "--seed", "1"]
    assert main([*words, "--out", str(tmp_path / "o")]) == 0
    data = json.loads((tmp_path / "o" / "results.json").read_text())
    assert data["results"][0]["feasible_fraction"] > 0
    assert (tmp_path / "o" / "figures" / "answer-cpu-anneal.png").stat().st_size > 1000
    capsys.readouterr()
    assert main(["solve", *words[1:-6], "--target", "cpu-anneal", "--reads", "20", "--seed", "1"]) == 0
    problem = load(path, kind=options[1] if options else None)
    assert capsys.readouterr().out.strip()
    assert problem.size == data["problem"]["size"]


def test_the_example_finds_the_best_answers():
    import runpy
    from pathlib import Path

    path = Path(__file__).parents[2] / "examples" / "problem_kinds.py"
    best = runpy.run_path(str(path))["main"](reads=50)
    assert best["coloring"] == best["sudoku"] == best["partition"] == best["max-sat"] == 0.0
    assert (best["independent-set"], best["pubo"]) == (4.0, -1.5)
