r"""Leaky integrate-and-fire neurons that sample: they fire by colored noise with probability sigma((E_L - u0) / alpha).

.. math:: \tau_m \dot v = E_L - v + I + \eta, \quad \tau_s \dot I = -I, \quad I \to I + w \text{ at a spike}, \quad
          \tau_s \dot\eta = -\eta + \sigma \sqrt{2 \tau_s}\, \xi

With tau_m << tau_s = tau_ref a neuron fires at once when its drive is above threshold, and the drive forgets the last
spike as slowly as the refractory state ends. E_L = u0 + alpha b, and w = g alpha W tau_ref / tau_s: the area under the
current is that of the rectangle of the abstract neuron. u0, alpha and the gain g are measured.

.. math:: P(z = 1) = \frac{1}{1 + e^{-(E_L - u_0) / \alpha}}, \qquad
          W_{eff} = \ln \frac{p_{11}\, p_{00}}{p_{10}\, p_{01}} = \frac{1}{g} \frac{w \tau_s}{\alpha\, \tau_{ref}}

:func:`calibrate` measures u0 and alpha by uncoupled neurons at many E_L; the gain g by pairs, since an exponential
current does not act as the rectangle of equal area: it comes late, and outlasts the refractory time. Samples are the
less exact the larger W is: two neurons with W = .42, .84, 1.68 and 2.8 came to 4e-5, 1e-4, 7e-4 and 4e-3 nats from the
exact distribution in 6000 s. Steps are exact for a noise that is constant over each. ``sigma_v`` is the deviation of
the free membrane, sigma sqrt(tau_s / (tau_s + tau_m)).
Source: Petrovici, Bill, Bytschok, Schemmel and Meier, Phys. Rev. E 94, 042312 (2016); the gain g is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.special import expit, exprel

from ..ising import Float
from ..rng import RNG
from .brian.measurement_cache import cached_measurement
from .brian.simulator import build_simulator
from .spike_states import SpikeStates
from .stochastic_neurons import require_steps


@dataclass(frozen=True)
class LifSamplerNeurons:
    """Parameters of sampling integrate-and-fire neurons.

    Attributes
    ----------
    tau_m_s : float
        Membrane time constant in s.
    tau_s : float
        Time constant of synapse and noise, and refractory time, in s: the time that a spike holds z at 1.
    threshold_v, reset_v : float
        Threshold and reset in V.
    sigma_v : float
        Deviation of the free membrane in V.
    dt_s : float
        Step in s.
    """

    tau_m_s: float = 1e-3
    tau_s: float = 10e-3
    threshold_v: float = -50e-3
    reset_v: float = -50.001e-3
    sigma_v: float = 1.31e-3
    dt_s: float = 0.5e-3

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not np.isfinite(value) or (not each.name.startswith(("threshold", "reset")) and value <= 0):
                raise ValueError(f"{each.name} is {value}; it must be finite, and positive unless it is a potential")
        if not self.reset_v < self.threshold_v:
            raise ValueError(f"reset_v is {self.reset_v}; it must be below threshold_v = {self.threshold_v}")
        require_steps(self.tau_s, self.dt_s)

    def model(self, size: int, pre: NDArray[Any], post: NDArray[Any]) -> Callable[[Any], Sequence[Any]]:
        """Define the Brian2 objects ``cells``, ``synapses`` and ``spikes`` of the network.

        Parameters
        ----------
        size : int
            Number of neurons.
        pre, post : (synapses,) int
            Synapse k goes from pre[k] to post[k].

        Returns
        -------
        callable
            A model for :func:`.build_simulator`.
        """
        membrane, synapse = np.exp(-self.dt_s / self.tau_m_s), np.exp(-self.dt_s / self.tau_s)
        # Share of i_s at the start of a step in v at its end: the integral of exp(-t / tau_s) exp(-(dt - t) / tau_m).
        carried = self.dt_s / self.tau_m_s * synapse * exprel(self.dt_s / self.tau_s - self.dt_s / self.tau_m_s)
        kick = self.sigma_v * np.sqrt((1.0 + self.tau_m_s / self.tau_s) * (1.0 - synapse**2))

        def objects(b2: Any) -> list[Any]:
            cells = b2.NeuronGroup(
                size,
                "v : volt\ni_s : volt\neta : volt\ne_l : volt (constant)\nstart : second (constant)",
                threshold="t >= start and v > v_threshold",
                reset="v = v_reset",
                refractory=self.tau_s * b2.second,
                namespace={
                    "membrane": membrane,
                    "synapse": synapse,
                    "carried": carried,
                    "kick": kick * b2.volt,
                    "v_threshold": self.threshold_v * b2.volt,
                    "v_reset": self.reset_v * b2.volt,
                },
                name="cells",
            )
            cells.v_ = self.reset_v
            # Brian2's "exact" gives the same after .5 s of algebra a build; order 1 runs after not_refractory is set
            cells.run_regularly(
                """eta = synapse * eta + kick * randn()
                end = e_l + eta
                v += int(not_refractory) * ((1 - membrane) * (end - v) + carried * i_s)
                i_s *= synapse""",
                when="groups",
                order=1,
                name="step",
            )
            spikes = b2.SpikeMonitor(cells, name="spikes")
            if not len(pre):
                return [cells, spikes]
            synapses = b2.Synapses(cells, cells, "w : volt (constant)", on_pre="i_s_post += w", name="synapses")
            synapses.connect(i=pre, j=post)
            return [cells, synapses, spikes]

        return objects

    def parameters(self, biases: Float, weights: Float) -> dict[str, Float]:
        """Compute the variables of a run by the measured calibration.

        Parameters
        ----------
        biases : (size,) float
            b.
        weights : (synapses,) float
            W of each synapse.

        Returns
        -------
        dict of str to ndarray
            Parameters for :meth:`.Simulator.run`.
        """
        pass

        found = calibrate(self)
        values = {"cells.e_l": found.u0_v + found.alpha_v * biases}
        if weights.size:
            values["synapses.w"] = found.gain * found.alpha_v * weights
        return values


_BURN_IN = 0.2


@dataclass(frozen=True)
class Calibration:
    """Measured calibration of sampling neurons.

    Attributes
    ----------
    u0_v, alpha_v : float
        Center and width of the logistic curve in V.
    gain : float
        g.
    rms : float
        Deviation of P(z = 1) from the fitted curve.
    """

    u0_v: float
    alpha_v: float
    gain: float
    rms: float


@lru_cache(maxsize=32)
def calibrate(neurons: LifSamplerNeurons, folder: Path | None = None) -> Calibration:
    """Measure the calibration of ``neurons`` with fixed seeds, or read an earlier one.

    Parameters
    ----------
    neurons : LifSamplerNeurons
        The neurons.
    folder : Path or None
        Folder of the measurements; None is the user's cache.

    Returns
    -------
    Calibration
        The calibration.
    """

    def measure() -> list[float]:
        u0, alpha, rms = measure_activation(neurons, rng=1)
        return [u0, alpha, measure_gain(neurons, u0, alpha, rng=2), rms]

    told = [asdict(neurons), measure_activation.__kwdefaults__, measure_gain.__kwdefaults__, _BURN_IN]
    return Calibration(*cached_measurement("calibration", told, 4, measure, folder).tolist())


def measure_activation(
    neurons: LifSamplerNeurons, *, levels: int = 29, copies: int = 200, duration_s: float = 1.0, rng: RNG = None
) -> tuple[float, float, float]:
    """Measure P(z = 1) over 3.5 sigma about the threshold and fit a logistic curve.

    Parameters
    ----------
    neurons : LifSamplerNeurons
        The neurons.
    levels, copies : int
        Number of E_L, and of neurons at each.
    duration_s : float
        Duration in s.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    tuple of float
        u0 and alpha in V, and rms deviation from the curve.
    """
    e_l = neurons.threshold_v + neurons.sigma_v * np.linspace(-3.5, 3.5, levels)
    p = (
        _shares(neurons, np.repeat(e_l, copies)[:, None], None, duration_s, rng)[:, 1]
        .reshape(levels, copies)
        .mean(axis=1)
    )
    unit = neurons.sigma_v

    def curve(x: Float, u0: float, alpha: float) -> Float:
        return np.asarray(expit((x - u0) / alpha))

    (u0, alpha), _ = curve_fit(curve, (e_l - neurons.threshold_v) / unit, p, p0=(0.0, 0.6))
    rms = float(np.sqrt(np.mean((curve((e_l - neurons.threshold_v) / unit, u0, alpha) - p) ** 2)))
    return float(neurons.threshold_v + unit * u0), float(abs(alpha) * unit), rms


def measure_gain(
    neurons: LifSamplerNeurons,
    u0_v: float,
    alpha_v: float,
    *,
    largest: float = 1.2,
    copies: int = 400,
    duration_s: float = 2.0,
    rng: RNG = None,
) -> float:
    """Measure the gain g that makes W_eff = W on average over pairs with b = -W / 2.

    Parameters
    ----------
    neurons : LifSamplerNeurons
        The neurons.
    u0_v, alpha_v : float
        Results of :func:`measure_activation`.
    largest : float
        Largest magnitude of W.
    copies : int
        Number of pairs at each W.
    duration_s : float
        Duration in s.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    float
        g.
    """
    weights = np.linspace(-largest, largest, 8)
    w = np.repeat(weights, copies)[:, None] * np.ones(2)
    pairs = _shares(neurons, u0_v - alpha_v * w / 2.0, alpha_v * w, duration_s, rng)
    together = pairs.reshape(weights.size, copies, 4).mean(axis=1)
    effective = np.log(together[:, 3] * together[:, 0] / (together[:, 1] * together[:, 2]))
    return float((weights @ weights) / (weights @ effective))


def _shares(neurons: LifSamplerNeurons, e_l: Float, w: Float | None, duration_s: float, rng: RNG) -> Float:
    """Measure shares of time (copies, 2^n) of states of copies of n = 1 or 2 neurons; w (copies, 2) couples pairs."""
    copies, n = e_l.shape
    pre = np.empty(0, np.int64) if w is None else np.arange(2 * copies)
    values = {"cells.e_l": e_l.ravel()}
    if w is not None:
        values["synapses.w"] = w.ravel()
    simulator = build_simulator(neurons.model(copies * n, pre, pre ^ 1), dt_s=neurons.dt_s)
    record = simulator.run(_BURN_IN + duration_s, values, rng=rng)
    copy, neuron = np.divmod(np.asarray(record["spikes.i"], dtype=np.int64), n)
    return SpikeStates(
        np.rint(record["spikes.t"] / neurons.dt_s).astype(np.int64), copy, neuron, (copies, n), neurons.dt_s,
        neurons.tau_s, _BURN_IN, _BURN_IN + duration_s, np.zeros((copies, n), np.int8),
    ).occupancies()  # fmt: skip
