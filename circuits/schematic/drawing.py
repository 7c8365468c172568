"""Schematics for people: one neuron with its values and the array, or a cell of the circuit that anneals a tour."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Ising
from neuromorph.problems.problem import Problem
from neuromorph.rng import RNG

from ..synthesis.board_network import DEFAULT_SERIES
from ..synthesis.hopfield_circuit import AmplifierLevel
from ..synthesis.opamp import OpAmp
from ..synthesis.problem_circuit import get_opamp, problem_components, refuse_level
from ..synthesis.problem_network import MOST_CITIES, problem_tour_circuit
from ..synthesis.tour_circuit import TourCircuit
from ..synthesis.vendor_opamp import VendorOpAmp
from .array import array_height, draw_array
from .neuron import draw_neuron
from .symbols import SymbolCanvas, new_canvas_axes
from .tour import draw_cell

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FIGURE_KINDS = ("svg", "png", "pdf")
_BELOW = {
    "ideal": 3.6,
    "opamp": 4.6,
    "transistor": 7.0,
    "board": 6.0,
}  # height of the neuron's drawing below its input line


def draw_network(
    network: AnalogNetwork,
    ax: Axes | None = None,
    *,
    neuron: int = 0,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | VendorOpAmp | str | None = None,
) -> Axes:
    """Draw one neuron of a network with its values, above the array or the first corner of it.

    The figure of ``ax`` takes the size of the drawing.

    Parameters
    ----------
    network : AnalogNetwork
        Network that is drawn.
    ax : Axes, optional
        Axes to draw on; new ones by default.
    neuron : int, default 0
        Number of the neuron.
    level : AmplifierLevel, default "ideal"
        Amplifiers, as for ``build_hopfield_circuit``.
    opamp : OpAmp, VendorOpAmp or str, optional
        Amplifier, or its name in ``OPAMPS``, at level "opamp".

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If the level is not known, or there is no such neuron.
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
    """Draw one cell of a circuit that anneals a tour, with its values.

    Parameters
    ----------
    tour : TourCircuit
        Circuit that is drawn.
    ax : Axes, optional
        Axes to draw on; new ones by default.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    board = SymbolCanvas()
    draw_cell(board, tour)
    return board.onto(new_canvas_axes() if ax is None else ax)


def problem_schematic(
    problem: Problem | Ising,
    *,
    kind: str = "svg",
    rng: RNG = 0,
    level: AmplifierLevel = "ideal",
    opamp: OpAmp | VendorOpAmp | str | None = None,
    series: str | None = DEFAULT_SERIES,
) -> bytes:
    """Draw the circuit that ``problem_netlist`` writes with the same options, as a file.

    Parameters
    ----------
    problem : Problem or Ising
        Problem, or Ising model, whose circuit is drawn.
    kind : str, default "svg"
        Format of the file: "svg", "png" or "pdf".
    rng : Generator, SeedSequence or int, default 0
        Seed of the problem's initial state.
    level : AmplifierLevel, default "ideal"
        Amplifiers, as for ``build_hopfield_circuit``.
    opamp : OpAmp, VendorOpAmp or str, optional
        Op-amp, or its name in ``OPAMPS``, at level "opamp".
    series : str or None, default "E96"
        Series to which values are rounded, as for ``problem_netlist``.

    Returns
    -------
    bytes
        Contents of the file.

    Raises
    ------
    ValueError
        If the format or an option is not known.
    """
    from neuromorph.plotting.files import figure_bytes

    if kind not in FIGURE_KINDS:
        raise ValueError(f"kind of the schematic is {kind!r}; its file ends in one of .{', .'.join(FIGURE_KINDS)}")
    tour = problem_tour_circuit(problem, most_cities=MOST_CITIES)
    if tour is not None:
        refuse_level(tour, level, opamp)
        return figure_bytes(draw_tour_circuit(tour), kind)
    made, _ = problem_components(problem, rng=rng, series=series, level=level)
    return figure_bytes(draw_network(made.network, level=level, opamp=opamp), kind)
