"""Pictures in, pictures out: the command line, its files and refusals; the scikit-learn estimator."""

import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import neuromorph as nm
from neuromorph import associative_memory as memory
from neuromorph.cli import main
from neuromorph.experiments.recall import RECALL_RULES, picture_text, recollect
from neuromorph.experiments.recall_cue import with_cue

CROSS = Path(__file__).parents[2] / "examples" / "data" / "cross.txt"


@pytest.fixture
def letters(tmp_path):
    """Four random pictures of 9 x 11 pixels, as an archive."""
    x = np.random.default_rng(3).choice([-1, 1], (4, 9, 11))
    np.savez(tmp_path / "letters.npz", patterns=x)
    return tmp_path / "letters.npz"


@pytest.mark.parametrize("rule", RECALL_RULES)
def test_every_rule_recalls_every_picture(letters, tmp_path, capsys, rule):
    """Files can be read again; the trace in the JSON begins and ends at the energies of cue and pattern and falls."""
    problem = nm.load(letters)
    assert main(["recall", str(letters), "--rule", rule, "--noise", "0.15", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("-> 1.000") == 4
    assert ("learning converged" in said.err) == (rule == "perceptron")
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == ["recall.json", *(f"recalled-{k}.png" for k in range(1, 5)), "recalled.txt", "trace.png"]
    again = nm.load(tmp_path / "out" / "recalled.txt")
    np.testing.assert_array_equal(again.patterns, problem.patterns)
    assert again.shape == (9, 11)
    for k in range(4):
        np.testing.assert_array_equal(
            nm.load(tmp_path / "out" / f"recalled-{k + 1}.png").patterns, problem.patterns[k : k + 1]
        )
    assert Image.open(tmp_path / "out" / "trace.png").size[0] > 1000
    data = json.loads((tmp_path / "out" / "recall.json").read_text())
    assert data["rule"] == rule
    for number, read in enumerate(data["reads"], 1):
        assert (read["pattern"], read["overlap"], read["status"]) == (number, 1.0, "at rest")
        assert read["overlap_of_cue"] == pytest.approx(1 - 2 * 15 / 99)
        assert len(read["energies"]) == len(data["updates"])
        assert (np.diff(read["energies"]) <= 1e-9).all()
    if rule == "hebb":
        assert data["reads"][0]["energies"][-1] == pytest.approx(problem.energy(problem.patterns[0]))


def test_a_cue_is_recalled(tmp_path, capsys):
    """A picture with a hole in it; without --out the recalled one is printed, ready to be read again."""
    cross = nm.load(CROSS)
    damaged = cross.patterns[0].reshape(11, 11).copy()
    damaged[:4] = -1
    (tmp_path / "cue.txt").write_text(picture_text(damaged[None], (11, 11)))
    assert main(["recall", str(CROSS), "--cue", str(tmp_path / "cue.txt")]) == 0
    out = capsys.readouterr().out
    (tmp_path / "recalled.txt").write_text(out)
    np.testing.assert_array_equal(nm.load(tmp_path / "recalled.txt").patterns, cross.patterns)
    assert main(["recall", str(CROSS), "--cue", str(tmp_path / "cue.txt"), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "recalled.png").exists()


def test_json_is_pure_and_repeatable(letters, capsys):
    assert main(["recall", str(letters), "--json", "--seed", "4"]) == 0
    first = capsys.readouterr()
    assert first.err == ""
    whole = json.loads(first.out)
    assert main(["recall", str(letters), "--json", "--seed", "4"]) == 0
    again = json.loads(capsys.readouterr().out)
    again["provenance"]["date"] = whole["provenance"]["date"]
    assert again == whole
    assert main(["recall", str(letters), "--json", "--seed", "5"]) == 0
    assert json.loads(capsys.readouterr().out)["reads"] != whole["reads"]
    assert len(whole["reads"]) == 4


def test_options_reach_the_memory(letters, capsys):
    def reads(*words):
        assert main(["recall", str(letters), "--json", *words]) == 0
        return json.loads(capsys.readouterr().out)["reads"]

    assert {read["status"] for read in reads("--beta", "4")} == {"at temperature"}
    assert {read["status"] for read in reads("--synchronous")} <= {"at rest", "cycle of 2"}
    assert all(read["overlap_of_cue"] == 1.0 for read in reads("--noise", "0"))
    exponential = reads("--rule", "dense", "--power", "exp")
    assert exponential[0]["energies"][-1] == pytest.approx(-99.0)
    assert reads("--rule", "dense", "--power", "5")[0]["energies"][-1] == pytest.approx(-99.0, rel=0.01)
    blurred = reads("--rule", "modern", "--beta", "0.0001")
    assert any(read["overlap"] < 1.0 for read in blurred)


def test_many_pixels_need_a_memory_without_couplings(tmp_path, capsys):
    x = np.random.default_rng(0).choice([-1, 1], (3, 80, 80))
    np.savez(tmp_path / "big.npz", patterns=x)
    assert main(["recall", str(tmp_path / "big.npz")]) == 2
    assert "rule dense or modern" in capsys.readouterr().err
    assert main(["recall", str(tmp_path / "big.npz"), "--rule", "dense"]) == 0
    assert capsys.readouterr().err.count("-> 1.000") == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", "hop"], "rule is 'hop'"),
        (["--power", "1"], "a whole number from 2"),
        (["--power", "1000", "--rule", "dense"], "power is 1000"),
        (["--beta", "-1"], "--beta"),
        (["--noise", "1.5"], "noise is 1.5"),
        (["--cue", "absent.txt"], "absent.txt"),
        (["--cue", str(CROSS)], "cue has shape"),
        (["--synchronous", "--rule", "dense"], "synchronous is not offered"),
        (["--seed", "-1"], "--seed"),
    ],
)
def test_bad_input_is_2_with_one_line(letters, words, said, capsys):
    assert main(["recall", str(letters), *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("error: ")
    assert said in error


def test_a_folder_that_cannot_be_written_does_not_cost_the_numbers(letters, capsys):
    assert main(["recall", str(letters), "--out", str(CROSS)]) == 2
    output, error = capsys.readouterr()
    assert output.count("#") > 10, "the pictures are shown instead"
    *numbers, last = error.splitlines()
    assert len(numbers) == 4
    assert all("overlap" in line for line in numbers)
    assert last.startswith("error: cannot write recalled-1.png, recalled-2.png")
    assert "trace.png" in last


def test_other_problems_are_refused(tmp_path, capsys):
    (tmp_path / "cut.txt").write_text("3 2\n1 2 1\n2 3 1\n")
    assert main(["recall", str(tmp_path / "cut.txt")]) == 2
    assert "is no picture but a maxcut" in capsys.readouterr().err
    with pytest.raises(ValueError, match="a cue is one"):
        with_cue(nm.load(CROSS), nm.Recall("two", np.ones((2, 121))))
    (tmp_path / "noise.npz").write_bytes(b"PK\x03\x04" + bytes(range(256)))
    assert main(["recall", str(tmp_path / "noise.npz")]) == 2


def test_the_figure_takes_and_returns_axes():
    from neuromorph.experiments.recall import draw_trace
    from neuromorph.plotting.axes import new_axes

    found = recollect(nm.load(CROSS), rng=0)
    ax = new_axes()
    assert draw_trace(found, ax) is ax
    np.testing.assert_allclose(ax.lines[0].get_ydata(), found.energies[0])


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


@pytest.mark.filterwarnings("ignore:HopfieldMemory recalls little")
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


def correlated(k=10, n=64):
    """Patterns that share most of their pixels, as digits do, and are linearly independent."""
    rng = np.random.default_rng(3)
    return np.where(rng.random((k, n)) < 0.12, -1, 1) * rng.choice([-1, 1], n)


def test_a_collapse_is_named_with_the_rule_that_recalls():
    """Hebb's rule brought all ten to one state, at rest and without a word."""
    problem = nm.Recall("digits", correlated(), noise=0.05)
    lost, kept = (recollect(problem, rule, rng=1) for rule in ("hebb", "pseudo-inverse"))
    assert lost.stored < 10
    assert lost.verdict.startswith("rule hebb: ")
    assert "--rule pseudo-inverse" in lost.lines()[-1]
    assert lost.to_dict()["verdict"] == lost.verdict
    assert (kept.stored, kept.verdict) == (10, "")
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
