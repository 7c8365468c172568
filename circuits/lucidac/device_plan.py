"""A network on several LUCIDACs, on paper: who stands where, and whether ports and lanes suffice.

A machine holds two cubic neurons. A synapse from another machine takes two ports, for x and for x^3, since a port
leads one signal; and its coefficient stands at the sender, since ports enter behind the coefficients. So 8 ports bring
four synapses to a machine. Strong synapses are kept within machines by a matching of greatest weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np

from .cubic_network import CubicNetwork
from .machine_program import DATA, MACHINE_LANES, NEURONS_HELD

_PORTS = int(DATA["ports"].value)


@dataclass(frozen=True)
class DevicePlan:
    """Neurons of machines, and what the fullest of them needs.

    Attributes
    ----------
    machines : tuple of (tuple of int)
        Neurons of each machine.
    ports_in, ports_out : int
        Most ports that one machine needs.
    lanes : int
        Most lanes that one machine needs, those of its ports among them.
    obstacle : str
        What does not suffice; empty if the network fits.
    """

    machines: tuple[tuple[int, ...], ...]
    ports_in: int
    ports_out: int
    lanes: int
    obstacle: str


def plan_devices(network: CubicNetwork) -> DevicePlan:
    """Place the neurons of a network on machines.

    Parameters
    ----------
    network : CubicNetwork
        The network.

    Returns
    -------
    DevicePlan
        The plan, with what hinders it.
    """
    n = network.size
    coupled = np.abs(network.weights) + np.abs(network.weights.T)
    graph = nx.Graph()
    graph.add_weighted_edges_from((i, j, coupled[i, j]) for i, j in zip(*np.nonzero(np.triu(coupled, 1)), strict=True))
    paired = [tuple(sorted(map(int, pair))) for pair in nx.max_weight_matching(graph)]
    alone = sorted(set(range(n)) - {i for pair in paired for i in pair})
    machines = tuple(
        sorted([*paired, *(tuple(alone[k : k + NEURONS_HELD]) for k in range(0, len(alone), NEURONS_HELD))])
    )
    linked = network.weights != 0.0
    most_in = most_out = most_lanes = 0
    for machine in machines:
        here = np.isin(np.arange(n), machine)
        within = linked[np.ix_(here, here)]
        incoming, outgoing = 2 * int(linked[here][:, ~here].sum()), 2 * int(linked[~here][:, here].sum())
        own = np.trace(within)  # the leak's lane leads x already
        lanes = 5 * len(machine) + 2 * int(within.sum()) - int(own) + int(np.count_nonzero(network.biases[here]))
        most_in, most_out = max(most_in, incoming), max(most_out, outgoing)
        most_lanes = max(most_lanes, lanes + max(incoming, outgoing))
    obstacle = ""
    if max(most_in, most_out) > _PORTS:
        obstacle = f"a machine needs {most_in} ports in and {most_out} out, and has {_PORTS} of each"
    elif most_lanes > MACHINE_LANES:
        obstacle = f"a machine needs {most_lanes} lanes, and has {MACHINE_LANES}"
    return DevicePlan(machines, most_in, most_out, most_lanes, obstacle)
