r"""Patterns from files: NumPy arrays, pictures, folders of pictures, drawings typed as text, vectors one a line.

- ``.npz``: ``patterns`` (k, n), (k, rows, columns) or (n,), optionally ``cue`` (n,) and ``shape`` (2,); ``.npy``: one
  such array; never pickles.
- pictures, and a folder of them: one picture is one pattern (module ``picture_files``); grey is parted, and said.
- drawings: ``#`` and ``.``, ``1`` and ``0``, ``+`` and ``-``, or ``X`` and space, the first of each +1, or any other
  two signs, which are said; an empty line stands between patterns (a line of spaces is a row of an X picture).
- words of letters, one a line (``associative_memory.words``), which are said;
- numbers with blanks or commas between them, 1 and -1 or 1 and 0: a line is a pattern; where empty lines part blocks of
  several lines, a block is one.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from math import prod
from typing import Any

import numpy as np

from ..files.npz import ArrayFileError, read_npy, read_npz
from .edge_list import is_comment
from .loose_drawings import repeated_patterns, without_columns
from .matrices import symmetric_matrix
from .picture_files import AS_THEY_ARE, PictureOptions, read_picture, scaled_picture, two_valued
from .recall import MAX_VALUES, Recall
from .text_file import Block, ProblemFileError, TextFile, printable_name, quote_text
from .word_files import patterns_of_words

NPZ, NPY = b"PK\x03\x04", b"\x93NUMPY"

_ALPHABETS = ("#.", "10", "+-", "X ")
_INK = "#@X*xO%8o+=&1"  # signs that are taken for ink, the first of two
_PAPER = " .-_,:'`~0|"
_SPINS = "1-"  # numbers 1 and -1, their blanks removed
_NUMBERS = re.compile(
    r"\s*+(?:[+-]?[01](?:\.0*)?)(?:\s++(?:[+-]?[01](?:\.0*)?))++\s*+"
)  # of a row, with blanks between
_MAX_ARRAY_BYTES = 8 * MAX_VALUES + 65_536
_WIDE, _LONGEST = 1 << 16, 4  # characters that show what a row is; of one sign, as " -1" and more blanks


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
    if len(source.data) > _LONGEST * MAX_VALUES:
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


def read_recall(source: TextFile, family: str = "patterns", options: PictureOptions = AS_THEY_ARE) -> Recall:
    """Read the patterns of a file.

    Parameters
    ----------
    source : TextFile
        File.
    family : str
        Form: patterns, vectors, array, picture, pictures.
    options : PictureOptions
        Size that pictures are scaled to, and threshold of grey.

    Returns
    -------
    Recall
        Problem.

    Raises
    ------
    ProblemFileError
        If the file holds none.
    """
    name = printable_name(source.stem, "patterns")
    if source.data.startswith(NPZ):
        read = _from_npz
    else:
        readers = {"array": _from_npy, "picture": _from_picture, "pictures": _from_pictures, "words": patterns_of_words}
        read = readers.get(family, _from_text)
    if family == "vectors" or (family == "matrix" and re.search(rb"\S[ \t]+\S", source.data[:_WIDE])):
        read = _from_vectors
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python and Pillow, about what stands in the file
            fields = read(source, options)
    except ProblemFileError:
        raise
    except ArrayFileError as error:
        raise source.error(str(error)) from None
    except Exception as error:  # Pillow raises many kinds on damaged bytes
        reason = quote_text(str(error).partition("\n")[0] or type(error).__name__)
        raise source.error(f"is damaged or not usable ({reason}); save it again") from None
    made = Recall(name, **fields)
    said = repeated_patterns(made.patterns)
    return replace(made, notes=(*made.notes, said)) if said else made


def pictures_together(paths: Sequence[str | os.PathLike[str]]) -> TextFile:
    """Read several files as a folder of their own, in their order.

    Parameters
    ----------
    paths : sequence of path-like
        Files.

    Returns
    -------
    TextFile
        Folder with these members, which has the name of the first.
    """
    members = tuple(TextFile.read(each) for each in paths)
    return TextFile(members[0].name, b"".join(each.data for each in members), members=members)


def _from_npz(source: TextFile, options: PictureOptions) -> dict[str, Any]:
    arrays = read_npz(source.data, ("patterns", "cue", "shape"), limit=_MAX_ARRAY_BYTES)
    if "patterns" not in arrays:
        raise source.error("has no array 'patterns'; save with numpy.savez(file, patterns=array)")
    given = arrays["patterns"]
    notes: tuple[str, ...] = ()
    cue = arrays["cue"].ravel() if "cue" in arrays else None
    if options.size is not None:
        if cue is not None:
            raise source.error("holds a cue, which stays as it is; leave the size out")
        given = _scaled(source, given, options.size)
    if not np.isin(given, (-1, 0, 1)).all() and cue is None:
        given, notes = two_valued(source, given, options.threshold)
    patterns, shape = _patterns_of(source, given)
    if "shape" in arrays:
        sides = arrays["shape"]
        if sides.shape != (2,) or sides.dtype.kind not in "iu":
            raise source.error("'shape' is not two integers; save numpy.array([rows, columns])")
        shape = (int(sides[0]), int(sides[1]))
    return {"patterns": patterns, "cue": cue, "shape": shape, "notes": notes}


def _from_npy(source: TextFile, options: PictureOptions) -> dict[str, Any]:
    array = read_npy(source.data)
    if array.size > MAX_VALUES:
        raise source.error(f"has {array.size} values; at most {MAX_VALUES} fit: save fewer patterns")
    square = array.ndim == 2 and len(array) == array.shape[1] > 1 and np.isfinite(array).all()
    if square and (found := symmetric_matrix(array)) is not None and not found.diagonal().any() and found.any():
        raise source.error(
            "is a symmetric matrix with a diagonal of 0, as of a graph, distances or couplings; write it as text and "
            "say its --kind, or save numpy.savez(file, couplings=J) or patterns="
        )
    if (
        array.ndim == 2
        and array.shape[1] in (2, 3)
        and array.dtype.kind == "f"
        and not np.isin(array, (-1, 0, 1)).all()
    ):
        raise source.error("is of two or three columns, as coordinates are; write it as text, or save patterns=array")
    if options.size is not None:
        array = _scaled(source, array, options.size)
    patterns, notes = two_valued(source, array, options.threshold)
    patterns, shape = _patterns_of(source, patterns)
    if patterns.ndim == 2 and array.ndim == 2 and array.dtype == np.uint8 and notes:  # a grey picture
        return {"patterns": patterns.reshape(1, -1), "shape": array.shape, "notes": (*notes, "one picture")}
    return {"patterns": patterns, "shape": shape, "notes": notes}


def _scaled(source: TextFile, array: Any, size: tuple[int, int]) -> Any:
    """Scale the pictures of an array (k, rows, columns); two values stay two."""
    if array.ndim != 3 or not np.isfinite(array).all():
        raise source.error(f"has shape {array.shape}; a size is for pictures (patterns, rows, columns): leave it out")
    made = np.array([scaled_picture(picture, size) for picture in array])
    low, high = array.min(initial=0), array.max(initial=0)
    two = len(np.unique(array)) == 2
    return np.where(made > (low + high) / 2.0, high, low) if two else made


def _patterns_of(source: TextFile, array: Any) -> tuple[Any, tuple[int, int] | None]:
    """Return patterns (k, n) and the shape of each, of an array of one to three axes."""
    patterns = np.atleast_2d(array)
    if patterns.ndim > 3:
        raise source.error(
            f"patterns have shape {patterns.shape}; give (patterns, pixels) or (patterns, rows, columns)"
        )
    if patterns.ndim < 3:
        return patterns, None
    shape = (patterns.shape[1], patterns.shape[2])
    return patterns.reshape(len(patterns), prod(shape)), shape


def _from_picture(source: TextFile, options: PictureOptions) -> dict[str, Any]:
    signs, notes = read_picture(source, options)
    return {"patterns": signs.reshape(1, -1), "shape": signs.shape, "notes": notes}


def _from_pictures(source: TextFile, options: PictureOptions) -> dict[str, Any]:
    """Read every picture of a folder, drawings included; other files are left out, and said."""
    found: list[tuple[str, Any]] = []
    notes: list[str] = []
    left = 0
    for member in source.members:
        kind = _picture_kind(member)
        if not kind and source.path is None:
            raise member.error("is no picture, and several files are one memory of pictures: give it alone")
        if not kind:
            left += 1
            continue
        fields = (_from_picture if kind == "picture" else _from_text)(member, options)
        found += [(member.name, (row, fields["shape"])) for row in fields["patterns"]]
        notes += fields.get("notes", ())
        if len(found) * found[0][1][0].size > MAX_VALUES:
            raise source.error(f"holds more than {MAX_VALUES} pixels; give fewer or smaller pictures")
    if not found:
        raise source.error("is a folder without pictures; give a file, or a folder of .png, .jpg, .bmp or text")
    name, (_, shape) = found[0]
    other = next((each for each in found if each[1][1] != shape), None)
    if other is not None:
        sizes = f"{other[1][1][0]} x {other[1][1][1]} pixels, {name} of {shape[0]} x {shape[1]}"
        raise source.error(f"{other[0]} is of {sizes}; make them alike by a size")
    said = [f"one memory: {len(found)} patterns of {shape[0]} x {shape[1]} from {len(source.members) - left} files"]
    said += [f"{left} other files are left out"] if left else []
    said += [f"{len(notes)} of the pictures are grey or of other signs: {notes[0]}"] if notes else []
    return {"patterns": np.array([row for _, (row, _) in found]), "shape": shape, "notes": tuple(said)}


def _picture_kind(source: TextFile) -> str:
    data = source.data
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or (data.startswith(b"BM") and b"\0" in data[:64]):
        return "picture"
    if b"\0" in data or not data.strip() or len(data) > _LONGEST * MAX_VALUES:
        return ""
    return "text" if is_picture(source) else "picture" if re.match(rb"P[1-6]\s", data) else ""


def _from_vectors(source: TextFile, options: PictureOptions = AS_THEY_ARE) -> dict[str, Any]:
    """Read rows of numbers as patterns; where empty lines part blocks of several rows, a block is one."""
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


def _from_text(source: TextFile, options: PictureOptions = AS_THEY_ARE) -> dict[str, Any]:
    if len(source.data) > _LONGEST * MAX_VALUES:
        raise source.error(f"is a picture of more than {MAX_VALUES} signs; draw smaller")
    if _is_vectors(source):
        return _from_vectors(source, options)
    column = without_columns(source)
    if column is not None:
        return _from_vectors(column, options)
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
