r"""How good a driven system is as a reservoir: memory capacity, ranks, and NARMA-10.

.. math:: MC = \sum_{k \ge 1} r^2\big(u(t - k),\, \hat y_k(t)\big), \qquad
          NMSE = \frac{\langle (y - \hat y)^2 \rangle}{\mathrm{var}(y)}

where u is the input, y-hat = W x + b is a linear readout of the states x of the nodes, trained by ridge regression on
the first part of a run and tested on the rest, and r is the correlation on the tested part. A system of n nodes has
MC <= n. The kernel rank is the rank of the states that n different inputs lead to, the generalization rank that of
inputs which agree in what came last: a good reservoir separates the first and does not separate the second. Any system
will do whose states are given as an array (steps, nodes), simulated or measured.

The series to be followed is y(t+1) = .3 y(t) + .05 y(t) sum_{i=0}^{9} y(t-i) + 1.5 u(t-9) u(t) + .1, u in 0 .. .5.
Source: Jaeger, GMD report 152 (2001), memory; Legenstein and Maass, Neural Networks 20, 323 (2007), ranks; Atiya and
Parlos, IEEE Trans. Neural Networks 11, 697 (2000), NARMA.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float
from ..rng import RNG

_RIDGE = 1e-7  # over the mean variance of a node
_TRAINED = 0.6  # part of a run on which a readout is trained
_CHANCE = 15.1  # chi-squared of one degree of freedom exceeds it once in 10,000
_LAGS = 10  # of NARMA-10
_BEYOND = 1.0  # a NARMA series above that has left its basin and grows without end


@dataclass(frozen=True, eq=False)
class MemoryCapacity:
    """Linear memory of a reservoir.

    Attributes
    ----------
    of_delay : (delays,) float
        r^2 of the input 1, 2, ... steps ago on the tested part; what chance gives is taken off.
    """

    of_delay: Float

    @property
    def total(self) -> float:
        """MC, the sum over all delays."""
        return float(self.of_delay.sum())


def memory_capacity(states: ArrayLike, inputs: ArrayLike, *, delays: int, washout: int = 100) -> MemoryCapacity:
    """Measure how well a linear readout of the states recalls earlier inputs.

    An r^2 that chance exceeds once in 10,000 delays, 15.1 / (tested steps), counts as 0.

    Parameters
    ----------
    states : (steps, n) float
        State of each node after each input.
    inputs : (steps,) float
        Independent random inputs.
    delays : int
        Largest delay.
    washout : int
        First steps, which are left out.

    Returns
    -------
    MemoryCapacity
        Capacity at each delay.
    """
    x, u = _run(states, inputs, max(washout, delays))
    start = max(washout, delays)
    targets = np.column_stack([u[start - k : len(u) - k] for k in range(1, delays + 1)])
    tested, found = _readout(x[start:], targets)
    deviations = tested.std(axis=0) * found.std(axis=0)
    covariance = ((tested - tested.mean(axis=0)) * (found - found.mean(axis=0))).mean(axis=0)
    r = np.where(deviations > 0.0, covariance / np.where(deviations > 0.0, deviations, 1.0), 0.0)
    floor = _CHANCE / len(tested)
    return MemoryCapacity(np.where(r**2 > floor, r**2, 0.0))


def prediction_error(states: ArrayLike, target: ArrayLike, *, washout: int = 100) -> float:
    """Compute the NMSE of a linear readout that follows a series.

    Parameters
    ----------
    states : (steps, n) float
        State of each node after each input.
    target : (steps,) float
        The series.
    washout : int
        First steps, which are left out.

    Returns
    -------
    float
        Mean squared error over the variance of the series, on the tested part; 1 is its mean.
    """
    x, y = _run(states, target, washout)
    tested, found = _readout(x[washout:], y[washout:, None])
    variance = float(tested.var())
    if variance == 0.0:
        raise ValueError("the target does not change on the tested part; there is nothing to follow")
    return float(((tested - found) ** 2).mean()) / variance


def narma_series(steps: int, rng: RNG = None) -> tuple[Float, Float]:
    """Draw inputs and the NARMA-10 series that they drive.

    Parameters
    ----------
    steps : int
        Length.
    rng : RNG
        Seed or generator.

    Returns
    -------
    inputs, target : (steps,) float
        u(t), and y(t + 1), which follows from u up to t. Inputs that let y run away are drawn again.
    """
    if steps <= _LAGS:
        raise ValueError(f"steps is {steps}; the series looks back {_LAGS} of them")
    generator = np.random.default_rng(rng)
    while True:
        u = generator.uniform(0.0, 0.5, steps)
        y = np.zeros(steps + 1)
        for t in range(_LAGS - 1, steps):
            past = y[t - _LAGS + 1 : t + 1].sum()
            y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * past + 1.5 * u[t - _LAGS + 1] * u[t] + 0.1
            if y[t + 1] > _BEYOND:
                break
        else:
            return u, y[1:]


def state_rank(states: ArrayLike, *, threshold: float = 0.01) -> int:
    """Count the singular values of final states above a part of the largest.

    Of states after different inputs it is the kernel rank; of states after inputs that agree in their last steps, the
    generalization rank. The threshold is the resolution of the readout: noise has full rank.

    Parameters
    ----------
    states : (runs, n) float
        State of each node at the end of each run; best as many runs as nodes.
    threshold : float
        Part of the largest singular value.

    Returns
    -------
    int
        Rank.
    """
    x = np.asarray(states, dtype=float)
    if x.ndim != 2 or not np.isfinite(x).all():
        raise ValueError(f"states have shape {x.shape}; give finite ones, (runs, nodes)")
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold is {threshold}; it is a part of the largest singular value, between 0 and 1")
    values = np.linalg.svd(x, compute_uv=False)
    return int((values > threshold * values[0]).sum()) if values[0] > 0.0 else 0


def rank_inputs(runs: int, steps: int, shared: int, rng: RNG = None) -> Float:
    """Draw inputs -1 .. 1 of many runs, whose last ``shared`` steps are the same.

    Parameters
    ----------
    runs, steps : int
        Number of runs, and of steps in each.
    shared : int
        Last steps that all share: 0 for the kernel rank, some for the generalization rank.
    rng : RNG
        Seed or generator.

    Returns
    -------
    (runs, steps) float
        Inputs.
    """
    if not 0 <= shared <= steps:
        raise ValueError(f"shared is {shared}; it is between 0 and the {steps} steps")
    u = np.random.default_rng(rng).uniform(-1.0, 1.0, (runs, steps))
    u[:, steps - shared :] = u[0, steps - shared :]
    return u


def _run(states: ArrayLike, series: ArrayLike, left_out: int) -> tuple[Float, Float]:
    x, u = np.asarray(states, dtype=float), np.asarray(series, dtype=float)
    if x.ndim != 2 or u.shape != x.shape[:1] or not (np.isfinite(x).all() and np.isfinite(u).all()):
        raise ValueError(f"states have shape {x.shape}, the series {u.shape}; give finite (steps, nodes) and (steps,)")
    if left_out < 0 or _TRAINED * (len(x) - left_out) <= x.shape[1] + 1:
        raise ValueError(
            f"{len(x)} steps less {left_out} are too few to train {x.shape[1] + 1} weights on {_TRAINED:.0%} of them"
        )
    return x, u


def _readout(x: Float, targets: Float) -> tuple[Float, Float]:
    """Train by ridge regression on the first part and return targets and answers of the rest."""
    cut = int(_TRAINED * len(x))
    mean, level = x[:cut].mean(axis=0), targets[:cut].mean(axis=0)
    a = x[:cut] - mean
    gram = a.T @ a
    ridge = _RIDGE * np.trace(gram) / len(gram) or 1.0
    weights = np.linalg.solve(gram + ridge * np.eye(len(gram)), a.T @ (targets[:cut] - level))
    return targets[cut:], (x[cut:] - mean) @ weights + level
