"""The table of a comparison as CSV, Markdown or LaTeX, in the columns that papers print."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..plotting.numbers import format_estimate, format_number, format_percent, format_probability, printable

if TYPE_CHECKING:
    from ..estimate import Estimate
    from ..study import Comparison, Result

_PAPER = ("Target", "Reads", "Chips", "p", "95 % interval", "Best", "Gap", "TTS(99)", "range", "ETS(99)", "range")
_LATEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "µ": r"\textmu{}"}
_LATEX |= {each: f"\\{each}" for each in "&%$#_{}"} | {"–": "--", ">": r"\textgreater{}", "<": r"\textless{}"}


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

    def line(cells: tuple[str, ...]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    rows = [line(_cells(result)) for result in comparison.results]
    head = [line(_PAPER), f"|{'---|' + '---:|' * (len(_PAPER) - 1)}"]
    return "\n".join([*head, *rows, "", _meaning(comparison), ""])


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

    def line(cells: tuple[str, ...]) -> str:
        return f"{' & '.join(re.sub('.', lambda m: _LATEX.get(m[0], m[0]), cell) for cell in cells)} \\\\"

    rows = [line(_cells(result)) for result in comparison.results]
    body = ["\\toprule", line(_PAPER), "\\midrule", *rows, "\\bottomrule"]
    columns = f"l{'r' * (len(_PAPER) - 1)}"
    return "\n".join([f"% {_meaning(comparison)}", f"\\begin{{tabular}}{{{columns}}}", *body, "\\end{tabular}", ""])


TABLES: dict[str, Callable[[Comparison], str]] = {
    "csv": table_csv,
    "markdown": table_markdown,
    "latex": table_latex,
}
"""{format: function}."""


def _cells(result: Result) -> tuple[str, ...]:
    time, energy = format_estimate(result.time_to_solution, "s"), format_estimate(result.energy_to_solution, "J")
    chips = str(len(result.chips)) if result.chips else "–"
    name = printable(result.target) + (f" ({result.status})" if result.status != "ok" else "")
    name += " (forecast)" if result.forecast else ""
    best = (format_number(result.best), format_percent(result.gap))
    return (name, str(result.reads), chips, *format_probability(result.success), *best, *time, *energy)


def _meaning(comparison: Comparison) -> str:
    known = comparison.problem.best_known
    against = "no best value known" if known is None else f"best known {format_number(known)}"
    return printable(
        f"{comparison.problem.name}, size {comparison.problem.size}, {against}; p: pooled success of a read, its "
        "interval over chips; TTS, ETS: time and energy until a success with 99 %, of the median chip with the "
        "quartiles over chips where there are several, else with 95 % intervals; >: a bound"
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
    estimates: dict[str, Estimate | None] = {
        "success": result.success,
        "time_per_read_s": result.time_per_read_s,
        "energy_per_read_j": result.energy_per_read_j,
        "tts_s": result.tts_s,
        "ets_j": result.ets_j,
    }
    for name, each in estimates.items():
        for end in ("value", "low", "high"):
            found[name if end == "value" else f"{name}_{end}"] = getattr(each, end, None)
    for name, spread in {"tts_over_chips_s": result.tts_over_chips, "ets_over_chips_j": result.ets_over_chips}.items():
        for part in ("median", "low", "high", "bound", "never"):
            found[f"{name}_{part}"] = getattr(spread, part, None)
    return found
