"""A parser of expressions as people write them into B sources, values and parameters, in lower case.

Beyond the strict one (``spice.expression_parser``): suffixes, unary minus, conditions, v(a,b), own functions, names of
nodes of any letters, and functions that follow from the shared ones (``algebra``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import e, pi

from ...netlist.expressions import Call, Expression, Number, Operation, Time, Voltage
from ..cards import quote_card
from .algebra import MOST_OPERATIONS, Algebra
from .numbers import NUMBER, scaled_value
from .tables import table_of

_NESTED = 60  # parentheses, calls and functions within one another
_DEEPEST = 200  # operations within one another

_TOKEN = re.compile(rf"\s*(?:(?P<number>{NUMBER.pattern})|(?P<word>[a-z_][\w.]*)|(?P<sign>\*\*|[<>=!]=|&&|\|\||\S))")
_ARGUMENTS = re.compile(r"\s*\(([^()]*+)\)")
_CONSTANTS = {"pi": pi, "e": e, "true": 1.0, "false": 0.0, "temper": 27.0, "temp": 27.0, "boltz": 1.380649e-23,
              "echarge": 1.602176634e-19, "kelvin": -273.15, "tnom": 27.0}  # fmt: skip
_LEVELS = (("||", "|"), ("&&", "&"), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/"))

Function = tuple[tuple[str, ...], str]  # names of arguments, and text


@dataclass
class Meaning:
    """The names that an expression may use.

    Attributes
    ----------
    value : callable
        Function from the name of a parameter to its value, or None.
    node : callable
        Function from the name of a node to that in the circuit.
    current : callable
        Function from the name of a voltage source to an expression of its current.
    functions : dict of str to Function
        Own functions of the netlist.
    arguments : dict of str to Expression
        Arguments of the function that is read.
    left : list of int
        Operations that the netlist may still write.
    """

    value: Callable[[str], float | None]
    node: Callable[[str], str]
    current: Callable[[str], Expression]
    functions: Mapping[str, Function] = field(default_factory=dict)
    arguments: Mapping[str, Expression] = field(default_factory=dict)
    left: list[int] = field(default_factory=lambda: [MOST_OPERATIONS])


def parse_formula(text: str, meaning: Meaning, nested: int = 0) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text : str
        Text in lower case, without braces or quotes around it.
    meaning : Meaning
        Names that it may use.
    nested : int, default 0
        Expressions that it stands in.

    Returns
    -------
    Expression
        The tree, with numbers computed.

    Raises
    ------
    ValueError
        If it cannot be read; the message gives the reason and the remedy.
    """
    reader = _Reader(text, meaning)
    tree = reader.condition(nested)
    if reader.kind:
        raise ValueError(reader.unexpected())
    if depth(tree) > _DEEPEST:
        raise ValueError(f"more than {_DEEPEST} operations within one another; put the halves of a sum in ( )")
    return tree


def depth(tree: Expression) -> int:
    """Return how many operations of a tree stand within one another.

    Parameters
    ----------
    tree : Expression
        Expression.

    Returns
    -------
    int
        Depth; 0 of a leaf.
    """
    deepest, waiting = 0, [(tree, 0)]
    while waiting:
        part, level = waiting.pop()
        deepest = max(deepest, level)
        match part:
            case Operation(_, left, right):
                waiting += [(left, level + 1), (right, level + 1)]
            case Call(_, arguments):
                waiting += [(argument, level + 1) for argument in arguments]
    return deepest


def unwrapped(text: str) -> str:
    """Return an expression without the braces or quotes around it.

    Parameters
    ----------
    text : str
        Text of a value.

    Returns
    -------
    str
        Text within.

    Raises
    ------
    ValueError
        If a brace or quote is not closed.
    """
    text = text.strip()
    for opening, closing in ("{}", "''", '""'):
        if text.startswith(opening):
            if len(text) < 2 or not text.endswith(closing):
                raise ValueError(f"{quote_card(text)} is not closed; end it with {closing}")
            return text[1:-1]
    return text


