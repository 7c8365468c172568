"""The page of a study: a row and a point for each setting of each target, with what devices differ by.

Values are means over devices, and over problems, of energies and times geometric ones; small figures hold 90 % of the
devices.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..estimate import Estimate
from ..files.atomic_write import write_file
from ..plotting.files import figure_bytes
from ..plotting.numbers import format_estimate, printable, significant
from ..sweep import losses, parameter_effects, pareto_front, plot_effects, read_summary
from .html_page import page_row, page_text
from .page_front import number
from .page_table import Cell, by_energy

if TYPE_CHECKING:
    from ..sweep import StudySummary

_COLUMNS = {
    "Accuracy a read": ("accuracy", ""),
    "Success a read": ("success", ""),
    "Energy a read": ("energy", "J"),
    "Time a read": ("latency", "s"),
    "Energy to solution": ("energy_to_solution", "J"),
}
_ABOUT = "study.json"


def write_study_page(folder: str | os.PathLike[str]) -> Path:
    """Write the page of a study, finished or not, into its folder.

    Parameters
    ----------
    folder : path
        Folder of a study with results.

    Returns
    -------
    Path
        report.html.

    Raises
    ------
    ValueError
        If there are no results, or a file is damaged.
    """
    place = Path(folder)
    try:
        about = json.loads((place / _ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # of merged shards, or damaged: the results are there
        about = None
    about = about if isinstance(about, dict) else {}
    told = {name: about[name] for name in ("study_sha256", "versions", "machine", "success_gap") if name in about}
    text = render_study_page(read_summary(place), str(about.get("name", place.resolve().name)), told)
    return write_file(place / "report.html", text)


def render_study_page(summary: StudySummary, name: str, provenance: Mapping[str, Any] | None = None) -> str:
    """Render the page of a study.

    Parameters
    ----------
    summary : StudySummary
        Numbers of the study.
    name : str
        Name of the study.
    provenance : dict of str to object or None
        Where the numbers are from.

    Returns
    -------
    str
        HTML text.
    """
    numbers = {key: _over_devices(summary.over_work(key)) for key, _ in _COLUMNS.values()}
    # A mean over devices is infinite as soon as one never succeeds: success is pooled.
    numbers["energy_to_solution"][0] = summary.pooled_energy_to_solution()
    never = np.isinf(summary.over_work("energy_to_solution")).sum(axis=1).tolist()
    devices = len(summary.devices)
    targets = list(dict.fromkeys(target for target, _ in summary.settings))
    rows, cells = [], []
    for k, (target, parameters) in enumerate(summary.settings):
        line = [_cell(numbers[key][:, k], unit) for key, unit in _COLUMNS.values()]
        if never[k] and devices > 1:
            line[-1] = (*line[-1][:2], f"never on {never[k]} of {devices} devices")
        settings = printable(", ".join(f"{key} {_said(value)}" for key, value in parameters.items()))
        cells.append({"system": line})
        rows.append(page_row(targets.index(target), target, [line], small=settings or "default"))
    sort = len(_COLUMNS) - 1
    order = by_energy(cells, "system", sort)
    energies, accuracies = numbers["energy"], numbers["accuracy"]
    front = {
        "x": {"label": "energy of a read", "unit": "J", "points": [_ends(energies[:, order])]},
        "y": {"label": "accuracy of a read (1 - gap)", "unit": "", "name": "accuracy", "up": True, "curved": False}
        | {"points" if end == "value" else end: column for end, column in _ends(accuracies[:, order]).items()},
        "row": list(range(len(order))),
        "chance": [],
    }  # fmt: skip
    effects = parameter_effects(summary)
    return page_text(
        columns=list(_COLUMNS),
        sort=sort,
        boundaries=("system",),
        boundary=0,
        rows=[rows[k] for k in order],
        front=front if np.isfinite(energies[0]).any() else None,
        figures={"sensitivity": figure_bytes(plot_effects(effects), "svg")} if effects else {},
        provenance=provenance or {},
        name=printable(name),
        facts=_facts(summary, len(targets)),
        warnings=[],
        conclusions=_conclusions(summary),
        sections=[], unfit=[], best=None, beta=None, score_note="", scores=[], counted=False, reference="",
        success_gap=None, over_chips=False, instances=[], one_chip=False, interrupted=False,
    )  # fmt: skip


def _over_devices(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean, 5 and 95 % of the devices (3, settings)."""
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a setting without a number
        low, high = np.nanquantile(values, [0.05, 0.95], axis=1, method="inverted_cdf")
        return np.array([np.nanmean(values, axis=1), low, high])


def _ends(values: NDArray[np.float64]) -> dict[str, list[float | None]]:
    return {
        end: [number(value) if np.isfinite(value) else None for value in column.tolist()]
        for end, column in zip(("value", "low", "high"), values, strict=True)
    }


def _cell(values: NDArray[np.float64], unit: str) -> Cell:
    value, low, high = (float(each) if np.isfinite(each) else None for each in values)
    if value is None:
        return None, "–", ""
    if unit:
        return (number(value, 9), *format_estimate(Estimate(value, low, high), unit))
    ends = "" if low is None or high is None or low == high else f"{significant(low, 3)}–{significant(high, 3)}"
    return number(value, 9), significant(value, 3), ends


def _facts(summary: StudySummary, targets: int) -> list[str]:
    parts = ((len(summary.settings), "setting"), (targets, "target"), (len(summary.work), "problem"))
    facts = [f"{count:,} {what}{'s' * (count != 1)}" for count, what in parts]
    devices = len(summary.devices)
    return [*facts, f"{devices:,} device{'s' * (devices != 1)}"]


def _conclusions(summary: StudySummary) -> list[str]:
    """Tell what stands on the front, and what failed."""
    values = losses(summary, ["energy", "accuracy"]).mean(axis=1)
    front = int(pareto_front(values).sum())
    said = [f"{front:,} of {len(summary.settings):,} settings are on the front of accuracy against energy of a read."]
    for count, why in ((summary.failed, "failed"), (summary.unfit, "did not fit their target")):
        if count:
            said.append(f"{count:,} task{'s' * (count != 1)} {why}.")
    return said


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
