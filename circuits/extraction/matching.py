"""Comparison of subcircuits by wiring and values, and numbers that come back from products of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isclose

import numpy as np

from ..netlist.circuit import BehavioralCurrent, BehavioralVoltage, Element, Instance, Subcircuit
from ..netlist.elements import element_values
from ..netlist.expressions import is_expression

_CLOSE = 1e-9
_NEAR = 4  # neighboring floats on either side that are tried


def alike(a: Subcircuit, b: Subcircuit) -> bool:
    """Return whether two subcircuits differ only in their own names and in round-off.

    Parameters
    ----------
    a, b : Subcircuit
        Subcircuits that are compared.

    Returns
    -------
    bool
        Whether they are alike.
    """
    if a.ports != b.ports or a.parameters != b.parameters or len(a.elements) != len(b.elements):
        return False
    return all(_same(x, y) for x, y in zip(a.elements, b.elements, strict=True))


def _same(a: Element, b: Element) -> bool:
    if isinstance(a, Instance) and isinstance(b, Instance):
        return alike(a.subcircuit, b.subcircuit) and replace(a, subcircuit=b.subcircuit) == b
    kinds = Instance | BehavioralVoltage | BehavioralCurrent
    if type(a) is not type(b) or isinstance(a, kinds) or any(map(is_expression, element_values(a))):
        return a == b
    values = {name: getattr(b, name) for name in a.values}
    close = all(isclose(float(getattr(a, name)), float(value), rel_tol=_CLOSE) for name, value in values.items())
    return close and replace(a, **values) == b


def simplest(near: float, product: float, factor: Callable[[float], float]) -> float:
    """Return the float of fewest digits near ``near`` whose product is exact.

    Parameters
    ----------
    near : float
        Number that is close to it.
    product : float
        Result that is known.
    factor : callable
        Function from the number to the result.

    Returns
    -------
    float
        The number; ``near`` if none gives the result exactly.
    """
    around = [near]
    for _ in range(_NEAR):
        around = [float(np.nextafter(around[0], 0.0)), *around, float(np.nextafter(around[-1], np.inf))]
    around += [float(f"{near:.{digits}g}") for digits in range(1, 16)]
    exact = [x for x in around if factor(x) == product]
    return min(exact or [near], key=lambda x: (len(repr(x)), x))
