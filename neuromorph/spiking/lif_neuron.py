r"""Leaky integrate-and-fire neuron and its rate against bias, f(I): measured, and by two equations as a test.

.. math:: \tau_m \dot v = E_L - v + I + \sigma \sqrt{2 \tau_m}\,\xi, \qquad
          v \ge V_{th}: \text{a spike, } v \to V_r \text{ for } \tau_{ref}

where

* v is the membrane potential, E_L, V_th and V_r its values at rest, threshold and reset;
* I is the input in V, and sigma the deviation by the white noise xi;
* tau_m is the membrane and tau_ref the refractory time.

Without noise the time from V_r to V_th gives (Lapicque 1907; Gerstner et al., Neuronal Dynamics (2014), section 5.3)

.. math:: f(I) = \Big[\tau_{ref} + \tau_m \ln\frac{E_L + I - V_r}{E_L + I - V_{th}}\Big]^{-1}

With noise, Brian2 integrates a chain of Euler steps, whose mean number n(v) of steps to V_th solves

.. math:: n(v) = 1 + \int_{-\infty}^{V_{th}} N\big(v' ; v + \tfrac{dt}{\tau_m}(E_L + I - v),
          \tfrac{2 dt}{\tau_m} \sigma^2\big)\, n(v')\,dv'

For dt -> 0 that is Siegert's formula (Siegert, Phys. Rev. 81, 617 (1951)), which at dt = 1 ms is wrong by several Hz. A
network is calibrated by measurement all the same, as one would on a chip: a scan of the bias.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator
from scipy.optimize import brentq
from scipy.special import roots_legendre

from ..files.npz import read_npz
from ..ising import Float
from .brian.measurement_cache import cached_measurement
from .brian.simulator import build_simulator

_COPIES, _SECONDS, _SETTLE = 60, 2.0, 0.2  # neurons at each bias, 120 s in all: rates are known to .5 %


@dataclass(frozen=True)
class LifNeuron:
    """Parameters and step of a leaky integrate-and-fire neuron with white noise.

    Attributes
    ----------
    membrane_s, synapse_s, refractory_s : float
        tau_m, tau_s, tau_ref in s; the refractory time is a whole multiple of the step.
    rest_v, threshold_v, reset_v : float
        E_L, V_th, V_r in V; reset < threshold. V_r near V_th with a long tau_ref makes f a sigmoid that saturates at 1
        / tau_ref.
    noise_v : float
        sigma in V, the deviation of v without a threshold.
    step_s : float
        dt in s.
    """

    membrane_s: float = 20e-3
    synapse_s: float = 50e-3
    refractory_s: float = 10e-3
    rest_v: float = -70e-3
    threshold_v: float = -50e-3
    reset_v: float = -51e-3
    noise_v: float = 2e-3
    step_s: float = 1e-3

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not np.isfinite(value):
                raise ValueError(f"{each.name} is {value}; it must be finite")
        for name in ("membrane_s", "synapse_s", "step_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive")
        if self.noise_v < 0 or self.refractory_s < 0:
            raise ValueError(f"noise_v is {self.noise_v} and refractory_s {self.refractory_s}; neither is negative")
        if not max(self.rest_v, self.reset_v) < self.threshold_v:
            raise ValueError(
                f"threshold_v is {self.threshold_v}; it must lie above rest_v = {self.rest_v} and "
                f"reset_v = {self.reset_v}"
            )
        if self.step_s > self.membrane_s / 5:
            raise ValueError(f"step_s is {self.step_s}; Euler's method needs at most membrane_s / 5")
        if abs(self.refractory_s / self.step_s - round(self.refractory_s / self.step_s)) > 1e-6:
            raise ValueError(
                f"refractory_s is {self.refractory_s}; it must be a whole multiple of step_s = {self.step_s}"
            )

    @property
    def equations(self) -> str:
        """Brian2's equations of v, in which ``drive`` is the input current of the model in V."""
        return "dv/dt = (E_L - v + drive)/tau_m + sg*sqrt(2/tau_m)*xi : volt (unless refractory)\n"

    def namespace(self, b2: Any) -> dict[str, Any]:
        """Define the names in :attr:`equations`.

        Returns
        -------
        dict of str to Any
            Quantities of Brian2.
        """
        values = {"tau_m": self.membrane_s, "tau_s": self.synapse_s, "tau_ref": self.refractory_s}
        volts = {"E_L": self.rest_v, "V_th": self.threshold_v, "V_r": self.reset_v, "sg": self.noise_v}
        units = {"volt": b2.volt, "second": b2.second, "hertz": b2.hertz}
        return units | {k: x * b2.second for k, x in values.items()} | {k: x * b2.volt for k, x in volts.items()}

    def rate_without_noise(self, bias_v: ArrayLike) -> Float:
        """Compute f(I) of the noiseless neuron in continuous time.

        Returns
        -------
        ndarray of float
            f in Hz; 0 where I never reaches the threshold.
        """
        end = self.rest_v + np.asarray(bias_v, dtype=float)
        above = end > self.threshold_v
        safe = np.where(above, end, self.threshold_v + 1.0)
        interval = self.membrane_s * np.log((safe - self.reset_v) / (safe - self.threshold_v))
        return np.asarray(np.where(above, 1.0 / (self.refractory_s + interval), 0.0))

    def rate(self, bias_v: ArrayLike, nodes: int = 400) -> Float:
        """Compute f(I) of the noisy neuron at its step, by quadrature of the integral equation.

        Parameters
        ----------
        bias_v : array_like
            I in V.
        nodes : int
            Nodes of the quadrature.

        Returns
        -------
        ndarray of float
            f in Hz, in the shape of ``bias_v``.

        Raises
        ------
        ValueError
            If ``noise_v`` is 0.
        """
        if self.noise_v == 0:
            raise ValueError("noise_v is 0, so the kernel is no density; use rate_without_noise")
        return np.array([self._rate(float(bias), nodes) for bias in np.ravel(bias_v)]).reshape(np.shape(bias_v))

    def _rate(self, bias: float, nodes: int) -> float:
        leak = self.step_s / self.membrane_s
        deviation = self.noise_v * np.sqrt(2.0 * leak)
        end = self.rest_v + bias
        lowest = min(end, self.reset_v, self.threshold_v) - 8.0 * self.noise_v
        x, weight = roots_legendre(nodes)
        half = (self.threshold_v - lowest) / 2.0
        v = lowest + half * (x + 1.0)

        def density(start: Any) -> Float:
            z = (v - start - leak * (end - start)) / deviation
            return np.asarray(np.exp(-0.5 * z * z) * (half * weight / (deviation * np.sqrt(2.0 * np.pi))))

        steps = np.linalg.solve(np.eye(nodes) - density(v[:, None]), np.ones(nodes))
        first = 1.0 + float(density(self.reset_v) @ steps)
        # a spike at step k holds v until step k + tau_ref / dt, which is the first to move it
        waits = max(0, round(self.refractory_s / self.step_s) - 1)
        return 1.0 / (self.step_s * (first + waits))


