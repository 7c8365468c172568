"""The command line: thin calls to public functions. Everything heavy is imported by the command that needs it.

Exit codes: 0; 1 no feasible answer, or engines that disagree; 2 bad input; 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP, what
there is being kept.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence

from ..problems.forms import PROBLEM_KINDS
from ..runtime.limits import TimeLimitReached
from ..runtime.signals import interrupts
from .arguments import (
    BAD_INPUT,
    INTERRUPTED,
    NO_ANSWER,
    TOO_MUCH,
    BadInput,
    Parser,
    one_line,
    too_much,
)
from .bench import add_bench_options, bench_command
from .calibrate import add_calibrate_command
from .circuits import add_circuit_commands
from .compare import add_compare_options, compare_command
from .former_commands import add_former_commands
from .info import info_command, targets_command
from .lucidac import add_lucidac_command
from .new_target import add_new_target_options, new_target_command
from .simulate import add_simulate_command
from .solve import add_solve_options, solve_command
from .sweep import add_sweep_commands
from .trace import add_trace_command
from .validate import add_validate_command

_COLLECTED = 100_000  # new objects between garbage collections: by default they take a tenth of imports and compiling
_FILE = "tours, graphs, QUBO and Ising models, patterns, in the forms of docs/problem_files.md; .gz and .xz too"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str or None
        Words of the command line; None takes those of the process.

    Returns
    -------
    int
        Exit code.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller closed it
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  (it stays open)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a letter shows a mark instead
            stream.reconfigure(errors="replace")
    before = gc.get_threshold()
    gc.set_threshold(_COLLECTED, *before[1:])
    try:
        with interrupts(ending=True) as signals:
            code = _run(words)
    finally:
        gc.set_threshold(*before)
    exec("")  # Python remembers Ctrl-C within an exec, though it was answered, and would end by a signal instead
    return 128 + signals.number if code == INTERRUPTED and signals.number else code


def _run(words: list[str]) -> int:
    try:
        arguments, unknown = _parser().parse_known_args(words)
        if unknown:  # said by the command, whose help lists what it takes
            arguments.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        arguments.words = words
        code: int = arguments.command(arguments)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # argparse's --help and --version
        return int(end.code or 0)
    except BadInput as error:
        print(f"error: {one_line(str(error))}", file=sys.stderr)
        return BAD_INPUT
    except TOO_MUCH as error:
        print(f"error: {one_line(too_much(error))}", file=sys.stderr)
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
        print(f"error: {one_line(str(error))}; give the output another place", file=sys.stderr)
        return BAD_INPUT


def _drop_output() -> None:
    """Drop the output still in the buffer, which must not fail once more when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> Parser:
    from .. import __version__

    parser = Parser(prog="neuromorph", description="One problem on many kinds of physics.")
    parser.add_argument("--version", action="version", version=f"neuromorph {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, function: Callable[[argparse.Namespace], int], text: str, file: bool = True) -> Parser:
        added = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        added.set_defaults(command=function, parser=added)
        if file:
            added.add_argument("file", metavar="FILE", help=_FILE)
            added.add_argument("--kind", metavar="K", help=f"{', '.join(PROBLEM_KINDS)}; else found from the content")
        return added

    text = "run one problem on many targets: table, page, results, netlist"
    add_compare_options(command("compare", compare_command, text, file=False))
    text = "run one target and print its best answer, what it samples, or what it recalls"
    add_solve_options(command("solve", solve_command, text))
    add_trace_command(command)
    add_sweep_commands(command)
    text = "time to target beside installed peers, with equal CPU time, and curves of the best answer so far"
    add_bench_options(command("bench", bench_command, text, file=False))
    add_circuit_commands(command)
    add_lucidac_command(command)
    add_simulate_command(command)
    add_validate_command(command)
    add_calibrate_command(command)
    listing = command("targets", targets_command, "list the installed targets, or show one of them", file=False)
    about = "show its parameters, limits and constants with their sources"
    listing.add_argument("name", nargs="?", metavar="NAME", help=about)
    listing.add_argument("--json", action="store_true")
    text = "write a package of a target of your own, ready to install and to change"
    add_new_target_options(command("new-target", new_target_command, text, file=False))
    add_former_commands(command, _run)
    shown = "show versions, SPICE engines, and who owns the import names"
    command("info", info_command, shown, file=False).add_argument("--json", action="store_true")
    return parser
