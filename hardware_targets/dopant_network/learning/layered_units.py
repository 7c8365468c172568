r"""Several dopant-network units in layers: currents of one layer become input voltages of the next.

.. math:: z = \frac{I - \langle I \rangle}{\sigma_I}, \qquad
          V_{in} = \tfrac12 (V^{low} + V^{high}) + \tfrac12 (V^{high} - V^{low})\, \mathrm{clip}(z / 2, -1, 1)

where I are the currents of a layer, <I> and sigma_I their mean and deviation over the training data, kept afterwards
(batch normalization; in hardware an amplifier with offset that limits at two standard deviations), and V_in the input
voltages of the next layer, between V^low and V^high. Each unit of the next layer takes all currents of the one before,
one an input electrode. All units have the same physics and differ in their control voltages: one device used in turn.
Source: Ruiz-Euler et al., Neuromorph. Comput. Eng. 1, 024002 (2021).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

from .parallel_units import train_parallel_units
from .training import Differentiable, ElectrodeRoles, Loss, train_by_gradient

_LIMIT = 2.0  # standard deviations at which the amplifiers limit


@dataclass(frozen=True, eq=False)
class LayeredUnits:
    """Units in layers, the last of one unit.

    Attributes
    ----------
    wiring : ElectrodeRoles
        The electrodes of each unit.
    controls_v : tuple of (units, controls) float
        Control voltages of each layer, V.
    mean_a, deviation_a : tuple of (units,) float
        Mean and deviation of the currents of all layers but the last, A.
    low_v, high_v : float
        Range of input electrodes, V.
    """

    wiring: ElectrodeRoles
    controls_v: tuple[Float, ...]
    mean_a: tuple[Float, ...]
    deviation_a: tuple[Float, ...]
    low_v: float
    high_v: float

    def currents(self, device: Callable[[Float], Float], data_v: ArrayLike) -> Float:
        """Compute the last unit's current.

        Parameters
        ----------
        device : callable
            Gives the output's current at voltages (m, electrodes), V.
        data_v : (m, inputs) float
            Data, V.

        Returns
        -------
        (m,) float
            Currents, A.
        """
        x = np.asarray(data_v, dtype=float)
        for layer, controls in enumerate(self.controls_v):
            found = np.stack([device(self.wiring.voltages(x, row)) for row in controls], axis=-1)
            if layer < len(self.mean_a):
                z = (found - self.mean_a[layer]) / self.deviation_a[layer]
                x = _to_inputs(z, self.low_v, self.high_v)
        return np.asarray(found[..., 0])

    def calibrated(self, device: Callable[[Float], Float], data_v: ArrayLike) -> LayeredUnits:
        """Calibrate the normalization between layers on a device.

        Parameters
        ----------
        device : callable
            Gives the output's current at voltages (m, electrodes), V.
        data_v : (m, inputs) float
            Data, V.

        Returns
        -------
        LayeredUnits
            A copy with the means and deviations of this device.
        """
        x, means, deviations = np.asarray(data_v, dtype=float), [], []
        for controls in self.controls_v[:-1]:
            found = np.stack([device(self.wiring.voltages(x, row)) for row in controls], axis=-1)
            means.append(found.mean(axis=0))
            deviations.append(np.maximum(found.std(axis=0), 1e-18))
            x = _to_inputs((found - means[-1]) / deviations[-1], self.low_v, self.high_v)
        return replace(self, mean_a=tuple(means), deviation_a=tuple(deviations))


def grow_layers(
    device: Differentiable,
    wiring: ElectrodeRoles,
    widths: tuple[int, ...],
    data_v: ArrayLike,
    labels: ArrayLike,
    *,
    input_range_v: tuple[float, float],
    control_range_v: tuple[float, float],
    pool: int = 150,
    attempts: int = 4,
    epochs: int = 100,
    learning_rate_v: float = 0.02,
    rng: RNG = None,
) -> LayeredUnits:
    """Grow a start for ``train_layers``, layer by layer.

    Each layer takes the units that tell most to those after them, and is trained as
    ``parallel_units.train_parallel_units`` does, with the outputs of the layers before it.

    Parameters
    ----------
    device : Differentiable
        The device.
    wiring : ElectrodeRoles
        The electrodes of each unit.
    widths : tuple of int
        Units of each layer, the last 1.
    data_v, labels : (m, inputs) float, (m,) bool
        Data, V, and classes.
    input_range_v, control_range_v : (float, float)
        Ranges, V.
    pool, attempts, epochs, learning_rate_v, rng
        As of ``train_parallel_units``.

    Returns
    -------
    LayeredUnits
        The units.
    """
    _check(wiring, widths)
    x, place = np.asarray(data_v, dtype=float), device.outputs.index(wiring.output)
    controls: list[Float] = []
    means: list[Float] = []
    deviations: list[Float] = []

    def output(v: Float) -> Float:
        return device.linearized(v)[0][..., place]

    for layer, (width, seed) in enumerate(zip(widths, read_seeds(rng, len(widths)), strict=True)):
        units, _ = train_parallel_units(
            device, wiring, width, x, labels, control_range_v=control_range_v, squares=layer < len(widths) - 1,
            pool=pool, attempts=attempts, epochs=epochs, learning_rate_v=learning_rate_v, rng=seed,
        )  # fmt: skip
        controls.append(units.controls_v)
        currents = units.currents(output, x)
        means.append(currents.mean(axis=0))
        deviations.append(np.maximum(currents.std(axis=0), 1e-18))
        x = _to_inputs((currents - means[-1]) / deviations[-1], *input_range_v)
    return LayeredUnits(wiring, tuple(controls), tuple(means[:-1]), tuple(deviations[:-1]), *input_range_v)


def train_layers(
    device: Differentiable,
    wiring: ElectrodeRoles,
    widths: tuple[int, ...],
    data_v: ArrayLike,
    labels: ArrayLike,
    loss: Loss,
    *,
    input_range_v: tuple[float, float],
    control_range_v: tuple[float, float],
    attempts: int = 5,
    epochs: int = 400,
    learning_rate_v: float = 0.01,
    start: Sequence[LayeredUnits] = (),
    rng: RNG = None,
    progress: Callable[[int, float], None] | None = None,
) -> tuple[LayeredUnits, float]:
    """Train all layers together by Adam from several starts.

    Parameters
    ----------
    device : Differentiable
        The device.
    wiring : ElectrodeRoles
        The electrodes of each unit.
    widths : tuple of int
        Units of each layer, such as (1,) or (2, 2, 1); a layer before another has one unit for each input electrode.
    data_v, labels : (m, inputs) float, (m,) bool
        Data, V, and classes.
    loss : Loss
        The loss.
    input_range_v, control_range_v : (float, float)
        Ranges, V.
    attempts, epochs, learning_rate_v : int, int, float
        Number of random starts, steps of Adam, and their size, V.
    start : sequence of LayeredUnits
        Starts of the first attempts, such as of :func:`grow_layers`.
    rng : RNG
        Seed or generator.
    progress : callable, optional
        Called with the epochs done and the lowest loss.

    Returns
    -------
    units : LayeredUnits
        The best units.
    loss : float
        Their loss.
    """
    of = layered_loss_and_gradient(device, wiring, widths, data_v, labels, loss, input_range_v=input_range_v)
    c = len(wiring.controls)
    low, high = (np.full(sum(widths) * c, v) for v in control_range_v)
    first = np.random.default_rng(read_seeds(rng, 1)[0]).uniform(low, high, (attempts, low.size))
    for row, layers in zip(first, start, strict=False):
        if [len(each) for each in layers.controls_v] != list(widths) or layers.wiring != wiring:
            raise ValueError(
                f"start has layers of {[len(x) for x in layers.controls_v]}, or is wired otherwise: {widths}"
            )
        row[:] = np.concatenate([each.ravel() for each in layers.controls_v])
    trained = train_by_gradient(of, first, low, high, learning_rate_v=learning_rate_v, epochs=epochs, progress=progress)
    best = int(np.argmin(trained.loss))
    controls = tuple(np.split(trained.controls_v[best].reshape(-1, c), np.cumsum(widths)[:-1]))
    passed = _run(device, wiring, [each[None] for each in controls], np.asarray(data_v, dtype=float), input_range_v)
    mean = tuple(each[0][0, 0] for each in passed[:-1])
    deviation = tuple(each[1][0, 0] for each in passed[:-1])
    return LayeredUnits(wiring, controls, mean, deviation, *input_range_v), float(trained.loss[best])


def layered_loss_and_gradient(
    device: Differentiable,
    wiring: ElectrodeRoles,
    widths: tuple[int, ...],
    data_v: ArrayLike,
    labels: ArrayLike,
    loss: Loss,
    *,
    input_range_v: tuple[float, float],
) -> Callable[[Float], tuple[Float, Float]]:
    """Build the loss of all controls and its gradient.

    Parameters
    ----------
    device, wiring, widths, data_v, labels, loss, input_range_v
        As of :func:`train_layers`.

    Returns
    -------
    callable
        Turns controls (a, units * controls), V, first layer first, into losses (a,) and gradients, 1/V.
    """
    _check(wiring, widths)
    data, high, c = np.asarray(data_v, dtype=float), np.asarray(labels, dtype=bool), len(wiring.controls)
    place, per_z = device.outputs.index(wiring.output), 0.5 * (input_range_v[1] - input_range_v[0]) / _LIMIT

    def of(flat: Float) -> tuple[Float, Float]:
        controls = np.split(flat.reshape(len(flat), -1, c), np.cumsum(widths)[:-1], axis=1)
        passed = _run(device, wiring, controls, data, input_range_v)
        value, slope = loss(passed[-1][2][..., 0], high)
        slopes, parts = slope[..., None], []  # dl/dI, (a, m, units)
        for layer in range(len(passed) - 1, -1, -1):
            mean, deviation, current, back = passed[layer]
            if layer < len(passed) - 1:  # back through clip and normalization
                z = (current - mean) / deviation
                by_z = slopes * (np.abs(z) < _LIMIT) * per_z
                centered = by_z - by_z.mean(axis=1, keepdims=True)
                slopes = (centered - z * (by_z * z).mean(axis=1, keepdims=True)) / deviation
            turned = np.moveaxis(slopes, 1, 2)
            gradient = np.zeros((*turned.shape, len(device.outputs)))
            gradient[..., place] = turned
            by_voltage = back(gradient)  # (a, units, m, electrodes)
            parts.append(by_voltage[..., wiring.controls].sum(axis=2).reshape(len(flat), -1))
            slopes = by_voltage[..., list(wiring.inputs)].sum(axis=1)
        return value, np.concatenate(parts[::-1], axis=1)

    return of


def _check(wiring: ElectrodeRoles, widths: tuple[int, ...]) -> None:
    if widths[-1:] != (1,) or any(width != len(wiring.inputs) for width in widths[:-1]):
        raise ValueError(f"widths are {widths}; the last is 1, the others {len(wiring.inputs)}, one an input electrode")


def _run(
    device: Differentiable, wiring: ElectrodeRoles, controls: list[Float], data: Float, range_v: tuple[float, float]
) -> list[tuple[Float, Float, Float, Callable[[Float], Float]]]:
    """Run all layers and return for each: mean and deviation (a, 1, units), currents (a, m, units), its back.

    ``controls`` has (a, units, controls) for each layer.
    """
    place, passed = device.outputs.index(wiring.output), []
    x = np.broadcast_to(data, (len(controls[0]), *data.shape))
    for each in controls:
        found, back = device.linearized(wiring.voltages(x[:, None], each))
        current = np.moveaxis(found[..., place], 1, 2)
        mean = current.mean(axis=1, keepdims=True)
        deviation = np.maximum(current.std(axis=1, keepdims=True), 1e-18)
        passed.append((mean, deviation, current, back))
        x = _to_inputs((current - mean) / deviation, *range_v)
    return passed


def _to_inputs(z: Float, low: float, high: float) -> Float:
    return np.asarray(0.5 * (low + high) + 0.5 * (high - low) * np.clip(z / _LIMIT, -1.0, 1.0))
