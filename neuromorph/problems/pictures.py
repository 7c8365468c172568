"""Patterns from files: NumPy .npz, .png, and pictures typed as text. Nothing is unpacked before its size is known.

- ``.npz``: ``patterns`` (k, n), (k, rows, columns) or (n,), optionally ``cue`` (n,) and ``shape`` (2,); never pickles.
- ``.png``: one picture is one pattern; darker than middle grey is +1, transparent counts as white.
- text: ``#`` and ``.``, ``1`` and ``0``, ``+`` and ``-``, or ``X`` and space, the first of each +1; an empty line
  stands between patterns (a line of spaces is a row of an X picture). Numbers with spaces between them, 1 and -1 or 1
  and 0, do as well: what ``neuromorph solve --out`` writes.
"""

from __future__ import annotations

import io
import warnings
from math import prod
from typing import Any

import numpy as np

from ..npz import ArrayFileError, read_npz
from .recall import MAX_VALUES, Recall
from .source import ProblemFileError, Source, plain_name, shown

NPZ, PNG, NPY = b"PK\x03\x04", b"\x89PNG", b"\x93NUMPY"

_OTHERS = {b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"RIFF": "WebP", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
_ALPHABETS = ("#.", "10", "+-", "X ")
_NUMBERS = {"1": "1", "+1": "1", "0": "0", "-1": "0"}
_MAX_ARRAY_BYTES = 8 * MAX_VALUES + 65_536
_MAX_PIXELS = 1_000_000


def is_image(source: Source) -> bool:
    """Whether it is an .npz, .npy, .png or another file of pictures, by its first bytes."""
    return source.data.startswith((NPZ, PNG, NPY)) or bool(_other_format(source.data))


def is_picture(source: Source) -> bool:
    """Whether the first line that is not blank is a row of a picture."""
    lines = _lines(source)
    letters = _alphabet(lines)
    first = next((row for line in lines if (row := _row(line, letters)).strip()), "")
    return bool(letters) and set(first) <= set(letters)


def read_recall(source: Source) -> Recall:
    """The patterns of an .npz, .png or text file."""
    if source.data.startswith(NPY):
        raise source.error("is a single array; save it with numpy.savez(file, patterns=array)")
    if other := _other_format(source.data):
        raise source.error(f"is a {other} picture; of pictures PNG is read: save it as .png")
    name = plain_name(source.stem, "patterns")
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
        reason = shown(str(error).partition("\n")[0] or type(error).__name__)
        raise source.error(f"is damaged or not usable ({reason}); save it again") from None
    return Recall(name, **fields)


def _from_npz(source: Source) -> dict[str, Any]:
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


def _from_png(source: Source) -> dict[str, Any]:
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


def _other_format(data: bytes) -> str:
    """The name of a picture's format other than PNG; empty if it is none that is known."""
    if data.startswith(b"BM") and data[6:10] == bytes(4):  # its four reserved bytes, lest "BM" begin a text
        return "BMP"
    return next((name for magic, name in _OTHERS.items() if data.startswith(magic)), "")


def _lines(source: Source) -> list[str]:
    """The lines, those of numbers with spaces between them as 1 and 0 without."""
    split = [line.split() for line in source.lines]
    return [
        "".join(_NUMBERS[word] for word in words) if len(words) > 1 and set(words) <= _NUMBERS.keys() else line
        for line, words in zip(source.lines, split, strict=True)
    ]


def _alphabet(lines: list[str]) -> str:
    """The alphabet that the first visible sign belongs to; empty if none."""
    first = next((line.strip()[0] for line in lines if line.strip()), None)
    return next((letters for letters in _ALPHABETS if first is not None and first in letters), "")


def _row(line: str, letters: str) -> str:
    return line if " " in letters else line.strip()


def _from_text(source: Source) -> dict[str, Any]:
    lines = _lines(source)
    letters = _alphabet(lines)
    rows = [_row(line, letters) for line in lines]
    width = max(map(len, rows))
    if not letters:
        raise source.error("is no picture; draw with '#' and '.', '1' and '0', '+' and '-', or 'X' and space", 1)
    if width * len(rows) > MAX_VALUES:
        raise source.error(f"has {len(rows)} rows of up to {width} signs; at most {MAX_VALUES} signs fit; draw smaller")
    pictures: list[list[str]] = [[]]
    for number, row in enumerate([*rows, ""], 1):
        if other := set(row) - set(letters):
            raise source.error(
                f"has {shown(min(other))} beside '{letters[0]}' and '{letters[1]}'; use these two", number
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
    up = np.array([list("".join(picture)) for picture in pictures[:-1]]) == letters[0]
    return {"patterns": np.where(up, 1, -1), "shape": (len(pictures[0]), width)}
