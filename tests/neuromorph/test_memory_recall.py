"""Pictures in, pictures out: the command line, its files and refusals; the scikit-learn estimator."""

import json
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph import associative_memory as memory
from neuromorph.associative_memory.named_rules import RULES
from neuromorph.cli import main
from neuromorph.rng import child
from neuromorph.study.recall_score import score_recall

CROSS = Path(__file__).parents[2] / "examples" / "data" / "cross.txt"


@pytest.fixture
def letters(tmp_path):
    """Four random pictures of 9 x 11 pixels, as an archive."""
    x = np.random.default_rng(3).choice([-1, 1], (4, 9, 11))
    np.savez(tmp_path / "letters.npz", patterns=x)
    return tmp_path / "letters.npz"


def recall(*words):
    return main(["solve", *map(str, words), "--task", "recall", "--target", "cpu-relaxation"])


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_recalls_every_picture(letters, tmp_path, capsys, rule):
    """Files can be read again: the pictures are those stored; the JSON says which, how near, and what they are."""
    problem, out = nm.load(letters), tmp_path / "out"
    assert recall(letters, "--rule", rule, "--noise", "0.15", "--reads", 8, "--seed", 1, "--out", f"{out}/") == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("-> 1.000, 2 of 2 reads at rest") == 4
    assert "4 fixed points of the memory, in 8 of 8 reads" in said.err
    assert ("learning converged" in said.err) == (rule == "perceptron")
    made = sorted(path.name for path in out.iterdir())
    assert made == ["answer.png", *(f"recalled-{k}.png" for k in range(1, 5)), "recalled.txt", "result.json"]
    again = nm.load(out / "recalled.txt")
    np.testing.assert_array_equal(again.patterns, problem.patterns)
    assert again.shape == (9, 11)
    for k in range(4):
        np.testing.assert_array_equal(nm.load(out / f"recalled-{k + 1}.png").patterns, problem.patterns[k : k + 1])
    about = json.loads((out / "result.json").read_text())
    assert about["task"] == {"name": "recall", "rule": rule}
    told = about["recall"]
    assert (told["overlap"], told["fixed_fraction"], told["fixed_points"]) == (1.0, 1.0, 4)
    assert told["learning"] == ("converged" if rule == "perceptron" else None)
    assert told["overlap_of_cue"] == pytest.approx(1 - 2 * 15 / 99)
    assert told["reads"]["pattern"] == told["reads"]["nearest"] == [1, 2, 3, 4] * 2
    assert all(told["reads"]["settled"])


def test_a_cue_is_recalled(tmp_path, capsys):
    """A picture with a hole in it; without --out the recalled one is printed, ready to be read again."""
    cross = nm.load(CROSS)
    damaged = cross.patterns[0].reshape(11, 11).copy()
    damaged[:4] = -1
    (tmp_path / "cue.txt").write_text(nm.problems.picture_text(damaged[None], (11, 11)))
    assert recall(CROSS, "--cue", tmp_path / "cue.txt", "--reads", 1) == 0
    out = capsys.readouterr().out
    (tmp_path / "recalled.txt").write_text(out)
    np.testing.assert_array_equal(nm.load(tmp_path / "recalled.txt").patterns, cross.patterns)
    assert recall(CROSS, "--cue", tmp_path / "cue.txt", "--out", f"{tmp_path}/out/") == 0
    assert (tmp_path / "out" / "recalled.png").exists()


def told(capsys, letters, *words, target="cpu-relaxation"):
    words = ["solve", str(letters), "--json", "--seed", "4", "--reads", "4", "--target", target, *words]
    assert main(words) == 0
    return json.loads(capsys.readouterr().out)


