"""Units in the headers of measured data: ``V (mV)``, ``I [nA]``, ``t / s``, ``t_ms``, ``Temperature, °C``.

A unit is a prefix and a base unit, with upper and lower case as SI has them: ms are milliseconds, mS millisiemens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PREFIXES = {
    "": 1.0, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3,
    "k": 1e3, "M": 1e6, "G": 1e9,
}  # fmt: skip
_BASES = {
    "V": "V", "A": "A", "s": "s", "S": "S", "K": "K", "Hz": "Hz", "W": "W", "J": "J", "eV": "eV", "T": "T", "Oe": "Oe",
    "m": "m", "ohm": "ohm", "Ohm": "ohm", "Ω": "ohm",
}  # fmt: skip
_OTHERS = {
    "sec": ("s", 1.0), "msec": ("s", 1e-3), "usec": ("s", 1e-6), "min": ("s", 60.0), "h": ("s", 3600.0),
    "hr": ("s", 3600.0), "d": ("s", 86400.0), "volt": ("V", 1.0), "volts": ("V", 1.0), "amp": ("A", 1.0),
    "%": ("1", 0.01), "1": ("1", 1.0), "a.u.": ("1", 1.0), "arb.": ("1", 1.0), "arb. units": ("1", 1.0),
    "1/s": ("Hz", 1.0), "s^-1": ("Hz", 1.0), "pm": ("m", 1e-12), "Å": ("m", 1e-10),
}  # fmt: skip
_CELSIUS = {"°C", "degC", "ºC", "C"}
_BRACKETED = re.compile(r"^(.*?)\s*[(\[{<]([^()\[\]{}<>]*)[)\]}>]\s*$")
_SLASHED = re.compile(r"^(.+?)\s*/\s*(\S+)$")
_SUFFIXED = re.compile(r"^(.+?)(?:_|,\s*|\s+(?:in\s+)?)(\S+)$")


@dataclass(frozen=True)
class HeaderUnit:
    """Unit that a header gives.

    Attributes
    ----------
    unit : str
        SI unit, "1" for a pure number; empty if none is given.
    factor, shift : float
        The SI value is ``factor`` times the number plus ``shift``.
    """

    unit: str = ""
    factor: float = 1.0
    shift: float = 0.0


def parse_unit(text: str) -> HeaderUnit | None:
    """Read a unit with its prefix.

    Parameters
    ----------
    text : str
        Unit, as "nA".

    Returns
    -------
    HeaderUnit or None
        Unit; None if it is not known.
    """
    text = text.strip()
    if text in _CELSIUS:
        return HeaderUnit("K", 1.0, 273.15)
    if text in _OTHERS:
        return HeaderUnit(*_OTHERS[text])
    for base, unit in _BASES.items():
        if text.endswith(base) and text[: -len(base)] in _PREFIXES:
            return HeaderUnit(unit, _PREFIXES[text[: -len(base)]])
    return None


def split_header(header: str) -> tuple[str, HeaderUnit]:
    """Split a header into the name of a column and its unit.

    Parameters
    ----------
    header : str
        Header, as "I [nA]".

    Returns
    -------
    name : str
        Name, the whole header if it gives no known unit.
    unit : HeaderUnit
        Unit.

    Raises
    ------
    ValueError
        If brackets hold what is no unit; the message continues the name of the file.
    """
    header = " ".join(header.strip("\"'# \t").split())
    if found := _BRACKETED.match(header):
        unit = HeaderUnit() if not found[2].strip() else parse_unit(found[2])
        if unit is None and found[1] and not re.fullmatch(r"[\w.+-]{6,}|.*\s.*|\d*", found[2].strip()):
            raise ValueError(
                f"column {header[:40]!r} is in {found[2][:20]!r}, which is no known unit; "
                "write it with V, A, s, S, K, Hz, W, J, eV, T or ohm and a prefix, or leave the brackets out"
            )
        return (found[1] or header, unit) if unit is not None else (header, HeaderUnit())
    for pattern in (_SLASHED, _SUFFIXED):
        found = pattern.match(header)
        unit = parse_unit(found[2]) if found else None
        if found and unit is not None:
            return found[1], unit
    return header, HeaderUnit()
