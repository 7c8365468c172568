"""What a problem file looks like, by its content: nothing is silently taken for another kind.

Forms with a beginning or a sign stand in two tables (``forms``); rows of numbers are told apart, or the kind asked for.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..files.npz import ArrayFileError, npz_names
from ..ising import Float
from . import forms
from .array_matrices import matrix_rows
from .drawings import is_picture
from .edge_list import is_comment
from .forms import BEGINNINGS, JSON, NODE_LINK, PATTERNS, RUDY, SIGNS, TSPLIB, Form
from .matrices import square_matrix, symmetric_matrix
from .matrix_market import dense_rows
from .pattern_files import NPY, NPZ
from .polynomial_files import is_polynomial
from .remarks import without_count, without_remarks
from .rudy import read_rudy_header
from .sudoku import is_sudoku
from .tables import first_rows, plain_rows, read_text_table
from .text_file import Block, ProblemFileError, TextFile, parse_number
from .tsplib_sections import is_routing, is_tsplib
from .word_files import is_word_list

_HEAD = 1 << 16  # bytes in which signs are looked for
_ROWS, _WIDE = 200, 1 << 20  # rows that are told apart by their numbers, and characters of all of them
_ENDINGS = {".sparse": forms.BIQ_MAC, ".bq": forms.BIQ_MAC, ".qh": forms.QUBIST}


def form_of(source: TextFile) -> Form | None:
    """Recognize the form of a file.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Form or None
        Form; None if the file is empty, or like none.
    """
    return recognize(source)[0] if source.data else None


def recognize(source: TextFile) -> tuple[Form | None, TextFile]:
    """Recognize the form of a file that is not empty.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    tuple of Form or None, TextFile
        Form, None if the file is like none; and the file as its reader takes it, with blanks between numbers.

    Raises
    ------
    ProblemFileError
        For text that cannot be read.
    """
    source = without_remarks(source)
    data = source.data
    if source.members:
        return forms.PICTURES, source
    if data.startswith(NPZ):
        return _archive(source)
    if data.startswith(NPY):
        return _array_of_matrix(source, forms.ARRAY)
    if (data.startswith(b"BM") and b"\0" in data[:64]) or re.match(rb"P[1-6]\s+(#[^\n]*\s+)*\d+\s+\d+", data[:4096]):
        return forms.PICTURE, source
    found = next((form for beginning, form in BEGINNINGS.items() if data.startswith(beginning)), None)
    if found:
        return found, source
    head = data[:_HEAD].decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    found = next((form for sign, form in SIGNS.items() if re.search(sign, head, re.MULTILINE | re.IGNORECASE)), None)
    if found is JSON and re.search(r'"nodes"\s*:', head) and re.search(rb'"(links|edges|adjacency)"\s*:', data):
        return NODE_LINK, source
    if found is JSON and re.search(rb'"terms"\s*:', data):
        return forms.JSON_TERMS, source
    if found is forms.ENTRIES and is_polynomial(source):
        return forms.TERMS, source
    if found is forms.MATRIX_MARKET_ARRAY:
        return _of_array(dense_rows(source))
    if found or is_tsplib(source):
        return found or (forms.ROUTING if is_routing(source) else TSPLIB), source
    if source.ending in (".cnf", ".wcnf") and _is_formula(source):
        return forms.FORMULA, source
    if is_sudoku(source):
        return forms.SUDOKU, source
    below = without_count(source)
    form = _of_rows(source if below is None else below, plain=below is not None)
    if form is not None:
        return form, source if below is None else below
    plain = plain_rows(source)
    first = next((line.lstrip() for line in source.lines if not is_comment(line)), "")
    table = read_text_table(source) if plain is None or first[:1].isalpha() or '"' in first[:200] else None
    if table is not None and table.header:
        if table.names_cities:
            return forms.CITIES, source
        if plain is not None and table.names_entries:
            return _of_listed(_numbers_of(plain)), plain
        if table.names_edges:
            return (forms.NAMED_EDGES, source) if table.words else (forms.EDGES, plain or source)
    if plain is not None:
        form = _of_rows(plain, plain=True)
        return (form or forms.TABLE), plain
    return _of_words(source) or (forms.WORD_LIST if is_word_list(source) else None), source


def _of_array(rows: TextFile) -> tuple[Form, TextFile]:
    """Recognize the form of a dense matrix, whose file says that it is one."""
    found = _of_rows(rows, plain=True) or forms.TABLE
    return replace(found, name=f"a dense Matrix Market file, {found.name}"), rows


def _is_formula(source: TextFile) -> bool:
    """Whether clauses stand in a file without a header: whole numbers, of which 0 ends the last row."""
    rows = first_rows(source, _ROWS, _WIDE)
    rows = [row for row in rows if row[0] not in ("c", "h")]
    return bool(rows) and rows[-1][-1] == "0" and all(parse_number(word) is not None for row in rows for word in row)


def _archive(source: TextFile) -> tuple[Form, TextFile]:
    try:
        names = set(npz_names(source.data))
    except ArrayFileError:  # the reader of patterns says so
        return PATTERNS, source
    model = names & {"couplings", "row"}
    if "patterns" in names:
        return (forms.BOTH if model else PATTERNS), source
    if model:
        return forms.COUPLINGS, source
    remedy = "save numpy.savez(file, patterns=array), or couplings=J and biases=h"
    other = Form("an .npz with no array 'patterns' or 'couplings'", remedy=remedy)
    if len(names) == 1:
        return _array_of_matrix(source, replace(other, remedy=f"{remedy}; of a QUBO, numpy.save(file, Q)"))
    return (other if names else Form("a zip archive", remedy="unpack it first")), source


def _array_of_matrix(source: TextFile, other: Form) -> tuple[Form, TextFile]:
    rows = matrix_rows(source)
    matrix = None if rows is None else square_matrix(rows)
    form = None if matrix is None else _of_matrix(matrix)
    return (other, source) if form is None or rows is None else (form, rows)


def _of_words(source: TextFile) -> Form | None:
    """Recognize a table in which some cells are words."""
    table = read_text_table(source)
    if table is None:
        rows = first_rows(source, _ROWS, _WIDE)
        if any("," in word or ";" in word for word in (rows[0] if rows else [])):
            return forms.CSV
        edges = len(rows) > 1 and all(
            len(row) == 2 or (len(row) == 3 and parse_number(row[2]) is not None) for row in rows
        )
        return forms.NAMED_EDGES if edges else None
    width, words, n = len(table.rows[0]), table.words, len(table.rows)
    matrix = table.numbers[:, 1:]
    if words == [0] and n > 2 and matrix.shape == (n, n) and np.isfinite(matrix).all():
        return forms.NAMED_MATRIX
    first_names = words == [0] and len({row[0] for row in table.rows}) == n
    if not table.header and first_names and width in (3, 4):
        return forms.CITIES
    if n > 1 and words in ([0, 1], [0], [1]) and width in (2, 3) and not (table.header and words != [0, 1]):
        return forms.NAMED_EDGES
    return forms.CSV if "," in source.lines[table.lines[0]] or table.header else None


def _of_rows(source: TextFile, plain: bool = False) -> Form | None:
    """Recognize the form of a text of rows; ``plain``: its separators were others, so it is no drawing."""
    rows = first_rows(source, _ROWS, _WIDE)
    if not rows:
        return PATTERNS if not plain and is_picture(source) else None
    words = {word for row in rows for word in row}
    header = read_rudy_header(source)
    matrix = square_matrix(source)
    if matrix is not None and (len(matrix) > 2 or not header or not header[0]):
        found = None if len(matrix) == 3 and _three_edges(matrix) else _of_matrix(matrix)
        if found:
            return found
    if words <= {"0", "1", "+1", "1.0", "0.0"} or words <= {"-1", "1", "+1", "1.0", "-1.0"}:
        return PATTERNS if not plain else forms.VECTORS
    numeric = all(parse_number(word) is not None for word in words)
    if not plain and not header and (not numeric or {len(row) for row in rows} == {1}) and is_picture(source):
        return PATTERNS
    if not numeric:
        return _of_list(source, header, rows[1:]) if header and _is_counted(header, rows) else None
    return _of_list(source, header, rows[1:]) if header else _of_numbers(source, rows)


def _is_counted(header: tuple[int, int, int], rows: list[list[str]]) -> bool:
    """Whether the rows below a header are edges, of which perhaps one has a damaged word."""
    return len(rows) > 1 and all(len(row) in (2, 3) for row in rows[1:]) and header[0] > 0 and (
        sum(parse_number(word) is None for row in rows[1:] for word in row) < len(rows)
    )  # fmt: skip


def _of_matrix(matrix: Float) -> Form | None:
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
    """Whether three rows of three numbers are edges of nodes without a gap, rather than a matrix."""
    return bool(_edges_like(matrix)) and symmetric_matrix(matrix) is None


def _of_list(source: TextFile, header: tuple[int, int, int], body: list[list[str]]) -> Form:
    """Tell a list below 'n m' from pairs of numbers whose first one is no header."""
    n, _, start = header
    if _is_metis(source, header):
        return forms.METIS
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
    return RUDY if n and n >= max(ends) else _of_pairs(_numbers_of(source))


def _has_loops(source: TextFile, start: int) -> bool:
    """Whether a row 'i i value' stands below the first ones."""
    for line in source.lines[start + _ROWS :]:
        words = line.split(None, 3)
        if len(words) == 3 and words[0] == words[1] and words[0][0] not in "#%" and parse_number(words[2]):
            return True
    return False


def _numbers_of(source: TextFile) -> Float:
    """Return the first rows of two or three numbers each, (k, 3), with 1 where there is no third."""
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
        return _of_pairs(_numbers_of(source))
    if widths <= {2, 3}:
        return _of_listed(_numbers_of(source))
    return forms.TABLE if len(widths) == 1 else None


def _of_pairs(numbers: Float) -> Form:
    """Tell edges from coordinates of cities."""
    like = _edges_like(numbers)
    if like is None:
        return forms.CITIES
    return forms.EDGES if like else forms.EDGES_OR_CITIES


def _of_listed(numbers: Float) -> Form:
    """Tell edges, entries and cities in rows of three numbers."""
    if not np.isfinite(numbers).all():
        return forms.EDGES
    ends, k = numbers[:, :2], len(numbers)
    whole = bool(((ends == np.floor(ends)) & (ends >= 0)).all())
    numbered = any(np.array_equal(numbers[:, 0], np.arange(start, start + k)) for start in (0, 1))
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
    """Whether pairs are edges of nodes without a gap; None if they cannot be edges."""
    ends: NDArray[np.float64] = numbers[:, :2]
    if not np.isfinite(ends).all() or (ends < 0).any() or (ends != np.floor(ends)).any() or ends.max(initial=0) > 1e9:
        return None
    low, high = np.sort(ends, axis=1).T
    if (low == high).any() or len(np.unique(low * 1e10 + high)) < len(ends):
        return None
    used = np.unique(ends)
    return bool(used[0] in (0, 1) and len(used) == used[-1] - used[0] + 1)


def _is_metis(source: TextFile, header: tuple[int, int, int]) -> bool:
    """Whether n lines list the neighbors of n nodes, each of m edges at both of its ends."""
    n, m, start = header
    lines = source.lines[start + 1 : start + n + 1]
    if len(lines) < n or any(line.strip() for line in source.lines[start + n + 1 :]):
        return False
    counts = np.fromiter((len(line.split(None, n)) for line in lines), np.int64, n)
    if not n or counts.sum() != 2 * m:
        return False
    try:
        there = Block(source, start + 2, lines).numbers()
    except ProblemFileError:
        return False
    here = np.repeat(np.arange(1.0, n + 1), counts)
    if len(here) != len(there):  # a line of more than n + 1 words
        return False
    edges, backwards = np.sort(here * (n + 1) + there), np.sort(there * (n + 1) + here)
    return np.array_equal(edges, backwards) and len(np.unique(edges)) == 2 * m
