"""Rows of numbers, told apart by the numbers: matrices, edges, entries of models, cities, patterns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from . import forms
from .drawings import is_picture
from .edge_list import is_comment
from .forms import PATTERNS, RUDY, Form
from .matrices import square_matrix, symmetric_matrix
from .metis import is_metis
from .rudy import read_rudy_header
from .tables import first_rows, is_numbering
from .text_file import LARGEST, TextFile, parse_number

ROWS, WIDE = 200, 1 << 20  # rows that are told apart by their numbers, and characters of all of them
_ENDINGS = {".sparse": forms.BIQ_MAC, ".bq": forms.BIQ_MAC, ".qh": forms.QUBIST}


def form_of_rows(source: TextFile, *, plain: bool = False, headed: bool = False) -> Form | None:
    """Recognize the form of a text of rows.

    Parameters
    ----------
    source : TextFile
        File.
    plain : bool
        Whether its separators were others, so that it is no drawing.
    headed : bool
        Whether names of columns stood above, so that the first row does not count the others.

    Returns
    -------
    Form or None
        Form; None if it is like none.
    """
    rows = first_rows(source, ROWS, WIDE)
    if not rows:
        return PATTERNS if not plain and is_picture(source) else None
    if rows == [["0", "0"]]:  # a graph or a model of nothing, not a pattern of two pixels
        return RUDY
    words = {word for row in rows for word in row}
    header = None if headed else read_rudy_header(source)
    if not headed and is_metis(source):
        return forms.METIS
    matrix = square_matrix(source)
    if matrix is not None and (len(matrix) > 2 or not header or not header[0]):
        found = None if len(matrix) == 3 and _three_edges(matrix) else form_of_matrix(matrix)
        if found:
            return found
    if words <= {"0", "1", "+1", "1.0", "0.0"} or words <= {"-1", "1", "+1", "1.0", "-1.0"}:
        return PATTERNS if not plain else forms.VECTORS
    numeric = all(parse_number(word) is not None for word in words)
    if not plain and not header and (not numeric or {len(row) for row in rows} == {1}) and is_picture(source):
        return PATTERNS
    square = numeric and len(rows) > 2 and {len(row) for row in rows} == {len(rows)}
    if square and not all(abs(parse_number(word) or 0.0) <= LARGEST for word in words):
        return forms.GAPPED
    if not numeric:
        return _of_list(source, header, rows[1:]) if header and _is_counted(header, rows) else None
    return _of_list(source, header, rows[1:]) if header else _of_numbers(source, rows)


def _is_counted(header: tuple[int, int, int], rows: list[list[str]]) -> bool:
    """Whether the rows below a header are edges, of which perhaps one has a damaged word."""
    return len(rows) > 1 and all(len(row) in (2, 3) for row in rows[1:]) and header[0] > 0 and (
        sum(parse_number(word) is None for row in rows[1:] for word in row) < len(rows)
    )  # fmt: skip


def form_of_matrix(matrix: Float) -> Form | None:
    """Recognize what a square matrix may be.

    Parameters
    ----------
    matrix : (n, n) float
        Matrix.

    Returns
    -------
    Form or None
        Form; None if it is a picture, or rows of patterns.
    """
    signs = bool(np.isin(matrix, (0, 1)).all())
    symmetric = symmetric_matrix(matrix)
    if not matrix.any() or (signs and symmetric is None) or np.isin(matrix, (-1, 1)).all():
        return None
    if symmetric is None:
        return forms.DIRECTED
    if not symmetric.diagonal().any():
        return forms.ADJACENCY if signs else forms.WEIGHTS
    return None if signs else forms.DIAGONAL


def _three_edges(matrix: Float) -> bool:
    """Whether three rows of three numbers are edges, or entries of a model, of nodes without a gap."""
    ends = matrix[:, :2]
    if not matrix.diagonal().any() or symmetric_matrix(matrix) is not None or (ends != np.floor(ends)).any():
        return False
    used = np.unique(ends)
    each = {tuple(sorted(row)) for row in ends.tolist()}
    return len(each) == 3 and used[0] in (0, 1) and len(used) == used[-1] - used[0] + 1


def _of_list(source: TextFile, header: tuple[int, int, int], body: list[list[str]]) -> Form:
    """Tell a list below 'n m' from pairs of numbers whose first one is no header."""
    n, _, start = header
    if body and all(len(row) == 9 for row in body):
        return forms.HFS
    three = bool(body) and any(len(row) == 3 for row in body)
    if three or not body or any(len(row) != 2 for row in body):
        if source.ending in _ENDINGS:
            return _ENDINGS[source.ending]
        loops = any(
            len(row) == 3 and parse_number(row[0]) == parse_number(row[1]) and parse_number(row[2]) for row in body
        )
        if loops or (three and _has_loops(source, start + 1)):
            return forms.COUNTED_ENTRIES
        return RUDY
    ends = [parse_number(word) or 0.0 for row in body for word in row]
    if any(end < 0 or not end.is_integer() for end in ends):
        return forms.CITIES
    return RUDY if n and n >= max(ends) else form_of_pairs(numbers_of_rows(source))


def _has_loops(source: TextFile, start: int) -> bool:
    """Whether a row 'i i value' stands below the first ones."""
    for line in source.lines[start + ROWS :]:
        words = line.split(None, 3)
        if len(words) == 3 and words[0] == words[1] and words[0][0] not in "#%" and parse_number(words[2]):
            return True
    return False


def numbers_of_rows(source: TextFile) -> Float:
    """Return the first rows of two or three numbers.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    (k, 3) float
        Rows, 1 where there is no third number, NaN for words.
    """
    rows = first_rows(source, 20_000, 1 << 21)
    kept = [[*row, "1"][:3] for row in rows if len(row) in (2, 3)]
    return np.array([[np.nan if (v := parse_number(word)) is None else v for word in row] for row in kept]).reshape(
        -1, 3
    )


def _of_numbers(source: TextFile, rows: list[list[str]]) -> Form | None:
    """Rows of numbers of which the first is no header of a graph."""
    widths = {len(row) for row in rows}
    if widths == {1}:
        return PATTERNS if is_picture(source) else forms.COLUMN
    first = parse_number(rows[0][0]) or 0.0
    if len(rows[0]) == 1 and 1 <= first < 1e9 and first.is_integer():
        n, count = int(first), sum(len(line.split()) for line in source.lines if not is_comment(line))
        if count == 1 + 2 * n * n and n > 1:
            return forms.QAPLIB
        below = {len(row) for row in rows[1:]}
        if len(rows[1]) == 2 and below == {2, 3}:
            return forms.OR_LIBRARY
        return forms.COUNTED
    if widths in ({2}, {3}) and any("." in row[1] for row in rows) and not any("." in row[0] for row in rows):
        return forms.CITIES
    if widths == {2}:
        return form_of_pairs(numbers_of_rows(source))
    if widths <= {2, 3}:
        return form_of_listed(numbers_of_rows(source))
    if len(widths) == 1:
        return forms.TABLE
    neighbors = all(word.isdecimal() for row in rows for word in row) and max(widths) > 3
    return forms.NEIGHBORS if neighbors or widths == {1, 2, 3} else None


def form_of_pairs(numbers: Float) -> Form:
    """Tell edges from coordinates of cities.

    Parameters
    ----------
    numbers : (k, 3) float
        Rows.

    Returns
    -------
    Form
        Form.
    """
    like = _edges_like(numbers)
    if like is None:
        return forms.CITIES
    return forms.EDGES if like else forms.EDGES_OR_CITIES


def form_of_listed(numbers: Float) -> Form:
    """Tell edges, entries and cities in rows of three numbers.

    Parameters
    ----------
    numbers : (k, 3) float
        Rows.

    Returns
    -------
    Form
        Form.
    """
    if not np.isfinite(numbers).all():
        return forms.EDGES
    ends, k = numbers[:, :2], len(numbers)
    whole = bool(((ends == np.floor(ends)) & (ends >= 0)).all())
    numbered = is_numbering(numbers[:, 0])
    if not whole:
        return forms.CITIES
    loops = ends[:, 0] == ends[:, 1]
    used = len(np.unique(ends))
    scattered = 2 * used < ends.max()
    if loops.any():
        return forms.CITIES if numbered and scattered else forms.PLAIN_ENTRIES if not numbered else forms.LIST_OR_CITIES
    if numbered and scattered:
        return forms.CITIES
    return forms.LIST_OR_CITIES if numbered and k > 2 else forms.EDGES


def _edges_like(numbers: Float) -> bool | None:
    """Whether pairs are edges of nodes without a gap, each once or at both of its ends; None if they are no edges."""
    ends: NDArray[np.float64] = numbers[:, :2]
    if not np.isfinite(ends).all() or (ends < 0).any() or (ends != np.floor(ends)).any() or ends.max(initial=0) > 1e9:
        return None
    low, high = np.sort(ends, axis=1).T
    if (low == high).any():
        return None
    used = np.unique(ends)
    each, there = np.unique(low * 1e10 + high), np.unique(ends[:, 0] * 1e10 + ends[:, 1])
    listed = len(each) == len(ends) or len(there) == len(ends) == 2 * len(each)
    return listed and bool(used[0] in (0, 1) and len(used) == used[-1] - used[0] + 1)
