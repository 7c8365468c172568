"""Read the raw files of SPICE: a text header, then the samples as doubles ("Binary:") or as text ("Values:")."""

from __future__ import annotations

import re
from array import array
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuromorph.files.atomic_write import read_file

_MOST_BYTES = 1 << 30
_MOST_PLOTS = 1000
_LONGEST = 10_000  # bytes of a line: more would be split into more words than memory should hold
_BLOCK = 1 << 16  # bytes of text that are split at one time
_INK = re.compile(rb"\S")


def read_raw(path: Path) -> list[dict[str, NDArray[np.float64]]]:
    """Read every plot of a raw file.

    Parameters
    ----------
    path : Path
        Raw file of a simulator.

    Returns
    -------
    list of dict of str to (points,) float
        {signal: samples} of each plot.

    Raises
    ------
    ValueError
        If the file is damaged; the message says where.
    """
    try:
        data = read_file(path, _MOST_BYTES)
    except OSError as error:
        raise ValueError(f"{path.name}: {error.strerror or error}") from None
    plots: list[dict[str, NDArray[np.float64]]] = []
    at = 0
    while _INK.search(data, at):
        if len(plots) == _MOST_PLOTS:
            raise ValueError(f"{path.name}: holds more than {_MOST_PLOTS} plots; one of a transient is expected")
        fields, names, at, is_binary = _header(path.name, data, at)
        try:
            points, variables = int(fields["no. points"]), int(fields["no. variables"])
        except (KeyError, ValueError):
            raise ValueError(f"{path.name}: the header gives no number of points and variables") from None
        if "complex" in fields.get("flags", ""):
            raise ValueError(f"{path.name}: the samples are complex; only transients are read")
        if points < 0 or variables < 1:
            raise ValueError(f"{path.name}: the header gives {points} points of {variables} variables")
        if len(names) != variables:
            raise ValueError(f"{path.name}: {len(names)} variables are named, the header says {variables}")
        if is_binary:
            if (len(data) - at) // (8 * variables) < points:
                raise ValueError(f"{path.name}: ends before its {points} points; the simulator was cut off")
            table = np.frombuffer(data, "<f8", points * variables, at).reshape(points, variables)
            at += table.nbytes
        else:
            table, at = _text_table(path.name, data, at, points, variables)
        plots.append({name: np.array(table[:, k]) for k, name in enumerate(names)})
    return plots


def _header(name: str, data: bytes, at: int) -> tuple[dict[str, str], list[str], int, bool]:
    fields: dict[str, str] = {}
    names: list[str] = []
    in_variables = False
    while ink := _INK.search(data, at):
        start, at = ink.start(), _line_end(name, data, ink.start()) + 1
        line = data[start : at - 1].decode("ascii", "replace").strip()
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


def _line_end(name: str, data: bytes, at: int) -> int:
    end = data.find(b"\n", at, at + _LONGEST)
    if end < 0 and len(data) - at > _LONGEST:
        raise ValueError(f"{name}: has a line of more than {_LONGEST} bytes; it is no raw file, or a damaged one")
    return len(data) if end < 0 else end


def _text_table(name: str, data: bytes, at: int, points: int, variables: int) -> tuple[NDArray[np.float64], int]:
    """Read a table in which each point is its number followed by one value a variable, in any layout."""
    values = array("d")
    wanted = points * (variables + 1)
    by_line = False
    while len(values) < wanted and at < len(data):
        end = -1 if by_line else data.rfind(b"\n", at, at + _BLOCK)
        words = data[at:end].split() if end > at else []
        if end < 0 or len(words) > wanted - len(values):  # behind the table another plot may follow
            by_line, end = True, _line_end(name, data, at)
            words = data[at:end].split()
        try:
            values.extend(map(float, words))
        except ValueError:
            raise ValueError(f"{name}: a sample is no number, after {len(values)} of {wanted}") from None
        at = end + 1
    if len(values) != wanted:
        raise ValueError(f"{name}: expected {wanted} numbers, found {len(values)}")
    return np.frombuffer(values).reshape(points, variables + 1)[:, 1:], at
