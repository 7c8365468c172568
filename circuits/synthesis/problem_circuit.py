"""A problem as a netlist to take away: its network, made of parts that exist, started where its task says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from textwrap import wrap

import numpy as np
from scipy import sparse

from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.analog.softassign import Softassign
from neuromorph.ising import Float, Ising
from neuromorph.problems import Tsp
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising
from neuromorph.rng import RNG, read_seeds
from neuromorph.task import RecallFrom

from ..netlist.circuit import Mosfet
from ..netlist.hierarchy import flatten_circuit
from ..spice.dialect import Dialect
from ..spice.dialects import NEOSPICE, NGSPICE, get_dialect
from ..spice.lines import COLUMNS
from ..spice.writer import netlist_text
from . import cmos_neuron as transistors
from .component_values import ComponentNetwork, ComponentRange, fit_to_components
from .hopfield_circuit import AmplifierLevel, build_hopfield_circuit, count_resistors
from .initial_clamps import clamp_initial
from .opamp import DATA, OPAMPS, OpAmp
from .tour_circuit import TourCircuit

# Of the circuit that anneals. With fewer, tours are too alike to choose one; SPICE was run to 14 cities (minutes), the
# ODE to 20.
_FEWEST_CITIES, MOST_CITIES = 6, 20
_MOST_NEURONS = 20_000
_MOST_RESISTORS = 300_000  # 547 neurons, all with all: 10 MB of text
_DEFAULT_OPAMP = "opa192"  # as circuit_of
_TRIAL_S = 1e-6  # a load to measure transistors by
_LARGEST_W = 2e-3  # m, as CmosNeurons takes them


def problem_netlist(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    series: str | None = None,
    parts: ComponentRange | None = None,
    dialect: Dialect | str = NGSPICE,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | str | None = None,
) -> str:
    """The problem's circuit as the text of a netlist, with its parameters and scaling as comments.

    A tour of 6 to 20 cities becomes the circuit that anneals it (``synthesis.tour_circuit``), any other problem the
    Hopfield network of its Ising form.

    Parameters
    ----------
    rng :                  draws the initial voltages (and a cue, where the problem draws one)
    series : str or None   "E24", "E96", ...: round to values that are sold; short for ``parts=Parts(series=series)``
    parts : Parts          ranges of resistors and capacitors
    dialect : Dialect      or its name: ngspice, xyce, ltspice, neospice
    level, opamp :         as for ``build_hopfield_circuit``; ``opamp`` may be the name of a preset in ``OPAMPS``

    The annealing circuit has values of E24 and ideal amplifiers as it is. Raises DoesNotFit above 300,000 resistors or
    20,000 neurons.
    """
    spoken = get_dialect(dialect) if isinstance(dialect, str) else dialect
    name = "Ising problem" if isinstance(problem, Ising) else f"{problem.name} ({problem.kind}, {problem.size})"
    title = f"neuromorph: {name}"
    tour = problem_tour_circuit(problem, most_cities=MOST_CITIES)
    part = get_opamp(opamp, level)
    if tour is not None:
        refuse_level(tour, level, part)
        circuit = tour.circuit(tour.start(rng), title=title, comments=tour.account)
        return netlist_text(circuit, spoken)
    made, start = problem_components(problem, rng=rng, series=series, parts=parts, level=level)
    comments = (*_account(made), *_sources(level, part))
    circuit = build_hopfield_circuit(
        made.network, start, level=level, opamp=part, rng=rng, title=title, comments=comments
    )
    if spoken == NEOSPICE:  # which would not hold the start
        circuit = clamp_initial(flatten_circuit(circuit))
    return netlist_text(circuit, spoken)


def problem_components(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    series: str | None = None,
    parts: ComponentRange | None = None,
    level: str = "ideal",
) -> tuple[ComponentNetwork, Float]:
    """The network of a problem made of ``parts``, and the potentials it starts from."""
    if parts is not None and series is not None:
        raise ValueError("series and parts are both given; put the series into parts")
    network, start = problem_network(problem, rng=rng, most_neurons=_MOST_NEURONS, most_resistors=_MOST_RESISTORS)
    return fit_to_components(network, parts or default_components(network, level, series)), start


def default_components(network: AnalogNetwork, level: str, series: str | None = None) -> ComponentRange:
    """The usual parts; for transistors such resistors that their outputs, no wider than they can be, drive them all."""
    usual = ComponentRange(series=series)
    if level != "transistor" or not isinstance(network.activation, Tanh):
        return usual
    t = sparse.csr_array(network.conductances)
    load = max(float(abs(half).sum(axis=0).max()) for half in (t.maximum(0.0), t.minimum(0.0)))
    cell = transistors.CmosNeurons(network.activation, _TRIAL_S).cells[1].elements
    widest = max(float(e.width_m) for e in cell if isinstance(e, Mosfet)) * load / _TRIAL_S  # it goes with the load
    largest_s = float(abs(t).max()) * min(1.0, 0.9 * _LARGEST_W / (widest or 1.0))
    low, high = usual.resistors_ohm
    least = max(low, 1.0 / (largest_s or 1.0))
    return replace(usual, resistors_ohm=(least, max(high, 2.0 * least)))


def get_opamp(opamp: OpAmp | str | None, level: str) -> OpAmp | None:
    """The part of that name; at level "opamp" there is one in any case."""
    if opamp is not None and level != "opamp":
        raise ValueError(f"opamp is given, but level is {level!r}; give level 'opamp', or leave the part out")
    if isinstance(opamp, str) and opamp not in OPAMPS:
        raise ValueError(f"opamp is {opamp!r}; known are {', '.join(OPAMPS)}")
    chosen = _DEFAULT_OPAMP if opamp is None and level == "opamp" else opamp
    return OPAMPS[chosen] if isinstance(chosen, str) else chosen


def refuse_level(tour: TourCircuit, level: str, opamp: OpAmp | str | None) -> None:
    """ValueError unless the annealing circuit is asked for as it is."""
    if level != "ideal" or opamp is not None:
        raise ValueError(
            f"level is {level!r}, but a tour of {tour.size} cities becomes a circuit that anneals, with ideal "
            f"amplifiers; leave level at 'ideal' (below {_FEWEST_CITIES} and above {MOST_CITIES} there are levels)"
        )


def problem_tour_circuit(problem: Problem | Ising, *, most_cities: int) -> TourCircuit | None:
    """The annealing circuit of a tour, or None where the problem is another, larger, or has less than 6 cities."""
    if not isinstance(problem, Tsp) or not _FEWEST_CITIES <= problem.size <= most_cities:
        return None
    return TourCircuit(Softassign(problem.distances(), noise=0.0))


def problem_network(
    problem: Problem | Ising, *, rng: RNG = 0, most_neurons: int, most_resistors: int
) -> tuple[AnalogNetwork, Float]:
    """The network of a problem's Ising form and the potentials it starts from; DoesNotFit if it has more parts."""
    neurons = _neurons(problem)
    resistors = 0
    if neurons <= most_neurons:
        ising = as_ising(problem)
        resistors = ising.sparse_couplings().nnz + neurons
    if neurons > most_neurons or resistors > most_resistors:
        raise DoesNotFit(
            f"the circuit needs {neurons} neurons{f' and {resistors} resistors' if resistors else ''}; at most "
            f"{most_neurons} and {most_resistors} are taken: {int(most_resistors**0.5)} neurons all with all, or a "
            f"tour of {int(min((most_resistors / 4) ** (1 / 3), most_neurons**0.5))} cities; take a smaller problem"
        )
    network = AnalogNetwork.from_ising(ising)
    task = None if isinstance(problem, Ising) else problem.task(1, rng)
    if isinstance(task, RecallFrom):
        return network, near_middle(network, 0.45 * task.cues(1, network.size)[0])
    return network, random_start(network, rng)


