"""The table of a page as plain data: of each cell a number to sort by, text, and its interval; and where rows stand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..estimate import Estimate
from ..plotting.numbers import (
    format_estimate,
    format_number,
    format_percent,
    format_probability,
    format_quantity,
)
from ..study.result import Result
from ..study.row_prices import SolutionPrices
from .page_prices import PricedRow
from .sampling_text import SCORES, format_score, shown_scores
from .table_columns import median_chip, never_of_chips

if TYPE_CHECKING:
    from ..study import Comparison

Cell = tuple[float | str | None, str, str]

BEHIND_VALUES = 1e150
"""Factor of a bound as what it is sorted by: every bound stands behind every value."""


def columns_of(comparison: Comparison) -> list[str]:
    """Name the columns of the table, after that of the target.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    list of str
        Headings.
    """
    return [heading for heading, _ in _cells(Result("", "ok"), None, comparison)]


def cells_of(result: Result, priced: PricedRow | None, comparison: Comparison) -> list[Cell]:
    """Return the cells of a row at one boundary.

    Parameters
    ----------
    result : Result
        Result of a target.
    priced : PricedRow or None
        Its prices; None if it has none.
    comparison : Comparison
        Results.

    Returns
    -------
    list of (float or str or None, str, str)
        Of each column what it is sorted by, its text and its interval.
    """
    return [cell for _, cell in _cells(result, priced, comparison)]


def estimates_of(result: Result) -> list[tuple[str, str, str]]:
    """Return the numbers of a section that are in no column and at no boundary.

    Parameters
    ----------
    result : Result
        Result of a target.

    Returns
    -------
    list of (str, str, str)
        Label, value and interval.
    """
    return [
        ("Feasible reads", format_percent(result.feasible_fraction), ""),
        ("Median gap", format_percent(result.gap_median), ""),
        ("Programming time", *format_estimate(result.programming_time_s, "s")),
    ]


def prices_of(priced: PricedRow) -> list[tuple[str, str, str]]:
    """Return the prices at one boundary that a section of the page shows.

    Parameters
    ----------
    priced : PricedRow
        Prices.

    Returns
    -------
    list of (str, str, str)
        Label, value and interval.
    """
    prices, solved = priced.prices, priced.solution
    found = [
        ("Energy a read", *format_estimate(prices.energy_per_read_j, "J")),
        ("Programming energy", *format_estimate(prices.programming_energy_j, "J")),
    ]
    if solved is not None and solved.energy_share_of_prices is not None:
        found.append(("Doubt from prices", format_percent(solved.energy_share_of_prices), ""))
    if solved is not None and solved.standby is not None:
        slow = "" if solved.standby.keeps_up else "it does not keep up"
        found.append(("An answer a second", format_quantity(solved.standby.energy_j, "J", 2), slow))
    for work in prices.work[:1]:
        each = "–" if work.energy_j is None else format_quantity(work.energy_j, "J", 2)
        rate = "" if work.per_second is None else f"{format_quantity(work.per_second, ' ', 2).strip()} a second"
        found.append((f"Energy of {_article(work.unit)} {work.unit}", each, rate))
    return found


def by_energy(cells: Sequence[Mapping[str, list[Cell]]], boundary: str, column: int) -> list[int]:
    """Order rows by a column: values first, then bounds, then those that have neither.

    Parameters
    ----------
    cells : sequence of dict of str to list of cell
        Cells of each row, by boundary.
    boundary : str
        Boundary.
    column : int
        Column.

    Returns
    -------
    list of int
        Rows.
    """

    def key(k: int) -> float:
        value = cells[k][boundary][column][0]
        return value if isinstance(value, float) else math.inf

    return sorted(range(len(cells)), key=key)


def _cells(result: Result, priced: PricedRow | None, comparison: Comparison) -> list[tuple[str, Cell]]:
    time = ("Time a read", _estimate(result.time_per_read_s, "s"))
    energy = ("Energy a read", _estimate(priced.prices.energy_per_read_j if priced else None, "J"))
    known = ("Known", _known(priced))
    solved = priced.solution if priced else None
    if comparison.beta is not None:
        scores = {name: getattr(result.sampling, name, None) for name in shown_scores(comparison)}
        headings = {name: SCORES[name][0][0].upper() + SCORES[name][0][1:] for name in scores}
        return [
            *((headings[name], _score(score)) for name, score in scores.items()),
            time,
            energy,
            known,
        ]
    loss = 1.0 if comparison.problem.sense == "min" else -1.0
    best = None if result.best is None else loss * result.best
    success, over_chips = result.success, priced.over_chips if priced else None
    return [
        ("Best", (best, format_number(result.best), "")),
        ("Gap", (result.gap, format_percent(result.gap), "")),
        ("Success a read", _below(_success(success), never_of_chips(result))),
        time,
        energy,
        ("Time to solution", _below(_estimate(result.tts_s, "s"), median_chip(result.tts_over_chips, "s"))),
        ("Energy to solution", _below(_estimate(solved.ets_j if solved else None, "J"), median_chip(over_chips, "J"))),
        ("At one question a second", _standby(solved)),
        known,
    ]


def _estimate(value: Estimate | None, unit: str) -> Cell:
    if value is None:
        return None, "–", ""
    if value.value is None:  # a bound: behind all values, among bounds by itself
        return (None if value.low is None else _rounded(BEHIND_VALUES * value.low)), *format_estimate(value, unit)
    return _rounded(value.value), *format_estimate(value, unit)


def _success(value: Estimate | None) -> Cell:
    return _rounded(value.value if value else None), *format_probability(value)


def _below(cell: Cell, line: str) -> Cell:
    """Add a line to the small text of a cell."""
    key, text, small = cell
    return key, text, "\n".join(each for each in (small, line) if each)


def _standby(solved: SolutionPrices | None) -> Cell:
    if solved is None or solved.standby is None:
        return None, "–", ""
    standby = solved.standby
    slow = "" if standby.keeps_up else "too slow for it"
    return _rounded(standby.energy_j), format_quantity(standby.energy_j, "J", 2), slow


def _known(priced: PricedRow | None) -> Cell:
    """Share of the energy that is measured or modelled, and below it the largest share by kind."""
    known = {} if priced is None else priced.prices.known
    if not any(known.values()):
        return None, "–", ""
    sure = known["measured"] + known["modelled"]
    rest = {kind: share for kind, share in known.items() if kind in ("assumed", "forecast") and share > 0}
    largest = max(rest, key=lambda kind: rest[kind], default=None)
    return _rounded(sure), format_percent(sure), f"{largest} {format_percent(rest[largest])}" if largest else ""


def _score(value: Estimate | None) -> Cell:
    return (None if value is None else _rounded(value.value)), *format_score(value)


def _rounded(value: float | None) -> float | None:
    """To 9 digits: enough to sort by."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.9g}")


def _article(unit: str) -> str:
    return "an" if unit[0] in "aeiouM" else "a"
