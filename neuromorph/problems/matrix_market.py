"""Matrix Market files: sparse ones as graphs or QUBOs, dense ones as the matrices that they are.

``coordinate`` files list ``row column value`` from 1; ``array`` files list values column by column, of a symmetric
matrix its lower triangle only. SciPy's reader ends the interpreter on a damaged file.
Source: Boisvert, Pozo and Remington, The Matrix Market exchange formats, NISTIR 5935 (1996).
"""

from __future__ import annotations

import numpy as np

from ..ising import Float
from .edge_list import Pairs, is_comment, read_pairs
from .graph import MAX_NODES, Graph
from .matrices import LARGEST_MATRIX
from .quadratic_model import IsingFile, model_of_terms, require_used
from .text_file import Block, TextFile, quote_text

_FIELDS = ("real", "double", "integer", "pattern")


def read_matrix_market(source: TextFile) -> Graph:
    """Read the graph of a sparse, symmetric or triangular, real matrix.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Graph
        Graph.

    Raises
    ------
    ProblemFileError
        If the matrix is no such one, or damaged.
    """
    size, pairs, weighted, symmetric = _entries(source)
    given = np.full(len(pairs.values), weighted)
    return Graph.of(source, size, pairs.ends - 1, pairs.values, given=given, both=not symmetric)


def read_matrix_market_qubo(source: TextFile) -> IsingFile:
    """Read a sparse matrix as the Q of a QUBO.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    IsingFile
        Model of x'Qx: an entry of a symmetric file counts for its mirror image too.

    Raises
    ------
    ProblemFileError
        If the matrix is no such one, or damaged.
    """
    size, pairs, _, symmetric = _entries(source)
    key = (pairs.ends[:, 0] - 1) * size + pairs.ends[:, 1] - 1
    if len(np.unique(key)) < len(key):
        raise source.error("an entry comes twice; give each once with its whole value")
    require_used(source, size, len(pairs.values))
    factor = 2.0 if symmetric else 1.0
    energy = "x'Qx of the file"
    return model_of_terms(source, size, pairs.ends - 1, pairs.values, vartype="BINARY", factor=factor, energy=energy)


def _entries(source: TextFile) -> tuple[int, Pairs, bool, bool]:
    """Read the size and the entries, and whether they have values and list one half of a symmetric matrix."""
    lines = source.lines
    banner, at = _banner(source)
    words = lines[at].split()
    if len(banner) < 5 or not at or len(words) != 3 or not all(word.isdecimal() and len(word) < 19 for word in words):
        raise source.error("its banner or size is damaged; write '%%MatrixMarket matrix coordinate real symmetric'", 1)
    rows, columns, entries = map(int, words)
    field, symmetry = banner[3], banner[4]
    if rows != columns or not 1 <= rows <= MAX_NODES or entries > len(lines) - at:
        raise source.error(
            f"says {rows} x {columns} and {entries} entries; give a square matrix and all entries", at + 1
        )
    if field not in _FIELDS or symmetry not in ("general", "symmetric"):
        raise source.error(
            f"is {quote_text(field)} and {quote_text(symmetry)}; write a real, symmetric or triangular, matrix", 1
        )
    pairs = read_pairs(source, at + 1, "row or column", 1, rows, weighted=field != "pattern")
    if len(pairs.values) != entries:
        raise source.error(f"has {len(pairs.values)} entries but says {entries}; correct one of them", at + 1)
    return rows, pairs, field != "pattern", symmetry == "symmetric"


def _banner(source: TextFile) -> tuple[list[str], int]:
    """Return the words of the first line, and the 0-based line of the size."""
    start = next((k for k, line in enumerate(source.lines) if line.lstrip().startswith("%%")), 0)
    at = next((k for k, line in enumerate(source.lines) if k > start and not is_comment(line)), 0)
    return source.lines[start].lower().split(), at


def dense_rows(source: TextFile) -> TextFile:
    """Rewrite a dense matrix as its rows.

    Parameters
    ----------
    source : TextFile
        File with ``array`` in its banner.

    Returns
    -------
    TextFile
        The same file, a row a line.

    Raises
    ------
    ProblemFileError
        If it is not real, or damaged.
    """
    banner, at = _banner(source)
    words = source.lines[at].split()
    if len(banner) < 5 or not at or len(words) != 2 or not all(word.isdecimal() and len(word) < 10 for word in words):
        raise source.error("its banner or size is damaged; write '%%MatrixMarket matrix array real general'", 1)
    rows, columns = map(int, words)
    field, symmetry = banner[3], banner[4]
    if field not in _FIELDS[:3] or symmetry not in ("general", "symmetric"):
        raise source.error(f"is {quote_text(field)} and {quote_text(symmetry)}; write a real general array", 1)
    if not (1 <= rows <= LARGEST_MATRIX and 1 <= columns <= LARGEST_MATRIX):
        raise source.error(f"says {rows} x {columns}; up to {LARGEST_MATRIX} rows and columns are read", at + 1)
    half = symmetry == "symmetric"
    wanted = rows * (rows + 1) // 2 if half else rows * columns
    body = ["" if is_comment(line) else line for line in source.lines[at + 1 :]]
    values = Block(source, at + 2, body).numbers()
    if len(values) != wanted or (half and rows != columns):
        of = "one triangle of " if half else ""
        raise source.error(
            f"has {len(values)} values, {of}{rows} x {columns} are {wanted}; correct one of them", at + 1
        )
    table: Float = values.reshape(columns, rows).T if not half else _whole(values, rows)
    return source.rewritten([" ".join(map(shortest_number, row)) for row in table.tolist()])


def _whole(values: Float, n: int) -> Float:
    """Return the symmetric matrix whose lower triangle is listed column by column."""
    table = np.zeros((n, n))
    column, row = np.triu_indices(n)  # the columns of the lower triangle are the rows of the upper one
    table[row, column] = table[column, row] = values
    return table


def shortest_number(value: float) -> str:
    """Write a number so that it is read back, whole ones without a point.

    Parameters
    ----------
    value : float
        Number.

    Returns
    -------
    str
        Text.
    """
    return str(int(value)) if float(value).is_integer() else repr(value)
