"""The square lattice against its exact solution: energy, magnetization, critical temperature.

Kaufman, Phys. Rev. 76, 1232 (1949) for the energy of a finite torus; Yang, Phys. Rev. 85, 808 (1952) for the
magnetization; Binder, Z. Phys. B 43, 119 (1981) for the crossing; T_c = 2 / ln(1 + sqrt 2) of Onsager (1944).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from ..ising import Float
from ..rng import RNG
from ..sampling import (
    CRITICAL_BETA,
    autocorrelation_time,
    lattice_energy,
    lattice_magnetization,
    square_lattice,
    swendsen_wang,
)
from .check import PublishedCheck, normal_interval

BLOCKS = 20  # of a chain, for errors of what is not a mean


@dataclass(frozen=True)
class LatticeMean:
    """Mean with its standard error, and its exact value.

    Attributes
    ----------
    what : str
        "energy" or "magnetization", of a site.
    temperature, value, error, exact : float
        Temperature, mean, its standard error, and the exact value.
    """

    what: str
    temperature: float
    value: float
    error: float
    exact: float

    @property
    def sigmas(self) -> float:
        """Deviation in standard errors."""
        return abs(self.value - self.exact) / self.error


@dataclass(frozen=True)
class CumulantCrossing:
    """Temperature at which the cumulants of two sizes cross.

    Attributes
    ----------
    small, large : int
        Sizes.
    temperature, error : float
        Temperature and its standard error.
    """

    small: int
    large: int
    temperature: float
    error: float


def kaufman_energy(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Extrapolate Kaufman's sums of the square lattice at T_c to infinite size.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    sizes = np.array([32, 64, 128] if quick else [128, 256, 512])
    energies = [lattice_energy(n, n, CRITICAL_BETA) for n in sizes.tolist()]
    # e_L = e + a / L + b / L^2 + ..: three sizes, and two for the error
    value = float(np.linalg.solve(np.vander(1.0 / sizes, 3), energies)[2])
    coarse = float(np.linalg.solve(np.vander(1.0 / sizes[1:], 2), energies[1:])[1])
    yield PublishedCheck(
        "energy a site at T_c, to infinite size", "Onsager, Phys. Rev. 65, 117 (1944)", -sqrt(2.0), value,
        interval=_around(value, coarse), how=f"Kaufman's sums of L = {_listed(sizes)}, in powers of 1/L",
    )  # fmt: skip


def lattice_criticality(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Sample the square lattice: energy, magnetization and where cumulants cross.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    size, draws, sizes = (32, 2000, (8, 16, 32)) if quick else (64, 6000, (16, 32, 64))
    energy, low, high, *streams = seed.spawn(3 + len(sizes))
    cold, critical = 2.0, 1.0 / CRITICAL_BETA
    sources = {
        "energy": "Kaufman, Phys. Rev. 76, 1232 (1949), of this torus",
        "magnetization": "Yang, Phys. Rev. 85, 808 (1952), of the infinite lattice",
    }
    for temperature, name, stream in ((critical, "T_c", energy), (cold, "T = 2", low), (2.6, "T = 2.6", high)):
        for mean in measure_lattice(size, temperature, draws, stream):
            yield PublishedCheck(
                f"{mean.what} a site at {name}, L = {size}", sources[mean.what], mean.exact, mean.value,
                interval=normal_interval(mean.value, mean.error), how="Swendsen-Wang, autocorrelation counted",
            )  # fmt: skip
    runs = {n: at_criticality(n, draws, stream) for n, stream in zip(sizes, streams, strict=True)}
    found = cumulant_crossing(runs, *sizes[-2:])
    yield PublishedCheck(
        f"temperature where Binder's cumulants of L = {found.small} and {found.large} cross",
        "T_c, Onsager, Phys. Rev. 65, 117 (1944)", critical, found.temperature,
        interval=normal_interval(found.temperature, found.error), how="jackknife over 20 blocks",
    )  # fmt: skip


def measure_lattice(size: int, temperature: float, draws: int, rng: RNG) -> list[LatticeMean]:
    """Sample the energy a site of a torus, and below T_c the magnetization.

    Parameters
    ----------
    size : int
        Rows and columns.
    temperature : float
        Temperature.
    draws : int
        Draws of each of two chains.
    rng : RNG
        Source of the chains.

    Returns
    -------
    list of LatticeMean
        The means.
    """
    lattice, beta = square_lattice(size, size), 1.0 / temperature
    samples = swendsen_wang(lattice, beta, draws, chains=2, burn_in=200, rng=rng)
    sites = size * size
    found = [("energy", samples.energies / sites, lattice_energy(size, size, beta))]
    if beta > CRITICAL_BETA:
        magnetization = np.abs(samples.spins.mean(axis=2, dtype=float))
        found.append(("magnetization", magnetization, lattice_magnetization(beta)))
    return [LatticeMean(what, temperature, *_mean(x), exact) for what, x, exact in found]


def at_criticality(size: int, draws: int, rng: RNG) -> tuple[Float, Float]:
    """Sample a torus at T_c; small lattices, which cost little, are drawn more often.

    Parameters
    ----------
    size : int
        Rows and columns.
    draws : int
        Draws of each of two chains at least.
    rng : RNG
        Source of the chains.

    Returns
    -------
    energies, magnetizations : (2 draws,) float
        Energies, and magnetizations a site.
    """
    count = max(draws, draws * 256 // size)
    samples = swendsen_wang(square_lattice(size, size), CRITICAL_BETA, count, chains=2, burn_in=200, rng=rng)
    return samples.energies.ravel(), samples.spins.mean(axis=2, dtype=float).ravel()


def cumulant_crossing(runs: dict[int, tuple[Float, Float]], small: int, large: int) -> CumulantCrossing:
    """Find where the cumulants of two sizes cross near T_c, reweighted from the runs at T_c.

    Parameters
    ----------
    runs : dict of int to (energies, magnetizations)
        Runs of :func:`at_criticality` by size.
    small, large : int
        Sizes.

    Returns
    -------
    CumulantCrossing
        The crossing, with its error by jackknife over blocks.
    """
    betas = np.linspace(0.97, 1.03, 61) * CRITICAL_BETA
    sums = [reweighted_moments(*runs[size], betas) for size in (small, large)]
    whole = _cross([cumulants_of(each.sum(axis=0)) for each in sums], betas)
    without = [
        _cross([cumulants_of(each.sum(axis=0) - each[block]) for each in sums], betas) for block in range(BLOCKS)
    ]
    return CumulantCrossing(small, large, whole, float(np.sqrt((BLOCKS - 1) * np.var(without))))


def reweighted_moments(energies: Float, m: Float, betas: Float) -> Float:
    """Sum 1, m^2 and m^4 over each block of draws at T_c, reweighted to other temperatures.

    Parameters
    ----------
    energies, m : (draws,) float
        Energies and magnetizations.
    betas : (b,) float
        Inverse temperatures.

    Returns
    -------
    (BLOCKS, 3, b) float
        Sums.
    """
    powers = np.stack([np.ones_like(m), m**2, m**4])
    starts = np.arange(BLOCKS) * m.size // BLOCKS
    found = np.empty((BLOCKS, 3, betas.size))
    for k, beta in enumerate(betas):
        exponent = -(beta - CRITICAL_BETA) * (energies - energies.mean())
        found[:, :, k] = np.add.reduceat(powers * np.exp(exponent - exponent.max()), starts, axis=1).T
    return found


def cumulants_of(sums: Float) -> Float:
    """Compute Binder's cumulant U at each beta.

    Parameters
    ----------
    sums : (3, b) float
        Sums of 1, m^2 and m^4.

    Returns
    -------
    (b,) float
        U.
    """
    one, m2, m4 = sums
    return np.asarray(1.0 - m4 * one / (3.0 * m2**2))


def _cross(curves: list[Float], betas: Float) -> float:
    difference = curves[1] - curves[0]  # rises through 0 with beta
    k = int(np.flatnonzero((difference[:-1] < 0.0) & (difference[1:] >= 0.0))[0])
    share = difference[k] / (difference[k] - difference[k + 1])
    return float(1.0 / (betas[k] + share * (betas[k + 1] - betas[k])))


def _mean(x: Float) -> tuple[float, float]:
    return float(x.mean()), float(x.std() * np.sqrt(autocorrelation_time(x) / x.size))


def _around(value: float, other: float) -> tuple[float, float]:
    """Interval of an extrapolation, as wide as a lower order is off."""
    half = abs(value - other)
    return value - half, value + half


def _listed(sizes: Any) -> str:
    return ", ".join(map(str, sizes))
