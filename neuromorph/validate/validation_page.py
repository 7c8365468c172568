"""The page of a validation: one HTML file with everything in it, without a script, no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from math import isfinite
from typing import Any

from ..files.printable import printable
from ..report.html_page import page_style, said_provenance
from .check import AGREES, DIFFERS, FAILED, MISSING, WITHIN, PublishedCheck
from .runner import CheckRun
from .validation_results import NOTE, row_texts, summary_line

VERDICT_MEANINGS = {
    AGREES: "the published value lies in our 99 % interval; where nothing is drawn, both are the same number; "
    "where theirs is a sample of runs as ours is, the difference could be chance",
    WITHIN: "it does not, but ours lies in the uncertainty, range or rounding of what was published",
    DIFFERS: "neither",
    MISSING: "an engine or a package is missing",
    FAILED: "the check ended with an error",
}


def render_validation_page(
    runs: Sequence[CheckRun], provenance: Mapping[str, Any], *, interrupted: bool = False
) -> str:
    """Render the page of a validation.

    Parameters
    ----------
    runs : sequence of CheckRun
        Results.
    provenance : dict of str to object
        Seed, command, versions and machine.
    interrupted : bool
        Whether some checks were not run.

    Returns
    -------
    str
        HTML text.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = files(__package__).joinpath("page", "validation.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        style=Markup(page_style()),
        runs=[{"run": run, "reason": printable(run.reason), "rows": [_row(c) for c in run.checks]} for run in runs],
        summary=summary_line(runs),
        note=NOTE,
        meanings=VERDICT_MEANINGS,
        interrupted=interrupted,
        provenance=said_provenance(provenance),
        date=str(provenance.get("date", ""))[:10],
    )


def _row(check: PublishedCheck) -> dict[str, Any]:
    published, ours, ends = row_texts(check)
    return {
        "quantity": printable(check.quantity), "source": printable(check.source), "how": printable(check.how),
        "published": published, "ours": ours, "interval": ends, "verdict": check.verdict,
        "word": check.verdict.split()[0], "bar": deviation_bar(check),
    }  # fmt: skip


def deviation_bar(check: PublishedCheck) -> dict[str, float] | None:
    """Place band, interval, published value and ours on a line from 0 to 100.

    Parameters
    ----------
    check : PublishedCheck
        Row.

    Returns
    -------
    dict of str to float or None
        "band", "band_width", "interval", "interval_width", "published" and "ours", in percent of the line; None where
        nothing is to be seen.
    """
    low, high = check.interval or (check.ours, check.ours)
    places = [check.published, check.ours, low, high, *check.band]
    if not all(map(isfinite, places)):
        return None
    least, most = min(places), max(places)
    if most - least <= 1e-9 * abs(check.published):
        return None

    def at(value: float) -> float:
        return round(6.0 + 88.0 * (value - least) / (most - least), 2)

    return {
        "band": at(check.band[0]), "band_width": round(at(check.band[1]) - at(check.band[0]), 2),
        "interval": at(low), "interval_width": round(at(high) - at(low), 2),
        "published": at(check.published), "ours": at(check.ours),
    }  # fmt: skip
