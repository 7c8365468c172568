"""The command ``bench``: time to target beside installed peers."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import (
    INTERRUPTED,
    NO_ANSWER,
    BadInput,
    Parser,
    count,
    finite,
    folder_or_file,
    fraction,
    names,
    positive,
    user_errors,
    warn,
)
from .arguments import seed as seed_number
from .common import load_problem, output_kept_clean
from .instance_files import folder_names, instance_files, of_file
from .output_folder import OutFolder, made_folder

if TYPE_CHECKING:
    from ..bench import Bench


def add_bench_options(parser: Parser) -> None:
    """Add the options of ``bench``.

    Parameters
    ----------
    parser : Parser
        Parser of the command.
    """
    parser.add_argument("files", nargs="*", metavar="FILE", help="problems, a folder of them, or @LIST")
    about = "NeuroBench's independent sets up to N nodes instead of files: both scenarios, its report with joules"
    parser.add_argument("--neurobench", type=count, metavar="N", help=about)
    parser.add_argument("--kind", help="kind of the problem; else found from the content")
    about = "dwave-samplers, openjij, simulated-bifurcation, fast-tsp, elkai; none; default: all that are installed"
    parser.add_argument("--peers", type=names, metavar="A,B", help=about)
    about = "CPU seconds of each run of each solver; default: 5"
    parser.add_argument("--time", type=positive, default=5.0, metavar="S", help=about)
    parser.add_argument("--runs", type=count, default=5, metavar="N", help="runs of each solver; default: 5")
    about = "the target is within this fraction of the best value known, or of the best of these runs; default: 0"
    parser.add_argument("--gap", type=fraction, default=0.0, metavar="G", help=about)
    parser.add_argument("--seed", type=seed_number, default=1, metavar="N", help="seed of the first run; default: 1")
    parser.add_argument("--best-known", type=finite, metavar="V", help="best value known, of one file")
    about = "write bench.json and a figure of the best score so far for each instance"
    parser.add_argument("--out", type=folder_or_file, metavar="DIR", help=about)
    parser.add_argument("--json", action="store_true", help="print bench.json instead of the table")
    about = "qoblib: print a submission to QOBLIB, as CSV, instead of the table"
    parser.add_argument("--format", choices=("table", "qoblib"), default="table", help=about)
    parser.add_argument("--submitter", default="", metavar="NAME", help="who submits it; of --format qoblib")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")


def bench_command(arguments: argparse.Namespace) -> int:
    """Run the command ``bench``.

    Parameters
    ----------
    arguments : argparse.Namespace
        Its arguments.

    Returns
    -------
    int
        Exit code.
    """
    if arguments.neurobench is not None:
        from .neurobench import neurobench_command

        return neurobench_command(arguments)
    if not arguments.files:
        raise BadInput("no file is named; give problems, or --neurobench N")
    from ..bench import bench_dict, draw_courses, qoblib_csv, run_bench
    from ..files.atomic_write import write_file
    from .common import work_origin
    from .progress import progress_bars

    files = instance_files(arguments.files)
    if arguments.best_known is not None and len(files) > 1:
        raise BadInput(f"--best-known is of one file, but {len(files)} were given; put NAME.best beside each")
    problems = []
    for file, named in files:
        one = of_file(arguments, file)
        try:
            problem = load_problem(one)
            if problem.kind == "recall":
                raise BadInput(f"{file} is a memory, which is recalled and not minimized; give tours, cuts or models")
            problems.append((one, problem))
        except BadInput as error:
            if named:
                raise
            warn(file, f"left out: {error}")
    if not problems:
        raise BadInput(f"none of the {len(files)} files is a problem to minimize; name a file")
    out = made_folder(arguments.out)
    peers = [] if arguments.peers == ["none"] else arguments.peers
    found: list[Bench] = []
    shown = not (arguments.json or arguments.quiet or arguments.format != "table")
    with user_errors(ValueError), progress_bars(show=shown), output_kept_clean():
        for _, problem in problems:
            found.append(
                run_bench(problem, budget_s=arguments.time, runs=arguments.runs, peers=peers, seed=arguments.seed)
            )
            if found[-1].interrupted:
                break
    about = {**work_origin(problems[0][0], arguments.seed)["provenance"], "gap": arguments.gap}
    text = json.dumps(bench_dict(found, arguments.gap, about), indent=2, allow_nan=False) + "\n"
    out.keep("bench.json", lambda path: write_file(path, text))
    for name, bench in zip(folder_names([one.file for one, _ in problems]), found, strict=False):
        ax = draw_courses(bench) if arguments.out is not None else None
        for kind in ("svg", "png"):
            out.keep(f"best_so_far_{name}.{kind}", partial(_write_figure, ax, kind))
    if arguments.json:
        sys.stdout.write(text)
    elif arguments.format == "qoblib":
        from ..study.proven_bound import proven_bound

        bounds = [proven_bound(bench.problem) for bench in found]
        sys.stdout.write(qoblib_csv(found, arguments.gap, about, arguments.submitter, bounds))
    elif shown:
        _print(found, arguments.gap, out)
    code = out.end("what was complete is kept")
    if any(bench.interrupted for bench in found):
        print("interrupted: the runs that were complete are shown", file=sys.stderr)
        return INTERRUPTED
    answered = any(course.scores.size for bench in found for each in bench.courses.values() for course in each)
    return code or (0 if answered else NO_ANSWER)


def _write_figure(ax: Any, kind: str, path: Path) -> None:
    from ..files.atomic_write import write_file
    from ..plotting.files import figure_bytes

    write_file(path, figure_bytes(ax, kind))


def _print(found: list[Bench], gap: float, out: OutFolder) -> None:
    import os

    from rich.console import Console

    from ..bench import print_bench
    from ..files.printable import printable

    console = Console(highlight=False)
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = 120
    with console.capture() as captured:
        print_bench(found, console, gap)
    sys.stdout.write(captured.get())
    if out.written:
        print(printable(f"written to {out.folder}: {', '.join(out.written)}"))
