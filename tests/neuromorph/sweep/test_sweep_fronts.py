"""Summaries, fronts, refinement and search: against brute force, planted answers and an undisturbed run."""

import itertools
import json
import re
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_toys import Inline, toy_study

from neuromorph.report import write_study_page
from neuromorph.sweep import (
    StudyError,
    StudySummary,
    attainment_bands,
    hypervolume,
    parameter_effects,
    pareto_front,
    read_summary,
    sweep,
)
from neuromorph.sweep import study_folder as folder_module
from neuromorph.sweep.study_summary import SummaryRows, read_results

POINTS = st.lists(st.tuples(*[st.integers(0, 6)] * 3), min_size=1, max_size=12)


@given(POINTS)
def test_the_front_is_what_nothing_dominates(points):
    values = np.array(points, dtype=float)

    def dominated(p):
        return any((q <= p).all() and (q < p).any() for q in values)

    assert pareto_front(values).tolist() == [not dominated(p) for p in values]


@given(POINTS)
def test_the_hypervolume_counts_the_unit_cubes_that_are_dominated(points):
    corner = (6, 5, 7)
    cubes = itertools.product(*(range(c) for c in corner))
    count = sum(any(all(p[i] <= cube[i] for i in range(3)) for p in points) for cube in cubes)
    assert hypervolume(points, corner) == pytest.approx(count)


def test_a_setting_without_numbers_is_not_on_the_front():
    assert pareto_front([[np.nan, 0.0], [1.0, 1.0], [2.0, 2.0]]).tolist() == [False, True, False]
    assert hypervolume([[np.nan, 0.0]], [1.0, 1.0]) == 0.0


def test_attainment_is_a_quantile_over_devices():
    """Two devices: one attains .5 at 1 J and .9 at 10 J, the other .7 at 2 J and nothing better."""
    energies = np.array([[1.0, 2.0], [10.0, 10.0], [3.0, np.nan]])
    accuracies = np.array([[0.5, 0.7], [0.9, 0.6], [0.4, 1.0]])
    low, high = attainment_bands(energies, accuracies, [0.5, 1.0, 2.0, 20.0], (0.5, 1.0))
    assert low.tolist() == [-np.inf, -np.inf, 0.5, 0.7]
    assert high.tolist() == [-np.inf, 0.5, 0.7, 0.9]


def planted(effect_a, effect_b):
    """Quality over a grid of a and b, without noise: shares of variance are known."""
    grid = [{"a": a, "b": b} for a in range(4) for b in range(3)]
    quality = np.array([effect_a * p["a"] + effect_b * p["b"] for p in grid], dtype=float)[:, None, None]
    return StudySummary(tuple(("chip", p) for p in grid), ("one",), ((0, 0),), {"quality": quality})


def test_shares_of_variance_of_a_grid_are_exact():
    effects = {each.parameter: each for each in parameter_effects(planted(0.2, 0.1))}
    va, vb = 0.04 * np.var(range(4)), 0.01 * np.var(range(3))
    assert effects["a"].share == pytest.approx(va / (va + vb))
    assert effects["b"].share == pytest.approx(vb / (va + vb))
    assert (effects["a"].at_low, effects["a"].at_high) == (0, 3)
    assert parameter_effects(planted(0.0, 0.0))[0].share == 0.0


def test_a_summary_has_the_numbers_of_the_rows(toys):
    sweep(toy_study(), toys / "out", executor=Inline())
    found = read_summary(toys / "out")
    assert [parameters["levels"] for _, parameters in found.settings] == [1, 2, 4, 8]
    assert found.devices == ((1, 0), (1, 1), (2, 0), (2, 1))
    assert len(found.work) == 2
    energy = found.over_work("energy")
    levels = np.array([1, 2, 4, 8])
    np.testing.assert_allclose(energy, np.broadcast_to(levels[:, None] * 2e-12 + 8e-12 / 3, energy.shape))
    quality = found.over_work("accuracy").mean(axis=1)
    assert quality[3] > quality[0]
    assert np.isfinite(found.values["success"]).all()  # also of the problem whose best value nobody knows
    assert found.values["success"].max() <= 1.0


def test_a_summary_reads_what_is_there_of_an_unfinished_study(toys):
    with pytest.raises(StudyError, match="has no results"):
        read_summary(toys)
    sweep(toy_study(), toys / "out", executor=Inline())
    whole = read_summary(toys / "out").over_work("accuracy")
    (toys / "out" / "results.parquet").unlink()
    np.testing.assert_array_equal(read_summary(toys / "out").over_work("accuracy"), whole)


def test_rows_are_kept_small_and_the_later_one_of_a_task_counts(toys):
    """A page follows studies of a million tasks: 250 bytes a row at most."""
    sweep(toy_study(), toys / "out", executor=Inline())
    part, rows = read_results(toys / "out"), SummaryRows()
    part = part.set_column(part.schema.get_field_index("quality"), "quality", pa.array([0.5] * len(part)))
    where = part.schema.get_field_index("task")
    tracemalloc.start()
    try:
        for k in range(100):
            names = [f"{k:08d}{text[8:]}" for text in part["task"].to_pylist()]
            rows.add(part.set_column(where, "task", pa.array(names)))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(rows) == rows.count("ok") == 100 * len(part)
    assert held < 250 * len(rows)
    before = rows.summary().values["quality"]
    rows.add(part.set_column(part.schema.get_field_index("status"), "status", pa.array(["failed"] * len(part))))
    rows.add(part)
    assert len(rows) == 101 * len(part)
    assert rows.count("failed") == 0
    np.testing.assert_array_equal(rows.summary().values["quality"], before)


