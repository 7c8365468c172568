"""The command ``compare``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..files.atomic_write import write_file
from ..files.printable import printable
from .arguments import (
    INTERRUPTED,
    NO_ANSWER,
    BadInput,
    Parser,
    folder_or_file,
    fraction,
    target_names,
    user_errors,
    warn,
    writing,
)
from .common import load_problem, origin, output_kept_clean
from .instance_files import all_pictures, check_files, folder_names, instance_files, of_file
from .output_folder import made_folder
from .study_options import READS, add_study_options, asked_study, asked_task, check_targets, warn_learning

if TYPE_CHECKING:
    from rich.console import Console

    from ..problems import Problem
    from ..study import Comparison
    from ..task import Task

_BOUND_S, _BOUND_SHARE = 5.0, 0.05  # for a proven bound, and of a time limit
_USUAL_S = 120.0  # for an instance, where neither reads nor a time limit are asked for
_LEAST_S = 0.1  # for each instance, though the others have taken all of the time


def add_compare_options(compare: Parser) -> None:
    """Add the options of ``compare``.

    Parameters
    ----------
    compare : Parser
        Parser of the command.
    """
    files = (
        "TSPLIB, rudy / G-set, patterns (.npz, .png, text), or models (.npz, JSON, COO text); pictures, several or a "
        "folder of them, are one memory; of several others, a folder or "
    )
    lists = f"{files}@LIST with a path a line, there is a table for each, and one over all"
    compare.add_argument("files", nargs="+", metavar="FILE", help=lists)
    compare.add_argument("--kind", help="tsp, maxcut, recall or ising; else found from the content")
    names = (
        "names as of 'neuromorph targets', with parameters or without: A,B(levels=16,read_noise=off); else see --all"
    )
    compare.add_argument("--targets", type=target_names, metavar="A,B", help=names)
    compare.add_argument(
        "--all",
        action="store_true",
        help="also forecasts, further methods of the CPU, and annealers whose embedding takes minutes",
    )
    add_study_options(compare, f", or what {_USUAL_S:.0f} s allow, shared as by --time-limit")
    within = "a read succeeds within this fraction of the best known value; default: 0"
    compare.add_argument("--success-gap", type=fraction, default=0.0, metavar="G", help=within)
    folder = "write report.html, results.json, figures; keeps the reads, so that the same command goes on"
    compare.add_argument("--out", type=folder_or_file, metavar="DIR", help=folder)
    compare.add_argument("--json", action="store_true", help="print results.json instead of the table")
    formats = ("table", "csv", "markdown", "latex")
    about = "print the table as csv (SI units), markdown or latex (booktabs), in the columns that papers print"
    compare.add_argument("--format", choices=formats, default="table", help=about)
    compare.add_argument(
        "--why", action="store_true", help="say why targets do not fit and what others hold instead of what was asked"
    )
    compare.add_argument("--quiet", action="store_true", help="print nothing but errors")


def compare_command(arguments: argparse.Namespace) -> int:
    """Run the command ``compare``.

    Parameters
    ----------
    arguments : argparse.Namespace
        Its arguments.

    Returns
    -------
    int
        Exit code.
    """
    if arguments.json and arguments.format != "table":
        raise BadInput(f"--json and --format {arguments.format} both print the results; leave one of them out")
    files = instance_files(arguments.files, arguments.kind == "recall")
    arguments.more = []
    arguments.usual = arguments.reads is None and arguments.time_limit is None
    arguments.reads = arguments.reads or READS
    if len(files) > 1 and all_pictures([file for file, named in files if named]) and all(named for _, named in files):
        files, arguments.more = files[:1], [file for file, _ in files[1:]]
    if arguments.usual:
        arguments.time_limit = _USUAL_S * len(files)
    check_files(files, arguments)
    check_targets(arguments.targets or [])
    if len(files) == 1 and files[0][1]:
        return _compare_file(of_file(arguments, files[0][0]))
    return _compare_files(arguments, files)


def _compare_file(arguments: argparse.Namespace) -> int:
    problem = load_problem(arguments)
    task = asked_task(arguments, problem)
    comparison = _study(arguments, problem, task, arguments.out, arguments.seed, arguments.time_limit)
    failure, stopped, written = _written(comparison, arguments.out)
    if arguments.json:
        from ..report import results_json

        sys.stdout.write(results_json(comparison))
    elif arguments.format != "table":
        from ..report.table_text import TABLES

        sys.stdout.write(TABLES[arguments.format](comparison))
    elif not arguments.quiet:
        _print_table(comparison, arguments)
        if written:
            here = sorted(path.name for path in written if path.parent == arguments.out)
            print(printable(f"written to {arguments.out}: {', '.join(here)}, figures"))
    return _end(arguments, [comparison], failure, stopped)


def _compare_files(arguments: argparse.Namespace, files: list[tuple[str, bool]]) -> int:
    """Compare on each file as if it stood alone, with one seed, and then over all of them."""
    from ..report.instances import instances_json, instances_text, print_instances
    from ..report.instances_page import render_instances_page

    loaded = _loaded(arguments, files)
    table = not (arguments.json or arguments.quiet or arguments.format != "table")
    end = None if arguments.time_limit is None else time.monotonic() + arguments.time_limit
    names = folder_names([one.file for one, _, _ in loaded])
    found: list[Comparison] = []
    failure, stopped, seed = None, False, arguments.seed
    try:
        for k, (one, problem, task) in enumerate(loaded):
            folder = None if arguments.out is None else arguments.out / names[k]
            left = None if end is None else max(_LEAST_S, (end - time.monotonic()) / (len(loaded) - k))
            found.append(_study(one, problem, task, folder, seed, left))
            seed = found[-1].provenance["seed"] if seed is None else seed
            lost, cut, _ = _written(found[-1], folder)
            failure, stopped = failure or lost, cut or found[-1].interrupted
            if table:
                _print_table(found[-1], one, notes=k + 1 == len(loaded))
                print(flush=True)
            if stopped:
                break
    except KeyboardInterrupt:  # between two of them
        stopped = True
    begun = {"command": origin(loaded[0][0])["command"]} if found else {}
    about = {**begun, "seed": seed, "not_begun": [Path(one.file).name for one, _, _ in loaded[len(found) :]]}
    if arguments.out is not None and found:
        try:
            with writing(arguments.out):
                write_file(arguments.out / "results.json", instances_json(found, about))
                page = render_instances_page(found, names[: len(found)], about)
                write_file(arguments.out / "report.html", page)
        except BadInput as error:
            failure = failure or error
    if arguments.json:
        sys.stdout.write(instances_json(found, about))
    elif arguments.format != "table":
        sys.stdout.write(instances_text(found, arguments.format))
    elif table and found:
        _print(lambda console: print_instances(found, console))
        if arguments.out is not None and failure is None:
            print(printable(f"written to {arguments.out}: report.html, results.json, and a folder for each instance"))
    return _end(arguments, found, failure, stopped)


def _loaded(
    arguments: argparse.Namespace, files: list[tuple[str, bool]]
) -> list[tuple[argparse.Namespace, Problem, Task | None]]:
    """Load the problems; a file that nobody named, as one of a folder, is left out if it is none."""
    loaded = []
    for file, named in files:
        one = of_file(arguments, file)
        try:
            problem = load_problem(one)
            loaded.append((one, problem, asked_task(one, problem)))
        except BadInput as error:
            if named:
                raise
            warn(file, f"left out, for it is no problem: {error}")
    if not loaded:
        raise BadInput(f"none of the {len(files)} files of {', '.join(arguments.files)} is a problem; name a file")
    return loaded


def _study(
    arguments: argparse.Namespace,
    problem: Problem,
    task: Task | None,
    out: Path | None,
    seed: int | None,
    time_limit: float | None,
) -> Comparison:
    from dataclasses import replace

    from ..protocol import TargetError
    from .kernel_helper import kernel_helper
    from .progress import progress_bars

    about = origin(arguments)
    made_folder(out)
    bars = progress_bars(show=not (arguments.json or arguments.quiet or arguments.format != "table"))
    helper = kernel_helper(problem, task, arguments.targets, arguments.all)
    with user_errors(ValueError, TargetError), helper, bars as progress, output_kept_clean():  # more reads than fit
        from ..study import compare  # takes a while, in which the helper compiles
        from ..study.proven_bound import proven_bound

        comparison = compare(
            problem,
            arguments.targets,
            task=task,
            time_limit=time_limit,
            success_gap=arguments.success_gap,
            progress=progress,
            directory=out,
            every=arguments.all,
            rng=seed,
            **asked_study(arguments),
        )
        bound = None
        if comparison.best_of_study is not None and not comparison.interrupted:
            bound = proven_bound(problem, _BOUND_S if time_limit is None else min(_BOUND_S, _BOUND_SHARE * time_limit))
    return replace(comparison, provenance={**comparison.provenance, **about}, proven_bound=bound)


def _written(comparison: Comparison, out: Path | None) -> tuple[BadInput | None, bool, list[Path]]:
    """Write the report; a full disk must not cost the table too, and after Ctrl-C results.json is whole."""
    from ..report import write_report

    if out is None:
        return None, False, []
    try:
        with writing(out):
            return None, False, write_report(comparison, out)
    except BadInput as error:
        return error, False, []
    except KeyboardInterrupt:
        return None, True, []


def _end(arguments: argparse.Namespace, found: Sequence[Comparison], failure: BadInput | None, stopped: bool) -> int:
    """Warn of what the tables lack, and choose the exit code."""
    if not (arguments.json or arguments.quiet or arguments.format != "table"):
        for each in found:
            warn(each.problem.name, *each.beaten)
            warn_learning(each)
        if arguments.usual and any(row.status == "time limit" for each in found for row in each.results):
            goes_on = "with --out the same command goes on" if arguments.out is None else "the same command goes on"
            usual = f"reads stop after {_USUAL_S:.0f} s where neither --reads nor --time-limit is given; {goes_on}"
            print(usual, file=sys.stderr)
    if failure:
        raise failure
    if stopped or any(each.interrupted for each in found):
        kept = f"; the reads so far are in {arguments.out}, the same command goes on" if arguments.out else ""
        print(printable(f"interrupted{kept}"), file=sys.stderr)
        return INTERRUPTED
    return 0 if any(each.answered for each in found) else NO_ANSWER


def _print_table(comparison: Comparison, arguments: argparse.Namespace, notes: bool = True) -> None:
    from ..report.table import print_comparison

    _print(lambda console: print_comparison(comparison, console, arguments.why, notes))


def _print(show: Callable[[Console], None]) -> None:
    import os

    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = 120  # a file or pipe has no width of its own
    with console.capture() as captured:  # rich would end the program with code 1 when a pipe closes
        show(console)
    sys.stdout.write(captured.get())
