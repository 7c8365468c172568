r"""What a leaky integrate-and-fire neuron must be told so that it samples: measured on the neuron itself.

.. math:: P(z = 1) = \frac{1}{1 + e^{-(E_L - u_0) / \alpha}}, \qquad
          W_{eff} = \ln \frac{p_{11}\, p_{00}}{p_{10}\, p_{01}} = \frac{1}{g} \frac{w \tau_s}{\alpha\, \tau_{ref}}

u0 and alpha by uncoupled neurons at many E_L; the gain g by pairs, since an exponential current does not act as the
rectangle of equal area: it comes late, and outlasts the refractory time.
Source: Petrovici, Bill, Bytschok, Schemmel and Meier, Phys. Rev. E 94, 042312 (2016) for the first fit; g is ours.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit
from scipy.special import expit

from ..ising import Float
from ..rng import RNG
from .backend import build
from .lif_sampler import LifSamplerNeurons
from .measured import measured
from .states import SpikeStates

_BURN_IN = 0.2


@dataclass(frozen=True)
class Calibration:
    """u0_v, alpha_v (V), gain; rms: deviation of P(z = 1) from the fitted curve."""

    u0_v: float
    alpha_v: float
    gain: float
    rms: float


@lru_cache(maxsize=32)
def calibrate(neurons: LifSamplerNeurons, folder: Path | None = None) -> Calibration:
    """The calibration of ``neurons``, measured with fixed seeds, or read from ``folder`` (None: the user's cache)."""

    def measure() -> list[float]:
        u0, alpha, rms = measure_activation(neurons, rng=1)
        return [u0, alpha, measure_gain(neurons, u0, alpha, rng=2), rms]

    told = [asdict(neurons), measure_activation.__kwdefaults__, measure_gain.__kwdefaults__, _BURN_IN]
    return Calibration(*measured("calibration", told, 4, measure, folder).tolist())


def measure_activation(
    neurons: LifSamplerNeurons, *, levels: int = 29, copies: int = 200, duration_s: float = 1.0, rng: RNG = None
) -> tuple[float, float, float]:
    """(u0, alpha, rms) of the logistic curve through P(z = 1) at ``levels`` E_L over 3.5 sigma about the threshold."""
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
    """g that makes W_eff = W in the mean over pairs with |W| <= ``largest`` and b = -W / 2."""
    weights = np.linspace(-largest, largest, 8)
    w = np.repeat(weights, copies)[:, None] * np.ones(2)
    pairs = _shares(neurons, u0_v - alpha_v * w / 2.0, alpha_v * w, duration_s, rng)
    together = pairs.reshape(weights.size, copies, 4).mean(axis=1)
    effective = np.log(together[:, 3] * together[:, 0] / (together[:, 1] * together[:, 2]))
    return float((weights @ weights) / (weights @ effective))


def _shares(neurons: LifSamplerNeurons, e_l: Float, w: Float | None, duration_s: float, rng: RNG) -> Float:
    """Shares of time (copies, 2^n) of the states of copies of n = 1 or 2 neurons; w (copies, 2) couples pairs."""
    copies, n = e_l.shape
    pre = np.empty(0, np.int64) if w is None else np.arange(2 * copies)
    values = {"cells.e_l": e_l.ravel()}
    if w is not None:
        values["synapses.w"] = w.ravel()
    simulator = build(neurons.model(copies * n, pre, pre ^ 1), dt_s=neurons.dt_s)
    record = simulator.run(_BURN_IN + duration_s, values, rng=rng)
    copy, neuron = np.divmod(np.asarray(record["spikes.i"], dtype=np.int64), n)
    return SpikeStates(
        np.rint(record["spikes.t"] / neurons.dt_s).astype(np.int64), copy, neuron, (copies, n), neurons.dt_s,
        neurons.tau_s, _BURN_IN, _BURN_IN + duration_s, np.zeros((copies, n), np.int8),
    ).occupancies()  # fmt: skip
