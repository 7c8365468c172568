"""Answers in the user's own terms beside spins: a tour as a permutation, from the target to the report."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.cpu import annealer
from hardware_targets.cpu.annealer import CpuAnneal
from neuromorph.problems import MaxCut, Recall, Tsp, load, read_tour, score_run
from neuromorph.problems.tsplib_distances import DISTANCE_RULES
from neuromorph.run import Program, complete_run, concatenate_runs, part_of
from neuromorph.task import Minimize, RecallFrom
from neuromorph.tours.city_distances import apart, curve_order, distances_of, near_cities, point_distances


def cities(n: int, seed: int = 0, **more) -> Tsp:
    return Tsp.from_coordinates(np.random.default_rng(seed).random((n, 2)), **more)


@dataclass(frozen=True)
class Spoilt(CpuAnneal):
    """Hands over something else than its tours."""

    spoil: object = None

    def run(self, program, task, reads=1, rng=None):
        return self.spoil(super().run(program, task, reads, rng))


# A run.


def test_a_run_of_tours_has_their_lengths_as_energies():
    problem = cities(6)
    tours = np.array([[0, 1, 2, 3, 4, 5], [5, 3, 1, 0, 2, 4]])
    program = Program("hand", problem, None)
    run = complete_run(program, Minimize(), None, {"device_s": 1.0}, answers=tours)
    assert (run.reads, run.spins.shape, run.spins.dtype, run.answers.dtype) == (2, (2, 0), np.int8, np.int32)
    assert run.energies.tolist() == [problem.length(tour) for tour in tours]
    beside = complete_run(program, Minimize(), [problem.spins(tour) for tour in tours], {}, answers=tours)
    assert beside.energies.tolist() == pytest.approx(problem.energy(beside.spins), rel=1e-12)
    both = concatenate_runs([run, part_of(run, 1, 2)])
    assert both.answers.tolist() == [*tours.tolist(), tours[1].tolist()]
    assert part_of(both, 2, 3).answers.tolist() == [tours[1].tolist()]
    with pytest.raises(ValueError, match="others none"):
        concatenate_runs([beside, replace(beside, answers=None)])


def test_what_is_no_answer_of_the_problem_is_said():
    tour = Program("hand", cities(4), None)
    for answers, said in (([[0, 1, 2, 2]], "visits city 2 2 times"), ([0, 1, 2, 3], r"shape \(4,\)")):
        with pytest.raises(ValueError, match=said):
            complete_run(tour, Minimize(), None, {}, answers=answers)
    with pytest.raises(ValueError, match="one of them at least"):
        complete_run(tour, Minimize(), None, {})
    for asked, kind in ((nm.Ising(np.zeros((2, 2))), "Ising"), (MaxCut.from_edges(2, [[0, 1]]), "maxcut")):
        with pytest.raises(ValueError, match=f"a {kind} problem has no answers other than spins"):
            complete_run(Program("hand", asked, None), Minimize(), None, {}, answers=[[0, 1]])


def test_every_run_is_scored_by_one_function():
    """Tours by spins or by themselves, cuts, patterns against their cue; what is not feasible is NaN."""
    problem = cities(5)
    tours = np.array([[0, 1, 2, 3, 4], [2, 0, 4, 1, 3]])
    program, spins = Program("hand", problem, None), np.array([problem.spins(tour) for tour in tours])
    native = score_run(problem, complete_run(program, Minimize(), None, {}, answers=tours))
    decoded = score_run(problem, complete_run(program, Minimize(), spins, {}))
    assert native.scores.tolist() == decoded.scores.tolist() == [problem.length(tour) for tour in tours]
    assert [each.value.tolist() for each in native.solutions] == tours.tolist()
    assert all(each.feasible for each in native.solutions)
    broken = score_run(problem, complete_run(program, Minimize(), -spins, {}))
    assert np.isnan(broken.scores).all()
    cut = MaxCut.from_edges(3, [[0, 1], [1, 2]])
    ends = complete_run(Program("hand", cut, None), Minimize(), [[1, -1, 1], [1, 1, 1]], {})
    assert score_run(cut, ends).scores.tolist() == [2.0, 0.0]
    pattern = np.array([[1, 1, 1, 1], [1, -1, 1, -1]])
    recall, cues = Recall("two", pattern), RecallFrom(pattern)
    ends = complete_run(Program("hand", recall, None), cues, pattern[::-1], {})
    assert score_run(recall, ends).scores.tolist() == [0.0, 0.0], "the wrong pattern of the two"


# From the target to the report.


@pytest.mark.parametrize(("n", "spins"), [(200, 200**2), (201, 0)])
def test_spins_stand_beside_a_tour_where_the_problem_has_an_ising_form(n, spins):
    problem, target = cities(n), CpuAnneal(sweeps=5)
    run = target.run(target.program(problem), Minimize(), 2, 0)
    assert run.spins.shape == (2, spins)
    assert (np.sort(run.answers, axis=1) == np.arange(n)).all()
    if spins:
        assert [problem.decode(s).value.tolist() for s in run.spins] == run.answers.tolist()


def test_a_study_keeps_tours_and_goes_on_from_them(tmp_path):
    problem, target = cities(205, name="some"), CpuAnneal(sweeps=5)
    (first,) = nm.compare(problem, [target], reads=3, rng=1, directory=tmp_path).results
    (more,) = nm.compare(problem, [target], reads=5, rng=1, directory=tmp_path).results
    (whole,) = nm.compare(problem, [target], reads=5, rng=1).results
    assert (first.resumed, more.resumed, more.status) == (0, 3, "ok")
    assert more.run.answers.tolist() == whole.run.answers.tolist()
    assert more.scores.tolist() == [problem.length(tour) for tour in whole.run.answers] == more.run.energies.tolist()
    assert more.best == min(more.scores)
    assert problem.length(more.solution.value) == more.best


SPOILT = {
    "leaves a city out": (lambda a: np.where(a == 3, 4, a), "answers that are none of the problem: tour visits city 3"),
    "hands over floats": (lambda a: a.astype(float), "answers of shape"),
    "hands over one row": (lambda a: a[0], "answers of shape (6,)"),
    "hands over too many": (lambda a: np.vstack([a, a]), "2 answers for 1 reads"),
    "turns its tour round": (lambda a: a[:, ::-1].copy(), "spins of read 0 that are not those of its answer"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_odd_answers_are_a_failed_row(case):
    spoil, said = SPOILT[case]
    odd = Spoilt(sweeps=5, spoil=lambda run: replace(run, answers=spoil(run.answers)))
    (row,) = nm.compare(cities(6), [odd], reads=1, rng=0).results
    assert row.status == "failed"
    assert said in row.reason


def test_answers_for_some_reads_alone_are_a_failed_row_that_keeps_the_others():
    odd = Spoilt(sweeps=5, spoil=lambda run: run if run.reads == 1 else replace(run, answers=None))
    (row,) = nm.compare(cities(6), [odd], reads=4, rng=0).results
    assert (row.status, row.reads) == ("failed", 2)
    assert "answers for some reads" in row.reason


def test_lengths_made_up_are_found():
    odd = Spoilt(sweeps=5, spoil=lambda run: replace(run, energies=run.energies * 0.5))
    (row,) = nm.compare(cities(205), [odd], reads=1, rng=0).results
    assert "its answers have" in row.reason


def test_damaged_tours_are_set_aside(tmp_path):
    problem, target = cities(205), CpuAnneal(sweeps=5)
    (good,) = nm.compare(problem, [target], reads=2, rng=1, directory=tmp_path).results
    (path,) = tmp_path.glob("runs/*.npz")
    for spoil in (lambda a: a[:1], lambda a: a[0], lambda a: a.astype(float), lambda a: 0 * a):
        with np.load(path) as file:
            arrays = dict(file)
        np.savez_compressed(path, **{**arrays, "answers": spoil(arrays["answers"])})
        (row,) = nm.compare(problem, [target], reads=2, rng=1, directory=tmp_path).results
        assert (row.status, row.resumed) == ("ok", 0)
        assert "set aside" in row.warnings[0]
        assert row.run.answers.tolist() == good.run.answers.tolist()


# Many cities: no matrix.


def coordinates_of(kind: str, n: int) -> np.ndarray:
    rng = np.random.default_rng(n)
    dimensions = DISTANCE_RULES[kind][0] or 4
    if kind == "GEO":
        return np.trunc(rng.uniform(-80, 80, (n, 2))) + 0.01 * rng.integers(0, 60, (n, 2))
    return rng.uniform(-170.0, 170.0, (n, dimensions)).round(1)


@pytest.mark.parametrize("kind", DISTANCE_RULES)
def test_distances_without_a_matrix_are_those_of_the_problem(kind):
    problem = Tsp("some", coordinates_of(kind, 60), kind)
    held, matrix = point_distances(problem), problem.distances()
    found = np.array([[apart(held, a, b) if a != b else 0.0 for b in range(60)] for a in range(60)])
    np.testing.assert_allclose(found, matrix, rtol=1e-14)
    near = near_cities(problem, held, 7)
    assert not (near == np.arange(60)[:, None]).any()
    assert all(np.unique(row).size == 7 for row in near)
    reached = np.take_along_axis(matrix, near, axis=1)
    np.fill_diagonal(matrix, np.inf)
    nearest = np.sort(matrix, axis=1)[:, :7]
    assert np.abs(np.sort(reached, axis=1) - nearest).max() <= 1.0 + 1e-9, "rounding alone changes their order"


def test_cities_on_one_spot_are_near_each_other_and_not_themselves():
    points = np.repeat(np.random.default_rng(0).random((5, 2)), 30, axis=0)
    problem = Tsp.from_coordinates(points)
    near = near_cities(problem, point_distances(problem), 10)
    assert not (near == np.arange(150)[:, None]).any()
    assert (near // 30 == np.arange(150)[:, None] // 30).all()


def test_the_curve_passes_neighbors_only():
    """On a full grid of 2^k cities a side each step goes to the next city, not beyond."""
    grid = np.stack(np.meshgrid(np.arange(16.0), np.arange(16.0)), -1).reshape(-1, 2)
    grid = grid[np.random.default_rng(0).permutation(256)]
    order = curve_order(point_distances(Tsp.from_coordinates(grid)))
    assert sorted(order) == list(range(256))
    assert (np.abs(np.diff(grid[order], axis=0)).sum(axis=1) == 1.0).all()
    line = Tsp.from_coordinates(np.random.default_rng(1).random((50, 1)))
    assert (np.diff(line.coordinates[curve_order(point_distances(line)), 0]) >= -1e-6).all()


def test_an_anneal_without_a_matrix_is_as_good_as_one_with_it(monkeypatch):
    problem, target = cities(300), CpuAnneal(sweeps=300)
    with_matrix = target.run(target.program(problem), Minimize(), 2, 0)
    monkeypatch.setattr(annealer, "MATRIX_CITIES", 100)
    monkeypatch.setattr("neuromorph.tours.city_distances.MATRIX_CITIES", 100)
    program = target.program(problem)
    assert program.state.distances.matrix.size == 0
    without = target.run(program, Minimize(), 2, 0)
    assert without.energies.mean() < 1.03 * with_matrix.energies.mean()
    assert without.energies[0] != without.energies[1], "each read anneals on its own"
    again = target.run(program, Minimize(), 1, 0)
    assert again.answers[0].tolist() == without.answers[0].tolist()


def test_a_matrix_that_is_given_is_not_copied(monkeypatch):
    monkeypatch.setattr("neuromorph.tours.city_distances.MATRIX_CITIES", 5)
    problem = Tsp.from_matrix(cities(8).distances())
    assert distances_of(problem).matrix is problem.matrix


SOLVE = """
import re, sys
from neuromorph.cli import main
code = main(sys.argv[1:])
with open("/proc/self/status") as status:  # ru_maxrss would count the process that started this one
    print(int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) >> 10, file=sys.stderr)
