"""The commands ``netlist`` and ``certify``: what is asked of the package above this one, which entry points name."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..files.printable import printable
from .arguments import (
    BadInput,
    Parser,
    add_time_limit,
    folder_or_file,
    names,
    positive,
    seed,
    user_errors,
    warn,
    writing,
)
from .certificate_table import print_certificate
from .common import load_problem, work_origin
from .netlist_file import TIMEOUT_S, add_include, circuit_package, is_netlist, load_netlist, write_netlists
from .netlist_forms import SYNAPSES, asked_netlist
from .oscillator_cells import OSCILLATOR_CELLS, oscillators_netlist
from .output_folder import made_folder
from .pdk import add_pdk, is_pdk, pdk_certify, pdk_netlist

# As circuits has them (a test compares), which --help must not import; the first is the default.
LEVELS = ("ideal", "opamp", "transistor", "board")
DIALECTS = ("ngspice", "xyce", "ltspice", "neospice")
OPAMPS = ("lmv824", "opa192", "tl072", "mcp6001")
VARIANT_KINDS = ("corners", "tolerance", "plot")
E_SERIES = ("E96", "E48", "E24", "E12", "E6", "E3", "exact")
DISAGREES = 1


def add_circuit_commands(command: Callable[..., Parser]) -> None:
    """Add the commands ``netlist`` and ``certify``.

    Parameters
    ----------
    command : callable
        Function of name, function and text that adds a parser.
    """
    about = "write the problem as a circuit for SPICE"
    netlist = command("netlist", _netlist, about)
    netlist.add_argument(
        "--dialect", default="ngspice", metavar="D", help=f"{_words(DIALECTS)}; default: {DIALECTS[0]}"
    )
    series = f"of the resistors: {_words(E_SERIES)}; default: {E_SERIES[0]}"
    netlist.add_argument("--series", choices=E_SERIES, default=E_SERIES[0], metavar="E", help=series)
    analyses = "for ngspice: op, ac, noise, temp, at the attractor; corners, tolerance, plot: files beside --out"
    netlist.add_argument("--analysis", type=names, metavar="A,B", help=analyses)
    lc = f"; {OSCILLATOR_CELLS[0]}: LC oscillators that resistors couple, without --pdk"
    about_draws = "also write N decks with drawn mismatch beside --out"
    add_pdk(netlist, "of the process; default: tt", about_draws, OSCILLATOR_CELLS, lc)
    add_include(netlist)
    _add_amplifiers(netlist)
    form = "transconductors: the same ideal network, quicker to simulate; default: resistors"
    netlist.add_argument("--synapses", choices=SYNAPSES[:2], default=SYNAPSES[0], help=form)
    drawing = "also draw one neuron and the array, or a cell of the circuit that anneals a tour: .svg, .png or .pdf"
    netlist.add_argument("--schematic", type=folder_or_file, metavar="PATH", help=drawing)
    noise = "in time, from the seed: thermal[:K[:K_AT_THE_END]], flicker:CORNER_HZ[:K], telegraph:AMPERE:HZ[:HZ_DOWN]"
    netlist.add_argument("--noise", dest="currents", metavar="A,B", help=noise)  # .noise is that of a cue
    netlist.add_argument("--seed", type=seed, default=0, metavar="N", help="draws start and noise; default: 0")
    netlist.add_argument("--out", type=folder_or_file, metavar="PATH", help="default: standard output")

    about = "design a board: netlists for ngspice and KiCad, bill of materials, a page with waveforms, power, yield"
    board = command("board", _board, about)
    board.add_argument("--series", choices=E_SERIES[:-1], default=E_SERIES[0], metavar="E", help=series)
    board.add_argument("--opamp", metavar="PART", help=f"{_words(OPAMPS)}; default: {OPAMPS[0]}")
    board.add_argument("--seed", type=seed, default=0, metavar="N", help="draws cue and offsets; default: 0")
    board.add_argument("--out", type=folder_or_file, required=True, metavar="DIR", help="folder of the files")

    about = "write its cells for other tools: Verilog-A modules, a neuron for LTspice and for xschem"
    cells = command("cells", _cells, about)
    cells.add_argument("--series", choices=E_SERIES, default=E_SERIES[0], metavar="E", help=series)
    cells.add_argument("--opamp", default=OPAMPS[0], metavar="PART", help=f"{_words(OPAMPS)}; default: {OPAMPS[0]}")
    cells.add_argument("--seed", type=seed, default=0, metavar="N", help="draws a cue; default: 0")
    cells.add_argument("--out", type=folder_or_file, required=True, metavar="DIR", help="folder of the files")

    about = "compare the circuit of a problem, or a netlist, in SPICE with its differential equation"
    certify = command("certify", _certify, about)
    certify.epilog = (
        "Exit code 1: an engine differs by more than its bound (docs/certificate-schema.md). Trajectories of "
        "parts are compared after the escape from a saddle is aligned. What has no bound is listed."
    )
    add_include(certify)
    certify.add_argument("--engine", type=names, metavar="A,B", help="default: all that are installed")
    add_pdk(certify, "of the process; default: all five", "also run N draws of mismatch")
    _add_amplifiers(certify)
    certify.add_argument(
        "--synapses", choices=SYNAPSES, help="overlaps: the bus of a recall; default: resistors, overlaps above 128"
    )
    fraction = "steps of at most 1/N of the shortest time constant; default: 50"
    certify.add_argument("--step-fraction", type=positive, metavar="N", help=fraction)
    bound = "SPICE's own bound for one step; default: 1e-8, less with finer steps"
    certify.add_argument("--reltol", type=positive, metavar="X", help=bound)
    certify.add_argument(
        "--refine", action="store_true", help="also show how the errors fall with the step; 7 times as long"
    )
    add_time_limit(certify, "seconds for all of it; then it says how far it came")
    longest = f"seconds for each run of an engine; default: {TIMEOUT_S:g}"
    certify.add_argument("--timeout", type=positive, default=TIMEOUT_S, metavar="S", help=longest)
    certify.add_argument("--seed", type=seed, default=0, metavar="N", help="draws start and offsets; default: 0")
    certify.add_argument(
        "--out", type=folder_or_file, metavar="DIR", help="write certificate.json and figures into this folder"
    )
    certify.add_argument("--json", action="store_true", help="print certificate.json instead of the table")


def _add_amplifiers(parser: Parser) -> None:
    parser.add_argument("--level", choices=LEVELS, default="ideal", help="of the amplifiers; default: ideal")
    parser.add_argument(
        "--opamp", metavar="PART", help=f"at levels opamp and board: {_words(OPAMPS)}; default: {OPAMPS[0]}"
    )
    library = "library of a vendor's macro-model, which takes the place of --opamp; read as data, at level opamp"
    parser.add_argument("--opamp-lib", type=Path, metavar="FILE", help=library)
    parser.add_argument("--opamp-subckt", metavar="NAME", help="its subcircuit; default: the only one")
    order = "in+,in-,v+,v-,out"
    pins = f"the pin at each port in the order of its header, as {order}; default: by the names there, or this order"
    parser.add_argument("--opamp-pins", type=names, metavar="A,B", help=pins)
    parser.add_argument("--opamp-rail", type=positive, metavar="V", help="its supply, +-V; default: 5")


def _beside_pdk(arguments: argparse.Namespace) -> dict[str, bool]:
    """Return whether options were given that a circuit in the transistors of a process has no use for."""
    given = vars(arguments)
    names = ("analysis", "schematic", "step_fraction", "reltol", "refine", "opamp", "opamp_lib", "currents")
    called = {"opamp_lib": "opamp-lib", "step_fraction": "step-fraction", "currents": "noise"}
    found = {f"--{called.get(name, name)}": bool(given.get(name)) for name in names}
    found["--synapses"] = given.get("synapses") not in (None, SYNAPSES[0])
    usual = {"level": LEVELS[0], "dialect": DIALECTS[0], "series": E_SERIES[0]}
    return found | {f"--{name}": given.get(name, value) != value for name, value in usual.items()}


def _amplifiers(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return level and op-amp; a vendor's macro-model is read here."""
    vendor = {key: getattr(arguments, f"opamp_{key}") for key in ("subckt", "pins", "rail")}
    library: Path | None = arguments.opamp_lib
    if library is None:
        for key, value in vendor.items():
            if value is not None:
                raise BadInput(f"--opamp-{key} is of a macro-model; give its library, --opamp-lib FILE")
        return {"rng": arguments.seed, "level": arguments.level, "opamp": arguments.opamp}
    if arguments.opamp is not None or arguments.level not in ("ideal", "opamp"):
        raise BadInput("--opamp-lib goes at level opamp, and without --opamp")
    circuit_package()
    from circuits.synthesis.vendor_opamp import USUAL_RAIL_V, read_vendor_opamp

    with user_errors(ValueError, OSError):
        options = {"rail_v": vendor["rail"] or USUAL_RAIL_V, "include": arguments.include}
        part = read_vendor_opamp(library, vendor["subckt"], vendor["pins"], **options)
    return {"rng": arguments.seed, "level": "opamp", "opamp": part}


