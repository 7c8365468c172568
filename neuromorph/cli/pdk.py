"""The options of ``netlist`` and ``certify`` that build a problem in the transistors of an open process."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.printable import printable
from .arguments import BadInput, Parser, count, user_errors, writing
from .common import work_origin
from .netlist_file import circuit_package, write_netlists
from .output_folder import made_folder

if TYPE_CHECKING:
    from ..problems import Problem

_PDKS = ("sky130",)
_CELLS = ("neuron", "bistable")
_CORNERS = ("tt", "ff", "ss", "sf", "fs")  # as circuits.sky130 has both (a test compares)
_DISAGREES = 1


def add_pdk(
    parser: Parser, about_corner: str, about_draws: str, cells: tuple[str, ...] = (), about_cells: str = ""
) -> None:
    """Add the options of a process.

    Parameters
    ----------
    parser : Parser
        Parser of a command.
    about_corner, about_draws : str
        What corner and draws of mismatch are for there.
    cells : tuple of str, optional
        Cells of no process that the command knows, too.
    about_cells : str, optional
        What they are.
    """
    process = "in transistors of this process; needs the package sky130"
    parser.add_argument("--pdk", choices=_PDKS, help=process)
    about = "neurons and synapses below threshold, or bistable nodes (BRIM) with resistors; default: neuron"
    parser.add_argument("--cell", choices=(*_CELLS, *cells), help=f"{about}{about_cells}")
    parser.add_argument("--corner", choices=_CORNERS, help=about_corner)
    parser.add_argument("--mismatch", type=count, metavar="N", help=about_draws)


def is_pdk(arguments: argparse.Namespace, refused: dict[str, bool]) -> bool:
    """Return whether a process is asked for, without options that it has no use for.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of a command.
    refused : dict of str to bool
        Whether each option that does not go with a process was given.

    Returns
    -------
    bool
        Whether ``--pdk`` is given.

    Raises
    ------
    BadInput
        If options contradict each other.
    """
    if arguments.pdk is None:
        given = [f"--{key}" for key in ("cell", "corner", "mismatch") if getattr(arguments, key) is not None]
        if given:
            raise BadInput(f"{given[0]} is of a process; add --pdk {_PDKS[0]}")
        return False
    for option, is_given in refused.items():
        if is_given:
            raise BadInput(f"{option} does not go with --pdk, whose circuit has its own parts; leave one of them out")
    return True


def pdk_netlist(arguments: argparse.Namespace, problem: Problem) -> int:
    """Write a problem's netlist, and those of draws of mismatch beside it.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of ``netlist``.
    problem : Problem
        Problem.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    BadInput
        If it cannot be built or written.
    """
    draws = arguments.mismatch or 0
    out: Path | None = arguments.out
    if draws and out is None:
        raise BadInput("--mismatch writes files beside that of --out; give --out")
    circuit_package()
    from circuits.sky130.deck import sky130_netlists

    with user_errors(ValueError, TypeError, ModuleNotFoundError):
        made = {"cell": arguments.cell or _CELLS[0], "corner": arguments.corner or _CORNERS[0]}
        texts = sky130_netlists(problem, **made, mismatch=draws, rng=arguments.seed)
    digits = len(str(draws))
    write_netlists(out, texts[0], {f"mismatch{k:0{digits}d}.cir": text for k, text in enumerate(texts[1:], 1)})
    return 0


def pdk_certify(arguments: argparse.Namespace, problem: Problem) -> int:
    """Certify a problem's circuit at corners and with mismatch.

    Parameters
    ----------
    arguments : argparse.Namespace
        Arguments of ``certify``.
    problem : Problem
        Problem.

    Returns
    -------
    int
        0, or 1 if a check does not hold.

    Raises
    ------
    BadInput
        If it cannot be built, or no engine runs.
    """
    from ..files.atomic_write import write_file

    engines = arguments.engine or ["auto"]
    if len(engines) > 1:
        raise BadInput("--pdk runs one engine; name one")
    circuit_package()
    from circuits.sky130.certificate import certify_sky130

    corners = _CORNERS if arguments.corner is None else (arguments.corner,)
    made_folder(arguments.out)
    options: dict[str, Any] = {
        "cell": arguments.cell or _CELLS[0],
        "mismatch": arguments.mismatch or 0,
        "rng": arguments.seed,
        "engine": engines[0],
    }
    with user_errors(ValueError, TypeError, RuntimeError, ModuleNotFoundError):
        certificate = certify_sky130(problem, corners=corners, timeout_s=arguments.timeout, **options)
    found = {**certificate.to_dict(), **work_origin(arguments, arguments.seed)}
    text = json.dumps(found, indent=2, allow_nan=False)
    if arguments.out is not None:
        with writing(arguments.out):
            write_file(arguments.out / "certificate.json", text + "\n")
    if arguments.json:
        print(text)
    else:
        _print(found)
    return 0 if certificate.passed else _DISAGREES


def _print(found: dict[str, Any]) -> None:
    from ..report.table import print_rows

    kind = "neurons" if found["cell"] == _CELLS[0] else "bistable nodes"
    print(f"{found['neurons']} {kind} in SKY130, +-0.9 V, {found['engine']}; {'; '.join(found['notes'])}")
    rows = [
        (name, f"{of['end_error']:.2g}", "yes" if of["same_attractor"] else "no", f"{1e6 * of['neuron_w']:.3g} uW")
        for name, of in found["corners"].items()
    ]
    print_rows(("corner", "end", "same attractor", "power of each with its synapses"), rows)
    draws = found["mismatch"]
    if draws["draws"]:
        print(
            f"mismatch at {draws['corner']}: {draws['right']} of {draws['draws']} draws end right "
            f"({100 * draws['low']:.3g} to {100 * draws['high']:.3g} %)"
        )
    if found["recalled"] is not None:
        print(f"the pattern that the cue means is {'recalled' if found['recalled'] else 'not recalled'}")
    for said in found["failed"]:
        print(printable(f"FAILED {said}"))
    if found["passed"]:
        print("all checks hold")
