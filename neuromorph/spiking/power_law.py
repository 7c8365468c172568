r"""Power-law fit of whole numbers by maximum likelihood, with the probability that so bad a fit is chance.

.. math:: p(s) = \frac{s^{-\gamma}}{\sum_{k = s_{min}}^{s_{max}} k^{-\gamma}}, \qquad s_{min} \le s \le s_{max}

where gamma is the exponent; without s_max the sum is Hurwitz's zeta function, and gamma > 1.

gamma maximizes the likelihood; s_min is the one with the smallest Kolmogorov-Smirnov distance D between data and fit
from there on. The p-value is the share of samples, drawn from the fit above s_min and from the data below it, and
fitted in the same way, that lie further from their own fit than the data do; below 0.1 the power law is ruled out.
Source: Clauset, Shalizi and Newman, SIAM Review 51, 661 (2009), sections 3 and 4; with s_max < infinity, as a finite
network has: Deluca and Corral, Acta Geophys. 61, 1351 (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import zeta

from ..ising import Float
from ..rng import RNG, read_seeds
from ..runtime.limits import checkpoint

_LOW, _HIGH = 0.01, 8.0  # range of gamma, which without an upper end begins above 1, where zeta diverges
_LARGEST = 100_000  # largest upper end, and length of the table of an endless law


@dataclass(frozen=True)
class PowerLaw:
    """Fit of a power law.

    Attributes
    ----------
    exponent, error : float
        gamma and its standard error, from the curvature of the likelihood.
    smallest, largest : int
        s_min and s_max; a ``largest`` of 0 means no upper end.
    distance : float
        D.
    tail : int
        Number of sizes between s_min and s_max.
    p_value : float
        p-value, whose standard error is at most 1 / (2 sqrt(samples)); NaN if no samples were drawn.
    """

    exponent: float
    error: float
    smallest: int
    largest: int
    distance: float
    tail: int
    p_value: float


def fit_power_law(
    sizes: ArrayLike,
    *,
    smallest: int | None = None,
    largest: int | None = None,
    least_tail: int = 100,
    samples: int = 0,
    rng: RNG = None,
) -> PowerLaw:
    """Fit a power law to whole numbers from 1.

    Parameters
    ----------
    sizes : (m,) array_like
        The numbers.
    smallest : int or None
        s_min; None is the one that fits best, among those that leave ``least_tail`` sizes.
    largest : int or None
        s_max <= 100,000, beyond which sizes are left out; None is no upper end.
    least_tail : int
        Smallest number of sizes from s_min on.
    samples : int
        Samples for the p-value; 100 give it to 0.05, 2500 to 0.01.
    rng : RNG
        Source of the samples.

    Returns
    -------
    PowerLaw
        The fit.

    Raises
    ------
    ValueError
        If the sizes cannot be fitted or a number is out of range.
    """
    s = np.asarray(sizes)
    if s.ndim != 1 or not s.size or not np.issubdtype(s.dtype, np.integer) or s.min() < 1:
        raise ValueError("sizes must be a list of whole numbers from 1")
    if samples < 0 or least_tail < 2:
        raise ValueError(f"samples is {samples} and least_tail {least_tail}; expected at least 0 and 2")
    if largest is not None:
        if not 2 <= largest <= _LARGEST:
            raise ValueError(f"largest is {largest}; expected 2 .. {_LARGEST}")
        s = s[s <= largest]
    values, counts = np.unique(s, return_counts=True)
    found = _fit(values, counts, smallest, largest, least_tail)
    if found is None:
        raise ValueError(
            f"no s_min leaves {least_tail} sizes of at least two values (there are {s.size}); give more sizes"
        )
    exponent, start, distance = found
    end = np.inf if largest is None else float(largest)
    tail = int(counts[values >= start].sum())
    curvature = _curvature(exponent, start, end)
    p = np.nan
    if samples:
        below = values < start
        share, worse = counts[~below].sum() / s.size, 0
        table = _table(exponent, start, end)
        for done, seed in enumerate(read_seeds(rng, samples)):
            checkpoint("fits of made samples", done, samples)
            draw = np.random.default_rng(seed)
            upper = int(draw.binomial(s.size, share))
            made = _draw(draw, upper, exponent, start, table)
            if upper < s.size:
                made = np.concatenate(
                    [made, draw.choice(values[below], s.size - upper, p=counts[below] / counts[below].sum())]
                )
            again = _fit(*np.unique(made, return_counts=True), smallest, largest, least_tail)
            worse += again is not None and again[2] >= distance
        p = worse / samples
    return PowerLaw(exponent, float(1.0 / np.sqrt(tail * curvature)), start, largest or 0, distance, tail, p)


def _fit(
    values: NDArray[np.int64], counts: NDArray[np.int64], smallest: int | None, largest: int | None, least_tail: int
) -> tuple[float, int, float] | None:
    """Fit (exponent, s_min, D), or return None if no s_min leaves enough sizes."""
    end = np.inf if largest is None else float(largest)
    remain = np.cumsum(counts[::-1])[::-1]
    if smallest is not None:
        starts = [int(smallest)]
    else:
        starts = [int(v) for v, left in zip(values[:-1], remain[:-1], strict=True) if left >= least_tail]
    best: tuple[float, int, float] | None = None
    for start in starts:
        v, c = values[values >= start], counts[values >= start]
        if len(v) < 2 or c.sum() < least_tail:
            continue
        mean_log = float(c @ np.log(v) / c.sum())
        fitted = minimize_scalar(
            lambda g, start=start, mean_log=mean_log: g * mean_log + np.log(_sums(g, start, end)),
            bounds=(_LOW if np.isfinite(end) else 1.0 + _LOW, _HIGH), method="bounded", options={"xatol": 1e-6},
        )  # fmt: skip
        gamma = float(fitted.x)
        norm = _sums(gamma, start, end)
        model = 1.0 - _sums(gamma, v + 1, end) / norm
        before = 1.0 - _sums(gamma, v, end) / norm
        seen = np.cumsum(c) / c.sum()
        # The data's distribution is flat between two observed values where the model's rises: compare both ends.
        distance = float(max(np.abs(seen - model).max(), np.abs(np.append(0.0, seen[:-1]) - before).max()))
        if best is None or distance < best[2]:
            best = gamma, start, distance
    return best


def _sums(gamma: float, start: ArrayLike, end: float) -> Any:
    """Sum k^-gamma over k = start .. end, for each start up to end + 1."""
    if np.isinf(end):
        return zeta(gamma, np.asarray(start, dtype=float))
    sums = np.cumsum(np.arange(end, 0.0, -1.0) ** -gamma)[::-1]
    return np.append(sums, 0.0)[np.asarray(start) - 1]


def _curvature(gamma: float, start: int, end: float, h: float = 1e-3) -> float:
    """Compute the variance of ln s, the second derivative of the logarithm of the norm."""
    low, middle, high = (float(np.log(_sums(g, start, end))) for g in (gamma - h, gamma, gamma + h))
    return (low - 2.0 * middle + high) / h**2


def _table(gamma: float, start: int, end: float) -> Float:
    """Tabulate P(S >= s) from ``start`` to the end, or for a fixed number of values if there is none."""
    s = np.arange(start, start + _LARGEST if np.isinf(end) else int(end) + 1)
    return np.asarray(_sums(gamma, s, end) / _sums(gamma, start, end))


def _draw(draw: np.random.Generator, count: int, gamma: float, start: int, table: Float) -> NDArray[np.int64]:
    """Draw by inversion in the table; beyond a table without end, where s is above 1e5, by the continuous law."""
    u = 1.0 - draw.random(count)  # in (0, 1]
    place = np.searchsorted(-table, -u, side="right") - 1  # the last s with P(S >= s) >= u
    s = (start + place).astype(float)
    if table.size == _LARGEST:
        far = place == table.size - 1
        s[far] *= (u[far] / table[-1]) ** (-1.0 / (gamma - 1.0))
    return np.minimum(s.round(), 2.0**62).astype(np.int64)
