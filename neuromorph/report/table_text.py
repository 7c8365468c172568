"""The table of a comparison as CSV, Markdown or LaTeX, in the columns that papers print."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..datum import KINDS
from ..plotting.numbers import (
    format_estimate,
    format_number,
    format_percent,
    format_probability,
    format_quantity,
    printable,
)

if TYPE_CHECKING:
    from ..estimate import Estimate
    from ..study import Comparison, Result

_PAPER = (
    "Target", "Reads", "Chips", "p", "95 % interval", "Best", "Gap", "TTS(99)", "5–95 %",
    "ETS(99), core", "5–95 %", "ETS(99)", "5–95 %", "Known", "At 1/s", "J/update",
)  # fmt: skip
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "µ": r"\textmu{}"}
_LATEX |= {each: f"\\{each}" for each in "&%$#_{}"} | {
    "–": "--",
    "∞": r"$\infty$",
    ">": r"\textgreater{}",
    "<": r"\textless{}",
}


def table_csv(comparison: Comparison) -> str:
    """Return the table as CSV, numbers in SI units and undefined ones empty.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    str
        One line a target, below the names of the columns.
    """
    stream = io.StringIO()
    rows = [_numbers(result) for result in comparison.results]
    writer = csv.DictWriter(stream, list(rows[0]) if rows else ["target"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)
    return stream.getvalue()


def table_markdown(comparison: Comparison) -> str:
    """Return the table as Markdown.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    str
        Table with its meaning below.
    """
    return markdown_table(_PAPER, [_cells(result) for result in comparison.by_energy], _meaning(comparison))


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]], meaning: str) -> str:
    """Return cells as a Markdown table, numbers on the right.

    Parameters
    ----------
    head : sequence of str
        Heading of each column.
    rows : sequence of sequence of str
        Cells of each row.
    meaning : str
        Sentence below the table.

    Returns
    -------
    str
        Markdown.
    """

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    rule = f"|{'---|' + '---:|' * (len(head) - 1)}"
    return "\n".join([line(head), rule, *map(line, rows), "", meaning, ""])


def table_latex(comparison: Comparison) -> str:
    """Return the table as LaTeX, for the package booktabs.

    Parameters
    ----------
    comparison : Comparison
        Results.

    Returns
    -------
    str
        A ``tabular`` with its meaning as a comment.
    """
    return latex_table(_PAPER, [_cells(result) for result in comparison.by_energy], _meaning(comparison))


def latex_table(head: Sequence[str], rows: Sequence[Sequence[str]], meaning: str) -> str:
    """Return cells as a LaTeX table, for the package booktabs.

    Parameters
    ----------
    head : sequence of str
        Heading of each column.
    rows : sequence of sequence of str
        Cells of each row.
    meaning : str
        Sentence, as a comment.

    Returns
    -------
    str
        A ``tabular``.
    """

    def line(cells: Sequence[str]) -> str:
        return f"{' & '.join(re.sub('.', lambda m: _LATEX.get(m[0], m[0]), cell) for cell in cells)} \\\\"

    body = ["\\toprule", line(head), "\\midrule", *map(line, rows), "\\bottomrule"]
    columns = f"l{'r' * (len(head) - 1)}"
    return "\n".join([f"% {meaning}", f"\\begin{{tabular}}{{{columns}}}", *body, "\\end{tabular}", ""])


TABLES: dict[str, Callable[[Comparison], str]] = {
    "csv": table_csv,
    "markdown": table_markdown,
    "latex": table_latex,
}
"""{format: function}."""


def _cells(result: Result) -> tuple[str, ...]:
    time, energy = format_estimate(result.tts_s, "s"), format_estimate(result.ets_j, "J")
    core = format_estimate(result.core_ets_j, "J")
    chips = str(len(result.chips)) if result.chips else "–"
    name = printable(result.target) + (f" ({result.status})" if result.status != "ok" else "")
    name += " (forecast)" if result.forecast else ""
    best = (format_number(result.best), format_percent(result.gap))
    spent = (*time, *core, *energy, *_about_prices(result))
    return (name, str(result.reads), chips, *format_probability(result.success), *best, *spent)


def _about_prices(result: Result) -> tuple[str, str, str]:
    """How the energy is known, joules an answer at one question a second, joules of a unit of work."""
    prices, solved = result.prices, result.solution_prices
    known = {} if prices is None else prices.known
    told = ", ".join(f"{kind} {format_percent(share)}" for kind, share in known.items() if share >= 0.005)
    standby = None if solved is None else solved.standby
    work = prices.work[0] if prices is not None and prices.work else None
    return (
        told or "–",
        "–" if standby is None else format_quantity(standby.energy_j, "J", 2),
        "–" if work is None or work.energy_j is None else f"{format_quantity(work.energy_j, 'J', 2)}/{work.unit}",
    )


def _meaning(comparison: Comparison) -> str:
    against = f"best known {format_number(comparison.problem.best_known)}"
    if comparison.problem.best_known is None:
        found = comparison.best_of_study
        best = "" if found is None else f", measured by the best of this study, {format_number(found)}"
        against = f"no best value known{best}"
    return printable(
        f"{comparison.problem.name}, size {comparison.problem.size}, {against}; p: pooled success of a read, its "
        "interval over chips; TTS, ETS: time and energy until a success with 99 %, medians over what is not known of "
        f"prices and reads with the band from 5 to 95 %, ETS at the boundary {comparison.boundary} and at the core; "
        "Known: shares of the energy; At 1/s: an answer at one question a second, with the waiting; >: a bound"
    )


def _numbers(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = {
        "target": printable(result.target),
        "status": result.status,
        "forecast": bool(result.forecast),
        "reads": result.reads,
        "chips": len(result.chips) or None,
        "feasible_fraction": result.feasible_fraction,
        "best": result.best,
        "gap": result.gap,
    }
    names = (
        "success",
        "time_per_read_s",
        "energy_per_read_j",
        "core_energy_per_read_j",
        "tts_s",
        "ets_j",
        "core_ets_j",
    )
    estimates: dict[str, Estimate | None] = {name: getattr(result, name) for name in names}
    for name, each in estimates.items():
        for end in ("value", "low", "high"):
            found[name if end == "value" else f"{name}_{end}"] = getattr(each, end, None)
    for name, spread in {"tts_over_chips_s": result.tts_over_chips, "ets_over_chips_j": result.ets_over_chips}.items():
        for part in ("median", "low", "high", "bound", "never"):
            found[f"{name}_{part}"] = getattr(spread, part, None)
    prices, solved = result.prices, result.solution_prices
    standby = None if solved is None else solved.standby
    work = prices.work[0] if prices is not None and prices.work else None
    time = result.time_per_read_s
    return {
        **found,
        "latency_s": result.latency_s,
        "throughput_hz": None if time is None or not time.value else 1.0 / time.value,
        "ets_share_of_prices": None if solved is None else solved.energy_share_of_prices,
        **{f"known_{kind}": None if prices is None else prices.known[kind] for kind in KINDS},
        "needs": None if prices is None else " ".join(prices.needs),
        "standby_j": getattr(standby, "energy_j", None),
        "standby_keeps_up": getattr(standby, "keeps_up", None),
        "work_unit": getattr(work, "unit", None),
        "work_per_second": getattr(work, "per_second", None),
        "work_energy_j": getattr(work, "energy_j", None),
    }
