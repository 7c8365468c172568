"""Arrays in other containers than a reader's own: square matrices in .npy and .npz, one array of .npz, IDX of MNIST.

A matrix is no picture: it is symmetric or a triangle, of three values at least.
Source: LeCun, Cortes and Burges, The MNIST database, on the IDX format.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

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


def lone_array(source: TextFile) -> TextFile | None:
    """Rewrite an .npz of one array, of any name, as .npy.

    Parameters
    ----------
    source : TextFile
        File in .npz.

    Returns
    -------
    TextFile or None
        File; None where the array cannot be read, or is none of numbers in one to three axes.
    """
    try:
        array = next(iter(read_npz(source.data).values()))
    except ArrayFileError:
        return None
    return _as_npy(source, array) if array.ndim in (1, 2, 3) and array.dtype.kind in "biuf" and array.size else None


def array_of_idx(source: TextFile) -> TextFile | None:
    """Rewrite the pictures of an IDX file, as of MNIST, as .npy.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    TextFile or None
        File of (pictures, rows, columns); None for any other.
    """
    data = source.data
    if data[:4] != b"\0\0\x08\x03" or len(data) < 16:
        return None
    shape = tuple(int.from_bytes(data[k : k + 4], "big") for k in (4, 8, 12))
    if 0 in shape or shape[0] * shape[1] * shape[2] != len(data) - 16:
        return None
    return _as_npy(source, np.frombuffer(data, np.uint8, offset=16).reshape(shape))


def _as_npy(source: TextFile, array: Any) -> TextFile:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return replace(source, data=out.getvalue(), packed=source.stored)
