r"""Joules and seconds to solution over draws of prices and of statistics, and which of both is not known.

.. math:: E = \frac{E_{setup}}{m} + R\, E_{read}, \qquad R = \frac{\ln(1 - q)}{\ln(1 - p)}

with m problems that are solved with one programming, and R reads to solution. Draws of R (over chips, instances and
reads) come from outside, one a draw of the prices. To first order in what is not known, the variance of ln E is the sum
of that over prices with R and counts at their medians and of that over R and counts with prices at their values; the
share of each says where a better number would help. Ratios between rows are taken draw by draw: what both share
cancels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..cost import Ledger
from ..ising import Float
from .draws import DRAWS, Band, Counts, RowDraws, band_of, draw_rows


@dataclass(frozen=True)
class Uncertainty:
    """Band of a number over all that is not known, and its parts.

    Attributes
    ----------
    total : Band
        Over prices and statistics.
    prices : Band
        Over prices alone, with statistics at their medians: ignorance that no further read removes.
    statistics : Band
        Over statistics alone, with prices at their values.
    share_of_prices : float or None
        Share of the variance of the logarithm that is due to prices; None where nothing varies, or some draws are
        infinite or 0.
    """

    total: Band
    prices: Band
    statistics: Band
    share_of_prices: float | None


@dataclass(frozen=True)
class Ratio:
    """One row over another, draw by draw.

    Attributes
    ----------
    band : Band
        Of the ratio.
    below : float
        Share of the draws in which the first is below the second; equal ones count half.
    """

    band: Band
    below: float


def solution_draws(row: RowDraws, reads: Float | float = 1.0, problems: float = 1.0) -> tuple[Float, Float]:
    """Return energy and time to solution in each draw.

    Parameters
    ----------
    row : RowDraws
        Energies and times of a read and of programming.
    reads : (draws,) float, or float
        Reads to solution, infinite where none succeeds.
    problems : float
        Problems that are solved with one programming.

    Returns
    -------
    (draws,) float
        Energy, J.
    (draws,) float
        Time, s.

    Raises
    ------
    ValueError
        If there is less than one read, or no problem.
    """
    if not (np.asarray(reads) >= 1.0).all():
        raise ValueError("reads to solution are below 1 in some draws; there is no less than one read")
    if not problems > 0.0:
        raise ValueError(f"problems is {problems}; one programming solves one problem at least")
    return row.setup_energy_j / problems + reads * row.energy_j, row.setup_time_s / problems + reads * row.time_s


def uncertainty_of(
    ledgers: Mapping[str, Ledger],
    *,
    reads: Mapping[str, Float] | None = None,
    counts: Mapping[str, Counts] | None = None,
    problems: float = 1.0,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, tuple[Uncertainty, Uncertainty]]:
    """Split what is not known of energies and times to solution into prices and statistics.

    Parameters
    ----------
    ledgers : dict of str to Ledger
        Ledger of each row, at one boundary.
    reads : dict of str to (draws,) float, optional
        Draws of the reads to solution; rows without any are of a single read.
    counts : dict of str to {event: (draws,) float}, optional
        Resampled mean counts a read.
    problems : float
        Problems that are solved with one programming.
    draws : int
        Number of draws.
    seed : int
        Seed of the constants.

    Returns
    -------
    dict of str to (Uncertainty, Uncertainty)
        Of the energy, J, and of the time, s, of each row.
    """
    reads, counts = reads or {}, counts or {}
    middle = {row: {event: np.full(draws, band_of(n).median) for event, n in of.items()} for row, of in counts.items()}
    both = draw_rows(ledgers, draws=draws, seed=seed, counts=counts)
    prices = draw_rows(ledgers, draws=draws, seed=seed, counts=middle)
    chance = draw_rows(ledgers, draws=draws, seed=seed, counts=counts, vary_prices=False)
    found = {}
    for row in ledgers:
        own = reads.get(row, np.ones(draws))
        parts = zip(
            solution_draws(both[row], own, problems),
            solution_draws(prices[row], band_of(own).median, problems),
            solution_draws(chance[row], own, problems),
            strict=True,
        )
        energy, time = (_split(*each) for each in parts)
        found[row] = (energy, time)
    return found


def ratio_of(first: Float, second: Float) -> Ratio:
    """Compare two rows draw by draw, as of :func:`solution_draws` with one seed.

    Parameters
    ----------
    first, second : (draws,) float
        Energies, or times, of two rows.

    Returns
    -------
    Ratio
        First over second. Where both are infinite neither is below, and the ratio is 1.
    """
    same = first == second
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(same, 1.0, first / second)
    return Ratio(band_of(ratio), float((first < second).mean() + 0.5 * same.mean()))


def _split(total: Float, prices: Float, statistics: Float) -> Uncertainty:
    share = None
    if all(np.isfinite(each).all() and (each > 0.0).all() for each in (prices, statistics)):
        ours, chance = float(np.log(prices).var()), float(np.log(statistics).var())
        share = ours / (ours + chance) if ours + chance > 1e-24 else None
    return Uncertainty(band_of(total), band_of(prices), band_of(statistics), share)