def _netlist(arguments: argparse.Namespace) -> int:
    from ..files.atomic_write import write_file

    problem = load_problem(arguments)
    if arguments.cell in OSCILLATOR_CELLS:
        return oscillators_netlist(arguments, problem, _beside_pdk(arguments))
    if is_pdk(arguments, _beside_pdk(arguments)):
        return pdk_netlist(arguments, problem)
    amplifiers = _amplifiers(arguments)
    with user_errors(ValueError, TypeError):
        wanted = arguments.analysis or []
        beside = [name for name in wanted if name in VARIANT_KINDS]
        if beside and (arguments.out is None or arguments.dialect != DIALECTS[0]):
            raise BadInput(f"--analysis {','.join(beside)} writes files beside that of --out, for ngspice; give --out")
        analyses = [name for name in wanted if name not in VARIANT_KINDS]
        options = {"dialect": arguments.dialect, "analyses": analyses, "series": arguments.series}
        if beside and arguments.currents is not None:
            raise BadInput("--noise is of the netlist at --out, not of those of --analysis beside it; give one")
        text = asked_netlist(arguments, problem, options, amplifiers)
    warn(printable(Path(arguments.file).name), *_warnings(text))
    drawing: Path | None = arguments.schematic
    if drawing is not None:
        kind = drawing.suffix.lstrip(".").lower()
        with user_errors(ValueError):
            drawn = {"kind": kind, "series": arguments.series, **amplifiers}
            picture = circuit_package().problem_schematic(problem, **drawn)
        with writing(drawing, "--schematic"):
            write_file(drawing, picture)
    more: dict[str, str] = {}
    if beside:
        from circuits.tolerances.variant_decks import variant_decks

        with user_errors(ValueError, TypeError):
            about = {"deck": arguments.out.name, "series": arguments.series, **amplifiers}
            more = variant_decks(problem, beside, **about)
    write_netlists(arguments.out, text, more)
    return 0


