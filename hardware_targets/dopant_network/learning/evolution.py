r"""Control voltages by evolution on the device itself, and their verification.

.. math:: x + u (y - x), \qquad u \in [-\alpha, 1 + \beta] \quad \text{for each voltage (BLX-alpha-beta)}

where x (the better) and y are two parents and u is uniform: children come from a box between and beyond them. All
candidates hop on the same streams (common random numbers). A candidate that wins by luck is found out by measuring it
again, longer and on other streams.
Source: Chen et al., Nature 577, 341 (2020).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from ..transport.hopping_walk import Walk
from ..transport.kinetic_monte_carlo import measure_currents
from .iv_dataset import read_arrays, write_arrays
from .losses import classes
from .training import ElectrodeRoles, Loss, Trained

_WARM_UP = 50  # number of hops a site before counting


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
    """Evolve controls and return the fittest.

    Parameters
    ----------
    loss : callable
        Turns controls (population, c) into losses (population,), the same for the same controls.
    low_v, high_v : (c,) float
        Limits, V.
    population, elite, generations : int
        Size of the population, number that survives a generation, number of generations.
    alpha, beta : float
        Reach of a child beyond the better and the worse parent.
    mutation : float
        Probability that a child's voltage is drawn anew, from a triangle around its value.
    rng : RNG
        Seed or generator.
    path : path-like, optional
        An .npz file that is written every generation, from which an interrupted evolution continues.
    progress : callable, optional
        Called with the generations done and the lowest loss.

    Returns
    -------
    Trained
        The fittest controls.
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
    """Build the loss of controls by kinetic Monte Carlo, all candidates on equal streams.

    Parameters
    ----------
    network : HoppingNetwork
        The device.
    wiring, data_v, labels, loss
        As of ``training.loss_and_gradient``.
    hops : int
        Number of hops at each of the data.
    temperature_k, rng
        Temperature, K; seed or generator.

    Returns
    -------
    callable
        Turns controls (a, c), V, into losses (a,).
    """
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
    """Currents that were measured again.

    Attributes
    ----------
    currents_a, errors_a : (m,) float
        Currents and errors, A.
    contrast : float
        (min_1 I - max_0 I) over the error of that difference.
    holds : bool
        Whether the contrast is above ``sigmas``.
    """

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
    """Verify controls by measuring again with many hops and other random numbers.

    Parameters
    ----------
    network, wiring, data_v, labels
        As of :func:`kmc_loss`.
    controls_v : (c,) float
        Control voltages, V.
    hops : int
        Least number of hops, ten times that of the search.
    temperature_k : float
        Temperature, K.
    sigmas : float
        Least contrast.
    rng : RNG
        Seed or generator.

    Returns
    -------
    Verification
        The verdict.
    """
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
    """Draw children by BLX-alpha-beta of parents drawn by rank, the best first in ``pool``."""
    generator = np.random.default_rng(seed)
    rank = np.arange(len(pool), 0, -1.0)
    parents = np.sort(generator.choice(len(pool), (count, 2), p=rank / rank.sum()), axis=1)
    better, worse = pool[parents[:, 0]], pool[parents[:, 1]]
    reach = worse - better
    place = -alpha + (1.0 + alpha + beta) * generator.random(better.shape)
    children = np.clip(better + place * reach, low, high)
    drawn = generator.triangular(low, np.clip(children, low + 1e-12, high - 1e-12), high)
    return np.where(generator.random(children.shape) < mutation, drawn, children)
