"""Rules of ``lint`` for expressions."""

from __future__ import annotations

import re

from ..cards import quote_card
from ..dialect import Dialect
from ..dialects import LARGEST_EXPRESSION, LTSPICE, XYCE
from .deck import CALLED, VOLTAGE, Deck, Findings

_NAME = re.compile(r"[a-z_]\w*", re.IGNORECASE)
_RANDOM = re.compile(r"\blimit\s*\([^(),]*,[^(),]*\)", re.IGNORECASE)
_TERM = re.compile(r"[\w.]+")

_TRIGONOMETRY = {"sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"}
_SHARED = _TRIGONOMETRY | {"v", "i", "exp", "ln", "log10", "sqrt", "abs", "min", "max", "sgn", "floor", "ceil"}
# Not pow and pwr: ngspice gives pow(-0.5, 3) = 0.125, neospice pwr(-0.5, 2) = -0.25.
_FUNCTIONS = {
    "ngspice": _SHARED | {"u", "u2", "uramp", "nint", "ternary_fcn", "ddt", "pwl"},
    "neospice": _SHARED | {"u", "uramp", "nint", "ternary_fcn", "if", "limit"},
    "xyce": _SHARED
    | {"if", "int", "nint", "limit", "pow", "pwr", "pwrs", "stp", "uramp", "table", "ddt", "sdt", "atan2", "sign",
       "fmod"},
    "ltspice": _SHARED - {"asinh", "acosh", "atanh"}
    | {"if", "int", "round", "limit", "pow", "pwr", "pwrs", "u", "uramp", "buf", "inv", "table", "ddt", "idt", "sdt",
       "delay", "absdelay", "atan2", "hypot", "cbrt"},
}  # fmt: skip
_PLAIN = "+ - * / and tanh, atan, exp, sqrt, abs, min, max"
_INSTEAD = {
    "pow": "products",
    "pwr": "products",
    "limit": "min(max(x, low), high)",
    "if": "ternary_fcn",
    "ternary_fcn": "if",
    "arctan": "atan",
}


def unknown_functions(deck: Deck, dialect: Dialect) -> Findings:
    """Find functions that the simulator does not know."""
    own = {match[1].lower() for card, _ in deck.dots("func") if (match := CALLED.search(card.text))}
    known = _FUNCTIONS[dialect.name] | own | {"log"}
    for card, _, expression in deck.expressions:
        for name in dict.fromkeys(found.lower() for found in CALLED.findall(expression)):
            if name not in known:
                yield (
                    card.line,
                    f"{dialect.name} skips or miscomputes {quote_card(name)}; use {_INSTEAD.get(name, _PLAIN)}",
                )


def logarithms(deck: Deck, dialect: Dialect) -> Findings:
    """Find logarithms, whose base depends on the simulator."""
    for card, _, expression in deck.expressions:
        if "log" in (name.lower() for name in CALLED.findall(expression)):
            yield card.line, "log is natural in ngspice, neospice and LTspice, decimal in Xyce; write ln or log10"


def find_powers(deck: Deck, dialect: Dialect) -> Findings:
    """Find powers, which simulators read differently."""
    for card, _, expression in deck.expressions:
        if dialect.name in ("xyce", "ltspice"):
            if "^" in expression:
                yield card.line, f"^ is exclusive or in {dialect.name}; write ** or products"
        elif "^" in expression or "**" in expression:
            yield card.line, "(-x)^3 is |x|^3 in ngspice and neospice, -x^2 is x^2 in neospice; write products"


def conditional(deck: Deck, dialect: Dialect) -> Findings:
    """Find conditions that the simulator does not know."""
    instead = "if(condition, a, b)" if dialect.name == "ltspice" else "ternary_fcn(condition, a, b)"
    for card, _, expression in deck.expressions:
        if "?" in expression:
            yield card.line, f"{dialect.name} does not know '? :' and may skip the source; write {instead}"


def braces(deck: Deck, dialect: Dialect) -> Findings:
    """Find sources with or without the braces that the simulator wants."""
    for card, keyword, expression in deck.expressions:
        if card.text[0] in "bB" and keyword in ("v", "i"):
            braced = expression.lstrip().startswith("{")
            if dialect is XYCE and not braced:
                yield card.line, "Xyce wants the expression of a B source in braces; write V={...}"
            if dialect is LTSPICE and braced:
                yield card.line, "LTspice wants the expression of a B source bare; write V=..., or E with value={...}"


def long_expressions(deck: Deck, dialect: Dialect) -> Findings:
    """Find expressions that are too long for neospice."""
    for card, _, expression in deck.expressions:
        if len(_TERM.findall(VOLTAGE.sub("v", expression))) > LARGEST_EXPRESSION:
            yield card.line, f"neospice crashes on long expressions; split this one below {LARGEST_EXPRESSION} terms"


def parameters(deck: Deck, dialect: Dialect) -> Findings:
    """Find parameters in expressions, which neospice takes as 0."""
    defined = {word for card, _ in deck.dots("param") for word in re.findall(r"\b([a-z_]\w*+)\s*+=", card.text.lower())}
    for card, _, expression in deck.expressions:
        used = defined & {name.lower() for name in _NAME.findall(VOLTAGE.sub("0", expression))}
        if used:
            yield card.line, f"neospice takes parameter {quote_card(min(used))} as 0 in an expression; write its number"


def random_limit(deck: Deck, dialect: Dialect) -> Findings:
    """Find limits of two arguments, which are random in Xyce."""
    for card, _, expression in deck.expressions:
        if _RANDOM.search(VOLTAGE.sub("0", expression)):
            yield card.line, "limit with two arguments is random in Xyce; write limit(x, low, high)"
