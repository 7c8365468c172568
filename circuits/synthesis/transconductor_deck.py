"""The netlist of a problem with transconductors for synapses: the same ideal network, quicker to simulate."""

from __future__ import annotations

from dataclasses import replace

from scipy import sparse

from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..netlist.hierarchy import flatten_circuit
from ..spice.dialects import LTSPICE, NEOSPICE, get_dialect
from ..spice.people_numbers import people_number
from ..spice.writer import netlist_text
from .board_network import DEFAULT_SERIES
from .deck_account import amplifier_sources, deck_account
from .hopfield_circuit import settling_tau_s
from .initial_clamps import clamp_initial
from .named_values import name_values
from .problem_circuit import problem_components
from .problem_network import MOST_CITIES, problem_tour_circuit
from .synapses import transconductor_circuit

_SAID = "synapses: transconductors, which do not load u; what one solders is the resistors of the default form"


def transconductor_netlist(
    problem: Problem | Ising, *, rng: RNG = 0, series: str | None = DEFAULT_SERIES, dialect: str = "ngspice"
) -> str:
    """Return the netlist of a problem's network with a transconductor for each synapse.

    It is the network of :func:`circuits.problem_netlist` at level "ideal", from the same start, without inverted
    outputs. ngspice takes a fifth less time for it.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    rng : Generator, SeedSequence or int, default 0
        Seed of the initial voltages, and of a cue that the problem draws.
    series : str or None, default "E96"
        Series of the resistors whose conductances the transconductors have; None or "exact" for exact values.
    dialect : str, default "ngspice"
        Name of the dialect.

    Returns
    -------
    str
        Text of the netlist.

    Raises
    ------
    DoesNotFit
        If the network has more than 1,050,000 synapses or 20,000 neurons.
    ValueError
        If the problem is a tour of few cities, whose circuit has synapses of its own.
    """
    if problem_tour_circuit(problem, most_cities=MOST_CITIES) is not None:
        raise ValueError(
            "synapses are 'transconductors', but a circuit that anneals a tour has its own; leave them out"
        )
    made, start = problem_components(problem, rng=rng, series=series)
    network = made.network
    _, activation, times, _, *notes = deck_account(network, made.notes)
    size = f"Hopfield network of {network.size} neurons, {sparse.csr_array(network.conductances).nnz} transconductors"
    loads = "load0, load1, ...: keep a pivot at each output for KLU; they draw from ideal sources, so change nothing"
    nodes = "nodes: u0, u1, ... inputs; v0, v1, ... outputs"
    comments = (_SAID, size, activation, times, nodes, loads, *notes, *amplifier_sources("ideal", None))
    duration = 10.0 * settling_tau_s(network)
    title = f"neuromorph: {problem.name if isinstance(problem, Problem) else 'Ising problem'}, {network.size} neurons"
    circuit = transconductor_circuit(network, start, duration_s=duration, title=title, comments=comments)
    if dialect == NEOSPICE.name:
        circuit = clamp_initial(flatten_circuit(circuit))
    written = replace(get_dialect(dialect), number=people_number, is_upper=dialect == LTSPICE.name)
    return netlist_text(name_values(circuit), written)
