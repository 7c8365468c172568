"""What the command line does with files of others: names that hold commands of a terminal, too much, what changes."""

import hashlib
import json
import os

import pytest

from hardware_targets.cpu.sampler_target import CpuSampler
from neuromorph.cli import main
from neuromorph.problems import ProblemFileError, load
from neuromorph.problems.text_file import TextFile

PENTAGON = "5 5\n1 2 1\n2 3 1\n3 4 1\n4 5 1\n1 5 1\n"
ESCAPE = "a\x1b[31m\x07red\u202e.txt"
COMMANDS = [
    ["solve", "--reads", "2"], ["sample", "--beta", "1", "--reads", "8"], ["recall"], ["spike", "--duration", "0.01"],
    ["netlist"], ["certify"], ["compare", "--targets", "cpu-anneal", "--reads", "2"],
]  # fmt: skip


def harmless(text: str) -> bool:
    return all(c.isprintable() or c in "\n\u00a0" for c in text)  # a hard space is none


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize("content", [None, "hello\n", "2 9\n1 2 1\n"])
def test_an_error_shows_no_control_characters_of_a_name(tmp_path, words, content, capsys):
    if content is not None:
        (tmp_path / ESCAPE).write_text(content)
    assert main([words[0], str(tmp_path / ESCAPE), *words[1:], "--seed", "1"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: a [31m red .txt")
    assert said.err.count("\n") == 1
    assert harmless(said.err)


@pytest.mark.parametrize(("content", "words"), [
    (PENTAGON, COMMANDS[0]), (PENTAGON, COMMANDS[1]), ("##\n..\n", COMMANDS[2]), (PENTAGON, COMMANDS[6]),
    ("4 3\n1 2\n2 3\n3 4\n", COMMANDS[0]),
    ('NAME: a\x1b[31mb\nTYPE: TSP\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n2 1 0\n3 0 1\n', COMMANDS[6]),
])  # fmt: skip
def test_nor_does_what_else_is_shown(tmp_path, content, words, capsys):
    """Tables, warnings and where the files are, of a name that could clear the screen; the page likewise."""
    (tmp_path / ESCAPE).write_text(content)
    out = tmp_path / "o\x1b[2J"
    assert main([words[0], str(tmp_path / ESCAPE), *words[1:], "--seed", "1", "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert harmless(said.out)
    assert harmless(said.err)
    if words[0] == "compare":
        assert harmless((out / "report.html").read_text())
        assert harmless((out / "results.json").read_text())


@pytest.mark.parametrize(("error", "said"), [
    (MemoryError("Unable to allocate 7 GiB"), "not enough memory (Unable to allocate 7 GiB); take a smaller problem"),
    (MemoryError(), "not enough memory; take"),
    (RecursionError("maximum recursion depth exceeded"), "something is nested too deeply"),
    (OverflowError("int too large to convert to float"), "a number is too large (int too large"),
])  # fmt: skip
@pytest.mark.parametrize("words", [["solve"], ["sample", "--beta", "1"], ["recall"], ["spike"], ["netlist"]])
def test_too_much_is_one_line_everywhere(tmp_path, words, error, said, monkeypatch, capsys):
    def fail(*rest, **options):
        raise error

    (tmp_path / "a.txt").write_text(PENTAGON)
    monkeypatch.setattr(TextFile, "read", fail)
    assert main([words[0], str(tmp_path / "a.txt"), *words[1:]]) == 2
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: {said}")
    assert shown.count("\n") == 1


def test_an_error_is_of_bounded_length(tmp_path, capsys):
    assert main(["solve", "a.tsp", "--seed", "9" * 5000]) == 2
    assert len(capsys.readouterr().err) < 700


def test_the_hash_is_of_the_bytes_that_were_computed_with(tmp_path, monkeypatch, capsys):
    """A file that is written anew while its samples are drawn."""
    path, draw = tmp_path / "a.txt", CpuSampler.run

    def rewritten(*arguments, **options):
        path.write_text("2 1\n1 2 7\n")
        return draw(*arguments, **options)

    path.write_text(PENTAGON)
    monkeypatch.setattr(CpuSampler, "run", rewritten)
    words = ["--beta", "1", "--target", "cpu-gibbs", "--reads", "8", "--seed", "1", "--json"]
    assert main(["solve", str(path), *words]) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["provenance"]["input_sha256"] == hashlib.sha256(PENTAGON.encode()).hexdigest()
    assert about["problem"]["size"] == 5


def test_what_is_no_file_or_changes_is_refused(tmp_path, monkeypatch):
    """A pipe would be waited for without end, a device read without end."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(ProblemFileError, match="not a regular file"):
            load(path)
    with pytest.raises(ProblemFileError, match="is a folder without pictures"):
        load(tmp_path)
    (tmp_path / "a.txt").write_text(PENTAGON)
    monkeypatch.setattr(os, "fstat", lambda handle: os.stat_result([0] * 6 + [7, 0, 0, 0]))
    with pytest.raises(ProblemFileError, match="changed while it was read; try again"):
        load(tmp_path / "a.txt")
