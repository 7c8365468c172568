"""Arrays that begin at a line of the cache, from which vectors of :mod:`.simd` load faster."""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_new_ref
from numba.np import arrayobj

from .simd import intrinsic

_LINE = 64  # bytes


@intrinsic
def aligned(typing, rows, columns, dtype):
    """Allocate an uninitialized array that begins at a line of the cache, in compiled code.

    ``numpy.empty`` of a type that is given as an argument takes .2 s of compiling for each type.

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
    result = types.Array(dtype.dtype, 2, "C")

    def generate(context, builder, signature, values):
        shape = [
            context.cast(builder, value, given, types.intp)
            for value, given in zip(values[:2], signature.args[:2], strict=True)
        ]
        whole = context.get_constant
        width = whole(types.intp, context.get_abi_sizeof(context.get_data_type(result.dtype)))
        row = builder.mul(shape[1], width)
        size = builder.mul(shape[0], row)
        owner = context.nrt.meminfo_alloc_aligned(builder, size=size, align=whole(types.uint32, _LINE))
        made = arrayobj.make_array(result)(context, builder)
        data = builder.bitcast(context.nrt.meminfo_data(builder, owner), made.data.type)
        shape, strides = (cgutils.pack_array(builder, each) for each in (shape, [row, width]))
        arrayobj.populate_array(made, data, shape, strides, width, owner)
        return impl_ret_new_ref(context, builder, result, made._getvalue())

    return result(rows, columns, dtype), generate


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
    size = math.prod(shape)
    whole = np.empty(size + _LINE, dtype)
    start = (_LINE - whole.ctypes.data % _LINE) % _LINE // whole.itemsize
    return whole[start : start + size].reshape(shape)
