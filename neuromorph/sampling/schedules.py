r"""Schedules of inverse temperature, hot to cold, (sweeps,).

.. math:: \text{linear: } \beta_k = \beta_0 + k \Delta, \qquad \text{geometric: } \beta_k = \beta_0 r^k, \qquad
          \text{adaptive: } \sqrt{\mathrm{Var}_\beta E} \; \dot\beta = \text{const}

The adaptive one goes at constant thermodynamic speed: the Fisher length of a path of Boltzmann distributions is
int sqrt(Var E) d beta, so that it dwells where the specific heat beta^2 Var E is large, at transitions. Var E comes
from a short pilot anneal; it can be trusted down to where the pilot falls out of equilibrium.
Sources: Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983); Salamon and Berry, Phys. Rev. Lett. 51, 1127 (1983);
Nulton and Salamon, Phys. Rev. A 37, 1351 (1988).
"""

from __future__ import annotations

import numpy as np

from ..annealing.schedule import beta_range
from ..ising import Float, Ising, power_of_two
from ..limits import checkpoint
from ..rng import RNG
from .checks import at_least, checked_beta, checked_betas
from .replicas import replicas

_FAR = 1e5  # times the beta at which spins turn freely: colder, squares leap at the hot end and the floor piles up
_FLOOR = 0.01  # of the largest sqrt(Var E): below, the pilot's estimate is noise and the path still has to move


def linear(hot: float, cold: float, sweeps: int) -> Float:
    """``sweeps`` values in equal steps, both ends included."""
    at_least(1, sweeps=sweeps)
    return np.linspace(*_ends(hot, cold), sweeps)


def geometric(hot: float, cold: float, sweeps: int) -> Float:
    """``sweeps`` values in equal ratios, both ends included; hot > 0."""
    at_least(1, sweeps=sweeps)
    hot, cold = _ends(hot, cold)
    if hot == 0.0:
        raise ValueError("hot is 0; equal ratios never leave it: give a small beta, or use linear")
    return np.geomspace(hot, cold, sweeps)


def adaptive(
    ising: Ising,
    hot: float,
    cold: float,
    sweeps: int,
    *,
    pilot: int = 64,
    pilot_sweeps: int = 256,
    rng: RNG = None,
) -> Float:
    """``sweeps`` values at constant thermodynamic speed, from the energies of ``pilot`` replicas annealed before."""
    at_least(1, sweeps=sweeps)
    grid, length = _fisher_length(ising, *_ends(hot, cold), pilot, pilot_sweeps, rng)
    return np.interp(np.linspace(0.0, length[-1], sweeps), length, grid)


def fisher_steps(
    ising: Ising,
    cold: float,
    *,
    step: float = 0.7,
    pilot: int = 64,
    pilot_sweeps: int = 256,
    rng: RNG = None,
) -> Float:
    """Betas above 0 up to ``cold``, each step of Fisher length ``step`` at most (overlap ~ exp(-step^2 / 8))."""
    cold = checked_beta(cold, "cold")
    if not step > 0.0:
        raise ValueError(f"step is {step}; it must be above 0")
    if cold == 0.0:
        return np.zeros(1)
    grid, length = _fisher_length(ising, 0.0, cold, pilot, pilot_sweeps, rng)
    count = max(1, int(np.ceil(length[-1] / step)))
    return np.interp(np.linspace(0.0, length[-1], count + 1), length, grid)[1:]


def _fisher_length(
    ising: Ising, hot: float, cold: float, pilot: int, pilot_sweeps: int, rng: RNG
) -> tuple[Float, Float]:
    """(betas, length of the path from the first of them), both (65,); of a constant energy linear and short."""
    at_least(8, pilot=pilot, pilot_sweeps=pilot_sweeps)
    # Squares crowd the grid at the hot end, where Var E is largest; beta = 0 is allowed there.
    grid = hot + (cold - hot) * np.linspace(0.0, 1.0, 65) ** 2
    start = max(hot, beta_range(ising)[0])
    if far := cold > _FAR * start:
        grid[1:] = np.geomspace(start, cold, 65)[1:]
    lanes = replicas(ising, pilot, rng=rng)
    spread = np.empty(grid.size)
    for k, beta in enumerate(grid):
        checkpoint("pilot anneal", k, grid.size)
        lanes.sweep(np.full(max(1, pilot_sweeps // grid.size), beta))
        energies = lanes.energies()
        unit = power_of_two(energies)
        spread[k] = (energies / unit).std(ddof=1) * unit
    if not spread.max():
        return grid, (grid - hot) / power_of_two(grid) / 1024.0
    if far:  # beta sqrt(Var E) is at most about sqrt(n) in equilibrium; what is frozen apart is not
        least = 1.0 / np.maximum(grid, start)
        spread = np.clip(spread, least, np.sqrt(ising.size) * least)
    else:
        spread = np.maximum(spread, _FLOOR * spread.max())
    return grid, np.r_[0.0, np.cumsum(0.5 * (spread[1:] + spread[:-1]) * np.diff(grid))]


def default_range(ising: Ising) -> tuple[float, float]:
    """(hot, cold) that an anneal takes where nothing is said: ``annealing.schedule.beta_range``, in order."""
    hot, cold = beta_range(ising)
    return min(hot, cold), cold


def _ends(hot: float, cold: float) -> tuple[float, float]:
    checked_betas([hot, cold], name="hot and cold")
    if cold < hot:
        raise ValueError(f"hot is {hot:g} and cold is {cold:g} as inverse temperatures; hot must not be above cold")
    return float(hot), float(cold)
