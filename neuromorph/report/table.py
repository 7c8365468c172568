"""The tables that a terminal shows."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..datum import Datum
from ..estimate import Estimate
from ..plotting.numbers import format_estimate, format_number, printable
from ..study.proven_bound import bound_sentence, meets_bound
from .conclusions import energy_sentences
from .mapping_text import mapping_sentence
from .sampling_text import sampling_note
from .table_columns import row_name, sampling_columns, solving_columns
from .table_columns import status as status
from .table_layout import print_columns

if TYPE_CHECKING:
    from rich.console import Console

    from ..study import Comparison, Result

ONE_CHIP = "one chip: drawn once, and its ranges are over reads of it; another chip may do far better or worse"
OVER_CHIPS = "never: chips without a success; chip: what a solution takes on the median chip, > where it has none"
SOLUTION = (
    "to solution: until a success is found with 99 %, a new chip for each read; medians over what is not known of "
    "prices and of reads, with the band from 5 to 95 %; success: 95 % interval; doubt from prices: their share of the "
    "variance, the rest is reads and chips"
)
_BOUNDARY_MEANS = {
    "core": "core: what computes, without converters, control, supply and host",
    "chip": "chip: with converters, memories, control and static power, without supply, cooler and host",
    "system": "system: with supply, cooler and instruments, without a host; a CPU is a host and counts as one",
    "system+host": "system+host: with supply, cooler, instruments and the same host for each row; a CPU is a host",
}


def print_comparison(comparison: Comparison, console: Console, why: bool = False, notes: bool = True) -> None:
    """Print the table of a comparison, and below it why a target has few numbers or none.

    Rows stand by rising energy to solution, those of sampling as asked for. Names of files are text, never markup.

    Parameters
    ----------
    comparison : Comparison
        Results.
    console : Console
        Terminal.
    why : bool
        Whether the targets that do not fit say why, instead of only their names, and others what they hold instead
        of what was asked.
    notes : bool
        Whether to say below what the columns mean.
    """
    ordered = comparison.results if comparison.beta is not None else comparison.by_energy
    rows = [row for row in ordered if row.fits]
    _print_text(title(comparison), console, "bold")
    for said in comparison.beaten:
        _print_text(said, console, "yellow")
    if comparison.proven_bound is not None:
        _print_text(bound_sentence(comparison.problem, comparison.proven_bound, comparison.best_of_study), console)
    if rows:
        columns = (
            solving_columns(rows, comparison.boundary)
            if comparison.beta is None
            else sampling_columns(comparison, rows)
        )
        print_columns(console, "target", [row_name(row) for row in rows], columns)
    for row in rows:
        for said in (row.reason, tuning(row), row.forecast and f"a forecast: {row.forecast}", *row.warnings):
            _print_said(row, said, console)
        if why:
            _print_said(row, mapping_sentence(row.mapping), console)
    folded = [row for row in comparison.results if not row.fits]
    if folded and (why or not rows):
        for row in folded:
            _print_said(row, row.reason, console)
    elif folded:
        names = ", ".join(printable(row.target) for row in folded)
        _print_text(f"not for this task or size: {names}; --why shows the reasons", console)
    if left_out := comparison.provenance.get("left_out"):
        _print_text(f"left out, --all shows them: {', '.join(left_out)}", console)
    for sentence in energy_sentences(comparison):
        _print_text(sentence, console)
    for note in _notes(comparison, rows) if notes else ():
        _print_text(note, console, "dim")


def title(comparison: Comparison) -> str:
    """Say what was compared, and by what answers are measured.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    str
        One line.
    """
    problem = comparison.problem
    rule = comparison.task_data().get("rule", "hebb")
    kind = problem.kind if rule == "hebb" else f"{problem.kind} by {rule}"
    kind += f", E = {meaning}" if (meaning := getattr(problem, "meaning", "")) else ""
    about = f"{printable(problem.name)} · {kind} · size {problem.size:,}"
    if comparison.beta is not None:
        return f"{about} · sampled at beta {comparison.beta:g}"
    if problem.best_known is not None:
        return f"{about} · best known {format_number(problem.best_known)}"
    if comparison.best_of_study is not None:
        return f"{about} · best value unknown; best of this study {format_number(comparison.best_of_study)}"
    return f"{about} · best value unknown"


def _notes(comparison: Comparison, rows: Sequence[Result]) -> list[str]:
    """Explain the columns."""
    if comparison.beta is not None:
        notes = [sampling_note(comparison)]
    elif comparison.known is None:
        notes = ["gap, success and what a solution takes need a feasible answer, or --best-known"]
    else:
        notes = [SOLUTION]
        if comparison.best_of_study is not None and not meets_bound(comparison.best_of_study, comparison.proven_bound):
            notes.append(
                "no best value is known: gap and success are of the best that this study found, and a better answer "
                "lowers them; give --best-known"
            )
    if any(row.prices is not None for row in rows):
        host = comparison.provenance.get("host_power")
        power = f"; host: {_host(host)}" if comparison.boundary == "system+host" and isinstance(host, dict) else ""
        notes.append(f"{_BOUNDARY_MEANS[comparison.boundary]}{power}")
    if comparison.beta is None and any(row.tts_over_chips or row.ets_over_chips for row in rows):
        notes.append(OVER_CHIPS)
    if any(row.one_chip and row.reads for row in rows):
        notes.append(ONE_CHIP)
    return notes


def _host(power: dict[str, Any]) -> str:
    host = Datum(**power)
    value, interval = format_estimate(Estimate(host.value, host.low, host.high), "W")
    return f"{value} ({interval}), --cost replaces it"


def _print_text(said: str, console: Console, style: str = "") -> None:
    """Print a sentence whose lines do not end within a number and its unit, which hard spaces join."""
    from rich.text import Text

    clean = "\u00a0".join(map(printable, said.split("\u00a0")))
    lines = textwrap.fill(clean, console.width, break_long_words=False, break_on_hyphens=False)
    console.print(Text(lines.replace("\u00a0", " "), style=style))


def _print_said(row: Result, said: str, console: Console) -> None:
    from rich.text import Text

    if said:
        console.print(Text.assemble((printable(row.target), "bold"), ": ", printable(said)))


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
