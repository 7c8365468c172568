r"""Patterns from files: NumPy arrays, pictures, folders of pictures, drawings typed as text, vectors one a line.

- ``.npz``: ``patterns`` (k, n), (k, rows, columns) or (n,), optionally ``cue`` (n,) and ``shape`` (2,); ``.npy``: one
  such array; never pickles.
- pictures, and a folder of them: one picture is one pattern (module ``picture_files``); grey is parted, and said. In a
  folder, an ``.npy`` of (rows, columns) or (k, rows, columns) is a picture, or k of them, too.
- drawings and numbers typed as text (module ``drawings``);
- words of letters, one a line (``associative_memory.words``), which are said.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..files.npz import ArrayFileError, read_npy, read_npz
from .drawings import MAX_SIGNS, is_picture, patterns_of_drawings, patterns_of_vectors
from .loose_drawings import repeated_patterns
from .matrices import symmetric_matrix
from .picture_files import AS_THEY_ARE, PictureOptions, read_picture, scaled_picture, two_valued
from .recall import MAX_VALUES, Recall
from .text_file import ProblemFileError, TextFile, printable_name, quote_text
from .word_files import patterns_of_words

NPZ, NPY = b"PK\x03\x04", b"\x93NUMPY"

_MAX_ARRAY_BYTES = 8 * MAX_VALUES + 65_536
_WIDE = 1 << 16  # characters that show what a row is


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
        read = readers.get(family, patterns_of_drawings)
    if family == "vectors" or (family == "matrix" and re.search(rb"\S[ \t]+\S", source.data[:_WIDE])):
        read = patterns_of_vectors
    made = Recall(name, **_fields(source, read, options))
    said = repeated_patterns(made.patterns)
    return replace(made, notes=(*made.notes, said)) if said else made


def _fields(
    source: TextFile, read: Callable[[TextFile, PictureOptions], dict[str, Any]], options: PictureOptions
) -> dict[str, Any]:
    """Read a file; what goes wrong is an error that names it."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python and Pillow, about what stands in the file
            return read(source, options)
    except ProblemFileError:
        raise
    except ArrayFileError as error:
        raise source.error(str(error)) from None
    except Exception as error:  # Pillow raises many kinds on damaged bytes
        reason = quote_text(str(error).partition("\n")[0] or type(error).__name__)
        raise source.error(f"is damaged or not usable ({reason}); save it again") from None


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
    readers = {"picture": _from_picture, "text": patterns_of_drawings, "array": _from_picture_array}
    found: list[tuple[str, Any]] = []
    notes: list[str] = []
    left: list[str] = []
    for member in source.members:
        kind = _picture_kind(member)
        if not kind and source.path is None:
            raise member.error("is no picture, and several files are one memory of pictures: give it alone")
        if not kind:
            left.append(member.name)
            continue
        fields = _fields(member, readers[kind], options)
        found += [(member.name, (row, fields["shape"])) for row in fields["patterns"]]
        notes += fields.get("notes", ())
        if len(found) * found[0][1][0].size > MAX_VALUES:
            raise source.error(f"holds more than {MAX_VALUES} pixels; give fewer or smaller pictures")
    if not found:
        raise source.error("is a folder without pictures; give a file, or a folder of .png, .jpg, .bmp, .npy or text")
    name, (_, shape) = found[0]
    other = next((each for each in found if each[1][1] != shape), None)
    if other is not None:
        sizes = f"{other[1][1][0]} x {other[1][1][1]} pixels, {name} of {shape[0]} x {shape[1]}"
        raise source.error(f"{other[0]} is of {sizes}; make them alike by a size")
    files = len(source.members) - len(left)
    said = [f"one memory: {len(found)} patterns of {shape[0]} x {shape[1]} from {files} files"]
    if left:
        names = ", ".join(left[:3]) + (", ..." if len(left) > 3 else "")
        said += [f"{len(left)} other file{'s are' if len(left) > 1 else ' is'} left out: {names}"]
    said += [f"{len(notes)} of the pictures are grey or of other signs: {notes[0]}"] if notes else []
    return {"patterns": np.array([row for _, (row, _) in found]), "shape": shape, "notes": tuple(said)}


def _from_picture_array(source: TextFile, options: PictureOptions) -> dict[str, Any]:
    """Read an array of a folder of pictures: (rows, columns) is one, (k, rows, columns) are k."""
    array = read_npy(source.data)
    if array.ndim not in (2, 3) or not array.size or array.size > MAX_VALUES:
        raise source.error(
            f"has shape {array.shape}; in a folder of pictures an array is (rows, columns) or (k, rows, columns), of "
            f"at most {MAX_VALUES} values"
        )
    pictures = array if array.ndim == 3 else array[None]
    if options.size is not None:
        pictures = _scaled(source, pictures, options.size)
    signs, notes = two_valued(source, pictures, options.threshold)
    patterns, shape = _patterns_of(source, signs)
    return {"patterns": patterns, "shape": shape, "notes": notes}


def _picture_kind(source: TextFile) -> str:
    data = source.data
    if data.startswith(NPY):
        return "array"
    if data.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")) or (data.startswith(b"BM") and b"\0" in data[:64]):
        return "picture"
    if b"\0" in data or not data.strip() or len(data) > MAX_SIGNS:
        return ""
    return "text" if is_picture(source) else "picture" if re.match(rb"P[1-6]\s", data) else ""
