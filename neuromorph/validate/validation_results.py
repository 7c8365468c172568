"""Results of checks as a terminal table and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, isfinite, log10
from typing import TYPE_CHECKING, Any

from ..files.json_values import json_value
from ..files.printable import printable
from ..plotting.numbers import format_number, format_quantity, significant
from .check import AGREES, DIFFERS, FAILED, MISSING, WITHIN, PublishedCheck
from .runner import VERDICTS, CheckRun

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA = 1
NOTE = "Intervals are 99 % where something is drawn: of a hundred that agree one is said to differ by chance"
_SHORT = {WITHIN: "within band"}  # of the terminal, which is narrow
_STYLES = {AGREES: "green", WITHIN: "green", DIFFERS: "bold red", MISSING: "yellow", FAILED: "bold red"}


def validation_dict(runs: Iterable[CheckRun], provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return results as plain data for JSON.

    Parameters
    ----------
    runs : iterable of CheckRun
        Results.
    provenance : dict of str to object
        Seed, command, versions and machine.

    Returns
    -------
    dict of str to object
        "schema", "checks" with their rows, "verdicts", a count of each, "cpu_s", and "provenance".
    """
    done = tuple(runs)
    checks = [
        {
            "name": run.name, "title": run.title, "status": run.status, "reason": run.reason,
            "cpu_s": round(run.cpu_s, 3), "rows": [check.to_dict() for check in run.checks],
        }
        for run in done
    ]  # fmt: skip
    counted = verdict_counts(done)
    spent = round(sum(run.cpu_s for run in done), 3)
    found = {"schema": SCHEMA, "checks": checks, "verdicts": counted, "cpu_s": spent, "provenance": provenance}
    return dict(json_value(found))


def verdict_counts(runs: Sequence[CheckRun]) -> dict[str, int]:
    """Count each verdict.

    Parameters
    ----------
    runs : sequence of CheckRun
        Results.

    Returns
    -------
    dict of str to int
        Rows by verdict, 0 where there is none.
    """
    counted = Counter(verdict for run in runs for verdict in run.verdicts)
    return {verdict: counted[verdict] for verdict in VERDICTS}


def summary_line(runs: Sequence[CheckRun]) -> str:
    """Summarize verdicts in one line.

    Parameters
    ----------
    runs : sequence of CheckRun
        Results.

    Returns
    -------
    str
        Sentence.
    """
    counted = verdict_counts(runs)
    told = ", ".join(f"{verdict} {count}" for verdict, count in counted.items() if count)
    spent = sum(run.cpu_s for run in runs)
    return f"{sum(counted.values())} quantities: {told or 'none'}; {spent:.0f} s of CPU"


def row_texts(check: PublishedCheck) -> tuple[str, str, str]:
    """Format a row.

    Parameters
    ----------
    check : PublishedCheck
        Row.

    Returns
    -------
    published, ours, interval : str
        Texts; the interval is empty where there is none.
    """
    width = check.interval[1] - check.interval[0] if check.interval else 0.0
    size = abs(check.ours) if isfinite(check.ours) and check.ours else 1.0
    digits = min(7, max(3, ceil(log10(size / width)) + 2)) if 0.0 < width < float("inf") else 6
    published = f"{check.published:,.7g}" if not check.unit else _quantity(check.published, check.unit, max(4, digits))
    ends = "" if check.interval is None else _joined(*(_quantity(end, check.unit, digits) for end in check.interval))
    return published, _quantity(check.ours, check.unit, digits), ends


def _joined(low: str, high: str) -> str:
    """Join two ends, with their unit once if it is the same."""
    (first, _, unit), (_, _, other) = low.partition("\u00a0"), high.partition("\u00a0")
    return f"{first if unit == other else low} to {high}"


def _deviation(check: PublishedCheck) -> str:
    """Return how far ours is from what was published, where no interval says so."""
    if check.unit == "%" or check.published == 0.0 or not isfinite(check.ours):
        return ""
    percent = 100.0 * (check.ours - check.published) / abs(check.published)
    return f"{percent:+.3g}\u00a0%" if abs(percent) >= 0.01 else ""


def _quantity(value: float, unit: str, digits: int) -> str:
    if not isfinite(value):
        return "–"
    if not unit:
        return format_number(value) if value == round(value) else significant(value, digits)
    if unit == "%":
        return f"{significant(value, 3)}\u00a0%"
    text, _, name = format_quantity(value, unit, digits).partition(" ")
    return f"{float(text.replace(',', '')):.10g}\u00a0{name}"  # data sheets say 20 V, not 20.00 V


def print_validation(runs: Sequence[CheckRun], console: Console) -> None:
    """Print the table of results.

    Parameters
    ----------
    runs : sequence of CheckRun
        Results.
    console : Console
        Terminal.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    table.add_column("Quantity and source", ratio=1)
    for heading in ("Published", "Ours", "Verdict"):
        table.add_column(heading, justify="left" if heading == "Verdict" else "right", no_wrap=heading != "Verdict")
    for run in runs:
        for check in run.checks:
            published, ours, ends = row_texts(check)
            below = ends or _deviation(check)
            told = Text.assemble(ours, (f"\n{below}", "dim")) if below else Text(ours)
            table.add_row(
                Text.assemble(printable(check.quantity), (f"\n{printable(check.source)}", "dim")),
                published, told, Text(_SHORT.get(check.verdict, check.verdict), style=_STYLES[check.verdict]),
            )  # fmt: skip
        if run.status != "ok":
            name = Text.assemble(run.name, (f"\n{printable(run.reason)}", "dim"))
            table.add_row(name, "", "", Text(run.status, style=_STYLES.get(run.status, "")))
    console.print(table)
    console.print(Text(f"{summary_line(runs)}. {NOTE}; within band: of what was published."))
