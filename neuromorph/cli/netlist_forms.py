"""The text of ``netlist``: of resistors or transconductors, with or without noise in time."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .arguments import BadInput
from .netlist_file import circuit_package

if TYPE_CHECKING:
    from ..problems import Problem

SYNAPSES = ("resistors", "transconductors", "overlaps")


def asked_netlist(
    arguments: argparse.Namespace, problem: Problem, options: dict[str, Any], amplifiers: dict[str, Any]
) -> str:
    """Write the netlist of a problem.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of the command.
    problem : Problem
        Problem.
    options, amplifiers : dict of str to Any
        Dialect, analyses and series; level, op-amp and seed.

    Returns
    -------
    str
        Netlist.

    Raises
    ------
    BadInput
        If options do not go together.
    """
    package = circuit_package()
    if arguments.synapses == SYNAPSES[0]:
        if arguments.currents is None:
            return package.problem_netlist(problem, **options, **amplifiers)
        from circuits.noise.kinds import read_noise
        from circuits.noise.noise_sources import noisy_netlist

        return noisy_netlist(problem, read_noise(arguments.currents), **options, **amplifiers)
    others = (arguments.level != "ideal", arguments.opamp, arguments.opamp_lib, options["analyses"], arguments.currents)
    if any(others):
        usual = "leave --level, --opamp, --opamp-lib, --analysis and --noise"
        raise BadInput(f"--synapses {arguments.synapses} are of ideal amplifiers; {usual}")
    plain = {key: value for key, value in options.items() if key != "analyses"}
    return package.transconductor_netlist(problem, rng=arguments.seed, **plain)
