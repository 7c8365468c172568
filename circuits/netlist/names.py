"""Names that every simulator of SPICE's family reads alike, and numbers that have one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite

from .expressions import FUNCTIONS

GROUND = "0"
NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]*")
_LABEL = re.compile(r"[a-z0-9_]+")
_UNIT = re.compile(r"[a-zA-Z%][a-zA-Z0-9%/*^.-]*")
_RESERVED = frozenset({"time", "gnd", "temper", "hertz", "all"})  # variables and aliases of one engine or another
# Functions, constants, variables and operators of one simulator or another; m multiplies an instance.
_TAKEN = re.compile(
    r"a?cosh?|agauss|and|a?sinh?|atan2|a?tanh?|aunif|boltz|ceil|ddt|e|echarge|false|floor|freq|gauss|gmin|hertz|i|if|"
    r"int|kelvin|limit|ln|log|log10|m|mod|nint|no|not|omega|or|params|pi|planck|pow|pwr|r|c|sgn|temp|temper|ternary_fcn|"
    rf"time|tnom|true|u|unif|uramp|v|vt|yes|{'|'.join(FUNCTIONS)}"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named number.

    Attributes
    ----------
    name : str
        Name that no simulator takes for a function or variable.
    value : float
        The number.
    tolerance : float
        Relative tolerance of the value.
    unit : str
        Unit, without spaces.
    """

    name: str
    value: float
    tolerance: float = 0.0
    unit: str = ""

    def __post_init__(self) -> None:
        if not NAME_PATTERN.fullmatch(self.name) or _TAKEN.fullmatch(self.name):
            raise ValueError(
                f"parameter {self.name!r}: a name is [a-z][a-z0-9_]*, and no function or variable of a simulator"
            )
        if not isfinite(self.value):
            raise ValueError(f"parameter {self.name!r} is {self.value}; it must be finite")
        if not 0.0 <= self.tolerance < 1.0:
            raise ValueError(f"parameter {self.name!r} has tolerance {self.tolerance}; it is relative: 0.01 is 1 %")
        if self.unit and not _UNIT.fullmatch(self.unit):
            raise ValueError(f"parameter {self.name!r} has unit {self.unit!r}; write it without spaces, such as ohm")


def check_node(node: str) -> None:
    """Check that every simulator reads the name of a node alike.

    Parameters
    ----------
    node : str
        Name of the node.

    Raises
    ------
    ValueError
        If one would misread it.
    """
    if node != GROUND and (not NAME_PATTERN.fullmatch(node) or node in _RESERVED):
        raise ValueError(f"node {node!r}: a name is [a-z][a-z0-9_]* and none of {', '.join(sorted(_RESERVED))}")


def check_label(name: str) -> None:
    """Check that a name, behind the letter of its type, names a device to every simulator.

    Parameters
    ----------
    name : str
        Name without the letter.

    Raises
    ------
    ValueError
        If it does not.
    """
    if not _LABEL.fullmatch(name):
        raise ValueError(f"element {name!r}: a name is [a-z0-9_]+")