class _Reader:
    """A recursive-descent parser; ``kind`` and ``token`` are of the next token."""

    def __init__(self, text: str, meaning: Meaning) -> None:
        self.text, self.meaning, self.at = text, meaning, 0
        self.made = Algebra(meaning.left)
        self.kind, self.token, self.number = "", "", 0.0
        self._next()

    def _next(self) -> None:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            self.kind = self.token = ""
            return
        self.kind, self.token, self.at = str(match.lastgroup), match[0].strip(), match.end()
        if match["number"] is not None:
            self.kind, self.number = "number", scaled_value(match, 2)
        elif match["word"] is not None:
            self.kind = "word"

    def condition(self, nested: int) -> Expression:
        """Read ``c ? a : b`` and all below."""
        if nested > _NESTED:
            raise ValueError(f"more than {_NESTED} parentheses within one another; take a node between two sources")
        test = self._level(0, nested)
        if self.token != "?":
            return test
        self._next()
        yes = self.condition(nested + 1)
        self._expect(":")
        return self.made.choose(test, yes, self.condition(nested + 1))

    def _level(self, level: int, nested: int) -> Expression:
        if level == len(_LEVELS):
            return self._signed(nested)
        left = self._level(level + 1, nested)
        while self.kind == "sign" and self.token in _LEVELS[level]:
            symbol = self.token
            self._next()
            left = self.made.binary(symbol, left, self._level(level + 1, nested))
        return left

    def _signed(self, nested: int) -> Expression:
        if nested > _NESTED:
            raise ValueError(f"more than {_NESTED} signs within one another; leave some out")
        if self.kind == "sign" and self.token in ("-", "+", "!"):
            symbol = self.token
            self._next()
            inner = self._signed(nested + 1)
            if symbol == "+":
                return inner
            return self.made.operation("-", Number(1.0 if symbol == "!" else 0.0), inner)
        base = self._atom(nested)
        if self.token in ("^", "**"):
            self._next()
            return self.made.power(base, self._signed(nested + 1))
        return base

    def _atom(self, nested: int) -> Expression:
        kind, token = self.kind, self.token
        if kind == "number":
            value = self.number
            self._next()
            return Number(value)
        if token in ("(", "{"):
            self._next()
            inner = self.condition(nested + 1)
            self._expect(")" if token == "(" else "}")
            return inner
        if kind == "word":
            return self._word(token, nested)
        raise ValueError(self.unexpected())

    def _word(self, word: str, nested: int) -> Expression:
        meaning = self.meaning
        if self.text[self.at :].lstrip().startswith("("):
            if word in ("v", "i"):
                return self._signal(word)
            self._next()
            return self._call(word, nested)
        self._next()
        if word in meaning.arguments:
            return meaning.arguments[word]
        value = meaning.value(word)
        if value is not None:
            return Number(value)
        if word == "time":
            return Time()
        if word in _CONSTANTS:
            return Number(_CONSTANTS[word])
        raise ValueError(f"{quote_card(word)} is not known in an expression; define it by .param")

    def _signal(self, word: str) -> Expression:
        match = _ARGUMENTS.match(self.text, self.at)
        names = [part.strip() for part in match[1].split(",")] if match else [""]
        if match is None or not all(names) or len(names) > (2 if word == "v" else 1) or " " in "".join(names):
            raise ValueError(f"{quote_card(self.text)}: write v(node), v(a,b) or i(source)")
        self.at = match.end()
        self._next()
        if word == "i":
            return self.meaning.current(names[0])
        volts = [_voltage(self.meaning.node(name)) for name in names]
        return volts[0] if len(volts) == 1 else self.made.operation("-", volts[0], volts[1])

    def _call(self, word: str, nested: int) -> Expression:
        self._expect("(")
        arguments = [] if self.token == ")" else [self.condition(nested + 1)]
        while self.token == ",":
            self._next()
            arguments.append(self.condition(nested + 1))
        self._expect(")")
        own = self.meaning.functions.get(word)
        if own is not None:
            names, text = own
            if len(names) != len(arguments):
                raise ValueError(f"{word} has {len(arguments)} arguments; it takes {len(names)}")
            inner = Meaning(
                self.meaning.value, self.meaning.node, self.meaning.current, self.meaning.functions,
                dict(zip(names, arguments, strict=True)), self.meaning.left,
            )  # fmt: skip
            return parse_formula(text, inner, nested + 1)
        if word in ("table", "pwl") and len(arguments) > 1:
            knots = [x.value for x in arguments[1:] if isinstance(x, Number)]
            if len(knots) < len(arguments) - 1:
                raise ValueError(f"the knots of {word}() are numbers; write {word}(x, x0, y0, x1, y1)")
            return table_of(self.made, arguments[0], knots, is_held=word == "table")
        return self.made.function(word, arguments)

    def _expect(self, token: str) -> None:
        if self.token != token:
            raise ValueError(self.unexpected(f"; expected {token!r}"))
        self._next()

    def unexpected(self, more: str = "") -> str:
        """Return why the next token is wrong, and the remedy."""
        where = f"has {quote_card(self.token)} where it cannot" if self.token else "ends too early"
        return f"the expression {where}{more}; correct it"


def _voltage(node: str) -> Expression:
    return Number(0.0) if node == "0" else Voltage(node)
