"""A problem as a netlist to take away: its network, made of parts that exist, started where its task says."""

from __future__ import annotations

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.annealing.softassign import Softassign
from neuromorph.ising import Float, Ising
from neuromorph.problems import Tsp
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, Relax, ising_of
from neuromorph.rng import RNG, read_seeds

from .dialects import NGSPICE, Dialect, dialect_named, netlist_text
from .hopfield import circuit_of, count_resistors
from .parts import Parts, Realised, realise
from .softassign import TourCircuit

# Of the circuit that anneals. With fewer, tours are too alike to choose one; SPICE was run to 14 cities (minutes), the
# ODE to 20.
_FEWEST_CITIES, _MOST_CITIES = 6, 20
_MOST_NEURONS = 20_000
_MOST_RESISTORS = 300_000  # 547 neurons, all with all: 10 MB of text


def problem_netlist(
    problem: Problem | Ising,
    *,
    rng: RNG = 0,
    series: str | None = None,
    parts: Parts | None = None,
    dialect: Dialect | str = NGSPICE,
) -> str:
    """The problem's circuit as the text of a netlist, with its parameters and scaling as comments.

    A tour of 6 to 20 cities becomes the circuit that anneals it (``circuits.softassign``), any other problem the
    Hopfield network of its Ising form.

    Parameters
    ----------
    rng :                  draws the initial voltages (and a cue, where the problem draws one)
    series : str or None   "E24", "E96", ...: round to values that are sold; short for ``parts=Parts(series=series)``
    parts : Parts          ranges of resistors and capacitors
    dialect : Dialect      or its name: ngspice, xyce, ltspice, neospice

    The annealing circuit has values of E24 as it is. Raises DoesNotFit above 300,000 resistors or 20,000 neurons.
    """
    if parts is not None and series is not None:
        raise ValueError("series and parts are both given; put the series into parts")
    spoken = dialect_named(dialect) if isinstance(dialect, str) else dialect
    parts = Parts(series=series) if parts is None else parts
    name = "Ising problem" if isinstance(problem, Ising) else f"{problem.name} ({problem.kind}, {problem.size})"
    title = f"neuromorph: {name}"
    tour = tour_circuit_of(problem, most_cities=_MOST_CITIES)
    if tour is not None:
        circuit = tour.circuit(tour.start(rng), title=title, comments=tour.account)
        return netlist_text(circuit, spoken)
    network, start = network_of(problem, rng=rng, most_neurons=_MOST_NEURONS, most_resistors=_MOST_RESISTORS)
    made = realise(network, parts)
    return netlist_text(circuit_of(made.network, start, title=title, comments=_account(made)), spoken)


def tour_circuit_of(problem: Problem | Ising, *, most_cities: int) -> TourCircuit | None:
    """The annealing circuit of a tour, or None where the problem is another, larger, or has less than 6 cities."""
    if not isinstance(problem, Tsp) or not _FEWEST_CITIES <= problem.size <= most_cities:
        return None
    return TourCircuit(Softassign(problem.distances(), noise=0.0))


def network_of(
    problem: Problem | Ising, *, rng: RNG = 0, most_neurons: int, most_resistors: int
) -> tuple[AnalogNetwork, Float]:
    """The network of a problem's Ising form and the potentials it starts from; DoesNotFit if it has more parts."""
    neurons = _neurons(problem)
    resistors = 0
    if neurons <= most_neurons:
        ising = ising_of(problem)
        resistors = ising.sparse_couplings().nnz + neurons
    if neurons > most_neurons or resistors > most_resistors:
        raise DoesNotFit(
            f"the circuit needs {neurons} neurons{f' and {resistors} resistors' if resistors else ''}; at most "
            f"{most_neurons} and {most_resistors} are written: {int(most_resistors**0.5)} neurons all with all, or a "
            f"tour of {int(min((most_resistors / 4) ** (1 / 3), most_neurons**0.5))} cities; take a smaller problem"
        )
    network = AnalogNetwork.from_ising(ising)
    task = None if isinstance(problem, Ising) else problem.task(1, rng)
    if isinstance(task, Relax):
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


def _account(made: Realised) -> tuple[str, ...]:
    """What a reader of the netlist must know."""
    g, network = made.network.activation, made.network
    tau = network.time_constants_s
    return (
        f"Hopfield network of {network.size} neurons, {count_resistors(network)} resistors; ideal amplifiers",
        f"amplifier: {type(g).__name__}, gain {g.gain:g} /V, rails {g.low:g} .. {g.high:g} V",
        f"time constants R C: {tau.min():.4g} .. {tau.max():.4g} s",
        "nodes: u0, u1, ... inputs; v0, v1, ... outputs; w0, w1, ... inverted outputs",
        *made.notes,
    )
