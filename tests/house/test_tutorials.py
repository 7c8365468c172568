"""Tutorials as a reader walks them: each command and block in order, in a folder with nothing but the examples."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from circuits import installed_engines

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
SHELL = f'neuromorph() {{ "{sys.executable}" -m neuromorph "$@"; }}; python() {{ "{sys.executable}" "$@"; }}; '
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


@pytest.mark.parametrize("name", LEAVES)
def test_a_tutorial_can_be_walked(name, tmp_path):
    if name == "designer" and "ngspice" not in installed_engines():
        pytest.skip("the embedded engine alone would take minutes")
    shutil.copytree(
        ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("own_device", "__pycache__")
    )
    place = {**os.environ, "COLUMNS": "120"}
    said = ""
    for kind, text in steps(TUTORIALS / f"{name}.md"):
        words = [sys.executable, "-c", text] if kind == "python" else ["bash", "-ec", f"{SHELL}{text}"]
        done = subprocess.run(words, cwd=tmp_path, env=place, capture_output=True, text=True)
        said += done.stdout + done.stderr
        assert done.returncode == 0, f"{text}\n{said[-2000:]}"
        assert "Traceback" not in said, f"{text}\n{said[-2000:]}"
    for text in SAYS[name]:
        assert text in said, f"{text!r} is not said:\n{said[-4000:]}"
    for file in LEAVES[name]:
        assert (tmp_path / file).exists(), file
