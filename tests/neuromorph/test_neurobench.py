"""NeuroBench's report: both scenarios against runs whose answers and times are known, and the command."""

import json

import networkx as nx
import numpy as np
import pytest

from neuromorph.bench import Solver, WorkloadRun, neurobench_report, run_workloads
from neuromorph.bench.neurobench import GAPS, largest_complete
from neuromorph.bench.race import Course
from neuromorph.cli import main
from neuromorph.datum import Datum
from neuromorph.problems import neurobench_names, neurobench_set

WATTS = Datum(4.0, "W", 2.0, 8.0, "assumed", "a test")


def run_of(seed, seconds, sizes, target=100.0):
    return WorkloadRun(250, 0.05, seed, target, Course(np.array(seconds), np.array(sizes), 1.0))


def test_fixed_timeout_and_time_to_solution_follow_the_specification():
    first = run_of(0, [0.002, 0.02, 0.5], [80.0, 96.0, 102.0])
    second = run_of(1, [0.004, 0.2], [90.0, 98.0])
    report = neurobench_report([first, second], WATTS, 1.0, 500)
    (workload,) = report["workloads"]
    assert (workload["nodes"], workload["density"], workload["seeds"]) == (250, 0.05, [0, 1])
    assert workload["target_costs"] == [-100.0, -100.0]
    timed = {each["timeout_s"]: each for each in workload["fixed_timeout"]}
    assert list(timed) == [1e-3, 1e-2, 1e-1, 1.0]  # none beyond the budget
    assert timed[1e-3]["costs"] == [0.0, 0.0]  # no set yet: the trivial one
    assert timed[1e-2]["bks_gap"] == pytest.approx([0.2, 0.1])
    assert timed[1.0]["bks_gap"] == pytest.approx([-0.02, 0.02])  # below 0: the published set is beaten
    assert timed[1.0]["mean_bks_gap"] == pytest.approx(0.0)
    assert timed[1.0]["average_power_w"] == 4.0
    reached = {each["bks_gap"]: each for each in workload["time_to_solution"]}
    assert set(reached) == set(GAPS)
    assert reached[0.1]["latencies_s"] == [0.02, 0.004]
    assert reached[0.1]["mean_latency_s"] == pytest.approx(0.012)
    assert reached[0.1]["mean_energy_j"] == pytest.approx({"value": 0.048, "low": 0.024, "high": 0.096})
    assert (reached[0.01]["reached"], reached[0.01]["mean_energy_j"]) == (1, None)  # one missed it: no result
    assert report["largest_workload"]["density_1"] == 500
    json.dumps(report, allow_nan=False)


def test_a_workload_without_a_target_has_no_gap():
    report = neurobench_report([run_of(7, [0.1], [3.0], np.nan)], WATTS, 0.1)
    timed = report["workloads"][0]["fixed_timeout"][-1]
    assert (timed["costs"], timed["bks_gap"]) == ([-3.0], [None])
    json.dumps(report, allow_nan=False)


def test_a_run_goes_on_beyond_the_best_value_known():
    def growing(problem, seed, left):
        for size in (1, 2, 3):
            yield np.where(np.arange(problem.size) < size, 1, -1).astype(np.int8)

    solver = Solver("growing", "", lambda problem: problem, growing, False)
    problem = neurobench_set(25, 0.01, 0)
    (run,) = run_workloads([(25, 0.01, 0)], 10.0, solver=solver)
    assert (run.nodes, run.density, run.seed, run.target) == (25, 0.01, 0, problem.best_known)
    assert run.course.scores.tolist() == [1.0, 2.0, 3.0]
    assert run.latency_s(0.99) == run.course.seconds[0]
    assert run.latency_s(0.0) is None


def test_a_set_of_small_workloads_is_solved_to_the_published_targets():
    runs = run_workloads(neurobench_names(10), 0.02, seed=3)
    assert len(runs) == 20
    assert max(run.gap_at(10.0) for run in runs) <= 0.0
    assert largest_complete() > 0


