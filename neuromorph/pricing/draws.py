r"""Energies and times of rows over what is not known of prices: Monte Carlo over shared constants.

.. math:: E_r = \sum_k \bar n_{rk}\, e_k(c), \qquad
          c_i = \begin{cases} \ell_i (v_i / \ell_i)^{2 u_i} & u_i < 1/2 \\
                              v_i (h_i / v_i)^{2 u_i - 1} & u_i \ge 1/2 \end{cases}, \qquad u_i \sim U(0, 1)

with the mean count n of event k in a read of row r, its price e as it is computed from constants c (``Datum.terms``),
and the value v of a constant between low l and high h. A range of a table says between which ends a positive number is
expected, often decades apart, and which value is the best guess. Of the laws on a positive number between two ends the
log-uniform one knows nothing of its scale; two of them, joined where half of the probability lies on each side of the
value, keep that as the median, so that the medians of rows are those of their tables. A log-normal law would put 10 %
of the draws outside of ends that tables give as ends, and is symmetric where ranges are not. Where an end is 0 the
logarithm has no meaning: that side is uniform.

Each constant is drawn once and shared by all rows that use it. What makes two constants one is their name, value,
range, unit, kind and source: "a clocked comparator" of two devices, from the same line of two tables, is one thing that
is not known. The draws of a constant come from a stream of its own, made from what it is and the seed: they do not
depend on which other rows are in the table. They are stratified (one in each of as many equal strata), which makes
medians and bands of 1,000 draws as good as those of many thousand independent ones where one constant rules.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass
from typing import Any, TypeAlias

import numpy as np

from ..cost import Entry, Ledger
from ..datum import Datum
from ..ising import Float
from .boundary import entries_of_reads, entries_of_setup

DRAWS = 1000

Counts: TypeAlias = Mapping[str, Float]
DrawnConstants: TypeAlias = Mapping[tuple[str, Datum], Float]


@dataclass(frozen=True)
class Band:
    """Median with the band that holds 90 % of the draws.

    Attributes
    ----------
    median, low, high : float
        50 %, 5 % and 95 % of the draws lie at or below.
    """

    median: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class RowDraws:
    """Prices of a row, draw by draw.

    Attributes
    ----------
    energy_j, time_s : (draws,) float
        Energy and time of one read, without programming.
    setup_energy_j, setup_time_s : (draws,) float
        Energy and time of programming one chip, once for all its reads.
    """

    energy_j: Float
    time_s: Float
    setup_energy_j: Float
    setup_time_s: Float


def band_of(values: Float) -> Band:
    """Return the median of draws, and the band from 5 to 95 %.

    Parameters
    ----------
    values : (draws,) float
        Draws; they may be infinite.

    Returns
    -------
    Band
        Each of its numbers is one of the draws.
    """
    low, median, high = np.quantile(values, [0.05, 0.5, 0.95], method="inverted_cdf")
    return Band(float(median), float(low), float(high))


def draw_constants(constants: Iterable[Datum], draws: int = DRAWS, seed: int = 0) -> dict[tuple[str, Datum], Float]:
    """Draw each constant between its ends, as in the head of this module.

    Parameters
    ----------
    constants : iterable of Datum
        DrawnConstants; equal ones of one name are one.
    draws : int
        Number of draws.
    seed : int
        Seed, 0 or above.

    Returns
    -------
    dict of (name, Datum) to (draws,) float
        Draws of each constant.

    Raises
    ------
    ValueError
        If there are no draws.
    """
    if draws < 1:
        raise ValueError(f"draws is {draws}; take one at least")
    distinct = {(datum.name, datum): datum for datum in constants}
    return {key: _between(datum, _stratified(datum, draws, seed)) for key, datum in distinct.items()}


def evaluate(datum: Datum, drawn: DrawnConstants) -> Any:
    """Evaluate a price at draws of its constants.

    Parameters
    ----------
    datum : Datum
        Price, or a constant.
    drawn : dict of (name, Datum) to (draws,) float
        Draws; constants that are not in it stay at their values.

    Returns
    -------
    (draws,) float, or float
        Price in each draw.
    """
    look = _look_up(drawn)
    return sum(term.at(look) for term in datum.as_terms)


def draw_rows(
    ledgers: Mapping[str, Ledger],
    *,
    draws: int = DRAWS,
    seed: int = 0,
    counts: Mapping[str, Counts] | None = None,
    vary_prices: bool = True,
) -> dict[str, RowDraws]:
    """Draw energies and times of all rows with shared constants.

    Parameters
    ----------
    ledgers : dict of str to Ledger
        Ledger of each row, at one boundary (``at_boundary``).
    draws : int
        Number of draws.
    seed : int
        Seed of the constants.
    counts : dict of str to {event: (draws,) float}, optional
        Resampled mean counts a read of some rows and events, as over chips; they take the place of the means.
    vary_prices : bool
        Whether constants are drawn, or stay at their values.

    Returns
    -------
    dict of str to RowDraws
        Energies and times of each row.

    Raises
    ------
    ValueError
        If counts are not one a draw, or of a row that is not there.
    """
    given = counts or {}
    for row, each in given.items():
        if row not in ledgers:
            raise ValueError(f"counts of {row[:40]!r}, which is no row; rows are {', '.join(ledgers)}")
        for event, values in each.items():
            if np.shape(values) != (draws,):
                raise ValueError(f"counts of {event!r} in {row!r} have shape {np.shape(values)}; expected ({draws},)")
    drawn: dict[tuple[str, Datum], Float] = {}
    if vary_prices:
        used = (c for ledger in ledgers.values() for e in (*ledger.entries, *ledger.times) for c in e.unit.constants)
        drawn = draw_constants((c for c in used if c.low < c.high), draws, seed)
    return {row: _row(ledger, drawn, given.get(row, {}), draws) for row, ledger in ledgers.items()}


def _row(ledger: Ledger, drawn: DrawnConstants, counts: Counts, draws: int) -> RowDraws:
    def total(entries: list[Entry], share: float) -> Float:
        found = np.zeros(draws)
        for entry in entries:
            count = counts.get(entry.event) if not entry.once else None
            found += (entry.count * share if count is None else count) * evaluate(entry.unit, drawn)
        return found

    return RowDraws(
        total(entries_of_reads(ledger.entries), 1.0 / ledger.reads),
        total(entries_of_reads(ledger.times), 1.0 / ledger.reads),
        total(entries_of_setup(ledger.entries), 1.0 / ledger.chips),
        total(entries_of_setup(ledger.times), 1.0 / ledger.chips),
    )


def _look_up(drawn: DrawnConstants) -> Callable[[Datum], Any]:
    return lambda constant: drawn.get((constant.name, constant), constant.value)


def _stratified(datum: Datum, draws: int, seed: int) -> Float:
    """Uniform numbers (draws,), one in each of as many strata, in the order of a stream of the constant's own."""
    told = repr((datum.name, *astuple(datum)[:6])).encode()
    own = np.random.default_rng([seed, *np.frombuffer(hashlib.blake2b(told, digest_size=16).digest(), np.uint32)])
    return (own.permutation(draws) + own.random(draws)) / draws


def _between(datum: Datum, uniform: Float) -> Float:
    low, value, high = datum.low, datum.value, datum.high
    below, above = np.minimum(2.0 * uniform, 1.0), np.maximum(2.0 * uniform - 1.0, 0.0)
    lower = low * (value / low) ** below if low > 0.0 else low + (value - low) * below
    upper = value * (high / value) ** above if value > 0.0 else value + (high - value) * above
    return np.where(uniform < 0.5, lower, upper)
