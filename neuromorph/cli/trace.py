"""``neuromorph trace``: one read of one target seen from inside."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.atomic_write import write_file
from ..files.printable import printable
from .arguments import BadInput, Parser, add_time_limit, folder_or_file, fraction, read_source, seed, user_errors, warn
from .output_folder import OutFolder

if TYPE_CHECKING:
    from ..ising import Ising
    from ..problems import Problem
    from ..problems.text_file import TextFile
    from ..task import Task

_Origin = Callable[[argparse.Namespace], dict[str, str]]


def add_trace_command(command: Callable[..., Parser], origin: _Origin) -> None:
    """Append it to the parser; ``origin`` gives the command and the file, for the provenance."""
    about = "show one read of one target from inside: states, potentials, spikes, and the energy against time"
    trace = command("trace", lambda arguments: _trace(arguments, origin), about)
    trace.epilog = "FILE may also be a model: .npz or JSON with couplings and biases, dimod's JSON or COO text."
    trace.add_argument("--target", required=True, metavar="T", help="a name as of 'neuromorph targets'")
    tasks = "default: that of the problem; sample with --beta"
    trace.add_argument("--task", choices=("minimize", "sample", "recall"), help=tasks)
    trace.add_argument("--beta", type=fraction, metavar="B", help="inverse temperature to sample at, 1 / energy")
    again = "the read is the first one of 'solve' and 'compare' with that seed; default: 0"
    trace.add_argument("--seed", type=seed, default=0, metavar="N", help=again)
    add_time_limit(trace, "seconds for programming and reading")
    trace.add_argument("--out", type=folder_or_file, metavar="DIR", help="write trace.json, trace.png and trace.svg")
    trace.add_argument("--json", action="store_true", help="print trace.json instead of the table")


def _trace(arguments: argparse.Namespace, origin: _Origin) -> int:
    import json
    import time
    from dataclasses import replace

    import numpy as np

    from ..protocol import get_target, require_trace, trace_read
    from ..report.trace_figures import trace_files
    from ..rng import child
    from ..runtime.limits import time_limit
    from ..trace import trace_dict
    from .common import output_kept_clean

    limit = None if arguments.time_limit is None else time.monotonic() + arguments.time_limit
    with user_errors(ValueError, OSError, MemoryError):
        source = read_source(arguments)
        problem, notes = _problem(source, arguments.kind)
        warn(source.name, *notes)
        with output_kept_clean(), time_limit(limit):
            device = get_target(arguments.target)
            stream = np.random.SeedSequence(arguments.seed)  # as in a comparison: this is its first read
            own = child(stream, device.name)
            task = _task(arguments, problem, child(stream, "task"))
            require_trace(device, task)
            program = device.program(problem, child(own, "program"))
            trace = trace_read(device, program, task, child(own, "reads"))
    name = trace.problem if hasattr(problem, "name") else Path(arguments.file).stem
    trace = replace(trace, problem=name, provenance={**trace.provenance, "seed": arguments.seed, **origin(arguments)})
    about = trace_dict(trace)
    files = OutFolder(arguments.out)
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


def _problem(source: TextFile, kind: str | None) -> tuple[Problem | Ising, tuple[str, ...]]:
    """The problem of a file, or the couplings and biases of a model file, and what is to be said of it."""
    from ..problems import load
    from ..problems.format_detection import COUPLINGS, ENTRIES, JSON, form_of
    from ..problems.ising_files import read_ising_file

    if kind is None and source.data and form_of(source) in (COUPLINGS, ENTRIES, JSON):
        model = read_ising_file(source)
        return model.ising, model.notes
    problem = load(source, kind=kind)
    return problem, problem.notes


def _task(arguments: argparse.Namespace, problem: Any, rng: Any) -> Task:
    """What was asked for, else what the problem is for."""
    from ..problems import Recall
    from ..task import Minimize, Sample

    name = arguments.task or ("sample" if arguments.beta is not None else "")
    if name == "sample":
        if arguments.beta is None:
            raise BadInput("--task sample needs a temperature; give --beta, the inverse temperature in 1 / energy")
        return Sample(arguments.beta)
    if arguments.beta is not None:
        raise BadInput(f"--beta is to sample, and --task is {name}; leave one of them out")
    if name == "recall" and not isinstance(problem, Recall):
        what = getattr(problem, "kind", "model")
        raise BadInput(f"--task is recall, and {Path(arguments.file).name} is a {what}; give patterns, or minimize")
    if name == "minimize" or not hasattr(problem, "task"):
        return Minimize()
    task: Task = problem.task(1, rng)
    return task


def _write(make: Callable[[], str | bytes], path: Path) -> None:
    write_file(path, make())


def _print(trace: Any) -> None:
    """One line a number."""
    from ..plotting.numbers import format_number, format_quantity
    from ..report.table import print_rows

    last = float(trace.times[-1])
    took = format_quantity(last, "s") if trace.time_unit == "s" else f"{last:g} {trace.time_unit}s"
    lowest = format_number(float(trace.energies.min()))
    rows = [
        ("target, task", f"{trace.target}, {trace.task}{'' if trace.beta is None else f' at beta = {trace.beta:g}'}"),
        ("problem", f"{trace.problem}, {trace.spins.size} spins"),
        ("took", f"{took}, {len(trace.times)} times kept"),
        ("energy", f"{format_number(float(trace.energies[0]))} at first, {lowest} at its lowest"),
        ("read out", f"{format_number(trace.energy)}{'' if trace.converged else ', not settled'}"),
        *(([("spikes", f"{len(trace.spikes[0]):,}")]) if trace.spikes is not None else []),
        ("series", ", ".join(f"{each.name} ({len(each.labels)})" for each in trace.series)),
    ]
    print_rows(("of the read", "value"), rows)
    for note in trace.notes:
        print(printable(f"note: {note}"))
