r"""What a run of a NIR network asks of a chip: its events, as spiking chips are priced by them.

.. math:: N_{SOP} = \sum_k \sum_j z_{kj} F_j, \qquad N_{upd} = n K

where z_kj tells whether source j fires in step k of K, F_j counts the synapses that leave it and n neurons are stepped.
Spikes of the input count as sources; a linear node costs nothing by itself, for it is held as synapses (a convolution
as all of its connections). An input that is no spike, and potentials that are sent on, are multiplied at each step and
counted apart, as no chip of spikes has them.
Source: metrics SynapticOperations and MembraneUpdates of Yik et al., Nat. Commun. 16, 1545 (2025), NeuroBench.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..ising import Float
from .nir_network import NirNetwork
from .nir_run import NirRun


def count_nir_events(network: NirNetwork, run: NirRun, inputs: Mapping[str, Float]) -> dict[str, float]:
    """Count the events of a run.

    Parameters
    ----------
    network : NirNetwork
        Network.
    run : NirRun
        Its run.
    inputs : dict of str to (steps, n) float
        What came in, by input.

    Returns
    -------
    dict of str to float
        ``spikes`` of neurons, ``synaptic_operations`` at spikes, ``multiplications`` by values that are no spikes,
        ``membrane_updates`` and, as many, ``membrane_accesses``.
    """
    steps = len(next(iter(inputs.values())))
    found = {"spikes": float(sum(np.count_nonzero(each) for each in run.spikes.values()))}
    found |= {"synaptic_operations": 0.0, "multiplications": 0.0}
    sent = {name: np.count_nonzero(each, axis=0) for name, each in (dict(inputs) | dict(run.spikes)).items()}
    binary = {name for name, each in inputs.items() if np.isin(each, (0.0, 1.0)).all()} | set(run.spikes)
    for each in network.populations.values():
        for source, matrices in each.inflow.parts.items():
            leaving = sum(np.diff(matrix.tocsc().indptr) for matrix in matrices.values())
            if source in binary:
                found["synaptic_operations"] += float(sent[source] @ leaving)
            else:
                found["multiplications"] += float(np.sum(leaving) * steps)
    updates = float(network.size * steps)
    return {**found, "membrane_updates": updates, "membrane_accesses": updates}
