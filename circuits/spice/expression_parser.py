"""A parser of expressions, from text to a tree: ``(0.5 * tanh((4.0 * v(u0))))``.

The usual precedence of + - * / holds where parentheses are missing. What simulators read differently is refused with
the remedy: powers, unary minus before anything but a number, conditions, functions beyond ``FUNCTIONS``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Literal, TypeAlias, cast

from ..netlist.expressions import (
    FUNCTIONS,
    Call,
    Expression,
    Number,
    Operation,
    Reference,
    Time,
    Value,
    Voltage,
    leaves,
)
from .cards import quote_card
from .people_numbers import scaled_number

_DEEPEST = 200  # operations within one another; longer sums are written with parentheses, in halves
_NESTED = 100  # parentheses and calls within one another
_DIGITS = 40  # longest number: Python takes long to read a longer one

_NUMBER = re.compile(r"(?:\d++(?:\.\d*+)?+|\.\d++)(?:e[+-]?\d++)?+(?![\w.])")  # possessive: it never backtracks
_VOLTAGE = re.compile(r"v\s*\(\s*([a-z][a-z0-9_]*|0)\s*\)")
_WORD = re.compile(r"[a-z_]\w*")
_TOKEN = re.compile(rf"\s*({_VOLTAGE.pattern}|{_NUMBER.pattern}|\d[\w.]*|{_WORD.pattern}|\*\*|\S)")

_Tree: TypeAlias = tuple[Expression, int]  # expression and depth of its nesting
_Symbol: TypeAlias = Literal["+", "-", "*", "/"]


def read_number(word: str) -> float:
    """Read a plain number, without suffix or unit, which simulators read in their own ways.

    Parameters
    ----------
    word : str
        Text of the number.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        If it is written otherwise.
    """
    sign, digits = (-1.0, word[1:]) if word.startswith("-") else (1.0, word)
    if len(digits) > _DIGITS or not _NUMBER.fullmatch(digits):
        raise ValueError(f"{quote_card(word)} is no plain number; write it out, such as 4700.0 or 1e-09")
    value = sign * float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"{quote_card(word)} is too large for a number; write less than 1e308")
    return value


def read_value(word: str, parameters: Collection[str]) -> Value:
    """Read a plain number, or in braces an expression of parameters.

    Parameters
    ----------
    word : str
        Text of the value.
    parameters : collection of str
        Names of parameters that it may refer to.

    Returns
    -------
    Value
        The value.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    if not word.startswith("{"):
        scaled = scaled_number(word)
        return read_number(word) if scaled is None else scaled
    if not word.endswith("}"):
        raise ValueError(f"the brace of {quote_card(word)} is not closed; end it with '}}'")
    value = read_expression(word[1:-1], parameters)
    found = list(leaves(value))
    if not any(isinstance(leaf, Reference) for leaf in found):
        raise ValueError(f"{quote_card(word)} has no parameter; write the number itself")
    if not all(isinstance(leaf, Reference | Number) for leaf in found):
        raise ValueError(f"{quote_card(word)}: a value is of numbers and parameters only; use a B source")
    return value


def read_expression(text: str, parameters: Collection[str] = ()) -> Expression:
    """Read an expression in lower case into its tree.

    Parameters
    ----------
    text : str
        Text of the expression.
    parameters : collection of str, optional
        Names of parameters that it may refer to.

    Returns
    -------
    Expression
        The tree.

    Raises
    ------
    ValueError
        If it cannot be read; the message gives the reason and the remedy.
    """
    reader = _Reader([match[1] for match in _TOKEN.finditer(text)], parameters)
    tree = reader.sum(0)
    if reader.at < len(reader.tokens):
        raise ValueError(reader.unexpected())
    return tree[0]


class _Reader:
    """A recursive-descent parser over tokens; ``at`` is the place of the next one."""

    def __init__(self, tokens: list[str], parameters: Collection[str]) -> None:
        self.tokens = tokens
        self.parameters = parameters
        self.at = 0

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def sum(self, nested: int) -> _Tree:
        return self._chain(("+", "-"), self.product, nested)

    def product(self, nested: int) -> _Tree:
        return self._chain(("*", "/"), self.atom, nested)

    def _chain(self, symbols: tuple[str, str], part: Callable[[int], _Tree], nested: int) -> _Tree:
        left, depth = part(nested)
        while self.next in symbols:
            symbol = cast(_Symbol, self.next)
            self.at += 1
            right, below = part(nested)
            left, depth = Operation(symbol, left, right), max(depth, below) + 1
            if depth > _DEEPEST:
                raise ValueError(f"more than {_DEEPEST} operations within one another; put the halves of a sum in ( )")
        return left, depth

    def atom(self, nested: int) -> _Tree:
        token = self.next
        if nested > _NESTED:
            raise ValueError(f"more than {_NESTED} parentheses within one another; take a node between two sources")
        if token == "-" and self.at + 1 < len(self.tokens) and _NUMBER.fullmatch(self.tokens[self.at + 1]):
            self.at += 2
            return Number(read_number("-" + self.tokens[self.at - 1])), 0
        if token == "(":
            self.at += 1
            inner = self.sum(nested + 1)
            self._expect(")")
            return inner
        voltage = _VOLTAGE.fullmatch(token)
        if voltage:
            self.at += 1
            return Voltage(voltage[1]), 0
        if token[:1].isdigit() or _NUMBER.fullmatch(token):
            self.at += 1
            return Number(read_number(token)), 0
        if token == "time":
            self.at += 1
            return Time(), 0
        if token in FUNCTIONS:
            return self._call(token, nested)
        if token in self.parameters:
            self.at += 1
            return Reference(token), 0
        if token == "{" and "".join(self.tokens[self.at + 2 : self.at + 3]) == "}":  # LTspice's way
            self.at += 1
            found = self.atom(nested + 1)
            self._expect("}")
            return found
        raise ValueError(self.unexpected())

    def _call(self, function: str, nested: int) -> _Tree:
        self.at += 1
        self._expect("(")
        arguments = [self.sum(nested + 1)]
        while self.next == ",":
            self.at += 1
            arguments.append(self.sum(nested + 1))
        self._expect(")")
        return Call(function, tuple(argument for argument, _ in arguments)), max(depth for _, depth in arguments) + 1

    def _expect(self, token: str) -> None:
        if self.next != token:
            raise ValueError(self.unexpected(f"; expected {token!r}"))
        self.at += 1

    def unexpected(self, more: str = "") -> str:
        """Return why the next token is wrong, and the remedy."""
        token = self.next
        if token in ("^", "**"):
            return f"{token} means power, |x| to a power or exclusive or, by simulator; write products"
        if token == "-":
            return "a minus before what is no number; write (0.0 - x)"
        if token in ("?", ":", "<", ">", "=", "&", "|", "!"):
            return f"{quote_card(token)}: conditions differ between simulators; use min and max"
        if token == "v":
            return "a voltage is v(node), of one node named [a-z][a-z0-9_]*; write a difference as (v(a) - v(b))"
        if _WORD.fullmatch(token):
            known = ", ".join(FUNCTIONS)
            return f"{quote_card(token)} is not known in an expression; define it before, or use v(node), time, {known}"
        where = f"has {quote_card(token)} where it cannot" if token else "ends too early"
        return f"the expression {where}{more}; correct it"
