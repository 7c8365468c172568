"""Arrays that begin at a line of the cache, from which vectors of :mod:`.simd` load faster."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def aligned(rows, columns, dtype):
    """Allocate an uninitialized array that begins at a line of the cache.

    Parameters
    ----------
    rows, columns : int
        Shape.
    dtype : dtype
        Type of the elements.

    Returns
    -------
    (rows, columns) array
        The array.
    """
    whole = np.empty(rows * columns + 64, dtype)
    start = (64 - whole.ctypes.data % 64) % 64 // whole.itemsize
    return whole[start : start + rows * columns].reshape(rows, columns)


def empty(shape: tuple[int, ...], dtype: Any) -> Any:
    """Allocate an array as :func:`aligned` does, of any shape, outside compiled code.

    Parameters
    ----------
    shape : tuple of int
        Shape.
    dtype : dtype
        Type of the elements.

    Returns
    -------
    ndarray
        The array.
    """
    return aligned.py_func(1, math.prod(shape), dtype).reshape(shape)
