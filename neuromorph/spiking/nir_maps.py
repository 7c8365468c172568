r"""Linear nodes of NIR as matrices: what a population receives, as sums over its sources, by delay.

.. math:: x(t) = \sum_{s} \sum_d M_{s,d}\, y_s(t - d) + \sum_d b_d\, [t \ge d]

where y_s is the output of source s and d a delay in steps. Affine, Linear, Scale, Flatten, Conv1d, Conv2d, SumPool2d,
AvgPool2d and Delay keep this form. Padding is with zeros, which an average counts.
Source: Pedersen et al., Nat. Commun. 15, 8122 (2024), table 1; the docstrings of nir.ir.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..ising import Float

NodeShape = tuple[int, ...]
MOST_ENTRIES = 20_000_000  # of one matrix


@dataclass(frozen=True, eq=False)
class Inflow:
    """Input of a node.

    Attributes
    ----------
    shape : tuple of int
        Its shape; matrices act on it in C order.
    parts : dict of str to dict of int to csr_array
        Matrices by source, and by delay in steps.
    bias : dict of int to (n,) float
        Constants by the step at which they begin.
    """

    shape: NodeShape
    parts: Mapping[str, Mapping[int, Any]] = field(default_factory=dict)
    bias: Mapping[int, Float] = field(default_factory=dict)


def of_source(name: str, shape: NodeShape) -> Inflow:
    """Return the output of a source as an inflow.

    Parameters
    ----------
    name : str
        Source.
    shape : tuple of int
        Its shape.

    Returns
    -------
    Inflow
        Identity.
    """
    return Inflow(shape, {name: {0: sparse.csr_array(sparse.eye_array(prod(shape)))}})


def summed(name: str, inflows: Sequence[Inflow]) -> Inflow:
    """Add the inflows of the edges into one node.

    Parameters
    ----------
    name : str
        Node, for errors.
    inflows : sequence of Inflow
        At least one.

    Returns
    -------
    Inflow
        Sum.

    Raises
    ------
    ValueError
        If their sizes differ.
    """
    parts: dict[str, dict[int, Any]] = {}
    bias: dict[int, Float] = {}
    for each in inflows:
        if prod(each.shape) != prod(inflows[0].shape):
            raise ValueError(f"node {name!r} receives shapes {inflows[0].shape} and {each.shape}; make them alike")
        for source, matrices in each.parts.items():
            kept = parts.setdefault(source, {})
            for delay, matrix in matrices.items():
                kept[delay] = kept[delay] + matrix if delay in kept else matrix
        for delay, constant in each.bias.items():
            bias[delay] = bias[delay] + constant if delay in bias else constant
    return Inflow(inflows[0].shape, parts, bias)


def applied(name: str, node: Any, inflow: Inflow, step_s: float) -> Inflow:
    """Pass an inflow through a linear node.

    Parameters
    ----------
    name : str
        Node, for errors.
    node : nir.NIRNode
        Node.
    inflow : Inflow
        Its input.
    step_s : float
        Step in s, in which delays are counted.

    Returns
    -------
    Inflow
        Its output.

    Raises
    ------
    ValueError
        If shapes do not agree, or the node cannot be held.
    """
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        return inflow
    if kind == "Flatten":
        return Inflow(_flattened(node, inflow.shape), inflow.parts, inflow.bias)
    if kind == "Delay":
        return _delayed(name, node, inflow, step_s)
    n = prod(inflow.shape)
    shape: NodeShape
    if kind in ("Affine", "Linear"):
        weight = _numbers(name, node.weight)
        if weight.ndim != 2 or weight.shape[1] != n:
            raise ValueError(f"node {name!r} has weights {weight.shape}, and receives {n} values; make them agree")
        matrix, shape = sparse.csr_array(weight), (len(weight),)
    elif kind == "Scale":
        matrix, shape = sparse.csr_array(sparse.diags_array(_broadcast(name, node.scale, n))), inflow.shape
    elif kind in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d"):
        matrix, shape = _convolution(name, kind, node, inflow.shape)
    else:
        raise ValueError(f"node {name!r} is a {kind}, which is not held here; replace it")
    bias = {delay: np.asarray(matrix @ constant) for delay, constant in inflow.bias.items()}
    own = getattr(node, "bias", None)
    if own is not None:
        values = _numbers(name, own)
        if kind.startswith("Conv"):
            values = np.repeat(_broadcast(name, values, shape[0]), prod(shape[1:]))
        bias[0] = bias.get(0, 0.0) + _broadcast(name, values, prod(shape))
    parts = {
        source: {delay: sparse.csr_array(matrix @ before) for delay, before in matrices.items()}
        for source, matrices in inflow.parts.items()
    }
    return Inflow(shape, parts, bias)


def _delayed(name: str, node: Any, inflow: Inflow, step_s: float) -> Inflow:
    steps = np.rint(_broadcast(name, node.delay, prod(inflow.shape)) / step_s)
    if (steps < 0).any() or steps.max() > 1e6:
        raise ValueError(f"node {name!r} delays by up to {steps.max():g} steps; give 0 to 1e6 steps of {step_s:g} s")
    parts: dict[str, dict[int, Any]] = {source: {} for source in inflow.parts}
    bias: dict[int, Float] = {}
    for step in np.unique(steps).astype(int).tolist():
        rows = (steps == step).astype(float)
        chosen = sparse.csr_array(sparse.diags_array(rows))
        for source, matrices in inflow.parts.items():
            for delay, matrix in matrices.items():
                there = parts[source].get(delay + step)
                mine = sparse.csr_array(chosen @ matrix)
                parts[source][delay + step] = mine if there is None else there + mine
        for delay, constant in inflow.bias.items():
            bias[delay + step] = bias.get(delay + step, 0.0) + rows * constant
    return Inflow(inflow.shape, parts, bias)


def _flattened(node: Any, shape: NodeShape) -> NodeShape:
    first, last = (int(np.ravel(each)[0]) for each in (node.start_dim, node.end_dim))
    first, last = first % len(shape), last % len(shape)
    return (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]) if first <= last else shape


def _convolution(name: str, kind: str, node: Any, shape: NodeShape) -> tuple[Any, NodeShape]:
    """Return the matrix of a convolution or a pooling, and the shape of its output."""
    flat = kind == "Conv1d"
    if len(shape) != (2 if flat else 3):
        raise ValueError(
            f"node {name!r} is a {kind}, and receives shape {shape}; give (channels, {'n' * flat or 'h, w'})"
        )
    channels, height, width = (shape[0], 1, shape[1]) if flat else shape
    stride, dilation = _pair(name, node.stride, flat, 1), _pair(name, getattr(node, "dilation", 1), flat, 1)
    if kind.startswith("Conv"):
        weight, groups = _numbers(name, node.weight), int(np.ravel(node.groups)[0])
        weight = weight[:, :, None] if flat and weight.ndim == 3 else weight
    else:
        size, groups = _pair(name, node.kernel_size, False, 1), channels
        weight = np.full((channels, 1, *size), 1.0 if kind == "SumPool2d" else 1.0 / prod(size))
    if weight.ndim != 4 or groups < 1 or weight.shape[1] * groups != channels or len(weight) % groups:
        raise ValueError(f"node {name!r} has weights {weight.shape} in {groups} groups, and receives {shape}")
    outputs, per_group, *kernel = weight.shape
    padding = _padding(name, node.padding, flat, kernel, stride, dilation)
    sizes = [
        (length + before + after - step * (k - 1) - 1) // each + 1
        for length, (before, after), step, k, each in zip(
            (height, width), padding, dilation, kernel, stride, strict=True
        )
    ]
    if min(sizes) < 1 or outputs * per_group * prod(kernel) * prod(sizes) > MOST_ENTRIES:
        raise ValueError(f"node {name!r} makes an output of {sizes}; give 1 or more, and up to {MOST_ENTRIES} weights")
    out, within, kh, kw, oh, ow = np.ogrid[:outputs, :per_group, : kernel[0], : kernel[1], : sizes[0], : sizes[1]]
    row = oh * stride[0] - padding[0][0] + kh * dilation[0]
    column = ow * stride[1] - padding[1][0] + kw * dilation[1]
    channel = out // (outputs // groups) * per_group + within
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    full = (outputs, per_group, *kernel, *sizes)
    inside = np.broadcast_to(inside, full)
    to = np.broadcast_to((out * sizes[0] + oh) * sizes[1] + ow, full)[inside]
    source = np.broadcast_to((channel * height + row) * width + column, full)[inside]
    values = np.broadcast_to(weight[..., None, None], full)[inside]
    matrix = sparse.csr_array((values, (to, source)), shape=(outputs * prod(sizes), prod(shape)))
    return matrix, (outputs, sizes[1]) if flat else (outputs, *sizes)


def _pair(name: str, value: Any, flat: bool, least: int) -> tuple[int, int]:
    numbers = [int(each) for each in np.ravel(value)]
    if len(numbers) not in (1, 2) or min(numbers) < least or max(numbers) > 10_000:
        raise ValueError(f"node {name!r} has {numbers} where one or two whole numbers from {least} are expected")
    return (least, numbers[0]) if flat else (numbers[0], numbers[-1])


def _padding(
    name: str, value: Any, flat: bool, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> list[tuple[int, int]]:
    word = value if isinstance(value, str) else str(value) if np.asarray(value).dtype.kind in "US" else ""
    if word == "valid":
        return [(0, 0), (0, 0)]
    if word == "same":
        if max(stride) > 1:
            raise ValueError(f"node {name!r} pads to the same size at stride {max(stride)}; give numbers")
        whole = [step * (k - 1) for step, k in zip(dilation, kernel, strict=True)]
        return [(each // 2, each - each // 2) for each in whole]
    if word:
        raise ValueError(f"node {name!r} has padding {word[:20]!r}; it must be same, valid or numbers")
    return [(each, each) for each in _pair(name, value, flat, 0)]


def _numbers(name: str, values: Any) -> NDArray[np.float64]:
    x = np.asarray(values)
    if x.dtype.kind not in "biuf" or not np.isfinite(x).all():
        raise ValueError(f"node {name!r} holds values that are no finite real numbers; correct them")
    return x.astype(float)


def _broadcast(name: str, values: Any, n: int) -> NDArray[np.float64]:
    x = _numbers(name, values).ravel()
    if x.size not in (1, n):
        raise ValueError(f"node {name!r} has {x.size} values, and receives {n}; make them agree")
    return np.broadcast_to(x, (n,))
