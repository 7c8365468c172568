"""Code of README and of the site runs: Python blocks of a page one after the other, commands as they stand."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [
    p
    for p in PAGES  # test_tutorials.py walks the tutorials
    if p.parent.name not in ("api", "devices", "tutorials") and p.name not in ("changelog.md", "contributing.md")
]
FENCE = re.compile(r"^```(python|console)\n(.*?)^```", re.S | re.M)

# What a reader is supposed to have: a tour, a model, patterns, digits.
READER = """
import numpy as np
rng = np.random.default_rng(0)
patterns = np.where(rng.random((3, 64)) < 0.5, -1, 1).astype(np.int8)
cues = patterns * np.where(rng.random((3, 64)) < 0.1, -1, 1).astype(np.int8)
digits = rng.random((50, 16))
"""


def blocks(path: Path, kind: str) -> list[str]:
    return [text for found, text in FENCE.findall(path.read_text()) if found == kind]


def commands(path: Path) -> list[str]:
    return [
        line[2:] for text in blocks(path, "console") for line in text.splitlines() if line.startswith("$ neuromorph ")
    ]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the examples, and files of the names that README uses."""
    shutil.copytree(ROOT / "examples" / "data", tmp_path / "examples" / "data")
    shutil.copy(ROOT / "examples" / "data" / "burma14.tsp", tmp_path / "berlin52.tsp")
    (tmp_path / "model.json").write_text('{"couplings": [[0, 1, 1.0], [1, 2, -0.5]], "biases": [0.1, 0.0, 0.2]}')
    np.savez(tmp_path / "memory.npz", patterns=np.where(np.random.default_rng(0).random((2, 12)) < 0.5, -1, 1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_is_something_to_run():
    assert sum(len(blocks(path, "python")) for path in PAGES) > 8
    assert sum(len(commands(path)) for path in PAGES) > 6


@pytest.mark.parametrize("path", [p for p in PAGES if blocks(p, "python")], ids=lambda p: str(p.relative_to(ROOT)))
def test_python_blocks_run(path, place):
    code = READER + "\n".join(text for text in blocks(path, "python") if "import pytest" not in text)
    code = code.replace("reads=50", "reads=4").replace("sampler.run(10.0, chains=20", "sampler.run(0.2, chains=4")
    found = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr[-2000:]


@pytest.mark.parametrize("path", [p for p in PAGES if commands(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_run(path, place):
    for line in commands(path):
        words = shlex.split(line, comments=True)[1:]
        if words[0] in ("compare", "solve") and "--reads" not in words:
            words += ["--reads", "2"]
        if "--refine" in words:
            continue  # minutes; tests of certify run it
        found = subprocess.run([sys.executable, "-m", "neuromorph", *words], cwd=place, capture_output=True, text=True)
        assert found.returncode in (0, 1), f"{line}\n{found.stderr[-2000:]}"  # 1: an engine that misses its bounds
        assert "Traceback" not in found.stderr, f"{line}\n{found.stderr[-2000:]}"


def test_the_page_of_constants_has_all_of_them(monkeypatch):
    """Every constant of every target and the host, each with its source, once."""
    monkeypatch.syspath_prepend(ROOT / "docs")
    import site_pages

    import neuromorph as nm
    from neuromorph.target_constants import constants_of

    rows = [line for line in site_pages.constants_page().splitlines() if line.startswith("| `")]
    assert len(set(rows)) == len(rows)
    told = {row.split("`")[1] for row in rows}
    assert {name for target in nm.available_targets() for name in constants_of(nm.get_target(target))} <= told
    assert "host_power" in told
    assert all(f"`{target}`" in "\n".join(rows) for target in nm.available_targets())
