r"""Several dopant-network units side by side, read out by a weighted sum of their currents: Fisher's discriminant.

.. math:: J = \max_w \frac{(w \cdot \Delta)^2}{w^T S w} = \Delta^T S^{-1} \Delta, \qquad w \propto S^{-1} \Delta

Delta is the difference of the classes' mean currents, S the sum of their covariances. At the best w, J depends on the
currents as the ratio at a fixed w does, so that its slope is that of ``losses.fisher`` at w I. In hardware the weights
are a row of a crossbar. Units start as those of a random pool that tell most: the first alone, each further one with
those before it. Where units come after them, J of the currents, their squares and products says what can be told.
Source: Fisher, Ann. Eugen. 7, 179 (1936); units with a linear layer: Ruiz-Euler et al., Neuromorph. Comput. Eng. 1,
024002 (2021).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from .losses import classes, fisher
from .training import Differentiable, ElectrodeRoles, train_by_gradient

_FIRSTS = 8  # of a pool: groups are grown from each
_RIDGE = 1e-9  # of each variance, so that two equal columns are no harm


@dataclass(frozen=True, eq=False)
class ParallelUnits:
    """Units with controls_v (units, controls), V, that take the same inputs, and weights (units,) of their currents."""

    wiring: ElectrodeRoles
    controls_v: Float
    weights: Float

    def currents(self, device: Callable[[Float], Float], data_v: ArrayLike) -> Float:
        """(m, units), A, for data (m, inputs); ``device`` gives the output's current at voltages (..., electrodes)."""
        return np.asarray(device(self.wiring.voltages(data_v, self.controls_v)).T)

    def calibrated(self, device: Callable[[Float], Float], data_v: ArrayLike, labels: ArrayLike) -> ParallelUnits:
        """With the best weights for this device at data (m, inputs) with labels (m,)."""
        return replace(self, weights=discriminant(self.currents(device, data_v), labels)[1])

    def read(self, device: Callable[[Float], Float], data_v: ArrayLike) -> Float:
        """The weighted sum (m,)."""
        return np.asarray(self.currents(device, data_v) @ self.weights)


def discriminant(columns: ArrayLike, labels: ArrayLike) -> tuple[Float, Float]:
    """J (...) and w (..., d), of unit length, of columns (..., m, d) with labels (m,)."""
    x = np.asarray(columns, dtype=float)
    high = classes(x[..., 0], np.asarray(labels, dtype=bool))
    scale = np.maximum(x.std(axis=-2, keepdims=True), 1e-300)
    x = (x - x.mean(axis=-2, keepdims=True)) / scale
    one, zero = x[..., high, :].mean(axis=-2), x[..., ~high, :].mean(axis=-2)
    share = np.where(high, 1.0 / high.sum(), 1.0 / (~high).sum())
    away = x - np.where(high[:, None], one[..., None, :], zero[..., None, :])
    spread = np.swapaxes(away * share[:, None], -1, -2) @ away + _RIDGE * np.eye(x.shape[-1])
    w = np.linalg.solve(spread, (one - zero)[..., None])[..., 0]
    ratio = (w * (one - zero)).sum(axis=-1)
    w = w / scale[..., 0, :]
    return ratio, w / np.maximum(np.linalg.norm(w, axis=-1, keepdims=True), 1e-300)


@single_threaded_blas()
def select_units(
    columns: ArrayLike, labels: ArrayLike, count: int, *, firsts: int = 1, squares: bool = False
) -> tuple[Float, NDArray[np.int64]]:
    """J (firsts,) and the chosen of columns (m, p), (firsts, count): grown from the ``firsts`` that tell most alone.

    squares : let products of two columns tell too, as a unit after them could
    """
    x = np.asarray(columns, dtype=float)
    if not 1 <= count <= x.shape[1] or not 1 <= firsts <= x.shape[1]:
        raise ValueError(f"count is {count}, firsts {firsts} of {x.shape[1]} columns; from 1 to that many")
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-300)

    def told(chosen: list[int]) -> Float:
        tried = np.concatenate([np.broadcast_to(x[:, chosen], (x.shape[1], len(x), len(chosen))), x.T[..., None]], -1)
        found = discriminant(_with_squares(tried) if squares else tried, labels)[0]
        found[chosen] = -np.inf
        return found

    alone, grown = told([]), []
    for first in np.argsort(-alone, kind="stable")[:firsts]:
        chosen, ratio = [int(first)], float(alone[first])
        while len(chosen) < count:
            checkpoint("choosing units")
            found = told(chosen)
            chosen.append(int(np.argmax(found)))
            ratio = float(found[chosen[-1]])
        grown.append((ratio, chosen))
    return np.array([ratio for ratio, _ in grown]), np.array([chosen for _, chosen in grown])


