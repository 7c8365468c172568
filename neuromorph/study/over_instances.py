"""Several instances as random factors: per target the median over them, the middle half, and those never solved.

A time to solution over instances is their median (King et al., arXiv 1508.05087): a mean is infinite as soon as one is
never solved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ..estimate import Estimate
from .comparison import Comparison
from .over_chips import Spread, spread_of_estimates
from .result import Result


@dataclass(frozen=True)
class OverInstances:
    """Success, time and energy of one target over several instances.

    Attributes
    ----------
    target : str
        Name of the target with its parameters.
    instances : int
        Instances with reads of it and something to measure them by.
    asked : int
        Instances of the study.
    success : float or None
        Mean over instances of the pooled success probability.
    unsolved : float or None
        Share of the instances without a success.
    tts_s, ets_j, core_ets_j : Spread or None
        Median and quartiles over instances of time to solution, s, of energy to solution at the boundary, J, and of
        that of the core; infinite where an instance was never solved.
    """

    target: str
    instances: int
    asked: int
    success: float | None
    unsolved: float | None
    tts_s: Spread | None
    ets_j: Spread | None
    core_ets_j: Spread | None


def over_instances(comparisons: Sequence[Comparison]) -> tuple[OverInstances, ...]:
    """Describe each target over all instances.

    Parameters
    ----------
    comparisons : sequence of Comparison
        One of each instance, of one boundary.

    Returns
    -------
    tuple of OverInstances
        By rising median energy to solution.

    Raises
    ------
    ValueError
        If joules of the instances include different things.
    """
    boundaries = sorted({each.boundary for each in comparisons})
    if len(boundaries) > 1:
        raise ValueError(f"instances are priced at {' and '.join(boundaries)}; compare all at one boundary")
    rows: dict[str, list[Result]] = {}
    for each in comparisons:
        for result in each.results:
            rows.setdefault(result.target, []).append(result)
    found = [_row(target, results, len(comparisons)) for target, results in rows.items()]
    return tuple(sorted(found, key=_place))


def _row(target: str, results: Sequence[Result], asked: int) -> OverInstances:
    chances = [row.success.value for row in results if row.success is not None and row.success.value is not None]
    spreads = [_spread([getattr(row, name) for row in results]) for name in ("tts_s", "ets_j", "core_ets_j")]
    success = sum(chances) / len(chances) if chances else None
    unsolved = sum(p == 0.0 for p in chances) / len(chances) if chances else None
    return OverInstances(target, len(chances), asked, success, unsolved, *spreads)


def _spread(values: Sequence[Estimate | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    return spread_of_estimates(known) if known else None


def _place(row: OverInstances) -> tuple[int, float, float]:
    if row.ets_j is None:
        return 2, 0.0, 0.0
    return int(row.ets_j.median is None), row.ets_j.median or row.ets_j.bound or 0.0, row.unsolved or inf
