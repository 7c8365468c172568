"""The netlist for ngspice of a program: that which ``neuromorph netlist`` writes, without the noise sources."""

from __future__ import annotations

from scipy import sparse

from neuromorph.analog import AnalogNetwork
from neuromorph.protocol import DoesNotFit
from neuromorph.run import Program

from .. import circuits_needed  # noqa: F401

# isort: split
from circuits.synthesis.board_network import TourBoard

_RESISTORS = 300_000  # resistors in a netlist: 10 MB of text
_CITIES = 6, 20  # cities in a netlist: with fewer, tours are too alike to choose one


def tour_netlist(program: Program, board: TourBoard, tau_s: float) -> str:
    """Write the netlist of a tour that anneals.

    Parameters
    ----------
    program : Program
        Program of the boards.
    board : TourBoard
        Distances as the boards hold them.
    tau_s : float
        R C of every integrator, s.

    Returns
    -------
    str
        Text.

    Raises
    ------
    DoesNotFit
        If there are too few or too many cities.
    """
    from circuits.synthesis.problem_circuit import tour_deck
    from circuits.synthesis.problem_network import held_tour_circuit

    if not _CITIES[0] <= len(board.held) <= _CITIES[1]:
        raise DoesNotFit(f"netlist.cir holds tours of {_CITIES[0]} to {_CITIES[1]} cities, not {len(board.held)}")
    return tour_deck(program.requested, held_tour_circuit(board.held, tau_s), program.notes)


def network_netlist(program: Program, network: AnalogNetwork) -> str:
    """Write the netlist of a network at its final gain.

    Parameters
    ----------
    program : Program
        Program of the boards.
    network : AnalogNetwork
        Network as the boards hold it.

    Returns
    -------
    str
        Text.

    Raises
    ------
    DoesNotFit
        If there are too many resistors.
    """
    from circuits.synthesis.problem_circuit import network_deck
    from circuits.synthesis.problem_network import problem_start

    t = network.conductances
    resistors = t.nnz if sparse.issparse(t) else int((t != 0.0).sum())
    if resistors > _RESISTORS:
        raise DoesNotFit(f"netlist.cir holds {_RESISTORS} resistors, not {resistors}")
    return network_deck(program.requested, network, problem_start(program.requested, network), program.notes)