def _board(arguments: argparse.Namespace) -> int:
    problem = load_problem(arguments)
    circuit_package()
    from circuits.board.handover import board_files

    with user_errors(ValueError, TypeError):
        options = {"rng": arguments.seed, "series": arguments.series, "opamp": arguments.opamp}
        files = board_files(problem, **options)
    warn(printable(Path(arguments.file).name), *_warnings(files["board.cir"]))
    _write_folder(arguments.out, files)
    return 0


def _cells(arguments: argparse.Namespace) -> int:
    problem = load_problem(arguments)
    circuit_package()
    from circuits.cells.handover_files import cell_files

    with user_errors(ValueError, TypeError):
        options = {"rng": arguments.seed, "series": arguments.series, "opamp": arguments.opamp}
        files = cell_files(problem, **options)
    _write_folder(arguments.out, files)
    return 0


def _write_folder(folder: Path, files: dict[str, str]) -> None:
    from ..files.atomic_write import write_file

    made_folder(folder)
    with writing(folder):
        for name, text in files.items():
            write_file(folder / name, text)
    print(printable(f"written to {folder}: {', '.join(files)}"))


def _warnings(text: str) -> list[str]:
    """Return what the comments of a netlist warn of."""
    return [line.removeprefix("* warning: ") for line in text.splitlines() if line.startswith("* warning: ")]


def _certify(arguments: argparse.Namespace) -> int:
    import json

    from .progress import progress_bars, steps_of

    end = None if arguments.time_limit is None else time.monotonic() + arguments.time_limit
    deck = load_netlist(arguments) if is_netlist(arguments.file) else None
    problem = None if deck else load_problem(arguments)
    if deck and (arguments.synapses or arguments.opamp or arguments.opamp_lib or arguments.level != "ideal"):
        raise BadInput(
            "--level, --opamp and --synapses are of a problem's circuit; a netlist has its own, leave them out"
        )
    if is_pdk(arguments, _beside_pdk(arguments) | {"a netlist": deck is not None}) and problem is not None:
        return pdk_certify(arguments, problem)
    options: dict[str, Any] = {"engines": arguments.engine, "reltol": arguments.reltol, "refine": arguments.refine}
    options["timeout_s"] = arguments.timeout
    amplifiers = _amplifiers(arguments)
    made_folder(arguments.out)
    # Too large, no such engine, an engine that failed.
    bars = progress_bars(show=not arguments.json)
    name = Path(arguments.file).name if problem is None else problem.name
    with user_errors(ValueError, TypeError, RuntimeError), bars as progress, steps_of(progress, name, end):
        options |= {"steps_per_tau": arguments.step_fraction, "progress": progress}
        if deck:
            certificate = circuit_package().certify_circuit(deck.circuit, **options)
        else:
            options["synapses"] = arguments.synapses
            certificate = circuit_package().certify_problem(problem, **amplifiers, **options)
    about = work_origin(arguments, arguments.seed)
    failure = None
    written: list[Path] = []
    if arguments.out is not None:
        try:
            with writing(arguments.out):
                written = circuit_package().write_certificate(certificate, arguments.out, about)
        except BadInput as error:  # a full disk must not cost the table too
            failure = error
    found = {**certificate.to_dict(), **about}
    if arguments.json:
        print(json.dumps(found, indent=2, allow_nan=False))
    else:
        print_certificate(found)
        if written:
            print(printable(f"written to {arguments.out}: {', '.join(path.name for path in written)}"))
    if failure:
        raise failure
    return 0 if found["passed"] else DISAGREES


def _words(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
