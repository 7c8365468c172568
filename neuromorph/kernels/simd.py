r"""Vectors of fixed width for compiled loops: one value of 64 lanes instead of a loop that may or may not vectorize.

``load_vector(a, row, col, lanes)`` reads ``a[row, col : col + lanes]`` of a C-contiguous 2-D array as one value, and
``store_vector`` writes it back; ``+ - * / & | ^ ~ << >>`` and comparisons work lane by lane, a scalar is spread over
the lanes. LLVM cuts the vectors to the registers of the machine. Nothing is bound-checked, unless numba's own check is
on (NUMBA_BOUNDSCHECK=1, ``make test-bounds``): then a vector that is not wholly inside its array is an IndexError.
Arrays of :func:`.aligned.aligned` load an eighth faster than those that begin anywhere.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import operator
from typing import Any

import llvmlite.ir as ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as numba_intrinsic
from numba.extending import lower_builtin, models, register_model, type_callable

intrinsic: Any = numba_intrinsic  # numba's stub gives the result the type of the undecorated function


class Vector(types.Type):
    """Numba type of ``lanes`` numbers of the type ``dtype``."""

    def __init__(self, dtype, lanes):
        self.dtype, self.lanes = dtype, lanes
        super().__init__(name=f"vector({dtype}, {lanes})")


@register_model(Vector)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, vector):
        super().__init__(manager, vector, ir.VectorType(_element(vector.dtype), vector.lanes))


def _element(dtype):
    if dtype == types.boolean:
        return ir.IntType(1)
    if isinstance(dtype, types.Float):
        return ir.FloatType() if dtype.bitwidth == 32 else ir.DoubleType()
    return ir.IntType(dtype.bitwidth)


def _type(vector):
    return ir.VectorType(_element(vector.dtype), vector.lanes)


def _spread(builder, element, vector):
    kind = _type(vector)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), element, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), vector.lanes), None)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)


def _call(builder, name, vector, operands):
    """Emit the LLVM intrinsic ``name`` of vectors."""
    kind = _type(vector)
    letter = "f" if isinstance(vector.dtype, types.Float) else "i"
    full = f"llvm.{name}.v{vector.lanes}{letter}{vector.dtype.bitwidth}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * len(operands)), full)
    return builder.call(function, operands)


def _operands(context, builder, vector, signature, values):
    """Emit each operand as ``vector``, with scalars spread."""
    return [
        value
        if isinstance(kind, Vector)
        else _spread(builder, context.cast(builder, value, kind, vector.dtype), vector)
        for kind, value in zip(signature.args, values, strict=True)
    ]


def _is_operand(kind, vector):
    return kind == vector or isinstance(kind, types.Number | types.Boolean)


def _define(op, emit, result=None):
    """Lower ``op`` on (vector, vector), (vector, scalar), (scalar, vector) by ``emit(builder, dtype, x, y)``."""

    @type_callable(op)
    def typer(context):
        def of(x, y):
            vector = x if isinstance(x, Vector) else y
            if isinstance(vector, Vector) and _is_operand(x, vector) and _is_operand(y, vector):
                return Vector(result, vector.lanes) if result else vector
            return None

        return of

    for signature in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):

        @lower_builtin(op, *signature)
        def lower(context, builder, sig, values):
            vector = next(kind for kind in sig.args if isinstance(kind, Vector))
            x, y = _operands(context, builder, vector, sig, values)
            return emit(builder, vector.dtype, x, y)


def _arithmetic(op, name):
    def emit(builder, dtype, x, y):
        return getattr(builder, f"f{name}" if isinstance(dtype, types.Float) else name)(x, y)

    _define(op, emit)


def _comparison(op, sign):
    def emit(builder, dtype, x, y):
        if isinstance(dtype, types.Float):
            return builder.fcmp_ordered(sign, x, y)
        return (builder.icmp_signed if getattr(dtype, "signed", False) else builder.icmp_unsigned)(sign, x, y)

    _define(op, emit, types.boolean)


for _op, _name in ((operator.add, "add"), (operator.sub, "sub"), (operator.mul, "mul")):
    _arithmetic(_op, _name)
for _op, _sign in (
    (operator.lt, "<"),
    (operator.le, "<="),
    (operator.gt, ">"),
    (operator.ge, ">="),
    (operator.eq, "=="),
    (operator.ne, "!="),
):
    _comparison(_op, _sign)
_define(operator.truediv, lambda builder, _, x, y: builder.fdiv(x, y))
_define(operator.and_, lambda builder, _, x, y: builder.and_(x, y))
_define(operator.or_, lambda builder, _, x, y: builder.or_(x, y))
_define(operator.xor, lambda builder, _, x, y: builder.xor(x, y))
_define(operator.lshift, lambda builder, _, x, y: builder.shl(x, y))
_define(operator.rshift, lambda builder, dtype, x, y: (builder.ashr if dtype.signed else builder.lshr)(x, y))


@type_callable(operator.invert)
def _type_invert(context):
    return lambda x: x if isinstance(x, Vector) else None


@lower_builtin(operator.invert, Vector)
def _invert(context, builder, sig, values):
    return builder.not_(values[0])


def _pointer(context, builder, array, value, row, col, vector):
    """Emit the address of array[row, col] as a pointer to a vector; the last axis is contiguous."""
    data = cgutils.create_struct_proxy(array)(context, builder, value=value)
    if context.enable_boundscheck:
        _require_inside(context, builder, cgutils.unpack_tuple(builder, data.shape, 2), row, col, vector.lanes)
    stride = cgutils.unpack_tuple(builder, data.strides, 2)[0]
    start = builder.ptrtoint(data.data, row.type)
    item = ir.Constant(row.type, array.dtype.bitwidth // 8)
    address = builder.add(builder.add(start, builder.mul(row, stride)), builder.mul(col, item))
    return builder.inttoptr(address, _type(vector).as_pointer())


def _require_inside(context, builder, shape, row, col, lanes):
    """Raise IndexError unless array[row, col : col + lanes] exists; a negative index is far above it, unsigned."""
    last = builder.add(col, ir.Constant(col.type, lanes - 1))
    beyond = [
        builder.icmp_unsigned(">=", index, size) for index, size in ((row, shape[0]), (col, shape[1]), (last, shape[1]))
    ]
    with cgutils.if_unlikely(builder, builder.or_(beyond[0], builder.or_(beyond[1], beyond[2]))):
        context.call_conv.return_user_exc(builder, IndexError, ("a vector is out of the bounds of its array",))


@intrinsic(prefer_literal=True)
def load_vector(typing, array, row, col, lanes):
    """Read array[row, col : col + lanes] as one vector; the module documents the arguments."""
    vector = Vector(array.dtype, lanes.literal_value)

    def emit(context, builder, sig, values):
        pointer = _pointer(context, builder, array, values[0], values[1], values[2], vector)
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return vector(array, types.intp, types.intp, lanes), emit


@intrinsic
def store_vector(typing, array, row, col, vector):
    """Write a vector to array[row, col : col + lanes]; the module documents the arguments."""

    def emit(context, builder, sig, values):
        pointer = _pointer(context, builder, array, values[0], values[1], values[2], vector)
        builder.store(values[3], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, vector), emit


@intrinsic
def fma(typing, x, y, z):
    """Compute x y + z, rounded once where the machine can; scalars are spread."""
    vector = next(kind for kind in (x, y, z) if isinstance(kind, Vector))

    def emit(context, builder, sig, values):
        operands = _operands(context, builder, vector, sig, values)
        return _call(builder, "fmuladd", vector, operands)

    return vector(x, y, z), emit


@intrinsic
def select_lanes(typing, mask, x, y):
    """Select x where ``mask`` is set, else y; scalars are spread."""
    vector = next(kind for kind in (x, y) if isinstance(kind, Vector))

    def emit(context, builder, sig, values):
        pair = _operands(context, builder, vector, vector(x, y), values[1:])
        return builder.select(values[0], *pair)

    return vector(mask, x, y), emit


@intrinsic
def spread(typing, like, x):
    """Spread the scalar x over every lane, in the type of the vector ``like``."""

    def emit(context, builder, sig, values):
        return _spread(builder, context.cast(builder, values[1], x, like.dtype), like)

    return like(like, x), emit


@intrinsic(prefer_literal=True)
def convert(typing, x, dtype):
    """Convert the lanes of x by value to the numba type ``dtype``: float32, float64, int8, ..."""
    to = Vector(dtype.dtype, x.lanes)

    def emit(context, builder, sig, values):
        source, target, kind, value = x.dtype, to.dtype, _type(to), values[0]
        signed = getattr(source, "signed", False)
        if isinstance(source, types.Float):
            if isinstance(target, types.Float):
                return (builder.fpext if target.bitwidth > source.bitwidth else builder.fptrunc)(value, kind)
            return (builder.fptosi if target.signed else builder.fptoui)(value, kind)
        if isinstance(target, types.Float):
            return (builder.sitofp if signed else builder.uitofp)(value, kind)
        if _element(target).width > _element(source).width:
            return (builder.sext if signed else builder.zext)(value, kind)
        return builder.trunc(value, kind)

    return to(x, dtype), emit


@intrinsic(prefer_literal=True)
def bits_as(typing, x, dtype):
    """Reinterpret the bits of x as another type of the same width."""
    to = Vector(dtype.dtype, x.lanes)

    def emit(context, builder, sig, values):
        return builder.bitcast(values[0], _type(to))

    return to(x, dtype), emit


@intrinsic
def rotate(typing, x, k):
    """Rotate each lane left by the integer k."""

    def emit(context, builder, sig, values):
        by = _spread(builder, context.cast(builder, values[1], k, x.dtype), x)
        return _call(builder, "fshl", x, [values[0], values[0], by])

    return x(x, k), emit


@intrinsic
def any_of(typing, mask):
    """Test whether any bit of any lane is set."""

    def emit(context, builder, sig, values):
        whole = ir.IntType(_element(mask.dtype).width * mask.lanes)
        number = builder.bitcast(values[0], whole)
        return builder.icmp_unsigned("!=", number, ir.Constant(whole, 0))

    return types.boolean(mask), emit


@intrinsic(prefer_literal=True)
def roll(typing, x, by):
    """Roll lanes cyclically: lane k takes lane k + by; ``by`` is a constant."""
    order = [(k + by.literal_value) % x.lanes for k in range(x.lanes)]

    def emit(context, builder, sig, values):
        index = ir.Constant(ir.VectorType(ir.IntType(32), x.lanes), [ir.Constant(ir.IntType(32), k) for k in order])
        return builder.shuffle_vector(values[0], ir.Constant(_type(x), ir.Undefined), index)

    return x(x, by), emit


@intrinsic
def popcount(typing, x):
    """Count the bits set in each lane."""

    def emit(context, builder, sig, values):
        return _call(builder, "ctpop", x, [values[0]])

    return x(x), emit


@intrinsic
def mask_bits(typing, mask):
    """Convert a mask of 64 lanes to one uint64, with lane 0 as the lowest bit."""

    def emit(context, builder, sig, values):
        return builder.bitcast(values[0], ir.IntType(64))

    return types.uint64(mask), emit


@intrinsic
def transpose(typing, array, row, col, to, to_row, to_col):
    """Transpose 16 x 16: to[to_row + j, to_col + i] = array[row + i, col + j].

    Rows r and r + 8 interleave four times.
    """
    vector = Vector(array.dtype, 16)

    def emit(context, builder, sig, values):
        def at(kind, value, first, column, k):
            return _pointer(
                context, builder, kind, value, builder.add(first, ir.Constant(first.type, k)), column, vector
            )

        align = array.dtype.bitwidth // 8
        rows = [builder.load(at(array, values[0], values[1], values[2], k), align=align) for k in range(16)]
        number = ir.IntType(32)
        halves = [
            ir.Constant(ir.VectorType(number, 16), [ir.Constant(number, s + k // 2 + 16 * (k % 2)) for k in range(16)])
            for s in (0, 8)
        ]
        for _ in range(4):
            rows = [builder.shuffle_vector(rows[k // 2], rows[k // 2 + 8], halves[k % 2]) for k in range(16)]
        for k in range(16):
            builder.store(rows[k], at(to, values[3], values[4], values[5], k), align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, to, types.intp, types.intp), emit
