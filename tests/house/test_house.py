"""The borders of the house: which package may import which, what is lazy, and that nobody else owns our names."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points, packages_distributions
from pathlib import Path

import networkx as nx
import pytest

import neuromorph
from neuromorph.datum import read_data

ROOT = Path(__file__).resolve().parents[2]
ORDER = ["neuromorph", "circuits", "hardware_targets"]  # each may import itself and what stands before it
MODULES = [path for package in ORDER for path in sorted((ROOT / package).rglob("*.py"))]


PAGES = {path.parent: path for path in MODULES if path.name == "__init__.py"}

# The floors of neuromorph: a room imports itself and what stands before it, nothing else, not even for types.
FLOORS = [
    "kernels", "runtime", "files", "rng", "couplings", "ising", "exact", "task", "estimate", "datum", "kinetics",
    "analog", "associative_memory", "problems", "run", "trace", "trace_recorder", "cost", "pricing", "target_names",
    "protocol", "installed_targets", "target_trace", "target_constants", "target_description", "macro_runs", "tours",
    "plotting", "calibration", "sampling", "optimization", "boltzmann", "spiking", "testing", "study", "sweep",
    "report", "bench", "validate", "cli",
]  # fmt: skip


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


NAMES = {module_name(path): path for path in MODULES}


def imported_names(path: Path, source: Path | None = None) -> Iterator[tuple[str, str]]:
    """(module, name) of every import in a file, absolute, also those inside functions and TYPE_CHECKING blocks."""
    here = module_name(path).split(".")
    for node in ast.walk(ast.parse((source or path).read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + (path.name == "__init__.py")] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


@cache
def page(module: str) -> dict[str, str]:
    """{name: module} of what a package hands on, from its stub where it has one."""
    path = NAMES[module]
    found = {}
    for source in (path, path.with_suffix(".pyi")):
        if source.exists():
            found |= {name: f"{m}.{name}" if f"{m}.{name}" in NAMES else m for m, name in imported_names(path, source)}
    return found


@cache
def imports() -> dict[str, set[str]]:
    """{module: modules of ours that it imports}; names of a package's page count as where they are defined."""
    found: dict[str, set[str]] = {}
    for importer, path in NAMES.items():
        found[importer] = set()
        for module, name in imported_names(path):
            if f"{module}.{name}" in NAMES:
                module = f"{module}.{name}"
            elif module in NAMES and NAMES[module].name == "__init__.py":
                module = page(module).get(name, module)
            if module in NAMES and module != importer:
                found[importer].add(module)
                parents = [module.rsplit(".", k)[0] for k in range(1, module.count(".") + 1)]  # are imported first
                found[importer] |= {parent for parent in parents if not f"{importer}.".startswith(f"{parent}.")}
    return found


def test_every_package_has_modules():
    assert all(any(path.is_relative_to(ROOT / package) for path in MODULES) for package in ORDER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path):
    package = path.relative_to(ROOT).parts[0]
    above = set(ORDER[ORDER.index(package) + 1 :])
    if path.is_relative_to(ROOT / "neuromorph" / "cli"):
        above.discard("circuits")  # a command imports what it needs, inside its function
    names = {node.module or "" for node in ast.walk(ast.parse(path.read_text())) if absolute_import(node)}
    tops = {module.split(".")[0] for module, _ in imported_names(path)}
    assert not tops & above, f"{package} must not import {above}"
    assert package not in {name.split(".")[0] for name in names}, "imports inside a package are relative"


def absolute_import(node: ast.AST) -> bool:
    return isinstance(node, ast.ImportFrom) and node.level == 0


def test_no_modules_import_each_other():
    """Neither at once, nor later inside a function, nor for types alone."""
    assert len(imports()) > 300
    graph = nx.DiGraph((importer, module) for importer, modules in imports().items() for module in modules)
    circles = [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1]
    assert not circles


def test_nothing_is_imported_from_a_floor_above():
    rooms = {name.split(".")[1] for name in NAMES if name.startswith("neuromorph.")} - {"__main__"}
    assert rooms == set(FLOORS)
    upwards = [
        (importer, module)
        for importer, modules in imports().items()
        for module in modules
        if importer.startswith("neuromorph.") and module.startswith("neuromorph.") and "__main__" not in importer
        if FLOORS.index(importer.split(".")[1]) < FLOORS.index(module.split(".")[1])
    ]
    assert not upwards


@pytest.mark.parametrize("package", ["circuits", "hardware_targets"])
def test_rooms_of_the_other_packages_do_not_import_each_other(package):
    """One folder, or file of the package itself, is a room: their imports have an order."""
    graph = nx.DiGraph()
    for importer, modules in imports().items():
        for module in modules:
            rooms = [name.split(".")[:2][-1] for name in (importer, module) if name.startswith(f"{package}.")]
            if len(rooms) == 2 and rooms[0] != rooms[1]:
                graph.add_edge(*rooms)
    assert graph.number_of_edges() >= 5
    assert nx.is_directed_acyclic_graph(graph)


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
    groups = {"neuromorph.targets": 15}
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


# A constant may stand twice where it means the same: tables and schemas of a module's own, copies for --help.
SAME_MEANING = {"DATA", "F", "SCHEMA", "NAME", "DIALECTS", "OPAMPS", "READS", "SYNAPSES", "TIMEOUT_S", "LEVELS"}
ENGINE_PROTOCOL = {"run", "version"}  # of every simulator
PROGRAMS = {"main"}


def public_names(path: Path) -> Iterator[str]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (each.id for each in node.targets if isinstance(each, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def test_a_public_name_means_one_thing():
    homes: dict[str, list[str]] = {}
    for module, path in NAMES.items():
        for name in public_names(path):
            homes.setdefault(name, []).append(module)
    shared = {n: where for n, where in homes.items() if len(where) > 1 and not n.startswith("_")}
    assert not {n: where for n, where in shared.items() if n not in SAME_MEANING | ENGINE_PROTOCOL | PROGRAMS}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_one_idea(path):
    assert len(path.read_text().splitlines()) <= 350
