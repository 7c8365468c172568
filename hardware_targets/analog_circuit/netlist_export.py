"""Netlists for ngspice of the boards that hold a network or a tour, without the noise sources."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from neuromorph.analog import AnalogNetwork, Softassign
from neuromorph.ising import Float, Ising
from neuromorph.protocol import DoesNotFit
from neuromorph.run import Program
from neuromorph.task import Minimize, RecallFrom

from .. import circuits_needed  # noqa: F401
from .readout import CUE

_RESISTORS = 300_000  # resistors in a netlist: 10 MB of text
_CITIES = 6, 20  # cities in a netlist: with fewer, tours are too alike to choose one


def tour_netlist(program: Program, distances: Float, tau_s: float) -> str:
    """Write the netlist of a tour that anneals.

    Parameters
    ----------
    program : Program
        Program of the boards.
    distances : (n, n) float
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
    from circuits import netlist_text
    from circuits.synthesis.tour_circuit import TourCircuit

    if not _CITIES[0] <= len(distances) <= _CITIES[1]:
        raise DoesNotFit(f"netlist.cir holds tours of {_CITIES[0]} to {_CITIES[1]} cities, not {len(distances)}")
    tour = TourCircuit(Softassign(distances, noise=0.0))
    tour = replace(tour, capacitance_f=tau_s / tour.resistance_ohm)
    comments = (program.target, *tour.account, *program.notes)
    return netlist_text(tour.circuit(tour.start(0), title=_title(program), comments=comments))


def network_netlist(program: Program, network: AnalogNetwork, gain: float) -> str:
    """Write the netlist of a network at its final gain.

    Parameters
    ----------
    program : Program
        Program of the boards.
    network : AnalogNetwork
        Network as the boards hold it.
    gain : float
        Slope of a neuron at rest.

    Returns
    -------
    str
        Text.

    Raises
    ------
    DoesNotFit
        If there are too many resistors.
    """
    from circuits import build_hopfield_circuit, netlist_text

    t = network.conductances
    resistors = t.nnz if sparse.issparse(t) else np.count_nonzero(t)
    if resistors > _RESISTORS:
        raise DoesNotFit(f"netlist.cir holds {_RESISTORS} resistors, not {resistors}")
    task = Minimize() if isinstance(program.requested, Ising) else program.requested.task(1, 0)
    start = np.random.default_rng(0).uniform(-0.1, 0.1, network.size)
    if isinstance(task, RecallFrom):
        start = CUE * task.cues(1, network.size)[0]
    u = network.activation.inverse(network.activation.swing * start)
    comments = (
        f"{program.target}: {network.size} neurons, ideal amplifiers of gain {gain:g}",
        "nodes: u0, u1, ... inputs; v0, v1, ... outputs; w0, w1, ... inverted outputs",
        *program.notes,
    )
    return netlist_text(build_hopfield_circuit(network, u, title=_title(program), comments=comments))


def _title(program: Program) -> str:
    return f"neuromorph: {'Ising problem' if isinstance(program.requested, Ising) else program.requested.name}"