def adaptive():
    study = toy_study(32)
    levels = {"low": 1, "high": 257, "points": 5}
    study["targets"] = [
        {"target": "toy-chip", "design": "adaptive", "rounds": 2, "of": "quality", "parameters": {"levels": levels}}
    ]
    return study


def test_refinement_goes_where_the_change_is(toys):
    """Quality rises between 1 and 65 draws and is flat beyond."""
    state = sweep(adaptive(), toys / "out", executor=Inline())
    values = sorted(parameters["levels"] for _, parameters in read_summary(toys / "out").settings)
    assert state.total == 8 * len(values)
    assert {1, 65, 129, 193, 257} < set(values)
    assert 33 in values
    assert 17 in values
    assert sum(value < 129 for value in values) > sum(value > 129 for value in values)
    assert sweep(adaptive(), toys / "out", executor=Inline()).ran == 0


class Killed(BaseException):
    pass


def killed_often(study, place, monkeypatch):
    """Run a study that ends at every fourth part, before the table hears of it."""
    real, written = folder_module.write_part, itertools.count(1)

    def write_part(*arguments):
        number = real(*arguments)
        if next(written) % 4 == 0:
            raise Killed
        return number

    ended = 0
    with monkeypatch.context() as patch:
        patch.setattr(folder_module, "write_part", write_part)
        while True:
            try:
                return sweep(study, place, executor=Inline(), batch_s=0.005), ended
            except Killed:
                ended += 1


@pytest.mark.slow
def test_a_refinement_that_is_killed_refines_the_same(toys, monkeypatch):
    sweep(adaptive(), toys / "whole", executor=Inline())
    _, ended = killed_often(adaptive(), toys / "killed", monkeypatch)
    assert ended >= 2
    assert (toys / "killed" / "results.parquet").read_bytes() == (toys / "whole" / "results.parquet").read_bytes()


def searched(sampler="nsga2"):
    study = toy_study(32)
    study["targets"][0]["parameters"] = {"levels": {"low": 1, "high": 64, "scale": "log"}, "noise": [0.0, 0.4]}
    study["search"] = {"trials": 12, "together": 4, "sampler": sampler, "seed": 3}
    return study


@pytest.mark.parametrize("sampler", ["nsga2", "tpe", "random"])
def test_a_search_finds_a_front_and_counts_what_it_cost(toys, sampler):
    pytest.importorskip("optuna")
    state = sweep(searched(sampler), toys / "out", executor=Inline())
    assert state.failed == 0
    found = json.loads((toys / "out" / "search.json").read_text())["targets"]["toy-chip"]
    front = sorted(found["front"], key=lambda each: each["energy"])
    assert len(front) >= 2
    assert [each["accuracy"] for each in front] == sorted(each["accuracy"] for each in front)
    assert found["hypervolume"] > 0.0
    summary = read_summary(toys / "out")
    reads = 3 * summary.values["energy"].size
    assert found["tuning_energy_j"] == pytest.approx(summary.values["energy"].mean() * reads)
    assert sweep(searched(sampler), toys / "out", executor=Inline()).ran == 0


def test_a_search_that_is_killed_asks_for_the_same(toys, monkeypatch):
    pytest.importorskip("optuna")
    sweep(searched(), toys / "whole", executor=Inline())
    _, ended = killed_often(searched(), toys / "killed", monkeypatch)
    assert ended >= 2
    assert (toys / "killed" / "results.parquet").read_bytes() == (toys / "whole" / "results.parquet").read_bytes()
    whole, killed = (json.loads((toys / name / "search.json").read_text()) for name in ("whole", "killed"))
    assert whole == killed


def test_what_looks_at_all_results_has_no_shards(toys):
    for study in (adaptive(), searched()):
        with pytest.raises(StudyError, match="without --shard"):
            sweep(study, toys / "out", executor=Inline(), shard=(1, 2))


def test_a_study_leaves_a_page_that_holds_its_numbers(toys):
    """Of a folder, finished or with a damaged description: each setting is a row, with the energies of the summary."""
    sweep(toy_study(32), toys / "run", executor=Inline())
    path = write_study_page(toys / "run")
    data = json.loads(re.search(r'id="data">(.*?)</script>', path.read_text(encoding="utf-8"), re.S)[1])
    summary = read_summary(toys / "run")
    wanted = {
        f"levels {p['levels']}": e for (_, p), e in zip(summary.settings, summary.over_work("energy"), strict=True)
    }
    assert len(data["rows"]) == len(wanted) == 4
    for row, energy in zip(data["rows"], data["front"]["x"]["points"][0]["value"], strict=True):
        (mine,) = [e for name, e in wanted.items() if name in row["small"].split(", ")]
        assert energy == pytest.approx(mine.mean(), rel=1e-4)
    (toys / "run" / "study.json").write_text("[1")
    assert write_study_page(toys / "run") == path