def test_options_reach_the_memory(letters, capsys):
    assert told(capsys, letters, target="cpu-relaxation(beta=4)")["converged_fraction"] == 0.0
    assert told(capsys, letters, target="cpu-relaxation(order=synchronous)")["recall"]["overlap"] > 0.9
    assert told(capsys, letters, "--noise", "0")["recall"]["overlap_of_cue"] == 1.0
    for rule in ("dense(power=exp)", "dense(power=5)", "modern(beta=0.5)"):
        assert told(capsys, letters, "--rule", rule)["recall"]["overlap"] == 1.0
    assert told(capsys, letters, "--rule", "modern(beta=0.0001)")["recall"]["overlap"] < 1.0


def test_energies_of_memories_without_couplings(letters):
    problem = replace(nm.load(letters), rule="dense(power=exp)")
    (row,) = nm.compare(problem, ["cpu-relaxation"], 4, 1).results
    assert row.run.energies == pytest.approx(-99.0)
    dense = memory.DenseMemory(problem.patterns, 5)
    spins = np.random.default_rng(0).choice([-1, 1], (3, 99))
    assert replace(problem, rule="dense(power=5)").energy(spins) == pytest.approx(dense.energy(spins))
    assert replace(problem, rule="dense").energy(spins) == pytest.approx(
        memory.DenseMemory(problem.patterns).energy(spins)
    )
    modern = memory.ModernHopfield(problem.patterns, 0.5)
    assert replace(problem, rule="modern(beta=0.5)").energy(spins[0]) == pytest.approx(modern.energy(spins[0]))


def test_a_relaxation_is_that_of_the_library(letters):
    """Read k takes stream k: in the target's batches as in one call."""
    problem = nm.load(letters)
    task = problem.task(20, 3)
    (row,) = nm.compare(problem, ["cpu-relaxation(beta=2,sweeps=3)"], 20, 1, task=task).results
    stream = child(child(np.random.SeedSequence(1), "cpu-relaxation"), "reads")
    wanted = memory.relax(problem.ising(), task.cue, beta=2.0, sweeps=3, rng=stream)
    np.testing.assert_array_equal(row.run.spins, wanted.spins)


def test_fixed_points_are_those_of_the_memory():
    """Overloaded: every state at rest is one, wherever the cue led; a cue that is not relaxed is none."""
    patterns = np.random.default_rng(0).choice([-1, 1], (20, 40))
    problem = nm.Recall("overloaded", patterns)
    cues = problem.task(30, 0).cue
    (row,) = nm.compare(problem, ["cpu-relaxation"], 30, 1, task=nm.RecallFrom(cues)).results
    assert row.recall.fixed.all()
    assert row.recall.fixed_points == len(np.unique(row.run.spins, axis=0)) > 5
    assert (row.recall.nearest != row.recall.patterns).any()
    found = score_recall(problem, cues, cues, np.zeros(30, bool))
    assert not found.fixed.any()
    assert found.fixed_points == 0


def test_many_pixels_need_a_memory_without_couplings(tmp_path, capsys):
    x = np.random.default_rng(0).choice([-1, 1], (3, 80, 80))
    np.savez(tmp_path / "big.npz", patterns=x)
    assert main(["solve", str(tmp_path / "big.npz"), "--reads", "1"]) == 1
    assert "rule dense or modern and the target cpu-relaxation" in capsys.readouterr().err
    assert main(["solve", str(tmp_path / "big.npz"), "--rule", "dense", "--reads", "3"]) == 0
    said = capsys.readouterr().err
    assert said.count("-> 1.000") == 3
    assert said.startswith("cpu-relaxation, 3 reads")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", "hop"], "rule is 'hop'"),
        (["--rule", "dense(power=1)"], "power is 1; it must be a whole number from 2"),
        (["--rule", "dense(power=1000)"], "power is 1000"),
        (["--rule", "hebb(power=2)"], "rule hebb has no parameter 'power'; it has no parameter"),
        (["--rule", "modern(power=2)"], "its parameter is beta"),
        (["--rule", "modern(beta=-1)"], "beta is -1"),
        (["--noise", "1.5"], "noise is 1.5"),
        (["--cue", "absent.txt"], "absent.txt"),
        (["--cue", str(CROSS)], "cue has shape"),
        (["--target", "cpu-relaxation(beta=-1)"], "beta is -1.0"),
        (["--target", "cpu-relaxation(order=both)"], "order is 'both'; give asynchronous or synchronous"),
    ],
)
def test_bad_input_is_one_line(letters, words, said, capsys):
    assert main(["solve", str(letters), *words]) in (1, 2)
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") <= 2


