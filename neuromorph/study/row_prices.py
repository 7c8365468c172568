r"""What a row costs at the boundary of its study: medians and bands over all that is not known of it.

.. math:: E_d = \frac{E^{setup}_d}{m} + R(p_d)\, \sum_k \bar n_{k,d}\, e_k(c_d), \qquad d = 1 \dots D

with one draw of the constants c for all rows (``neuromorph.pricing.draws``), one of the success probability p of a
read on a new chip from its posterior (``estimate.chips_quantiles``), and one of the mean counts n of each event
(``run_draws``). Every number of a row is the median of its draws, with the band from 5 to 95 %: time and energy of a
read, of a solution, at the core and at the boundary. What two rows share cancels where they are compared draw by draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..cost import Ledger, Scope
from ..datum import Datum, Kind
from ..estimate import Estimate, chips_quantiles
from ..ising import Float
from ..pricing import (
    HOST,
    Boundary,
    RowDraws,
    Standby,
    Work,
    at_boundary,
    band_of,
    draw_rows,
    known_shares,
    needs_of,
    solution_draws,
    standby_energy,
    uncertainty_of,
    work_of,
)
from ..pricing.draws import DRAWS
from ..run import Run
from .run_draws import count_draws, uniform_draws
from .time_to_solution import reads_to_solution


@dataclass(frozen=True)
class Counted:
    """Boundary, host and sharing of programming that a study counts.

    Attributes
    ----------
    boundary : Boundary
        "core", "chip", "system" or "system+host".
    host : Datum
        Power of the host that all rows share, W.
    problems : int
        Problems that are solved with one programming.
    """

    boundary: Boundary = "system+host"
    host: Datum = HOST
    problems: int = 1


@dataclass(frozen=True, eq=False)
class RowPrices:
    """Prices of a read and of programming at a boundary, and at the core.

    Attributes
    ----------
    counted : Counted
        Boundary, host, and problems of one programming.
    device : Ledger
        Ledger of the device, as ``price`` makes it: no boundary, no host.
    ledger, core_ledger : Ledger
        Ledger at the boundary, and that of the core.
    counts : dict of str to (draws,) float
        Draws of the mean counts of a read.
    draws, core_draws : RowDraws
        Draws of energy and time at the boundary, and at the core.
    known : dict of str to float
        Share of the energy by kind: measured, modelled, assumed, forecast.
    needs : tuple of str
        Equipment beside the chip: "host", or "is a host"; "cryostat", "microscope".
    work : tuple of Work
        Updates, flips, spikes or MACs of a read; the first one is the unit of the row.
    """

    counted: Counted
    device: Ledger
    ledger: Ledger
    core_ledger: Ledger
    counts: Mapping[str, Float]
    draws: RowDraws
    core_draws: RowDraws
    known: Mapping[Kind, float]
    needs: tuple[str, ...]
    work: tuple[Work, ...]

    @property
    def time_per_read_s(self) -> Estimate | None:
        """Time of a read, s; None where none is known."""
        return _estimate(self.draws.time_s) if self.ledger.times and self.draws.time_s.any() else None

    @property
    def energy_per_read_j(self) -> Estimate | None:
        """Energy of a read at the boundary, J; None where nothing is priced."""
        return _estimate(self.draws.energy_j) if self.ledger.entries else None

    @property
    def core_energy_per_read_j(self) -> Estimate | None:
        """Energy of a read at the core, J; None where nothing is priced there."""
        return _estimate(self.core_draws.energy_j) if self.core_ledger.entries else None

    def scope_energy_per_read_j(self, scope: Scope) -> Estimate | None:
        """Compute the energy of a read within one scope, as the median and the band of draws.

        Parameters
        ----------
        scope : {"core", "chip", "system"}
            Scope; the host is part of "system" where the boundary includes it.

        Returns
        -------
        Estimate or None
            Energy, J; None where nothing of that scope is counted at the boundary. Medians of scopes do not add up.
        """
        entries = tuple(entry for entry in self.ledger.entries if entry.scope == scope)
        if scope == "core" or not entries:
            return self.core_energy_per_read_j if scope == "core" else None
        part = replace(self.ledger, entries=entries, times=())
        return _estimate(draw_rows({"part": part}, counts={"part": self.counts})["part"].energy_j)

    @property
    def programming_time_s(self) -> Estimate:
        """Time of programming one chip, s."""
        return _estimate(self.draws.setup_time_s)

    @property
    def programming_energy_j(self) -> Estimate:
        """Energy of programming one chip at the boundary, J."""
        return _estimate(self.draws.setup_energy_j)


@dataclass(frozen=True, eq=False)
class SolutionPrices:
    """Time and energy to solution of a row.

    Attributes
    ----------
    counts : (sequence of int, sequence of int)
        Successes and reads of each chip.
    tts_s, ets_j, core_ets_j : Estimate or None
        Time to solution, s, and energy to solution, J, at the boundary and at the core: medians with the band from 5 to
        95 %; without a success, a bound; None where nothing is priced.
    time_draws, energy_draws, core_draws : (draws,) float
        Draws of the three; infinite without a success.
    time_share_of_prices, energy_share_of_prices : float or None
        Share of the variance of the logarithm that is ignorance of prices; the rest is statistics, which more reads
        make smaller. None where nothing varies, or nothing succeeded.
    standby : Standby or None
        Energy of an answer at one question a second, with the median reads to solution; None without a success.
    """

    counts: tuple[Sequence[int], Sequence[int]]
    tts_s: Estimate | None
    ets_j: Estimate | None
    core_ets_j: Estimate | None
    time_draws: Float
    energy_draws: Float
    core_draws: Float
    time_share_of_prices: float | None = None
    energy_share_of_prices: float | None = None
    standby: Standby | None = None


def price_row(run: Run, ledger: Ledger, counted: Counted) -> RowPrices:
    """Price the reads of a row at a boundary.

    Parameters
    ----------
    run : Run
        Reads.
    ledger : Ledger
        Their ledger, as ``price`` makes it.
    counted : Counted
        Boundary and host.

    Returns
    -------
    RowPrices
        Prices with their draws.
    """
    return _priced(run, ledger, counted, count_draws(run))


def prices_at(prices: RowPrices, run: Run, boundary: Boundary) -> RowPrices:
    """Price the same reads at another boundary.

    Draws, host and problems of one programming stay.

    Parameters
    ----------
    prices : RowPrices
        Prices at the boundary of the study.
    run : Run
        Reads.
    boundary : {"core", "chip", "system", "system+host"}
        Boundary.

    Returns
    -------
    RowPrices
        Prices at that boundary.
    """
    if boundary == prices.counted.boundary:
        return prices
    return _priced(run, prices.device, replace(prices.counted, boundary=boundary), prices.counts)


def price_solution(prices: RowPrices, run: Run, success: Estimate, counts: tuple[Sequence[int], Sequence[int]],
                   parts: bool = True) -> SolutionPrices:  # fmt: skip
    """Join prices of a read with its chance of success.

    Parameters
    ----------
    prices : RowPrices
        Prices of a read.
    run : Run
        Reads.
    success : Estimate
        Success probability of one read with its interval.
    counts : (sequence of int, sequence of int)
        Successes and reads of each chip.
    parts : bool
        Whether prices and statistics are told apart too, and the energy of waiting.

    Returns
    -------
    SolutionPrices
        Time and energy to solution.
    """
    problems = prices.counted.problems
    timed, priced = prices.time_per_read_s is not None, bool(prices.ledger.entries)
    cored = bool(prices.core_ledger.entries)
    if not sum(counts[0]):
        least = reads_to_solution(success.high or 1.0)
        (whole, time), (core, _) = (solution_draws(each, least, problems) for each in (prices.draws, prices.core_draws))
        tts, ets, core_ets = (Estimate(None, band_of(each).median, None) for each in (time, whole, core))
        never = np.full(DRAWS, np.inf)
        return SolutionPrices(
            counts, tts if timed else None, ets if priced else None, core_ets if cored else None, never, never, never
        )
    reads = _reads_draws(run, counts)
    energies, times = solution_draws(prices.draws, reads, problems)
    core, _ = solution_draws(prices.core_draws, reads, problems)
    found = SolutionPrices(
        counts, _estimate(times) if timed else None, _estimate(energies) if priced else None,
        _estimate(core) if cored else None, times, energies, core,
    )  # fmt: skip
    if not (parts and priced):
        return found
    energy, time_parts = uncertainty_of(
        {"": prices.ledger}, reads={"": reads}, counts={"": prices.counts}, problems=problems
    )[""]
    return replace(
        found,
        time_share_of_prices=time_parts.share_of_prices,
        energy_share_of_prices=energy.share_of_prices,
        standby=standby_energy(prices.ledger, band_of(reads).median) if timed else None,
    )


def energies_to_solution(
    prices: Sequence[RowPrices], run: Run, counts: tuple[Sequence[int], Sequence[int]]
) -> list[Estimate | None]:
    """Compute the energy to solution at several boundaries, as ``price_solution`` does at one.

    Parameters
    ----------
    prices : sequence of RowPrices
        Prices of a read at each boundary.
    run : Run
        Reads.
    counts : (sequence of int, sequence of int)
        Successes, one at least, and reads of each chip.

    Returns
    -------
    list of Estimate or None
        Energy, J, at each boundary; None where nothing is priced.
    """
    reads = _reads_draws(run, counts)
    return [
        _estimate(solution_draws(each.draws, reads, each.counted.problems)[0]) if each.ledger.entries else None
        for each in prices
    ]


def chip_prices(prices: RowPrices, run: Run, rows: NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Compute time and energy of a read of some reads, with prices at their values.

    Parameters
    ----------
    prices : RowPrices
        Prices of all reads.
    run : Run
        Reads.
    rows : (reads,) bool
        The reads of one chip.

    Returns
    -------
    (float or None, float or None)
        Seconds and joules; None where none are known.
    """
    time, energy = (
        sum(float(run.activity[each.event][rows].mean()) * each.unit.value for each in entries if not each.once)
        for entries in (prices.ledger.times, prices.ledger.entries)
    )
    return time or None, energy if prices.ledger.entries else None


def _priced(run: Run, ledger: Ledger, counted: Counted, counts: Mapping[str, Float]) -> RowPrices:
    whole, core = at_boundary(ledger, counted.boundary, counted.host), at_boundary(ledger, "core")
    drawn = draw_rows({"whole": whole, "core": core}, counts={"whole": counts, "core": counts})
    return RowPrices(
        counted, ledger, whole, core, counts, drawn["whole"], drawn["core"],
        known_shares(whole), needs_of(ledger), tuple(work_of(run, whole)),
    )  # fmt: skip


def _reads_draws(run: Run, counts: tuple[Sequence[int], Sequence[int]]) -> Float:
    """Draws of the reads to solution of a run with a success."""
    p = chips_quantiles(*counts, uniform_draws(run, "success"))
    return np.array([reads_to_solution(float(each)) for each in p])


def _estimate(draws: Float) -> Estimate:
    band = band_of(draws)
    return Estimate(band.median, band.low, band.high)
