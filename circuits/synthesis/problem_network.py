r"""The network of a problem that a circuit implements, and the potentials at which its task starts.

.. math:: u_0 = g^{-1}\big(V_{mid} + f (V_{high} - V_{low})\big)

where f is random within a tenth for a search, and 0.45 times the cue for a recall. A small tour has a circuit of its
own, which anneals it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.analog.softassign import Softassign
from neuromorph.ising import Float, Ising
from neuromorph.problems import Tsp
from neuromorph.problems.problem import Problem
from neuromorph.protocol import DoesNotFit, as_ising
from neuromorph.rng import RNG, read_seeds
from neuromorph.task import RecallFrom

from .board_network import BOARD, board_network, fit_distances
from .tour_circuit import TourCircuit

# Sizes of a tour whose circuit anneals. With fewer cities, tours are too alike to choose one; SPICE was run to 14
# cities (minutes), the ODE to 20.
FEWEST_CITIES, MOST_CITIES = 6, 20


def problem_tour_circuit(
    problem: Problem | Ising, *, most_cities: int, series: str | None = None
) -> TourCircuit | None:
    """Return the annealing circuit of a tour.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    most_cities : int
        Largest number of cities.
    series : str, optional
        Series of the resistors that hold the distances; exact distances by default.

    Returns
    -------
    TourCircuit or None
        The circuit; None if the problem is no tour, has more cities, or fewer than 6.
    """
    if not isinstance(problem, Tsp) or not FEWEST_CITIES <= problem.size <= most_cities:
        return None
    distances = problem.distances()
    return held_tour_circuit(distances if series is None else fit_distances(distances, series).held)


def held_tour_circuit(distances: Float, tau_s: float | None = None) -> TourCircuit:
    """Return the annealing circuit of distances as a board holds them.

    Parameters
    ----------
    distances : (n, n) float
        Distances.
    tau_s : float, optional
        R C of every integrator, s; that of ``board.toml`` by default.

    Returns
    -------
    TourCircuit
        The circuit.
    """
    tour = TourCircuit(Softassign(distances, noise=0.0))
    tau = BOARD["time_constant"].value if tau_s is None else tau_s
    return replace(tour, capacitance_f=tau / tour.resistance_ohm)


def problem_network(
    problem: Problem | Ising, *, rng: RNG = 0, most_neurons: int, most_resistors: int
) -> tuple[AnalogNetwork, Float, tuple[float, float]]:
    """Return the network of a problem's Ising form and its initial potentials.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    rng : Generator, SeedSequence or int, default 0
        Seed of the initial potentials and of a cue.
    most_neurons, most_resistors : int
        Largest size of the circuit.

    Returns
    -------
    network : AnalogNetwork
        The network, at the scale of a board.
    initial : (n,) float
        Potentials at t = 0, V.
    resistors_ohm : (low, high)
        Range of its resistors, ohm.

    Raises
    ------
    DoesNotFit
        If the circuit is larger, or its resistors are.
    """
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
    network, ohms = board_network(ising)
    return network, problem_start(problem, network, rng), ohms


def problem_start(problem: Problem | Ising, network: AnalogNetwork, rng: RNG = 0) -> Float:
    """Return the potentials at which a problem's task starts.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model.
    network : AnalogNetwork
        Its network.
    rng : Generator, SeedSequence or int, default 0
        Seed of a random start and of a cue.

    Returns
    -------
    (n,) float
        Potentials, V.
    """
    task = None if isinstance(problem, Ising) else problem.task(1, rng)
    if isinstance(task, RecallFrom):
        return near_middle(network, 0.45 * task.cues(1, network.size)[0])
    return random_start(network, rng)


def random_start(network: AnalogNetwork, rng: RNG = 0) -> Float:
    """Draw potentials whose outputs lie within a tenth of the span around the middle.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is started.
    rng : Generator, SeedSequence or int, default 0
        Seed of the draw.

    Returns
    -------
    (n,) float
        Potentials, V.
    """
    return near_middle(network, np.random.default_rng(read_seeds(rng, 1)[0]).uniform(-0.1, 0.1, network.size))


def near_middle(network: AnalogNetwork, fraction: Float) -> Float:
    """Return potentials whose outputs are a fraction of the span off the middle.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is started.
    fraction : (n,) float
        Distance of each output, of the span.

    Returns
    -------
    (n,) float
        Potentials, V.
    """
    g = network.activation
    return g.inverse((g.high + g.low) / 2.0 + fraction * (g.high - g.low))


def _neurons(problem: Problem | Ising) -> int:
    """Return the number of spins of the Ising form without building it: a tour takes one for each city and position."""
    return problem.size**2 if getattr(problem, "kind", "") == "tsp" else problem.size
