r"""Control voltages that make a device separate two classes of inputs, by gradients.

.. math:: L(V) = \ell(I(x, V), y), \qquad \frac{dL}{dV} = \frac{d\ell}{dI} \frac{dI}{dV}

where V are the control voltages, x the data at the inputs, y the labels, I the currents and l a loss of currents
(``losses``). Gradients go through a surrogate or a mean field, by Adam; ``evolution`` searches on the device itself.
Source: Ruiz Euler et al., Nat. Nanotechnol. 15, 992 (2020).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint

from .adam import Adam

Loss: TypeAlias = Callable[[Float, NDArray[np.bool_]], tuple[Float, Float]]  # (..., m), (m,) -> (...,), dl/dI (..., m)


class Differentiable(Protocol):
    """Device whose currents into ``outputs`` have known slopes.

    :class:`.Surrogate` and :class:`.MeanFieldDevice` are such devices.
    """

    @property
    def outputs(self) -> tuple[int, ...]:
        """The electrodes whose currents are known."""
        ...

    def linearized(self, voltages_v: ArrayLike) -> tuple[Float, Callable[[Float], Float]]:
        """Compute the currents and their linear map of gradients.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages, V.

        Returns
        -------
        (..., o) float
            Currents, A.
        callable
            Map from dl/dI to dl/dV.
        """
        ...


@dataclass(frozen=True, eq=False)
class NoisyDevice:
    """Device with Gaussian noise at its outputs.

    It stands for the noise of a measurement, or a surrogate's RMSE.

    From a seed, the noise depends on the seed and on the requested shape alone (common random numbers): losses keep
    their slopes. From a Generator it is new at every call: training cannot learn the noise of its points by heart.

    Attributes
    ----------
    device : Differentiable
        The device.
    noise_a : float or (o,) float
        Standard deviation, A.
    seed : RNG
        Seed or generator.
    """

    device: Differentiable
    noise_a: ArrayLike
    seed: RNG

    @property
    def outputs(self) -> tuple[int, ...]:
        """The electrodes whose currents are known."""
        return self.device.outputs

    def currents(self, voltages_v: ArrayLike) -> Float:
        """Compute noisy currents.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages, V.

        Returns
        -------
        (..., o) float
            Currents, A.
        """
        return self.linearized(voltages_v)[0]

    def linearized(self, voltages_v: ArrayLike) -> tuple[Float, Callable[[Float], Float]]:
        """Compute noisy currents and the device's linear map of gradients.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages, V.

        Returns
        -------
        (..., o) float
            Currents, A.
        callable
            Map from dl/dI to dl/dV.
        """
        currents, back = self.device.linearized(voltages_v)
        noise = np.random.default_rng(read_seeds(self.seed, 1)[0]).standard_normal(currents.shape)
        return currents + np.asarray(self.noise_a, dtype=float) * noise, back


@dataclass(frozen=True)
class ElectrodeRoles:
    """The roles of the electrodes of a unit; all other electrodes are ``controls``.

    Attributes
    ----------
    inputs : tuple of int
        Electrodes that take data.
    output : int
        Electrode that gives the current, at 0 V.
    electrodes : int
        Number of electrodes.
    """

    inputs: tuple[int, ...]
    output: int
    electrodes: int

    def __post_init__(self) -> None:
        used = (*self.inputs, self.output)
        if len(set(used)) != len(used) or not self.inputs or not all(0 <= e < self.electrodes for e in used):
            raise ValueError(f"inputs {self.inputs}, output {self.output}: different, of {self.electrodes} electrodes")

    @property
    def controls(self) -> list[int]:
        """The electrodes left for control."""
        return [e for e in range(self.electrodes) if e not in (*self.inputs, self.output)]

    def voltages(self, data_v: ArrayLike, controls_v: ArrayLike) -> Float:
        """Build the voltages of all electrodes from data and controls.

        Parameters
        ----------
        data_v : (..., m, inputs) float
            Data, V.
        controls_v : (..., controls) float
            Control voltages, V.

        Returns
        -------
        (..., m, electrodes) float
            Voltages, V; the output is at 0 V.
        """
        data, controls = np.asarray(data_v, dtype=float), np.asarray(controls_v, dtype=float)
        if data.shape[-1] != len(self.inputs) or controls.shape[-1] != len(self.controls):
            raise ValueError(
                f"data {data.shape}, controls {controls.shape}; wired for {len(self.inputs)} and {len(self.controls)}"
            )
        lead = np.broadcast_shapes(data.shape[:-2], controls.shape[:-1])
        table = np.zeros((*lead, data.shape[-2], self.electrodes))
        table[..., list(self.inputs)] = data
        table[..., self.controls] = controls[..., None, :]
        return table


def loss_and_gradient(
    device: Differentiable, wiring: ElectrodeRoles, data_v: ArrayLike, labels: ArrayLike, loss: Loss
) -> Callable[[Float], tuple[Float, Float]]:
    """Build the loss of controls and its gradient.

    Parameters
    ----------
    device : Differentiable
        The device.
    wiring : ElectrodeRoles
        Its electrodes.
    data_v, labels : (m, inputs) float, (m,) bool
        Data, V, and classes.
    loss : Loss
        The loss of currents.

    Returns
    -------
    callable
        Turns controls (a, c), V, into losses (a,) and gradients (a, c), 1/V.
    """
    place, high = device.outputs.index(wiring.output), np.asarray(labels, dtype=bool)

    def of(controls_v: Float) -> tuple[Float, Float]:
        currents, back = device.linearized(wiring.voltages(data_v, controls_v))
        value, slope = loss(currents[..., place], high)
        gradient = np.zeros_like(currents)
        gradient[..., place] = slope
        return value, back(gradient)[..., wiring.controls].sum(axis=-2)

    return of


@dataclass(frozen=True, eq=False)
class Trained:
    """Trained controls.

    Attributes
    ----------
    controls_v : (a, c) or (c,) float
        Control voltages, V.
    loss : (a,) or () float
        Their losses.
    history : (steps, a) or (steps,) float
        The lowest loss so far by step.
    """

    controls_v: Float
    loss: Float
    history: Float


def train_by_gradient(
    loss: Callable[[Float], tuple[Float, Float]],
    start_v: ArrayLike,
    low_v: ArrayLike,
    high_v: ArrayLike,
    *,
    learning_rate_v: float = 0.01,
    epochs: int = 400,
    progress: Callable[[int, float], None] | None = None,
) -> Trained:
    """Train controls by Adam and keep the best that each start passed.

    Parameters
    ----------
    loss : callable
        Turns controls (a, c) into losses (a,) and gradients (a, c); rows are independent.
    start_v : (a, c) float
        Starts, V.
    low_v, high_v : (c,) float
        Limits, V.
    learning_rate_v, epochs : float, int
        Step of Adam, V, and number of steps.
    progress : callable, optional
        Called with the epochs done and the lowest loss.

    Returns
    -------
    Trained
        The best controls of each start.
    """
    x = np.clip(np.array(start_v, dtype=float), low_v, high_v)
    if x.ndim != 2 or epochs < 1 or not learning_rate_v > 0.0:
        raise ValueError(f"start_v has shape {x.shape}, {epochs} epochs of {learning_rate_v} V: (a, c), positive")
    adam = Adam(x, learning_rate_v)
    best, best_loss = x.copy(), np.full(len(x), np.inf)
    history = np.empty((epochs, len(x)))
    for epoch in range(epochs):
        checkpoint("training", epoch, epochs)
        value, gradient = loss(x)
        better = value < best_loss
        best[better], best_loss[better] = x[better], value[better]
        history[epoch] = best_loss
        x = np.clip(x + adam.change(gradient), low_v, high_v)
        if progress is not None:
            progress(epoch + 1, float(best_loss.min()))
    return Trained(best, best_loss, history)
