"""What the columns of the terminal tables say of each row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..estimate import Estimate
from ..plotting.numbers import (
    format_estimate,
    format_number,
    format_percent,
    format_probability,
    format_quantity,
    printable,
)
from .sampling_text import SCORES, format_score, shown_scores
from .table_layout import Column, RowName

if TYPE_CHECKING:
    from ..study import Comparison, Result
    from ..study.over_chips import Spread

STYLES = {"ok": "green", "time limit": "yellow", "interrupted": "yellow", "does not fit": "dim", "failed": "red"}

_MACROS = re.compile(r"in [\d,]+ macros of \d+")  # as notes of runs in macros begin
_SHOWN = 0.005  # shares below are not told


def row_name(row: Result) -> RowName:
    """Name a row, with its status and what it needs beside its chip and a host.

    Parameters
    ----------
    row : Result
        Result of a target.

    Returns
    -------
    RowName
        Name with the lines below it.
    """
    needs = row.prices.needs if row.prices is not None else ()
    told = [need.removeprefix("is ") for need in needs if need != "host"]
    return RowName(printable(row.target), [(", ".join([status(row), *told]), STYLES[row.status])])


def status(result: Result) -> str:
    """Describe the status of a result.

    Parameters
    ----------
    result : Result
        Result of a target.

    Returns
    -------
    str
        ``ok, 50 reads, 10 chips``, and ``in 3 tiles x 10 rounds`` or ``in 412 macros of 12`` where a device takes a
        problem in parts; for a target that never read, only its status.
    """
    reads = f", {result.reads} read{'s' * (result.reads != 1)}" if result.reads else ""
    chips = ", one chip" if result.one_chip else f", {len(result.chips)} chips" if len(result.chips) > 1 else ""
    forecast = ", forecast" if result.forecast else ""
    return f"{result.status}{reads}{chips if result.reads else ''}{_in_parts(result)}{forecast}"


def _in_parts(result: Result) -> str:
    """Say that a device holds the problem in tiles, or visits them in rounds, or answers for it in macros."""
    for note in result.notes if result.reads else ():
        if macros := _MACROS.match(note):
            return f", {macros[0]}"
    told = result.mapping.device if result.mapping is not None and result.reads else {}
    tiles, rounds = (int(told.get(name, 1)) for name in ("tiles", "rounds"))
    if tiles < 2 and rounds < 2:
        return ""
    said = f", in {tiles:,} tile{'s' * (tiles != 1)}"
    return said + (f" x {rounds:,} round{'s' * (rounds != 1)}" if rounds > 1 else "")


def solving_columns(rows: Sequence[Result], boundary: str) -> list[Column]:
    """Columns of a task with answers that are better or worse.

    Parameters
    ----------
    rows : sequence of Result
        Results.
    boundary : str
        Boundary of the study.

    Returns
    -------
    list of Column
        Columns with a cell for each row.
    """
    found = [
        Column("feasible", [[format_percent(row.feasible_fraction)] for row in rows], 6),
        Column("best", [[format_number(row.best)] for row in rows]),
        Column("gap", [[format_percent(row.gap)] for row in rows], 3),
        Column("success", [_success(row) for row in rows]),
        *_of_a_read(rows, boundary, 8),
        Column("time\nto solution", [_of_chips(row.tts_s, row, "s") for row in rows]),
    ]
    if boundary != "core":
        found.append(Column("energy to\nsolution,\ncore", [_estimate(row.core_ets_j, "J") for row in rows]))
    found.append(Column(f"energy to\nsolution,\n{boundary}", [_of_chips(row.ets_j, row, "J") for row in rows]))
    return [*found, *_about_prices(rows)]


def sampling_columns(comparison: Comparison, rows: Sequence[Result]) -> list[Column]:
    """Columns of a sampling task: divergence, or its substitute in large models.

    Parameters
    ----------
    comparison : Comparison
        Results.
    rows : sequence of Result
        Those that are shown.

    Returns
    -------
    list of Column
        Columns with a cell for each row.
    """
    shown = shown_scores(comparison)
    ranks = {"magnetization_error": 5, "energy_error": 4, "kl_held": 3} if "kl" in shown else {}
    found = [
        Column(
            SCORES[name][0].replace(" ", "\n", 1),
            [list(format_score(getattr(row.sampling, name, None))) for row in rows],
            ranks.get(name, 0),
        )
        for name in shown
    ]
    known, _, _, work = _about_prices(rows)  # a sample is no solution
    return [*found, *_of_a_read(rows, comparison.boundary, 0), known, work]


def _of_a_read(rows: Sequence[Result], boundary: str, rank: int) -> list[Column]:
    core = [Column("energy a\nread, core", [_estimate(row.core_energy_per_read_j, "J") for row in rows], rank + 1)]
    whole = f"energy a\nread,\n{boundary}"
    return [
        Column("time\na read", [_estimate(row.time_per_read_s, "s") for row in rows], rank),
        *(core if boundary != "core" else []),
        Column(whole, [_estimate(row.energy_per_read_j, "J") for row in rows], rank),
    ]


def _about_prices(rows: Sequence[Result]) -> list[Column]:
    """How the energy is known, what of it is ignorance of prices, what waiting costs, and joules a unit of work."""
    return [
        Column("known", [_known(row) for row in rows], 2),
        Column("doubt from\nprices", [_prices(row) for row in rows], 5),
        Column("at one a\nsecond", [_standby(row) for row in rows], 7),
        Column("work", [_work(row) for row in rows], 4),
    ]


def never_of_chips(row: Result) -> str:
    """Tell how many chips of several never succeed.

    Parameters
    ----------
    row : Result
        Result of a target.

    Returns
    -------
    str
        ``3/10 never``; empty where each succeeds, or there is one chip, or nothing to measure by.
    """
    never = sum(chip.successes == 0 for chip in row.chips)
    return f"{never}/{len(row.chips)} never" if len(row.chips) > 1 and row.success is not None and never else ""


def median_chip(spread: Spread | None, unit: str) -> str:
    """Format what a solution takes on the median chip, in the digits of the values above it.

    Parameters
    ----------
    spread : Spread or None
        Time or energy to solution over chips.
    unit : str
        SI unit.

    Returns
    -------
    str
        ``chip 2.2 ms``; empty where there is one chip.
    """
    if spread is None:
        return ""
    median = spread.median
    return f"chip {format_estimate(spread.estimate, unit)[0] if median is None else format_quantity(median, unit, 2)}"


def _success(row: Result) -> list[str]:
    """Format the pooled success with its interval, and how many chips never succeed."""
    value, interval = format_probability(row.success)
    never = never_of_chips(row)
    return [value, interval, *([never] if never else [])]


def _of_chips(pooled: Estimate | None, row: Result, unit: str) -> list[str]:
    """Format what a solution takes, and below it that of the median chip, where there are several."""
    value, interval = format_estimate(pooled, unit)
    chip = median_chip(row.tts_over_chips if unit == "s" else row.ets_over_chips, unit)
    return [value, interval, *([chip] if chip else [])]


def _estimate(value: Estimate | None, unit: str) -> list[str]:
    return list(format_estimate(value, unit))


def _known(row: Result) -> list[str]:
    known = {} if row.prices is None else row.prices.known
    said = [f"{kind} {format_percent(share)}" for kind, share in known.items() if share >= _SHOWN]
    return said or ["–"]


def _prices(row: Result) -> list[str]:
    share = None if row.solution_prices is None else row.solution_prices.energy_share_of_prices
    return [format_percent(share)]


def _standby(row: Result) -> list[str]:
    standby = None if row.solution_prices is None else row.solution_prices.standby
    if standby is None:
        return ["–"]
    return [format_quantity(standby.energy_j, "J", 2), "" if standby.keeps_up else "too slow"]


def _work(row: Result) -> list[str]:
    work = row.prices.work[0] if row.prices is not None and row.prices.work else None
    if work is None or work.energy_j is None or work.per_second is None:
        return ["–"]
    short = {"synaptic operation": "syn. op"}.get(work.unit, work.unit)
    return [f"{format_quantity(work.energy_j, 'J', 2)}/{short}", format_quantity(work.per_second, "/s", 2)]
