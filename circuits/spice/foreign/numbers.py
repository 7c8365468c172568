"""Numbers as SPICE writes them: ``4.7k``, ``10Meg``, ``1uF``, ``5mil``, ``1e-3``. Units behind the suffix are dropped.

``f`` is femto and ``m`` is milli, in either case: ``1F`` is 1e-15 and ``1M`` is 1e-3.
Source: ngspice manual 39, section 2.1.4 (syntax of numbers).
"""

from __future__ import annotations

import re

from ..cards import quote_card

SCALES = {
    "t": 1e12, "g": 1e9, "meg": 1e6, "k": 1e3, "mil": 25.4e-6, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12,
    "f": 1e-15, "a": 1e-18,
}  # fmt: skip
_LONGEST = 60
NUMBER = re.compile(r"(\d++(?:\.\d*+)?+|\.\d++)(?:e([+-]?\d++))?+(meg|mil|[tgkmunpfa])?+([a-z_%]*+)(?![\w.])")
_SIGNED = re.compile(rf"([+-]?){NUMBER.pattern}")


def scaled_value(match: re.Match[str], first: int = 1) -> float:
    """Return the number of a match of ``NUMBER``, rounded once.

    Parameters
    ----------
    match : Match
        Match of ``NUMBER``, or of a pattern that holds it.
    first : int, default 1
        Group of the digits.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        If it is too large.
    """
    digits, exponent, suffix = match[first], int(match[first + 1] or 0), match[first + 2]
    if suffix == "mil":
        value = float(f"{digits}e{exponent}") * SCALES["mil"]
    else:  # 4.7k is 4.7e3 to the last bit
        power = {"t": 12, "g": 9, "meg": 6, "k": 3, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18}
        value = float(f"{digits}e{exponent + power.get(suffix or '', 0)}")
    if value == float("inf"):
        raise ValueError(f"{quote_card(match[0])} is too large for a number; write less than 1e308")
    return value


def read_suffixed(word: str) -> float:
    """Read a number with a suffix and a unit.

    Parameters
    ----------
    word : str
        Text of the number in lower case.

    Returns
    -------
    float
        The number.

    Raises
    ------
    ValueError
        If it is written otherwise.
    """
    match = _SIGNED.fullmatch(word) if len(word) <= _LONGEST else None
    if match is None or len(match[3] or "") > 6:
        raise ValueError(f"{quote_card(word)} is no number; write it as 4700, 4.7k or 4.7e3")
    value = scaled_value(match, 2)
    return -value if match[1] == "-" else value
