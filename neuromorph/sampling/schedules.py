r"""Schedules of inverse temperature, hot to cold.

.. math:: \text{linear: } \beta_k = \beta_0 + k \Delta, \qquad \text{geometric: } \beta_k = \beta_0 r^k, \qquad
          \text{adaptive: } \sqrt{\mathrm{Var}_\beta E} \; \dot\beta = \text{const}

The adaptive schedule has constant thermodynamic speed: the Fisher length of a path of Boltzmann distributions is int
sqrt(Var E) d beta, so that it dwells where the specific heat beta^2 Var E is large, at transitions. Var E comes from a
short pilot anneal and is reliable down to where the pilot falls out of equilibrium.
Sources: Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983); Salamon and Berry, Phys. Rev. Lett. 51, 1127 (1983);
Nulton and Salamon, Phys. Rev. A 37, 1351 (1988).
"""

from __future__ import annotations

import numpy as np

from ..ising import Float, Ising, power_of_two
from ..rng import RNG
from ..runtime.limits import checkpoint
from .replicas import replicas
from .validation import at_least, check_beta, check_ladder

_FAR = (
    1e5  # largest cold beta in units of the hot one, beyond which the path is frozen and its squares overflow the grid
)
_FLOOR = 0.01  # least sqrt(Var E) relative to its largest value, since smaller estimates of the pilot are noise


def linear_schedule(hot: float, cold: float, sweeps: int) -> Float:
    """Compute a linear schedule: equal steps, both ends included.

    Parameters
    ----------
    hot, cold : float
        First and last beta.
    sweeps : int
        Number of values.

    Returns
    -------
    (sweeps,) float
        The betas.
    """
    at_least(1, sweeps=sweeps)
    return np.linspace(*_ends(hot, cold), sweeps)


def geometric_schedule(hot: float, cold: float, sweeps: int) -> Float:
    """Compute a geometric schedule: equal ratios, both ends included.

    Parameters
    ----------
    hot, cold : float
        First beta, above 0, and last beta.
    sweeps : int
        Number of values.

    Returns
    -------
    (sweeps,) float
        The betas.

    Raises
    ------
    ValueError
        If ``hot`` is 0.
    """
    at_least(1, sweeps=sweeps)
    hot, cold = _ends(hot, cold)
    if hot == 0.0:
        raise ValueError("hot is 0; equal ratios never leave it: give a small beta, or use linear")
    return np.geomspace(hot, cold, sweeps)


def adaptive_schedule(
    ising: Ising,
    hot: float,
    cold: float,
    sweeps: int,
    *,
    pilot: int = 64,
    pilot_sweeps: int = 256,
    rng: RNG = None,
) -> Float:
    """Compute a schedule of constant thermodynamic speed from the energies of a pilot anneal.

    Parameters
    ----------
    ising : Ising
        The problem.
    hot, cold : float
        First and last beta.
    sweeps : int
        Number of values.
    pilot, pilot_sweeps : int
        Replicas and sweeps of the pilot anneal.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    (sweeps,) float
        The betas.
    """
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
    """Compute betas above 0 up to ``cold`` in steps of bounded Fisher length.

    Parameters
    ----------
    ising : Ising
        The problem.
    cold : float
        Last beta.
    step : float
        Largest Fisher length of a step (overlap ~ exp(-step^2 / 8)).
    pilot, pilot_sweeps : int
        Replicas and sweeps of the pilot anneal.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    (k,) float
        The betas.

    Raises
    ------
    ValueError
        If ``step`` is not above 0.
    """
    cold = check_beta(cold, "cold")
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
    """Compute betas and the path length from the first of them, both (65,); linear and short for constant energy."""
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
    if far:  # beta sqrt(Var E) is at most about sqrt(n) in equilibrium, not where replicas are frozen apart
        least = 1.0 / np.maximum(grid, start)
        spread = np.clip(spread, least, np.sqrt(ising.size) * least)
    else:
        spread = np.maximum(spread, _FLOOR * spread.max())
    return grid, np.r_[0.0, np.cumsum(0.5 * (spread[1:] + spread[:-1]) * np.diff(grid))]


def default_range(ising: Ising) -> tuple[float, float]:
    """Compute the default range of an anneal: :func:`beta_range` in order.

    Returns
    -------
    tuple of float
        Hot and cold beta.
    """
    hot, cold = beta_range(ising)
    return min(hot, cold), cold


def _ends(hot: float, cold: float) -> tuple[float, float]:
    check_ladder([hot, cold], name="hot and cold")
    if cold < hot:
        raise ValueError(f"hot is {hot:g} and cold is {cold:g} as inverse temperatures; hot must not be above cold")
    return float(hot), float(cold)


def beta_range(ising: Ising) -> tuple[float, float]:
    r"""Estimate the hot and the cold beta of an anneal from the couplings, in 1 / energy.

    .. math:: G_i = \sqrt{\textstyle\sum_j J_{ij}^2}, \qquad
              \beta_{hot} = \frac{0.2}{\max_i G_i}, \qquad
              \beta_{cold} = \frac{3}{\mathrm{median}_i \max(\min_{j: J_{ij} \ne 0} |J_{ij}|,\; G_i / \sqrt n)}

    G_i is the spread of the field on spin i over random states: at beta_hot every spin flips freely. The denominator of
    beta_cold is the smallest field expected in a low state: on a lattice of equal couplings one coupling, in a dense
    glass G / sqrt n (fields have a linear pseudo-gap); against it a spin stands with odds exp(6). Biases alone make no
    barriers, so that they count only for spins without couplings. The constants were chosen on G-set and
    Sherrington-Kirkpatrick instances for this project.

    Returns
    -------
    tuple of float
        Hot and cold beta; (1, 1) where every state has the same energy.
    """
    j, bias = abs(ising.sparse_couplings()), np.abs(ising.biases)
    unit = power_of_two(j.data, bias)
    j, bias = j / unit, bias / unit
    spread = np.sqrt(np.asarray(j.power(2).sum(axis=1)).ravel())
    least = np.zeros(ising.size)
    filled = np.diff(j.indptr) > 0
    if filled.any():
        least[filled] = np.minimum.reduceat(j.data, j.indptr[:-1][filled])
    smallest = np.where(filled, np.maximum(least, spread / np.sqrt(ising.size)), bias)
    largest = float(np.where(filled, spread, bias).max())
    if largest == 0.0:
        return 1.0, 1.0
    return 0.2 / largest / unit, 3.0 / float(np.median(smallest[smallest > 0])) / unit


def geometric_ramp(hot: float, cold: float, steps: int) -> Float:
    """Compute betas from hot to cold in equal ratios; all are cold if cold <= hot.

    Parameters
    ----------
    hot, cold : float
        First and last beta.
    steps : int
        Number of values.

    Returns
    -------
    (steps,) float
        The betas.
    """
    if cold <= hot:
        return np.full(steps, cold)
    return np.geomspace(hot, cold, steps) if steps > 1 else np.full(steps, cold)
