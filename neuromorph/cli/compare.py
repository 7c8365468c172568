"""The commands ``compare`` and ``solve``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.printable import printable
from .arguments import (
    INTERRUPTED,
    NO_ANSWER,
    BadInput,
    add_time_limit,
    count,
    finite,
    fraction,
    seed,
    user_errors,
    warn,
    writing,
)
from .common import load_problem, origin, output_kept_clean

if TYPE_CHECKING:
    from ..problems import Problem
    from ..study import Comparison, Result
    from ..task import Task

READS = 100  # as in study, which --help must not import
TASKS = ("minimize", "sample", "recall")  # as in task


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that ``compare`` and ``solve`` share.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Parser of a command.
    """
    tasks = "minimize, sample (at --beta) or recall; default: recall of patterns, minimize of all else"
    parser.add_argument("--task", choices=TASKS, metavar="T", help=tasks)
    parser.add_argument("--beta", type=fraction, metavar="B", help="sample at this inverse temperature, 1 / energy")
    rules = "learning rule of patterns: hebb, pseudo-inverse, storkey or perceptron; default: hebb"
    parser.add_argument("--rule", metavar="R", help=rules)
    parser.add_argument(
        "--reads", type=count, default=READS, metavar="N", help=f"independent reads a target; default: {READS}"
    )
    parser.add_argument(
        "--seed",
        type=seed,
        metavar="N",
        help="the same seed gives the same reads; default: drawn, or that of the reads in DIR",
    )
    parser.add_argument("--best-known", type=finite, metavar="X", help="else from beside the file, or the table")
    add_time_limit(parser, "seconds for all targets together")
    costs = "TOML of constants in place of those of the targets: joules and seconds follow, spins do not change"
    parser.add_argument("--cost", metavar="FILE", help=costs)


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
    _check_targets(arguments.targets or [])
    if arguments.out is not None:
        with writing(arguments.out):
            arguments.out.mkdir(parents=True, exist_ok=True)
    bars = progress_bars(show=not (arguments.json or arguments.quiet))
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
            costs=arguments.cost,
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
    elif not arguments.quiet:
        _print_comparison(comparison)
        if written:
            here = sorted(path.name for path in written if path.parent == arguments.out)
            print(printable(f"written to {arguments.out}: {', '.join(here)}, figures"))
        warn(problem.name, *comparison.beaten)
    if failure:
        raise failure
    if stopped:
        kept = f"; the reads so far are in {arguments.out}, the same command goes on" if arguments.out else ""
        print(printable(f"interrupted{kept}"), file=sys.stderr)
        return INTERRUPTED
    return 0 if comparison.answered else NO_ANSWER


def asked_task(arguments: argparse.Namespace, problem: Problem) -> Task | None:
    """Return the task of ``--task`` and ``--beta``.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command.
    problem : Problem
        Problem.

    Returns
    -------
    Task or None
        Task; None for the problem's own.

    Raises
    ------
    BadInput
        If the options contradict each other or the problem.
    """
    from ..task import Minimize, Sample

    name: str | None = arguments.task or ("sample" if arguments.beta is not None else None)
    if name == "sample":
        if arguments.beta is None:
            raise BadInput("--task sample needs an inverse temperature; add --beta B, in 1 / energy")
        return Sample(arguments.beta)
    if arguments.beta is not None:
        raise BadInput(f"--beta is to sample, and --task is {name}; leave one of them out")
    if name == "recall" and problem.kind != "recall":
        raise BadInput(
            f"{Path(arguments.file).name} is no memory but of kind {problem.kind}, which has nothing to recall; take "
            "--task minimize or sample"
        )
    return Minimize() if name == "minimize" else None