@dataclass(frozen=True, eq=False)
class RateCurve:
    """Measured f(I), interpolated monotonically between points and constant beyond them.

    Attributes
    ----------
    neuron : LifNeuron
        The measured neuron.
    biases_v, rates_hz : (m,) float
        Ascending biases in V, and rates in Hz.
    """

    neuron: LifNeuron
    biases_v: Float
    rates_hz: Float

    @cached_property
    def _interpolated(self) -> Any:
        return PchipInterpolator(self.biases_v, np.maximum.accumulate(self.rates_hz))

    @cached_property
    def _table(self) -> tuple[Float, Float]:
        fine = np.linspace(self.biases_v[0], self.biases_v[-1], 1 << 14)
        return fine, np.asarray(self._interpolated(fine))

    def rate(self, bias_v: ArrayLike) -> Float:
        """Interpolate f at biases in V.

        Returns
        -------
        ndarray of float
            f in Hz, in the shape of ``bias_v``.
        """
        return np.interp(np.asarray(bias_v, dtype=float), *self._table)

    def slope(self, bias_v: float) -> float:
        """Interpolate the slope df/dI at a bias in V.

        Returns
        -------
        float
            The slope in Hz/V.
        """
        return float(self._interpolated.derivative()(np.clip(bias_v, self.biases_v[0], self.biases_v[-1])))

    def working_point(self, swing_v: float) -> tuple[float, float]:
        """Find the bias I0 and the rate r with f(I0) = r / 2 and f(I0 + swing) = r.

        Then g(u) = 2 f(I0 + swing u) / r - 1 has g(0) = 0 and g(1) = 1.

        Returns
        -------
        tuple of float
            I0 in V and r in Hz.

        Raises
        ------
        ValueError
            If ``swing_v`` is not positive or no such bias exists.
        """
        if not (np.isfinite(swing_v) and swing_v > 0):
            raise ValueError(f"swing_v is {swing_v}; it must be finite and positive")
        excess = 2.0 * self.rate(self.biases_v) - self.rate(self.biases_v + swing_v)
        positive = (excess > 0) & (self.rate(self.biases_v) > 0)
        if not positive.any() or positive[0]:
            raise ValueError(f"swing_v is {swing_v}: no bias has half the rate of that bias plus swing_v; take another")
        k = int(np.argmax(positive))
        bias = brentq(lambda i: 2.0 * self.rate(i) - self.rate(i + swing_v), self.biases_v[k - 1], self.biases_v[k])
        return float(bias), float(self.rate(bias + swing_v))