@pytest.mark.parametrize(("rule", "target", "said"), [
    ("dense", "cpu-relaxation(order=synchronous)", "synchronous is not offered for rule 'dense'"),
    ("modern", "cpu-relaxation(beta=2)", "give that of its energy as rule modern(beta=2)"),
])  # fmt: skip
def test_what_a_memory_does_not_do_is_refused(letters, rule, target, said, capsys):
    assert main(["solve", str(letters), "--rule", rule, "--target", target, "--reads", "2"]) == 1
    assert said in capsys.readouterr().err


def test_learning_that_did_not_converge_is_said(tmp_path, capsys):
    """Thrice as many patterns as can be stable; in compare as in solve, and in their JSON."""
    np.savez(tmp_path / "full.npz", patterns=np.random.default_rng(0).choice([-1, 1], (12, 4)))
    words = [str(tmp_path / "full.npz"), "--rule", "perceptron", "--reads", "3", "--seed", "1"]
    assert main(["compare", *words, "--targets", "cpu-anneal"]) in (0, 1)
    assert "warning: full: learning by perceptron did not converge (stopped after" in capsys.readouterr().err
    assert main(["solve", *words, "--json"]) in (0, 1)
    said = capsys.readouterr()
    assert "warning: full: learning by perceptron did not converge (stopped after" in said.err
    assert json.loads(said.out)["recall"]["learning"].startswith("stopped after")


def test_other_problems_are_refused(tmp_path, capsys):
    (tmp_path / "cut.txt").write_text("3 2\n1 2 1\n2 3 1\n")
    for words in (["--noise", "0.2"], ["--cue", str(CROSS)]):
        assert main(["solve", str(tmp_path / "cut.txt"), *words]) == 2
        assert "is no memory but of kind maxcut; leave --noise, --cue and --mask out" in capsys.readouterr().err
    with pytest.raises(ValueError, match="a cue is one"):
        nm.problems.with_cue(nm.load(CROSS), nm.Recall("two", np.ones((2, 121))))
    (tmp_path / "noise.npz").write_bytes(b"PK\x03\x04" + bytes(range(256)))
    assert recall(tmp_path / "noise.npz") == 2