def test_the_command_writes_the_report(tmp_path, capsys):
    assert main(["bench", "--neurobench", "10", "--time", "0.01", "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "gap at 10.0 ms" in shown
    assert "average power" in shown
    report = json.loads((tmp_path / "neurobench.json").read_text())
    assert len(report["workloads"]) == 4
    assert all(each["seeds"] == [0, 1, 2, 3, 4] for each in report["workloads"])
    assert report["power_measurement"]["average_power_w"]["source"]
    assert report["provenance"]["neurobench"] == 10


def test_ctrl_c_before_the_first_workload_is_said(monkeypatch, capsys):
    monkeypatch.setattr("neuromorph.bench.largest_complete", lambda seed: 500, raising=False)
    monkeypatch.setattr("neuromorph.bench.run_workloads", lambda *given, **named: [], raising=False)
    assert main(["bench", "--neurobench", "10"]) == 130
    assert capsys.readouterr().err == "interrupted: no workload was complete\n"


def test_the_command_takes_either_files_or_neurobench(tmp_path, capsys):
    assert main(["bench"]) == 2
    assert "give problems, or --neurobench N" in capsys.readouterr().err
    assert main(["bench", "--neurobench", "9"]) == 2
    assert capsys.readouterr().err == "error: --neurobench is 9; its graphs have 10 to 5000 nodes, give 5000 for all\n"
    assert main(["bench", "--neurobench", "9" * 14]) == 2
    assert "its graphs have 10 to 5000 nodes" in capsys.readouterr().err
    assert main(["bench", "x.txt", "--neurobench", "10"]) == 2
    assert "leave out files" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("nodes", "density"), [(10, 0.01), (16, 0.25), (64, 0.9), (500, 0.05), (1000, 0.25), (40, 1.0)]
)
def test_edges_are_those_of_networkx(nodes, density):
    """The published graphs come from its loop in Python, whose words of the generator are drawn at once here."""
    graph = nx.gnm_random_graph(nodes, int(0.5 * density * nodes**2), seed=3)
    assert neurobench_set(nodes, density, 3).edges.tolist() == sorted(map(sorted, graph.edges))


def test_a_stopped_command_goes_on_with_what_is_missing(tmp_path, monkeypatch, capsys):
    import neuromorph.bench.neurobench as module

    command = ["bench", "--neurobench", "10", "--time", "0.005", "--out", str(tmp_path), "--quiet"]
    built = []

    def stopping(*name):
        built.append(name)
        if len(built) == 10:
            raise KeyboardInterrupt
        return neurobench_set(*name)

    monkeypatch.setattr(module, "neurobench_set", stopping)
    assert main(command) == 130
    assert "the same command goes on with the others" in capsys.readouterr().err
    path = tmp_path / "neurobench-courses.jsonl"
    kept = path.read_text()
    assert len(kept.splitlines()) == 1 + 7  # the complete graph and the one to warm up are none of them
    path.write_text(kept + '{"nodes": 1')  # cut short
    monkeypatch.setattr(module, "neurobench_set", neurobench_set)
    assert main(command) == 0
    assert path.read_text().startswith(kept)
    assert len(path.read_text().splitlines()) == 1 + 20
    report = json.loads((tmp_path / "neurobench.json").read_text())
    assert [len(each["seeds"]) for each in report["workloads"]] == [5] * 4
    assert main([*command, "--seed", "2"]) == 0  # asked otherwise: all anew
    assert len(path.read_text().splitlines()) == 1 + 20
    assert not path.read_text().startswith(kept)
    for text in ("nothing\n", "[]\n", "\x00\n", kept.splitlines()[0] + "\n{}\n", kept.splitlines()[0] + "\n3\n"):
        path.write_text(text)
        assert main(command) == 2
        assert "holds no runs of NeuroBench" in capsys.readouterr().err
