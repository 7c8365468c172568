"""The tables that a terminal shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any

from ..estimate import Estimate
from ..plotting.numbers import format_estimate, format_number, format_percent, format_probability, printable
from .sampling_text import SCORES, format_score, sampling_note, shown_scores

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from ..study import Comparison, Result

_STYLES = {"ok": "green", "time limit": "yellow", "interrupted": "yellow", "does not fit": "dim", "failed": "red"}
_WIDE = 108  # columns of a terminal that hold the two of a single read beside the others
_WIDEST = 132  # those of all scores of sampling
_TIGHT = 90  # below, cells are broken: a number that is cut off is another number
_LABEL = 26  # letters of a target on one line
_NARROW = 72  # below, two columns are left to results.json

ONE_CHIP = "one chip: drawn once, and its ranges are over reads of it; another chip may do far better or worse"
OVER_CHIPS = (
    "chips: success is pooled over them, its interval holds over chips; to solution of the median chip, its range the "
    "middle half of the chips; pooled: a new chip for each read"
)


def print_comparison(comparison: Comparison, console: Console) -> None:
    """Print the table of a comparison, and below it why a target has few numbers or none.

    Names of files are text, never markup.

    Parameters
    ----------
    comparison : Comparison
        Results.
    console : Console
        Terminal.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    if comparison.beta is not None:
        _print_sampling(comparison, console)
        return
    problem = comparison.problem
    known = "best value unknown" if problem.best_known is None else f"best known {format_number(problem.best_known)}"
    rule = comparison.task_data().get("rule", "hebb")
    kind = problem.kind if rule == "hebb" else f"{problem.kind} by {rule}"
    kind += f", E = {meaning}" if (meaning := getattr(problem, "meaning", "")) else ""
    console.print(Text(f"{printable(problem.name)} · {kind} · size {problem.size:,} · {known}", style="bold"))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    tight = console.width < _TIGHT
    table.add_column("target", no_wrap=not tight, overflow="fold", max_width=18 if tight else None)
    headings = ["feasible", "best", "gap", "success", "time\nto solution", "energy\nto solution"]
    if console.width >= _WIDE:
        headings[4:4] = ["time\na read", "energy\na read"]
    shown = [name not in ("feasible", "success") or console.width >= _NARROW for name in headings]
    for heading in compress(headings, shown):
        table.add_column(heading, justify="right", no_wrap=not tight, overflow="fold")
    for row in comparison.results:
        columns = [
            (format_percent(row.feasible_fraction), ""),
            (format_number(row.best), ""),
            (format_percent(row.gap), ""),
            _success(row),
            _to_solution(row.time_to_solution, row.tts_s, row, "s"),
            _to_solution(row.energy_to_solution, row.ets_j, row, "J"),
        ]
        if console.width >= _WIDE:
            columns[4:4] = [format_estimate(row.time_per_read_s, "s"), format_estimate(row.energy_per_read_j, "J")]
        _add_row(table, row, list(compress(columns, shown)))
    console.print(table)
    _print_reasons(comparison, console)
    if problem.best_known is None:
        console.print("gap, success and what a solution takes need a best known value: give --best-known", style="dim")
    else:
        console.print("to solution: until a success is found with 99 %; ranges are 95 % intervals", style="dim")
    _print_chips(comparison, console)


def _print_chips(comparison: Comparison, console: Console) -> None:
    """Print what chips mean in the table, if there are any."""
    if any(row.tts_over_chips or row.ets_over_chips for row in comparison.results):
        console.print(OVER_CHIPS, style="dim")
    if any(row.one_chip and row.reads for row in comparison.results):
        console.print(ONE_CHIP, style="dim")


def _success(row: Result) -> tuple[str, str]:
    """Format the pooled success with its interval, and how many chips never succeed."""
    value, interval = format_probability(row.success)
    never = sum(chip.successes == 0 for chip in row.chips)
    if len(row.chips) < 2 or row.success is None or not never:
        return value, interval
    return value, f"{interval}\n{never} of {len(row.chips)} chips never"


