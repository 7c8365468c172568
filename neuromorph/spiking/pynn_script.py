r"""PyNN scripts: recurrent networks of leaky integrate-and-fire neurons for NEST, NEURON, Brian2 or SpiNNaker.

.. math:: \tau_m \dot v = v_{rest} - v + \frac{\tau_m}{c_m} (i_{exc} + i_{inh} + i_{offset}), \qquad
          \tau_{syn}\, \dot i = -i, \qquad v > v_{thresh}: \; v \to v_{reset} \text{ for } \tau_{refrac}

where the symbols are the parameters of PyNN's ``IF_curr_exp``. With tau_m / c_m = 1 MOhm a current in nA is the V of
our equations in mV. Differences remain: simulators integrate exactly where we take Euler steps; a spike arrives one
step later, the shortest delay in PyNN; and the bias acts at once, not through the synapse. White noise is not in PyNN:
a network with noise is refused, or, with ``strict=False``, written without it.
Source: Davison et al., Front. Neuroinform. 2, 11 (2009); PyNN 0.13.
"""

from __future__ import annotations

import os
from importlib.metadata import version

import numpy as np

from ..files.atomic_write import write_file
from ..ising import Float
from .lif_network import LifNetwork

_SCRIPT = '''\
"""{size} integrate-and-fire neurons, written by neuromorph {version}. Prints their rates.

Run it with a simulator of PyNN 0.12 or later: python FILE brian2 1000  (or nest, neuron, spiNNaker; milliseconds)
"""

import sys
from importlib import import_module

STEP_MS = {step}
CELLS = {cells}  # ms, mV, nF
BIASES = {biases}  # nA
EXCITATORY = {excitatory}  # from, to, nA
INHIBITORY = {inhibitory}


def build(sim):
    """The neurons, their synapses made, after sim.setup(timestep=STEP_MS, min_delay=STEP_MS)."""
    kind = sim.IF_curr_exp(i_offset=BIASES, **CELLS)
    cells = sim.Population(len(BIASES), kind, initial_values={{"v": CELLS["v_reset"]}})
    for receptor, synapses in (("excitatory", EXCITATORY), ("inhibitory", INHIBITORY)):
        if synapses:
            connector = sim.FromListConnector(synapses, column_names=["weight"])
            sim.Projection(cells, cells, connector, sim.StaticSynapse(delay=STEP_MS), receptor_type=receptor)
    return cells


if __name__ == "__main__":
    sim, duration_ms = import_module("pyNN." + sys.argv[1]), float(sys.argv[2])
    sim.setup(timestep=STEP_MS, min_delay=STEP_MS)
    cells = build(sim)
    cells.record("spikes")
    sim.run(duration_ms)
    for neuron, train in enumerate(cells.get_data().segments[0].spiketrains):
        print(neuron, 1e3 * len(train) / duration_ms)
    sim.end()
'''


def to_pynn(network: LifNetwork, *, strict: bool = True) -> str:
    """Convert a network to the text of a PyNN script.

    Parameters
    ----------
    network : LifNetwork
        The network.
    strict : bool
        Whether noise, which PyNN cannot express, is refused.

    Returns
    -------
    str
        The script.

    Raises
    ------
    ValueError
        If the network has noise and ``strict`` is True.
    """
    cell = network.neuron
    if strict and cell.noise_v:
        raise ValueError(
            f"noise_v is {cell.noise_v}; PyNN has no white noise: set it to 0, or give strict=False to leave it out"
        )
    seconds = {"tau_m": cell.membrane_s, "tau_refrac": cell.refractory_s, "cm": cell.membrane_s,
               "tau_syn_E": cell.synapse_s, "tau_syn_I": cell.synapse_s}  # fmt: skip
    volts = {"v_rest": cell.rest_v, "v_thresh": cell.threshold_v, "v_reset": cell.reset_v}
    return _SCRIPT.format(
        size=network.size,
        version=version("neuromorph"),
        step=_thousands(cell.step_s),
        cells={key: _thousands(value) for key, value in {**seconds, **volts}.items()},
        biases=[_thousands(value) for value in network.biases],
        excitatory=_synapses(np.maximum(network.weights, 0.0)),
        inhibitory=_synapses(np.minimum(network.weights, 0.0)),
    )


def write_pynn(path: str | os.PathLike[str], network: LifNetwork, *, strict: bool = True) -> None:
    """Write a network as a PyNN script.

    Parameters
    ----------
    path : path-like
        Path of the file.
    network, strict
        As in :func:`to_pynn`.
    """
    write_file(path, to_pynn(network, strict=strict).encode())


def _synapses(weights: Float) -> list[tuple[int, int, float]]:
    return [(int(j), int(i), _thousands(weights[i, j])) for i, j in np.argwhere(weights)]


def _thousands(value: float) -> float:
    """Convert s and V to ms and mV, to 12 digits: 20.0, not 20.000000000000004."""
    return float(f"{1e3 * value:.12g}")
