"""Sources of a netlist from outside: constants and waves, controlled sources with gains, expressions or polynomials."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement, islice
from math import comb

from ...netlist.expressions import Expression, Number, Operation, balanced_sum
from ...netlist.sources import WAVES, Wave
from ..cards import quote_card

_WAVE = re.compile(rf"\b(sine|{'|'.join(WAVES)})\b\s*\(?([^()]*+)\)?")
_POLY = re.compile(r"poly\s*\(\s*(\d{1,2})\s*\)\s*(.*)")
_WORD = re.compile(r"\{[^{}]*+\}|'[^']*+'|[^\s(),]++")
_OTHERS = re.compile(r"\b(sffm|am|trnoise|trrandom|external|wavefile|file|table|laplace|freq|delay)\b")


def words_of(text: str) -> list[str]:
    """Split text at spaces, commas and parentheses outside of expressions.

    Parameters
    ----------
    text : str
        Text of a card or a part of it.

    Returns
    -------
    list of str
        Words.
    """
    return _WORD.findall(text)


def read_wave(text: str, number: Callable[[str], float]) -> tuple[float, Wave | None, bool]:
    """Read what stands behind the nodes of an independent source.

    Parameters
    ----------
    text : str
        Text such as ``dc 1 ac 1 pulse(0 1 1u)``.
    number : callable
        Function from the text of a value to the value.

    Returns
    -------
    constant : float
        Value of the operating point.
    wave : Wave or None
        Function of time.
    has_small : bool
        Whether the source has an amplitude for ``.ac``, which a transient does not use.

    Raises
    ------
    ValueError
        If the text is anything else.
    """
    other = _OTHERS.search(text)
    if other:
        raise ValueError(f"a source of {other[1]} is not read; write it as dc, pulse, sin, exp or pwl")
    match = _WAVE.search(text)
    wave = None
    if match:
        numbers = [number(word) for word in words_of(match[2])]
        kind = "sin" if match[1] == "sine" else match[1]  # LTspice's word
        wave = Wave(kind, tuple(numbers))  # type: ignore[arg-type]
        text = text[: match.start()] + " " + text[match.end() :]
    words = words_of(text.replace("=", " "))
    constant, has_small = None, False
    while words:
        word = words.pop(0)
        if word == "ac":
            has_small = True
            while words and words[0] != "dc":
                number(words.pop(0))
        elif constant is None:
            if word == "dc":
                if not words:
                    raise ValueError("there is no number behind dc; write dc 1.0")
                word = words.pop(0)
            constant = number(word)
        else:
            raise ValueError(f"{quote_card(word)} is no part of a source; write <value> or dc <value> <wave>(...)")
    if constant is None:  # SPICE's operating point is that of the wave at t = 0
        constant = 0.0 if wave is None else wave.numbers[1] if wave.kind == "pwl" else wave.numbers[0]
    return constant, wave, has_small


def read_polynomial(
    text: str, number: Callable[[str], float], controls: Callable[[list[str], int], tuple[list[Expression], list[str]]]
) -> Expression | None:
    """Read ``poly(n) <controls> <coefficients>`` as an expression.

    The coefficients are those of 1, x1 .. xn, x1^2, x1 x2, .. in SPICE's order; a single one is that of x1.

    Parameters
    ----------
    text : str
        Text behind the nodes of the source.
    number : callable
        Function from the text of a value to the value.
    controls : callable
        Function from words and n to the controlling signals and the words behind them.

    Returns
    -------
    Expression or None
        Sum of products; None if the text is no polynomial.

    Raises
    ------
    ValueError
        If the polynomial cannot be read.
    """
    match = _POLY.fullmatch(text)
    if match is None:
        return None
    signals, rest = controls(words_of(match[2]), int(match[1]))
    numbers = [number(word) for word in rest]
    if not signals or not numbers or len(numbers) > 500:
        raise ValueError(f"{quote_card(text)}: write poly(n), n controls, and up to 500 coefficients")
    if len(numbers) == 1:
        numbers = [0.0, numbers[0]]
    return balanced_sum(_terms(signals, numbers))


def _terms(signals: Sequence[Expression], numbers: Sequence[float]) -> list[Expression]:
    terms: list[Expression] = []
    rest = iter(numbers)
    degree = 0
    while True:
        products = combinations_with_replacement(signals, degree)
        coefficients = list(islice(rest, _count(len(signals), degree)))
        if not coefficients:
            return terms
        for factor, product in zip(coefficients, products, strict=False):
            term: Expression = Number(factor)
            for signal in product:
                term = Operation("*", term, signal)
            if factor or (degree == 0 and len(numbers) == 1):
                terms.append(term)
        degree += 1


def _count(signals: int, degree: int) -> int:
    return comb(signals + degree - 1, degree)
