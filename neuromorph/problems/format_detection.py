"""What a problem file looks like, by its content: nothing is silently taken for another kind.

Forms with a beginning or a sign stand in two tables (``forms``); rows of numbers are told apart, or the kind asked for.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from ..files.npz import ArrayFileError, npz_names
from . import forms
from .array_matrices import array_of_idx, lone_array, matrix_rows
from .edge_list import is_comment
from .forms import BEGINNINGS, JSON, NODE_LINK, PATTERNS, SIGNS, TSPLIB, Form
from .graph6 import is_graph6
from .json_tables import table_of_json
from .loose_drawings import without_sizes
from .matrices import square_matrix
from .matrix_market import dense_rows
from .named_terms import is_python_model, says_its_domain
from .pattern_files import NPY, NPZ
from .polynomial_files import is_polynomial
from .remarks import without_count, without_remarks
from .row_forms import ROWS, WIDE, form_of_listed, form_of_matrix, form_of_rows, numbers_of_rows
from .sudoku import is_sudoku
from .tables import TextTable, first_rows, plain_rows, read_text_table
from .text_file import TextFile, parse_number
from .tsplib_sections import is_routing, is_tsplib
from .word_files import is_word_list

_HEAD = 1 << 16  # bytes in which signs are looked for
_GAPS = {"inf", "+inf", "infinity", "nan", "-", "--", "x", "none", "null", "na", "n/a", "\u221e", "*", ""}
_PICTURES = {"arr_0", "x", "X", "images", "data", "digits", "letters", "pictures", "x_train", "x_test"}  # of .npz
_LENGTHS = {"distance", "dist", "length", "km", "miles", "cost", "duration", "time", "d"}  # above distances of pairs


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
    if data[257:262] == b"ustar":
        return forms.TAR, source
    pictures = array_of_idx(source)
    if pictures is not None:
        return forms.IDX, pictures
    if is_graph6(source):
        return forms.GRAPH6, source
    if is_python_model(source):
        return (forms.PYTHON_MODEL if says_its_domain(source) else forms.PYTHON), source
    listed = table_of_json(source)
    if listed is not None:
        return _of_text(listed)
    head = data[:_HEAD].decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    found = next((form for sign, form in SIGNS.items() if re.search(sign, head, re.MULTILINE | re.IGNORECASE)), None)
    if found is JSON and re.search(r'"nodes"\s*:', head) and re.search(rb'"(links|edges|adjacency)"\s*:', data):
        return NODE_LINK, source
    if found is JSON and re.search(rb'"terms"\s*:', data):
        return forms.JSON_TERMS, source
    if found is forms.XML and not re.search(r"<(?:\w+:)?(?:graphml|gexf)\b", head, re.IGNORECASE):
        return forms.OTHER_XML, source
    if found is forms.ENTRIES and is_polynomial(source):
        return forms.TERMS, source
    if found is forms.MATRIX_MARKET_ARRAY:
        return _of_array(dense_rows(source))
    if found or is_tsplib(source):
        return found or (forms.ROUTING if is_routing(source) else TSPLIB), source
    if source.ending in (".cnf", ".wcnf") and _is_formula(source):
        return forms.FORMULA, source
    return _of_text(source)


def _of_text(source: TextFile) -> tuple[Form | None, TextFile]:
    """Recognize the form of a text without signs of its own: rows of numbers, names, or a drawing."""
    if is_sudoku(source):
        return forms.SUDOKU, source
    source = without_sizes(source) or source
    below = without_count(source)
    form = form_of_rows(source if below is None else below, plain=below is not None)
    if form is not None:
        return form, source if below is None else below
    plain = plain_rows(source)
    first = next((line.lstrip() for line in source.lines if not is_comment(line)), "")
    table = read_text_table(source) if plain is None or first[:1].isalpha() or '"' in first[:200] else None
    if table is not None and not (table.names_edges or table.names_cities) and _is_gapped(table):
        return forms.GAPPED, source
    if table is not None and table.header:
        if table.names_cities:
            return forms.CITIES, source
        if plain is not None and table.names_entries:
            return form_of_listed(numbers_of_rows(plain)), plain
        if table.names_edges and _LENGTHS & set(table.header):
            return forms.NAMED_DISTANCES, source
        if table.names_edges:
            return (forms.NAMED_EDGES, source) if table.words else (forms.EDGES, plain or source)
    if plain is not None:
        form = form_of_rows(plain, plain=True, headed=table is not None and bool(table.header))
        return (form or forms.TABLE), plain
    return _of_words(source) or (forms.WORD_LIST if is_word_list(source) else None), source


def _is_gapped(table: TextTable) -> bool:
    """Whether a square table, with names of its rows or without, has cells that say that there is no number."""
    rows = [row[len(row) - len(table.rows) :] for row in table.rows]
    n = len(rows)
    if n < 3 or len(table.rows[0]) not in (n, n + 1):
        return False
    cells = [cell.lower() for row in rows for cell in row]
    gaps = sum(cell in _GAPS for cell in cells)
    return gaps > 0 and all(cell in _GAPS or parse_number(cell) is not None for cell in cells)


def _of_array(rows: TextFile) -> tuple[Form, TextFile]:
    """Recognize the form of a dense matrix, whose file says that it is one."""
    found = form_of_rows(rows, plain=True) or forms.TABLE
    return replace(found, name=f"a dense Matrix Market file, {found.name}"), rows


def _is_formula(source: TextFile) -> bool:
    """Whether clauses stand in a file without a header: whole numbers, of which 0 ends the last row."""
    rows = first_rows(source, ROWS, WIDE)
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
        lone = lone_array(source)
        if lone is not None and names <= _PICTURES:
            form, rows = _array_of_matrix(source, forms.ARRAY)
            return (form, lone) if form is forms.ARRAY else (form, rows)
        return _array_of_matrix(source, replace(other, remedy=f"{remedy}; of a QUBO, numpy.save(file, Q)"))
    if not names and b"xl/workbook" in source.data:
        return forms.EXCEL, source
    several = "unpack it first: of several files, which one is meant is not clear"
    return (other if names else Form("a zip archive", remedy=several)), source


def _array_of_matrix(source: TextFile, other: Form) -> tuple[Form, TextFile]:
    rows = matrix_rows(source)
    matrix = None if rows is None else square_matrix(rows)
    form = None if matrix is None else form_of_matrix(matrix)
    return (other, source) if form is None or rows is None else (form, rows)


def _of_words(source: TextFile) -> Form | None:
    """Recognize a table in which some cells are words."""
    table = read_text_table(source)
    if table is None:
        rows = first_rows(source, ROWS, WIDE)
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
    if width == 2 and words in ([0], [1]) and not np.isfinite(table.numbers[:, words[0]]).any():
        return forms.NAMED_NUMBERS
    first_names = words == [0] and len({row[0] for row in table.rows}) == n
    if not table.header and first_names and width in (3, 4):
        return forms.CITIES
    if n > 1 and words in ([0, 1], [0], [1]) and width in (2, 3) and not (table.header and words != [0, 1]):
        return forms.NAMED_EDGES
    return forms.CSV if "," in source.lines[table.lines[0]] or table.header else None
