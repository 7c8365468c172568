"""Pictures in one memory: size and threshold, and a part that is hidden from the memory."""

import io
import json
import runpy
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import neuromorph as nm
from neuromorph.cli import main
from neuromorph.problems import Recall, hidden_pixels, with_mask
from neuromorph.rng import seed_sequence
from neuromorph.task import RecallFrom

EXAMPLES = Path(__file__).parents[2] / "examples"


def call(*words):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path):
    """Three pictures of 8 x 6 grey pixels."""
    place = tmp_path / "pictures"
    place.mkdir()
    rng = np.random.default_rng(0)
    for name in "abc":
        dark = rng.random((8, 6)) < 0.5
        grey = np.where(dark, 40, 200) + rng.integers(-20, 20, (8, 6))
        Image.fromarray(grey.astype(np.uint8)).save(place / f"{name}.png")
    return place


@pytest.mark.parametrize(
    ("mask", "rows", "columns"),
    [("0.5", slice(4, 8), slice(None)), (0.25, slice(6, 8), slice(None)), ("2:5", slice(2, 5), slice(None)),
     ("2:5,1:3", slice(2, 5), slice(1, 3)), (":,4:", slice(None), slice(4, 6))],
)  # fmt: skip
def test_a_mask_hides_what_it_says(mask, rows, columns):
    expected = np.zeros((8, 6), bool)
    expected[rows, columns] = True
    np.testing.assert_array_equal(hidden_pixels(mask, (8, 6)).reshape(8, 6), expected)


def test_a_row_is_hidden_at_its_end():
    np.testing.assert_array_equal(hidden_pixels(0.4, (1, 10)), [False] * 6 + [True] * 4)


@pytest.mark.parametrize(
    "mask", ["", "0", "1", "-0.1", "nan", "x", "5:3", "0:9", ":", "0:8,0:6", "1:2,3:4,5:6", "1:2,0.3"]
)
def test_what_is_no_mask_is_named(mask):
    with pytest.raises(ValueError, match=r"^mask "):
        hidden_pixels(mask, (8, 6))


def test_hidden_pixels_are_coins_and_the_others_stay():
    rng = np.random.default_rng(1)
    memory = with_mask(Recall("p", np.where(rng.random((2, 400)) < 0.5, -1, 1), shape=(20, 20)), 0.5)
    task = memory.task(200, 3)
    cues, hidden = np.asarray(task.cue), np.asarray(task.hidden)
    np.testing.assert_array_equal(cues[:, ~hidden], memory.patterns[np.arange(200) % 2][:, ~hidden])
    ups = (cues[:, hidden] > 0).mean(axis=0)
    assert abs(ups.mean() - 0.5) < 4 * 0.5 / np.sqrt(200 * 200)
    assert (np.abs(ups - 0.5) < 6 * 0.5 / np.sqrt(200)).all()
    np.testing.assert_array_equal(memory.meant(cues), np.arange(200) % 2)


def test_batches_of_one_seed_have_the_same_coins():
    memory = with_mask(Recall("p", np.where(np.random.default_rng(0).random((3, 30)) < 0.5, -1, 1)), 0.3)
    whole, stream = memory.task(7, 5), seed_sequence(5)
    parts = [np.asarray(memory.task(reads, stream).cue) for reads in (4, 3)]
    np.testing.assert_array_equal(np.vstack(parts), whole.cue)


def test_a_cue_of_the_user_is_hidden_as_well():
    pattern = np.ones((1, 12), int)
    memory = Recall("p", pattern, cue=-pattern[0], hidden=np.arange(12) < 4)
    cues = np.asarray(memory.task(50, 0).cue)
    assert (cues[:, 4:] == -1).all()
    assert 0 < (cues[:, :4] > 0).mean() < 1


@pytest.mark.parametrize("hidden", [np.ones(4, bool), np.zeros(3, bool), np.zeros(4)])
def test_a_mask_of_another_form_is_refused(hidden):
    with pytest.raises(ValueError, match=r"^hidden "):
        Recall("p", np.ones((1, 4), int), hidden=hidden)


@pytest.mark.parametrize("rule", ["pseudo-inverse", "modern"])
def test_dynamics_from_zero_do_not_see_the_coins(rule):
    """Whatever stands in the cue where it is hidden, the end is the same."""
    rng = np.random.default_rng(2)
    patterns = np.where(rng.random((4, 200)) < 0.5, -1, 1)
    memory = Recall("p", patterns, rule=rule, hidden=np.arange(200) < 60)
    device = nm.get_target("cpu-relaxation")
    program = device.program(memory, rng=0)
    cues = np.array(memory.task(8, 0).cue)
    other = np.where(memory.hidden, -cues, cues)
    ends = [device.run(program, RecallFrom(each, memory.hidden), 8, 0).spins for each in (cues, other)]
    np.testing.assert_array_equal(*ends)
    np.testing.assert_array_equal(ends[0], patterns[np.arange(8) % 4])


