"""Every benchmark beside its peers in one run: ``make bench`` writes results/*.json with the machine and the versions.

A benchmark is a module of this folder with ``rows() -> list of dicts``. Numbers are CPU seconds of this machine; what
travels is their ratio within a run.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from neuromorph.files.atomic_write import write_file

HERE = Path(__file__).parent
PACKAGES = (
    "neuromorph",
    "numpy",
    "scipy",
    "numba",
    "dimod",
    "dwave-samplers",
    "openjij",
    "simulated-bifurcation",
    "fast-tsp",
    "elkai",
    "scikit-learn",
    "mcising",
    "thrml",
    "peapods",
    "jax",
    "diffrax",
)


def machine() -> dict[str, object]:
    """Describe what the figures were measured on."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        lines = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        model = lines[0].split(":")[1].strip() if lines else model
    return {"processor": model, "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"}


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def main(names: list[str]) -> None:
    sys.path.insert(0, str(HERE))
    chosen = names or sorted(path.stem for path in HERE.glob("*.py") if path.name != "run.py")
    console = Console(width=180)
    for name in chosen:
        module = importlib.import_module(name)
        rows = module.rows()
        table = Table(title=(module.__doc__ or name).splitlines()[0], title_justify="left")
        for column in rows[0]:
            table.add_column(column)
        for row in rows:
            table.add_row(*(f"{value:.6g}" if isinstance(value, float) else str(value) for value in row.values()))
        console.print(table)
        document = {
            "benchmark": name,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "rows": rows,
        }
        write_file(HERE / "results" / f"{name}.json", json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
