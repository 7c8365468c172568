"""The page: one HTML file with everything in it, no network. The template and the script take all text as text.

A policy in its head lets run the one script of this package, by its hash, and forbids every connection. Without a
script the page shows the same numbers in the order of the energy to solution, at one boundary.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ..plotting.files import inline_svg
from ..plotting.numbers import format_number, format_percent, printable
from ..plotting.style import DARK, KIND_COLORS, SERIES_COLORS, css_name, series_color
from ..pricing import BOUNDARIES
from ..study.checkpoint import own_name
from ..study.result import Result
from .conclusions import conclusions
from .offered_files import named_files
from .page_front import front_of
from .page_prices import price_at_boundaries
from .page_sections import section_of, settings_of, sources_of
from .page_table import by_energy, cells_of, columns_of
from .sampling_text import SCORES, counts_states, sampling_note, shown_scores
from .table import status

if TYPE_CHECKING:
    from ..study import Comparison

_STATIC = 40  # rows that are there without the script, and that it shows at first

_KIND_MEANS = {
    "measured": "read off real hardware",
    "modelled": "computed from a physical model",
    "assumed": "a usual value, not checked for this device",
    "forecast": "a projection of its authors",
}


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
    problem, provenance = comparison.problem, comparison.provenance
    priced = [price_at_boundaries(result) for result in comparison.results]
    columns = columns_of(comparison)
    names = _file_names(comparison)
    rows, sections = [], []
    for k, result in enumerate(comparison.results):
        cells = {boundary: cells_of(result, priced[k].get(boundary), comparison) for boundary in BOUNDARIES}
        still = [
            (heading, cell)
            for heading, cell, other in zip(columns, cells["core"], cells["system+host"], strict=True)
            if cell == other and heading not in ("Known", "Energy a read")
        ]
        rows.append(_row(k, result, cells, [sources_of(priced[k][b]) if priced[k] else [] for b in BOUNDARIES]))
        about = section_of(result, still if result.reads else [], priced[k], names.get(k, []))
        sections.append({**about, **rows[k], "figure": _figure_name(result), "has_reads": result.reads > 0})
    first = "Energy to solution" if comparison.beta is None else "Energy a read"
    order = by_energy([row["by_boundary"] for row in rows], comparison.boundary, columns.index(first))
    shown = [k for k in order if rows[k]["state"] != "does-not-fit"]
    place = {k: number for number, k in enumerate(shown)}
    front = front_of(comparison, priced, BOUNDARIES)
    if front is not None:
        front["row"] = [place[k] for k in front["row"]]
    return page_text(
        columns=columns,
        sort=columns.index(first),
        boundaries=BOUNDARIES,
        boundary=BOUNDARIES.index(comparison.boundary),
        rows=[rows[k] for k in shown],
        front=front,
        figures=figures,
        sections=[sections[k] for k in shown],
        unfit=[sections[k] for k in order if k not in place],
        name=printable(problem.name),
        facts=_facts(comparison),
        warnings=[printable(note) for note in getattr(problem, "notes", ())],
        conclusions=conclusions(comparison),
        best=_figure_name(comparison.best) if comparison.best else None,
        beta=comparison.beta,
        score_note=sampling_note(comparison) if comparison.beta is not None else "",
        scores=[SCORES[name] for name in shown_scores(comparison)],
        counted=counts_states(comparison),
        reference="known" if problem.best_known is not None else "of this study",
        success_gap=format_percent(provenance.get("success_gap", 0.0)),
        provenance=provenance,
        over_chips=any(result.tts_over_chips or result.ets_over_chips for result in comparison.results),
        instances=[],
        one_chip=any(result.one_chip and result.reads for result in comparison.results),
        interrupted=comparison.interrupted,
    )


def page_text(
    *,
    columns: list[str],
    sort: int,
    boundaries: tuple[str, ...],
    boundary: int,
    rows: list[dict[str, Any]],
    front: dict[str, Any] | None,
    figures: Mapping[str, bytes],
    provenance: Mapping[str, Any],
    **said: Any,
) -> str:
    """Render a page from plain data.

    Parameters
    ----------
    columns : list of str
        Headings after that of the target.
    sort : int
        Column by which the rows are sorted.
    boundaries : tuple of str
        Boundaries that the page switches between.
    boundary : int
        The one that it opens with.
    rows : list of dict
        Rows in their order, as ``page_row`` makes them.
    front : dict or None
        Points, as ``front_of`` makes them.
    figures : dict of str to bytes
        SVG files by name.
    provenance : dict of str to object
        Where the numbers are from.
    **said : object
        What else the template shows.

    Returns
    -------
    str
        HTML text.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = files(__package__).joinpath("page")
    script, template = (folder.joinpath(name).read_text(encoding="utf-8") for name in ("script.js", "template.html"))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

    def figure(name: str, description: str) -> Markup | None:
        return Markup(inline_svg(figures[name], description)) if name in figures else None

    sent = ("id", "name", "small", "state", "color", "round", "reason", "settings", "sources", "cells")
    data = {
        "columns": columns,
        "sort": sort,
        "boundary": boundary,
        "rows": [{name: row[name] for name in sent if row[name]} for row in rows],
        "front": front,
    }
    return environment.from_string(template).render(
        style=Markup(page_style()),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        data=Markup(_embedded(data)),
        columns=columns,
        sort=sort,
        boundaries=boundaries,
        boundary=boundary,
        rows=rows[:_STATIC],
        count=len(rows),
        front=front,
        figure=figure,
        kinds=_KIND_MEANS,
        provenance=said_provenance(provenance),
        left_out=", ".join(map(printable, provenance.get("left_out", ()))),
        date=str(provenance.get("date", ""))[:10],
        **said,
    )


