r"""Control voltages that make a device separate two classes of inputs: gradients, evolution, confirmation.

Gradients go through a surrogate or a mean field, by Adam. Evolution takes children from a box between and beyond two
parents x (the better) and y,

.. math:: x + u (y - x), \qquad u \in [-\alpha, 1 + \beta] \quad \text{for each voltage (BLX-alpha-beta)}

on common random numbers: all candidates hop on the same streams. What wins by luck so is found out by measuring it
again, longer and on other streams.
Source: Chen et al., Nature 577, 341 (2020), evolution; Ruiz Euler et al., Nat. Nanotechnol. 15, 992 (2020), gradients.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import elementary_charge

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from ..transport.kinetic_monte_carlo import Walk, measure_currents
from .adam import Adam
from .iv_dataset import read_arrays, write_arrays
from .losses import classes

Loss: TypeAlias = Callable[[Float, NDArray[np.bool_]], tuple[Float, Float]]  # (..., m), (m,) -> (...,), dl/dI (..., m)

_WARM_UP = 50  # hops a site before counting


class Differentiable(Protocol):
    """A device whose currents into ``outputs`` are known with their slopes: a Surrogate, a MeanFieldDevice."""

    @property
    def outputs(self) -> tuple[int, ...]: ...

    def linearized(self, voltages_v: ArrayLike) -> tuple[Float, Callable[[Float], Float]]: ...


@dataclass(frozen=True, eq=False)
class NoisyDevice:
    """A device with Gaussian noise of ``noise_a``, A, at its outputs: what the measurement adds, or a surrogate's RMSE.

    From a seed, the noise follows from it and the shape asked for alone (common random numbers): losses keep their
    slopes. From a Generator it is new at every call: training cannot learn the noise of its points by heart.
    """

    device: Differentiable
    noise_a: ArrayLike
    seed: RNG

    @property
    def outputs(self) -> tuple[int, ...]:
        return self.device.outputs

    def currents(self, voltages_v: ArrayLike) -> Float:
        """I (..., o), A, at V (..., k)."""
        return self.linearized(voltages_v)[0]

    def linearized(self, voltages_v: ArrayLike) -> tuple[Float, Callable[[Float], Float]]:
        """As the device's, with noise in I."""
        currents, back = self.device.linearized(voltages_v)
        noise = np.random.default_rng(read_seeds(self.seed, 1)[0]).standard_normal(currents.shape)
        return currents + np.asarray(self.noise_a, dtype=float) * noise, back


