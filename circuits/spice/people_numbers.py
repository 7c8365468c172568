"""Numbers as people write them, ``4.7k`` and ``200u``, where that is the same number to the last bit."""

from __future__ import annotations

from decimal import Decimal

_SUFFIXES = {12: "t", 9: "g", 6: "meg", 3: "k", 0: "", -3: "m", -6: "u", -9: "n", -12: "p", -15: "f"}
POWERS = {suffix: power for power, suffix in _SUFFIXES.items()}
_LONGEST = 12  # digits that a person would read


def people_number(value: float) -> str:
    """Return a number with a suffix of SPICE, or plain where that would be longer.

    Parameters
    ----------
    value : float
        The number.

    Returns
    -------
    str
        Text that every simulator reads as this number.
    """
    plain = repr(float(value))
    exact = Decimal(plain)  # the shortest text that reads back exactly
    if exact == 0:
        return "0"
    power = 3 * (exact.adjusted() // 3)
    if power not in _SUFFIXES:
        return plain
    digits = format(exact.scaleb(-power).normalize(), "f")
    text = digits + _SUFFIXES[power]
    return text if len(digits) <= _LONGEST and len(text) <= len(plain) and scaled_number(text) == value else plain


def scaled_number(text: str) -> float | None:
    """Read a number with a suffix that :func:`people_number` writes.

    Parameters
    ----------
    text : str
        Text in lower case.

    Returns
    -------
    float or None
        The number; None if the text has no such suffix.
    """
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyz")
    suffix = text[len(digits) :]
    if suffix not in POWERS or not digits or len(digits) > 40 or set(digits) - set("+-.0123456789"):
        return None
    try:
        return float(f"{digits}e{POWERS[suffix]}")
    except ValueError:
        return None
