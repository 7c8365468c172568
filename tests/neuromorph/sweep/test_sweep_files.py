"""STUDY.toml: its keys, its settings, its tasks and their hashes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sweep_toys import toy_study

from neuromorph.cli import main
from neuromorph.study.fingerprint import problem_digest
from neuromorph.sweep import read_study
from neuromorph.sweep.generated_problems import generated_problem
from neuromorph.sweep.parameter_points import ParameterRange, parameter_points
from neuromorph.sweep.study_tasks import study_settings, study_work, tasks_of_setting

GOOD = """
[[problems]]
generate = "sk"
size = 8
[[targets]]
target = "toy-chip"
[targets.parameters]
levels = [1, 2]
"""

WRONG = [
    ("[study]\nread = 5" + GOOD, "did you mean reads?"),
    ("[study]\nchips = 0" + GOOD, "chips is 0; give a whole number from 1"),
    ("[study]\nseeds = []" + GOOD, "seeds is empty"),
    (GOOD.replace("[[problems]]", "[[problem]]"), "did you mean problems?"),
    (GOOD.replace("size", "sise"), "did you mean size?"),
    (GOOD.replace('"sk"', '"skk"'), "did you mean sk?"),
    (GOOD.replace("size = 8", "size = 8.5"), "size is 8.5; give a whole number"),
    (GOOD.replace("toy-chip", "toy-chap"), "did you mean toy-chip?"),
    (GOOD.replace("levels", "level"), "did you mean levels?"),
    (GOOD.replace("[1, 2]", '"many"'), "levels is 'many'; give a whole number"),
    (GOOD.replace("[1, 2]", "[]"), "levels is an empty list"),
    (GOOD.replace("[1, 2]", "0"), "levels is 0; draw one state at least"),
    (GOOD.replace("[1, 2]", "{ low = 4, high = 2 }"), "needs low < high"),
    (GOOD.replace("[1, 2]", '{ low = 0, high = 2, scale = "log" }'), "above 0 on a log scale"),
    (GOOD.replace("[1, 2]", "{ low = 0, hihg = 2 }"), "did you mean high?"),
    (GOOD.replace("[targets.p", 'design = "sobl"\n[targets.p'), "did you mean sobol?"),
    (GOOD.replace("[targets.p", 'design = "sobol"\n[targets.p'), "add points = N"),
    (GOOD.replace("[targets.p", 'design = "adaptive"\n[targets.p'), "refines one range, and 0 are given"),
    ('[[tasks]]\ntask = "sampl"' + GOOD, "did you mean sample?"),
    ('[[tasks]]\ntask = "sample"' + GOOD, "needs beta = B"),
    ('[[tasks]]\ntask = "recall"' + GOOD, "no problem of the study is a memory"),
    ('[search]\nsampler = "nsga"\ntrials = 3' + GOOD, "did you mean nsga2?"),
    ('[search]\nobjectives = ["enrgy"]\ntrials = 3' + GOOD, "did you mean energy?"),
    ("[search]\ntrials = 3" + GOOD + GOOD[GOOD.index("[[t") :], "stands in two [[targets]]"),
    ('[[problems]]\nfiles = ["*.none"]\n' + GOOD, "no file is named '*.none'"),
    ("x = 1\n" + GOOD, "the file has 'x'"),
    ("[study", "is not TOML"),
]


@pytest.mark.parametrize(("text", "said"), WRONG, ids=[said for _, said in WRONG])
def test_wrong_studies_are_answered_with_the_right_word(toys, capsys, text, said):
    (toys / "study.toml").write_text(text)
    assert main(["sweep", str(toys / "study.toml"), "--out", str(toys / "out"), "--dry-run"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("error: ")
    assert not (toys / "out").exists()


@given(st.binary(max_size=400))
def test_random_bytes_are_an_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("random") / "study.toml"
    path.write_bytes(data)
    with pytest.raises(ValueError):
        read_study(path)


def test_a_dry_run_shows_tasks_and_an_estimate(toys, capsys):
    (toys / "study.toml").write_text("[study]\nchips = 3\n" + GOOD)
    assert main(["sweep", str(toys / "study.toml"), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "6 tasks: 1 problems and tasks, settings: toy-chip 2" in said
    assert "a task (2 tried): about" in said
    assert not (toys / "study").exists()


def keys(study):
    work = study_work(study)
    return [task.key for each in study_settings(study) for task in tasks_of_setting(study, work, *each)]


def test_hashes_are_of_what_numbers_depend_on(toys):
    base = keys(read_study(toy_study()))
    assert len(set(base)) == len(base) == 96
    turned = toy_study()
    turned["problems"] = turned["problems"][::-1]
    turned["targets"][0]["parameters"] = dict(reversed(turned["targets"][0]["parameters"].items()))
    turned["targets"][0]["parameters"]["levels"] = [8.0, 4, 2, 1]
    turned["study"] |= {"name": "another", "success_gap": 0.0}
    assert sorted(keys(read_study(turned))) == sorted(base)
    for change in ({"reads": 4}, {"seeds": [3, 4]}):
        other = toy_study()
        other["study"] |= change
        assert not set(keys(read_study(other))) & set(base)
    assert base[0] == "02cbde6b7ba4fce89957bf2de5b00126"


def test_rules_and_temperatures_make_their_own_tasks(toys):
    study = read_study(
        {
            "problems": [{"generate": "patterns", "size": 16, "seed": [0, 1]}, {"generate": "sk", "size": 6}],
            "tasks": [
                {"task": "recall", "rule": ["hebb", "pseudo-inverse"]},
                {"task": "sample", "beta": [0.5, 1.0]},
                {"task": "minimize"},
            ],
            "targets": [{"target": "toy-chip"}],
        }
    )
    pairs = [(each.task, each.beta, each.problem.rule) for each in study_work(study)]
    assert len(pairs) == 2 * 2 + 3 * 2 + 3
    assert pairs[:2] == [("recall", None, "hebb"), ("recall", None, "pseudo-inverse")]


def test_designs(toys):
    ranges = {"a": ParameterRange(1.0, 100.0, 3, log=True), "b": [True, False], "c": 7}
    grid = list(parameter_points(ranges, "grid"))
    assert [point["a"] for point in grid] == [1.0, 1.0, 10.0, 10.0, 100.0, 100.0]
    assert {point["c"] for point in grid} == {7}
    side = list(parameter_points({"a": [1, 2], "b": [3, 4]}, "list"))
    assert side == [{"a": 1, "b": 3}, {"a": 2, "b": 4}]
    with pytest.raises(ValueError, match="a has 2, b has 3"):
        list(parameter_points({"a": [1, 2], "b": [1, 2, 3]}, "list"))
    for design in ("random", "sobol"):
        points = list(parameter_points(ranges, design, 64, 5))
        assert points == list(parameter_points(ranges, design, 64, 5))
        assert len({point["a"] for point in points}) == 64
        assert all(1.0 <= point["a"] <= 100.0 for point in points)
    # Each of 8 equal parts of the range has 8 of 64 Sobol points; random ones hold that by a chance of 1e-4.
    counts, _ = np.histogram(np.log10([point["a"] for point in points]), 8, (0.0, 2.0))
    assert (counts == 8).all()


@pytest.mark.parametrize("name", ["maxcut-regular", "maxcut-gnp", "sk", "spin-glass-2d", "tsp-uniform", "patterns"])
def test_generated_problems_are_the_same_for_the_same_seed(name):
    a, b, c = (generated_problem(name, {"size": 8, "seed": seed}) for seed in (1, 1, 2))
    assert problem_digest(a) == problem_digest(b) != problem_digest(c)
    assert a.name == b.name != c.name