sys.exit(code)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from /proc")


def solve(*arguments) -> tuple[str, int]:
    """(standard output, peak memory in MB) of ``neuromorph solve``."""
    command = [sys.executable, "-c", SOLVE, "solve", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout, int(done.stderr.split()[-1])


@linux
def test_ten_thousand_cities_from_the_command_line(tmp_path):
    """As spins they would be 100 MB a read, as a matrix 800 MB."""
    path = tmp_path / "many.tsp"
    xy = np.random.default_rng(3).integers(0, 10**6, (10_000, 2))
    rows = "\n".join(f"{k + 1} {x} {y}" for k, (x, y) in enumerate(xy.tolist()))
    head = "NAME: many\nTYPE: TSP\nDIMENSION: 10000\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION"
    path.write_text(f"{head}\n{rows}\nEOF\n")
    problem, out = load(path), tmp_path / "tour"
    shown, peak = solve(path, "--reads", 1, "--seed", 1, "--out", out, "--json")
    length = problem.length(read_tour(out))
    assert length == json.loads(shown)["best"]
    assert length < 1.1 * 0.7124 * np.sqrt(1e4 * 1e12), "the constant of random cities: Johnson et al. (1996)"
    assert peak < 500


@linux
@pytest.mark.slow
def test_pla33810_takes_no_gigabyte(shared_data, tmp_path):
    if shared_data is None:
        return
    path, out = shared_data / "tsplib" / "pla33810.tsp", tmp_path / "tour"
    _, peak = solve(path, "--reads", 1, "--seed", 1, "--out", out)
    assert load(path).length(read_tour(out)) < 1.06 * 66_048_945
    assert peak < 1000
