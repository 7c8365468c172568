r"""Replica theory of Hebb's rule with alpha n random patterns: the equations of Amit, Gutfreund and Sompolinsky.

.. math:: m = \int Dz \tanh \beta (\sqrt{\alpha r} z + m), \quad q = \int Dz \tanh^2 \beta (\sqrt{\alpha r} z + m),
          \quad r = \frac{q}{(1 - \beta (1 - q))^2}

where

* m is the overlap with the recalled pattern, and q that of two replicas;
* alpha r is the variance of the noise of the other patterns;
* Dz is the Gaussian measure.

At temperature 0, with y = m / sqrt(2 alpha r),

.. math:: \sqrt{2 \alpha} = \frac{\mathrm{erf}(y)}{y} - \frac{2}{\sqrt\pi} e^{-y^2}, \qquad m = \mathrm{erf}(y)

whose right side has its largest value at alpha_c = 0.1379, m = 0.967; no pattern is remembered beyond. These solutions
are replica-symmetric; breaking the symmetry twice moves alpha_c to 0.1382 (Steffan and Kuhn, Z. Phys. B 95, 249
(1994)).
Source: Amit, Gutfreund and Sompolinsky, Phys. Rev. Lett. 55, 1530 (1985); Ann. Phys. 173, 30 (1987).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, exp, isfinite, pi, sqrt

import numpy as np
from scipy.optimize import brentq

from ..ising import Float
from ..runtime.limits import checkpoint

_Z = np.linspace(-9.0, 9.0, 3601)  # the trapezium is exact for smooth functions under a Gaussian; .005 also at T = .01
_DZ = np.exp(-(_Z**2) / 2.0) / np.exp(-(_Z**2) / 2.0).sum()


@dataclass(frozen=True)
class ReplicaSolution:
    """Stable replica-symmetric solution.

    Attributes
    ----------
    overlap : float
        m; 0 where no pattern is retrieved.
    replica_overlap : float
        q.
    noise : float
        r.
    """

    overlap: float
    replica_overlap: float
    noise: float


def gaussian_average(function: Callable[[Float], Float]) -> float:
    """Average a function of z over the Gaussian measure Dz.

    Parameters
    ----------
    function : callable
        Takes an array of z; smooth on the scale of 0.01.

    Returns
    -------
    float
        The average.
    """
    return float(_DZ @ function(_Z))


def critical_load() -> tuple[float, float]:
    """Compute the critical load alpha_c at temperature 0 and the overlap there.

    Returns
    -------
    tuple of float
        alpha_c and m at alpha_c: 0.13791 and 0.96745 to the digits given.
    """

    def slope(y: float) -> float:  # derivative of sqrt(2 alpha) by y, times y^2
        return 2.0 / sqrt(pi) * exp(-y * y) * y * (1.0 + 2.0 * y * y) - erf(y)

    y = brentq(slope, 1.0, 3.0, xtol=1e-14)
    return _load(y), erf(y)


def retrieval_solution(load: float, temperature: float = 0.0) -> ReplicaSolution:
    """Solve the replica-symmetric equations from m = 1.

    Parameters
    ----------
    load : float
        alpha.
    temperature : float
        T in units of the couplings' scale, J_ij = sum x_i x_j / n: 0, or at least 0.01.

    Returns
    -------
    ReplicaSolution
        The solution that the iteration reaches.

    Raises
    ------
    ValueError
        If ``load`` or ``temperature`` is out of range.
    """
    if not (isfinite(load) and load > 0):
        raise ValueError(f"load is {load}; it must be finite and positive")
    if temperature == 0.0:
        return _frozen(load)
    if not (isfinite(temperature) and temperature >= 0.01):
        raise ValueError(f"temperature is {temperature}; give 0, or a finite one from 0.01")
    m, q, r, beta = 1.0, 1.0, 1.0, 1.0 / temperature
    for _ in range(200_000):
        checkpoint()
        t = np.tanh(beta * (sqrt(load * r) * _Z + m))
        susceptibility = beta * (1.0 - float(_DZ @ t**2))
        if susceptibility >= 1.0:  # the iteration left the region where r is defined: hold it at its border
            susceptibility = 0.999
        new_m, q = float(_DZ @ t), float(_DZ @ t**2)
        new_r = q / (1.0 - susceptibility) ** 2
        change = abs(new_m - m) + abs(new_r - r) / (1.0 + r)
        m, r = 0.5 * (m + new_m), 0.5 * (r + new_r)
        if change < 1e-12:
            break
    return ReplicaSolution(m if abs(m) > 1e-6 else 0.0, q, r)


def _load(y: float) -> float:
    return (erf(y) / y - 2.0 / sqrt(pi) * exp(-y * y)) ** 2 / 2.0


def _frozen(load: float) -> ReplicaSolution:
    critical, m = critical_load()
    if load > critical:  # the spin glass: m = 0, C = beta (1 - q) = sqrt(2 / (pi alpha r)), r = 1 / (1 - C)^2
        return ReplicaSolution(0.0, 1.0, (1.0 + sqrt(2.0 / (pi * load))) ** 2)
    top = brentq(lambda y: erf(y) - m, 1.0, 3.0, xtol=1e-14)
    far = 1.0 / sqrt(2.0 * load) + 1.0  # there erf(y) / y < sqrt(2 alpha)
    y = brentq(lambda y: _load(y) - load, top, far, xtol=1e-14) if load < critical else top
    m = erf(y)
    return ReplicaSolution(m, 1.0, (m / y) ** 2 / (2.0 * load))
