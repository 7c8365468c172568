"""Patterns typed as text: drawings with two signs, and rows of numbers.

- drawings: ``#`` and ``.``, ``1`` and ``0``, ``+`` and ``-``, or ``X`` and space, the first of each +1, or any other
  two signs, which are said; an empty line stands between patterns (a line of spaces is a row of an X picture).
- numbers with blanks or commas between them, 1 and -1 or 1 and 0: a line is a pattern; where empty lines part blocks of
  several lines, a block is one.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

import numpy as np

from .edge_list import is_comment
from .loose_drawings import without_columns
from .picture_files import AS_THEY_ARE, PictureOptions, scaled_picture, two_valued
from .recall import MAX_VALUES
from .text_file import Block, TextFile, quote_text

MAX_SIGNS = 4 * MAX_VALUES  # of a drawing, blanks and ends of lines included
_ALPHABETS = ("#.", "10", "+-", "X ")
_INK = "#@X*xO%8o+=&1"  # signs that are taken for ink, the first of two
_PAPER = " .-_,:'`~0|"
_SPINS = "1-"  # numbers 1 and -1, their blanks removed
_NUMBERS = re.compile(
    r"\s*+(?:[+-]?[01](?:\.0*)?)(?:\s++(?:[+-]?[01](?:\.0*)?))++\s*+"
)  # of a row, with blanks between
_WIDE = 1 << 16  # characters that show what a row is; of one sign, as " -1" and more blanks


def is_picture(source: TextFile) -> bool:
    """Return whether a text is a drawing, or rows of 1 and -1 or 0.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True for a picture typed as text.
    """
    if _is_vectors(source):
        return True
    first = next((line for line in source.lines if line.strip()), "")
    if _NUMBERS.fullmatch(first[:_WIDE].rpartition(" ")[0] if len(first) > _WIDE else first):
        return False
    row = first[:_WIDE].strip() or first[:_WIDE]
    return any(set(row) <= set(letters) for letters in (*_ALPHABETS, _SPINS)) or _two_signs(source) is not None


def _is_vectors(source: TextFile) -> bool:
    """Whether all lines but comments are numbers 1 and -1 or 0 with blanks between them."""
    lines = [line for line in source.lines if not is_comment(line)]
    return bool(lines) and all(_NUMBERS.fullmatch(line) for line in lines)


def _two_signs(source: TextFile) -> str | None:
    """Return the two signs of a drawing, ink first; None if the text is no drawing."""
    if len(source.data) > MAX_SIGNS:
        return None
    rows = [line.rstrip("\r") for line in source.lines if line.strip()]
    signs: set[str] = set()
    for row in rows:
        signs |= set(row.expandtabs(1))
        if len(signs) > 3:
            return None
    if len(signs) == 3 and " " in signs and len({len(row.strip()) for row in rows}) == 1:  # blanks stand at the ends
        rows, signs = [row.strip() for row in rows], signs - {" "}
        if any(" " in row for row in rows):
            return None
    if len(signs) != 2 or len(rows) < 2 or any(sign in signs for sign in "\ufffd\t"):
        return None
    if " " not in signs and (len({len(row.strip()) for row in rows}) != 1 or len(rows[0].strip()) < 2):
        return None
    one, other = sorted(signs)
    paper = [sign for sign in _PAPER if sign in signs]
    ink = [sign for sign in _INK if sign in signs]
    first = next(iter(signs - {paper[0]})) if paper and not set(ink) >= signs else ink[0] if ink else other
    return first + (one if first == other else other)


def patterns_of_vectors(source: TextFile, options: PictureOptions = AS_THEY_ARE) -> dict[str, Any]:
    """Read rows of numbers as patterns; empty lines part patterns of several rows.

    Parameters
    ----------
    source : TextFile
        File.
    options : PictureOptions
        Size, which must be None, and threshold of values that are neither 1, 0 nor -1.

    Returns
    -------
    dict of str to Any
        Fields of a ``Recall``: patterns, shape and notes.

    Raises
    ------
    ProblemFileError
        If rows differ in length, or blocks in height.
    """
    if options.size is not None:
        raise source.error("holds vectors, and a size is for pictures; leave it out")
    lines = [line for line in source.lines if not line.strip() or not is_comment(line)]
    blocks = [[*rows] for blank, rows in groupby(lines, key=lambda line: not line.strip()) if not blank]
    values = [Block(source, 1, rows).numbers() for rows in blocks]
    heights = {len(rows) for rows in blocks}
    width = max((len(row.split(None, MAX_VALUES)) for rows in blocks for row in rows), default=0)
    count = sum(len(rows) for rows in blocks)
    if not count or sum(map(len, values)) != count * width:
        raise source.error("has rows of different lengths; give each pattern as many numbers")
    if count * width > MAX_VALUES:
        raise source.error(f"has {count} rows of {width} numbers; at most {MAX_VALUES} fit: give less")
    whole, notes = two_valued(source, np.concatenate(values).reshape(count, width), options.threshold)
    if len(blocks) > 1 and heights != {1}:
        if len(heights) > 1:
            raise source.error(f"has blocks of {min(heights)} and of {max(heights)} rows; make them alike")
        (height,) = heights
        return {"patterns": whole.reshape(len(blocks), height * width), "shape": (height, width), "notes": notes}
    if count == 1:
        return {"patterns": whole, "shape": (1, width), "notes": notes}
    said = f"{count} patterns of {width}, one a line; a picture is drawn without blanks, as #..# or 1001"
    return {"patterns": whole, "shape": (1, width), "notes": (*notes, said)}


def patterns_of_drawings(source: TextFile, options: PictureOptions = AS_THEY_ARE) -> dict[str, Any]:
    """Read drawings typed as text, or rows of numbers.

    Parameters
    ----------
    source : TextFile
        File.
    options : PictureOptions
        Size that drawings are scaled to, and threshold of numbers.

    Returns
    -------
    dict of str to Any
        Fields of a ``Recall``: patterns, shape and notes.

    Raises
    ------
    ProblemFileError
        If the text is neither.
    """
    if len(source.data) > MAX_SIGNS:
        raise source.error(f"is a picture of more than {MAX_VALUES} signs; draw smaller")
    if _is_vectors(source):
        return patterns_of_vectors(source, options)
    column = without_columns(source)
    if column is not None:
        return patterns_of_vectors(column, options)
    rows, first = source.lines, next((line.strip()[0] for line in source.lines if line.strip()), "")
    said: tuple[str, ...] = ()
    letters = _two_signs(source) or next((pair for pair in _ALPHABETS if first and first in pair), "")
    if letters and letters not in _ALPHABETS:
        said = (f"drawn with {letters[0]!r}, which is +1, and {letters[1]!r}, -1",)
    if not letters:
        raise source.error(
            "is no picture; draw with '#' and '.', '1' and '0', '+' and '-', or any two signs; words are of letters "
            "a to z, one a line",
            1,
        )
    rows = [row.expandtabs(1) for row in rows] if " " in letters else [row.strip() for row in rows]
    width = max(map(len, rows))
    if width * len(rows) > MAX_VALUES:
        raise source.error(f"has {len(rows)} rows of up to {width} signs; at most {MAX_VALUES} signs fit; draw smaller")
    pictures: list[list[str]] = [[]]
    for number, row in enumerate([*rows, ""], 1):
        if other := set(row) - set(letters):
            raise source.error(
                f"has {quote_text(min(other))} beside '{letters[0]}' and '{letters[1]}'; use these two", number
            )
        if row:
            if len(row) != width and " " not in letters:  # editors drop spaces at the end of a row
                raise source.error(f"the row has {len(row)} signs, another has {width}; make them alike", number)
            pictures[-1].append(row.ljust(width))
        elif pictures[-1]:
            if len(pictures[-1]) != len(pictures[0]):
                counts = f"{len(pictures[-1])} rows, the first has {len(pictures[0])}"
                raise source.error(f"the picture above has {counts}; make them alike", number)
            pictures.append([])
    height, count = len(pictures[0]), len(pictures) - 1
    drawn = np.array([[sign == letters[0] for sign in "".join(picture)] for picture in pictures[:count]])
    patterns = np.where(drawn, np.int8(1), np.int8(-1)).reshape(count, height * width)
    if options.size is not None:
        means = [scaled_picture(picture.reshape(height, width), options.size) for picture in patterns]
        height, width = options.size
        patterns = np.where(np.array(means) > 0, np.int8(1), np.int8(-1)).reshape(count, height * width)
    return {"patterns": patterns, "shape": (height, width), "notes": said}
