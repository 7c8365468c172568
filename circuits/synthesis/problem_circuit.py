"""The circuit of a problem: the network of its Ising form, of components that are sold, started where its task says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from scipy import sparse

from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.ising import Float, Ising
from neuromorph.problems import Tsp
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..netlist.circuit import Circuit, Mosfet
from ..netlist.hierarchy import flatten_circuit
from ..spice.dialect import Dialect
from ..spice.dialects import NEOSPICE, NGSPICE, get_dialect
from ..spice.people_numbers import people_number
from ..spice.writer import netlist_text
from . import cmos_neuron as transistors
from .analyses import attractor, bench_lines, check_analyses
from .board_network import DEFAULT_SERIES, EXACT, fit_distances
from .component_values import ComponentNetwork, ComponentRange, fit_to_components
from .deck_account import amplifier_sources, deck_account
from .hopfield_circuit import PARTS, AmplifierLevel, build_hopfield_circuit
from .initial_clamps import clamp_initial
from .named_values import name_values
from .opamp import DEFAULT_OPAMP, OPAMPS, OpAmp
from .output_load import load_notes
from .problem_network import FEWEST_CITIES, MOST_CITIES, problem_network, problem_tour_circuit
from .tour_circuit import TourCircuit
from .vendor_opamp import VendorOpAmp

_MOST_NEURONS = 20_000
_MOST_RESISTORS = 1_050_000  # 1024 neurons, all with all: 40 MB of text
_TRIAL_S = 1e-6  # load at which the width of transistors is measured, S
_LARGEST_W = 2e-3  # widest transistor that CmosNeurons takes, m


def problem_netlist(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    series: str | None = DEFAULT_SERIES,
    parts: ComponentRange | None = None,
    dialect: Dialect | str = NGSPICE,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | VendorOpAmp | str | None = None,
    analyses: Sequence[str] = (),
) -> str:
    """Return the circuit of a problem as a netlist.

    Parameters and scaling stand in its comments. A tour of 6 to 20 cities becomes the circuit that anneals it
    (``synthesis.tour_circuit``), with ideal amplifiers; any other problem the Hopfield network of its Ising form. It is
    the circuit that ``analog-circuit`` runs.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    rng : Generator, SeedSequence or int, default 0
        Seed of the initial voltages, of a cue that the problem draws, and of offsets.
    series : str or None, default "E96"
        Series to which resistors are rounded, "E24", "E96", ...; None or "exact" for exact values.
    parts : ComponentRange, optional
        Ranges of resistors and capacitors, and their series; ``series`` is then left alone.
    dialect : Dialect or str, default NGSPICE
        Dialect or its name: ngspice, xyce, ltspice, neospice.
    level : AmplifierLevel, default "ideal"
        Amplifiers, as for ``build_hopfield_circuit``.
    opamp : OpAmp, VendorOpAmp or str, optional
        Op-amp, or its name in ``OPAMPS``, at level "opamp".
    analyses : sequence of str, optional
        Analyses beside the transient, in ngspice: "op", "ac", "noise", "temp" (``synthesis.analyses``).

    Returns
    -------
    str
        Text of the netlist.

    Raises
    ------
    DoesNotFit
        If the circuit has more than 1,050,000 resistors or 20,000 neurons.
    ValueError
        If options contradict each other.
    """
    kept = None if series == EXACT or parts is not None else series
    tour = problem_tour_circuit(problem, most_cities=MOST_CITIES, series=kept)
    if tour is not None:
        refuse_level(tour, level, get_opamp(opamp, level))
        if analyses:
            raise ValueError("analyses are of a Hopfield network, and the circuit of a tour anneals; leave them out")
        notes = fit_distances(problem.distances(), kept).notes if isinstance(problem, Tsp) else ()
        return tour_deck(problem, tour, notes, rng=rng, dialect=dialect)
    made, start = problem_components(problem, rng=rng, series=series, parts=parts, level=level)
    options: dict[str, Any] = {"rng": rng, "dialect": dialect, "level": level, "opamp": opamp, "analyses": analyses}
    return network_deck(problem, made.network, start, made.notes, **options)


def tour_deck(
    problem: Problem | Ising, tour: TourCircuit, notes: Sequence[str] = (), *, rng: RNG = 0,
    dialect: Dialect | str = NGSPICE,
) -> str:  # fmt: skip
    """Return the circuit that anneals a tour as a netlist.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, for the title.
    tour : TourCircuit
        Its circuit.
    notes : sequence of str, optional
        What its components change, for the comments.
    rng : Generator, SeedSequence or int, default 0
        Seed of the initial voltages.
    dialect : Dialect or str, default NGSPICE
        Dialect or its name.

    Returns
    -------
    str
        Text of the netlist.
    """
    circuit = tour.circuit(tour.start(rng), title=_title(problem), comments=(*tour.account, *notes))
    return netlist_text(circuit, _written(dialect))


def network_deck(
    problem: Problem | Ising,
    network: AnalogNetwork,
    start: Float,
    notes: Sequence[str] = (),
    *,
    rng: RNG = 0,
    dialect: Dialect | str = NGSPICE,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | VendorOpAmp | str | None = None,
    analyses: Sequence[str] = (),
    change: Callable[[Circuit], Circuit] | None = None,
    cards: Sequence[str] = (),
) -> str:
    """Return the circuit of a problem's network as a netlist: the command's, and that of the target's files.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, for the title.
    network : AnalogNetwork
        Its network, of component values.
    start : (n,) float
        Potentials at t = 0, V.
    notes : sequence of str, optional
        What its components change, for the comments.
    rng : Generator, SeedSequence or int, default 0
        Seed of offsets.
    dialect : Dialect or str, default NGSPICE
        Dialect or its name.
    level : AmplifierLevel, default "ideal"
        Amplifiers.
    opamp : OpAmp, VendorOpAmp or str, optional
        Op-amp, or its name.
    analyses : sequence of str, optional
        Analyses beside the transient.
    change : callable, optional
        Function from the circuit to what is written, such as a corner.
    cards : sequence of str, optional
        Further cards, for ngspice.

    Returns
    -------
    str
        Text of the netlist.
    """
    written = _written(dialect)
    check_analyses(analyses, written.name)
    if level == "board" and written.name == "xyce":
        raise ValueError(
            "level 'board' has switches, whose cards Xyce writes in another way; take ngspice, ltspice or neospice"
        )
    part = get_opamp(opamp, level)
    loads = load_notes(network, part) if isinstance(part, OpAmp) else ()
    comments = (*deck_account(network, notes), *loads, *amplifier_sources(level, part))
    circuit = build_hopfield_circuit(
        network, start, level=level, opamp=part, rng=rng, title=_title(problem), comments=comments
    )
    if change is not None:
        circuit = change(circuit)
    if written.name == NEOSPICE.name:  # neospice would not hold the start
        circuit = clamp_initial(flatten_circuit(circuit))
    text = netlist_text(name_values(circuit), written)
    if written.name != NGSPICE.name:
        return text
    end = attractor(network, start, circuit.analysis.stop_s)
    at_rest = build_hopfield_circuit(network, end, level=level, opamp=part, rng=rng).initial if analyses else {}
    stop_s = None if change is None else circuit.analysis.stop_s
    more = (*cards, *bench_lines(network, end, at_rest, level, analyses, stop_s))
    return "".join([text.removesuffix(".end\n"), *(f"{line}\n" for line in more), ".end\n"])


def _title(problem: Problem | Ising) -> str:
    name = "Ising problem" if isinstance(problem, Ising) else f"{problem.name} ({problem.kind}, {problem.size})"
    return f"neuromorph: {name}"


def _written(dialect: Dialect | str) -> Dialect:
    spoken = get_dialect(dialect) if isinstance(dialect, str) else dialect
    return replace(spoken, number=people_number, is_upper=spoken.name == "ltspice")


def problem_components(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    series: str | None = DEFAULT_SERIES,
    parts: ComponentRange | None = None,
    level: str = "ideal",
) -> tuple[ComponentNetwork, Float]:
    """Return the network of a problem in component values, and its initial potentials.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    rng : Generator, SeedSequence or int, default 0
        Seed of the initial potentials.
    series : str or None, default "E96"
        Series of the components; None or "exact" for exact values.
    parts : ComponentRange, optional
        Ranges and series of the components.
    level : str, default "ideal"
        Level of the amplifiers.

    Returns
    -------
    made : ComponentNetwork
        The network, with what was changed.
    initial : (n,) float
        Potentials at t = 0, V.

    Raises
    ------
    DoesNotFit
        If the circuit has more than 1,050,000 resistors or 20,000 neurons.
    ValueError
        If ``series`` and ``parts`` are both given.
    """
    if parts is not None and series not in (None, DEFAULT_SERIES):
        raise ValueError("series and parts are both given; put the series into parts")
    network, start, ohms = problem_network(problem, rng=rng, most_neurons=_MOST_NEURONS, most_resistors=_MOST_RESISTORS)
    kept = None if series == EXACT else series
    return fit_to_components(network, parts or default_components(network, level, kept, ohms)), start


def default_components(
    network: AnalogNetwork, level: str, series: str | None = None, resistors_ohm: tuple[float, float] | None = None
) -> ComponentRange:
    """Return the default ranges of components for the amplifiers of a level.

    At level "transistor" the resistors are so large that outputs of the widest transistors drive all of them.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is built.
    level : str
        Level of the amplifiers.
    series : str, optional
        Series of the components.
    resistors_ohm : (low, high), optional
        Range of the resistors, ohm; that of ``ComponentRange`` by default.

    Returns
    -------
    ComponentRange
        Ranges and series.
    """
    usual = ComponentRange(series=series)
    if resistors_ohm is not None:
        usual = replace(usual, resistors_ohm=resistors_ohm)
    if level != "transistor" or not isinstance(network.activation, Tanh):
        return usual
    t = sparse.csr_array(network.conductances)
    load = max(float(abs(half).sum(axis=0).max()) for half in (t.maximum(0.0), t.minimum(0.0)))
    cell = transistors.CmosNeurons(network.activation, _TRIAL_S).cells[1].elements
    # The width of a transistor is in proportion to its load.
    widest = max(float(e.width_m) for e in cell if isinstance(e, Mosfet)) * load / _TRIAL_S
    largest_s = float(abs(t).max()) * min(1.0, 0.9 * _LARGEST_W / (widest or 1.0))
    low, high = usual.resistors_ohm
    least = max(low, 1.0 / (largest_s or 1.0))
    return replace(usual, resistors_ohm=(least, max(high, 2.0 * least)))


def get_opamp(opamp: OpAmp | VendorOpAmp | str | None, level: str) -> OpAmp | VendorOpAmp | None:
    """Return the op-amp of a name; at levels "opamp" and "board" the LMV824 by default.

    Parameters
    ----------
    opamp : OpAmp, VendorOpAmp, str or None
        Amplifier, its name, or None.
    level : str
        Level of the amplifiers.

    Returns
    -------
    OpAmp, VendorOpAmp or None
        The amplifier; None at other levels.

    Raises
    ------
    ValueError
        If the name is not known, or an amplifier is given at another level.
    """
    if opamp is not None and level not in PARTS:
        raise ValueError(f"opamp is given, but level is {level!r}; give level 'opamp', or leave the part out")
    if isinstance(opamp, VendorOpAmp) and level == "board":
        raise ValueError("a macro-model has no order code and no case for a board; take level 'opamp'")
    if isinstance(opamp, str) and opamp not in OPAMPS:
        raise ValueError(f"opamp is {opamp!r}; known are {', '.join(OPAMPS)}")
    chosen = DEFAULT_OPAMP if opamp is None and level in PARTS else opamp
    return OPAMPS[chosen] if isinstance(chosen, str) else chosen


def refuse_level(tour: TourCircuit, level: str, opamp: OpAmp | VendorOpAmp | str | None) -> None:
    """Check that the annealing circuit of a tour is asked for with ideal amplifiers.

    Parameters
    ----------
    tour : TourCircuit
        Annealing circuit.
    level : str
        Level of the amplifiers that is asked for.
    opamp : OpAmp, VendorOpAmp, str or None
        Op-amp that is asked for.

    Raises
    ------
    ValueError
        If they are not ideal.
    """
    if level != "ideal" or opamp is not None:
        raise ValueError(
            f"level is {level!r}, but a tour of {tour.size} cities becomes a circuit that anneals, with ideal "
            f"amplifiers; leave level at 'ideal' (below {FEWEST_CITIES} and above {MOST_CITIES} there are levels)"
        )
