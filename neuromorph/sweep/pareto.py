r"""Fronts of energy, accuracy and latency over settings, and how sure they are over devices.

A setting is on the front if none is better in one objective and as good in all others. The hypervolume is the volume
that a front dominates up to a reference point (Zitzler and Thiele, IEEE Trans. Evol. Comput. 3, 257 (1999)). The
attainment band of accuracy against energy is, at each energy x, the quantile over devices r of what each attains,

.. math:: a_r(x) = \max \{ y : (x', y) \in F_r, x' \le x \}

(Grunert da Fonseca et al., EMO 2001, LNCS 1993, 213). Objectives are minimized here, accuracy as its loss 1 - accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .study_summary import StudySummary

Floats = NDArray[np.float64]


def losses(summary: StudySummary, objectives: Sequence[str]) -> NDArray[np.float64]:
    """Return what is minimized.

    Parameters
    ----------
    summary : StudySummary
        Numbers of a study.
    objectives : sequence of str
        "energy", J; "latency", s; "accuracy", as 1 - accuracy.

    Returns
    -------
    (settings, devices, objectives) float
        Losses.
    """
    found = [summary.over_work(name) for name in objectives]
    return np.stack(
        [1.0 - each if name == "accuracy" else each for name, each in zip(objectives, found, strict=True)], axis=-1
    )


def pareto_front(values: ArrayLike) -> NDArray[np.bool_]:
    """Find the settings that none dominates.

    Parameters
    ----------
    values : (settings, objectives) float
        Losses; a setting with NaN is not on the front.

    Returns
    -------
    (settings,) bool
        Whether each is on the front; of equal settings all are.
    """
    points = np.asarray(values, dtype=float)
    there = np.isfinite(points).all(axis=1)
    front = there.copy()
    for k in np.flatnonzero(there):
        if front[k]:
            worse = (points[k] <= points).all(axis=1) & (points[k] < points).any(axis=1)
            front &= ~worse
    return front


def hypervolume(values: ArrayLike, reference: ArrayLike) -> float:
    """Compute the volume that points dominate below a reference point, by slices.

    Parameters
    ----------
    values : (points, objectives) float
        Losses.
    reference : (objectives,) float
        Reference point; points beyond it count nothing.

    Returns
    -------
    float
        Volume.
    """
    points, corner = np.asarray(values, dtype=float), np.asarray(reference, dtype=float)
    points = points[np.isfinite(points).all(axis=1) & (points < corner).all(axis=1)]
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(corner[0] - points.min())
    order = points[np.argsort(points[:, -1], kind="stable")]
    ends = np.append(order[1:, -1], corner[-1])
    heights = ends - order[:, -1]
    return math.fsum(
        float(height) * hypervolume(order[: k + 1, :-1], corner[:-1]) for k, height in enumerate(heights) if height > 0
    )


def attainment_bands(
    energies: ArrayLike, accuracies: ArrayLike, at: ArrayLike, quantiles: Sequence[float] = (0.05, 0.5, 0.95)
) -> Floats:
    """Compute quantiles over devices of the accuracy that an energy attains.

    Parameters
    ----------
    energies, accuracies : (settings, devices) float
        Objectives of each setting on each device; NaN where there is none.
    at : (points,) float
        Energies.
    quantiles : sequence of float
        Quantiles.

    Returns
    -------
    (quantiles, points) float
        Accuracies; -inf where too few devices attain any.
    """
    x, y, grid = (np.asarray(each, dtype=float) for each in (energies, accuracies, at))
    reached = np.full((x.shape[1], grid.size), -np.inf)
    for device in range(x.shape[1]):
        there = np.isfinite(x[:, device]) & np.isfinite(y[:, device])
        order = np.argsort(x[there, device], kind="stable")
        if order.size:
            best = np.maximum.accumulate(y[there, device][order])
            number = np.searchsorted(x[there, device][order], grid, side="right")
            reached[device] = np.where(number > 0, best[np.maximum(number, 1) - 1], -np.inf)
    return np.quantile(reached, quantiles, axis=0, method="inverted_cdf")
