r"""Phase diagram of Hebb's rule, temperature T against load alpha: the lines of Amit, Gutfreund and Sompolinsky.

* T_M(alpha): states near a pattern exist below it; they are metastable at first. At T = 0 it ends at alpha = 0.138.
* T_c(alpha): below it they are the lowest in free energy. At T = 0 it ends at alpha = 0.051.
* T_g(alpha) = 1 + sqrt(alpha): the spin glass, with no overlap with any pattern, freezes below it.

At given T and noise sigma = sqrt(alpha r), m, q and r follow from one integral each, and then the load as well:

.. math:: m = \int Dz \tanh \beta (\sigma z + m), \quad q = \int Dz \tanh^2 \beta (\sigma z + m), \quad
          \alpha = \frac{\sigma^2 (1 - \beta (1 - q))^2}{q}

so that the lines are found from alpha(sigma) without iteration over alpha: T_M is where alpha is largest. Solutions
are compared by

.. math:: f = \frac{\alpha}{2} + \frac{m^2}{2} + \frac{\alpha \beta r (1 - q)}{2}
              + \frac{\alpha}{2 \beta} \Bigl[ \ln(1 - \beta (1 - q)) - \frac{\beta q}{1 - \beta (1 - q)} \Bigr]
              - \frac1\beta \int Dz \ln 2 \cosh \beta (\sigma z + m)

At T = 0, where C = beta (1 - q) stays finite, the free energy is the energy

.. math:: f = \frac{\alpha}{2} + \frac{m^2}{2} + \frac{\alpha r C}{2} - \frac{\alpha}{2 (1 - C)}
              - m\,\mathrm{erf} \frac{m}{\sqrt{2 \alpha r}} - \sqrt{\frac{2 \alpha r}{\pi}} e^{-m^2 / 2 \alpha r}

All is replica-symmetric; m = 0 and r are those of :mod:`.replica_theory`.
Source: Amit, Gutfreund and Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Ann. Phys. 173, 30 (1987).
"""

from __future__ import annotations

from math import erf, exp, isfinite, log, pi, sqrt

import numpy as np
from scipy.optimize import brentq, minimize_scalar

from .replica_theory import ReplicaSolution, critical_load, gaussian_average, retrieval_solution

_COLDEST = 0.02  # below, the integrand of q is too narrow for the grid of z


def glass_temperature(load: float) -> float:
    """Compute T_g = 1 + sqrt(alpha), below which the spin glass freezes.

    Parameters
    ----------
    load : float
        alpha, at least 0.

    Returns
    -------
    float
        T_g.

    Raises
    ------
    ValueError
        If ``load`` is negative or not finite.
    """
    if not (isfinite(load) and load >= 0.0):
        raise ValueError(f"load is {load}; it must be finite and not negative")
    return 1.0 + sqrt(load)


def spin_glass_solution(load: float, temperature: float) -> ReplicaSolution:
    """Solve the replica-symmetric equations with m = 0.

    Parameters
    ----------
    load : float
        alpha, above 0.
    temperature : float
        T: 0, or from 0.02.

    Returns
    -------
    ReplicaSolution
        The spin glass; q = r = 0 above T_g.

    Raises
    ------
    ValueError
        If ``load`` or ``temperature`` is out of range.
    """
    if not (isfinite(load) and load > 0.0):
        raise ValueError(f"load is {load}; it must be finite and positive")
    if temperature == 0.0:
        return ReplicaSolution(0.0, 1.0, (1.0 + sqrt(2.0 / (pi * load))) ** 2)
    beta = 1.0 / _checked(temperature)
    if temperature >= glass_temperature(load):
        return ReplicaSolution(0.0, 0.0, 0.0)

    def excess(noise: float) -> float:
        return _glass(noise, beta)[0] - load

    low, high = 1e-6, 1.0
    while excess(high) < 0.0:
        high *= 2.0
    low = next((x for x in np.geomspace(high, low, 60) if excess(float(x)) < 0.0), low)
    noise = brentq(excess, float(low), high, xtol=1e-13)
    found = _glass(noise, beta)
    return ReplicaSolution(0.0, found[1], noise**2 / load)


def free_energy(solution: ReplicaSolution, load: float, temperature: float) -> float:
    """Evaluate the free energy a spin of a replica-symmetric solution.

    Parameters
    ----------
    solution : ReplicaSolution
        m, q and r.
    load : float
        alpha, above 0.
    temperature : float
        T: 0, or from 0.02.

    Returns
    -------
    float
        f.

    Raises
    ------
    ValueError
        If ``temperature`` is out of range.
    """
    if temperature == 0.0:
        return _energy(solution, load)
    beta = 1.0 / _checked(temperature)
    m, q, r = solution.overlap, solution.replica_overlap, solution.noise
    inner = 1.0 - beta * (1.0 - q)
    if inner <= 0.0:
        raise ValueError(f"solution has beta (1 - q) = {1.0 - inner:.4g}; a solution of the equations has less than 1")
    field = sqrt(load * r)
    entropy = gaussian_average(lambda z: np.logaddexp(beta * (field * z + m), -beta * (field * z + m))) / beta
    spread = load / (2.0 * beta) * (log(inner) - beta * q / inner)
    return load / 2.0 + m**2 / 2.0 + load * beta * r * (1.0 - q) / 2.0 + spread - entropy


