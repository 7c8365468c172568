"""The files of a board that is handed over: netlists, bill of materials, and a page with waveforms, power and yield."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape

import numpy as np

from neuromorph.analog import AnalogNetwork, simulate
from neuromorph.ising import Float, Ising
from neuromorph.plotting.files import figure_bytes
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..netlist.circuit import Circuit
from ..schematic.drawing import draw_network
from ..simulators import EngineError, Waveforms, installed_engines, simulate_circuit
from ..synthesis.board_network import BOARD, DEFAULT_SERIES
from ..synthesis.hopfield_circuit import build_hopfield_circuit
from ..synthesis.opamp import VDD, VSS, OpAmp
from ..synthesis.output_load import load_notes
from ..synthesis.problem_circuit import get_opamp, network_deck, problem_components, refuse_level
from ..synthesis.problem_network import MOST_CITIES, problem_tour_circuit
from ..tolerances.boards import BoardEnsemble
from ..tolerances.monte_carlo import estimate_yield
from ..tolerances.tolerances import typical_tolerances
from .assembly import PlacedPart, place_parts
from .kicad import BOM_COLUMNS, bill_of_materials, bom_csv, kicad_netlist

MOST_NEURONS = 64  # of a board that one solders
_SIMULATED = 16  # neurons up to which the parts are simulated
_DRAWN = 8  # outputs in the figure
_SHOWN_TAU = 3.0  # time in the figure, in R C
_BOARDS = 100  # boards of the yield
_TIMEOUT_S = 120.0
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222;"
    "background:#fff}"
    "table{border-collapse:collapse;font-size:13px}td,th{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;"
    "vertical-align:top}img{max-width:100%;height:auto}h2{margin-top:2rem}.refs{max-width:18rem;overflow-wrap:anywhere}"
)


@dataclass(frozen=True, eq=False)
class BoardDesign:
    """A board: its network, its circuit and its parts.

    Attributes
    ----------
    title : str
        Name of the board.
    network : AnalogNetwork
        Network of component values.
    start : (n,) float
        Potentials of the cue, V.
    circuit : Circuit
        Circuit at level "board".
    opamp : OpAmp
        Op-amp.
    placed : tuple of PlacedPart
        Parts.
    notes : tuple of str
        What its components change, and the checks of load.
    """

    title: str
    network: AnalogNetwork
    start: Float
    circuit: Circuit
    opamp: OpAmp
    placed: tuple[PlacedPart, ...]
    notes: tuple[str, ...]


def design_board(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    series: str | None = DEFAULT_SERIES,
    opamp: OpAmp | str | None = None,
) -> BoardDesign:
    """Design the board of a problem.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    rng : Generator, SeedSequence or int, default 0
        Seed of the cue and of offsets.
    series : str or None, default "E96"
        Series of the resistors.
    opamp : OpAmp or str, optional
        Op-amp, or its name; the LMV824 that ``analog-circuit`` is priced by, by default.

    Returns
    -------
    BoardDesign
        The board.

    Raises
    ------
    ValueError
        If it has more than 64 neurons, or a part cannot be ordered.
    """
    part = get_opamp(opamp, "board")
    assert isinstance(part, OpAmp)  # level "board" has one
    tour = problem_tour_circuit(problem, most_cities=MOST_CITIES)
    if tour is not None:
        refuse_level(tour, "board", part)
    made, start = problem_components(problem, rng=rng, series=series, level="board")
    if made.network.size > MOST_NEURONS:
        raise ValueError(f"the board has {made.network.size} neurons; one solders {MOST_NEURONS} at most: take fewer")
    title = "Ising problem" if isinstance(problem, Ising) else problem.name
    circuit = build_hopfield_circuit(made.network, start, level="board", opamp=part, rng=rng, title=title)
    notes = (*made.notes, *load_notes(made.network, part))
    return BoardDesign(title, made.network, start, circuit, part, place_parts(circuit, part.name), notes)


def board_files(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    series: str | None = DEFAULT_SERIES,
    opamp: OpAmp | str | None = None,
) -> dict[str, str]:
    """Write what a board house and a bench need.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    rng : Generator, SeedSequence or int, default 0
        Seed of the cue and of offsets.
    series : str or None, default "E96"
        Series of the resistors.
    opamp : OpAmp or str, optional
        Op-amp, or its name; the LMV824 by default.

    Returns
    -------
    dict of str to str
        ``board.cir`` for ngspice, ``board.net`` for KiCad, ``bom.csv`` and ``board.html`` by name.
    """
    design = design_board(problem, rng=rng, series=series, opamp=opamp)
    named = {"rng": rng, "level": "board", "opamp": design.opamp}
    return {
        "board.cir": network_deck(problem, design.network, design.start, design.notes, **named),  # type: ignore[arg-type]
        "board.net": kicad_netlist(design.placed, design.title),
        "bom.csv": bom_csv(design.placed),
        "board.html": board_page(problem, design),
    }


def board_page(problem: Problem | Ising, design: BoardDesign) -> str:
    """Write the page of a board: schematic, waveforms, power, yield and parts.

    Parameters
    ----------
    problem : Problem or Ising
        Problem of the board.
    design : BoardDesign
        The board.

    Returns
    -------
    str
        HTML without links to other files.
    """
    schematic = draw_network(design.network, level="board", opamp=design.opamp)
    waves = _simulated(design)
    body = [f"<h1>{escape(design.title)}: a board of {design.network.size} neurons</h1>"]
    body += ["<ul>", *(f"<li>{escape(note)}</li>" for note in (*design.circuit.comments, *design.notes)), "</ul>"]
    body += ["<h2>Schematic</h2>", _image(figure_bytes(schematic, "svg"), "one neuron and the array")]
    body += ["<h2>Expected waveforms</h2>", *_waveforms(design, waves)]
    body += ["<h2>Power</h2>", *_power(design, waves)]
    body += ["<h2>Yield</h2>", f"<p>{escape(_yield(problem, design))}</p>"]
    body += ["<h2>Parts</h2>", *_parts(design)]
    head = f'<meta charset="utf-8"><title>{escape(design.title)}</title><style>{_STYLE}</style>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(body) + "\n</body></html>\n"


def _simulated(design: BoardDesign) -> Waveforms | str:
    """Return the transient of the parts, or why there is none."""
    if design.network.size > _SIMULATED:
        return f"more than {_SIMULATED} neurons: the parts are not simulated here"
    if "ngspice" not in installed_engines():
        return "ngspice is not installed: the parts are not simulated"
    saved = (*design.circuit.saved, *(node for rail in (VDD, VSS) for node in (rail, f"in_{rail}")))
    try:
        return simulate_circuit(replace(design.circuit, saved=saved), "ngspice", timeout_s=_TIMEOUT_S)
    except EngineError as error:
        return f"ngspice: {error}"


def _waveforms(design: BoardDesign, waves: Waveforms | str) -> Iterator[str]:
    import matplotlib.pyplot as plt

    load, end = BOARD["load_time"].value, design.circuit.analysis.stop_s
    path = simulate(design.network, design.start, end - load)
    shown = min(design.network.size, _DRAWN)
    figure, ax = plt.subplots(figsize=(8.0, 3.4))
    for i in range(shown):
        ax.plot(1e6 * (path.times + load), path.voltages[:, 0, i], "--", color=f"C{i}", linewidth=1.0)
        if isinstance(waves, Waveforms):
            ax.plot(1e6 * waves.times, waves.of([f"v{i}"])[:, 0], color=f"C{i}", label=f"v{i}")
        else:
            ax.plot([], [], "--", color=f"C{i}", label=f"v{i}")
    ax.axvspan(0.0, 1e6 * load, alpha=0.1)
    ax.set_xlim(0.0, 1e6 * (load + _SHOWN_TAU * float(design.network.time_constants_s.max())))
    ax.set_xlabel("time, µs (shaded: the cue is loaded)")
    ax.set_ylabel("output, V")
    ax.legend(loc="center right", fontsize="small")
    svg = figure_bytes(ax, "svg")
    plt.close(figure)
    yield _image(svg, "outputs against time")
    said = "solid: the parts in ngspice; dashed: the differential equation" if isinstance(waves, Waveforms) else waves
    yield f"<p>{escape(said)}.</p>"


def _power(design: BoardDesign, waves: Waveforms | str) -> Iterator[str]:
    rail, ohm = design.opamp.rail_v, BOARD["supply_resistance"].value
    amplifiers = 4 * sum(each.part.order == _order(design) for each in design.placed)
    quiet = 2.0 * rail * design.opamp.supply_a * amplifiers
    yield (
        f"<p>{amplifiers} op-amps, those that are left over in a package among them, take {1e3 * quiet:.3g} mW at rest "
        f"from +-{rail:g} V.</p>"
    )
    if isinstance(waves, Waveforms):
        last = waves.of([VDD, f"in_{VDD}", VSS, f"in_{VSS}"])[-1]
        amperes = (last[1] - last[0]) / ohm, (last[2] - last[3]) / ohm
        yield (
            f"<p>Simulated at the end, without those left over: {1e3 * amperes[0]:.3g} mA from +{rail:g} V and "
            f"{1e3 * amperes[1]:.3g} mA from -{rail:g} V, {1e3 * rail * sum(amperes):.3g} mW.</p>"
        )


def _image(svg: bytes, description: str) -> str:
    """Return a figure inside the page."""
    data = base64.b64encode(svg).decode()
    return f'<img alt="{escape(description)}" src="data:image/svg+xml;base64,{data}">'


def _order(design: BoardDesign) -> str:
    return next(each.part.order for each in design.placed if each.reference == "U1")


def _yield(problem: Problem | Ising, design: BoardDesign) -> str:
    """Say how many boards of parts within their tolerances answer right."""
    if isinstance(problem, Ising):
        return "An Ising problem has no answer that is known to be right: no yield."
    found = estimate_yield(BoardEnsemble(problem, typical_tolerances(), network=design.network), _BOARDS)
    good = int(np.count_nonzero(found.succeeded.all(axis=1)))
    return (
        f"{good} of {_BOARDS} boards answer right, with resistors, capacitors, offsets and temperature drawn within "
        "circuits/tolerances/tolerances.toml, in the differential equation"
        + (", from the cue." if problem.kind == "recall" else ".")
    )


def _parts(design: BoardDesign) -> Iterator[str]:
    yield "<table><tr>" + "".join(f"<th>{escape(name)}</th>" for name in BOM_COLUMNS) + "</tr>"
    for line in bill_of_materials(design.placed):
        part = line.part
        told = (part.value, part.tolerance, part.package, part.maker, part.order, part.source, len(line.references))
        cells = "".join(f"<td>{escape(str(each))}</td>" for each in told)
        yield f'<tr><td class="refs">{escape(" ".join(line.references))}</td>{cells}</tr>'
    yield "</table>"
