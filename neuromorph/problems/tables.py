"""Tables as people type them: CSV with or without a header, blanks, tabs or semicolons, lists of Python."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from itertools import islice

import numpy as np

from ..ising import Float
from .edge_list import is_comment
from .text_file import LARGEST, TextFile, parse_number, quote_text

MAX_ROWS = 250_000
_MAX_BYTES = 32 << 20
_LOOKED = 50  # rows by which separators are told

COORDINATES = {
    **dict.fromkeys(("x", "xcoord", "xcoordinate", "coordx", "xpos", "posx", "positionx", "xposition", "xkm", "xm"), 0),
    **dict.fromkeys(("y", "ycoord", "ycoordinate", "coordy", "ypos", "posy", "positiony", "yposition", "ykm", "ym"), 1),
    **dict.fromkeys(("lat", "latitude", "latitud", "latitudine", "breite", "breitengrad", "ycoordlat"), 0),
    **dict.fromkeys(("lon", "lng", "long", "longitude", "longitud", "longitudine", "l\u00e4nge", "l\u00e4ngengrad"), 1),
    "z": 2,
}  # fmt: skip
_DEGREES = {"lat", "lon", "lng", "long", "breite", "l\u00e4nge", "breitengrad", "l\u00e4ngengrad"}
_EDGE_ENDS = [{"source", "target"}, {"from", "to"}, {"u", "v"}, {"head", "tail"}, {"node1", "node2"}, {"i", "j"}]
_SECOND = {"target", "to", "v", "tail", "node2", "j", "col", "column"}
_VALUES = ("weight", "w", "value")
_MAKER = re.compile(
    r"^\s*+(?:[A-Za-z_]\w{0,30}\s*+=\s*+)?+(?:(?:np\.|numpy\.)?+(?:array|asarray|matrix|mat|tensor)\()?+(?=[\[(])"
)
_DTYPE = re.compile(r"(?:,\s*+dtype\s*+=\s*+[\w.']++\s*+)?+\)?;?\s*$")
_INDEX = {"", "unnamed: 0"}  # above the numbers of rows
_ENTRY_ENDS = [{"i", "j"}, {"row", "col"}, {"row", "column"}]


@dataclass(frozen=True, eq=False)
class TextTable:
    """Rows of one width.

    Attributes
    ----------
    header : tuple of str
        Names of the columns in small letters; empty: there are none.
    rows : list of list of str
        Cells.
    numbers : (rows, columns) float
        Cells as numbers, NaN for words.
    lines : list of int
        0-based line of each row.
    """

    header: tuple[str, ...]
    rows: list[list[str]]
    numbers: Float
    lines: list[int]

    @property
    def numeric(self) -> list[int]:
        """Columns of numbers."""
        return np.flatnonzero(np.isfinite(self.numbers).all(axis=0)).tolist()

    @property
    def words(self) -> list[int]:
        """Columns in which at least one cell is a word."""
        return np.flatnonzero(~np.isfinite(self.numbers).all(axis=0)).tolist()

    @property
    def is_geographic(self) -> bool:
        """Whether the header names a latitude and a longitude."""
        known = [COORDINATES[name] for name in self.header if name in _DEGREES or name[:3] in ("lat", "lon")
                 if name in COORDINATES]  # fmt: skip
        return {0, 1} <= set(known)

    @property
    def names_cities(self) -> bool:
        """Whether the header names coordinates."""
        return len({COORDINATES[name] for name in self.header if name in COORDINATES} & {0, 1}) == 2

    @property
    def names_edges(self) -> bool:
        """Whether the header names the two ends of edges."""
        return any(ends <= set(self.header) for ends in _EDGE_ENDS)

    @property
    def names_entries(self) -> bool:
        """Whether the header names a row, a column and a value."""
        return any(ends <= set(self.header) for ends in _ENTRY_ENDS) and len(self.header) == 3


def read_text_table(source: TextFile) -> TextTable | None:
    """Read a text as a table.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    TextTable or None
        TextTable of at least one row and two columns; None for any other text, and for a very long one.
    """
    if len(source.data) > _MAX_BYTES or len(source.lines) > 2 * MAX_ROWS:
        return None
    lines = [k for k, line in enumerate(source.lines) if not is_comment(line)]
    if not lines or len(lines) > MAX_ROWS:
        return None
    separator, padded = _separator([source.lines[k] for k in lines[:_LOOKED]])
    try:
        rows = [_cells(source.lines[k].rstrip() if padded else source.lines[k], separator) for k in lines]
    except csv.Error:
        return None
    if separator is None:
        rows = _with_whole_names(rows)
    width = len(rows[-1])
    if separator in (";", "\t") and not any("." in cell for row in rows[:_LOOKED] for cell in row):
        rows = [[re.sub(r"^([+-]?\d+),(\d+)$", r"\1.\2", cell) for cell in row] for row in rows]  # commas of decimals
    if width < 2 or any(len(row) != width for row in rows):
        return None
    rows, lines = _without_index(rows, lines)
    numbers = np.array([[_number(cell) for cell in row] for row in rows])
    first, rest = np.isfinite(numbers[0]), np.isfinite(numbers[1:])
    known = {_plain_name(cell) for cell in rows[0]} & {*COORDINATES, *(name for ends in _EDGE_ENDS for name in ends)}
    if len(rows) > 1 and not first.any() and (rest.all(axis=0).any() or len(known) > 1):
        header = tuple(_plain_name(cell) for cell in rows[0])
        return TextTable(header, rows[1:], numbers[1:], lines[1:])
    return TextTable((), rows, numbers, lines)


def _with_whole_names(rows: list[list[str]]) -> list[list[str]]:
    """Join the words of a name before numbers; put an empty cell above the names of rows."""
    names = [next((k for k, cell in enumerate(row) if parse_number(cell) is not None), 0) for row in rows]
    behind = {len(row) - k for row, k in zip(rows, names, strict=True)}
    if all(names) and max(names) > 1 and behind == {2}:
        return [[" ".join(row[:k]), *row[k:]] for row, k in zip(rows, names, strict=True)]
    n = len(rows) - 1
    if len(rows[0]) == n > 1 and all(len(row) == n + 1 for row in rows[1:]) and rows[0] == [row[0] for row in rows[1:]]:
        return [["", *rows[0]], *rows[1:]]
    return rows


def _plain_name(cell: str) -> str:
    """Return the name of a column in small letters; of a coordinate, without underscores, blanks and units."""
    name = cell.strip().strip("\"'").lower()
    bare = re.sub(r"[\s_-]|\(.*\)|\[.*\]", "", name)
    return bare if bare in COORDINATES else name


def _without_index(rows: list[list[str]], lines: list[int]) -> tuple[list[list[str]], list[int]]:
    """Leave out the column that numbers the rows without a name, as pandas writes it, and the same above columns."""
    counted = [str(k) for k in range(len(rows) - 1)]
    if len(rows[0]) < 3 or rows[0][0].lower() not in _INDEX or [row[0] for row in rows[1:]] != counted:
        return rows, lines
    above = rows[0][1:] == counted
    return [row[1:] for row in rows[above:]], lines[above:]


def plain_rows(source: TextFile) -> TextFile | None:
    """Rewrite a table of numbers with blanks between them, without its header.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    TextFile or None
        File; None if the text is none, or has a word.
    """
    listed = _listed(source)
    if listed is not None:
        return listed
    table = read_text_table(source)
    if table is None or table.words or len(table.rows) == 0:
        return None
    lines = [""] * len(source.lines)
    for k, row in zip(table.lines, table.rows, strict=True):
        lines[k] = " ".join(row)
    return source.rewritten(lines)


def _listed(source: TextFile) -> TextFile | None:
    """Rewrite a list of lists of numbers, in JSON, Python or as NumPy prints arrays."""
    if len(source.data) > _MAX_BYTES:
        return None
    kept = [line for line in source.lines if not is_comment(line)]
    if not kept:
        return None
    kept[0] = _MAKER.sub("", kept[0], 1)
    kept[-1] = _DTYPE.sub("", kept[-1])
    if kept[0].lstrip()[:1] not in ("[", "("):
        return None
    whole = " ".join(kept)
    if "[" in kept[0] and "[[" not in whole and "," not in whole and len(kept) > 1:
        whole = " ; ".join(kept)  # of MATLAB, whose lines are rows
    try:
        data = json.loads(whole)
    except (ValueError, RecursionError):
        try:  # as numpy prints it, or with trailing commas
            parts = re.sub(r"[\[\]()]", " ; ", whole.replace(",", " ")).split(";")
            data = [[float(word) for word in part.split()] for part in parts if part.strip()]
        except ValueError:
            return None
    if isinstance(data, list) and data and all(type(cell) in (int, float) for cell in data):
        data = [data]
    if not (isinstance(data, list) and data and all(isinstance(row, list) and row for row in data)):
        return None
    if not all(type(cell) in (int, float) for row in data for cell in row):
        return None
    return source.rewritten([" ".join(repr(cell) for cell in row) for row in data])


def _separator(lines: list[str]) -> tuple[str | None, bool]:
    """Find the sign that parts every line into equally many cells, None for blanks; and whether lines end in blanks.

    A tab at the end of every line is a blank; at the end of some, it stands before an empty cell. Tabs behind commas
    are blanks too.
    """
    bare = [line.rstrip() for line in lines]
    for sign in (";", "\t", ",", "|"):
        if sign == "\t" and all(re.search(r"[,;]\t", line) for line in bare):
            continue
        for padded, some in ((True, bare), (False, lines)):
            counts = {line.count(sign) for line in some}
            if 0 not in counts and (len(counts) == 1 or any('"' in line for line in some)):
                return sign, padded
            if padded and not (sign == "\t" and any("\t" in line for line in bare)):
                break
    return None, True


def _cells(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True))]
    if separator != "\t" and len(cells) > 1 and not cells[-1]:  # a separator at the end of the line
        cells.pop()
    return cells


def rows_of_names(source: TextFile) -> list[list[str]]:
    """Return the rows of a list of edges between names, the two ends and the weight first.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    list of list of str
        Words of each row.
    """
    table = read_text_table(source)
    if table is None:
        return first_rows(source, len(source.lines), len(source.data) + 1)
    order, _ = _edge_columns(table)
    return [[row[k] for k in order] for row in table.rows] if order else table.rows


def columns_left_out(source: TextFile) -> tuple[str, ...]:
    """Tell which columns of numbers of a list of edges are no weights.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    tuple of str
        A note, or none.
    """
    table = read_text_table(source)
    order, others = _edge_columns(table) if table is not None else ([], [])
    if len(order) != 2 or len(others) < 2:
        return ()
    names = ", ".join(quote_text(name) for name in others[:4]) + (", ..." if len(others) > 4 else "")
    return (f"{len(others)} columns of numbers, {names}, and none is called weight: edges weigh 1",)


def _edge_columns(table: TextTable) -> tuple[list[int], list[str]]:
    """Return the columns of both ends and of the weight, none without a header, and the other columns of numbers."""
    first = {name for ends in (*_EDGE_ENDS, *_ENTRY_ENDS) for name in ends} - _SECOND
    names = table.header or ()
    order = [next((k for k, name in enumerate(names) if name in ends), None) for ends in (first, _SECOND)]
    ends = [k for k in order if k is not None]
    if len(ends) < 2:
        return [], []
    numeric = [k for k, name in enumerate(names) if k in table.numeric and name not in first | _SECOND]
    weight = [k for k, name in enumerate(names) if name in _VALUES] or (numeric if len(numeric) == 1 else [])
    return ends + weight[:1], [names[k] for k in numeric if k not in weight[:1]]


def is_numbering(values: Float) -> bool:
    """Return whether numbers count from 0 or from 1, in any order.

    Parameters
    ----------
    values : (k,) float
        Numbers.

    Returns
    -------
    bool
        True if each comes once.
    """
    ordered = np.sort(values)
    return any(np.array_equal(ordered, np.arange(start, start + len(ordered))) for start in (0, 1))


def _number(cell: str) -> float:
    value = parse_number(cell)
    return np.nan if value is None or not abs(value) <= LARGEST else value


def first_rows(source: TextFile, most: int, wide: int) -> list[list[str]]:
    """Split the first rows that are no comments into words.

    Parameters
    ----------
    source : TextFile
        File.
    most : int
        Largest number of rows.
    wide : int
        Largest number of characters of all rows.

    Returns
    -------
    list of list of str
        Words of each row.
    """
    rows, size = [], 0
    for line in islice((line for line in source.lines if not is_comment(line)), most):
        size += len(line)
        if size > wide:
            break
        rows.append(line.split())
    return rows
