r"""Simulated I-V datasets: voltages that fill their box, and the currents of a device there.

Every electrode is swept by a sawtooth of its own frequency,

.. math:: V_e(t) = V_e^{low} + (V_e^{high} - V_e^{low})\, \mathrm{frac}(f_e t + \varphi_e),
          \qquad f_e \propto \sqrt{p_e}

where V_e is the voltage of electrode e, phi_e its phase, and p_e the e-th prime. Square roots of primes have no
rational relation, so the sweep fills the box of voltages evenly (Weyl), while each voltage moves slowly enough for a
device to follow.
Source: Ruiz Euler et al., Nat. Nanotechnol. 15, 992 (2020).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from ..transport.kinetic_monte_carlo import measure_currents
from ..transport.master_equation import stationary_occupations
from .iv_dataset import IvDataset, read_dataset, write_dataset

_KEEP = 500  # number of points between two writings of an unfinished dataset


def sawtooth_voltages(
    points: int, low_v: ArrayLike, high_v: ArrayLike, *, cycles_per_point: float = 0.01, rng: RNG = None
) -> Float:
    """Sample voltages by sawtooth sweeps with random phases; equal limits hold an electrode.

    Parameters
    ----------
    points : int
        Number of settings.
    low_v, high_v : (k,) float
        Limits, V.
    cycles_per_point : float
        Frequency of the slowest sawtooth; the others have sqrt(p_e / 2) as many.
    rng : RNG
        Seed or generator.

    Returns
    -------
    (points, k) float
        Settings, V.
    """
    low, high, generator = _box(points, low_v, high_v, rng)
    if not 0.0 < cycles_per_point < 0.5:
        raise ValueError(f"cycles_per_point is {cycles_per_point}; between 0 and 0.5, or a tooth has no points")
    turns = np.arange(points)[:, None] * cycles_per_point * np.sqrt(_primes(low.size) / 2.0)
    return low + (high - low) * ((turns + generator.random(low.size)) % 1.0)


def random_voltages(points: int, low_v: ArrayLike, high_v: ArrayLike, *, rng: RNG = None) -> Float:
    """Sample voltages uniformly and independently.

    Parameters
    ----------
    points : int
        Number of settings.
    low_v, high_v : (k,) float
        Limits, V.
    rng : RNG
        Seed or generator.

    Returns
    -------
    (points, k) float
        Settings, V.
    """
    low, high, generator = _box(points, low_v, high_v, rng)
    return low + (high - low) * generator.random((points, low.size))


def simulate_dataset(
    network: HoppingNetwork,
    voltages_v: ArrayLike,
    outputs: tuple[int, ...],
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    relative_error: float | None = None,
    rng: RNG = None,
    path: str | os.PathLike[str] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> IvDataset:
    """Simulate the currents of a device at many settings.

    Parameters
    ----------
    network : HoppingNetwork
        The device.
    voltages_v : (m, k) float
        Settings, V.
    outputs : tuple of int
        Electrodes whose currents are kept.
    temperature_k : float
        Temperature, K.
    relative_error : float, optional
        Precision of kinetic Monte Carlo; None solves the master equation.
    rng : RNG
        Seed or generator.
    path : path-like, optional
        An .npz file that is written every 500 points, from which an interrupted simulation continues.
    progress : callable, optional
        Called with the points done and their number.

    Returns
    -------
    IvDataset
        The dataset.
    """
    v = np.atleast_2d(network.voltages(voltages_v))
    seeds = read_seeds(rng, len(v))
    how = "exact" if relative_error is None else f"kinetic Monte Carlo to {relative_error:g}, seed {seeds[0].entropy}"
    parts = (network.static_v, network.interaction_v, network.lever, network.attempts_hz)
    made = hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()
    source = f"{how}, {temperature_k:g} K, network {made[:16]}"
    currents = np.empty((len(v), len(outputs)))
    done = 0
    if path is not None and Path(path).exists():
        kept = read_dataset(path)
        done = len(kept.voltages_v)
        if (kept.source, kept.outputs) != (source, outputs) or not np.array_equal(kept.voltages_v, v[:done]):
            raise ValueError(f"{path} holds another record ({kept.source}); remove it or name another file")
        currents[:done] = kept.currents_a
    for k in range(done, len(v)):
        checkpoint("recording", k, len(v))
        if relative_error is None:
            found = stationary_occupations(network, v[k], temperature_k=temperature_k).currents_a
        else:
            found = measure_currents(
                network, v[k], temperature_k=temperature_k, relative_error=relative_error, rng=seeds[k]
            ).currents_a
        currents[k] = found[list(outputs)]
        if (k + 1) % _KEEP == 0 or k + 1 == len(v):
            if path is not None:
                write_dataset(path, IvDataset(v[: k + 1], currents[: k + 1], outputs, source))
            if progress is not None:
                progress(k + 1, len(v))
    return IvDataset(v, currents, outputs, source)


def _box(points: int, low_v: ArrayLike, high_v: ArrayLike, rng: RNG) -> tuple[Float, Float, np.random.Generator]:
    low, high = np.broadcast_arrays(np.asarray(low_v, dtype=float), np.asarray(high_v, dtype=float))
    if points < 1 or low.ndim != 1 or not (np.isfinite(low) & np.isfinite(high) & (low <= high)).all():
        raise ValueError(
            f"{points} points from {low_v!r} to {high_v!r} V; one at least, finite, low <= high, (k,) each"
        )
    return low, high, np.random.default_rng(read_seeds(rng, 1)[0])


def _primes(count: int) -> Float:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return np.array(found, dtype=float)
