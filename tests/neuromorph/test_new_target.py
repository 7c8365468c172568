"""A device of one's own: what the template writes works at once, and the example is installed, tested and compared."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph import testing
from neuromorph.cli import main
from neuromorph.target_description import describe

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "own_device"
CUT = "4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n"


def entry_point(folder):
    """What pip writes of a package beside it."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    points = project["entry-points"]["neuromorph.targets"]
    about = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    listed = "\n".join(f"{name} = {value}" for name, value in points.items())
    (about / "entry_points.txt").write_text(f"[neuromorph.targets]\n{listed}\n")


def test_what_the_template_writes_passes_its_own_test_and_is_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new-target", "my-device"]) == 0
    folder = tmp_path / "my-device"
    assert "pip install -e my-device" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"my-device"}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "pyproject.toml", "README.md", "my_device/__init__.py", "my_device/target.py", "my_device/constants.toml",
        "tests/test_my_device.py",
    }  # fmt: skip
    assert all("$" not in path.read_text() for path in folder.rglob("*.py"))
    assert sum(path.read_text().count("CHANGE") for path in folder.rglob("*.*") if path.is_file()) >= 8
    entry_point(folder)
    monkeypatch.syspath_prepend(folder)
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder / "tests"],
        env={"PYTHONPATH": f"{folder}:{ROOT}", "PATH": "", "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
    )  # fmt: skip
    assert tested.returncode == 0, tested.stdout[-2000:]
    assert f"{len(testing.CHECKS)} passed" in tested.stdout
    assert main(["targets"]) == 0
    assert "my-device" in capsys.readouterr().out
    about = describe(nm.get_target("my-device"), "my-device")
    assert {each["kind"] for each in about["constants"].values()} == {"assumed"}
    (tmp_path / "ring.txt").write_text(CUT)
    words = "compare ring.txt --kind maxcut --targets my-device,cpu-anneal --reads 20 --seed 1 --json"
    assert main(words.split()) == 0
    mine, cpu = json.loads(capsys.readouterr().out)["results"]
    assert mine["success"]["value"] == cpu["success"]["value"] == 1.0
    assert mine["ets_j"]["value"] > 0.0
    assert mine["programming_energy_j"]["value"] > 0.0
    assert main(["new-target", "my-device", "--out", "other"]) == 2
    assert capsys.readouterr().err == "error: target my-device is installed already; take another name\n"


def test_the_style_of_the_template_is_that_of_the_project(tmp_path):
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed")
    assert main(["new-target", "a1-b2", "--out", str(tmp_path / "deep" / "x")]) == 0
    for words in (["check"], ["format", "--check"]):
        line = [ruff, *words, "--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
        found = subprocess.run(line, capture_output=True, text=True)
        assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My-device", "small letters"),
        ("my_device", "small letters"),
        ("-x", "the following arguments are required"),
        ("1st", "a letter first"),
        ("a--b", "single hyphens"),
        ("../up", "small letters"),
        ("a b", "small letters"),
        ("ünder", "small letters"),
        ("", "small letters"),
        ("a" * 41, "40 at most"),
        ("class", "would hide the Python module"),
        ("json", "would hide the Python module"),
        ("numpy", "would hide the Python module"),
        ("neuromorph", "would hide the Python module"),
        ("cpu-anneal", "is installed already"),
    ],
)
def test_bad_names_are_refused_in_a_line(name, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new-target", name]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_folders_that_are_there_are_left_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-device").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for words in ([], ["--out", "file"], ["--out", "link"], ["--out", "file/x"], ["--out", " "]):
        assert main(["new-target", "my-device", *words]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "my-device"]
    assert (tmp_path / "file").read_text() == "mine"
    assert not list((tmp_path / "my-device").iterdir())


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The example as pip installs it, without the network."""
    pytest.importorskip("setuptools")
    folder = tmp_path_factory.mktemp("own_device")
    shutil.copytree(EXAMPLE, folder / "source")
    words = ["install", "-q", "--disable-pip-version-check", "--no-deps", "--no-build-isolation", "--target"]
    line = [sys.executable, "-m", "pip", *words, folder / "site", folder / "source"]
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "site"


@pytest.fixture
def pbits(installed, monkeypatch):
    monkeypatch.syspath_prepend(installed)
    return nm.get_target("example-pbits")


def test_the_example_keeps_its_word(pbits):
    testing.check_target(pbits)


def test_the_example_is_a_row_of_the_table(pbits, tmp_path, capsys):
    (tmp_path / "ring.txt").write_text(CUT)
    line = f"compare {tmp_path / 'ring.txt'} --kind maxcut --targets example-pbits,cpu-anneal --reads 30 --seed 1 --why"
    assert main(line.split()) == 0
    shown = capsys.readouterr().out
    assert "example-pbits" in shown
    assert "a forecast" in shown
    assert "example-pbits" not in [device.name for device in map(nm.get_target, ["cpu-anneal"])]


def test_bits_and_spread_of_the_example_are_in_its_mapping(pbits):
    """Alike and fine bits sample exp(-beta E); three bits and five times the spread are seen, and stated exactly."""
    rng = np.random.default_rng(0)
    j = np.triu(rng.normal(size=(5, 5)), 1)
    asked = nm.Ising(j + j.T, rng.normal(size=5))
    fine = nm.get_target("example-pbits(spread=0, weight_bits=20)").program(asked, rng=0)
    coarse = nm.get_target("example-pbits(spread=5, weight_bits=3)").program(asked, rng=0)
    first, second = (nm.mapping_report(program, beta=0.5) for program in (fine, coarse))
    assert first.kl < 1e-9
    assert not fine.one_chip
    assert coarse.one_chip
    assert second.kl > 0.01
    assert second.bits_held <= 3
    assert second.device == {"weight_bits": 3.0}
    spins = pbits.run(coarse, nm.Sample(0.5), 20_000, 1).spins
    testing.require_distribution(spins, coarse.sampled(0.5), "example-pbits")


def test_the_example_uses_public_names_alone():
    """What it imports of neuromorph is on the page of names, and so in the API of the site."""
    import ast

    for path in (EXAMPLE / "example_pbits").glob("*.py"):
        tree = ast.parse(path.read_text())
        froms = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        assert not [module for module in froms if (module or "").startswith("neuromorph")]
        used = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "nm"
        }
        assert used <= set(nm.__all__)
        assert all(getattr(nm, name).__doc__ for name in used)