def random_start(network: AnalogNetwork, rng: RNG = 0) -> Float:
    """Potentials whose outputs lie within a tenth of the span around the middle of the rails, (n,), V."""
    return near_middle(network, np.random.default_rng(read_seeds(rng, 1)[0]).uniform(-0.1, 0.1, network.size))


def near_middle(network: AnalogNetwork, fraction: Float) -> Float:
    """Potentials whose outputs are ``fraction`` of the span away from the middle of the rails, (n,), V."""
    g = network.activation
    return g.inverse((g.high + g.low) / 2.0 + fraction * (g.high - g.low))


def _neurons(problem: Problem | Ising) -> int:
    """Spins of the Ising form, without building it: a tour takes one for each city and position."""
    return problem.size**2 if getattr(problem, "kind", "") == "tsp" else problem.size


def _account(made: ComponentNetwork) -> tuple[str, ...]:
    """What a reader of the netlist must know."""
    g, network = made.network.activation, made.network
    tau = network.time_constants_s
    return (
        f"Hopfield network of {network.size} neurons, {count_resistors(network)} resistors",
        f"activation: {type(g).__name__}, gain {g.gain:g} /V, rails {g.low:g} .. {g.high:g} V",
        f"time constants R C: {tau.min():.4g} .. {tau.max():.4g} s",
        "nodes: u0, u1, ... inputs; v0, v1, ... outputs; w0, w1, ... inverted outputs",
        *made.notes,
    )


def _sources(level: str, opamp: OpAmp | None) -> Iterator[str]:
    """Where the numbers of the amplifiers are from, each source once."""
    if level == "ideal":
        yield "amplifiers: ideal, one source each"
        return
    if opamp is None:
        data = {key: transistors.DATA[key] for key in transistors.DATA}
    elif OPAMPS.get(opamp.name) == opamp:
        data = {key: DATA[key] for key in DATA if key.startswith(f"{opamp.name}_")}
    else:
        yield f"amplifier {opamp.name}: numbers as given"
        return
    yield "where the numbers of the amplifiers are from:"
    told: dict[str, list[str]] = {}
    for key, datum in data.items():
        told.setdefault(f"{datum.kind}, {datum.source}", []).append(key.removeprefix(f"{opamp.name}_" if opamp else ""))
    for source, keys in told.items():
        yield from wrap(f"{', '.join(keys)}: {source}", COLUMNS - 2)
