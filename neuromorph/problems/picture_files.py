r"""Pictures and grey values from files, made two-valued: PNG, JPEG, BMP, GIF, PNM, arrays of NumPy.

Of a picture, dark is +1 and what is transparent is paper; of an array, large is +1. More than two values are parted at
Otsu's threshold t, unless another is given; it maximizes the variance between the two sides,

.. math:: \sigma_B^2(t) = w_0(t)\, w_1(t)\, [\mu_0(t) - \mu_1(t)]^2

and is said. A picture can be scaled before, by the mean of the pixels that fall into one. Nothing is unpacked before
its size is known.
Source: Otsu, IEEE Trans. Syst. Man Cybern. 9, 62 (1979).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from .text_file import TextFile

MAX_PIXELS = 1_000_000

MAX_SIDE = 10_000

_SCALED = 25  # times as many pixels are read where a size is given: photographs
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM")
_BINS = 256


@dataclass(frozen=True)
class PictureOptions:
    """How pictures are made two-valued.

    Parameters
    ----------
    size : (rows, columns) or None
        Size that they are scaled to; None: as they are.
    threshold : float or None
        Grey value 0 to 255 below which +1 lies, or value of an array above which it lies; None: Otsu's.
    """

    size: tuple[int, int] | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        if self.size is not None and not (len(self.size) == 2 and all(1 <= side <= MAX_SIDE for side in self.size)):
            raise ValueError(f"size is {self.size}; give rows and columns, 1 to {MAX_SIDE} each")
        if self.size is not None and self.size[0] * self.size[1] > MAX_PIXELS:
            raise ValueError(f"size is {self.size[0]} x {self.size[1]}; at most {MAX_PIXELS} pixels are supported")
        if self.threshold is not None and not np.isfinite(self.threshold):
            raise ValueError(f"threshold is {self.threshold}; give a finite grey value, or leave it out for Otsu's")


AS_THEY_ARE = PictureOptions()


def scaled_picture(values: NDArray[Any], size: tuple[int, int] | None) -> NDArray[Any]:
    """Scale a picture, each new pixel the mean of the old ones that it covers.

    Parameters
    ----------
    values : (rows, columns) ndarray
        Grey values.
    size : (rows, columns) or None
        New size; None: as it is.

    Returns
    -------
    ndarray
        Scaled picture.
    """
    from PIL import Image

    if size is None or values.shape == size:
        return values
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.BOX)).astype(float)


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


def two_valued(
    source: TextFile, values: Any, threshold: float | None = None
) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Return values of an array as -1 and +1, large as +1.

    Parameters
    ----------
    source : TextFile
        File.
    values : ndarray
        Values: two of them as they are, more parted at the threshold.
    threshold : float or None
        Threshold; None: Otsu's.

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
    at, name = (otsu_threshold(array), "Otsu's") if threshold is None else (threshold, "the given")
    what = "two values" if len(levels) == 2 else f"{len(levels)} values, parted at {name} threshold"
    note = f"{what}: above {at:.4g} is +1 ({(array > at).mean():.0%} of the pixels)"
    return np.where(array > at, 1, -1).astype(np.int8), (note,)


def read_picture(source: TextFile, options: PictureOptions = AS_THEY_ARE) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Read a picture: dark is +1.

    Parameters
    ----------
    source : TextFile
        File.
    options : PictureOptions
        Size and threshold.

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
        most = MAX_PIXELS * (1 if options.size is None else _SCALED)
        if not 0 < width * height <= most:
            scaled = options.size is None and 0 < width * height <= _SCALED * MAX_PIXELS
            remedy = "scale it" + (", or say a size (--size 64)" if scaled else "")
            raise source.error(f"claims {width} x {height} pixels; 1 to {most} are supported: {remedy}")

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
    at = options.threshold
    if at is not None and not grey.min() < at <= grey.max():
        raise source.error(
            f"has greys from {grey.min():.4g} to {grey.max():.4g}, and threshold {at:g} parts none of them"
        )
    return _dark(scaled_picture(grey, options.size), at)


def _dark(grey: Float, threshold: float | None) -> tuple[NDArray[np.int8], tuple[str, ...]]:
    """Part grey values 0 to 255: at the middle if two of them stand on both of its sides, else at the threshold."""
    levels = np.unique(grey)
    if threshold is None and len(levels) <= 2 and (len(levels) < 2 or levels[0] < 128.0 <= levels[-1]):
        return np.where(grey < 128.0, 1, -1).astype(np.int8), ()
    at, name = (otsu_threshold(grey), "Otsu's") if threshold is None else (threshold, "the given")
    what = f"{len(levels)} grey{'s' * (len(levels) != 1)}, parted at {name} threshold"
    if threshold is None and len(levels) == 2:
        what = "two greys"
    note = f"{what}: darker than {at:.4g} of 255 is +1 ({(grey < at).mean():.0%} of the pixels)"
    return np.where(grey < at, 1, -1).astype(np.int8), (note,)
