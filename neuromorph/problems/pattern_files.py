"""Patterns from files: NumPy .npz, .png, and pictures typed as text. Nothing is unpacked before its size is known.

- ``.npz``: ``patterns`` (k, n), (k, rows, columns) or (n,), optionally ``cue`` (n,) and ``shape`` (2,); never pickles.
- ``.png``: one picture is one pattern; darker than middle grey is +1, transparent counts as white.
- text: ``#`` and ``.``, ``1`` and ``0``, ``+`` and ``-``, or ``X`` and space, the first of each +1; an empty line
  stands between patterns (a line of spaces is a row of an X picture). Numbers with spaces between them, 1 and -1 or 1
  and 0, do as well: what ``neuromorph solve --out`` writes.
"""

from __future__ import annotations

import io
import re
import warnings
from math import prod
from typing import Any

import numpy as np

from ..files.npz import ArrayFileError, read_npz
from .recall import MAX_VALUES, Recall
from .text_file import ProblemFileError, TextFile, printable_name, quote_text

NPZ, PNG, NPY = b"PK\x03\x04", b"\x89PNG", b"\x93NUMPY"

_ALPHABETS = ("#.", "10", "+-", "X ")
_SPINS = "1-"  # numbers 1 and -1, their blanks removed
_NUMBERS = re.compile(r"\s*+(?:\+?1|-1|0)(?:\s++(?:\+?1|-1|0))++\s*+")  # of a row, with blanks between them
_BLANKS = re.compile(r"[\s+]+")
_MAX_ARRAY_BYTES = 8 * MAX_VALUES + 65_536
_WIDE, _LONGEST = 1 << 16, 4  # characters that show what a row is; of one sign, as " -1" and more blanks
_MAX_PIXELS = 1_000_000


def is_picture(source: TextFile) -> bool:
    """Return whether the first line that is not blank is a row of a picture.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    bool
        True for a picture typed as text.
    """
    first = next((line for line in source.lines if line.strip()), "")
    if len(first) > _WIDE:  # enough of it, up to a blank
        first = first[:_WIDE].rpartition(" ")[0] or first[:_WIDE]
    row = _signs(first).strip() or first
    return any(set(row) <= set(letters) for letters in (*_ALPHABETS, _SPINS))


def read_recall(source: TextFile) -> Recall:
    """Read the patterns of an .npz, .png or text file.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Recall
        Problem.

    Raises
    ------
    ProblemFileError
        If the file holds none.
    """
    if source.data.startswith(NPY):
        raise source.error("is a single array; save it with numpy.savez(file, patterns=array)")
    name = printable_name(source.stem, "patterns")
    unpack = next((read for magic, read in ((NPZ, _from_npz), (PNG, _from_png)) if source.data.startswith(magic)), None)
    if unpack is None:
        return Recall(name, **_from_text(source))
    try:
        with warnings.catch_warnings(action="ignore"):  # of Python and Pillow, about what stands in the file
            fields = unpack(source)
    except ProblemFileError:
        raise
    except ArrayFileError as error:
        raise source.error(str(error)) from None
    except Exception as error:  # Pillow raises many kinds on damaged bytes
        reason = quote_text(str(error).partition("\n")[0] or type(error).__name__)
        raise source.error(f"is damaged or not usable ({reason}); save it again") from None
    return Recall(name, **fields)


def _from_npz(source: TextFile) -> dict[str, Any]:
    arrays = read_npz(source.data, ("patterns", "cue", "shape"), limit=_MAX_ARRAY_BYTES)
    if "patterns" not in arrays:
        raise source.error("has no array 'patterns'; save with numpy.savez(file, patterns=array)")
    patterns, shape = np.atleast_2d(arrays["patterns"]), None
    if patterns.ndim == 3:
        shape = (patterns.shape[1], patterns.shape[2])
        patterns = patterns.reshape(len(patterns), prod(shape))
    if "shape" in arrays:
        sides = arrays["shape"]
        if sides.shape != (2,) or sides.dtype.kind not in "iu":
            raise source.error("'shape' is not two integers; save numpy.array([rows, columns])")
        shape = (int(sides[0]), int(sides[1]))
    cue = arrays["cue"].ravel() if "cue" in arrays else None
    return {"patterns": patterns, "cue": cue, "shape": shape}


