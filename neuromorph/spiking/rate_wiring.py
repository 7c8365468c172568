"""Wirings of a network of rates: synapses of each sign, and the Brian2 model of all trials.

:mod:`.rate_network` has the equations. "direct" has a neuron a unit with synapses of both signs; "push-pull" has two
neurons a unit, driven by +u and -u; "dale" has an excitatory and an inhibitory neuron a unit, which are fed the same.
Dale's law could also be kept by T_ij + c and a common inhibitory pool that takes -c away; but the pool lags by its
synapse and membrane, tau_p, and the common mode runs away unless (c n g'(0) - 1) tau_p < tau_s, which few patterns
break.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from .lif_neuron import LifNeuron

Wiring: TypeAlias = Literal["direct", "push-pull", "dale"]


def wired_synapses(
    weights: Float, wiring: Wiring, jump_v: float, *, compiled: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], Float]:
    """List the synapses of one trial.

    Parameters
    ----------
    weights : (n, n) float
        T; row i feeds unit i.
    wiring : {"direct", "push-pull", "dale"}
        Neurons of a unit.
    jump_v : float
        Current that a spike adds at T = 1, in V.
    compiled : bool
        Whether the topology is compiled, for which nearly full weights keep their zeros.

    Returns
    -------
    tuple of (synapses,) int64, (synapses,) int64, (synapses,) float
        Source, sink, and weight in V.
    """
    t = weights
    if wiring == "push-pull":
        t = np.block([[t, -t], [-t, t]])
    elif wiring == "dale":
        t = np.tile(np.hstack([np.maximum(t, 0.0), np.minimum(t, 0.0)]), (2, 1))
    there = t != 0
    if compiled and 2 * np.count_nonzero(t) > t.size:
        there = ~np.eye(len(t), dtype=bool) | there.diagonal().any()  # one compiled topology serves many patterns
    sink, source = np.nonzero(there)
    return source.astype(np.int64), sink.astype(np.int64), np.asarray(jump_v * t[sink, source])


def rate_model(
    b2: Any, neuron: LifNeuron, trials: int, neurons: int, source: NDArray[np.int64], sink: NDArray[np.int64]
) -> list[Any]:
    """Build the Brian2 objects of all trials: neurons, spike monitor, synapses.

    Parameters
    ----------
    b2 : module
        Brian2.
    neuron : LifNeuron
        Parameters of every neuron.
    trials, neurons : int
        Number of trials, and of neurons of each.
    source, sink : (synapses,) int64
        Synapses of one trial.

    Returns
    -------
    list
        The objects ``units``, ``spikes`` and ``synapses``.
    """
    namespace = neuron.namespace(b2)
    units = b2.NeuronGroup(
        trials * neurons,
        neuron.equations + "drive = I_s + I_b + I_cue*int(t < cue_end) : volt\ndI_s/dt = -I_s/tau_s : volt\n"
        "I_b : volt\nI_cue : volt\ncue_end : second (shared)",
        threshold="v > V_th", reset="v = V_r", refractory="tau_ref", method="euler", namespace=namespace,
        name="units",
    )  # fmt: skip
    made = [units, b2.SpikeMonitor(units, name="spikes")]
    if source.size:
        synapses = b2.Synapses(units, units, "w : volt", on_pre="I_s_post += w", namespace=namespace, name="synapses")
        shift = neurons * np.arange(trials)[:, None]
        synapses.connect(i=(shift + source).ravel(), j=(shift + sink).ravel())
        made.append(synapses)
    return made
