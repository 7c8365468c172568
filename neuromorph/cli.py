"""The command line: thin calls to public functions. Everything heavy is imported by the command that needs it.

Exit codes: 0; 1 no feasible answer, or engines that disagree; 2 bad input; 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP, what
there is being kept.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .circuit_commands import add_circuit_commands, circuit_function
from .limits import TimeLimitReached
from .model_commands import add_model_commands
from .options import (
    INTERRUPTED,
    NO_ANSWER,
    BadInput,
    Parser,
    add_time_limit,
    count,
    finite,
    folder_or_file,
    fraction,
    names,
    seed,
    user_errors,
    writing,
)
from .signals import interrupts
from .spike_commands import add_spike_command

if TYPE_CHECKING:
    from .problems import Problem
    from .study import Comparison

BAD_INPUT = 2
READS = 100  # as in study, which --help must not import


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller closed it
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  (it stays open)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a letter shows a mark instead
            stream.reconfigure(errors="replace")
    with interrupts(ending=True) as signals:
        code = _run(words)
    exec("")  # Python remembers Ctrl-C within an exec, though it was answered, and would end by a signal instead
    return 128 + signals.number if code == INTERRUPTED and signals.number else code


def _run(words: list[str]) -> int:
    try:
        arguments = _parser().parse_args(words)
        arguments.words = words
        code: int = arguments.command(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # argparse's --help and --version
        return int(end.code or 0)
    except BadInput as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return BAD_INPUT
    except TimeLimitReached as error:
        print(f"time limit: {error}; give more with --time-limit", file=sys.stderr)
        return NO_ANSWER
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has seen enough
        _drop_output()
        return 0
    except OSError as error:  # a file that we write is writing's matter; this is the output, on a full disk say
        _drop_output()
        print(f"error: {error}; give the output another place", file=sys.stderr)
        return BAD_INPUT


def _drop_output() -> None:
    """What is still in the buffer must not fail once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> Parser:
    from . import __version__

    parser = Parser(prog="neuromorph", description="One problem on many kinds of physics.")
    parser.add_argument("--version", action="version", version=f"neuromorph {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, function: Callable[[argparse.Namespace], int], text: str, file: bool = True) -> Parser:
        added = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        added.set_defaults(command=function)
        if file:
            added.add_argument("file", metavar="FILE", help="TSPLIB, rudy / G-set, or patterns (.npz, .png, text)")
            added.add_argument("--kind", help="tsp, maxcut or recall; else found from the content")
        return added

    compare = command("compare", _compare, "run one problem on many targets: table, page, results, netlist")
    compare.add_argument("--targets", type=names, metavar="A,B", help="names as of 'neuromorph targets'; default: all")
    _add_study_options(compare)
    within = "a read succeeds within this fraction of the best known value; default: 0"
    compare.add_argument("--success-gap", type=fraction, default=0.0, metavar="G", help=within)
    folder = "write report.html, results.json, figures; keeps the reads, so that the same command goes on"
    compare.add_argument("--out", type=folder_or_file, metavar="DIR", help=folder)
    compare.add_argument("--json", action="store_true", help="print results.json instead of the table")
    compare.add_argument("--quiet", action="store_true", help="print nothing but errors")

    solve = command("solve", _solve, "run one target and print its best answer")
    solve.add_argument("--target", default="cpu-anneal", help="default: cpu-anneal")
    _add_study_options(solve)
    solve.add_argument(
        "--out", type=folder_or_file, metavar="PATH", help="write the answer: a TSPLIB tour, or numbers as text"
    )
    solve.add_argument("--json", action="store_true")

    add_model_commands(command, _origin)
    add_spike_command(command, _origin)
    add_circuit_commands(command, _load)
    for name, function, text in (
        ("targets", _targets, "list the installed targets"),
        ("info", _info, "show versions, SPICE engines, and who owns the import names"),
    ):
        command(name, function, text, file=False).add_argument("--json", action="store_true")
    return parser


def _add_study_options(parser: argparse.ArgumentParser) -> None:
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


def _compare(arguments: argparse.Namespace) -> int:
    from dataclasses import replace

    from . import compare
    from .report.progress import progress_bars

    problem = _load(arguments)
    origin = _origin(arguments)
    _check_targets(arguments.targets or [])
    if arguments.out is not None:
        with writing(arguments.out):
            arguments.out.mkdir(parents=True, exist_ok=True)
    bars = progress_bars(show=not (arguments.json or arguments.quiet))
    with user_errors(ValueError), bars as progress, _output_kept_clean():  # more reads than fit
        comparison = compare(
            problem,
            arguments.targets,
            arguments.reads,
            arguments.seed,
            time_limit=arguments.time_limit,
            success_gap=arguments.success_gap,
            progress=progress,
            directory=arguments.out,
        )
    comparison = replace(comparison, provenance={**comparison.provenance, **origin})
    failure = None
    written: list[Path] = []
    stopped = comparison.interrupted
    if arguments.out is not None:
        try:
            with writing(arguments.out):
                written = comparison.write(arguments.out)
        except BadInput as error:  # a full disk must not cost the table too
            failure = error
        except KeyboardInterrupt:  # results.json is whole
            stopped = True
    if arguments.json:
        sys.stdout.write(comparison.to_json())
    elif not arguments.quiet:
        _print_comparison(comparison)
        if written:
            here = sorted(path.name for path in written if path.parent == arguments.out)
            print(f"written to {arguments.out}: {', '.join(here)}, figures")
    if failure:
        raise failure
    if stopped:
        kept = f"; the reads so far are in {arguments.out}, the same command goes on" if arguments.out else ""
        print(f"interrupted{kept}", file=sys.stderr)
        return INTERRUPTED
    return 0 if comparison.best else NO_ANSWER


def _solve(arguments: argparse.Namespace) -> int:
    import json

    from . import compare
    from .report.progress import progress_bars

    problem = _load(arguments)
    _check_targets([arguments.target])
    if arguments.out is not None:
        with writing(arguments.out):  # before the work rather than after it
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
    with user_errors(ValueError), progress_bars(show=not arguments.json) as progress, _output_kept_clean():
        comparison = compare(
            problem,
            [arguments.target],
            arguments.reads,
            arguments.seed,
            time_limit=arguments.time_limit,
            progress=progress,
        )
    result, *hidden = comparison.results
    if result.reason.startswith("CircuitsMissing: "):
        raise BadInput(result.reason.partition(": ")[2])
    value = result.solution.value if result.solution else None
    failure = None
    if value is not None and arguments.out is not None:
        try:
            with writing(arguments.out):
                _write_answer(problem, value, arguments.out)
        except BadInput as error:  # a full disk must not cost the answer too
            failure = error
    if arguments.json:
        data = comparison.to_dict()
        answer = None if value is None else value.tolist()
        json.dump({"problem": data["problem"], **data["results"][0], "answer": answer}, sys.stdout, allow_nan=False)
        print()
    else:
        from .report.text import number, percent

        if value is not None and (arguments.out is None or failure):
            print(_answer_text(problem, value))
        about = f"score {number(result.best)}, gap {percent(result.gap)}" if result.solution else "no feasible answer"
        why = f"; {result.reason}" if result.reason else ""
        print(f"{result.target}, {result.reads} reads: {about}{why}", file=sys.stderr)
    for other in hidden:
        print(f"warning: {other.reason}", file=sys.stderr)
    if failure:
        raise failure
    return INTERRUPTED if comparison.interrupted else NO_ANSWER if value is None else 0


def _targets(arguments: argparse.Namespace) -> int:
    import json

    from .report.table import print_rows
    from .study.contract import CLAIMS
    from .study.installed import Unusable, labelled

    rows = []
    with _output_kept_clean(), interrupts() as signals:
        found = labelled(None, signals)
    for name, device in found:
        if isinstance(device, Unusable):  # one that does not load must not hide the others
            rows.append({"name": name, "claims": [], "summary": f"does not load: {device.reason}"})
        else:
            claims = sorted(each for each in CLAIMS if each in device.claims)
            rows.append({"name": name, "claims": claims, "summary": device.summary})
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        print_rows(("target", "does", "what it is"), [(r["name"], ", ".join(r["claims"]), r["summary"]) for r in rows])
    return 0


def _info(arguments: argparse.Namespace) -> int:
    import json

    from .ownership import circuits_missing
    from .report.table import print_rows
    from .study.provenance import installation

    engines = {} if circuits_missing() else circuit_function("engines")()  # that is among the warnings
    about = installation()
    if arguments.json:
        print(json.dumps({**about, "engines": engines}, indent=2))
        return 0
    print_rows(("part", "version"), [*about["versions"].items(), *((f"engine {k}", v) for k, v in engines.items())])
    print(f"targets: {', '.join(about['targets'])}")
    for warning in about["warnings"]:
        print(f"warning: {warning}", file=sys.stderr)
    return 0


@contextmanager
def _output_kept_clean() -> Iterator[None]:
    """What targets print, in Python or in C, goes to standard error: the output is a table, or JSON."""
    sys.stdout.flush()
    kept = None
    try:
        with suppress(OSError):  # the caller closed one of them
            kept = os.dup(1)
            os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


def _load(arguments: argparse.Namespace) -> Problem:
    from . import load

    with user_errors(ValueError, OSError):
        return load(arguments.file, kind=arguments.kind, best_known=getattr(arguments, "best_known", None))


def _check_targets(names: Sequence[str]) -> None:
    from . import targets

    for name in names:
        if name not in targets():
            raise BadInput(f"target is {name!r}; installed are {', '.join(targets()) or 'none'}")


def _origin(arguments: argparse.Namespace) -> dict[str, str]:
    """The command and the file, for the provenance."""
    import hashlib

    path = Path(arguments.file)
    return {
        "command": shlex.join(["neuromorph", *arguments.words]),
        "input": path.name,
        "input_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _write_answer(problem: Problem, value: Any, path: Path) -> None:
    from . import Tsp, write_tour
    from .files import write_file

    if isinstance(problem, Tsp):
        write_tour(path, value, name=problem.name)
    else:
        write_file(path, _answer_text(problem, value) + "\n")


def _answer_text(problem: Problem, value: Any) -> str:
    """Cities from 1, as TSPLIB numbers them, in the order of the tour; else one -1 or +1 a spin."""
    numbers = value + 1 if problem.kind == "tsp" else value
    return " ".join(str(number) for number in numbers.tolist())


def _print_comparison(comparison: Comparison) -> None:
    from rich.console import Console

    from .report.table import print_comparison

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 120  # a file or pipe has no width of its own
    with console.capture() as captured:  # rich would end the program with code 1 when a pipe closes
        print_comparison(comparison, console)
    sys.stdout.write(captured.get())
