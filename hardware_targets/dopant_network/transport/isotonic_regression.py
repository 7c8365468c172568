r"""Isotonic regression: the distance of a curve from the nearest that never falls.

.. math:: d^2 = \min_{z_1 \le \dots \le z_m} \sum_k w_k (y_k - z_k)^2

Source: Barlow et al., Statistical Inference under Order Restrictions, Wiley (1972): pooling adjacent violators.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def distance_from_rising(curves, weights):
    """Compute the distance of curves from rising ones.

    Isotonic regression (pooling adjacent violators) finds the nearest rising curve.

    It is compiled because a test takes 20,000 null draws for each of many curves, half a second a curve by calls of
    ``scipy.optimize.isotonic_regression``; for one curve take that.

    Parameters
    ----------
    curves, weights : (c, m) float
        Curves, and weights of their points.

    Returns
    -------
    (c,) float
        Weighted squared distances.
    """
    count, m = curves.shape
    distance = np.zeros(count)
    level, weight, size = np.empty(m), np.empty(m), np.empty(m, np.int64)
    for c in range(count):
        blocks = 0
        for k in range(m):
            level[blocks], weight[blocks], size[blocks] = curves[c, k], weights[c, k], 1
            blocks += 1
            while blocks > 1 and level[blocks - 2] > level[blocks - 1]:
                total = weight[blocks - 2] + weight[blocks - 1]
                joined = weight[blocks - 2] * level[blocks - 2] + weight[blocks - 1] * level[blocks - 1]
                level[blocks - 2] = joined / total
                weight[blocks - 2] = total
                size[blocks - 2] += size[blocks - 1]
                blocks -= 1
        k = 0
        for block in range(blocks):
            for _ in range(size[block]):
                distance[c] += weights[c, k] * (curves[c, k] - level[block]) ** 2
                k += 1
    return distance