def solve_command(arguments: argparse.Namespace) -> int:
    """Run the command ``solve``.

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
    from dataclasses import replace

    from ..protocol import TargetError
    from ..report import results_dict
    from ..study import compare
    from .progress import progress_bars

    problem = load_problem(arguments)
    task = asked_task(arguments, problem)
    _check_targets([arguments.target])
    if arguments.out is not None:
        with writing(arguments.out):  # before the work rather than after it
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with user_errors(ValueError, TargetError), progress_bars(show=not arguments.json) as progress, output_kept_clean():
        comparison = compare(
            problem,
            [arguments.target],
            arguments.reads,
            arguments.seed,
            task=task,
            time_limit=arguments.time_limit,
            progress=progress,
            costs=arguments.cost,
        )
    comparison = replace(comparison, provenance={**comparison.provenance, **origin(arguments)})
    result, *hidden = comparison.results
    if result.reason.startswith("CircuitsMissing: "):
        raise BadInput(result.reason.partition(": ")[2])
    answer = None if result.solution is None else result.solution.value
    failure = None
    there = answer is not None if comparison.beta is None else result.sampling is not None
    if there and arguments.out is not None:
        try:
            with writing(arguments.out):
                _write_found(comparison, result, arguments.out)
        except BadInput as error:  # a full disk must not cost the answer too
            failure = error
    if arguments.json:
        data = results_dict(comparison)
        shared = {name: data[name] for name in ("schema", "problem", "task", "reference", "provenance") if name in data}
        found = None if answer is None else _found(problem, answer)
        json.dump({**shared, **data["results"][0], "answer": found}, sys.stdout, allow_nan=False)
        print()
    else:
        shown = there and (arguments.out is None or failure is not None)
        if comparison.beta is None:
            _print_answer(comparison, result, shown)
        else:
            _print_samples(comparison, result)
        warn(problem.name, *comparison.beaten)
    for other in hidden:
        print(printable(f"warning: {other.reason}"), file=sys.stderr)
    if failure:
        raise failure
    return INTERRUPTED if comparison.interrupted else 0 if there else NO_ANSWER


def _print_answer(comparison: Comparison, result: Result, shown: bool) -> None:
    """Print the answer if it is ``shown``, and its quality on standard error."""
    from ..plotting.numbers import format_number, format_percent
    from ..problems.solution_text import solution_text

    if shown and result.solution is not None:
        print(solution_text(comparison.problem, result.solution.value))
    about = (
        f"score {format_number(result.best)}, gap {format_percent(result.gap)}"
        if result.solution
        else "no feasible answer"
    )
    why = f"; {result.reason}" if result.reason else ""
    print(printable(f"{result.target}, {result.reads} reads: {about}{why}"), file=sys.stderr)


def _print_samples(comparison: Comparison, result: Result) -> None:
    """Print the scores of the states of one target, a line a number."""
    from ..report.sampling_text import SCORES, format_score, sampling_note, shown_scores
    from ..report.table import print_rows

    why = f"; {result.reason}" if result.reason else ""
    print(printable(f"{result.target}, {result.reads} reads at beta {comparison.beta:g}{why}"), file=sys.stderr)
    if result.run is None or result.sampling is None:
        return
    energies = result.run.energies
    rows = [("mean energy", f"{energies.mean():.6g}"), ("lowest energy", f"{energies.min():.6g}")]
    for name in shown_scores(comparison):
        value, interval = format_score(getattr(result.sampling, name))
        rows.append((SCORES[name][0], f"{value} ({interval})" if interval else value))
    print_rows(("of the samples", "value"), rows)
    print(printable(sampling_note(comparison)), file=sys.stderr)
    warn(result.target, *result.sampling.notes)


def _check_targets(names: Sequence[str]) -> None:
    from ..installed_targets import split_target_text

    with user_errors(ValueError):
        for name in names:
            split_target_text(name)


def _write_found(comparison: Comparison, result: Result, path: Path) -> None:
    """Write the best answer, or the states of a sampling task as samples.npz has them."""
    import numpy as np

    from ..sampling.samples import Samples
    from ..sampling.samples_file import write_samples

    if comparison.beta is None:
        assert result.solution is not None
        _write_answer(comparison.problem, result.solution.value, path)
    elif result.run is not None:
        run = result.run
        samples = Samples(run.spins, run.energies, np.array([comparison.beta]), result.target, status=run.status)
        labels = getattr(comparison.problem, "labels", ())
        write_samples(samples, path / "samples.npz" if path.is_dir() else path, labels)


def _write_answer(problem: Problem, value: Any, path: Path) -> None:
    from ..files.atomic_write import write_file
    from ..problems import Tsp, write_tour
    from ..problems.forced_links import visited_cities
    from ..problems.solution_text import solution_text

    if isinstance(problem, Tsp):
        write_tour(path, visited_cities(problem, value), name=problem.name)
    else:
        write_file(path, solution_text(problem, value) + "\n")


def _found(problem: Problem, value: Any) -> Any:
    """Return the answer as plain data: cities from 0 in the order in which they are visited, or values."""
    from ..problems import Tsp
    from ..problems.forced_links import visited_cities

    return (visited_cities(problem, value) if isinstance(problem, Tsp) else value).tolist()


def _print_comparison(comparison: Comparison) -> None:
    from rich.console import Console

    from ..report.table import print_comparison

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120  # a file or pipe has no width of its own
    with console.capture() as captured:  # rich would end the program with code 1 when a pipe closes
        print_comparison(comparison, console)
    sys.stdout.write(captured.get())
