"""A file of words is a memory: recognized, recalled from a misspelled cue, and what is no word is said."""

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.associative_memory import decode_words
from neuromorph.cli import main

WORDS = "memory\nneuron\nenergy\nhopfield\n"


@pytest.fixture
def words(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "words.txt"
    path.write_text(WORDS)
    return path


def test_words_one_a_line_are_a_memory(words):
    memory = nm.load(words)
    assert memory.kind == "recall"
    assert memory.words
    assert decode_words(memory.patterns) == WORDS.split()
    assert "4 words of up to 8 letters" in memory.notes[0]


@pytest.mark.parametrize("rule", ["hebb", "pseudo-inverse", "modern(beta=1)"])
@pytest.mark.parametrize(("cue", "word"), [("hopfeild", "hopfield"), ("Nevron", "neuron"), ("memery", "memory")])
def test_a_misspelled_word_is_corrected(words, capsys, rule, cue, word):
    assert main(["solve", str(words), "--cue", cue, "--rule", rule, "--reads", "3", "--seed", "1"]) == 0
    assert capsys.readouterr().out == f"{word}\n"


def test_the_cue_may_be_a_file_and_the_words_go_into_the_folder(words, tmp_path, capsys):
    (tmp_path / "cue.txt").write_text("enargy\n")
    assert main(["solve", str(words), "--cue", "cue.txt", "--reads", "2", "--seed", "1", "--out", "out/"]) == 0
    assert (tmp_path / "out" / "recalled.txt").read_text() == "energy\n"


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (WORDS, ["--cue", "hopfieldian"], "has 11 letters"),
        (WORDS, ["--cue", "h0pfield"], "has '0'"),
        (WORDS, ["--size", "8"], "leave them out"),
        (f"{WORDS}f{'o' * 60}\n", [], "neither a TSPLIB file"),
        ("word\n", [], "neither a TSPLIB file"),  # one line may be anything
    ],
)
def test_what_is_no_word_is_said(words, capsys, text, options, said):
    words.write_text(text)
    assert main(["solve", str(words), *options]) == 2
    assert said in capsys.readouterr().err


def test_one_word_is_a_memory_if_asked(words):
    words.write_text("energy\n")
    assert decode_words(nm.load(words, kind="recall").patterns) == ["energy"]


def test_drawings_with_letters_stay_drawings(words):
    words.write_text("xoox\nxxoo\n")
    memory = nm.load(words)
    assert not memory.words
    assert memory.patterns.shape == (1, 8)


def test_a_photograph_is_read_at_a_size(tmp_path, capsys):
    from PIL import Image

    path = tmp_path / "photo.png"
    rows, columns = np.mgrid[0:1200, 0:1600]
    Image.fromarray(((rows + columns) % 256).astype(np.uint8)).save(path)
    assert main(["solve", str(path), "--reads", "2"]) == 2
    assert "or say a size (--size 64)" in capsys.readouterr().err
    assert nm.load(path, size=(32, 32)).patterns.shape == (1, 1024)
