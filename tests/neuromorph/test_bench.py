"""bench: courses, time to target, solvers, table, JSON, figure, command."""

import csv
import io
import json
import time
from math import log

import networkx as nx
import numpy as np
import pytest
from scipy.stats import chi2

from neuromorph import MaxCut, Tsp, exact
from neuromorph.bench import (
    Bench,
    Course,
    Solver,
    bench_dict,
    draw_courses,
    over_bench,
    run_bench,
    solvers,
    target_time,
)
from neuromorph.bench.qoblib import FIELDS
from neuromorph.bench.time_to_target import equal_time_s, goal_of
from neuromorph.cli import main


def ring(n=12, best=None):
    return MaxCut("ring", nx.to_scipy_sparse_array(nx.cycle_graph(n), dtype=float), best_known=best)


def cubic():
    """16 nodes of degree 3: on a ring, whose walls cost nothing to move, some peers never settle."""
    return MaxCut("cubic", nx.to_scipy_sparse_array(nx.random_regular_graph(3, 16, seed=1), dtype=float))


def course(*points, spent):
    seconds, scores = np.array(points, dtype=float).reshape(-1, 2).T
    return Course(seconds, scores, spent)


def busy(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def toy(name, *answers, package="", seconds=0.005):
    def run(model, seed, left):
        for answer in answers:
            busy(seconds)
            yield np.array(answer)

    return Solver(name, package, lambda problem: problem, run, False)


ALL, HALF = [1, -1] * 6, [1, -1] * 3 + [1] * 6


def test_time_to_target_is_that_of_hits_at_a_constant_rate():
    runs = [course((1.0, 5), (2.0, 7), spent=9.0), course((4.0, 7), spent=4.0), course((1.0, 5), spent=6.0)]
    found = target_time(runs, 7.0, True, 3.0)
    assert (found.hits, found.runs) == (2, 3)
    assert found.tts_s.value == pytest.approx(log(100) * 12.0 / 2)  # 2 + 4 + 6 s
    assert found.tts_s.low == pytest.approx(log(100) * 24.0 / chi2.ppf(0.975, 6))
    assert found.tts_s.high == pytest.approx(log(100) * 24.0 / chi2.ppf(0.025, 4))
    assert (found.best, found.median) == (7.0, 6.0)  # the second run has no answer at 3 s
    none = target_time(runs, 8.0, True, 3.0)
    assert none.tts_s.value is None
    assert none.tts_s.low == pytest.approx(log(100) / log(20) * 19.0)
    assert target_time(runs, 5.0, False, 3.0).hits == 2


def test_intervals_cover_the_time_of_exponential_hits():
    """1,000 benches of 8 runs that are cut at the mean: 95 % at least, for the interval of Garwood is conservative."""
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(1000):
        times = rng.exponential(2.0, 8)
        runs = [course((t, 1.0), spent=t) if t < 2.0 else course(spent=2.0) for t in times]
        found = target_time(runs, 1.0, True, 1.0).tts_s
        covered += (found.low or 0.0) <= log(100) * 2.0 <= (found.high or np.inf)
    assert 935 <= covered <= 995


def test_over_instances_is_the_geometric_mean_with_its_interval():
    assert over_bench([]).value is None
    assert over_bench([3.0]).value == pytest.approx(3.0)
    found = over_bench([1.0, 4.0, 16.0])
    assert found.value == pytest.approx(4.0)
    assert 1.0 <= found.low < 4.0 < found.high <= 16.0


def test_runs_keep_improvements_and_stop_at_the_best_value_known():
    good, poor = toy("good", HALF, ALL, HALF), toy("poor", HALF, HALF)
    bench = run_bench(ring(best=12.0), chosen=[good, poor], runs=2, budget_s=5.0)
    for each in bench.courses["good"]:
        assert each.scores.tolist() == [6.0, 12.0]
        assert 0.005 <= each.seconds[0] < each.seconds[1] <= each.spent_s < 5.0
        assert np.isnan(each.at(0.001))
        assert each.at(5.0) == 12.0
    assert [c.scores.tolist() for c in bench.courses["poor"]] == [[6.0], [6.0]]
    assert goal_of(bench) == (12.0, True)
    assert goal_of(bench, 0.25) == (9.0, True)
    assert equal_time_s(bench) == min(c.spent_s for c in bench.courses["poor"])


def test_answers_after_the_budget_are_dropped_but_for_the_first():
    late = toy("late", HALF, ALL, seconds=0.03)
    (one,) = run_bench(ring(), chosen=[late], runs=1, budget_s=0.02).courses["late"]
    assert one.scores.tolist() == [6.0]
    assert one.seconds[0] > 0.02


def test_peers_that_are_absent_or_refuse_are_named():
    def refuses(problem):
        raise ValueError("it takes no rings")

    no = Solver("no", "", refuses, toy("", ALL).run, False)
    bench = run_bench(ring(), chosen=[toy("good", ALL), toy("gone", package="no_such_package_here"), no], runs=1)
    assert bench.absent == ("gone",)
    assert bench.refused == {"no": "it takes no rings"}
    assert list(bench.courses) == ["good"]


def test_an_interruption_keeps_what_was_complete():
    def stops(model, seed, left):
        if left() > 1.0 and seed > 2:
            raise KeyboardInterrupt
        yield np.array(ALL)

    bench = run_bench(ring(), chosen=[Solver("one", "", lambda p: p, stops, False)], runs=5, budget_s=2.0, seed=0)
    assert bench.interrupted
    assert len(bench.courses["one"]) == 2


@pytest.mark.parametrize("problem", [cubic(), Tsp.from_coordinates(np.random.default_rng(1).random((12, 2)))])
def test_ours_and_installed_peers_answer(problem):
    """Each answer is a state of the problem; a peer with the wrong sign or order would not reach the optimum."""
    for solver in solvers(problem):
        if solver.installed:
            bench = run_bench(problem, chosen=[solver], runs=1, budget_s=0.15)
            (one,) = bench.courses[solver.name]
            best = -exact.ground_states(problem.ising())[0] if isinstance(problem, MaxCut) else _shortest(problem)
            assert one.scores[-1] == pytest.approx(best), solver.name


def _shortest(problem):
    from neuromorph.tours import PathMacro, solve_by_macros

    return min(solve_by_macros(problem, PathMacro(), trials=300, rng=k).length for k in range(3))


def test_plain_data_and_figure():
    bench = run_bench(ring(best=12.0), chosen=[toy("neuromorph", ALL), toy("peer", HALF, ALL)], runs=2)
    data = json.loads(json.dumps(bench_dict([bench, bench], 0.0, {"seed": 1}), allow_nan=False))
    assert [one["target"] for one in data["instances"]] == [12.0, 12.0]
    assert data["over_instances"]["peer"]["over_ours"]["value"] > 1.0
    ax = draw_courses(bench)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["neuromorph", "peer"]
    empty = Bench(ring(), {"neuromorph": (course(spent=1.0),)}, ())
    assert "no run" in draw_courses(empty).texts[0].get_text()


def test_command(tmp_path, capsys):
    for k, n in enumerate((8, 10)):
        edges = "".join(f"{i + 1} {(i + 1) % n + 1} 1\n" for i in range(n))
        (tmp_path / f"ring{k}.txt").write_text(f"{n} {n}\n{edges}")
    files = [str(tmp_path / f"ring{k}.txt") for k in range(2)]
    words = ["bench", *files, "--kind", "maxcut", "--peers", "none", "--time", "0.05", "--runs", "2"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert "the best of these runs" in shown
    assert "over 2 instances" in shown
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"bench.json", "best_so_far_ring0.png", "best_so_far_ring1.svg"} <= names
    assert main([*words, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["instances"]) == 2
    assert main([*words, "--format", "qoblib", "--submitter", "A. Person"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == list(FIELDS)
    assert [(row["# Decision Variables"], row["Best Objective Value"]) for row in rows] == [("8", "8"), ("10", "10")]
    assert [row["# Non-Zero Coefficients"] for row in rows] == ["16", "20"]
    assert rows[0]["Coefficients Range"] == "-2 - -2, 2 - 2, N/A - N/A"
    assert [row["Optimality Bound"] for row in rows] == ["8", "10"]
    assert rows[0]["Submitter"] == "A. Person"
    assert rows[0]["# Successful Runs"] == rows[0]["# Feasible Runs"] == rows[0]["# Runs"] == "2"
    for wrong in (["--peers", "lkh9"], ["--best-known", "3"], ["--time", "0"]):
        assert main([*words, *wrong]) == 2
        assert capsys.readouterr().err.startswith("error: ")
    (tmp_path / "letters.txt").write_text("##.\n.#.\n.##\n\n###\n#..\n###\n")
    assert main(["bench", str(tmp_path / "letters.txt")]) == 2
    assert "is a memory" in capsys.readouterr().err
    assert main(["bench", str(tmp_path), *words[5:], "--json"]) == 0
    told = capsys.readouterr()
    assert "letters.txt is a memory" in told.err
    assert len(json.loads(told.out)["instances"]) == 2
