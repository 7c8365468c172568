"""A number about hardware, with unit, range, kind and source; tables of such numbers in TOML."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .files.printable import printable
from .files.toml import read_toml

Kind = Literal["measured", "modelled", "assumed", "forecast"]

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Datum:
    """Number about hardware: SI value, range, kind and source.

    Attributes
    ----------
    value : float
        Value in ``unit``.
    unit : str
        SI unit.
    low, high : float
        Range.
    kind : Kind
        "measured" (read off real hardware), "modelled" (computed from a physical model), "assumed" (a usual value, not
        checked) or "forecast" (a projection of its authors).
    source : str
        Publication, data sheet or derivation.
    """

    value: float
    unit: str
    low: float
    high: float
    kind: Kind
    source: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.value <= self.high):
            raise ValueError(
                f"datum {self.value} {self.unit[:20]}: needs finite low <= value <= high, has {self.low}..{self.high}"
            )
        if self.kind not in KINDS:
            raise ValueError(f"datum kind is {str(self.kind)[:40]!r}; expected one of {', '.join(KINDS)}")
        if not self.source.strip():
            raise ValueError(f"datum {self.value} {self.unit[:20]} has no source; say where the number is from")


def multiply_data(a: Datum, b: Datum, unit: str) -> Datum:
    """Multiply two data that are not negative, as a power and a time.

    Parameters
    ----------
    a, b : Datum
        Factors.
    unit : str
        Unit of the product.

    Returns
    -------
    Datum
        Product, known as well as the less well known factor.
    """
    source = f"{a.value:g} {a.unit} ({a.source}) times {b.value:g} {b.unit} ({b.source})"
    return Datum(a.value * b.value, unit, a.low * b.low, a.high * b.high, less_known(a.kind, b.kind), source)


def less_known(a: Kind, b: Kind) -> Kind:
    """Return the worse of two kinds; ``KINDS`` stand from best to worst.

    Parameters
    ----------
    a, b : Kind
        Kinds.

    Returns
    -------
    Kind
        Kind of a product.
    """
    return max(a, b, key=KINDS.index)


def read_data(toml: str) -> dict[str, Datum]:
    """Read the data of a device: one TOML table a number.

    Parameters
    ----------
    toml : str
        Tables of ``value``, ``unit``, ``kind``, ``source``; ``low`` and ``high`` if they differ.

    Returns
    -------
    dict of str to Datum
        Data by name.

    Raises
    ------
    ValueError
        For any other text; the message names the table and the rule.
    """
    return data_of_tables(read_toml(toml))


def data_of_tables(tables: Mapping[str, Any]) -> dict[str, Datum]:
    """Build data from tables that are read already.

    Parameters
    ----------
    tables : dict of str to object
        Table of each number by its name.

    Returns
    -------
    dict of str to Datum
        Data by name.

    Raises
    ------
    ValueError
        For any other table; the message names the table and the rule.
    """
    return {name: _datum(name, table) for name, table in tables.items()}


def _datum(name: str, table: Any) -> Datum:
    what = repr(name[:40])
    if not isinstance(table, dict):
        raise ValueError(f"{what} is no table; write value, unit, kind and source below its name in brackets")
    words: dict[str, Any] = {key: table.get(key) for key in ("unit", "kind", "source")}
    numbers: dict[str, Any] = {key: table.get(key, table.get("value")) for key in ("value", "low", "high")}
    if unknown := sorted(table.keys() - words.keys() - numbers.keys()):
        raise ValueError(f"{what} has {unknown[0][:40]!r}; known are value, low, high, unit, kind and source")
    for key, value in words.items():
        if not isinstance(value, str):
            raise ValueError(f"{what}: {key} is {_shown(value)}; give it in quotes")
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
            raise ValueError(f"{what}: {key} is {_shown(value)}; give a finite number, within 1.8e308")
    try:
        return Datum(**words, **{key: float(value) for key, value in numbers.items()})  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"{what}: {printable(str(error))}") from None


def _shown(value: Any) -> str:
    if isinstance(value, (bool, float, str)):
        return repr(value)[:40]
    return "missing" if value is None else f"of type {type(value).__name__}"
