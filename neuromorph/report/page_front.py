"""Points of the front of a page, as columns that its script draws: compact, for there may be 10,000."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..estimate import Estimate
from ..pricing import Boundary
from ..study.result import Result
from .page_prices import PricedRow

if TYPE_CHECKING:
    from ..study import Comparison


def front_of(
    comparison: Comparison, priced: Sequence[Mapping[Boundary, PricedRow]], boundaries: Sequence[Boundary]
) -> dict[str, Any] | None:
    """Return a point for every quality that a target reached.

    Each has the energy until it is found with 99 %. Of a sampling task there is one point for each target: its
    divergence against the energy of a read.

    Parameters
    ----------
    comparison : Comparison
        Results.
    priced : sequence of dict of str to PricedRow
        Prices of each result by boundary.
    boundaries : sequence of str
        Boundaries, in the order of the page.

    Returns
    -------
    dict of str to object or None
        Labels; ``row`` and ``y`` of each point, and ``x`` by boundary, of ``value``, ``low``, ``high``; None where
        there is nothing to draw.
    """
    problem = comparison.problem
    rows: list[int] = []
    ys: list[tuple[float | None, ...]] = []
    chances: list[float | None] = []
    xs: list[list[Estimate | None]] = [[] for _ in boundaries]
    for k, result in enumerate(comparison.results):
        if not priced[k]:
            continue
        for level, (y, chance) in enumerate(_qualities(result, comparison)):
            rows.append(k)
            ys.append(y)
            chances.append(chance.value if chance is not None else None)
            for column, boundary in zip(xs, boundaries, strict=True):
                at = priced[k][boundary]
                column.append(at.prices.energy_per_read_j if chance is None else at.levels_j[level])
    if not any(point is not None and point.value for column in xs for point in column):
        return None
    sampled, known = comparison.beta is not None, comparison.known is not None
    best = "known" if problem.best_known is not None else "of this study"
    return {
        "x": {
            "label": "energy of a read" if sampled else "energy until found with 99 %",
            "unit": "J",
            "points": [_columns(column) for column in xs],
        },
        "y": {
            "label": "divergence, nats" if sampled else f"gap to the best {best} (%)" if known else "score",
            "unit": "nats" if sampled else "%" if known else "",
            "name": "divergence" if sampled else "gap" if known else "score",
            "up": not sampled and not known and problem.sense == "max",
            "curved": not sampled,
            "points": [number(y[0]) for y in ys],
            "low": [number(y[1]) for y in ys] if sampled else [],
            "high": [number(y[2]) for y in ys] if sampled else [],
        },
        "row": rows,
        "chance": [number(chance) for chance in chances],
    }


def number(value: float | None, digits: int = 5) -> float | None:
    """Round a number to significant digits, which is what a figure can show.

    Parameters
    ----------
    value : float or None
        Number.
    digits : int
        Significant digits.

    Returns
    -------
    float or None
        Number.
    """
    return None if value is None else float(f"{value:.{digits - 1}e}")


def _qualities(
    result: Result, comparison: Comparison
) -> list[tuple[tuple[float | None, float | None, float | None], Estimate | None]]:
    """Quality with its interval, and the chance of a read to reach it; of sampling there is no chance."""
    if comparison.beta is not None:
        score = None if result.sampling is None else result.sampling.kl
        return [] if score is None or score.value is None else [((score.value, score.low, score.high), None)]
    return [
        ((level.score if level.gap is None else 100.0 * level.gap, None, None), level.probability)
        for level in result.levels
    ]


def _columns(points: Sequence[Estimate | None]) -> dict[str, list[float | None]]:
    return {
        end: [None if point is None else number(getattr(point, end)) for point in points]
        for end in ("value", "low", "high")
    }
