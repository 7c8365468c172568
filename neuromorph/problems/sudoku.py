"""Sudoku as a coloring: cells are nodes, digits are colors, and cells of a row, column or box are joined."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import ArrayLike

from .coloring import Coloring
from .text_file import TextFile, printable_name

_ROW = re.compile(r"[0-9A-Ga-g.*_xX]")
_SIZES = {16: 4, 81: 9, 256: 16}
_RULE = re.compile(r"[-+=|\s]*")


def sudoku(grid: ArrayLike, *, name: str = "sudoku") -> Coloring:
    """Build a Sudoku.

    Parameters
    ----------
    grid : (k^2, k^2) int
        Digits 1 .. k^2, 0 where a cell is empty.
    name : str
        Name.

    Returns
    -------
    Coloring
        Problem of kind "sudoku"; color c is digit c + 1.

    Raises
    ------
    ValueError
        If the grid is none.
    """
    cells = np.asarray(grid)
    side = len(cells) if cells.ndim == 2 else 0
    box = round(side**0.5)
    if cells.shape != (side, side) or box < 2 or box**2 != side or cells.dtype.kind not in "iu":
        raise ValueError(f"grid has shape {cells.shape}; give whole numbers, 4 x 4, 9 x 9 or larger")
    if ((cells < 0) | (cells > side)).any():
        raise ValueError(f"grid holds {cells.min()} .. {cells.max()}; give 1 .. {side}, and 0 where a cell is empty")
    row, column = np.divmod(np.arange(side**2), side)
    where = np.stack([row, column, row // box * box + column // box])
    edges = np.argwhere(np.triu((where[:, :, None] == where[:, None]).any(axis=0), 1))
    given = cells.ravel() - 1
    clash = edges[(given[edges[:, 0]] >= 0) & (given[edges[:, 0]] == given[edges[:, 1]])]
    notes: tuple[str, ...] = ()
    if len(clash):
        i, j = clash[0]
        digit, one, other = given[i] + 1, divmod(int(i), side), divmod(int(j), side)
        notes = (
            f"digit {digit} is given twice in one row, column or box (cells {one[0] + 1},{one[1] + 1} and "
            f"{other[0] + 1},{other[1] + 1}): no solution is without a conflict",
        )
    best = None if notes else 0.0
    return Coloring(name, side**2, edges, side, given, best_known=best, notes=notes, shape=(side, side))


def grid_signs(source: TextFile) -> list[str] | None:
    """Return the signs of a Sudoku typed as text.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    list of str or None
        16, 81 or 256 signs, row by row; None for any other text.
    """
    if len(source.data) > 4096:
        return None
    lines = [line for line in source.lines if not line.lstrip().startswith(("#", "%", "//")) and line.strip()]
    lines = [line for line in lines if not (_RULE.fullmatch(line) and "-" in line)]
    signs = [sign for line in lines for sign in re.sub(r"[|\s,;]", "", line)]
    side = _SIZES.get(len(signs))
    if side is None or not all(_ROW.fullmatch(sign) for sign in signs):
        return None
    if len(lines) not in (1, side) or any(_value(sign) > side for sign in signs):
        return None
    return signs if any(_value(sign) > 1 for sign in signs) else None  # else it is a drawing of 0 and 1


def is_sudoku(source: TextFile) -> bool:
    """Return whether a text is a Sudoku, and no matrix.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True for a Sudoku.
    """
    signs = grid_signs(source)
    if signs is None:
        return False
    side = _SIZES[len(signs)]
    cells = np.array([_value(sign) for sign in signs]).reshape(side, side)
    diagonal = np.array_equal(cells == 0, np.eye(side, dtype=bool))
    matrix = np.array_equal(cells, cells.T) and not cells.diagonal().any()
    return not diagonal and not matrix and not sudoku(cells).notes


def _value(sign: str) -> int:
    if sign in "0.*_xX":
        return 0
    return int(sign, 17)


def read_sudoku(source: TextFile) -> Coloring:
    """Read a Sudoku: rows of digits, with 0 or a point for an empty cell.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Coloring
        Problem.

    Raises
    ------
    ProblemFileError
        If the text is none.
    """
    signs = grid_signs(source)
    if signs is None:
        raise source.error("is no Sudoku; write 9 rows of 9 digits, with 0 or '.' where a cell is empty")
    side = _SIZES[len(signs)]
    return sudoku(
        np.array([_value(sign) for sign in signs]).reshape(side, side), name=printable_name(source.stem, "sudoku")
    )
