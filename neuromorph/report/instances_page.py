"""The page over several instances: targets side by side over all of them, and a line with a link for each instance.

Energies to solution are medians over instances at each boundary, with the quartiles below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..plotting.files import figure_bytes
from ..plotting.numbers import format_estimate, format_number, format_percent, printable
from ..pricing import BOUNDARIES
from ..study.over_instances import OverInstances, over_instances
from ..study.row_prices import price_solution, prices_at
from .html_page import page_row, page_text
from .instances import spread_cell
from .instances_figure import draw_instances
from .page_table import BEHIND_VALUES, Cell, by_energy

if TYPE_CHECKING:
    from ..study import Comparison, Result

_COLUMNS = ("Instances", "Success a read", "Unsolved", "Time to solution", "Energy to solution")


def render_instances_page(
    comparisons: Sequence[Comparison], folders: Sequence[str], provenance: Mapping[str, Any]
) -> str:
    """Render the page over several instances.

    Parameters
    ----------
    comparisons : sequence of Comparison
        One of each instance, of one boundary.
    folders : sequence of str
        Folder of the report of each, beside the page.
    provenance : dict of str to object
        Command and what else belongs to all of them.

    Returns
    -------
    str
        HTML text.
    """
    first = comparisons[0]
    at_each = {boundary: {row.target: row for row in _at(comparisons, boundary)} for boundary in BOUNDARIES}
    rows, cells, unfit = [], [], []
    for k, target in enumerate(at_each[first.boundary]):
        results = [row for each in comparisons for row in each.results if row.target == target]
        if not any(row.reads for row in results):
            reasons = list(dict.fromkeys(printable(row.reason) for row in results))
            unfit.append({"id": f"target-{k}", "name": printable(target), "reason": "; ".join(reasons)})
            continue
        by_boundary: dict[str, list[Cell]] = {boundary: _cells(found[target]) for boundary, found in at_each.items()}
        worst = next((row.status for row in results if row.status != "ok"), "ok")
        forecast = ", forecast" if any(row.forecast for row in results) else ""
        small = f"{worst if worst == 'ok' else f'not all ok: {worst}'}{forecast}"
        cells.append(by_boundary)
        state = "ok" if worst == "ok" else worst.replace(" ", "-")
        rows.append(page_row(k, target, list(by_boundary.values()), small=small, state=state))
    sort = len(_COLUMNS) - 1
    order = by_energy(cells, first.boundary, sort)
    drawn = draw_instances(comparisons) if not any(each.interrupted for each in comparisons) else None
    missing = provenance.get("not_begun") or []
    return page_text(
        columns=list(_COLUMNS),
        sort=sort,
        boundaries=BOUNDARIES,
        boundary=BOUNDARIES.index(first.boundary),
        rows=[rows[k] for k in order],
        front=None,
        figures={} if drawn is None else {"instances": figure_bytes(drawn, "svg")},
        provenance={name: value for name, value in provenance.items() if name != "not_begun"}
        | {name: first.provenance[name] for name in ("date", "versions", "machine") if name in first.provenance},
        name=f"{len(comparisons):,} instances",
        facts=[*dict.fromkeys(each.problem.kind for each in comparisons), _sizes(comparisons)],
        warnings=[f"not begun: {', '.join(map(printable, missing))}"] if missing else [],
        conclusions=_conclusions(comparisons),
        sections=[],
        unfit=unfit,
        instances=[_instance(each, folder) for each, folder in zip(comparisons, folders, strict=True)],
        best=None, beta=first.beta, score_note="a sample is no solution; see the page of each instance", scores=[],
        counted=False, reference="known, or of the study", over_chips=False,
        success_gap=format_percent(first.provenance.get("success_gap", 0.0)),
        one_chip=any(row.one_chip and row.reads for each in comparisons for row in each.results),
        interrupted=any(each.interrupted for each in comparisons),
    )  # fmt: skip


def _at(comparisons: Sequence[Comparison], boundary: Any) -> tuple[OverInstances, ...]:
    """Targets over instances with the energies of a boundary."""

    def at(row: Result) -> Result:
        run, prices, solved = row.run, row.prices, row.solution_prices
        if run is None or prices is None or solved is None or row.success is None:
            return row
        if prices.counted.boundary == boundary:
            return row
        found = price_solution(prices_at(prices, run, boundary), run, row.success, solved.counts, parts=False)
        return replace(row, ets_j=found.ets_j)

    return over_instances([replace(each, results=tuple(map(at, each.results))) for each in comparisons])


def _cells(row: OverInstances) -> list[Cell]:
    def spread(name: str, unit: str) -> Cell:
        found = getattr(row, name)
        if found is None:
            return None, "–", ""
        key = found.median if found.median is not None else None if found.bound is None else BEHIND_VALUES * found.bound
        return key, *spread_cell(found, unit)

    return [
        (float(row.instances), f"{row.instances} of {row.asked}", ""),
        (row.success, format_percent(row.success), ""),
        (row.unsolved, format_percent(row.unsolved), ""),
        spread("tts_s", "s"),
        spread("ets_j", "J"),
    ]


def _instance(comparison: Comparison, folder: str) -> dict[str, Any]:
    """One instance: what it is, the best answer and who found it, and who solves it with least energy."""
    problem, best = comparison.problem, comparison.best
    solved = [row for row in comparison.by_energy if row.ets_j is not None and row.ets_j.value is not None]
    read = [row for row in comparison.results if row.reads]
    least = (printable(solved[0].target), format_estimate(solved[0].ets_j, "J")[0]) if solved else ("–", "")
    found = "–" if best is None else format_number(best.best)
    gap = "" if best is None or best.gap is None else f"gap {format_percent(best.gap)}, {printable(best.target)}"
    known = format_number(problem.best_known) if problem.best_known is not None else "unknown"
    return {
        "name": printable(problem.name),
        "small": problem.kind,
        "href": f"{quote(folder)}/report.html",
        "cells": [
            ("Size", f"{problem.size:,}", ""),
            ("Best known", known, ""),
            ("Best found", found, gap),
            ("Solved by", f"{len(solved)} of {len(read)} targets", ""),
            ("Least energy", *least),
        ],
    }


def _conclusions(comparisons: Sequence[Comparison]) -> list[str]:
    rows = [row for row in over_instances(comparisons) if row.ets_j is not None and row.ets_j.median is not None]
    said = []
    for row in rows[:1]:
        energy = f"{printable(row.target)}, {spread_cell(row.ets_j, 'J')[0]}"
        where = f"over {row.instances} of {row.asked} instances"
        said.append(f"Least median energy to solution ({comparisons[0].boundary}): {energy}, {where}.")
    solved = sum(any(row.success and row.success.value for row in each.results) for each in comparisons)
    if comparisons[0].beta is None:
        said.append(f"{solved} of {len(comparisons)} instances were solved by one target at least.")
    return said


def _sizes(comparisons: Sequence[Comparison]) -> str:
    sizes = sorted(each.problem.size for each in comparisons)
    return f"size {sizes[0]:,}" if sizes[0] == sizes[-1] else f"sizes {sizes[0]:,} to {sizes[-1]:,}"
