"""Square matrices in .npy and .npz, which are no pictures: symmetric or a triangle, of three values at least."""

from __future__ import annotations

import numpy as np

from ..files.npz import ArrayFileError, read_npy, read_npz
from .matrices import LARGEST_MATRIX, symmetric_matrix
from .matrix_market import shortest_number
from .text_file import LARGEST, TextFile


def matrix_rows(source: TextFile) -> TextFile | None:
    """Rewrite the one array of a file as text, if it is a matrix.

    Parameters
    ----------
    source : TextFile
        File in .npy, or .npz of one array.

    Returns
    -------
    TextFile or None
        The same file, a row a line; None for any other array, as a picture of bytes.
    """
    try:
        packed = source.data.startswith(b"PK")
        array = next(iter(read_npz(source.data).values())) if packed else read_npy(source.data)
    except ArrayFileError:  # the reader of patterns says so
        return None
    if array.ndim != 2 or array.dtype.kind not in "if" or array.dtype.itemsize < 2:
        return None
    if not 2 < len(array) == array.shape[1] <= LARGEST_MATRIX or not (np.abs(array) <= LARGEST).all():
        return None
    if symmetric_matrix(array) is None or len(np.unique(array)) < 3:
        return None
    return source.rewritten([" ".join(map(shortest_number, row)) for row in array.tolist()])
