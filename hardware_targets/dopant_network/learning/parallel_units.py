r"""Several dopant-network units side by side, read out by a weighted sum of their currents: Fisher's discriminant.

.. math:: J = \max_w \frac{(w \cdot \Delta)^2}{w^T S w} = \Delta^T S^{-1} \Delta, \qquad w \propto S^{-1} \Delta

where w are the weights, Delta is the difference of the classes' mean currents, and S the sum of their covariances. At
the best w, J depends on the currents as the ratio at a fixed w does, so that its slope is that of ``losses.fisher`` at
w I. In hardware the weights are a row of a crossbar. The start takes the units of a random pool that tell most: the
first alone, each further one with those before it. Where further units follow, J of the currents, their squares and
products measures what these can tell.
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

_FIRSTS = 8  # number of best units of a pool, from each of which a group is grown
_RIDGE = 1e-9  # relative ridge of each variance, so that two equal columns do no harm


@dataclass(frozen=True, eq=False)
class ParallelUnits:
    """Units that take the same inputs, and weights of their currents.

    Attributes
    ----------
    wiring : ElectrodeRoles
        The electrodes of each unit.
    controls_v : (units, controls) float
        Control voltages, V.
    weights : (units,) float
        Weights.
    """

    wiring: ElectrodeRoles
    controls_v: Float
    weights: Float

    def currents(self, device: Callable[[Float], Float], data_v: ArrayLike) -> Float:
        """Compute the units' currents.

        Parameters
        ----------
        device : callable
            Gives the output's current at voltages (..., electrodes), V.
        data_v : (m, inputs) float
            Data, V.

        Returns
        -------
        (m, units) float
            Currents, A.
        """
        return np.asarray(device(self.wiring.voltages(data_v, self.controls_v)).T)

    def calibrated(self, device: Callable[[Float], Float], data_v: ArrayLike, labels: ArrayLike) -> ParallelUnits:
        """Calibrate the weights on a device.

        Parameters
        ----------
        device : callable
            Gives the output's current at voltages (..., electrodes), V.
        data_v, labels : (m, inputs) float, (m,) bool
            Data, V, and classes.

        Returns
        -------
        ParallelUnits
            A copy with the best weights for this device.
        """
        return replace(self, weights=discriminant(self.currents(device, data_v), labels)[1])

    def read(self, device: Callable[[Float], Float], data_v: ArrayLike) -> Float:
        """Compute the weighted sum of the currents.

        Parameters
        ----------
        device : callable
            Gives the output's current at voltages (..., electrodes), V.
        data_v : (m, inputs) float
            Data, V.

        Returns
        -------
        (m,) float
            The sum, A.
        """
        return np.asarray(self.currents(device, data_v) @ self.weights)


def discriminant(columns: ArrayLike, labels: ArrayLike) -> tuple[Float, Float]:
    """Compute Fisher's discriminant.

    Parameters
    ----------
    columns : (..., m, d) float
        Features.
    labels : (m,) bool
        Classes.

    Returns
    -------
    ratio : (...) float
        J.
    weights : (..., d) float
        w, of unit length.
    """
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
    """Select columns that tell the classes apart, grown from those that tell most alone.

    Parameters
    ----------
    columns : (m, p) float
        Currents of p units.
    labels : (m,) bool
        Classes.
    count : int
        Number of columns to select.
    firsts : int
        Number of groups, each grown from another first column.
    squares : bool
        Whether products of two columns may tell too, as a unit after them could use.

    Returns
    -------
    ratios : (firsts,) float
        J of each group.
    chosen : (firsts, count) int
        Its columns.
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
    """Select units of a random pool and train them by Adam on -ln J.

    Parameters
    ----------
    device : Differentiable
        The device.
    wiring : ElectrodeRoles
        The electrodes of each unit.
    units : int
        Number of units, from 1.
    data_v, labels : (m, inputs) float, (m,) bool
        Data, V, and classes.
    control_range_v : (float, float)
        Range of the controls, V.
    squares : bool
        Whether the units tell the classes to units after them; the weights are still those of the currents.
    pool, attempts : int
        Number of random units, and of pools.
    epochs, learning_rate_v : int, float
        Steps of Adam and their size, V.
    rng : RNG
        Seed or generator.
    progress : callable, optional
        Called with the epochs done and the lowest loss.

    Returns
    -------
    units : ParallelUnits
        The best units.
    loss : float
        Their -ln J.
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
    """Build the loss -ln J of the controls at the best weights, and its gradient.

    Parameters
    ----------
    device, wiring, units, data_v, labels, squares
        As of :func:`train_parallel_units`.

    Returns
    -------
    callable
        Turns controls (a, units * controls), V, into losses (a,) and gradients, 1/V.
    """
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
    """Append to columns (..., d) their products i <= j."""
    i, j = np.triu_indices(x.shape[-1])
    return np.concatenate([x, x[..., i] * x[..., j]], axis=-1)
