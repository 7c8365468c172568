"""Numbers as text for people: engineering prefixes, significant digits by the interval, percent."""

from __future__ import annotations

import math

from ..estimate import Estimate
from ..files.printable import printable as printable

_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T"}
_LONG = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))  # people read 2 h more easily than 7.2 ks


def format_quantity(value: float, unit: str, digits: int = 3) -> str:
    """Format a quantity: 3.14159e-6, "J" -> "3.14 µJ"; seconds above two minutes in min, h, d.

    Parameters
    ----------
    value : float
        Value in ``unit``.
    unit : str
        SI unit without prefix.
    digits : int
        Significant digits.

    Returns
    -------
    str
        The text.
    """
    scale, name = _scale(value, unit, digits)
    return f"{significant(value / scale, digits)} {name}".strip()


def format_estimate(value: Estimate | None, unit: str) -> tuple[str, str]:
    """Format a value and its interval: ("3.1 µJ", "2.0–5.5 µJ"); a bound is ("> 4.0 µJ", "").

    Parameters
    ----------
    value : Estimate or None
        Estimate; None is undefined.
    unit : str
        SI unit without prefix.

    Returns
    -------
    tuple of str
        Value and interval; ("–", "") if undefined.
    """
    if value is None or (value.value is None and value.low is None):
        return "–", ""
    if value.value is None:
        return f"> {format_quantity(value.low or 0.0, unit, 2)}", ""
    if value.low is None or value.high is None:
        return format_quantity(value.value, unit, 2), ""
    if value.low == value.high:
        return format_quantity(value.value, unit), ""
    digits = 3 if value.high - value.low < 0.1 * abs(value.value) else 2
    scale, name = _scale(value.value, unit, digits)
    if 0.01 * scale <= value.low and value.high < 1000 * scale:  # both ends fit the unit of the value
        interval = f"{significant(value.low / scale, digits)}–{significant(value.high / scale, digits)} {name}"
    else:
        interval = f"{format_quantity(value.low, unit, digits)}–{format_quantity(value.high, unit, digits)}"
    return format_quantity(value.value, unit, digits), interval


def format_percent(fraction: float | None, digits: int = 2) -> str:
    """Format a fraction in percent: 0.0449 -> "4.5 %".

    Parameters
    ----------
    fraction : float or None
        Fraction; None is undefined.
    digits : int
        Significant digits.

    Returns
    -------
    str
        The text; "–" if undefined.
    """
    if fraction is None or not math.isfinite(fraction):
        return "–"
    return f"{significant(100 * fraction, 3 if abs(fraction) >= 0.995 else digits) if abs(fraction) > 5e-7 else 0} %"


def format_probability(value: Estimate | None) -> tuple[str, str]:
    """Format a probability and its interval in percent: ("24 %", "14–37 %").

    Returns
    -------
    tuple of str
        Value and interval; ("–", "") if undefined.
    """
    if value is None or value.value is None or value.low is None or value.high is None:
        return "–", ""
    return format_percent(value.value), f"{format_percent(value.low)[:-2]}–{format_percent(value.high)}"


def format_number(value: float | None) -> str:
    """Format a score: 7542 -> "7,542", 0.966942 -> "0.966942".

    Returns
    -------
    str
        The text; "–" if undefined.
    """
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else significant(value, 6)


def significant(value: float, digits: int) -> str:
    """Format a number to significant digits, with an exponent only below 1e-4 and above 1e6.

    Parameters
    ----------
    value : float
        Number.
    digits : int
        Significant digits.

    Returns
    -------
    str
        The text.
    """
    rounded = float(f"{value:.{digits - 1}e}")
    if rounded == 0 or not 1e-4 <= abs(rounded) < 1e6:
        return f"{rounded:.{digits}g}"
    return f"{rounded:,.{max(0, digits - 1 - math.floor(math.log10(abs(rounded))))}f}"


def _scale(value: float, unit: str, digits: int) -> tuple[float, str]:
    """Find the divisor of a value and the unit with its prefix."""
    for scale, name in _LONG:
        if unit == "s" and abs(value) >= 2 * scale:
            return scale, name
    if value == 0 or not math.isfinite(value) or not unit:
        return 1.0, unit
    power = 3 * math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))) / 3)
    return (10.0**power, _PREFIXES[power] + unit) if power in _PREFIXES else (1.0, unit)