def page_style() -> str:
    """Return the style sheet of all pages, with colors for light and dark.

    Returns
    -------
    str
        CSS.
    """
    return _colors() + files(__package__).joinpath("page", "style.css").read_text(encoding="utf-8")


def page_row(k: int, name: str, cells: list[list[tuple[float | str | None, str, str]]], **about: Any) -> dict[str, Any]:
    """Collect what the table and the script need of a row.

    Parameters
    ----------
    k : int
        Number of its color.
    name : str
        Name; it is made printable.
    cells : list of list of cell
        Cells at each boundary; none of a row that has but a reason.
    **about : object
        "id" of its section, "small" and "state" for its status, "reason", "settings", "sources" by boundary.

    Returns
    -------
    dict of str to object
        Row.
    """
    row = {"id": "", "small": "", "state": "ok", "reason": "", "settings": "", "sources": [], **about}
    return {
        **row,
        "name": printable(name),
        "color": css_name(series_color(k)),
        "round": k % (2 * len(SERIES_COLORS)) // len(SERIES_COLORS),
        "cells": cells,
    }


def _row(k: int, result: Result, cells: Mapping[Any, Any], sources: list[list[str]]) -> dict[str, Any]:
    settings = ", ".join(f"{name} {text}" for name, text in settings_of(result).items())
    row = page_row(
        k, result.target, list(cells.values()) if result.reads else [], id=f"target-{k}", small=status(result),
        state=result.status.replace(" ", "-"), reason=printable(result.reason), settings=printable(settings),
        sources=sources,
    )  # fmt: skip
    return {**row, "by_boundary": cells}


def _facts(comparison: Comparison) -> list[str]:
    problem, said = comparison.problem, comparison.task_data()
    facts = [problem.kind, f"size {problem.size:,}"]
    if comparison.beta is not None:
        return [*facts, f"sampled at beta {comparison.beta:g}"]
    facts += [f"rule {said['rule']}"] if "rule" in said else []
    known = problem.best_known
    return [*facts, "best value unknown" if known is None else f"best known {format_number(known)}"]


def _figure_name(result: Result) -> str:
    return f"answer-{own_name(result.target)}"


def _file_names(comparison: Comparison) -> dict[int, list[str]]:
    """Names of the files that each target hands over, as they stand in the folder."""
    found: dict[int, list[str]] = {}
    for k, name, _ in named_files(comparison):
        found.setdefault(k, []).append(name)
    return found


def _embedded(data: Any) -> str:
    """JSON that no tag ends and no old JavaScript breaks: <, >, & and line separators are escaped."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return text.translate({ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})


def said_provenance(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Format provenance for a page.

    Parameters
    ----------
    data : dict of str to object
        Plain data.

    Returns
    -------
    list of (str, str)
        Names and texts of what is not None.
    """

    def said(value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(f"{name} {item}" for name, item in value.items())
        return value if isinstance(value, str) else json.dumps(value)

    return [(name.replace("_", " "), printable(said(value))) for name, value in data.items() if value is not None]


def _colors() -> str:
    """Write CSS variables of all colors in both schemes, and of the four kinds; paper is always light."""
    light = "".join(f"{css_name(color)}:{color};" for color in DARK)
    dark = "".join(f"{css_name(color)}:{other};" for color, other in DARK.items())
    kinds = "".join(f".{kind}{{--kind:var({css_name(color)})}}" for kind, color in KIND_COLORS.items())
    schemes = (
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}"
        f"@media screen{{:root[data-theme=dark]{{{dark}}}}}"
    )
    return f":root{{{light}}}{schemes}{kinds}\n"