def retrieval_load(temperature: float) -> tuple[float, float]:
    """Compute the load up to which patterns are retrieved at a temperature: the line T_M.

    Parameters
    ----------
    temperature : float
        T: 0, or from 0.02; below 1.

    Returns
    -------
    tuple of float
        The largest alpha with a solution m > 0, and m there.

    Raises
    ------
    ValueError
        If ``temperature`` is out of range.
    """
    if temperature == 0.0:
        return critical_load()
    noise, load = _largest(temperature)
    return load, _retrieval(noise, 1.0 / temperature)[0]


def ground_load(temperature: float) -> float:
    """Compute the load below which a pattern is lowest in free energy: the line T_c.

    Parameters
    ----------
    temperature : float
        T: 0, or from 0.02; below 1.

    Returns
    -------
    float
        alpha at which the pattern's free energy is that of the spin glass.

    Raises
    ------
    ValueError
        If ``temperature`` is out of range.
    """
    if temperature == 0.0:

        def energies(load: float) -> float:
            pattern, glass = retrieval_solution(load), spin_glass_solution(load, 0.0)
            return _energy(pattern, load) - _energy(glass, load)

        return brentq(energies, 1e-4, critical_load()[0], xtol=1e-12)
    top, most = _largest(temperature)
    beta = 1.0 / temperature

    def difference(noise: float) -> float:
        load = _load_of(noise, beta)
        m, q = _retrieval(noise, beta)
        pattern = free_energy(ReplicaSolution(m, q, noise**2 / load), load, temperature)
        return pattern - free_energy(spin_glass_solution(load, temperature), load, temperature)

    noise = brentq(difference, 1e-3 * top, top, xtol=1e-10 * top)
    return min(_load_of(noise, beta), most)


def _energy(solution: ReplicaSolution, load: float) -> float:
    m, r = solution.overlap, solution.noise
    field = sqrt(load * r)
    edge = sqrt(2.0 / pi) * exp(-(m**2) / (2.0 * field**2))
    c = edge / field
    aligned = m * erf(m / (sqrt(2.0) * field)) + field * edge
    return load / 2.0 + m**2 / 2.0 + load * r * c / 2.0 - load / (2.0 * (1.0 - c)) - aligned


def _checked(temperature: float, *, most: float = 1e6) -> float:
    if not (_COLDEST <= temperature < most):
        raise ValueError(f"temperature is {temperature}; give 0, or one from {_COLDEST} to below {most:g}")
    return temperature


def _retrieval(noise: float, beta: float) -> tuple[float, float]:
    """(m, q) of the largest root m of its equation at a given noise; m = 0 where there is no other."""

    def excess(m: float) -> float:
        return gaussian_average(lambda z: np.tanh(beta * (noise * z + m))) - m

    grid = np.linspace(1.0, 0.0, 41)[:-1]
    low = next((m for m in grid if excess(float(m)) > 0.0), None)
    m = 0.0 if low is None else brentq(excess, float(low), 1.0, xtol=1e-14)
    return m, gaussian_average(lambda z: np.tanh(beta * (noise * z + m)) ** 2)


def _load_of(noise: float, beta: float) -> float:
    """Alpha of the retrieval state with this noise; -1 where there is none."""
    m, q = _retrieval(noise, beta)
    inner = 1.0 - beta * (1.0 - q)
    return noise**2 * inner**2 / q if m > 0.0 and inner > 0.0 else -1.0


def _glass(noise: float, beta: float) -> tuple[float, float]:
    """(alpha, q) of the spin glass with this noise; alpha is negative where the equations give none."""
    q = gaussian_average(lambda z: np.tanh(beta * noise * z) ** 2)
    inner = 1.0 - beta * (1.0 - q)
    return noise**2 * inner * abs(inner) / q, q


def _largest(temperature: float) -> tuple[float, float]:
    """(noise, alpha) at the end of the retrieval states."""
    beta = 1.0 / _checked(temperature, most=1.0)
    grid = np.geomspace(1e-3, 1.0, 60)
    loads = [_load_of(float(noise), beta) for noise in grid]
    k = int(np.argmax(loads))
    bounds = (float(grid[max(0, k - 1)]), float(grid[min(k + 1, grid.size - 1)]))
    found = minimize_scalar(
        lambda noise: -_load_of(noise, beta), bounds=bounds, method="bounded", options={"xatol": 1e-9}
    )
    return float(found.x), -float(found.fun)
