"""``neuromorph trace``: one read of one target seen from inside."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..files.atomic_write import write_file
from ..files.printable import printable
from .arguments import Parser, add_time_limit, folder_or_file, fraction, seed, user_errors
from .common import load_problem, origin, output_kept_clean
from .output_folder import made_folder
from .study_options import TASKS, add_memory_options, asked_task


def add_trace_command(command: Callable[..., Parser]) -> None:
    """Add the command ``trace``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    """
    about = "show one read of one target from inside: states, potentials, spikes, and the energy against time"
    trace = command("trace", _trace, about)
    trace.add_argument("--target", required=True, metavar="T", help="a name as of 'neuromorph targets'")
    tasks = "default: that of the problem; sample with --beta"
    trace.add_argument("--task", choices=TASKS, metavar="T", help=tasks)
    trace.add_argument("--beta", type=fraction, metavar="B", help="inverse temperature to sample at, 1 / energy")
    add_memory_options(trace)
    again = "the read is the first one of 'solve' and 'compare' with that seed; default: 0"
    trace.add_argument("--seed", type=seed, default=0, metavar="N", help=again)
    add_time_limit(trace, "seconds for programming and reading")
    costs = "TOML of constants in place of those of the target, as of 'compare'; a read depends on few of them"
    trace.add_argument("--cost", metavar="FILE", help=costs)
    trace.add_argument("--out", type=folder_or_file, metavar="DIR", help="write trace.json, trace.png and trace.svg")
    trace.add_argument("--json", action="store_true", help="print trace.json instead of the table")


def _trace(arguments: argparse.Namespace) -> int:
    import json
    import time
    from dataclasses import replace

    import numpy as np

    from ..installed_targets import get_target
    from ..protocol import TargetError
    from ..report.trace_figures import trace_files
    from ..rng import child
    from ..runtime.limits import time_limit
    from ..study.compare import asked_problem
    from ..target_constants import datum_dict, read_replacements, replace_in_all
    from ..target_trace import require_trace, trace_read
    from ..trace import trace_dict

    problem = load_problem(arguments)
    chosen = asked_task(arguments, problem)
    files = made_folder(arguments.out)
    limit = None if arguments.time_limit is None else time.monotonic() + arguments.time_limit
    with user_errors(ValueError, TargetError, OSError, MemoryError), output_kept_clean(), time_limit(limit):
        device, replaced = get_target(arguments.target), {}
        if arguments.cost is not None:
            priced, of = replace_in_all([(arguments.target, device)], read_replacements(arguments.cost))
            device, replaced = priced.get(arguments.target, device), of.get(arguments.target, {})
        stream = np.random.SeedSequence(arguments.seed)  # as in a comparison: this is its first read
        own = child(stream, device.name)
        task = chosen if chosen is not None else problem.task(1, child(stream, "task"))
        require_trace(device, task)
        program = device.program(asked_problem(problem, task), child(own, "program"))
        trace = trace_read(device, program, task, child(own, "reads"))
    given = {"replaced_constants": {name: datum_dict(datum) for name, datum in replaced.items()}} if replaced else {}
    trace = replace(trace, provenance={**trace.provenance, **given, "seed": arguments.seed, **origin(arguments)})
    about = trace_dict(trace)
    for file, make in trace_files(trace, about).items():
        if not (files.stopped and file != "trace.json"):  # matplotlib takes a second
            files.keep(file, partial(_write, make))
    if arguments.json:
        print(json.dumps(about, allow_nan=False))
    else:
        _print(trace)
        if files.written:
            print(printable(f"written to {arguments.out}: {', '.join(files.written)}"))
    return files.end("the read is shown")


def _write(make: Callable[[], str | bytes], path: Path) -> None:
    write_file(path, make())


def _print(trace: Any) -> None:
    """Print one line a number; energies that are round-off beside the others are 0."""
    from ..plotting.numbers import format_number, format_quantity
    from ..report.table import print_rows

    round_off = 1e-12 * float(abs(trace.energies).max())

    def energy(value: float) -> str:
        return format_number(value if abs(value) > round_off else 0.0)

    last = float(trace.times[-1])
    took = format_quantity(last, "s") if trace.time_unit == "s" else f"{last:g} {trace.time_unit}s"
    size = f"{trace.spins.size} spins" if trace.answer is None else f"{trace.answer.size} cities"
    rows = [
        ("target, task", f"{trace.target}, {trace.task}{'' if trace.beta is None else f' at beta = {trace.beta:g}'}"),
        ("problem", f"{trace.problem}, {size}"),
        ("took", f"{took}, {len(trace.times)} times kept"),
        ("energy", f"{energy(float(trace.energies[0]))} at first, {energy(float(trace.energies.min()))} at its lowest"),
        ("read out", f"{energy(trace.energy)}{'' if trace.converged else ', not settled'}"),
        *(([("spikes", f"{len(trace.spikes[0]):,}")]) if trace.spikes is not None else []),
        ("series", ", ".join(f"{each.name} ({len(each.labels)})" for each in trace.series)),
    ]
    print_rows(("of the read", "value"), rows)
    for note in trace.notes:
        print(printable(f"note: {note}"))
