r"""Expressions of behavioral sources: a small tree rather than text, so that it can be checked, computed and written.

>>> 2.0 * call("tanh", 4.0 * Voltage("u"))

There is no power and no unary minus: simulators disagree on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import ArrayLike

# What an expression may call: the functions that both engines compute alike (tests/test_engines.py runs each).
FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "tanh": np.tanh,
        "atan": np.arctan,
        "exp": np.exp,
        "sqrt": np.sqrt,
        "abs": np.abs,
        "min": np.minimum,
        "max": np.maximum,
    }
)


class _Algebra:
    """+ - * / between expressions and numbers."""

    __slots__ = ()

    def __add__(self, other: Operand) -> Operation:
        return _operation("+", self, other)

    def __sub__(self, other: Operand) -> Operation:
        return _operation("-", self, other)

    def __mul__(self, other: Operand) -> Operation:
        return _operation("*", self, other)

    def __truediv__(self, other: Operand) -> Operation:
        return _operation("/", self, other)

    def __radd__(self, other: float) -> Operation:
        return _operation("+", other, self)

    def __rsub__(self, other: float) -> Operation:
        return _operation("-", other, self)

    def __rmul__(self, other: float) -> Operation:
        return _operation("*", other, self)

    def __rtruediv__(self, other: float) -> Operation:
        return _operation("/", other, self)

    def __float__(self) -> float:
        """The value of an expression of numbers; TypeError for one that needs a circuit."""
        expression: Any = self
        for leaf in leaves(expression):
            if not isinstance(leaf, Number):
                raise TypeError(f"{leaf} has no value by itself; circuits.flatten puts numbers for parameters")
        return float(evaluate_expression(expression, {}))


@dataclass(frozen=True, slots=True)
class Number(_Algebra):
    """A constant."""

    value: float

    def __post_init__(self) -> None:
        if not isfinite(self.value):
            raise ValueError(f"a Number is {self.value}; it must be finite")


@dataclass(frozen=True, slots=True)
class Voltage(_Algebra):
    """The voltage of a node against ground."""

    node: str


@dataclass(frozen=True, slots=True)
class Time(_Algebra):
    """Seconds since the start."""


@dataclass(frozen=True, slots=True)
class Reference(_Algebra):
    """The value of a parameter of the circuit, or of the subcircuit that it is used in."""

    parameter: str


@dataclass(frozen=True, slots=True)
class Operation(_Algebra):
    """left + - * / right."""

    symbol: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call(_Algebra):
    """One of FUNCTIONS."""

    function: str
    arguments: tuple[Expression, ...]

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            raise ValueError(f"function is {self.function!r}; simulators share only {', '.join(FUNCTIONS)}")
        expected = 2 if self.function in ("min", "max") else 1
        if len(self.arguments) != expected:
            raise ValueError(f"{self.function} has {len(self.arguments)} arguments; it takes {expected}")


Leaf: TypeAlias = Number | Voltage | Time | Reference
Expression: TypeAlias = Leaf | Operation | Call
Operand: TypeAlias = Expression | float
Value: TypeAlias = float | Expression
"""Of an element: a number, or an expression of parameters."""


def call(function: str, *arguments: Operand) -> Call:
    """``call("tanh", 4 * Voltage("u"))``."""
    return Call(function, tuple(_expression(argument) for argument in arguments))


def balanced_sum(terms: Sequence[Operand]) -> Expression:
    """The sum of all terms as a balanced tree, so that long sums do not nest deeply."""
    if not terms:
        return Number(0.0)
    if len(terms) == 1:
        return _expression(terms[0])
    half = len(terms) // 2
    return Operation("+", balanced_sum(terms[:half]), balanced_sum(terms[half:]))


def evaluate_expression(
    expression: Expression,
    voltages: Mapping[str, ArrayLike],
    time_s: ArrayLike = 0.0,
    parameters: Mapping[str, float] = MappingProxyType({}),
) -> Any:
    """The value of an expression at node voltages (ground is 0 V), time and parameters, as numpy computes it."""
    match expression:
        case Number(value):
            return value
        case Voltage(node):
            return 0.0 if node == "0" else np.asarray(voltages[node])
        case Time():
            return np.asarray(time_s)
        case Reference(parameter):
            return parameters[parameter]
        case Call(function, arguments):
            return FUNCTIONS[function](
                *(evaluate_expression(argument, voltages, time_s, parameters) for argument in arguments)
            )
        case Operation(symbol, left, right):
            a, b = (evaluate_expression(side, voltages, time_s, parameters) for side in (left, right))
            return a + b if symbol == "+" else a - b if symbol == "-" else a * b if symbol == "*" else a / b


def leaves(expression: Expression) -> Iterator[Leaf]:
    """What an expression is made of, from left to right."""
    match expression:
        case Call(_, arguments):
            for argument in arguments:
                yield from leaves(argument)
        case Operation(_, left, right):
            yield from leaves(left)
            yield from leaves(right)
        case _:
            yield expression


def expression_nodes(expression: Expression) -> Iterator[str]:
    """The nodes whose voltages an expression reads."""
    return (leaf.node for leaf in leaves(expression) if isinstance(leaf, Voltage))


def is_expression(value: Value) -> TypeGuard[Expression]:
    """Whether a value has to be computed."""
    return isinstance(value, _Algebra)


def expression_references(value: Value) -> Iterator[str]:
    """The parameters that a value or expression refers to."""
    if is_expression(value):
        return (leaf.parameter for leaf in leaves(value) if isinstance(leaf, Reference))
    return iter(())


def with_leaves(expression: Expression, change: Callable[[Leaf], Expression]) -> Expression:
    """The same tree with other leaves."""
    match expression:
        case Call(function, arguments):
            return Call(function, tuple(with_leaves(argument, change) for argument in arguments))
        case Operation(symbol, left, right):
            return Operation(symbol, with_leaves(left, change), with_leaves(right, change))
        case _:
            return change(expression)


def _expression(operand: Any) -> Expression:
    return operand if isinstance(operand, _Algebra) else Number(float(operand))  # type: ignore[return-value]


def _operation(symbol: Literal["+", "-", "*", "/"], left: Any, right: Any) -> Operation:
    return Operation(symbol, _expression(left), _expression(right))
