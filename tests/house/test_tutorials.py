"""Tutorials as a reader walks them: each command and block in order, in a folder with nothing but the examples."""

import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from circuits import installed_engines
from neuromorph.cli import main

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
STEP = re.compile(r"^```(python|console)\n(.*?)^```", re.S | re.M)

# What each leaves, and what it says on the way.
LEAVES = {
    "device-physicist": [
        "calibrated/currents.png",
        "iv-report/report.html",
        "iv-tour/report.html",
        "atoms-report/report.html",
    ],
    "designer": ["memory.cir", "neuron.svg", "waves.csv", "certificate/certificate.png", "slow", "board/board.html"],
    "teacher": [
        "memory/answer.png",
        "landscape.png",
        "spikes/trace.png",
        "letters.cir",
        "neuron.svg",
        "certificate/certificate.png",
        "comparison/report.html",
    ],
    "exercise-sheet": [],
}
SAYS = {
    "device-physicist": ["slope_v", "iv-neurons", "atomic-spins-ideal(attempt_rate_hz="],
    "designer": ["amplifiers: ownamp", "checks hold"],
    "teacher": ["fixed points of the memory", "downhill: True", "spikes", "memristor-crossbar"],
    "exercise-sheet": ["rests at [ 1  1 -1 -1]", "holds for each", "P/n = 0.14", "5: gain 1.100"],
}


def steps(path: Path) -> list[tuple[str, str]]:
    """(kind, text) of every step: a command line, or a block of Python."""
    found = []
    for kind, text in STEP.findall(path.read_text()):
        found += (
            [(kind, text)] if kind == "python" else [(kind, line[2:]) for line in text.splitlines() if line[:2] == "$ "]
        )
    return found


def test_each_tutorial_is_walked_and_in_the_index():
    assert {path.stem for path in TUTORIALS.glob("*.md")} == set(LEAVES) == set(SAYS)
    index = (ROOT / "docs" / "index.md").read_text()
    assert all(f"tutorials/{name}" in index for name in LEAVES)


def walk(kind: str, text: str, names: dict[str, object], monkeypatch) -> None:
    """Do one step: blocks share their names, words of a command are those that a shell makes of it."""
    if kind == "python":
        exec(text, names)
    elif text.startswith(("neuromorph ", "python ")):  # in this process: each start would cost a second
        shown = subprocess.run(["bash", "-ec", f"printf '%s\\0' {text}"], capture_output=True, text=True, check=True)
        program, *words = shown.stdout.split("\0")[:-1]
        if program == "neuromorph":
            assert main(words) == 0, text
        else:
            monkeypatch.setattr(sys, "argv", words)
            runpy.run_path(words[0], run_name="__main__")
    else:
        subprocess.run(["bash", "-ec", text], check=True)


@pytest.mark.parametrize("name", LEAVES)
def test_a_tutorial_can_be_walked(name, tmp_path, monkeypatch, capfd):
    if name == "designer" and "ngspice" not in installed_engines():
        pytest.skip("the embedded engine alone would take minutes")
    shutil.copytree(
        ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("own_device", "__pycache__")
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    names: dict[str, object] = {}
    for kind, text in steps(TUTORIALS / f"{name}.md"):
        walk(kind, text, names, monkeypatch)
    said = "".join(capfd.readouterr())
    for text in SAYS[name]:
        assert text in said, f"{text!r} is not said:\n{said[-4000:]}"
    for file in LEAVES[name]:
        assert (tmp_path / file).exists(), file
