r"""Magnetizations and ln Z without sampling: the naive mean field, and that of Thouless, Anderson and Palmer (TAP).

.. math:: m_i = \tanh \beta \Bigl( h_i + \sum_j J_{ij} m_j \Bigr), \qquad
          m_i = \tanh \beta \Bigl( h_i + \sum_j J_{ij} m_j - \beta m_i \sum_j J_{ij}^2 (1 - m_j^2) \Bigr)

The second subtracts Onsager's reaction: the part of a spin's field that the spin itself has caused. Both are where

.. math:: \ln Z \approx S(m) + \tfrac{\beta}{2} m^\top J m + \beta h^\top m
          + \Bigl[ \tfrac{\beta^2}{4} \sum_{ij} J_{ij}^2 (1 - m_i^2)(1 - m_j^2) \Bigr]_\mathrm{TAP}

is stationary, S being the entropy of independent spins: the terms of order 1 and 2 in J of Plefka's expansion. TAP is
exact for the Sherrington-Kirkpatrick glass of infinite size above its transition. Its iteration takes the reaction one
step late, without which it diverges long before the solution does (Bolthausen).
Sources: Thouless, Anderson and Palmer, Phil. Mag. 35, 593 (1977); Plefka, J. Phys. A 15, 1971 (1982); Bolthausen,
Commun. Math. Phys. 325, 333 (2014).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from ..ising import Float, Ising
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .validation import at_least, check_beta


@dataclass(frozen=True, eq=False)
class ApproximateMagnetizations:
    """Averages that an approximation gives, and how far its iteration came.

    Attributes
    ----------
    magnetizations : (n,) float
        m_i, approximately <s_i>.
    log_partition : float
        ln Z, approximately.
    iterations : int
        Iterations made.
    residual : float
        Largest change in the last of them.
    status : str
        "ok", or "not converged": then the values are not a solution.
    """

    magnetizations: Float
    log_partition: float
    iterations: int
    residual: float
    status: str


def naive_mean_field(
    ising: Ising, beta: float, *, damping: float = 0.5, most: int = 10_000, tolerance: float = 1e-12
) -> ApproximateMagnetizations:
    """Solve the naive mean-field equations, from m = tanh(beta h).

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.
    damping : float
        Share of the old value in a new one, from 0 to below 1.
    most : int
        Largest number of iterations.
    tolerance : float
        Largest change at which the iteration ends.

    Returns
    -------
    ApproximateMagnetizations
        The solution.

    Raises
    ------
    ValueError
        If an option is out of range.
    """
    return _solved(ising, beta, 0.0, damping, most, tolerance)


def tap(
    ising: Ising, beta: float, *, damping: float = 0.0, most: int = 10_000, tolerance: float = 1e-12
) -> ApproximateMagnetizations:
    """Solve the equations of Thouless, Anderson and Palmer, from m = tanh(beta h).

    Parameters
    ----------
    ising, beta, damping, most, tolerance
        As in :func:`naive_mean_field`.

    Returns
    -------
    ApproximateMagnetizations
        The solution.

    Raises
    ------
    ValueError
        If an option is out of range.
    """
    return _solved(ising, beta, 1.0, damping, most, tolerance)


@single_threaded_blas()
def _solved(
    ising: Ising, beta: float, reaction: float, damping: float, most: int, tolerance: float
) -> ApproximateMagnetizations:
    beta = check_beta(beta)
    j, h = ising.couplings, ising.biases
    squares = j * j  # of each entry, dense and sparse alike
    before = np.zeros(ising.size)

    def step(m: Float) -> Float:
        nonlocal before
        field = h + j @ m - reaction * beta * before * (squares @ (1.0 - m**2))
        before = m
        return np.tanh(beta * field)

    m, iterations, residual = iterate(step, np.tanh(beta * h), damping, most, tolerance)
    order = beta * (0.5 * m @ (j @ m) + h @ m) + reaction * beta**2 / 4.0 * (1.0 - m**2) @ (squares @ (1.0 - m**2))
    entropy = -sum(float(xlogy(p, p).sum()) for p in ((1.0 + m) / 2.0, (1.0 - m) / 2.0))
    status = "ok" if residual <= tolerance else "not converged"
    return ApproximateMagnetizations(m, float(entropy + order) - beta * ising.offset, iterations, residual, status)


def iterate(
    step: Callable[[Float], Float], x: Float, damping: float, most: int, tolerance: float
) -> tuple[Float, int, float]:
    """Iterate x <- damping x + (1 - damping) step(x) to a fixed point.

    Parameters
    ----------
    step : callable
        The map.
    x : (k,) float
        The start.
    damping : float
        Share of the old value, from 0 to below 1.
    most : int
        Largest number of iterations.
    tolerance : float
        Largest change, of step(x) from x, at which the iteration ends.

    Returns
    -------
    tuple of (k,) float, int, float
        The last x, iterations and largest change.

    Raises
    ------
    ValueError
        If an option is out of range.
    """
    at_least(1, most=most)
    if not 0.0 <= damping < 1.0:
        raise ValueError(f"damping is {damping}; give a number from 0 to below 1")
    if not tolerance > 0.0:
        raise ValueError(f"tolerance is {tolerance}; it must be above 0")
    count, change = 0, 0.0
    for count in range(1, most + 1):
        checkpoint("mean field", count, most)
        new = step(x)
        change = float(np.abs(new - x).max(initial=0.0))
        x = damping * x + (1.0 - damping) * new
        if change <= tolerance:
            break
    return x, count, change
