"""PyPI's ``circuits``, another project, in the place of ours, and gone again: every command says what to do."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neuromorph.runtime import package_ownership as ownership

ROOT = Path(__file__).resolve().parents[2]
TAKEN = "the import name 'circuits' also belongs to circuits, and leads there; pip uninstall circuits; "
BROKEN = "neuromorph's package 'circuits' is not whole, as if another of that name was uninstalled; "
REINSTALL = "pip install --force-reinstall --no-deps neuromorph"

RUN = """
import contextlib, io, json, sys
from importlib import machinery
folder, commands = sys.argv[1], json.loads(sys.argv[2])
whole = lambda p: machinery.PathFinder.find_spec("circuits", [p])
sys.path = [folder] + [p for p in sys.path if not (whole(p) and whole(p).origin)]
from neuromorph.cli import main
found = []
for words in commands:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    found.append([code, out.getvalue(), err.getvalue()])
print(json.dumps([found, "circuits" in sys.modules]))
"""


def site(folder: Path, state: str) -> Path:
    """A folder of packages: ours by links, with the other's ``__init__.py`` in ``circuits`` or with none."""
    for name in ("neuromorph", "hardware_targets"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "circuits").mkdir()
    for path in (ROOT / "circuits").iterdir():
        if path.name not in ("__init__.py", "__pycache__"):
            (folder / "circuits" / path.name).symlink_to(path)
    if state == "shadowed":
        (folder / "circuits" / "__init__.py").write_text("raise RuntimeError('the code of the other has run')\n")
        (folder / "circuits-9.dist-info").mkdir()
        (folder / "circuits-9.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: circuits\nVersion: 9\n")
        (folder / "circuits-9.dist-info" / "top_level.txt").write_text("circuits\n")
    return folder


@pytest.mark.parametrize(("state", "said"), [("shadowed", TAKEN + REINSTALL), ("uninstalled", BROKEN + REINSTALL)])
def test_every_command_says_what_to_do_and_the_others_go_on(state, said, tmp_path):
    patterns = tmp_path / "memory.npz"
    np.savez(patterns, patterns=np.random.default_rng(0).choice([-1, 1], (2, 9)))
    problem = [str(patterns), "--seed", "1"]
    solve, one = ["solve", *problem, "--reads", "1"], ["--targets", "cpu-anneal,memristor-crossbar", "--reads", "1"]
    commands = [
        ["netlist", str(patterns)],
        ["certify", str(patterns)],
        [*solve, "--target", "memristor-crossbar"],
        [*solve, "--target", "analog-circuit"],
        ["info", "--json"],
        ["info"],
        ["targets", "--json"],
        ["compare", *problem, *one, "--json"],
        solve,
        ["recall", *problem],
    ]
    words = [sys.executable, "-c", RUN, str(site(tmp_path, state)), json.dumps(commands)]
    made = subprocess.run(words, capture_output=True, text=True, timeout=300, check=True, cwd=tmp_path)
    found, imported = json.loads(made.stdout)
    assert not imported
    for code, out, err in found[:4]:
        assert (code, out) == (2, "")
        assert err == f"error: {said}\n"
    assert [code for code, _, _ in found[4:]] == [0] * 6
    info = json.loads(found[4][1])
    assert info["warnings"] == [said]
    assert info["engines"] == {}
    assert f"warning: {said}" in found[5][2]
    rows = {row["name"]: row["summary"] for row in json.loads(found[6][1])}
    needing = {name for name, summary in rows.items() if summary == f"does not load: CircuitsMissing: {said}"}
    assert needing == {"analog-circuit", "memristor-crossbar", "dopant-neurons", "dopant-neurons-300k"}
    reasons = [result["reason"] for result in json.loads(found[7][1])["results"]]
    assert reasons == [None, f"CircuitsMissing: {said}"]


def test_ours_is_ours_and_a_file_of_the_user_is_named(tmp_path, monkeypatch):
    assert ownership.circuits_missing() is None
    ownership.require_circuits()
    (tmp_path / "circuits.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "circuits", raising=False)
    with pytest.raises(ownership.CircuitsMissing, match=r"leads to .*circuits\.py, which is not neuromorph's; rename"):
        ownership.require_circuits()


def test_two_owners_of_a_name_are_said_while_ours_works_still(monkeypatch):
    monkeypatch.setattr(ownership, "packages_distributions", lambda: {"circuits": ["circuits", "neuromorph"]})
    (said,) = ownership.ownership_warnings()
    assert said == f"the import name 'circuits' also belongs to circuits; pip uninstall circuits; {REINSTALL}"
