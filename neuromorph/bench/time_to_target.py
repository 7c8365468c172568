r"""Time to a target from runs that reached it or were cut short, and over instances.

.. math:: \hat\lambda = \frac{h}{\sum_r t_r}, \qquad TTS_{99} = \frac{\ln 100}{\lambda}, \qquad
          \frac{\chi^2_{2h, .025}}{2 \sum t_r} \le \lambda \le \frac{\chi^2_{2h+2, .975}}{2 \sum t_r}

for h hits in runs that took t_r each, to the hit or to the end of the budget, as if hits came at a constant rate, as
those of restarts do. With no hit there is a bound: lambda is below ln 20 / sum t_r with 95 %. Over instances: the
geometric mean with a 95 % interval of a bootstrap over instances, which are what a new case differs by.
Sources: Ronnow et al., Science 345, 420 (2014), time to solution; Garwood, Biometrika 28, 437 (1936), the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from ..estimate import Estimate
from .race import Bench, Course

_RESAMPLES = 2000


@dataclass(frozen=True)
class TargetTime:
    """Time to target of one solver on one instance.

    Attributes
    ----------
    hits, runs : int
        Runs that reached the target, and all.
    tts_s : Estimate
        CPU seconds until it is reached with 99 %; without a hit ``value`` is None and ``low`` the bound.
    best, median : float or None
        Best and median score of the runs at equal time; None without a feasible answer.
    """

    hits: int
    runs: int
    tts_s: Estimate
    best: float | None
    median: float | None


def goal_of(bench: Bench, gap: float = 0.0) -> tuple[float | None, bool]:
    """Return the target of a bench.

    Parameters
    ----------
    bench : Bench
        Courses.
    gap : float
        Fraction of the best value by which the target is worse.

    Returns
    -------
    tuple of (float or None, bool)
        Score to reach, None if no run had an answer; whether it is of a best value known, or else of the best of these
        runs.
    """
    best, known = bench.problem.best_known, True
    maximize = bench.problem.sense == "max"
    if best is None:
        ends = [float(c.scores[-1]) for each in bench.courses.values() for c in each if c.scores.size]
        if not ends:
            return None, False
        best, known = max(ends) if maximize else min(ends), False
    return (best - gap * abs(best) if maximize else best + gap * abs(best)), known


def equal_time_s(bench: Bench) -> float:
    """Return the CPU seconds that every solver had, unless it had reached the target.

    Parameters
    ----------
    bench : Bench
        Courses.

    Returns
    -------
    float
        CPU seconds.
    """
    known = bench.problem.best_known
    spent = [
        course.spent_s
        for each in bench.courses.values()
        for course in each
        if known is None or not course.scores.size or course.scores[-1] != known
    ]
    return min([bench.budget_s, *spent])


def target_time(courses: Sequence[Course], goal: float, maximize: bool, at_s: float) -> TargetTime:
    """Estimate the time to target of one solver.

    Parameters
    ----------
    courses : sequence of Course
        Its runs.
    goal : float
        Score to reach.
    maximize : bool
        Whether a high score is good.
    at_s : float
        CPU seconds at which scores are compared.

    Returns
    -------
    TargetTime
        Time and scores.
    """
    from scipy.stats import chi2

    hits, total = 0, 0.0
    for course in courses:
        reached = course.scores >= goal if maximize else course.scores <= goal
        hits += bool(reached.any())
        total += float(course.seconds[int(np.argmax(reached))]) if reached.any() else course.spent_s
    if hits:
        rates = [chi2.ppf(0.025, 2 * hits), 2.0 * hits, chi2.ppf(0.975, 2 * hits + 2)]
        high, value, low = (log(100.0) * 2.0 * total / float(rate) for rate in rates)
        time = Estimate(value, low, high)
    else:
        time = Estimate(None, log(100.0) / log(20.0) * total if courses else None, None)
    ends = np.array([course.at(at_s) for course in courses])
    ends = ends[~np.isnan(ends)]
    best = None if not ends.size else float(ends.max() if maximize else ends.min())
    return TargetTime(hits, len(courses), time, best, None if not ends.size else float(np.median(ends)))


def over_bench(times: Sequence[float], rng: int = 0) -> Estimate:
    """Estimate the geometric mean over instances.

    Parameters
    ----------
    times : sequence of float
        Positive numbers, one an instance.
    rng : int
        Seed of the bootstrap.

    Returns
    -------
    Estimate
        Mean and 95 % interval; unbounded with fewer than two instances.
    """
    if not times:
        return Estimate(None, None, None)
    logs = np.log(np.maximum(np.asarray(times, dtype=float), 1e-12))
    if logs.size < 2:
        return Estimate(float(np.exp(logs[0])), None, None)
    drawn = np.random.default_rng(rng).integers(0, logs.size, (_RESAMPLES, logs.size))
    low, high = np.quantile(logs[drawn].mean(axis=1), [0.025, 0.975])
    return Estimate(*(float(np.exp(x)) for x in (logs.mean(), low, high)))
