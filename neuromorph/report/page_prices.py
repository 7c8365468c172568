"""What a row of the page costs at each boundary: the prices of its comparison, with the same draws, host and sharing.

At the boundary of the comparison they are those of the table and of results.json. Energies move with the boundary,
times do not.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..estimate import Estimate
from ..pricing import BOUNDARIES, Boundary, Swing, energy_swings
from ..study.evaluate import energy_over_chips
from ..study.over_chips import Spread
from ..study.result import Result
from ..study.row_prices import RowPrices, SolutionPrices, energies_to_solution, price_solution, prices_at


@dataclass(frozen=True, eq=False)
class PricedRow:
    """Prices of a row at one boundary.

    Attributes
    ----------
    prices : RowPrices
        Prices of a read and of programming.
    solution : SolutionPrices or None
        Time and energy to solution; None without a success probability.
    over_chips : Spread or None
        Energy to solution over chips, J; None without several chips.
    levels_j : tuple of Estimate or None
        Energy to each of the qualities that were reached, J.
    swings : list of Swing
        Effect of each constant on the energy of a read, largest first.
    """

    prices: RowPrices
    solution: SolutionPrices | None
    over_chips: Spread | None
    levels_j: tuple[Estimate | None, ...]
    swings: list[Swing]


def price_at_boundaries(result: Result) -> dict[Boundary, PricedRow]:
    """Price a result at every boundary.

    Parameters
    ----------
    result : Result
        Result, with prices at the boundary of its comparison.

    Returns
    -------
    dict of str to PricedRow
        By boundary; empty of a result without prices.
    """
    run, own, solved = result.run, result.prices, result.solution_prices
    if run is None or own is None or not own.device.entries:
        return {}
    prices = [prices_at(own, run, boundary) for boundary in BOUNDARIES]
    levels = [energies_to_solution(prices, run, level.counts) for level in result.levels]

    def solution(each: RowPrices) -> SolutionPrices | None:
        if each is own or solved is None or result.success is None:
            return solved
        return price_solution(each, run, result.success, solved.counts)

    return {
        boundary: PricedRow(
            each,
            solution(each),
            energy_over_chips(result, each),
            tuple(level[k] for level in levels),
            [swing for swing in energy_swings(each.ledger) if swing.factor > 1.0],
        )
        for k, (boundary, each) in enumerate(zip(BOUNDARIES, prices, strict=True))
    }
