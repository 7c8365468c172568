"""The matrices of TSPLIB files, in all their formats.

Source: G. Reinelt, TSPLIB 95, Universitaet Heidelberg (1995), section 1.2.5.
"""

from __future__ import annotations

import numpy as np

from ..ising import Float
from .city_checks import MAX_MATRIX, NO_ROAD, negative
from .text_file import quote_text
from .tsplib_sections import TsplibFile

# Which triangle of the matrix a file gives row by row: a column of one triangle is a row of the other.
_FORMATS = {
    "FULL_MATRIX": "both",
    "UPPER_ROW": "upper",
    "LOWER_COL": "upper",
    "UPPER_DIAG_ROW": "upper",
    "LOWER_DIAG_COL": "upper",
    "LOWER_ROW": "lower",
    "UPPER_COL": "lower",
    "LOWER_DIAG_ROW": "lower",
    "UPPER_DIAG_COL": "lower",
}


def read_matrix(file: TsplibFile, size: int, *, one_way: bool = False) -> tuple[Float, tuple[str, ...]]:
    """Read EDGE_WEIGHT_SECTION.

    Parameters
    ----------
    file : TsplibFile
        File.
    size : int
        Number of cities.
    one_way : bool
        Whether the way back may have another length.

    Returns
    -------
    tuple of (n, n) float, tuple of str
        Distances, and notes on the diagonal.

    Raises
    ------
    ProblemFileError
        If numbers are missing, negative, or not symmetric.
    """
    layout = file.word("EDGE_WEIGHT_FORMAT")
    if layout not in _FORMATS:
        what = f"is {quote_text(layout)}" if layout else "is missing"
        raise file.error("EDGE_WEIGHT_FORMAT", f"EDGE_WEIGHT_FORMAT {what}; write one of {', '.join(_FORMATS)}")
    block = file.sections.get("EDGE_WEIGHT_SECTION")
    if block is None:
        raise file.source.error("EDGE_WEIGHT_SECTION is missing; EXPLICIT distances stand there")
    if size > MAX_MATRIX:
        raise file.error("DIMENSION", f"EXPLICIT distances of {size} cities stop at {MAX_MATRIX}; give coordinates")
    diagonal = 0 if "DIAG" in layout else -1
    count = size**2 if layout == "FULL_MATRIX" else size * (size + 1 + 2 * diagonal) // 2
    values = block.numbers(f"rescale; {NO_ROAD}")
    if len(values) != count:
        raise file.source.error(
            f"the section has {len(values)} numbers but {layout} of {size} cities needs {count}; "
            "correct DIMENSION, EDGE_WEIGHT_FORMAT or the numbers",
            block.first,
        )
    triangle = np.tri(size, k=diagonal, dtype=bool)
    given = {"both": np.ones_like(triangle), "lower": triangle, "upper": triangle.T}[_FORMATS[layout]]
    matrix = np.zeros((size, size))
    matrix[given] = values
    notes = _of_diagonal(matrix.diagonal(), layout)
    np.fill_diagonal(matrix, 0.0)
    if layout != "FULL_MATRIX":
        matrix += matrix.T
    if (matrix < 0.0).any():
        k = int(np.argmax((matrix < 0.0)[given]))
        raise block.error(negative(values[k]), k)
    if (unlike := matrix != matrix.T).any() and not one_way:
        rule = "the matrix is not symmetric; write TYPE: ATSP for one-way distances, or correct it"
        raise block.error(rule, int(np.argmax(unlike[given])))
    return matrix, notes


def _of_diagonal(diagonal: Float, layout: str) -> tuple[str, ...]:
    """Return the notes on a diagonal: different numbers are distances, read by the wrong format."""
    values = np.unique(diagonal)
    if not values.any():
        return ()
    if len(values) == 1:
        return (f"the diagonal is {values[0]:g} throughout; it is no distance, and is left out",)
    return (
        f"the diagonal has numbers up to {values[-1]:g}, which are no distances and are left out: is {layout} the "
        "right EDGE_WEIGHT_FORMAT?",
    )