def test_size_is_the_mean_of_what_a_pixel_covers(tmp_path):
    grey = np.array([[0, 200, 250, 250], [100, 100, 250, 250], [0, 0, 90, 110], [0, 0, 110, 90]], np.uint8)
    Image.fromarray(grey).save(tmp_path / "p.png")
    found = nm.load(tmp_path / "p.png", size=(2, 2), threshold=101)
    assert found.shape == (2, 2)
    np.testing.assert_array_equal(found.patterns, [[1, -1, 1, 1]])
    assert "the given threshold: darker than 101 of 255" in found.notes[0]
    np.testing.assert_array_equal(nm.load(tmp_path / "p.png", size=(2, 2), threshold=100).patterns, [[-1, -1, 1, -1]])


def test_arrays_and_drawings_are_scaled_too(tmp_path):
    np.save(tmp_path / "grey.npy", np.kron([[[1.0, 9.0], [5.0, 0.0]]], np.ones((1, 3, 3))))
    found = nm.load(tmp_path / "grey.npy", size=(2, 2), threshold=4.0)
    np.testing.assert_array_equal(found.patterns, [[-1, 1, 1, -1]])
    (tmp_path / "x.txt").write_text("##..\n##..\n....\n....\n")
    np.testing.assert_array_equal(nm.load(tmp_path / "x.txt", size=(2, 2)).patterns, [[1, -1, -1, -1]])
    (tmp_path / "v.txt").write_text("1 -1 1\n1 1 -1\n")
    with pytest.raises(nm.ProblemFileError, match="size is for pictures"):
        nm.load(tmp_path / "v.txt", size=(2, 2))


@pytest.mark.parametrize("given", [{"size": (0, 3)}, {"size": (3, 10**6)}, {"threshold": float("nan")}])
def test_sizes_and_thresholds_out_of_range_are_refused(folder, given):
    with pytest.raises(ValueError, match=rf"^{next(iter(given))} is"):
        nm.load(folder, **given)


def test_a_threshold_that_parts_nothing_is_named(folder):
    with pytest.raises(nm.ProblemFileError, match="threshold 5 parts none"):
        nm.load(folder / "a.png", threshold=5)


def test_a_tour_has_no_size():
    with pytest.raises(nm.ProblemFileError, match="for pictures"):
        nm.load(EXAMPLES / "data" / "burma14.tsp", size=(3, 3))


def test_solve_takes_a_folder_or_several_pictures_as_one_memory(folder):
    options = ("--rule", "pseudo-inverse", "--mask", "0.34", "--reads", 6, "--seed", 1, "--json")
    code, out, err = call("solve", folder, *options)
    assert code == 0
    assert "one memory: 3 patterns of 8 x 6" in err
    assert "Otsu's threshold" in err
    assert "38% of the pixels of every cue are hidden" in err
    assert json.loads(out)["recall"]["overlap"] == 1.0
    several = call("solve", *sorted(folder.glob("*.png")), *options)
    assert json.loads(several[1])["recall"] == json.loads(out)["recall"]


def test_compare_takes_several_pictures_as_one_memory(folder, tmp_path):
    (folder / "README.txt").write_text("photographs of 1982\n")
    words = ("--targets", "cpu-relaxation", "--reads", 4, "--seed", 1, "--rule", "pseudo-inverse", "--json")
    for files in ((folder, "--kind", "recall"), sorted(folder.glob("*.png"))):
        code, out, err = call("compare", *files, *words)
        assert code == 0
        assert "one memory: 3 patterns" in err
        assert json.loads(out)["problem"]["size"] == 48
    assert "1 other file is left out: README.txt" in call("solve", folder, "--reads", 3, "--kind", "recall")[2]


def test_a_named_file_that_is_no_picture_is_refused(folder):
    code, _, err = call("solve", folder / "a.png", EXAMPLES / "data" / "burma14.tsp")
    assert code == 2
    assert "burma14.tsp: is no picture" in err


@pytest.mark.parametrize(
    "option", [("--size", "x"), ("--size", "0"), ("--size", "2x3x4"), ("--mask", "2"), ("--mask", "1:99")]
)
def test_wrong_options_are_one_line(folder, option):
    code, _, err = call("solve", folder, *option)
    assert code == 2
    assert sum("error: " in line for line in err.splitlines()) == 1


def test_the_example_recalls_ten_pictures_by_the_pseudo_inverse(tmp_path):
    found = runpy.run_path(str(EXAMPLES / "pictures.py"))["main"](["--out", str(tmp_path)])
    np.testing.assert_array_equal(found["pseudo-inverse"], np.ones(10))
    assert found["hebb"].mean() < 0.9
    assert (tmp_path / "pictures.png").stat().st_size > 5000