def measure_curve(
    neuron: LifNeuron, biases_v: Sequence[float] | Float | None = None, *, folder: Path | None = None
) -> RateCurve:
    """Measure f(I) of uncoupled neurons in Brian2, or read an earlier measurement.

    60 neurons run at every bias for 2 s, with a fixed seed and on numpy, so that every back end has the same curve.
    That of the default neuron is in the package: ``python -m neuromorph.spiking.lif_neuron FILE`` measures it anew.

    Parameters
    ----------
    neuron : LifNeuron
        The neuron.
    biases_v : (m,) array_like or None
        Ascending biases in V; None chooses them.
    folder : Path or None
        Folder of the measurements; None is the user's cache, and the file of the package.

    Returns
    -------
    RateCurve
        The curve.

    Raises
    ------
    ValueError
        If ``biases_v`` do not ascend or are fewer than two.
    """
    if biases_v is None:
        gap, unit = neuron.threshold_v - neuron.rest_v, max(neuron.noise_v, 0.02 * (neuron.threshold_v - neuron.rest_v))
        biases = gap + unit * np.concatenate([np.linspace(-6.0, 6.0, 49), np.geomspace(6.5, 60.0, 24)])
    else:
        biases = np.array(biases_v, dtype=float)
    if biases.ndim != 1 or biases.size < 2 or not np.isfinite(biases).all() or (np.diff(biases) <= 0).any():
        raise ValueError("biases_v must be at least two finite numbers in ascending order")
    if folder is None and biases_v is None and neuron == LifNeuron():
        return RateCurve(
            neuron, biases, read_npz(files(__package__).joinpath("lif_curve.npz").read_bytes())["rates_hz"]
        )
    told = [asdict(neuron), biases.tolist(), _COPIES, _SECONDS, _SETTLE]
    rates = cached_measurement("curve", told, biases.size, lambda: _scan(neuron, biases), folder)
    return RateCurve(neuron, biases, rates)


def _scan(neuron: LifNeuron, biases: Float) -> Float:
    def model(b2: Any) -> list[Any]:
        units = b2.NeuronGroup(
            biases.size * _COPIES,
            neuron.equations + "drive : volt\nspikes : 1",
            threshold="v > V_th", reset="v = V_r; spikes += int(t >= settle)", refractory="tau_ref", method="euler",
            namespace=neuron.namespace(b2) | {"settle": _SETTLE * b2.second}, name="units",
        )  # fmt: skip
        return [units]

    simulator = build_simulator(model, dt_s=neuron.step_s)
    drive = np.repeat(biases, _COPIES)
    start: dict[str, ArrayLike] = {"units.drive": drive, "units.v": neuron.reset_v}
    counted = simulator.run(_SETTLE + _SECONDS, start, rng=0, outputs=["units.spikes"])["units.spikes"]
    return np.asarray(counted.reshape(biases.size, _COPIES).mean(axis=1) / _SECONDS)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as empty:
        np.savez(sys.argv[1], rates_hz=measure_curve(LifNeuron(), folder=Path(empty)).rates_hz)