def _to_solution(shown: Estimate | None, pooled: Estimate | None, row: Result, unit: str) -> tuple[str, str]:
    """Format what a solution takes: of the median chip where there are several, the pooled value below it."""
    value, interval = format_estimate(shown, unit)
    if row.tts_over_chips or row.ets_over_chips:
        interval = f"{interval or ' '}\npooled {format_estimate(pooled, unit)[0]}"
    return value, interval


def _broken(label: str) -> str:
    """Break a target with its parameters into lines that leave room for numbers."""
    lines = [""]
    for part in re.findall(r"[^,(]+[,(]?|[,(]", label):
        if lines[-1] and len(lines[-1]) + len(part) > _LABEL:
            lines.append("  ")
        lines[-1] += part
    return "\n".join(lines)


def _print_sampling(comparison: Comparison, console: Console) -> None:
    """Print the table of a sampling task: divergence, or its substitute in large models."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    problem = comparison.problem
    title = f"{printable(problem.name)} · {problem.kind} · size {problem.size:,} · sampled at beta {comparison.beta:g}"
    console.print(Text(title, style="bold"))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    tight = console.width < _TIGHT
    table.add_column("target", no_wrap=not tight, overflow="fold", max_width=18 if tight else None)
    shown = shown_scores(comparison)
    if console.width < _WIDEST and "kl" in shown:
        shown.remove("magnetization_error")
    spent = ["time", "energy"] if console.width >= _TIGHT else []
    for name in (*shown, *spent):
        heading = SCORES[name][0] if name in SCORES else f"{name} a read"
        table.add_column(heading.replace(" ", "\n", 1), justify="right", no_wrap=not tight, overflow="fold")
    for row in comparison.results:
        columns = [format_score(getattr(row.sampling, name, None)) for name in shown]
        if spent:
            columns += [format_estimate(row.time_per_read_s, "s"), format_estimate(row.energy_per_read_j, "J")]
        _add_row(table, row, columns)
    console.print(table)
    _print_reasons(comparison, console)
    console.print(Text(sampling_note(comparison), style="dim"))
    _print_chips(comparison, console)


def _add_row(table: Table, row: Result, columns: Sequence[tuple[str, str]]) -> None:
    from rich.text import Text

    name = Text.assemble(_broken(printable(row.target)), "\n", (status(row), _STYLES[row.status]))
    table.add_row(name, *(Text.assemble(value, "\n", (interval, "dim")) for value, interval in columns))


def tuning(row: Result) -> str:
    """Describe how the read length was chosen, and what that took.

    Parameters
    ----------
    row : Result
        Result of a target.

    Returns
    -------
    str
        Sentence; empty where it was not chosen.
    """
    curve = row.read_length
    if curve is None or not curve.points:
        return ""
    spent = [
        format_estimate(Estimate(each, each, each), unit)[0]
        for each, unit in ((curve.tuning_time_s, "s"), (curve.tuning_energy_j, "J"))
        if each
    ]
    took = " and ".join(spent) or "nothing that is priced"
    return (
        f"read length: {curve.parameter} = {curve.length:.4g} of {len(curve.points)} that were tried (default "
        f"{curve.default:.4g}), on {curve.tuning_reads:,} training reads that took {took}"
    )


def _print_reasons(comparison: Comparison, console: Console) -> None:
    from rich.text import Text

    for row in comparison.results:
        for said in (row.reason, tuning(row), row.forecast and f"a forecast: {row.forecast}", *row.warnings):
            if said:
                console.print(Text.assemble((printable(row.target), "bold"), ": ", printable(said)))


def status(result: Result) -> str:
    """Describe the status of a result.

    Parameters
    ----------
    result : Result
        Result of a target.

    Returns
    -------
    str
        ``ok, 50 reads, 10 chips``; for a target that never read, only its status.
    """
    reads = f", {result.reads} read{'s' * (result.reads != 1)}" if result.reads else ""
    chips = ", one chip" if result.one_chip else f", {len(result.chips)} chips" if len(result.chips) > 1 else ""
    forecast = ", forecast" if result.forecast else ""
    return f"{result.status}{reads}{chips if result.reads else ''}{forecast}"


def print_rows(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a plain table; its content is text, never markup.

    Parameters
    ----------
    headings : sequence of str
        Heading of each column.
    rows : sequence of sequence of object
        Cells of each row.
    """
    cells = [list(headings), *([printable(str(cell)) for cell in row] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(headings))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
