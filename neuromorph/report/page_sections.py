"""What a page says of one target: numbers, ledger with kinds and sources, sensitivity, parameters, notes and files."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ..cost import SCOPES, Entry, Ledger
from ..estimate import Estimate
from ..files.json_values import json_value
from ..plotting.numbers import format_estimate, format_percent, format_quantity, printable, significant
from ..pricing import BOUNDARIES, Boundary, Swing, at_boundary
from ..study.result import Result
from ..study.row_prices import RowPrices
from .mapping_text import mapping_rows
from .page_prices import PricedRow
from .page_table import Cell, estimates_of, prices_of

_SWINGS, _LEAST = 8, 1.01  # constants of a tornado, and how far the energy has to move
_SOURCES = 3  # that the front tells of a point
_LETTERS = 160  # of a source on the front


def section_of(
    result: Result,
    cells: Sequence[tuple[str, Cell]],
    priced: Mapping[Boundary, PricedRow],
    files: Sequence[str],
) -> dict[str, Any]:
    """Collect what the section of a target shows, as text.

    Parameters
    ----------
    result : Result
        Result of a target.
    cells : sequence of (str, cell)
        Headings and cells of the columns that do not move with the boundary.
    priced : dict of str to PricedRow
        Prices by boundary.
    files : sequence of str
        Names of its files in the folder of the report.

    Returns
    -------
    dict of str to object
        Values for the template.
    """
    prices = result.prices
    return {
        "summary": printable(result.summary),
        "reason": printable(result.reason),
        "numbers": [(label, text, interval) for label, (_, text, interval) in cells] + estimates_of(result),
        "prices": {boundary: prices_of(row) for boundary, row in priced.items()},
        "known": {
            boundary: [(kind, format_percent(share)) for kind, share in row.prices.known.items() if share > 0.0]
            for boundary, row in priced.items()
        },
        "tornado": {boundary: tornado(row.swings) for boundary, row in priced.items()},
        "entries": [] if prices is None else _lines(prices),
        "needs": "" if prices is None else ", ".join(need for need in prices.needs if need != "host"),
        "mapping_error": None if result.mapping_error is None else format_percent(result.mapping_error),
        "mapping": [] if result.mapping is None else [(printable(a), b) for a, b in mapping_rows(result.mapping)],
        "notes": [printable(note) for note in dict.fromkeys((*result.notes, *result.warnings))],
        "parameters": [(printable(name), printable(text)) for name, text in settings_of(result).items()],
        "files": [printable(name) for name in files],
    }


def settings_of(result: Result) -> dict[str, str]:
    """Return the settings of a target as text.

    Parameters
    ----------
    result : Result
        Result of a target.

    Returns
    -------
    dict of str to str
        Text by name; replaced constants are among them.
    """
    if result.run is None:
        return {}
    about = result.run.provenance
    found: dict[str, Any] = {**(about.get("parameters") or {}), **(about.get("replaced_constants") or {})}
    return {str(name): _said(json_value(value)) for name, value in found.items()}


def sources_of(priced: PricedRow) -> list[str]:
    """Name the sources of the largest parts of the energy of a read.

    Parameters
    ----------
    priced : PricedRow
        Prices of a row.

    Returns
    -------
    list of str
        Part, share, kind and source, largest first.
    """
    entries = sorted((e for e in priced.prices.ledger.entries if not e.once), key=lambda e: -(e.total.value or 0.0))
    total = sum(entry.total.value or 0.0 for entry in entries) or 1.0
    told = []
    for entry in entries[:_SOURCES]:
        source = printable(entry.source)
        source = source if len(source) <= _LETTERS else f"{source[: _LETTERS - 1]}…"
        share = format_percent((entry.total.value or 0.0) / total)
        told.append(f"{share} {printable(entry.what)} ({entry.kind}): {source}")
    return told


def tornado(swings: Sequence[Swing]) -> list[dict[str, Any]]:
    """Lay out the bars of a tornado on a logarithmic axis, in percent of its width.

    Parameters
    ----------
    swings : sequence of Swing
        Effects of constants, largest first.

    Returns
    -------
    list of dict of str to object
        Name, texts, kind and source of each constant; left end, width and place of the value of its bar.
    """
    shown = [swing for swing in swings[:_SWINGS] if swing.value > 0.0 and swing.factor >= _LEAST]
    if not shown:
        return []
    value = shown[0].value
    ends = [max(end, value * 1e-6) for swing in shown for end in (swing.low, swing.high)]
    least, most = math.log(min(*ends, value)), math.log(max(*ends, value))
    room = (most - least) or 1.0

    def place(energy: float) -> float:
        return 100.0 * (math.log(max(energy, value * 1e-6)) - least) / room

    bars = []
    for swing in shown:
        left, right = sorted((place(swing.low), place(swing.high)))
        low, high = sorted((swing.low, swing.high))
        datum = swing.constant
        bars.append(
            {
                "name": printable(swing.name.replace("_", " ")),
                "energy": f"{format_quantity(low, 'J', 2)}–{format_quantity(high, 'J', 2)}",
                "range": _ranged(datum.value, datum.low, datum.high, datum.unit),
                "kind": datum.kind,
                "source": printable(datum.source),
                "left": f"{left:.2f}",
                "width": f"{max(right - left, 0.6):.2f}",
                "at": f"{place(value):.2f}",
            }
        )
    return bars


def _lines(prices: RowPrices) -> list[dict[str, Any]]:
    """Lines of a ledger with its host, whose first entries are the device's own; shares are of the device's energy."""
    own = len(prices.device.entries)
    ledger = at_boundary(prices.device, "system+host", prices.counted.host)
    total = sum((e.total.value or 0.0) for e in prices.device.entries if not e.once) / ledger.reads
    lines = []
    for k, entry in enumerate(ledger.entries):
        level = SCOPES.index(entry.scope) if k < own else len(BOUNDARIES) - 1
        line = _line(entry, ledger, "J", total)
        lines.append(
            {**line, "level": level, **({"scope": entry.scope} if k < own else {"scope": "host", "share": ""})}
        )
    return lines + [{**_line(entry, ledger, "s"), "level": 0, "scope": entry.scope} for entry in ledger.times]


def _line(entry: Entry, ledger: Ledger, si: str, total: float = 0.0) -> dict[str, Any]:
    unit, shared = entry.unit, ledger.chips if entry.once else ledger.reads
    each, interval = _ranged(unit.value, unit.low, unit.high, unit.unit)
    count = entry.count / shared
    # Seconds are summed over parts: no minutes.
    seconds = format_quantity(count, "s") if count < 120 else f"{significant(count, 3)} s"
    share = (entry.total.value or 0.0) / shared / total if total else 0.0
    timed = unit.unit in ("W", "s/s") or (si == "J" and unit.unit == "J" and entry.event == "device_s")
    return {
        "what": printable(entry.what),
        "count": seconds if timed else significant(count, 3),
        "unit": each,
        "range": interval,
        "total": format_quantity((entry.total.value or 0.0) / shared, si, 2),
        "share": "once" if entry.once else format_percent(share) if si == "J" else "time",
        "kind": entry.kind,
        "source": printable(entry.source),
        "short": _short(printable(entry.source)),
    }


def _short(source: str) -> str:
    """Beginning of a long source; nothing of one that is shown whole."""
    return f"{source[:_LETTERS]}…" if len(source) > 1.5 * _LETTERS else ""


def _ranged(value: float, low: float, high: float, unit: str) -> tuple[str, str]:
    if "^" not in unit:
        return format_estimate(Estimate(value, low, high), unit)
    text, interval = format_estimate(
        Estimate(value, low, high), ""
    )  # no prefix: it would be taken for one of its square
    unit = unit.replace("^2", "²")
    return f"{text} {unit}", f"{interval} {unit}" if interval else ""


def _said(value: Any) -> str:
    if value is None:
        return "default"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_said, value))
    return str(value)
