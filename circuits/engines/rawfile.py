"""Read the raw files of SPICE: a text header, then the samples as doubles ("Binary:") or as text ("Values:")."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Beyond, a file is none of a simulator: reading it would take minutes.
_MOST_LINES = 1_000_000  # of a header, one a variable
_MOST_IN_LINE = 1 << 16  # characters
_MOST_WORDS = 10_000_000  # of samples as text
_WORD = 100  # characters


def read_raw(path: Path) -> list[dict[str, NDArray[np.float64]]]:
    """Every plot of a raw file as {signal: (points,)}; ValueError says what is broken."""
    data = path.read_bytes()
    plots: list[dict[str, NDArray[np.float64]]] = []
    at = 0
    while re.compile(rb"\S").search(data, at):
        fields, names, at, is_binary = _header(path.name, data, at)
        try:
            points, variables = int(fields["no. points"]), int(fields["no. variables"])
        except (KeyError, ValueError):
            raise ValueError(f"{path.name}: the header gives no number of points and variables") from None
        if points < 0 or variables < 1:
            raise ValueError(f"{path.name}: the header gives {points} points of {variables} variables")
        if "complex" in fields.get("flags", ""):
            raise ValueError(f"{path.name}: the samples are complex; only transients are read")
        if len(names) != variables:
            raise ValueError(f"{path.name}: {len(names)} variables are named, the header says {variables}")
        if is_binary:
            size = 8 * points * variables
            if len(data) < at + size:
                raise ValueError(f"{path.name}: ends before its {points} points; the simulator was cut off")
            table = np.frombuffer(data[at : at + size], dtype="<f8").reshape(points, variables)
            at += size
        else:
            table, at = _text_table(path.name, data, at, points, variables)
        plots.append({name: np.array(table[:, k]) for k, name in enumerate(names)})
    return plots


def _header(name: str, data: bytes, at: int) -> tuple[dict[str, str], list[str], int, bool]:
    fields: dict[str, str] = {}
    names: list[str] = []
    in_variables = False
    for _ in range(_MOST_LINES):
        if at >= len(data):
            break
        raw, at = _line(name, data, at, _MOST_IN_LINE)
        line = raw.decode("ascii", "replace").strip()
        if line.lower() in ("binary:", "values:"):
            return fields, names, at, line.lower() == "binary:"
        if in_variables and len(line.split()) >= 3:
            names.append(line.split()[1].lower())
        elif ":" in line:
            key, value = line.split(":", 1)
            in_variables = key.lower() == "variables"
            fields[key.lower()] = value.strip().lower()
            if in_variables and len(value.split()) >= 3:  # some writers put the first variable on this line
                names.append(value.split()[1].lower())
    raise ValueError(f"{name}: has a header but no samples")


def _text_table(name: str, data: bytes, at: int, points: int, variables: int) -> tuple[NDArray[np.float64], int]:
    """Each point is its number followed by one value a variable, in any layout."""
    words: list[bytes] = []
    wanted = points * (variables + 1)
    if wanted > _MOST_WORDS:
        raise ValueError(f"{name}: {wanted} numbers as text are more than {_MOST_WORDS}; have them written as binary")
    while len(words) < wanted and at < len(data):
        line, at = _line(name, data, at, _WORD * (variables + 1))
        words += line.split()
    try:
        table = np.array(words, dtype=float).reshape(points, variables + 1)
    except ValueError:
        raise ValueError(f"{name}: expected {wanted} numbers, found {len(words)} words") from None
    return table[:, 1:], at


def _line(name: str, data: bytes, at: int, most: int) -> tuple[bytes, int]:
    """The line that begins at ``at``, and where the next one does."""
    end = data.find(b"\n", at, at + most + 1)
    if end < 0 and len(data) > at + most:
        raise ValueError(f"{name}: a line has more than {most} characters; it is no raw file")
    end = len(data) if end < 0 else end
    return data[at:end], end + 1
