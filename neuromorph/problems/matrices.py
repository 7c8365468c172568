"""Square matrices typed as text: n rows of n numbers, or of n signs 0 and 1 without blanks."""

from __future__ import annotations

import numpy as np

from ..ising import Float
from .edge_list import is_comment
from .text_file import Block, ProblemFileError, TextFile

LARGEST_MATRIX = 10_000  # rows; 800 MB


def square_matrix(source: TextFile) -> Float | None:
    """Read the numbers of a text that is a square matrix and nothing else.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    (n, n) float or None
        Matrix, n >= 2; None for every other text.
    """
    if len(source.lines) > 2 * LARGEST_MATRIX:
        return None
    rows = [line for line in source.lines if not is_comment(line)]
    n = len(rows)
    if not 2 <= n <= LARGEST_MATRIX:
        return None
    widths = {len(rows[k].split(None, n)) for k in (0, -1)}
    if widths == {1} and {len(row.strip()) for row in rows} == {n} and set("".join(rows)) <= set("01 \t"):
        rows = [" ".join(row.strip()) for row in rows]
    elif widths != {n}:
        return None
    try:
        values = Block(source, 1, rows).numbers()
    except ProblemFileError:
        return None
    return values.reshape(n, n) if len(values) == n * n else None


def symmetric_matrix(matrix: Float) -> Float | None:
    """Complete a triangle to a symmetric matrix.

    Parameters
    ----------
    matrix : (n, n) float
        Symmetric matrix, or a triangle.

    Returns
    -------
    (n, n) float or None
        Symmetric matrix; None if it is neither.
    """
    if (matrix == matrix.T).all():
        return matrix
    if np.triu(matrix, 1).any() and np.tril(matrix, -1).any():
        return None
    return np.asarray(matrix + matrix.T - np.diag(matrix.diagonal()))
