"""The command ``solve``: one target, and what it answers, samples or recalls."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.printable import printable
from .arguments import INTERRUPTED, NO_ANSWER, BadInput, Parser, user_errors, warn, writing
from .common import load_problem, origin, output_kept_clean
from .output_folder import OutFolder, made_folder
from .study_options import READS, add_study_options, asked_study, asked_task, check_targets, warn_learning

if TYPE_CHECKING:
    from ..problems import Problem
    from ..study import Comparison, Result
    from ..task import Task

_LARGE = 5e8  # bytes of states from which they are told before
_REFUSED = 1e13  # more fits nowhere
_PER_SPIN = 3.0  # bytes: a read is kept, checked and diagnosed
_PICTURES = 20  # printed


def add_solve_options(solve: Parser) -> None:
    """Add the options of ``solve``.

    Parameters
    ----------
    solve : Parser
        Parser of the command.
    """
    default = (
        "default: cpu-anneal; cpu-optimize for colorings, Sudokus and sets; cpu-relaxation by rule dense or modern"
    )
    solve.add_argument("--target", metavar="T", help=f"with parameters or without; {default}")
    add_study_options(solve)
    more = "more pictures: all of them are one memory, as a folder of pictures is"
    solve.add_argument("more", nargs="*", metavar="PICTURE", help=more)
    solve.add_argument(
        "--out",
        type=_place,
        metavar="PATH",
        help="write the answer (a TSPLIB tour, numbers as text, samples.npz of --task sample); into a folder, that is "
        "there or ends with '/', also result.json, the figure, and recalled pictures",
    )
    solve.add_argument("--json", action="store_true", help="print result.json instead")


def _place(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; name a place")
    return text


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
    arguments.reads = arguments.reads or READS
    problem = load_problem(arguments)
    task = asked_task(arguments, problem)
    if arguments.target is None:
        arguments.target = _default_target(problem)
    check_targets([arguments.target])
    path = None if arguments.out is None else Path(arguments.out)
    is_folder = path is not None and (arguments.out.endswith(("/", os.sep)) or path.is_dir())
    folder = made_folder(path if is_folder else None)
    if path is not None and not is_folder:
        made_folder(path.parent)
    _tell_memory(problem, arguments.reads)
    comparison = _compared(arguments, problem, task)
    result, *hidden = comparison.results
    if result.reason.startswith("CircuitsMissing: "):
        raise BadInput(result.reason.partition(": ")[2])
    there = (result.solution if comparison.beta is None else result.sampling) is not None
    about = _about(comparison, result)
    folder.stopped = comparison.interrupted
    failure = None
    if is_folder:
        _fill(folder, comparison, result, about)
    elif there and path is not None:
        failure = _write_found(comparison, result, path)
    if arguments.json:
        json.dump(about, sys.stdout, allow_nan=False)
        print()
    else:
        _print(comparison, result, shown=there and (path is None or failure is not None or folder.lost))
        if folder.written:
            print(printable(f"written to {folder.folder}: {', '.join(folder.written)}"), file=sys.stderr)
    warn_learning(comparison)
    for other in hidden:
        print(printable(f"warning: {other.reason}"), file=sys.stderr)
    if failure:
        raise failure
    code = folder.end("what there was by then is kept" if folder.written else "what there was by then is shown")
    return code or (INTERRUPTED if comparison.interrupted else 0 if there else NO_ANSWER)


def _compared(arguments: argparse.Namespace, problem: Problem, task: Task | None) -> Comparison:
    from dataclasses import replace

    from ..protocol import TargetError
    from ..study import compare
    from .progress import progress_bars

    bars = progress_bars(show=not arguments.json)
    with user_errors(ValueError, TargetError), bars as progress, output_kept_clean():
        comparison = compare(
            problem,
            [arguments.target],
            task=task,
            time_limit=arguments.time_limit,
            progress=progress,
            rng=arguments.seed,
            **asked_study(arguments),
        )
    return replace(comparison, provenance={**comparison.provenance, **origin(arguments)})


def _about(comparison: Comparison, result: Result) -> dict[str, Any]:
    """Return results.json of one target: what the comparison shares, its row, and its answer."""
    from ..report import results_dict

    data = results_dict(comparison)
    shared = {name: data[name] for name in ("schema", "problem", "task", "reference", "provenance") if name in data}
    answer = None if result.solution is None else _numbers(comparison.problem, result.solution.value)
    return {**shared, **data["results"][0], "answer": answer}


def _default_target(problem: Problem) -> str:
    if problem.kind in ("coloring", "sudoku", "independent-set"):  # whose moves reach what anneals do not
        return "cpu-optimize"
    return "cpu-anneal" if getattr(problem, "memory", None) is None else "cpu-relaxation"


def _tell_memory(problem: Problem, reads: int) -> None:
    needed = _PER_SPIN * reads * problem.size
    if _LARGE < needed < _REFUSED and problem.kind != "tsp":
        about = f"{reads} states of {problem.size} spins take about {needed / 1e9:.1f} GB of memory"
        print(about, file=sys.stderr)


def _fill(folder: OutFolder, comparison: Comparison, result: Result, about: dict[str, Any]) -> None:
    from ..report.answer_files import FIGURES, answer_files

    for name, write in answer_files(comparison, result, about).items():
        if not (folder.stopped and name in FIGURES):  # matplotlib takes a second
            folder.keep(name, write)


def _print(comparison: Comparison, result: Result, shown: bool) -> None:
    from ..report.mapping_text import mapping_sentence

    if comparison.beta is not None:
        _print_samples(comparison, result)
    elif result.recall is not None:
        _print_recall(comparison, result, shown)
    else:
        _print_answer(comparison, result, shown)
    if said := mapping_sentence(result.mapping):
        print(printable(f"{result.target} {said}"), file=sys.stderr)
    warn(comparison.problem.name, *comparison.beaten)


def _reads(result: Result) -> str:
    return f"{result.target}, {result.reads} read{'s' * (result.reads != 1)}"


def _print_answer(comparison: Comparison, result: Result, shown: bool) -> None:
    """Print the answer if it is ``shown``, and its quality on standard error."""
    from ..plotting.numbers import format_number, format_percent
    from ..problems import solution_text

    if shown and result.solution is not None:
        print(solution_text(comparison.problem, result.solution.value))
    about = (
        f"score {format_number(result.best)}, gap {format_percent(result.gap)}"
        if result.solution
        else "no feasible answer"
    )
    why = f"; {result.reason}" if result.reason else ""
    print(printable(f"{_reads(result)}: {about}{why}"), file=sys.stderr)


def _print_recall(comparison: Comparison, result: Result, shown: bool) -> None:
    """Print the recalled pictures if ``shown``, and a line a pattern on standard error."""
    from ..problems import Recall
    from ..report.answer_files import recalled_pictures, recalled_text
    from ..report.recall_text import recall_lines

    problem, score, run = comparison.problem, result.recall, result.run
    assert isinstance(problem, Recall)
    assert score is not None
    assert run is not None
    if shown:
        states = recalled_pictures(problem, run, score.patterns)[:_PICTURES]
        sys.stdout.write(recalled_text(problem, states))
    why = f"; {result.reason}" if result.reason else ""
    print(printable(f"{_reads(result)}{why}"), file=sys.stderr)
    for line in recall_lines(score, len(problem.patterns)):
        print(printable(line), file=sys.stderr)
    warn(result.target, *result.warnings)


def _print_samples(comparison: Comparison, result: Result) -> None:
    """Print the scores of the states of one target, a line a number."""
    from ..problems.ising_model import energy_in_words
    from ..report.sampling_text import SCORES, diagnostic_rows, format_score, sampling_note, shown_scores
    from ..report.table import print_rows

    why = f"; {result.reason}" if result.reason else ""
    print(printable(f"{_reads(result)} at beta {comparison.beta:g}{why}"), file=sys.stderr)
    if result.run is None or result.sampling is None:
        return
    energies = result.run.energies
    rows = [("energy", f"E = {energy_in_words(comparison.problem)}")]
    rows += [("mean energy", f"{energies.mean():.6g}"), ("lowest energy", f"{energies.min():.6g}")]
    for name in shown_scores(comparison):
        value, interval = format_score(getattr(result.sampling, name))
        rows.append((SCORES[name][0], f"{value} ({interval})" if interval else value))
    print_rows(("of the samples", "value"), [*rows, *diagnostic_rows(result.diagnostics or {})])
    print(printable(sampling_note(comparison)), file=sys.stderr)
    warn(result.target, *result.warnings, *result.sampling.notes)


def _write_found(comparison: Comparison, result: Result, path: Path) -> BadInput | None:
    """Write the best answer, or the states of a sampling task; a full disk must not cost what is shown too."""
    from ..sampling.samples_file import write_samples
    from ..study.chain_diagnostics import samples_of

    try:
        with writing(path):
            if comparison.beta is None:
                assert result.solution is not None
                _write_answer(comparison.problem, result.solution.value, path)
            elif result.run is not None:
                write_samples(samples_of(result.run), path, getattr(comparison.problem, "labels", ()))
    except BadInput as error:
        return error
    return None


def _write_answer(problem: Problem, value: Any, path: Path) -> None:
    from ..files.atomic_write import write_file
    from ..problems import Tsp, solution_text, write_tour
    from ..problems.forced_links import visited_cities

    if isinstance(problem, Tsp):
        write_tour(path, visited_cities(problem, value), name=problem.name)
    else:
        write_file(path, solution_text(problem, value) + "\n")


def _numbers(problem: Problem, value: Any) -> Any:
    """Return the answer as plain data: cities from 0 in the order in which they are visited, or values."""
    from ..problems import Tsp
    from ..problems.forced_links import visited_cities

    return (visited_cities(problem, value) if isinstance(problem, Tsp) else value).tolist()
