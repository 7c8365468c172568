"""Parts that one can order: the table ``parts.toml``, and the order code of a value."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from ..spice.people_numbers import people_number

PARTS_TABLE: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    tomllib.loads(files(__package__).joinpath("parts.toml").read_text())
)
MOST_PINS = 36  # of a header


@dataclass(frozen=True)
class BoardPart:
    """A part with the code that orders it.

    Attributes
    ----------
    prefix : str
        Letter of its references.
    value : str
        Value, as people write it.
    maker, order : str
        Manufacturer and order code.
    tolerance, package : str
        Tolerance, or nothing; package.
    footprint, symbol : str
        Footprint and symbol of KiCad's libraries.
    source : str
        Where the order code is from.
    """

    prefix: str
    value: str
    maker: str
    order: str
    tolerance: str
    package: str
    footprint: str
    symbol: str
    source: str


def resistor_code(ohm: float) -> str:
    """Return a resistance in Yageo's code, R, K or M in the place of the point.

    Parameters
    ----------
    ohm : float
        Resistance, ohm.

    Returns
    -------
    str
        Code, such as 4K7, 205R or 1M.
    """
    for letter, unit in (("M", 1e6), ("K", 1e3), ("R", 1.0)):
        if ohm >= unit:
            whole, _, rest = f"{ohm / unit:.6g}".partition(".")
            return f"{whole}{letter}{rest}"
    raise ValueError(f"resistor of {ohm:g} ohm; codes begin at 1 ohm")


def capacitor_code(farad: float) -> str:
    """Return a capacitance in pF by two digits and the number of zeros.

    Parameters
    ----------
    farad : float
        Capacitance, F.

    Returns
    -------
    str
        Code, such as 202 of 2 nF.
    """
    picofarad = farad * 1e12
    zeros = len(str(round(picofarad))) - 2
    digits = round(picofarad / 10**zeros)
    if zeros < 0 or abs(digits * 10**zeros - picofarad) > 1e-6 * picofarad:
        raise ValueError(f"capacitor of {farad:g} F has no code of two digits; round it to E24")
    return f"{digits}{zeros}"


def value_part(kinds: tuple[str, ...], value: float) -> BoardPart:
    """Return the resistor or capacitor of a value, of the first kind that is made of it.

    Parameters
    ----------
    kinds : tuple of str
        Names in ``parts.toml``.
    value : float
        Value, ohm or F.

    Returns
    -------
    BoardPart
        The part.

    Raises
    ------
    ValueError
        If none is made.
    """
    is_resistor = "resistor" in kinds[0]
    for kind in kinds:
        row = PARTS_TABLE[kind]
        if row["least"] * (1 - 1e-9) <= value <= row["most"] * (1 + 1e-9):
            code = resistor_code(value) if is_resistor else capacitor_code(value)
            shown = people_number(value).replace("meg", "M")
            return _part("R" if is_resistor else "C", shown, row, code)
    least, most = min(PARTS_TABLE[kind]["least"] for kind in kinds), max(PARTS_TABLE[kind]["most"] for kind in kinds)
    unit = "ohm" if is_resistor else "F"
    raise ValueError(
        f"a part of {value:g} {unit} is not in the table of parts, which goes from {least:g} to {most:g} {unit}; take "
        "a smaller network, or another series"
    )


def named_part(kind: str, prefix: str) -> BoardPart:
    """Return a part that has one order code.

    Parameters
    ----------
    kind : str
        Name in ``parts.toml``.
    prefix : str
        Letter of its references.

    Returns
    -------
    BoardPart
        The part.

    Raises
    ------
    ValueError
        If the table has no such part.
    """
    if kind not in PARTS_TABLE:
        raise ValueError(f"part {kind!r} has no order code in parts.toml; take one of lmv824, opa192, mcp6001")
    return _part(prefix, PARTS_TABLE[kind]["order"], PARTS_TABLE[kind], "")


def header_part(pins: int) -> BoardPart:
    """Return a pin header.

    Parameters
    ----------
    pins : int
        Number of pins, at most ``MOST_PINS``.

    Returns
    -------
    BoardPart
        The part.
    """
    part = _part("J", f"{pins} pins", PARTS_TABLE["header"], f"{pins:03d}")
    two = f"{pins:02d}"
    return BoardPart(
        **{**vars(part), "footprint": part.footprint.format(pins=two), "symbol": part.symbol.format(pins=two)}
    )


def _part(prefix: str, value: str, row: Mapping[str, Any], code: str) -> BoardPart:
    order = row["order"].replace("{code}", code)
    told = (row[key] for key in ("tolerance", "package", "footprint", "symbol", "source"))
    return BoardPart(prefix, value, row["maker"], order, *told)