def test_the_library_of_memories_is_light():
    """Neither scikit-learn nor the compiler is imported before it is needed; every public name is there."""
    code = (
        "import sys, neuromorph.associative_memory as m;"
        "print(sorted({'sklearn', 'numba', 'matplotlib'} & set(sys.modules)));"
        "print([n for n in m.__all__ if not getattr(m, n).__doc__])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split("\n")[:2] == ["[]", "[]"]
    with pytest.raises(AttributeError, match="nothing"):
        memory.nothing  # noqa: B018


@pytest.mark.filterwarnings("ignore:HopfieldMemory ")
@pytest.mark.parametrize("rule", ["hebb", "pseudo-inverse", "storkey", "dense"])
def test_the_estimator_passes_the_checks_of_scikit_learn(rule):
    from sklearn.utils.estimator_checks import check_estimator

    check_estimator(memory.HopfieldMemory(rule, random_state=0))


def test_the_estimator_recalls_and_scores():
    x = np.random.default_rng(0).choice([-1.0, 1.0], (5, 80))
    noisy = x.copy()
    noisy[:, :8] *= -1
    for rule in ("pseudo-inverse", "storkey", "dense"):
        made = memory.HopfieldMemory(rule, random_state=0).fit(x)
        np.testing.assert_array_equal(made.transform(noisy), x)
        assert (made.score_samples(x) > made.score_samples(noisy)).all()
    made = memory.HopfieldMemory("hebb").fit((x + 1) / 2)
    np.testing.assert_allclose(made.score_samples(x), -memory.couplings_as_ising(memory.hebb(x)).energy(x))
    for bad, rule in (
        (memory.HopfieldMemory("hop"), "rule is 'hop'"),
        (memory.HopfieldMemory("dense", power=1), "power"),
    ):
        with pytest.raises(ValueError, match=rule):
            bad.fit(x)


@pytest.mark.parametrize("rule", ["hebb", "pseudo-inverse", "storkey", "dense"])
def test_a_memory_that_does_not_recall_says_so(rule):
    """All 1,797 digits, or 30 of them, in 64 spins: states at rest, but cues come back as they went, or worse."""
    from sklearn.datasets import load_digits

    x = np.random.default_rng(0).choice([-1.0, 1.0], (5, 80))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory.HopfieldMemory(rule, random_state=0).fit(x)
    for k in (30, 300):
        with pytest.warns(UserWarning, match=r"recalls little: .* for 64 spins and rule") as caught:
            memory.HopfieldMemory(rule, random_state=0).fit(load_digits().data[:k])
        assert caught[0].filename == __file__


def test_data_on_one_side_of_the_threshold_are_told():
    x = np.random.default_rng(0).uniform(0.1, 9.0, (4, 40))
    with pytest.warns(UserWarning, match=r"one pattern, all \+1: X ranges from .* on one side of threshold=0; set"):
        memory.HopfieldMemory(random_state=0).fit(x)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".* one pattern")
        memory.HopfieldMemory(threshold=5.0, random_state=0).fit(x)


def correlated(k=10, n=64):
    """Patterns that share most of their pixels, as digits do, and are linearly independent."""
    rng = np.random.default_rng(3)
    return np.where(rng.random((k, n)) < 0.12, -1, 1) * rng.choice([-1, 1], n)


def test_a_collapse_is_named_with_the_rule_that_recalls():
    """Hebb's rule brought all ten to one state, at rest and without a word."""
    problem = nm.Recall("digits", correlated(), noise=0.05)
    ways = [replace(problem, rule=rule) for rule in ("hebb", "pseudo-inverse")]
    rows = [nm.compare(way, ["cpu-relaxation"], 20, 1).results[0] for way in ways]
    lost, kept = (row.recall for row in rows)
    assert lost.stored < 10
    assert lost.verdict.startswith("rule hebb: ")
    assert "--rule pseudo-inverse" in lost.verdict
    assert rows[0].warnings == (lost.verdict,)
    assert lost.to_dict()["verdict"] == lost.verdict
    assert (kept.stored, kept.verdict, rows[1].warnings) == (10, "", ())
    with pytest.warns(UserWarning, match="take rule='pseudo-inverse'"):
        memory.HopfieldMemory("hebb").fit(correlated())


def test_a_modern_memory_says_which_patterns_do_not_come_back():
    """Grey values: the longest pattern wins wherever it is; a small beta averages; patterns of +-1 are kept."""
    x = np.random.default_rng(0).random((5, 40)) * np.array([[1.0], [0.5], [1.0], [3.0], [1.0]])
    grey, signs = memory.ModernHopfield(x), memory.ModernHopfield(np.where(x > np.median(x), 1, -1))
    assert grey.retrieved().tolist() == [False, False, False, True, False]
    assert signs.retrieved().all()
    with pytest.warns(UserWarning, match="4 of 5 patterns, 0 first, do not come back"):
        found = grey.recall(x[0])
    assert np.allclose(found.states[0], x[3], atol=1e-3)
    with pytest.warns(UserWarning, match="raise beta"):
        memory.ModernHopfield(np.random.default_rng(0).normal(size=(20, 2)), 0.5).recall([0.1, 0.2])
