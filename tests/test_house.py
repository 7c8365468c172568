"""The borders of the house: which package may import which, what is lazy, and that nobody else owns our names."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import pytest

import neuromorph
from neuromorph.cost import read_data

ROOT = Path(__file__).resolve().parents[1]
ORDER = ["neuromorph", "circuits", "hardware_targets"]  # each may import itself and what stands before it
MODULES = [path for package in ORDER for path in sorted((ROOT / package).rglob("*.py"))]


def imported_packages(path: Path) -> set[str]:
    """Top-level names of every absolute import in a file, also those inside functions and TYPE_CHECKING blocks."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").split(".")[0])
    return names


def test_every_package_has_modules():
    assert all(any(path.is_relative_to(ROOT / package) for path in MODULES) for package in ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT).parts[0]
    above = set(ORDER[ORDER.index(package) + 1 :])
    assert not imported_packages(path) & above, f"{package} must not import {above}"
    assert package not in imported_packages(path), "imports inside a package are relative"


def test_nothing_imports_the_command_line():
    for path in MODULES:
        if path.name != "__main__.py":
            assert not re.search(
                r"^\s*(from \.+ ?import cli|from \.+cli import|import neuromorph\.cli)", path.read_text(), re.M
            )


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_importing_the_package_and_its_command_line_is_free():
    code = "import sys, neuromorph, neuromorph.cli; print([m for m in ('numpy', 'scipy', 'rich') if m in sys.modules])"
    assert run_python(code).strip() == "[]"


@pytest.mark.parametrize("heavy", ["brian2", "PySpice", "matplotlib", "sklearn", "optuna"])
def test_heavy_packages_wait_until_they_are_needed(heavy):
    code = f"import sys, neuromorph as nm; [getattr(nm, n) for n in nm.__all__]; print({heavy!r} in sys.modules)"
    assert run_python(code).strip() == "False"


def test_every_public_name_is_there_and_documented():
    for name in neuromorph.__all__:
        assert getattr(neuromorph, name).__doc__, name


def test_the_import_names_are_ours():
    owners = packages_distributions()  # an editable installation of ours is not listed, another's package would be
    for package in ORDER:
        others = set(owners.get(package, ())) - {"neuromorph"}
        assert not others, f"{package} belongs to {others} as well; uninstall that"


def test_every_entry_point_loads():
    groups = {"neuromorph.targets": 5, "neuromorph.circuits": 3}
    for group, at_least in groups.items():
        points = [point for point in entry_points(group=group) if point.dist and point.dist.name == "neuromorph"]
        assert len(points) >= at_least
        assert all(callable(point.load()) for point in points)


def test_every_hardware_number_has_its_source():
    tables = sorted((ROOT / "hardware_targets").rglob("*.toml"))
    assert tables
    for table in tables:
        assert read_data(table.read_text()), table


def test_versions_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == neuromorph.__version__
    assert f"## {neuromorph.__version__}" in (ROOT / "CHANGELOG.md").read_text()
