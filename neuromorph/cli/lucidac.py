"""The command ``lucidac``: a network on a real analog computer, its program, or a plan of several machines."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ..files.printable import printable
from .arguments import Parser, folder_or_file, positive, seed, user_errors, writing
from .common import load_problem
from .netlist_file import circuit_package


def add_lucidac_command(command: Callable[..., Parser]) -> None:
    """Add the command ``lucidac``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    """
    about = "plan the problem's network on LUCIDACs, analog computers; program one and run it beside the equation"
    parser = command("lucidac", _lucidac, about)
    bits = "of the coefficients; default: that of circuits/lucidac/lucidac.toml"
    parser.add_argument("--bits", type=positive, metavar="N", help=bits)
    sign = "of the machine's integrators; default: -1, as lucipy's simulator has it"
    parser.add_argument("--sign", type=int, choices=(-1, 1), metavar="S", help=sign)
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="draws the start; default: 0")
    parser.add_argument(
        "--out", type=folder_or_file, metavar="FILE", help="configuration for pybrid (neuromorph[lucidac])"
    )


def _lucidac(arguments: argparse.Namespace) -> int:
    problem = load_problem(arguments)
    circuit_package()
    from circuits.lucidac.machine_report import lucidac_report

    with user_errors(ValueError, TypeError, ImportError):
        report = lucidac_report(
            problem, rng=arguments.seed, bits=arguments.bits, sign=arguments.sign, config=arguments.out is not None
        )
    if arguments.out is not None and report.config is not None:
        from ..files.atomic_write import write_file

        with writing(Path(arguments.out)):
            write_file(arguments.out, report.config)
    print("\n".join(map(printable, report.lines)))
    return 0