@dataclass(frozen=True)
class ElectrodeRoles:
    """Which of ``electrodes`` take data, which one gives the current (at 0 V); the others are ``controls``."""

    inputs: tuple[int, ...]
    output: int
    electrodes: int

    def __post_init__(self) -> None:
        used = (*self.inputs, self.output)
        if len(set(used)) != len(used) or not self.inputs or not all(0 <= e < self.electrodes for e in used):
            raise ValueError(f"inputs {self.inputs}, output {self.output}: different, of {self.electrodes} electrodes")

    @property
    def controls(self) -> list[int]:
        return [e for e in range(self.electrodes) if e not in (*self.inputs, self.output)]

    def voltages(self, data_v: ArrayLike, controls_v: ArrayLike) -> Float:
        """(..., m, electrodes) of data (..., m, inputs) and controls (..., controls), V."""
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
    """The loss of controls (a, c) and its gradient (a, c), 1/V, for data (m, inputs) and labels (m,)."""
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
    """controls_v (a, c) or (c,), their loss (a,) or (), and the best loss so far by step, (steps, a) or (steps,)."""

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
    """Adam from each row of ``start_v`` (a, c) within ``low_v`` and ``high_v`` (c,): the best that each passed.

    loss : (a, c) -> loss (a,), gradient (a, c); rows are independent
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


def train_by_evolution(
    loss: Callable[[Float], Float],
    low_v: ArrayLike,
    high_v: ArrayLike,
    *,
    population: int = 26,
    elite: int = 4,
    generations: int = 100,
    alpha: float = 0.6,
    beta: float = 0.4,
    mutation: float = 0.1,
    rng: RNG = None,
    path: str | os.PathLike[str] | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> Trained:
    """The fittest controls (c,) between ``low_v`` and ``high_v`` (c,) after ``generations``.

    loss : (population, c) -> (population,), the same for the same controls
    mutation : probability that a child's voltage is drawn anew, from a triangle around what it was
    path : an .npz file written every generation, where an interrupted evolution goes on
    """
    low, high = np.broadcast_arrays(np.asarray(low_v, dtype=float), np.asarray(high_v, dtype=float))
    if low.ndim != 1 or not (low < high).all():
        raise ValueError(f"low_v {low_v!r} and high_v {high_v!r} must be (c,) each, low below high")
    if not 2 <= elite < population or generations < 1 or min(alpha, beta) < 0.0 or not 0.0 <= mutation <= 1.0:
        raise ValueError(
            f"elite {elite} of {population}, {generations} generations, mutation {mutation}: 2 <= elite < population"
        )
    seeds = read_seeds(rng, generations + 1)
    label = np.array([population, elite, *low, *high, alpha, beta, mutation, float(seeds[0].generate_state(1)[0])])
    pool = low + (high - low) * np.random.default_rng(seeds[-1]).random((population, low.size))
    history = np.empty(0)
    if path is not None and Path(path).exists():
        kept = read_arrays(path, ("label", "pool", "losses", "history"))
        if not np.array_equal(kept["label"], label) or kept["pool"].shape != pool.shape:
            raise ValueError(f"{path} holds another evolution; remove it or name another file")
        pool, losses, history = kept["pool"], kept["losses"], kept["history"]
        finite = all(np.isfinite(each).all() for each in (pool, losses, history))
        if losses.shape != (population,) or history.ndim != 1 or not finite:
            raise ValueError(f"{path} is damaged: losses {losses.shape}, history {history.shape}; remove it")
    else:
        losses = np.asarray(loss(pool))
    for generation in range(history.size, generations):
        checkpoint("training", generation, generations)
        order = np.argsort(losses, kind="stable")
        pool, losses = pool[order], losses[order]
        children = _children(pool, low, high, population - elite, alpha, beta, mutation, seeds[generation])
        pool = np.vstack([pool[:elite], children])
        losses = np.r_[losses[:elite], loss(children)]
        history = np.r_[history, losses.min()]
        if path is not None:
            write_arrays(path, label=label, pool=pool, losses=losses, history=history)
        if progress is not None:
            progress(generation + 1, float(losses.min()))
    best = int(np.argmin(losses))
    return Trained(pool[best], losses[best], history)


def kmc_loss(
    network: HoppingNetwork,
    wiring: ElectrodeRoles,
    data_v: ArrayLike,
    labels: ArrayLike,
    loss: Loss,
    *,
    hops: int,
    temperature_k: float = LIQUID_NITROGEN_K,
    rng: RNG = None,
) -> Callable[[Float], Float]:
    """The loss of controls (a, c) by ``hops`` at each of the data (m, inputs); all candidates on equal streams."""
    data, high = np.asarray(data_v, dtype=float), np.asarray(labels, dtype=bool)
    # Probed once: a probe takes longer than a short walk, and all candidates should hop by the same kernel.
    middle = wiring.voltages(data, np.zeros(len(wiring.controls)))[0]
    kernel: Any = Walk(network, middle, temperature_k=temperature_k, rng=0).kernel
    streams = [int(seed.generate_state(1)[0]) for seed in read_seeds(rng, len(data))]

    def of(controls_v: Float) -> Float:
        currents = np.empty((len(controls_v), len(data)))
        for row, table in zip(currents, wiring.voltages(data, controls_v), strict=True):
            for k, v in enumerate(table):
                walk = Walk(network, v, temperature_k=temperature_k, kernel=kernel, rng=streams[k])
                walk.go(_WARM_UP * network.sites)
                net, time = walk.go(hops)
                row[k] = elementary_charge * net[wiring.output] / time
        return loss(currents, high)[0]

    return of


@dataclass(frozen=True, eq=False)
class Verification:
    """Currents and errors (m,), A; (min_1 I - max_0 I) over the error of that difference; whether it is above 5."""

    currents_a: Float
    errors_a: Float
    contrast: float
    holds: bool


def verify(
    network: HoppingNetwork,
    wiring: ElectrodeRoles,
    data_v: ArrayLike,
    labels: ArrayLike,
    controls_v: ArrayLike,
    *,
    hops: int,
    temperature_k: float = LIQUID_NITROGEN_K,
    sigmas: float = 5.0,
    rng: RNG = None,
) -> Verification:
    """Measure again with ``hops`` at least: ten times what the search had, and other random numbers."""
    high = np.asarray(labels, dtype=bool)
    table = wiring.voltages(data_v, controls_v)
    found = [
        measure_currents(network, v, temperature_k=temperature_k, relative_error=1e-9, most_hops=hops, rng=seed)
        for v, seed in zip(table, read_seeds(rng, len(table)), strict=True)
    ]
    currents = np.array([each.currents_a[wiring.output] for each in found])
    errors = np.array([each.errors_a[wiring.output] for each in found])
    classes(currents, high)
    one, zero = np.flatnonzero(high)[currents[high].argmin()], np.flatnonzero(~high)[currents[~high].argmax()]
    contrast = float((currents[one] - currents[zero]) / np.hypot(errors[one], errors[zero]))
    return Verification(currents, errors, contrast, contrast > sigmas)


def _children(
    pool: Float, low: Float, high: Float, count: int, alpha: float, beta: float, mutation: float,
    seed: np.random.SeedSequence,
) -> Float:  # fmt: skip
    """BLX-alpha-beta of parents drawn by rank, the best first in ``pool``."""
    generator = np.random.default_rng(seed)
    rank = np.arange(len(pool), 0, -1.0)
    parents = np.sort(generator.choice(len(pool), (count, 2), p=rank / rank.sum()), axis=1)
    better, worse = pool[parents[:, 0]], pool[parents[:, 1]]
    reach = worse - better
    place = -alpha + (1.0 + alpha + beta) * generator.random(better.shape)
    children = np.clip(better + place * reach, low, high)
    drawn = generator.triangular(low, np.clip(children, low + 1e-12, high - 1e-12), high)
    return np.where(generator.random(children.shape) < mutation, drawn, children)
