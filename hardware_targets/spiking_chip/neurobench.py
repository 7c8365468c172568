r"""The metrics of NeuroBench for what a chip was programmed with and for what its reads did.

Names as in NeuroBench 2.3 (its classes); a sample is a read, a model the network of the task, one recurrent layer of n
neurons with an n x n matrix W. Per read, in the mean over reads:

=====================  =============================================================================================
Footprint              bytes of parameters and states: synapses and biases at their bits, states of digital neurons
ParameterCount         synapses that are stored, and biases
ConnectionSparsity     zeros of W / n^2
ActivationSparsity     1 - spikes / (n steps)
SynapticOperations     Effective_ACs: additions of a weight at a spike; Effective_MACs: none, spikes are binary;
                       Dense: n^2 steps, as if every neuron fired at each step to all
MembraneUpdates        updates of neurons, n steps
NeuronOperations       MembraneUpdates times the operations of one: 8 with synaptic current and potential, 4 with one
                       state ("Synaptic" and "Leaky", reset to zero, in NeuroBench); the chip skips none, so that
                       Effective and Dense are alike
=====================  =============================================================================================

Differences: NeuroBench counts dense parameters at their size in memory of torch, and rounds ConnectionSparsity.
An analog chip updates nothing at steps: those of its simulation stand in.
Source: Yik et al., Nat. Commun. 16, 1545 (2025); definitions read in neurobench/metrics of NeuroBench's repository.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuromorph.run import Program, Run


@dataclass(frozen=True)
class ChipWorkload:
    """The network of a task.

    Attributes
    ----------
    neurons : int
        Number of neurons.
    connections : int
        Entries of W that are not 0.
    synapses : int
        Synapses that hold the connections.
    weight_bits, bias_bits, state_bits : int
        Bits of a synapse, a bias, a state.
    operations : int
        Operations of one update.
    """

    neurons: int
    connections: int
    synapses: int
    weight_bits: int
    bias_bits: int
    state_bits: int
    operations: int


def neurobench(program: Program, run: Run) -> dict[str, Any]:
    """Compute NeuroBench's metrics of a run.

    Parameters
    ----------
    program : Program
        A programmed chip, whose state knows the network of each task.
    run : Run
        The reads.

    Returns
    -------
    dict of str to float or dict
        The metrics by their names.
    """
    network: ChipWorkload = program.state.network(run.task)
    spikes, operations, updates = (
        float(run.activity[name].mean()) for name in ("spikes", "synaptic_operations", "membrane_updates")
    )
    n = network.neurons
    bits = network.synapses * network.weight_bits + n * (network.bias_bits + network.state_bits)
    neuron_operations = updates * network.operations
    return {
        "Footprint": bits / 8.0,
        "ParameterCount": network.synapses + n,
        "ConnectionSparsity": 1.0 - network.connections / n**2,
        "ActivationSparsity": 1.0 - spikes / updates,
        "SynapticOperations": {"Effective_MACs": 0.0, "Effective_ACs": operations, "Dense": n * updates},
        "MembraneUpdates": updates,
        "NeuronOperations": {"Effective Neuron Ops": neuron_operations, "Neuron Dense Ops": neuron_operations},
    }
