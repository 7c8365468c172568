r"""Negative differential resistance (NDR): which I-V curves fall, beyond their noise.

.. math:: \bar\chi^2 = \min_{R_1 \le R_2 \le \dots} \sum_m \frac{(I_m - R_m)^2}{\sigma_m^2}

where I_m are the currents of a curve, sigma_m their errors, and R its isotonic regression. This distance from all
rising curves is compared with its distribution for a flat curve, which of all curves without NDR gives the largest
values. It is one test a curve, whatever its number of points: picking the largest drop of a noisy curve is not.
Source: Robertson, Wright and Dykstra, Order Restricted Statistical Inference (1988); many curves: Holm (1979).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds


@dataclass(frozen=True, eq=False)
class NdrTest:
    """Result of the test for negative differential resistance.

    Attributes
    ----------
    drop : (curves,) float
        Largest max_{l < m} (I_l - I_m) / (I_max - I_min): descriptive, not the test.
    p : (curves,) float
        Probability that a curve without NDR is at least as far from rising.
    falls : (curves,) bool
        Whether a curve has NDR at a familywise error of ``level`` over all curves.
    """

    drop: Float
    p: Float
    falls: NDArray[np.bool_]


def ndr_test(
    currents_a: ArrayLike,
    errors_a: ArrayLike,
    *,
    level: float = 0.01,
    degrees: int = 31,
    draws: int = 20_000,
    rng: RNG = None,
) -> NdrTest:
    """Test which I-V curves have negative differential resistance (NDR).

    Parameters
    ----------
    currents_a : (curves, m) float
        Currents with voltage rising along m, A.
    errors_a : (curves, m) float
        Standard deviations; if all of a curve are 0, the curve is exact and p is 0 or 1.
    level : float
        Familywise error over all curves.
    degrees : int
        Degrees of freedom of the errors (batches less one), which the null distribution draws too.
    draws : int
        Number of null curves.
    rng : RNG
        Seed or generator.

    Returns
    -------
    NdrTest
        The curves with NDR.

    Raises
    ------
    ValueError
        If shapes differ, some errors of a curve are 0, or ``draws`` are too few for ``level``.
    """
    from scipy.optimize import isotonic_regression

    from .isotonic_regression import distance_from_rising

    i, sigma = np.atleast_2d(np.asarray(currents_a, dtype=float)), np.atleast_2d(np.asarray(errors_a, dtype=float))
    if i.shape != sigma.shape or i.shape[1] < 2:
        raise ValueError(f"currents {i.shape} and errors {sigma.shape}: equal shapes, two points a curve at least")
    if not (np.isfinite(i).all() and (sigma >= 0.0).all()):
        raise ValueError("currents must be finite and errors not negative")
    exact = (sigma == 0.0).all(axis=1)
    if ((sigma == 0.0).any(axis=1) & ~exact).any():
        raise ValueError("some errors of a curve are 0; give all of a curve or none")
    if not (0.0 < level < 1.0 and level / len(i) > 1.0 / (draws + 1)):
        raise ValueError(f"level {level} over {len(i)} curves needs more than {len(i) / level:.0f} draws; have {draws}")
    span = np.ptp(i, axis=1)
    fall = (np.maximum.accumulate(i, axis=1) - i).max(axis=1)
    drop = np.divide(fall, span, out=np.zeros(len(i)), where=span > 0.0)
    p = np.where(fall > 0.0, 0.0, 1.0)
    seeds = read_seeds(rng, len(i))
    for c in np.flatnonzero(~exact):
        generator = np.random.default_rng(seeds[c])
        rising = isotonic_regression(i[c], weights=1.0 / sigma[c] ** 2).x
        seen = float((((i[c] - rising) / sigma[c]) ** 2).sum())
        true = np.broadcast_to(sigma[c], (draws, i.shape[1]))
        noise = true * np.sqrt(generator.chisquare(degrees, true.shape) / degrees)
        null = distance_from_rising(generator.normal(0.0, true), 1.0 / noise**2)
        p[c] = (1 + np.count_nonzero(null >= seen)) / (draws + 1)
    order = np.argsort(p)
    limits = level / (len(p) - np.arange(len(p)))
    passed = np.cumprod(p[order] <= limits).astype(bool)
    falls = np.zeros(len(p), bool)
    falls[order] = passed
    return NdrTest(drop, p, falls)
