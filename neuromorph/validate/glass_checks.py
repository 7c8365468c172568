r"""Ground states of spin glasses: the mean-field glass by tempering, the two-dimensional one on a torus.

.. math:: e_n = e + a\, n^{-2/3}

for the mean field, e = -0.7631667 (Parisi, J. Phys. A 13, 1101 (1980); digits of Schmidt, dissertation, Wuerzburg
2008; the exponent of Boettcher, Eur. Phys. J. B 46, 501 (2005)). On a torus with couplings of +-1, -1.4015 +- 0.0008 a
spin (De Simone et al., J. Stat. Phys. 80, 487 (1995)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from ..ising import Ising
from ..optimization import minimize
from ..runtime.limits import checkpoint
from ..sampling import tempering
from .check import PublishedCheck, mean_interval, normal_interval

PARISI = -0.7631667
BETAS = 1.0 / np.geomspace(1.5, 0.15, 16)  # from above the transition, at 1, to where the lowest states are met
CHAINS = 4  # ladders an instance: they must agree on the lowest energy
GLASS_SWEEPS = {32: 200, 48: 300, 64: 400, 96: 600, 128: 1000, 192: 1500, 256: 2500}
INSTANCES = {32: 1600, 48: 1000, 64: 800, 96: 400, 128: 300, 192: 120, 256: 100}


@dataclass(frozen=True)
class GlassSize:
    """Mean lowest energy a spin over instances of one size.

    Attributes
    ----------
    n, instances : int
        Spins, and instances.
    energy, error : float
        Mean and its standard error over instances.
    agreed : float
        Share of the instances in which all ladders met the same lowest energy.
    """

    n: int
    instances: int
    energy: float
    error: float
    agreed: float


@dataclass(frozen=True)
class GlassFit:
    """Fit of e + a n^(-2/3) by weighted least squares.

    Attributes
    ----------
    energy, error, slope, chi_square : float
        e with its standard error, a, and chi-square.
    sizes : tuple of GlassSize
        What was fitted.
    """

    energy: float
    error: float
    slope: float
    chi_square: float
    sizes: tuple[GlassSize, ...]


def sherrington_kirkpatrick(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Extrapolate the ground-state energy of the SK glass in n^(-2/3).

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
    sizes, share = ([48, 64, 96, 128, 192], 0.5) if quick else ([64, 96, 128, 192, 256], 1.0)
    found = []
    for n, stream in zip(sizes, seed.spawn(len(sizes)), strict=True):
        found.append(measure_glass(n, round(INSTANCES[n] * share), stream))
    fit = fit_glasses(found)
    listed = ", ".join(f"{size.instances} of n = {size.n}" for size in found)
    yield PublishedCheck(
        "ground-state energy a spin, SK glass, to infinite size", "Parisi, J. Phys. A 13, 1101 (1980); Schmidt (2008)",
        PARISI, fit.energy, interval=normal_interval(fit.energy, fit.error),
        how=f"least squares in n^(-2/3), {listed}; chi^2 {fit.chi_square:.1f} for {len(sizes) - 2}",
    )  # fmt: skip


def toroidal_glass(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Average the ground-state energy of the two-dimensional +-1 glass on a torus.

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
    side, instances = (24, 40) if quick else (40, 100)
    found = []
    for k, stream in enumerate(seed.spawn(instances)):
        checkpoint("tori", k, instances)
        drawn, search = stream.spawn(2)
        ising = bimodal_torus(side, np.random.default_rng(drawn))
        found.append(minimize(ising, rng=search).energy / side**2)
    value, interval = mean_interval(found)
    yield PublishedCheck(
        f"ground-state energy a spin, torus of +-1, L = {side}", "De Simone et al., J. Stat. Phys. 80, 487 (1995)",
        -1.4015, value, "", -1.4023, -1.4007, interval=interval,
        how=f"mean of {instances} instances, lowest state by minimize; size is not extrapolated",
    )  # fmt: skip


def glass_instance(n: int, rng: np.random.Generator) -> Ising:
    """Draw couplings of mean 0 and variance 1 / n between all pairs.

    Parameters
    ----------
    n : int
        Spins.
    rng : numpy.random.Generator
        Source of the couplings.

    Returns
    -------
    Ising
        The glass.
    """
    j = np.triu(rng.normal(size=(n, n)), 1) / np.sqrt(n)
    return Ising(j + j.T)


def bimodal_torus(side: int, rng: np.random.Generator) -> Ising:
    """Draw couplings of +-1 between neighbors of a square lattice with periodic ends.

    Parameters
    ----------
    side : int
        Rows and columns.
    rng : numpy.random.Generator
        Source of the couplings.

    Returns
    -------
    Ising
        The glass.
    """
    site = np.arange(side * side).reshape(side, side)
    first = np.r_[site.ravel(), site.ravel()]
    other = np.r_[np.roll(site, -1, axis=0).ravel(), np.roll(site, -1, axis=1).ravel()]
    upper = sparse.coo_array((rng.choice([-1.0, 1.0], first.size), (first, other)), shape=(side**2, side**2))
    return Ising(sparse.csr_array(upper + upper.T))


def lowest_energy(n: int, sweeps: int, seed: np.random.SeedSequence) -> tuple[float, bool]:
    """Find the lowest energy of one instance by tempering.

    Parameters
    ----------
    n, sweeps : int
        Spins, and sweeps of each ladder.
    seed : SeedSequence
        Source of the instance and of the run.

    Returns
    -------
    energy : float
        Lowest energy a spin.
    agreed : bool
        Whether all ladders met it.
    """
    instance, run = seed.spawn(2)
    ising = glass_instance(n, np.random.default_rng(instance))
    # "sparse" does not use BLAS, whose threads would stand in each other's way in several processes.
    samples = tempering(ising, BETAS, 1, chains=CHAINS, burn_in=sweeps, kernel="sparse", rng=run)
    found = samples.diagnostics["lowest"] / n
    return float(found.min()), bool(np.ptp(found) < 1e-9)


def measure_glass(n: int, instances: int, seed: np.random.SeedSequence, each: Callable[..., Any] = map) -> GlassSize:
    """Average the lowest energy over instances of one size.

    Parameters
    ----------
    n, instances : int
        Spins, and instances.
    seed : SeedSequence
        Source of all instances.
    each : callable
        ``map``, or that of a pool.

    Returns
    -------
    GlassSize
        The mean.
    """
    tasks = [(n, GLASS_SWEEPS[n], stream) for stream in seed.spawn(instances)]
    found = list(each(_task, tasks))
    energies = np.array([energy for energy, _ in found])
    agreed = float(np.mean([same for _, same in found]))
    return GlassSize(n, instances, float(energies.mean()), float(energies.std(ddof=1) / np.sqrt(instances)), agreed)


def _task(task: tuple[int, int, np.random.SeedSequence]) -> tuple[float, bool]:
    checkpoint()
    return lowest_energy(*task)


def fit_glasses(sizes: Sequence[GlassSize]) -> GlassFit:
    """Fit the energies of several sizes by weighted least squares in n^(-2/3).

    Parameters
    ----------
    sizes : sequence of GlassSize
        At least two sizes.

    Returns
    -------
    GlassFit
        The fit.
    """
    x = np.array([size.n for size in sizes], dtype=float) ** (-2.0 / 3.0)
    y, error = (np.array([getattr(size, name) for size in sizes]) for name in ("energy", "error"))
    design = np.column_stack([np.ones_like(x), x]) / error[:, None]
    covariance = np.linalg.inv(design.T @ design)
    energy, slope = covariance @ design.T @ (y / error)
    chi_square = float((((y - energy - slope * x) / error) ** 2).sum())
    return GlassFit(float(energy), float(np.sqrt(covariance[0, 0])), float(slope), chi_square, tuple(sizes))
