"""A circuit for people: one neuron with its values and the array, or a cell of the circuit that anneals a tour."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..synthesis.hopfield_circuit import AmplifierLevel
from ..synthesis.opamp import OpAmp
from ..synthesis.problem_circuit import MOST_CITIES, get_opamp, problem_components, problem_tour_circuit, refuse_level
from ..synthesis.tour_circuit import TourCircuit
from .array import array_height, draw_array
from .neuron import draw_neuron
from .symbols import SymbolCanvas, new_canvas_axes
from .tour import draw_cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURE_KINDS = ("svg", "png", "pdf")
_BELOW = {"ideal": 3.6, "opamp": 4.6, "transistor": 7.0}  # the neuron's input line


def draw_network(
    network: AnalogNetwork,
    ax: Axes | None = None,
    *,
    neuron: int = 0,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | str | None = None,
) -> Axes:
    """One neuron of ``network`` with its values, above the array (of more than 8 neurons, its corner).

    The figure of ``ax`` takes the size of the drawing.
    """
    if level not in get_args(AmplifierLevel):
        raise ValueError(f"level is {level!r}; known are {', '.join(get_args(AmplifierLevel))}")
    if not 0 <= neuron < network.size:
        raise ValueError(f"neuron is {neuron}; the network has {network.size}, from 0 on")
    board = SymbolCanvas()
    draw_neuron(board, network, neuron, level, get_opamp(opamp, level))
    board.origin = (4.0, -_BELOW[level] - array_height(network.size))
    draw_array(board, network)
    return board.onto(new_canvas_axes() if ax is None else ax)


def draw_tour_circuit(tour: TourCircuit, ax: Axes | None = None) -> Axes:
    """One cell of a circuit that anneals a tour, with its values."""
    board = SymbolCanvas()
    draw_cell(board, tour)
    return board.onto(new_canvas_axes() if ax is None else ax)


def problem_schematic(
    problem: Problem | Ising,
    *,
    kind: str = "svg",
    rng: RNG = 0,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | str | None = None,
    series: str | None = None,
) -> bytes:
    """A file ("svg", "png" or "pdf") of the circuit that ``problem_netlist`` writes with the same options."""
    from neuromorph.plotting.files import figure_bytes

    if kind not in FIGURE_KINDS:
        raise ValueError(f"kind of the schematic is {kind!r}; its file ends in one of .{', .'.join(FIGURE_KINDS)}")
    tour = problem_tour_circuit(problem, most_cities=MOST_CITIES)
    if tour is not None:
        refuse_level(tour, level, opamp)
        return figure_bytes(draw_tour_circuit(tour), kind)
    made, _ = problem_components(problem, rng=rng, series=series, level=level)
    return figure_bytes(draw_network(made.network, level=level, opamp=opamp), kind)
