"""Operations, functions and conditions of expressions, in those that all simulators share; numbers are computed.

A condition is 1 or 0 by the sign of a difference; ``c ? a : b`` is c a + (1 - c) b, so both branches must be finite.
What simulators compute differently is refused with its remedy: |x| to an odd power, ``==`` of signals, random numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, isfinite, pi
from typing import Any

import numpy as np

from ...netlist.expressions import FUNCTIONS, Call, Expression, Number, Operation, evaluate_expression

MOST_OPERATIONS = 200_000  # operations of one netlist's expressions


class Algebra:
    """The operations of the expressions of one netlist.

    Parameters
    ----------
    left : list of int
        Operations that it may still write.
    """

    def __init__(self, left: list[int]) -> None:
        self.left = left

    def function(self, word: str, x: list[Expression]) -> Expression:
        """Return a function of arguments, in the shared ones.

        Parameters
        ----------
        word : str
            Name of the function.
        x : list of Expression
            Arguments.

        Returns
        -------
        Expression
            Expression in shared operations.

        Raises
        ------
        ValueError
            If it is not known.
        """
        op, call = self.operation, self.shared
        match word, x:
            case ("log", [a]):  # natural in ngspice and LTspice
                return call("ln", a)
            case ("log10", [a]):
                return op("/", call("ln", a), Number(2.302585092994046))
            case ("arctan", [a]):
                return call("atan", a)
            case ("tan", [a]):
                return op("/", call("sin", a), call("cos", a))
            case ("sinh" | "cosh", [a]):
                sign = "-" if word == "sinh" else "+"
                return op("/", op(sign, call("exp", a), call("exp", op("-", Number(0.0), a))), Number(2.0))
            case ("asin" | "arcsin", [a]):
                root = call("sqrt", op("-", Number(1.0), op("*", a, a)))
                return op("*", Number(2.0), call("atan", op("/", a, op("+", Number(1.0), root))))
            case ("acos" | "arccos", [a]):
                return op("-", Number(pi / 2.0), self.function("asin", [a]))
            case ("u" | "stp", [a]):
                return self._step(a)
            case ("buf", [a]):
                return self._step(op("-", a, Number(0.5)))
            case ("inv", [a]):
                return self._step(op("-", Number(0.5), a))
            case ("hypot", [a, b]):
                return call("sqrt", op("+", op("*", a, a), op("*", b, b)))
            case ("uramp", [a]):
                return call("max", a, Number(0.0))
            case ("sign", [a]):
                return call("sgn", a)
            case ("pow" | "pwr", [a, b]):
                return self.power(a, b, "" if word == "pow" else "pwr")
            case ("limit", [a, b, c]):
                return call("min", call("max", a, call("min", b, c)), call("max", b, c))
            case ("if" | "ternary_fcn", [a, b, c]):
                return self.choose(a, b, c)
            case ("floor" | "int" | "ceil" | "nint", [Number(a)]):
                rounded = {"floor": floor(a), "int": int(a), "ceil": -floor(-a), "nint": round(a)}
                return Number(float(rounded[word]))
        if word in FUNCTIONS and len(x) == (2 if word in ("min", "max") else 1):
            return call(word, *x)
        if word in ("agauss", "gauss", "aunif", "unif", "limit", "rand", "random", "mc"):
            raise ValueError(f"{word} draws at random, which cannot be repeated; write numbers (estimate_yield draws)")
        raise ValueError(f"{word}( of {len(x)} arguments is not known; {', '.join(FUNCTIONS)} and some more are")

    def binary(self, symbol: str, a: Expression, b: Expression) -> Expression:
        """Return an operation of two operands.

        Parameters
        ----------
        symbol : str
            Operator.
        a, b : Expression
            Operands.

        Returns
        -------
        Expression
            Expression in shared operations.

        Raises
        ------
        ValueError
            If simulators compute it differently.
        """
        op, numbers = self.operation, isinstance(a, Number) and isinstance(b, Number)
        match symbol:
            case "+" | "-" | "*" | "/":
                return op(symbol, a, b)
            case ">" | ">=":
                return Number(float(_compare(symbol, a, b))) if numbers else self._step(op("-", a, b))
            case "<" | "<=":
                return Number(float(_compare(symbol, a, b))) if numbers else self._step(op("-", b, a))
            case "&&" | "&":
                return op("*", a, b)
            case "||" | "|":
                return self.shared("max", a, b)
        if not numbers:
            raise ValueError(f"{symbol} of signals hangs on the last bit; compare with < or >")
        return Number(float((a == b) == (symbol == "==")))

    def _step(self, x: Expression) -> Expression:
        """Return 1 where x > 0 and 0 where x < 0."""
        return self.operation("*", Number(0.5), self.operation("+", Number(1.0), self.shared("sgn", x)))

    def choose(self, test: Expression, yes: Expression, no: Expression) -> Expression:
        """Return one of two expressions by a condition.

        Parameters
        ----------
        test : Expression
            Condition, 1 or 0.
        yes, no : Expression
            Expressions.

        Returns
        -------
        Expression
            Expression in shared operations.
        """
        if isinstance(test, Number):
            return yes if test.value else no
        op = self.operation
        return op("+", op("*", test, yes), op("*", op("-", Number(1.0), test), no))

    def power(self, base: Expression, exponent: Expression, name: str = "") -> Expression:
        """Return a power that simulators compute alike.

        Parameters
        ----------
        base, exponent : Expression
            Operands.
        name : str, default ""
            Function that was written for it.

        Returns
        -------
        Expression
            Expression in shared operations.

        Raises
        ------
        ValueError
            If they do not.
        """
        if isinstance(base, Number) and isinstance(exponent, Number):
            return _finite(lambda: base.value**exponent.value)
        if isinstance(base, Number) and base.value > 0.0:
            return self.shared("exp", self.operation("*", self.shared("ln", base), exponent))
        if not isinstance(exponent, Number):
            raise ValueError("a power whose exponent is a signal is not read; write exp(y*ln(x))")
        power = exponent.value
        if power == 0.5:
            return self.shared("sqrt", self.shared("abs", base))
        if power == 1.0 and not name:
            return base
        if power not in (2.0, 4.0, 6.0, 8.0) or name:
            raise ValueError(
                f"a power of {power:g} means |x| to it in some simulators; write products, or exp({power:g}*ln(x))"
            )
        made = base
        for _ in range(int(power) - 1):
            made = self.operation("*", made, base)
        return made

    def shared(self, function: str, *arguments: Expression) -> Expression:
        """Return a call of a shared function.

        Parameters
        ----------
        function : str
            Name in ``FUNCTIONS``.
        *arguments : Expression
            Arguments.

        Returns
        -------
        Expression
            Expression in shared operations.

        Raises
        ------
        ValueError
            If it has no finite value.
        """
        self._spend()
        made = Call(function, arguments)
        if all(isinstance(argument, Number) for argument in arguments):
            return _finite(lambda: float(evaluate_expression(made, {})))
        return made

    def operation(self, symbol: Any, left: Expression, right: Expression) -> Expression:
        """Return a sum, difference, product or quotient.

        Parameters
        ----------
        symbol : str
            Operator.
        left, right : Expression
            Operands.

        Returns
        -------
        Expression
            Expression in shared operations.

        Raises
        ------
        ValueError
            If it has no finite value.
        """
        self._spend()
        made = Operation(symbol, left, right)
        if isinstance(left, Number) and isinstance(right, Number):
            return _finite(lambda: float(evaluate_expression(made, {})))
        return made

    def _spend(self) -> None:
        self.left[0] -= 1
        if self.left[0] < 0:
            raise ValueError(
                f"the expressions of the netlist are more than {MOST_OPERATIONS} operations; take a smaller circuit"
            )


def _compare(symbol: str, a: Any, b: Any) -> bool:
    x, y = a.value, b.value
    return bool({">": x > y, ">=": x >= y, "<": x < y, "<=": x <= y}[symbol])


def _finite(compute: Callable[[], Any]) -> Number:
    try:
        with np.errstate(all="ignore"):
            value = compute()
    except (OverflowError, ZeroDivisionError):
        value = float("inf")
    if isinstance(value, complex) or not isfinite(value):
        raise ValueError("an expression of numbers has no finite value; correct it")
    return Number(float(value))
