r"""A number about hardware, with unit, range, kind and source; tables of such numbers in TOML.

A number that is computed from others keeps how, so that what is not known of a constant is drawn once for all that
depends on it:

.. math:: x = \sum_k a_k \prod_i c_i^{p_{ki}}

with the constants c_i of the tables, factors a_k and powers p_ki. A datum without ``terms`` is a constant itself.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from .files.printable import printable
from .files.toml import read_toml

Kind = Literal["measured", "modelled", "assumed", "forecast"]

KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Term:
    """Product of powers of constants.

    Attributes
    ----------
    factor : float
        Pure number, 0 or above.
    powers : tuple of (Datum, float)
        Constants, each with its power.
    """

    factor: float
    powers: tuple[tuple[Datum, float], ...]

    def at(self, constant: Callable[[Datum], Any]) -> Any:
        """Evaluate the term.

        Parameters
        ----------
        constant : callable
            Map from a constant to a number or an array.

        Returns
        -------
        float or ndarray
            Product.
        """
        product: Any = self.factor
        for datum, power in self.powers:
            product = product * (constant(datum) if power == 1.0 else constant(datum) ** power)
        return product


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
    name : str
        Name in its table; empty for what is computed.
    terms : tuple of Term
        How it is computed from constants, as ``multiply_data`` and the like state it; empty for a constant. Terms that
        do not give value and range, as after ``dataclasses.replace`` of one of them, are dropped: it is then a constant
        of its own.
    """

    value: float
    unit: str
    low: float
    high: float
    kind: Kind
    source: str
    name: str = field(default="", compare=False)
    terms: tuple[Term, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low <= self.value <= self.high):
            raise ValueError(
                f"datum {self.value} {self.unit[:20]}: needs finite low <= value <= high, has {self.low}..{self.high}"
            )
        if self.kind not in KINDS:
            raise ValueError(f"datum kind is {str(self.kind)[:40]!r}; expected one of {', '.join(KINDS)}")
        if not self.source.strip():
            raise ValueError(f"datum {self.value} {self.unit[:20]} has no source; say where the number is from")
        if self.terms and not all(map(_close, _spread(self.terms), (self.value, self.low, self.high))):
            object.__setattr__(self, "terms", ())

    @property
    def as_terms(self) -> tuple[Term, ...]:
        """How it is computed from constants; of a constant, itself."""
        return self.terms or (Term(1.0, ((self, 1.0),)),)

    @property
    def constants(self) -> tuple[Datum, ...]:
        """The constants that it is computed from, each once; of a constant, itself."""
        return tuple({(c.name, c): c for term in self.as_terms for c, _ in term.powers}.values())


def multiply_data(a: Datum, b: Datum, unit: str, source: str = "") -> Datum:
    """Multiply two data that are not negative, as a power and a time.

    Parameters
    ----------
    a, b : Datum
        Factors.
    unit : str
        Unit of the product.
    source : str
        Source of the product; by default both sources are told.

    Returns
    -------
    Datum
        Product, known as well as the less well known factor. A constant in both counts once: its low end times itself.
    """
    told = f"{a.value:g} {a.unit} ({a.source}) times {b.value:g} {b.unit} ({b.source})"
    terms = tuple(Term(s.factor * t.factor, _joined((*s.powers, *t.powers))) for s in a.as_terms for t in b.as_terms)
    return _computed(terms, unit, less_known(a.kind, b.kind), source or told)


def scale_datum(datum: Datum, factor: float, unit: str | None = None, source: str = "") -> Datum:
    """Multiply a datum by a pure number that is known.

    Parameters
    ----------
    datum : Datum
        Datum.
    factor : float
        Number, 0 or above.
    unit : str or None
        Unit of the product; None takes that of the datum.
    source : str
        Source of the product; by default that of the datum.

    Returns
    -------
    Datum
        Product.
    """
    terms = tuple(Term(factor * term.factor, term.powers) for term in datum.as_terms)
    return _computed(terms, unit or datum.unit, datum.kind, source or datum.source)


def invert_datum(datum: Datum, unit: str, source: str = "") -> Datum:
    """Invert a positive datum, as a rate to a period.

    Parameters
    ----------
    datum : Datum
        Datum that is no sum.
    unit : str
        Unit of the inverse.
    source : str
        Source of the inverse; by default that of the datum.

    Returns
    -------
    Datum
        Inverse.

    Raises
    ------
    ValueError
        If the datum can be 0, or is a sum.
    """
    if datum.low <= 0.0:
        least = f"{datum.low:g} {datum.unit} at least"
        raise ValueError(f"{datum.name or 'datum'} is {least}; what is inverted is above 0")
    if len(datum.as_terms) > 1:
        raise ValueError(f"a sum of {len(datum.terms)} numbers is not inverted; state its inverse as a constant")
    (term,) = datum.as_terms
    inverse = Term(1.0 / term.factor, tuple((constant, -power) for constant, power in term.powers))
    return _computed((inverse,), unit, datum.kind, source or datum.source)


def add_data(a: Datum, b: Datum, source: str = "") -> Datum:
    """Add two data of one unit.

    Parameters
    ----------
    a, b : Datum
        Parts, not negative.
    source : str
        Source of the sum; by default both sources are told.

    Returns
    -------
    Datum
        Sum, known as well as the less well known part.

    Raises
    ------
    ValueError
        If their units differ.
    """
    if a.unit != b.unit:
        raise ValueError(f"cannot add {a.unit[:20]!r} and {b.unit[:20]!r}; give both in one unit")
    told = f"{a.value:g} {a.unit} ({a.source}) and {b.value:g} {b.unit} ({b.source})"
    return _computed((*a.as_terms, *b.as_terms), a.unit, less_known(a.kind, b.kind), source or told)


def _computed(terms: tuple[Term, ...], unit: str, kind: Kind, source: str) -> Datum:
    value, low, high = _spread(terms)
    return Datum(value, unit, low, high, kind, source, terms=terms)


def _joined(powers: tuple[tuple[Datum, float], ...]) -> tuple[tuple[Datum, float], ...]:
    """Add up the powers of each constant; those that cancel are left out."""
    total: dict[tuple[str, Datum], float] = {}
    for datum, power in powers:
        total[datum.name, datum] = total.get((datum.name, datum), 0.0) + power
    return tuple((datum, power) for (_, datum), power in total.items() if power)


def _spread(terms: tuple[Term, ...]) -> tuple[float, float, float]:
    """Value, low and high of a sum of terms, each between the ends of its constants."""

    def total(end: str, other: str) -> float:
        return float(
            math.fsum(
                math.prod(
                    (getattr(datum, end if power > 0.0 else other) ** power for datum, power in term.powers),
                    start=term.factor,
                )
                for term in terms
            )
        )

    return total("value", "value"), total("low", "high"), total("high", "low")


def _close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9)


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
        return Datum(**words, **{key: float(value) for key, value in numbers.items()}, name=name)  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"{what}: {printable(str(error))}") from None


def _shown(value: Any) -> str:
    if isinstance(value, (bool, float, str)):
        return repr(value)[:40]
    return "missing" if value is None else f"of type {type(value).__name__}"
