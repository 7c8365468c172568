"""Several instances in one report: the table over them, and results.json of all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..files.json_values import json_value
from ..plotting.numbers import format_estimate, format_percent, printable
from .results_json import SCHEMA, results_dict
from .table_layout import Column, RowName, print_columns
from .table_text import TABLES, latex_table, markdown_table, table_csv

if TYPE_CHECKING:
    from rich.console import Console

    from ..study import Comparison
    from ..study.over_chips import Spread
    from ..study.over_instances import OverInstances

_MEANING = (
    "over instances: to solution is the median over instances, below it the band from 25 to 75 %; > where the median "
    "instance was not solved; success: mean over instances; unsolved: share of the instances without a success"
)


def instances_dict(comparisons: Sequence[Comparison], provenance: dict[str, Any]) -> dict[str, Any]:
    """Return the plain data of ``results.json`` of several instances.

    Parameters
    ----------
    comparisons : sequence of Comparison
        One of each instance.
    provenance : dict of str to object
        Command and what else belongs to all of them.

    Returns
    -------
    dict of str to object
        Each instance as of one file, and each target over all instances.
    """
    from ..study.over_instances import over_instances

    return {
        "schema": SCHEMA,
        "instances": [results_dict(each) for each in comparisons],
        "over_instances": [json_value(vars(row)) for row in over_instances(comparisons)],
        "provenance": json_value(provenance),
    }


def instances_json(comparisons: Sequence[Comparison], provenance: dict[str, Any]) -> str:
    """Return the text of ``results.json`` of several instances.

    Parameters
    ----------
    comparisons : sequence of Comparison
        One of each instance.
    provenance : dict of str to object
        Command and what else belongs to all of them.

    Returns
    -------
    str
        JSON.
    """
    return json.dumps(instances_dict(comparisons, provenance), indent=2, allow_nan=False) + "\n"


def instances_text(comparisons: Sequence[Comparison], form: str) -> str:
    """Return all tables as CSV, Markdown or LaTeX.

    Parameters
    ----------
    comparisons : sequence of Comparison
        One of each instance.
    form : str
        "csv": one table, of which the first column is the instance; "markdown" or "latex": a table for each instance,
        and one over all.

    Returns
    -------
    str
        Text.
    """
    from ..study.over_instances import over_instances

    if form == "csv":
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        for k, each in enumerate(comparisons):
            names, *lines = csv.reader(io.StringIO(table_csv(each)))
            writer.writerows([["instance", *names]] if k == 0 else [])
            writer.writerows([printable(each.problem.name), *line] for line in lines)
        return stream.getvalue()
    head = ("Target", "Instances", "p, mean", "unsolved", "TTS(99)", "25–75 %", "ETS(99), core", "25–75 %", "ETS(99)",
            "25–75 %")  # fmt: skip
    cells = [
        (
            printable(row.target),
            f"{row.instances} of {row.asked}",
            format_percent(row.success),
            format_percent(row.unsolved),
            *spread_cell(row.tts_s, "s"),
            *spread_cell(row.core_ets_j, "J"),
            *spread_cell(row.ets_j, "J"),
        )
        for row in over_instances(comparisons)
    ]
    write = markdown_table if form == "markdown" else latex_table
    return "\n".join([*(TABLES[form](each) for each in comparisons), write(head, cells, _MEANING)])


def print_instances(comparisons: Sequence[Comparison], console: Console) -> None:
    """Print the table over instances.

    Parameters
    ----------
    comparisons : sequence of Comparison
        One of each instance.
    console : Console
        Terminal.
    """
    from rich.text import Text

    from ..study.over_instances import over_instances

    rows = [row for row in over_instances(comparisons) if row.instances]
    console.print(Text(f"{len(comparisons)} instances", style="bold"))
    if not rows:
        console.print(Text("no target solved any of them, or no best value is known"))
        return
    boundary = comparisons[0].boundary
    core = [Column("energy to\nsolution,\ncore", _cells(rows, "core_ets_j", "J"))] if boundary != "core" else []
    columns = [
        Column("instances", [[f"{row.instances} of {row.asked}"] for row in rows], 3),
        Column("success", [[format_percent(row.success)] for row in rows]),
        Column("unsolved", [[format_percent(row.unsolved)] for row in rows], 2),
        Column("time\nto solution", _cells(rows, "tts_s", "s")),
        *core,
        Column(f"energy to\nsolution,\n{boundary}", _cells(rows, "ets_j", "J")),
    ]
    print_columns(console, "target", [RowName(printable(row.target)) for row in rows], columns)
    console.print(Text(_MEANING, style="dim"))


def _cells(rows: Sequence[OverInstances], name: str, unit: str) -> list[list[str]]:
    return [list(spread_cell(getattr(row, name), unit)) for row in rows]


def spread_cell(spread: Spread | None, unit: str) -> tuple[str, str]:
    """Format the median, and the quartiles, of which the upper one may be infinite.

    Parameters
    ----------
    spread : Spread or None
        Spread over instances.
    unit : str
        Unit.

    Returns
    -------
    (str, str)
        Median and quartiles.
    """
    if spread is None:
        return "–", ""
    value, interval = format_estimate(spread.estimate, unit)
    if not interval and spread.low is not None and spread.high is None:
        low = format_estimate(type(spread.estimate)(spread.low, spread.low, spread.low), unit)[0]
        return value, f"{low}–∞"
    return value, interval
