"""The option ``--cell lc`` of ``netlist``: a problem as LC oscillators, resistors between them and one pump."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .arguments import BadInput, user_errors
from .netlist_file import circuit_package, write_netlists

if TYPE_CHECKING:
    from ..problems import Problem

OSCILLATOR_CELLS = ("lc",)


def oscillators_netlist(arguments: argparse.Namespace, problem: Problem, refused: dict[str, bool]) -> int:
    """Write the netlist of a problem in oscillators.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of ``netlist``.
    problem : Problem
        Problem.
    refused : dict of str to bool
        Whether each option that circuits with parts of their own have no use for was given.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    BadInput
        If options contradict each other, or it cannot be built or written.
    """
    of_process = {f"--{name}": getattr(arguments, name) is not None for name in ("pdk", "corner", "mismatch")}
    for option, is_given in (of_process | refused).items():
        if is_given and option != "--dialect":
            raise BadInput(f"{option} does not go with --cell {arguments.cell}, which has its own parts; leave it out")
    circuit_package()
    from circuits.oscillators.tank_circuit import oscillator_netlist

    with user_errors(ValueError, TypeError):
        text = oscillator_netlist(problem, dialect=arguments.dialect, rng=arguments.seed)
    write_netlists(arguments.out, text)
    return 0
