r"""The temperature at which a device really samples, by Besag's pseudo-likelihood.

.. math:: \ell(\beta) = -\sum_r \sum_i \ln\bigl(1 + e^{-2 \beta s_i f_i}\bigr), \qquad f_i = h_i + \sum_j J_{ij} s_j

Every spin is predicted from the others, so that no partition function is needed; ell is concave in beta. The interval
allows for spins of one read that know of each other (Godambe's sandwich over reads).
Sources: Besag, The Statistician 24, 179 (1975); Godambe, Ann. Math. Stat. 31, 1208 (1960).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import expit

from ..cost import Estimate
from ..ising import Float, Ising, check_spins

_NORMAL_95 = 1.959964
_WIDEST = 60  # doublings of the bracket


def effective_beta(ising: Ising, spins: ArrayLike) -> Estimate:
    """beta with its 95 % interval from independent reads (reads, n) of a sampler that was given ``ising``.

    Reads of a chain make the interval too narrow: thin them first. Negative where spins stand against their fields.
    """
    s = check_spins(spins, ising.size)
    if s.ndim != 2 or len(s) < 2:
        raise ValueError(f"spins have shape {s.shape}; give (reads, {ising.size}) with two reads or more")
    along: Float = s * ising.field(s)
    if not ((along > 0).any() and (along < 0).any()):
        raise ValueError(
            "every spin stands on the same side of its field in every read, so that beta is not bounded; take more "
            "reads, or of a hotter sampler"
        )

    def score(beta: float) -> Float:
        return (2.0 * along * expit(-2.0 * beta * along)).sum(axis=1)

    width = 1.0 / float(np.abs(along).max())
    for _ in range(_WIDEST):
        if score(-width).sum() > 0.0 > score(width).sum():
            break
        width *= 2.0
    beta = float(brentq(lambda b: score(b).sum(), -width, width, xtol=1e-14 * width, rtol=1e-12))
    chance = expit(-2.0 * beta * along)
    curvature = float((4.0 * along**2 * chance * (1.0 - chance)).sum())
    error = float(np.sqrt(len(s)) * score(beta).std(ddof=1)) / curvature
    return Estimate(beta, beta - _NORMAL_95 * error, beta + _NORMAL_95 * error)
