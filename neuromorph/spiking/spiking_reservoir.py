r"""Spiking reservoir: a random network of leaky integrate-and-fire neurons that an input drives, read by its traces.

.. math:: \tau_m \dot v_i = -v_i + I_i, \quad \tau_s \dot I_i = -I_i + \tau_s \sum_j W_{ij} z_j(t) + b + w_i u(t),
          \quad v_i \ge 1: z_i = 1,\; v_i \to 0, \qquad \tau_r \dot x_i = -x_i + \tau_r z_i

where z are the spikes as sums of delta functions, x the traces that a linear readout sees at the end of each input
step, u(t) in -1 .. 1 is held for a step, and v is in units of the threshold. Between spikes the equations are linear;
each step dt is exact for constant I. Weights come from a fifth of the neurons as inhibition and from the others as
excitation, the two in balance. What the network holds of inputs gone by it holds in currents, traces and the spikes
that go round: seconds after an input, nothing.
Source: Maass, Natschlaeger and Markram, Neural Comput. 14, 2531 (2002); balance: van Vreeswijk and Sompolinsky, Science
274, 1724 (1996).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float
from ..rng import RNG, seed_sequence
from ..runtime.limits import checkpoint

_INHIBITORY = 0.2  # part of the neurons
_DEGREE = 0.1  # part of the others that a neuron hears


@dataclass(frozen=True)
class SpikingReservoir:
    """Random balanced network of leaky integrate-and-fire neurons.

    Attributes
    ----------
    neurons : int
        Number of neurons, at least 10.
    coupling : float
        Standard deviation of the recurrent current, in thresholds, if every neuron fired once in tau_s.
    drive : float
        Standard deviation of the input weights w, in thresholds.
    bias : float
        b, in thresholds; above 1 a neuron fires by itself.
    membrane_s, synapse_s, trace_s : float
        tau_m, tau_s and tau_r.
    hold_s : float
        Time for which each input is held.
    step_s : float
        dt.
    seed : int
        Seed of the weights.
    """

    neurons: int = 200
    coupling: float = 2.0
    drive: float = 4.0
    bias: float = 1.2
    membrane_s: float = 0.02
    synapse_s: float = 0.01
    trace_s: float = 0.05
    hold_s: float = 0.01
    step_s: float = 0.001
    seed: int = 0

    def __post_init__(self) -> None:
        if self.neurons < 10:
            raise ValueError(f"neurons is {self.neurons}; a random network takes at least 10")
        for name in ("membrane_s", "synapse_s", "trace_s", "hold_s", "step_s"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0.0):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and above 0")
        if not np.isfinite([self.coupling, self.drive, self.bias]).all() or min(self.coupling, self.drive) < 0.0:
            raise ValueError(
                f"coupling is {self.coupling}, drive {self.drive}, bias {self.bias}; they must be finite, and the "
                "first two not negative"
            )
        if self.hold_s < self.step_s:
            raise ValueError(f"hold_s is {self.hold_s}, less than a step of {self.step_s} s")

    def weights(self) -> tuple[Float, Float]:
        """Draw the recurrent weights and the input weights.

        Returns
        -------
        recurrent : (n, n) float
            W, charge of a spike of j at i, in thresholds.
        given : (n,) float
            w.
        """
        rng = np.random.default_rng(seed_sequence(self.seed))
        n = self.neurons
        inhibitory = np.arange(n) >= round(n * (1.0 - _INHIBITORY))
        there = rng.random((n, n)) < _DEGREE
        np.fill_diagonal(there, False)
        ratio = (1.0 - _INHIBITORY) / _INHIBITORY  # of the strengths: the mean input is 0
        strength = np.where(inhibitory, -ratio, 1.0) * there
        deviation = np.sqrt(n * _DEGREE * ((1.0 - _INHIBITORY) + _INHIBITORY * ratio**2))
        return self.coupling / deviation * strength, self.drive * rng.normal(size=n)

    def run(self, inputs: ArrayLike, *, rng: RNG = None) -> tuple[Float, Float]:
        """Drive networks of the same weights by series of inputs, from random potentials.

        Parameters
        ----------
        inputs : (steps,) or (runs, steps) array_like
            u, -1 .. 1.
        rng : RNG
            Source of the potentials at the start, which are the same in every run.

        Returns
        -------
        states : (steps, n) or (runs, steps, n) float
            Traces at the end of each input step, in spikes.
        rates_hz : (n,) float
            Mean firing rate of each neuron.

        Raises
        ------
        ValueError
            If the inputs are not finite or have another shape.
        """
        u = np.asarray(inputs, dtype=float)
        if u.ndim not in (1, 2) or not u.size or not np.isfinite(u).all():
            raise ValueError(f"inputs have shape {u.shape}; give finite (steps,) or (runs, steps)")
        series = np.atleast_2d(u)
        recurrent, given = self.weights()
        runs, steps = series.shape
        start = np.random.default_rng(seed_sequence(rng)).random(self.neurons)
        v, current = np.tile(start, (runs, 1)), np.zeros((runs, self.neurons))
        trace, states = np.zeros_like(v), np.empty((runs, steps, self.neurons))
        leak, fade, forget = (np.exp(-self.step_s / tau) for tau in (self.membrane_s, self.synapse_s, self.trace_s))
        fine, spikes = round(self.hold_s / self.step_s), 0.0
        into = np.ascontiguousarray(recurrent.T)
        for t in range(steps):
            checkpoint("spiking reservoir", t, steps)
            held = self.bias + series[:, t, None] * given
            for _ in range(fine):
                v = leak * v + (1.0 - leak) * (current + held)
                fired = (v >= 1.0).astype(float)
                v *= 1.0 - fired
                current = fade * current + fired @ into
                trace = forget * trace + fired
                spikes = spikes + fired.sum(axis=0)
            states[:, t] = trace
        rates = np.asarray(spikes) / (runs * steps * fine * self.step_s)
        return (states[0] if u.ndim == 1 else states), rates