@single_threaded_blas()
def train_parallel_units(
    device: Differentiable,
    wiring: ElectrodeRoles,
    units: int,
    data_v: ArrayLike,
    labels: ArrayLike,
    *,
    control_range_v: tuple[float, float],
    squares: bool = False,
    pool: int = 150,
    attempts: int = 4,
    epochs: int = 100,
    learning_rate_v: float = 0.02,
    rng: RNG = None,
    progress: Callable[[int, float], None] | None = None,
) -> tuple[ParallelUnits, float]:
    """``units`` out of ``pool`` random ones, ``attempts`` times, then Adam on -ln J; the best, and its -ln J.

    Data (m, inputs), V, and labels (m,). One unit is a case of it.
    squares : units that tell the classes to units after them; the weights are still those of the currents
    """
    if not 1 <= units <= pool or attempts < 1:
        raise ValueError(f"units is {units} of a pool of {pool}, attempts {attempts}: positive, no more than the pool")
    of = parallel_loss_and_gradient(device, wiring, units, data_v, labels, squares=squares)
    c, place = len(wiring.controls), device.outputs.index(wiring.output)
    start = np.empty((attempts, units * c))
    for row, seed in zip(start, read_seeds(rng, attempts), strict=True):
        drawn = np.random.default_rng(seed).uniform(*control_range_v, (pool, c))
        screened = device.linearized(wiring.voltages(data_v, drawn))[0][..., place].T
        ratios, chosen = select_units(screened, labels, units, firsts=min(pool, _FIRSTS), squares=squares)
        row[:] = drawn[chosen[np.argmax(ratios)]].ravel()
    low, top = (np.full(units * c, v) for v in control_range_v)
    trained = train_by_gradient(of, start, low, top, learning_rate_v=learning_rate_v, epochs=epochs, progress=progress)
    best = int(np.argmin(trained.loss))
    found = ParallelUnits(wiring, trained.controls_v[best].reshape(units, c), np.ones(units))
    return found.calibrated(lambda v: device.linearized(v)[0][..., place], data_v, labels), float(trained.loss[best])


def parallel_loss_and_gradient(
    device: Differentiable,
    wiring: ElectrodeRoles,
    units: int,
    data_v: ArrayLike,
    labels: ArrayLike,
    *,
    squares: bool = False,
) -> Callable[[Float], tuple[Float, Float]]:
    """-ln J of the controls (a, units * controls) at the best weights, and its gradient, 1/V."""
    high, place, c = np.asarray(labels, dtype=bool), device.outputs.index(wiring.output), len(wiring.controls)
    i, j = np.triu_indices(units)

    def of(flat: Float) -> tuple[Float, Float]:
        found, back = device.linearized(wiring.voltages(data_v, flat.reshape(len(flat), units, c)))
        currents = np.moveaxis(found[..., place], 1, 2)
        # J is the same for all scales and offsets of the currents: these need no slope of their own.
        scale = np.maximum(currents.std(axis=1, keepdims=True), 1e-300)
        z = (currents - currents.mean(axis=1, keepdims=True)) / scale
        columns = _with_squares(z) if squares else z
        w = discriminant(columns, high)[1]
        value, slope = fisher((columns @ w[..., None])[..., 0], high)
        by_z = np.broadcast_to(w[:, None, :units], z.shape).copy()
        if squares:
            bent = np.zeros((len(w), units, units))
            bent[:, i, j] = w[:, units:]
            by_z += z @ (bent + np.swapaxes(bent, 1, 2))
        gradient = np.zeros_like(found)
        gradient[..., place] = np.moveaxis(slope[..., None] * by_z / scale, 1, 2)
        return value, back(gradient)[..., wiring.controls].sum(axis=2).reshape(flat.shape)

    return of


def _with_squares(x: Float) -> Float:
    """Columns (..., d), then their products i <= j."""
    i, j = np.triu_indices(x.shape[-1])
    return np.concatenate([x, x[..., i] * x[..., j]], axis=-1)
