"""The command ``compare``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

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
from .study_options import add_study_options, asked_task, check_targets, warn_learning

if TYPE_CHECKING:
    from ..study import Comparison


def add_compare_options(compare: Parser) -> None:
    """Add the options of ``compare``.

    Parameters
    ----------
    compare : Parser
        Parser of the command.
    """
    names = "names as of 'neuromorph targets', with parameters or without: A,B(levels=16,read_noise=off); default: all"
    compare.add_argument("--targets", type=target_names, metavar="A,B", help=names)
    compare.add_argument("--all", action="store_true", help="also the targets that nobody has built: forecasts")
    add_study_options(compare)
    within = "a read succeeds within this fraction of the best known value; default: 0"
    compare.add_argument("--success-gap", type=fraction, default=0.0, metavar="G", help=within)
    folder = "write report.html, results.json, figures; keeps the reads, so that the same command goes on"
    compare.add_argument("--out", type=folder_or_file, metavar="DIR", help=folder)
    compare.add_argument("--json", action="store_true", help="print results.json instead of the table")
    formats = ("table", "csv", "markdown", "latex")
    about = "print the table as csv (SI units), markdown or latex (booktabs), in the columns that papers print"
    compare.add_argument("--format", choices=formats, default="table", help=about)
    compare.add_argument("--why", action="store_true", help="say why targets do not fit, instead of their names alone")
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
    from dataclasses import replace

    from ..protocol import TargetError
    from ..report import results_json, write_report
    from ..study import compare
    from .progress import progress_bars

    problem = load_problem(arguments)
    task = asked_task(arguments, problem)
    about = origin(arguments)
    check_targets(arguments.targets or [])
    if arguments.out is not None:
        with writing(arguments.out):
            arguments.out.mkdir(parents=True, exist_ok=True)
    bars = progress_bars(show=not (arguments.json or arguments.quiet or arguments.format != "table"))
    with user_errors(ValueError, TargetError), bars as progress, output_kept_clean():  # more reads than fit
        comparison = compare(
            problem,
            arguments.targets,
            arguments.reads,
            arguments.seed,
            task=task,
            time_limit=arguments.time_limit,
            success_gap=arguments.success_gap,
            progress=progress,
            directory=arguments.out,
            forecasts=arguments.all,
            costs=arguments.cost,
            reference=not arguments.no_reference,
            chips=arguments.chips,
            problems_per_programming=arguments.problems_per_programming,
            read_length=arguments.read_length,
            boundary=arguments.boundary,
        )
    comparison = replace(comparison, provenance={**comparison.provenance, **about})
    failure = None
    written: list[Path] = []
    stopped = comparison.interrupted
    if arguments.out is not None:
        try:
            with writing(arguments.out):
                written = write_report(comparison, arguments.out)
        except BadInput as error:  # a full disk must not cost the table too
            failure = error
        except KeyboardInterrupt:  # results.json is whole
            stopped = True
    if arguments.json:
        sys.stdout.write(results_json(comparison))
    elif arguments.format != "table":
        from ..report.table_text import TABLES

        sys.stdout.write(TABLES[arguments.format](comparison))
    elif not arguments.quiet:
        _print_comparison(comparison, arguments.why)
        if written:
            here = sorted(path.name for path in written if path.parent == arguments.out)
            print(printable(f"written to {arguments.out}: {', '.join(here)}, figures"))
        warn(problem.name, *comparison.beaten)
        warn_learning(comparison)
    if failure:
        raise failure
    if stopped:
        kept = f"; the reads so far are in {arguments.out}, the same command goes on" if arguments.out else ""
        print(printable(f"interrupted{kept}"), file=sys.stderr)
        return INTERRUPTED
    return 0 if comparison.answered else NO_ANSWER


def _print_comparison(comparison: Comparison, why: bool) -> None:
    import os

    from rich.console import Console

    from ..report.table import print_comparison

    console = Console(highlight=False)
    if not console.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        console.width = 120  # a file or pipe has no width of its own
    with console.capture() as captured:  # rich would end the program with code 1 when a pipe closes
        print_comparison(comparison, console, why)
    sys.stdout.write(captured.get())
