r"""Recurrent networks of leaky integrate-and-fire neurons, the common form of NIR files and PyNN scripts.

.. math:: \tau_s \dot I = -I + W z + b + x, \qquad \tau_m \dot v = E_L - v + I, \qquad
          v \ge V_{th}: \; z = 1, \; v \to V_r

where z are the spikes, W the weights, b the biases and x the inputs; :class:`.LifNeuron` holds the other constants.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..rng import RNG
from .brian.simulator import Backend, build_simulator
from .lif_neuron import LifNeuron

if TYPE_CHECKING:
    from .rate_network import SpikingHopfield


@dataclass(frozen=True, eq=False)
class LifNetwork:
    """Recurrent network of equal leaky integrate-and-fire neurons.

    Attributes
    ----------
    weights : (n, n) array_like
        Current in V that a spike of j adds to i.
    biases : (n,) array_like
        b in V.
    neuron : LifNeuron
        Parameters of every neuron.
    """

    weights: Any
    biases: Any
    neuron: LifNeuron

    def __post_init__(self) -> None:
        w, b = np.array(self.weights, dtype=float), np.array(self.biases, dtype=float)
        if w.ndim != 2 or b.shape != (len(w),) or w.shape != (len(w), len(w)) or not len(w):
            raise ValueError(f"weights have shape {w.shape}, biases {b.shape}; expected (n, n) and (n,)")
        if not (np.isfinite(w).all() and np.isfinite(b).all()):
            raise ValueError("weights or biases hold NaN or infinity; every value must be finite")
        for name, value in (("weights", w), ("biases", b)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def from_hopfield(cls, network: SpikingHopfield) -> LifNetwork:
        """Convert a rate network to its neurons, without the cue.

        Returns
        -------
        LifNetwork
            The network.
        """
        source, sink, w = network.synapses
        weights = np.zeros((network.neurons, network.neurons))
        weights[sink, source] = w
        bias = network.start_values(np.zeros((1, network.size)), 0.0)["units.I_b"]
        return cls(weights, bias, network.neuron)

    @property
    def size(self) -> int:
        """Number of neurons n."""
        return len(self.biases)

    def run(self, inputs: ArrayLike, *, backend: Backend = "numpy", rng: RNG = None) -> NDArray[np.bool_]:
        """Simulate the network from v = V_r and I = 0, in Euler steps of ``step_s``.

        Parameters
        ----------
        inputs : (steps, n) array_like
            x in V.
        backend : Backend
            As in :func:`.build_simulator`.
        rng : RNG
            Source of the random numbers.

        Returns
        -------
        (steps, n) bool
            The spikes.

        Raises
        ------
        ValueError
            If ``inputs`` have the wrong shape or are not finite.
        """
        x, cell = np.ascontiguousarray(inputs, dtype=float), self.neuron
        if x.ndim != 2 or x.shape[1] != self.size or not len(x) or not np.isfinite(x).all():
            raise ValueError(f"inputs have shape {x.shape}; expected finite (steps, {self.size})")
        sink, source = np.nonzero(self.weights)

        def model(b2: Any) -> list[Any]:
            given = b2.TimedArray(x * b2.volt, dt=cell.step_s * b2.second, name="given")
            namespace = {**cell.namespace(b2), "given": given}
            cells = b2.NeuronGroup(
                self.size,
                cell.equations + "drive = I : volt\ndI/dt = (bias + given(t, i) - I) / tau_s : volt\nbias : volt",
                threshold="v > V_th", reset="v = V_r", refractory="tau_ref", method="euler", namespace=namespace,
                name="cells",
            )  # fmt: skip
            made = [cells, b2.SpikeMonitor(cells, name="spikes")]
            if len(sink):
                synapses = b2.Synapses(cells, cells, "w : volt", on_pre="I_post += w", name="synapses")
                synapses.connect(i=source, j=sink)
                made.append(synapses)
            return made

        values: dict[str, Any] = {"cells.bias": self.biases, "cells.v": np.full(self.size, cell.reset_v)}
        if len(sink):
            values["synapses.w"] = self.weights[sink, source]
        simulator = build_simulator(model, dt_s=cell.step_s, backend=backend)
        record = simulator.run(len(x) * cell.step_s, values, rng=rng)
        fired = np.zeros(x.shape, dtype=bool)
        fired[np.rint(record["spikes.t"] / cell.step_s).astype(int), record["spikes.i"]] = True
        return fired


def without_noise(network: LifNetwork) -> LifNetwork:
    """Remove noise and refractory time, which NIR cannot express, from the neurons.

    The network then fires differently: nothing but the step bounds the rates. A memory is better built, and so
    calibrated, with such neurons: ``SpikingHopfield(..., swing_v=3e-3, neuron=LifNeuron(noise_v=0, refractory_s=0,
    reset_v=-70e-3))`` has some 26 Hz for x = 1.

    Returns
    -------
    LifNetwork
        The network with noise_v = 0 and refractory_s = 0.
    """
    return replace(network, neuron=replace(network.neuron, noise_v=0.0, refractory_s=0.0))
