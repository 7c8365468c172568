"""Tables of measured numbers as instruments and spreadsheets write them.

Separators are commas, semicolons, tabs, bars or blanks; decimals have a point or a comma; lines that begin with ``#``,
``%``, ``!`` or ``//`` are comments, the last of which may be the header; units stand in the header or in a row below.
What reads in two ways is asked for. The text is data: nothing in it is run, and bytes of any kind give one line.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..files.atomic_write import read_file
from ..files.printable import printable
from ..ising import Float
from .measured_units import HeaderUnit, parse_unit, split_header

_MOST_BYTES = 128 << 20
_MOST_LINES = 2_000_000
_LONGEST = 20_000  # characters of a line
_MOST_COLUMNS = 256
_LOOKED = 200  # lines by which the form is told
_LARGEST = 1e30
_SEPARATORS = (";", "\t", ",", "|", "")  # the last one: blanks
_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blank": "", "space": ""}
_COMMENT = ("#", "%", "!", "//")
_MISSING = {"", "-", "--", "nan", "n/a", "na", "null", "none", "?"}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?")


@dataclass(frozen=True, eq=False)
class MeasuredColumn:
    """Column of a table.

    Attributes
    ----------
    name : str
        Name without its unit, or "column 2".
    unit : str
        SI unit of the values; empty if none was given.
    values : (rows,) float
        Values in that unit, NaN where there is none.
    words : tuple of str
        Words of a column that holds no numbers, as directions; else empty.
    """

    name: str
    unit: str
    values: Float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class MeasuredTable:
    """Table of measured numbers.

    Attributes
    ----------
    name : str
        Name of the file.
    columns : tuple of MeasuredColumn
        Columns, all of one length.
    form : str
        How the text was read, for people.
    """

    name: str
    columns: tuple[MeasuredColumn, ...]
    form: str

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0].values)


@dataclass(frozen=True)
class _Form:
    separator: str
    decimal_comma: bool

    def __str__(self) -> str:
        names = {sign: name for name, sign in _NAMES.items()}
        names[""] = "blank"
        return f"{names[self.separator]}s between columns, decimal {'commas' if self.decimal_comma else 'points'}"


def read_measured(
    path: str | os.PathLike[str], *, separator: str | None = None, decimal: str | None = None
) -> MeasuredTable:
    """Read a table of measured numbers from a file.

    Parameters
    ----------
    path : path-like
        File of text.
    separator, decimal : str or None
        As of ``parse_measured``.

    Returns
    -------
    MeasuredTable
        Table with SI values.

    Raises
    ------
    ValueError
        If the file cannot be read, holds no table, or reads in two ways; one line.
    """
    return parse_measured(measured_bytes(path), printable(Path(path).name), separator=separator, decimal=decimal)


def measured_bytes(path: str | os.PathLike[str]) -> bytes:
    """Read the bytes of a file of measured numbers.

    Parameters
    ----------
    path : path-like
        File.

    Returns
    -------
    bytes
        Content.

    Raises
    ------
    ValueError
        If it cannot be read; one line.
    """
    try:
        return read_file(path, _MOST_BYTES)
    except OSError as error:
        name = printable(Path(path).name)
        raise ValueError(f"{name}: cannot be read ({error.strerror or error}); check the path") from None


def parse_measured(
    data: bytes, name: str, *, separator: str | None = None, decimal: str | None = None
) -> MeasuredTable:
    """Read a table of measured numbers.

    Parameters
    ----------
    data : bytes
        Text.
    name : str
        Name of the file, for messages.
    separator : {"comma", "semicolon", "tab", "bar", "blank"} or None
        What stands between columns; None finds it.
    decimal : {"comma", "point"} or None
        Sign of decimals; None finds it.

    Returns
    -------
    MeasuredTable
        Table with SI values.

    Raises
    ------
    ValueError
        If the text holds no table, or reads in two ways; one line.
    """
    try:
        return _table(name, _lines(data), separator, decimal)
    except ValueError as error:
        raise ValueError(f"{name}: {printable(str(error))}") from None


def _lines(data: bytes) -> list[str]:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # "Unicode text" of spreadsheets
        text = data.decode("utf-16", errors="replace")
    elif b"\0" in data:
        raise ValueError("has a zero byte and is no text; export it as CSV")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("latin-1")  # where µ and ° are one byte
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if (count := text.count("\n")) > _MOST_LINES:
        raise ValueError(f"has {count} lines; {_MOST_LINES} at most are read: give a part of it")
    lines = text.split("\n")
    longest = max(range(len(lines)), key=lambda k: len(lines[k]))
    if len(lines[longest]) > _LONGEST:
        raise ValueError(f"line {longest + 1} has {len(lines[longest])} letters; write one row a line")
    return lines


def _table(name: str, lines: list[str], separator: str | None, decimal: str | None) -> MeasuredTable:
    comments = [(k, line.strip()) for k, line in enumerate(lines) if line.strip().startswith(_COMMENT)]
    skipped = {k for k, _ in comments}
    plain = [(k, line) for k, line in enumerate(lines) if line.strip() and k not in skipped]
    if not plain:
        raise ValueError("holds no rows of numbers; export the measurement as CSV")
    form = _find_form([line for _, line in plain], separator, decimal)
    rows = [(k, _cells(line, form)) for k, line in plain]
    first = next((j for j, (_, cells) in enumerate(rows) if _is_data(cells, form)), None)
    if first is None:
        raise ValueError(f"line {rows[0][0] + 1} and those below hold no numbers; export the measurement as CSV")
    width = Counter(len(cells) for _, cells in rows[first : first + _LOOKED]).most_common(1)[0][0]
    if width > _MOST_COLUMNS:
        raise ValueError(f"has {width} columns; {_MOST_COLUMNS} at most are read: leave some out")
    head, units = _header(rows[:first], [c for c in comments if c[0] < rows[first][0]], width, form)
    body = rows[first:]
    for k, cells in body:
        if len(cells) != width:
            raise ValueError(
                f"line {k + 1} has {len(cells)} cells, others {width} ({form}); make them equal, "
                "or say --separator and --decimal"
            )
    columns = []
    for j in range(width):
        title = head[j] if head and head[j].strip() else f"column {j + 1}"
        text, unit = split_header(title) if head else (title, HeaderUnit())
        below = units[j] if units else None
        columns.append(_column(text, below or unit, [cells[j] for _, cells in body], [k for k, _ in body], form))
    return MeasuredTable(name, tuple(columns), str(form))


def _find_form(lines: list[str], separator: str | None, decimal: str | None) -> _Form:
    """Find separator and decimals: most cells are numbers, in columns of one width, and no other form is as good."""
    for given, known, option in ((separator, set(_NAMES), "separator"), (decimal, {"comma", "point"}, "decimal")):
        if given is not None and given not in known:
            raise ValueError(f"--{option} is {given[:20]!r}; give one of {', '.join(sorted(known))}")
    signs = _SEPARATORS if separator is None else (_NAMES[separator],)
    commas = (False, True) if decimal is None else (decimal == "comma",)
    looked = [*lines[-_LOOKED:], *lines[:_LOOKED]] if len(lines) > _LOOKED else lines
    scores: dict[_Form, tuple[float, int]] = {}
    for form in (_Form(sign, comma) for sign in signs for comma in commas):
        if form.separator == "," and form.decimal_comma:
            continue
        cells = [_cells(line, form) for line in looked]
        width = Counter(map(len, cells)).most_common(1)[0][0]
        told = [_is_number(cell, form) for row in cells if len(row) == width for cell in row]
        scores[form] = (sum(told) / (len(looked) * width), width)
    best = max(scores, key=lambda form: (round(scores[form][0], 2), scores[form][1], not form.decimal_comma))
    if scores[best][0] == 0.0:
        raise ValueError("holds no rows of numbers; export the measurement as CSV")
    comma = _Form(",", False)
    if separator is None and decimal is None and scores[best][1] == 1 and scores[comma][1] > 1:
        width = scores[comma][1]  # names that are separated by commas say what commas are
        if any(re.search(r"[A-Za-z]", line) and len(_cells(line, comma)) == width for line in lines[:3]):
            return comma
    if separator is None and decimal is None and best.separator == "," and scores[best][1] == 2:
        other = _Form("", True)  # 1,5: two whole numbers, or one with a decimal comma
        one_column = scores.get(other, (0.0, 0))
        headed = any(line.count(",") == 1 and re.search(r"[A-Za-z]", line) for line in lines[:3])
        if one_column[1] == 1 and one_column[0] >= scores[best][0] and not headed:
            raise ValueError(
                f"{lines[-1][:20]!r} can be two columns or one number with a decimal comma; "
                "say --decimal comma, or --separator comma"
            )
    return best


def _cells(line: str, form: _Form) -> list[str]:
    if form.separator == "":
        return re.split(r"\s+(?![(\[/])(?<!/ )", line.strip())
    if '"' in line:
        try:
            cells = next(csv.reader([line], delimiter=form.separator, skipinitialspace=True))
        except (csv.Error, StopIteration):
            cells = line.split(form.separator)
    else:
        cells = line.split(form.separator)
    cells = [cell.strip() for cell in cells]
    if len(cells) > 1 and not cells[-1]:  # a separator at the end of the line
        cells.pop()
    return cells


def _is_number(cell: str, form: _Form) -> bool:
    return _NUMBER.fullmatch(cell.replace(",", ".") if form.decimal_comma else cell) is not None


def _is_data(cells: Sequence[str], form: _Form) -> bool:
    numbers = sum(_is_number(cell, form) for cell in cells)
    return numbers > 0 and 2 * (numbers + sum(cell.lower() in _MISSING for cell in cells)) >= len(cells)


def _header(
    above: list[tuple[int, list[str]]], comments: list[tuple[int, str]], width: int, form: _Form
) -> tuple[list[str] | None, list[HeaderUnit | None] | None]:
    """Find names and units: rows above the numbers, else the last comment of as many cells."""
    fitting = [cells for _, cells in above if len(cells) == width]
    if not fitting:
        for _, comment in reversed(comments):
            cells = _cells(comment.lstrip("#%!/ \t"), form)
            if len(cells) == width and not any(_is_number(cell, form) for cell in cells):
                return cells, None
        return None, None
    if len(fitting) > 1:  # a row of names, a row of units
        units = [parse_unit(cell.strip("()[] ")) for cell in fitting[-1]]
        if all(u is not None or not c.strip("()[] -") for u, c in zip(units, fitting[-1], strict=True)):
            return fitting[-2], units
    return fitting[-1], None


def _column(name: str, unit: HeaderUnit, cells: list[str], at: list[int], form: _Form) -> MeasuredColumn:
    values = np.empty(len(cells))
    for j, cell in enumerate(cells):
        text = cell.replace(",", ".") if form.decimal_comma else cell
        if _NUMBER.fullmatch(text):
            values[j] = float(text.replace("D", "e").replace("d", "e"))
        elif cell.lower().lstrip("+-") in _MISSING | {"inf", "infinity", "overflow", "overload"}:
            values[j] = math.nan
        else:
            if any(_is_number(each, form) for each in cells[:_LOOKED]):
                raise ValueError(
                    f"line {at[j] + 1}: {cell[:30]!r} in column {name[:30]!r} is no number ({form}); "
                    "mend it, or begin the line with #"
                )
            return MeasuredColumn(printable(name), "", np.full(len(cells), math.nan), tuple(map(printable, cells)))
    values = values * unit.factor + unit.shift
    if (large := np.abs(values) > _LARGEST).any():
        raise ValueError(f"line {at[int(np.argmax(large))] + 1}: a number is beyond 1e30; mend it")
    return MeasuredColumn(printable(name), unit.unit, values)
