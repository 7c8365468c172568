"""Feasible fraction against quality: at no penalty nothing holds the groups, at the proven one most reads do."""

import sys
from pathlib import Path

import numpy as np
import pytest

from neuromorph import Ising, Tsp
from neuromorph.optimization import penalty_curve
from neuromorph.problems.assignment import Assignment
from neuromorph.problems.coloring import Coloring

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_feasible_reads_and_their_scores_rise_with_the_penalty():
    f, d = np.random.default_rng(3).integers(0, 10, (2, 5, 5)).astype(float)
    problem = Assignment("own", f + f.T, d + d.T)
    found = penalty_curve(problem, (1.0, 0.01, 4.0, 1.0), reads=40, sweeps=300, rng=1)
    assert [point.factor for point in found.points] == [0.01, 1.0, 4.0]
    low, proven, high = found.points
    assert (low.feasible.value, low.best, low.median) == (0.0, None, None)
    assert proven.feasible.value > 0.9
    assert proven.median < high.median
    assert found.proven == problem.default_penalty()
    assert found.chosen == found.proven
    again = penalty_curve(problem, (0.01, 1.0, 4.0), reads=40, sweeps=300, rng=1)
    assert again == found


def test_a_coloring_and_a_tour_have_one():
    four = Coloring("K4", 4, [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]], 2)
    tour = Tsp.from_coordinates(np.random.default_rng(1).random((4, 2)))
    for problem in (four, tour):
        found = penalty_curve(problem, (0.001, 1.0), reads=20, sweeps=200, rng=1)
        assert found.points[1].feasible.value > found.points[0].feasible.value
        assert found.points[1].best == pytest.approx(found.points[1].median, rel=0.5)


def test_where_no_read_is_feasible_the_proven_one_is_kept():
    f = np.ones((4, 4))
    found = penalty_curve(Assignment("own", f, f), (1e-4,), reads=5, sweeps=50, rng=1)
    assert found.chosen == found.proven
    assert found.points[0].success.value == 0.0


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="Ising has no penalty"):
        penalty_curve(Ising(np.zeros((2, 2))))
    for factors in ((), (0.0,), (np.nan,)):
        with pytest.raises(ValueError, match="give positive factors"):
            penalty_curve(Assignment("own", np.eye(3), np.eye(3)), factors)


def test_the_example_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(EXAMPLES)
    import penalty_tuning

    curve = penalty_tuning.main(["--reads", "8", "--sweeps", "100", "--out", str(tmp_path / "penalty.png")])
    assert (tmp_path / "penalty.png").stat().st_size > 10_000
    assert len(curve.points) == 10
    assert "moves within the groups" in capsys.readouterr().out
    del sys.modules["penalty_tuning"]
