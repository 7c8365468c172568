r"""Feasible fraction against quality of a QUBO with groups, as its penalty A varies.

.. math:: E(x) = C(x) + A \sum_g \Bigl(1 - \sum_{i \in g} x_i\Bigr)^2

A proven A makes the best answers the ground states, and walls between feasible states that flips of single spins have
to climb; a smaller one lets some reads end outside, and those inside end lower. For each A an annealer of plain spins
makes its reads: the share that is feasible, and among those the scores. The chosen A is that at which most reads are
feasible and within a stated gap of the best score of all; of equals, the largest. It is for devices that hold nothing
but spins: moves that keep the groups (``one_hot_moves``) need no penalty.
Source: Lucas, Front. Phys. 2, 5 (2014), the form; the interval is Wilson's, J. Am. Stat. Assoc. 22, 209 (1927).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..estimate import Estimate, wilson_interval
from ..ising import Ising
from ..rng import RNG, child, seed_sequence
from ..runtime.limits import checkpoint
from ..sampling.samples import Samples
from ..sampling.simulated_annealing import simulated_annealing
from .anneal_schedule import anneal_schedule

FACTORS = (0.1, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.3)  # of the proven penalty


@dataclass(frozen=True)
class PenaltyPoint:
    """Reads at one penalty.

    Attributes
    ----------
    penalty, factor : float
        A, and A over the proven one.
    feasible, success : Estimate
        Share of the reads that are feasible, and that are within the gap of the best score of all penalties.
    best, median : float or None
        Scores of the feasible reads; None without any.
    """

    penalty: float
    factor: float
    feasible: Estimate
    success: Estimate
    best: float | None
    median: float | None


@dataclass(frozen=True)
class PenaltyCurve:
    """Reads at several penalties.

    Attributes
    ----------
    points : tuple of PenaltyPoint
        By rising penalty.
    proven : float
        Penalty of the problem's own bound.
    chosen : float
        Penalty at which most reads succeed; the proven one where none does.
    """

    points: tuple[PenaltyPoint, ...]
    proven: float
    chosen: float


def penalty_curve(
    problem: Any,
    factors: Sequence[float] = FACTORS,
    *,
    reads: int = 64,
    sweeps: int = 1000,
    gap: float = 0.05,
    rng: RNG = None,
) -> PenaltyCurve:
    """Measure feasibility and quality at several penalties, and choose one.

    Parameters
    ----------
    problem : Problem
        Problem with a penalty: a tour, an assignment, a coloring or an independent set.
    factors : sequence of float
        Penalties over the proven one.
    reads, sweeps : int
        Anneals at each penalty, and sweeps of each.
    gap : float
        Fraction of the best score of all penalties within which a read succeeds.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    PenaltyCurve
        Points and the chosen penalty.

    Raises
    ------
    ValueError
        If the problem has no penalty, or an argument is out of range.
    """
    if not hasattr(problem, "default_penalty"):
        raise ValueError(f"{type(problem).__name__} has no penalty; give a tour, an assignment, a coloring or a set")
    some = sorted(set(map(float, factors)))
    if not some or not np.isfinite(some).all() or some[0] <= 0 or not (np.isfinite(gap) and gap >= 0):
        raise ValueError(f"factors are {list(factors)} and gap is {gap}; give positive factors, and a gap of 0 or more")
    proven, seed = float(problem.default_penalty()), seed_sequence(rng).spawn(1)[0]
    found = []
    for k, factor in enumerate(some):
        checkpoint("penalties", k, len(some))
        ising: Ising = replace(problem, penalty=factor * proven).ising()
        samples: Samples = simulated_annealing(
            ising, anneal_schedule(ising, sweeps), reads, update="metropolis", rng=child(seed, k)
        ).whole()
        solutions = [problem.decode(spins) for spins in samples.spins]
        found.append(np.array([problem.score(each) if each.feasible else np.nan for each in solutions]))
    maximize = problem.sense == "max"
    every = np.concatenate(found)
    every = every[~np.isnan(every)]
    best = (every.max() if maximize else every.min()) if every.size else np.nan
    within = best - gap * abs(best) if maximize else best + gap * abs(best)
    points = tuple(
        _point(factor * proven, factor, scores, within, maximize) for factor, scores in zip(some, found, strict=True)
    )
    top = max(points, key=lambda point: (point.success.value or 0.0, point.penalty))
    return PenaltyCurve(points, proven, top.penalty if top.success.value else proven)


def _point(penalty: float, factor: float, scores: Any, within: float, maximize: bool) -> PenaltyPoint:
    inside = scores[~np.isnan(scores)]
    hits = int((inside >= within).sum() if maximize else (inside <= within).sum())
    best = None if not inside.size else float(inside.max() if maximize else inside.min())
    median = None if not inside.size else float(np.median(inside))
    feasible, success = wilson_interval(inside.size, len(scores)), wilson_interval(hits, len(scores))
    return PenaltyPoint(penalty, factor, feasible, success, best, median)
