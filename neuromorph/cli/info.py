"""The commands ``targets`` and ``info``."""

from __future__ import annotations

import argparse
import shlex
import sys
from typing import Any

from ..files.printable import printable
from ..runtime.signals import interrupts
from .arguments import user_errors
from .common import output_kept_clean
from .netlist_file import circuit_package


def targets_command(arguments: argparse.Namespace) -> int:
    """Run the command ``targets``.

    Parameters
    ----------
    arguments : argparse.Namespace
        Its arguments.

    Returns
    -------
    int
        Exit code.
    """
    import json

    if arguments.name is not None:
        return _one_target(arguments)
    from ..report.table import print_rows
    from ..study.installed import Unusable, labeled
    from ..task import TASK_NAMES

    rows = []
    with output_kept_clean(), interrupts() as signals:
        found = labeled(None, signals, every=True)
    for name, device in found:
        if isinstance(device, Unusable):  # one that does not load must not hide the others
            rows.append({"name": name, "supported_tasks": [], "summary": f"does not load: {device.reason}"})
        else:
            tasks = sorted(each for each in TASK_NAMES if each in device.supported_tasks)
            rows.append({"name": name, "supported_tasks": tasks, "summary": device.summary})
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        print_rows(
            ("target", "does", "what it is"), [(r["name"], ", ".join(r["supported_tasks"]), r["summary"]) for r in rows]
        )
    return 0


def _one_target(arguments: argparse.Namespace) -> int:
    """Print the parameters, limits and constants of one target."""
    import json

    from ..installed_targets import get_target, split_target_text
    from ..target_description import describe, description_text

    with user_errors(Exception), output_kept_clean(), interrupts():
        split_target_text(arguments.name)
        found = describe(get_target(arguments.name), arguments.name)
    if arguments.json:
        print(json.dumps({**found, **_origin(arguments)}, indent=2, allow_nan=False))
    else:
        print("\n".join(map(printable, description_text(found).split("\n"))))
    return 0


def _origin(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return the provenance of what has neither seed nor input."""
    from ..study.provenance import work_provenance

    return {"provenance": work_provenance(None, {"command": shlex.join(["neuromorph", *arguments.words])})}


def info_command(arguments: argparse.Namespace) -> int:
    """Run the command ``info``.

    Parameters
    ----------
    arguments : argparse.Namespace
        Its arguments.

    Returns
    -------
    int
        Exit code.
    """
    import json

    from ..pricing import read_cpu_energy
    from ..report.table import print_rows
    from ..runtime.package_ownership import circuits_missing
    from ..study.provenance import installation

    engines = {} if circuits_missing() else circuit_package().available_engines()  # that is among the warnings
    about, counters = installation(), read_cpu_energy()
    joules = f"measured ({', '.join(counters.joules)})" if counters.joules else counters.reason
    if arguments.json:
        print(json.dumps({**about, "engines": engines, "cpu_joules": joules, **_origin(arguments)}, indent=2))
        return 0
    print_rows(("part", "version"), [*about["versions"].items(), *((f"engine {k}", v) for k, v in engines.items())])
    print(printable(f"targets: {', '.join(about['targets'])}"))
    print(printable(f"joules of this CPU: {joules}"))
    for warning in about["warnings"]:
        print(f"warning: {printable(warning)}", file=sys.stderr)
    return 0