def _from_png(source: TextFile) -> dict[str, Any]:
    from PIL import Image, UnidentifiedImageError

    def check_size(width: int, height: int) -> None:
        if not 0 < width * height <= _MAX_PIXELS:
            raise source.error(f"claims {width} x {height} pixels; 1 to {_MAX_PIXELS} are supported: scale it")

    # Pillow warns of large pictures only after it has begun: read the size from the first chunk, IHDR.
    width, height = (int.from_bytes(source.data[k : k + 4], "big") for k in (16, 20))
    check_size(width, height)
    try:
        image = Image.open(io.BytesIO(source.data), formats=["PNG"])
    except UnidentifiedImageError:  # whose text is an address in memory
        raise source.error("is damaged: it begins as a PNG picture, but is none; save it again") from None
    with image:
        check_size(*image.size)  # that of the last IHDR, which need be neither the first nor the only one
        if (frames := getattr(image, "n_frames", 1)) > 1:
            raise source.error(f"is animated, of {frames} frames; save the one that is meant")
        if image.mode.startswith("I"):  # 16 bits of grey
            grey = np.asarray(image)
            dark = (grey < 1 << 15) & (grey != image.info.get("transparency", -1))
        else:
            paper = Image.new("RGBA", image.size, "white")
            dark = np.asarray(Image.alpha_composite(paper, image.convert("RGBA")).convert("L")) < 128
    return {"patterns": np.where(dark, 1, -1).reshape(1, -1), "shape": dark.shape}


def _signs(line: str) -> str:
    """Write a line of numbers with blanks between them as signs, 1, 0, or - for -1; leave any other line."""
    if not _NUMBERS.fullmatch(line):
        return line
    return _BLANKS.sub("", line.replace("-1", "-"))


def _from_text(source: TextFile) -> dict[str, Any]:
    if len(source.data) > _LONGEST * MAX_VALUES:
        raise source.error(f"is a picture of more than {MAX_VALUES} signs; draw smaller")
    rows = [_signs(line) for line in source.lines]
    first = next((row.strip()[0] for row in rows if row.strip()), "")
    spins = first in ("1", "-") and any(_NUMBERS.fullmatch(line) for line in source.lines if "-" in line)
    letters = _SPINS if spins else next((pair for pair in _ALPHABETS if first and first in pair), "")
    if not letters:
        raise source.error("is no picture; draw with '#' and '.', '1' and '0', '+' and '-', or 'X' and space", 1)
    if " " not in letters:
        rows = [row.strip() for row in rows]
    width = max(map(len, rows))
    if width * len(rows) > MAX_VALUES:
        raise source.error(f"has {len(rows)} rows of up to {width} signs; at most {MAX_VALUES} signs fit; draw smaller")
    pictures: list[list[str]] = [[]]
    for number, row in enumerate([*rows, ""], 1):
        if other := set(row) - set(letters):
            low = "-1" if spins else letters[1]
            raise source.error(f"has {quote_text(min(other))} beside '{letters[0]}' and '{low}'; use these two", number)
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
    drawn = np.frombuffer("".join("".join(picture) for picture in pictures).encode("ascii"), np.uint8)
    notes = [f"one pattern of {height} x {width}: blank lines part patterns"] if count == 1 and height > 1 else []
    return {
        "patterns": np.where(drawn == ord(letters[0]), np.int8(1), np.int8(-1)).reshape(count, height * width),
        "shape": (height, width),
        "notes": tuple(notes if letters[0] == "1" else []),  # numbers may be vectors, a drawing is one
    }
