"""Tables in JSON: lists of records, as pandas writes them, and the points of GeoJSON, rewritten as CSV.

Source: Butler et al., The GeoJSON format, RFC 7946 (2016): positions are longitude, latitude.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from .text_file import TextFile

_MAX_BYTES = 32 << 20
_NAMES = ("name", "city", "title", "id")


def table_of_json(source: TextFile) -> TextFile | None:
    """Rewrite records of one set of keys, or points of GeoJSON, as CSV with a header.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    TextFile or None
        File; None for any other text.
    """
    start = source.data[:4096].lstrip()
    if len(source.data) > _MAX_BYTES or not (
        (start[:1] == b"[" and b"{" in start) or (start[:1] == b"{" and b"Feature" in start)
    ):
        return None
    try:
        data = json.loads(source.data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    rows = _points(data) if isinstance(data, dict) else _records(data)
    if rows is None:
        return None
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return source.rewritten(text.getvalue().splitlines())


def _records(data: list[Any]) -> list[list[Any]] | None:
    if not data or not all(isinstance(row, dict) and row.keys() == data[0].keys() for row in data) or not data[0]:
        return None
    rows = [list(row.values()) for row in data]
    if any(isinstance(cell, (list, dict)) for row in rows for cell in row):
        return None
    return [[_line(name) for name in data[0]], *([_line(cell) for cell in row] for row in rows)]


def _points(data: dict[str, Any]) -> list[list[Any]] | None:
    """Return names, latitudes and longitudes of points."""
    features = data.get("features")
    if not isinstance(features, list) or not features:
        return None
    rows: list[list[Any]] = [["name", "lat", "lon"]]
    for k, feature in enumerate(features, 1):
        shape = feature.get("geometry") if isinstance(feature, dict) else None
        place = shape.get("coordinates") if isinstance(shape, dict) and shape.get("type") == "Point" else None
        if not isinstance(place, list) or len(place) < 2 or not all(type(x) in (int, float) for x in place[:2]):
            return None
        known = feature.get("properties")
        known = {str(key).lower(): value for key, value in known.items()} if isinstance(known, dict) else {}
        name = next((known[key] for key in _NAMES if isinstance(known.get(key), (str, int))), k)
        rows.append([_line(name), place[1], place[0]])
    return rows


def _line(cell: Any) -> str:
    return " ".join(str(cell).split())
