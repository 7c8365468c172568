r"""Pictures and grey values from files, made two-valued: PNG, JPEG, BMP, GIF, PNM, arrays of NumPy.

Of a picture, dark is +1 and what is transparent is paper; of an array, large is +1. More than two values are parted at
Otsu's threshold t, which maximizes the variance between the two sides,

.. math:: \sigma_B^2(t) = w_0(t)\, w_1(t)\, [\mu_0(t) - \mu_1(t)]^2

and is said. Nothing is unpacked before its size is known.
Source: Otsu, IEEE Trans. Syst. Man Cybern. 9, 62 (1979).
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from .text_file import TextFile

MAX_PIXELS = 1_000_000

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM")
_BINS = 256


def otsu_threshold(values: NDArray[Any]) -> float:
    """Find the threshold that parts values best.

    Parameters
    ----------
    values : ndarray
        Finite numbers, at least two of them different.

    Returns
    -------
    float
        Threshold between two values; those above it are one side.
    """
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) > _BINS:
        counts, edges = np.histogram(values, _BINS)
        levels = (edges[:-1] + edges[1:]) / 2.0
    weight = np.cumsum(counts).astype(float)[:-1]
    total, sums = float(counts.sum()), np.cumsum(counts * levels.astype(float))
    rest = np.maximum(total - weight, 1e-300)
    between = weight * rest * (sums[:-1] / np.maximum(weight, 1e-300) - (sums[-1] - sums[:-1]) / rest) ** 2
    best = np.flatnonzero(between >= between.max() * (1.0 - 1e-12))
    k = int(best[len(best) // 2])
    return float((levels[k] + levels[k + 1]) / 2.0)


def two_valued(source: TextFile, values: Any) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Return values of an array as -1 and +1, large as +1.

    Parameters
    ----------
    source : TextFile
        File.
    values : ndarray
        Values: two of them as they are, more parted at Otsu's threshold.

    Returns
    -------
    tuple of int8 ndarray, tuple of str
        Signs, and the note that says the threshold.

    Raises
    ------
    ProblemFileError
        If a value is not finite.
    """
    array = np.asarray(values)
    if array.dtype.kind == "b":
        return np.where(array, 1, -1).astype(np.int8), ()
    if not np.isfinite(array).all():
        raise source.error("holds NaN or infinity; patterns are -1 and +1, 0 and 1, or grey values")
    if np.isin(array, (-1, 1)).all() or np.isin(array, (0, 1)).all():
        return np.where(array > 0, 1, -1).astype(np.int8), ()
    levels = np.unique(array)
    if np.isin(levels, (-1, 0, 1)).all():
        raise source.error("holds -1 as well as 0; patterns are -1 and +1, or 0 and 1")
    if len(levels) == 1:
        raise source.error(f"holds {levels[0]:g} throughout; patterns are of two values")
    at = otsu_threshold(array)
    what = "two values" if len(levels) == 2 else f"{len(levels)} values, parted at Otsu's threshold"
    note = f"{what}: above {at:.4g} is +1 ({(array > at).mean():.0%} of the pixels)"
    return np.where(array > at, 1, -1).astype(np.int8), (note,)


def read_picture(source: TextFile) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Read a picture: dark is +1.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    tuple of (rows, columns) int8, tuple of str
        Signs, and the note that says the threshold of a grey picture.

    Raises
    ------
    ProblemFileError
        If it is damaged, too large or animated.
    """
    from PIL import Image, UnidentifiedImageError

    def check_size(width: int, height: int) -> None:
        if not 0 < width * height <= MAX_PIXELS:
            raise source.error(f"claims {width} x {height} pixels; 1 to {MAX_PIXELS} are supported: scale it")

    png = source.data.startswith(b"\x89PNG")
    if png:  # Pillow warns of large pictures only after it has begun: read the size from the first chunk, IHDR
        width, height = (int.from_bytes(source.data[k : k + 4], "big") for k in (16, 20))
        check_size(width, height)
    try:
        image = Image.open(io.BytesIO(source.data), formats=["PNG"] if png else _FORMATS)
    except UnidentifiedImageError:  # whose text is an address in memory
        kind = "a PNG picture" if png else "a picture"
        raise source.error(f"is damaged: it begins as {kind}, but is none; save it again") from None
    with image:
        check_size(*image.size)  # that of the last IHDR, which need be neither the first nor the only one
        if getattr(image, "is_animated", False):
            raise source.error(f"is animated, of {getattr(image, 'n_frames', 2)} frames; save the one that is meant")
        if image.mode.startswith(("I", "F")):  # 16 bits of grey
            grey: Float = np.asarray(image, dtype=float)
            clear = image.info.get("transparency", -1)
            top = 65535.0 if image.mode.startswith("I") else max(float(grey.max()), 1.0)
            grey = np.where(grey == clear, top, grey) * 255.0 / top
        else:
            paper = Image.new("RGBA", image.size, "white")
            grey = np.asarray(Image.alpha_composite(paper, image.convert("RGBA")).convert("L")).astype(float)
    return _dark(grey)


def _dark(grey: Float) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Part grey values 0 to 255: at the middle if two of them stand on both of its sides, else at Otsu's threshold."""
    levels = np.unique(grey)
    if len(levels) <= 2 and (len(levels) < 2 or levels[0] < 128.0 <= levels[-1]):
        return np.where(grey < 128.0, 1, -1).astype(np.int8), ()
    at = otsu_threshold(grey)
    what = "two greys" if len(levels) == 2 else f"{len(levels)} greys, parted at Otsu's threshold"
    note = f"{what}: darker than {at:.4g} of 255 is +1 ({(grey < at).mean():.0%} of the pixels)"
    return np.where(grey < at, 1, -1).astype(np.int8), (note,)
