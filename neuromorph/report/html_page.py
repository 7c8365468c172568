"""The page: one HTML file with everything in it, no script, no network. The template escapes all text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, get_args

from ..cost import Entry, Ledger
from ..datum import Kind
from ..estimate import Estimate
from ..plotting.files import inline_svg
from ..plotting.numbers import (
    format_estimate,
    format_number,
    format_percent,
    format_probability,
    format_quantity,
    printable,
    significant,
)
from ..plotting.style import DARK, KIND_COLORS, css_name, series_color
from ..study.checkpoint import own_name
from ..study.result import Result
from .conclusions import conclusions
from .sampling_text import SCORES, counts_states, format_score, sampling_note, shown_scores
from .table import status

if TYPE_CHECKING:
    from ..study import Comparison


def render_page(comparison: Comparison, figures: Mapping[str, bytes]) -> str:
    """Render the page of a comparison.

    Parameters
    ----------
    comparison : Comparison
        Results.
    figures : dict of str to bytes
        SVG files by name: "pareto" or "sampling", "energy", "answer-<target>".

    Returns
    -------
    str
        HTML text.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files(__package__)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(folder.joinpath("page.html").read_text(encoding="utf-8"))

    def figure(name: str, description: str) -> Markup | None:
        return Markup(inline_svg(figures[name], description)) if name in figures else None

    problem = comparison.problem
    return template.render(
        style=Markup(_colors() + folder.joinpath("page.css").read_text(encoding="utf-8")),
        problem=problem,
        name=printable(problem.name),
        size=f"{problem.size:,}",
        best_known=format_number(problem.best_known),
        conclusions=conclusions(comparison),
        notes=[printable(note) for note in getattr(problem, "notes", ())],
        best=_figure_name(comparison.best) if comparison.best else None,
        task=_task(comparison),
        beta=comparison.beta,
        boundary=comparison.boundary,
        columns=[label for label, *_ in _columns(None, comparison)],
        score_note=sampling_note(comparison) if comparison.beta is not None else "",
        scores=[(SCORES[name][0], SCORES[name][1]) for name in shown_scores(comparison)],
        counted=counts_states(comparison),
        rows=[_row(k, result, comparison) for k, result in enumerate(comparison.results)],
        figure=figure,
        kinds=_KIND_MEANS,
        success_gap=format_percent(comparison.provenance.get("success_gap", 0.0)),
        provenance=_provenance(comparison.provenance),
        date=str(comparison.provenance.get("date", ""))[:10],
        over_chips=any(each.tts_over_chips or each.ets_over_chips for each in comparison.results),
        one_chip=any(result.one_chip and result.reads for result in comparison.results),
        interrupted=comparison.interrupted,
    )


_KIND_MEANS = {
    "measured": "read off real hardware",
    "modelled": "computed from a physical model",
    "assumed": "a usual value, not checked for this device",
    "forecast": "a projection of its authors",
}


def _row(k: int, result: Result, comparison: Comparison) -> dict[str, Any]:
    """Collect everything the template shows of one target, as text."""
    ledger = result.ledger
    shares = {} if ledger is None else {kind: ledger.energy_per_read(kind=kind).value or 0.0 for kind in get_args(Kind)}
    total = sum(shares.values())
    return {
        "id": f"target-{k}",
        "figure": _figure_name(result),
        "name": printable(result.target),
        "summary": printable(result.summary),
        "color": css_name(series_color(k)),
        "status": status(result),
        "state": result.status.replace(" ", "-"),
        "reason": printable(result.reason),
        "numbers": _columns(result, comparison),
        "shares": [(kind, format_percent(part / total)) for kind, part in shares.items() if part > 0],
        "entries": []
        if ledger is None
        else [
            *(_entry(entry, ledger, "J", total) for entry in ledger.entries),
            *(_entry(entry, ledger, "s") for entry in ledger.times),
        ],
        "core": format_estimate(ledger.energy_per_read("core") if ledger else None, "J")[0],
        "system": format_estimate(ledger.energy_per_read("system") if ledger else None, "J")[0],
        "mapping_error": None if result.mapping_error is None else format_percent(result.mapping_error),
        "notes": [printable(note) for note in result.notes],
        "has_reads": result.reads > 0,
    }


def _columns(result: Result | None, comparison: Comparison) -> list[tuple[str, str, str]]:
    """(heading, value, interval) of each column of the table; of no result, for the headings."""
    at = Result("", "ok") if result is None else result
    spent = [
        ("Time a read", *format_estimate(at.time_per_read_s, "s")),
        ("Energy a read", *format_estimate(at.energy_per_read_j, "J")),
    ]
    if comparison.beta is not None:
        fields = {name: SCORES[name][0] for name in shown_scores(comparison)}
        found = {name: format_score(getattr(at.sampling, name, None)) for name in fields}
        return [(f"{label[0].upper()}{label[1:]}", *found[name]) for name, label in fields.items()] + spent
    return [
        ("Feasible", format_percent(at.feasible_fraction), ""),
        ("Best", format_number(at.best), ""),
        ("Gap", format_percent(at.gap), f"median {format_percent(at.gap_median)}" if at.gap_median else ""),
        ("Success a read", *format_probability(at.success)),
        *spent,
        ("Time to solution", *format_estimate(at.time_to_solution, "s")),
        ("Energy to solution", *format_estimate(at.energy_to_solution, "J")),
    ]


def _task(comparison: Comparison) -> str:
    """Return ``sampled at beta 0.7``; for a memory, its rule; else nothing."""
    said = comparison.task_data()
    if comparison.beta is not None:
        return f"sampled at beta {comparison.beta:g}"
    return f"rule {said['rule']}" if "rule" in said else ""


def _figure_name(result: Result) -> str:
    return f"answer-{own_name(result.target)}"


def _entry(entry: Entry, ledger: Ledger, si: str, total: float = 0.0) -> dict[str, Any]:
    unit, shared = entry.unit, ledger.chips if entry.once else ledger.reads
    each, interval = format_estimate(Estimate(unit.value, unit.low, unit.high), unit.unit.replace("^2", "²"))
    count = entry.count / shared
    share = (entry.total.value or 0.0) / shared / total if total else 0.0
    seconds = (
        format_quantity(count, "s") if count < 120 else f"{significant(count, 3)} s"
    )  # summed over parts: no minutes
    return {
        "what": printable(entry.what),
        "scope": entry.scope,
        "count": seconds if unit.unit in ("W", "s/s") else significant(count, 3),
        "unit": each,
        "range": interval,
        "total": format_quantity((entry.total.value or 0.0) / shared, si, 2),
        "share": "once a programming" if entry.once else format_percent(share) if total else "time",
        "kind": entry.kind,
        "source": printable(entry.source),
    }


def _provenance(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    def said(value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(f"{name} {item}" for name, item in value.items())
        return value if isinstance(value, str) else json.dumps(value)

    return [(name.replace("_", " "), printable(said(value))) for name, value in data.items() if value is not None]


def _colors() -> str:
    """Write CSS variables of all colors in both schemes, and of the four kinds."""
    light = "".join(f"{css_name(color)}:{color};" for color in DARK)
    dark = "".join(f"{css_name(color)}:{other};" for color, other in DARK.items())
    kinds = "".join(f".{kind}{{--kind:var({css_name(color)})}}" for kind, color in KIND_COLORS.items())
    return f":root{{{light}}}@media (prefers-color-scheme:dark){{:root{{{dark}}}}}{kinds}\n"
