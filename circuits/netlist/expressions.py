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

# What an expression may call: the functions that both engines compute alike (test_engines.py runs each).
FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType({
    "tanh": np.tanh, "atan": np.arctan, "exp": np.exp, "ln": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos,
    "sgn": np.sign, "abs": np.abs, "min": np.minimum, "max": np.maximum,
})  # fmt: skip


class _Algebra:
    """The operators + - * / between expressions and numbers."""

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
        """Return the value of an expression of numbers; TypeError if it needs a circuit."""
        expression: Any = self
        for leaf in leaves(expression):
            if not isinstance(leaf, Number):
                raise TypeError(f"{leaf} has no value by itself; hierarchy.flatten_circuit puts numbers for parameters")
        return float(evaluate_expression(expression, {}))


@dataclass(frozen=True, slots=True)
class Number(_Algebra):
    """A constant.

    Attributes
    ----------
    value : float
        The number, finite.
    """

    value: float

    def __post_init__(self) -> None:
        if not isfinite(self.value):
            raise ValueError(f"a Number is {self.value}; it must be finite")


@dataclass(frozen=True, slots=True)
class Voltage(_Algebra):
    """The voltage of a node against ground.

    Attributes
    ----------
    node : str
        Name of the node.
    """

    node: str


@dataclass(frozen=True, slots=True)
class Time(_Algebra):
    """The seconds since the start of the analysis."""


@dataclass(frozen=True, slots=True)
class Reference(_Algebra):
    """The value of a parameter of the circuit, or of the subcircuit that refers to it.

    Attributes
    ----------
    parameter : str
        Name of the parameter.
    """

    parameter: str


@dataclass(frozen=True, slots=True)
class Operation(_Algebra):
    """A sum, difference, product or quotient.

    Attributes
    ----------
    symbol : {"+", "-", "*", "/"}
        Operator.
    left, right : Expression
        Operands.
    """

    symbol: Literal["+", "-", "*", "/"]
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call(_Algebra):
    """A function of other expressions.

    Attributes
    ----------
    function : str
        Name in ``FUNCTIONS``.
    arguments : tuple of Expression
        One argument, or two of min and max.
    """

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
"""Value of an element: a number, or an expression of parameters."""


def call(function: str, *arguments: Operand) -> Call:
    """Call a function of ``FUNCTIONS``: ``call("tanh", 4 * Voltage("u"))``.

    Parameters
    ----------
    function : str
        Name of the function.
    *arguments : Operand
        Expressions or numbers.

    Returns
    -------
    Call
        The call as an expression.
    """
    return Call(function, tuple(_expression(argument) for argument in arguments))


def balanced_sum(terms: Sequence[Operand]) -> Expression:
    """Sum terms as a balanced tree, so that long sums do not nest deeply.

    Parameters
    ----------
    terms : sequence of Expression or float
        Terms of the sum.

    Returns
    -------
    Expression
        The sum; 0 of no terms.
    """
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
    """Evaluate an expression, as numpy computes it.

    Parameters
    ----------
    expression : Expression
        Expression that is evaluated.
    voltages : dict of str to array_like
        Voltages of the nodes that it reads, V; ground is 0 V.
    time_s : array_like, default 0.0
        Time, s.
    parameters : dict of str to float, optional
        Values of the parameters that it refers to.

    Returns
    -------
    float or ndarray of float
        The value, of the shape of voltages and time.
    """
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
    """Iterate over the leaves of an expression from left to right.

    Parameters
    ----------
    expression : Expression
        Expression that is traversed.

    Yields
    ------
    Leaf
        A number, voltage, time or reference.
    """
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
    """Return the nodes whose voltages an expression reads.

    Parameters
    ----------
    expression : Expression
        Expression that is searched.

    Returns
    -------
    iterator of str
        Names of nodes, as often as they occur.
    """
    return (leaf.node for leaf in leaves(expression) if isinstance(leaf, Voltage))


def is_expression(value: Value) -> TypeGuard[Expression]:
    """Return whether a value is an expression and not a number.

    Parameters
    ----------
    value : Value
        Value of an element.

    Returns
    -------
    TypeGuard[Expression]
        Whether it has to be evaluated.
    """
    return isinstance(value, _Algebra)


def expression_references(value: Value) -> Iterator[str]:
    """Return the parameters that a value or expression refers to.

    Parameters
    ----------
    value : Value
        Value of an element.

    Returns
    -------
    iterator of str
        Names of parameters, as often as they occur.
    """
    if is_expression(value):
        return (leaf.parameter for leaf in leaves(value) if isinstance(leaf, Reference))
    return iter(())


def with_leaves(expression: Expression, change: Callable[[Leaf], Expression]) -> Expression:
    """Return an expression with its leaves replaced.

    Parameters
    ----------
    expression : Expression
        Expression whose form is kept.
    change : callable
        Function from a leaf to the expression in its place.

    Returns
    -------
    Expression
        The new expression.
    """
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
