r"""What a row of the page costs at each boundary, from the one ledger of its run.

.. math:: E_{solution} = \frac{E_{setup}}{m} + R(p)\, E_{read}

with the problems m that one programming serves (``problems_per_programming`` of the provenance, else 1). Energies move
with the boundary, times do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..cost import Ledger
from ..datum import Datum
from ..estimate import Estimate, add_estimates, scale_estimate
from ..pricing import (
    BOUNDARIES,
    Band,
    Boundary,
    Standby,
    Swing,
    Work,
    at_boundary,
    band_of,
    draw_rows,
    energy_swings,
    known_shares,
    standby_energy,
    work_of,
)
from ..study.result import Result
from ..study.time_to_solution import reads_to_solution, to_solution


@dataclass(frozen=True)
class PricedRow:
    """Prices of a row at one boundary.

    Attributes
    ----------
    ledger : Ledger
        What is counted.
    energy_per_read_j : Estimate
        Energy of a read, J.
    ets_j : Estimate or None
        Energy to solution, J; None without a success probability.
    standby : Standby or None
        An answer at one question a second; None where no read succeeded.
    work : Work or None
        Elementary steps, in the unit of the row.
    known : dict of str to float
        Share of the energy by kind.
    swings : list of Swing
        Effect of each constant on the energy of a read, largest first.
    prices : Band
        Energy of a read over draws of the prices, J.
    """

    ledger: Ledger
    energy_per_read_j: Estimate
    ets_j: Estimate | None
    standby: Standby | None
    work: Work | None
    known: dict[str, float]
    swings: list[Swing]
    prices: Band


def price_rows(results: Sequence[Result], host: Datum, problems: float = 1.0) -> list[dict[Boundary, PricedRow]]:
    """Price each result at every boundary.

    Parameters
    ----------
    results : sequence of Result
        Results, with the ledgers of their runs.
    host : Datum
        Power of the host, W.
    problems : float
        Problems that one programming serves.

    Returns
    -------
    list of dict of str to PricedRow
        By boundary; empty of a result without prices.
    """
    found: list[dict[Boundary, PricedRow]] = [{} for _ in results]
    for boundary in BOUNDARIES:
        ledgers = {
            str(k): at_boundary(result.ledger, boundary, host)
            for k, result in enumerate(results)
            if result.ledger is not None and result.ledger.entries
        }
        for k, draws in draw_rows(ledgers).items():
            result, ledger = results[int(k)], ledgers[k]
            energy = ledger.energy_per_read()
            found[int(k)][boundary] = PricedRow(
                ledger,
                energy,
                energy_to_solution(ledger, result.success, problems),
                _standby(ledger, result.success),
                next(iter(work_of(result.run, ledger)), None) if result.run is not None else None,
                {str(kind): share for kind, share in known_shares(ledger).items()},
                [swing for swing in energy_swings(ledger) if swing.factor > 1.0],
                band_of(draws.energy_j),
            )
    return found


def energy_to_solution(ledger: Ledger, success: Estimate | None, problems: float = 1.0) -> Estimate | None:
    """Compute the energy until a read succeeds with 99 %, with the share of the programming.

    Parameters
    ----------
    ledger : Ledger
        Ledger at a boundary.
    success : Estimate or None
        Probability of success of a read.
    problems : float
        Problems that one programming serves.

    Returns
    -------
    Estimate or None
        Energy, J; a bound where no read succeeded, None without a probability.
    """
    if success is None:
        return None
    reads = to_solution(ledger.energy_per_read(), success)
    return add_estimates((reads, scale_estimate(ledger.programming_energy(), 1.0 / problems)))


def _standby(ledger: Ledger, success: Estimate | None) -> Standby | None:
    if success is None or not success.value:
        return None
    return standby_energy(ledger, reads_to_solution(success.value))
