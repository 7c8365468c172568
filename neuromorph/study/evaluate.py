"""From the reads of one target to its row: scores, prices, success over chips, time and energy to solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cost import price
from ..estimate import Estimate, chips_interval
from ..ising import Float
from ..problems import Problem, score_run
from ..protocol import Target
from ..run import Run
from ..task import Sample
from .contract import checked_costs
from .over_chips import ChipResult, Spread, chip_to_solution, counts_of_chips, spread_of_estimates
from .result import Result, TimeToTarget
from .row_prices import Counted, RowPrices, chip_prices, price_row, price_solution

_LEVELS = 40  # levels of quality that are kept: more cannot be told apart in a figure
_SAME = 1e-9  # two scores nearer than this, as a fraction, are one: the round-off of a sum of distances


def evaluate_run(
    problem: Problem,
    device: Target,
    run: Run,
    *,
    success_gap: float = 0.0,
    counted: Counted | None = None,
    parallel_reads: int = 1,
    mapping_errors: Mapping[int, float] | None = None,
    **about: Any,
) -> Result:
    """Score every read, price the run, and compute time and energy to solution.

    Parameters
    ----------
    problem : Problem
        Problem.
    device : Target
        Target.
    run : Run
        Reads.
    success_gap : float
        Relative distance from the best value known up to which a read is a success.
    counted : Counted or None
        Boundary, host, and number of problems that are solved with one programming; None takes the defaults.
    parallel_reads : int
        Reads that the device makes in the time of one.
    mapping_errors : dict of int to float, or None
        Mapping error of each chip, where devices are drawn; None where they are not.
    **about : object
        Other fields of the result.

    Returns
    -------
    Result
        Row of a comparison.
    """
    scored = score_run(problem, run)
    scores = scored.scores
    found: dict[str, Any] = {}
    try:
        prices = price_row(run, price(run, checked_costs(device.costs())), counted or Counted())
        time = prices.time_per_read_s
        found = {
            "prices": prices,
            "ledger": prices.ledger,
            "time_per_read_s": time,
            "latency_s": None if time is None or time.value is None else time.value * parallel_reads,
            "energy_per_read_j": prices.energy_per_read_j,
            "core_energy_per_read_j": prices.core_energy_per_read_j,
            "programming_time_s": prices.programming_time_s,
            "programming_energy_j": prices.programming_energy_j,
        }
    except (Exception, SystemExit) as error:  # of a target of somebody else: it costs the prices, not the answers
        about |= {"status": "failed", "reason": f"it has no prices: {error}"}
    if np.isfinite(scores).any():
        k = int(np.nanargmin(_loss(scores, problem)))
        found |= {"best": float(scores[k]), "solution": scored.solutions[k]}
    if said := beaten(problem, found.get("best")):
        about["notes"] = (*about.get("notes", ()), said)
    if mapping_errors is not None and run.chip is not None:
        found["chips"] = tuple(_chips(problem, run.chip, scores, mapping_errors))
    row = Result(scores=scores, run=run, **found, **about)
    return measure_success(row, problem, problem.best_known, success_gap)


def measure_success(row: Result, problem: Problem, reference: float | None, success_gap: float = 0.0) -> Result:
    """Measure the reads of a row by a reference value.

    Gaps, success, time and energy to solution follow from it.

    Parameters
    ----------
    row : Result
        Scored and priced reads.
    problem : Problem
        Problem.
    reference : float or None
        Best value known, or the best of the study; None leaves gaps and success undefined.
    success_gap : float
        Relative distance from it up to which a read is a success.

    Returns
    -------
    Result
        The row with all that follows from the reference; of a sampling task gaps alone, for a sample is no solution.
    """
    run, prices = row.run, row.prices
    if run is None:
        return row
    gaps = relative_gap(row.scores, problem, reference)
    found: dict[str, Any] = {"gaps": gaps}
    if row.best is not None:
        found["gap"] = _number(relative_gap(row.best, problem, reference))
    if isinstance(run.task, Sample):
        return replace(row, **found)
    found["levels"] = _levels(problem, reference, run, row.scores, prices)
    if reference is None:
        return replace(row, **found)
    succeeded = gaps <= success_gap + _SAME
    counts = counts_of_chips(run.chip, succeeded)
    found["success"] = success = chips_interval(*counts)
    if prices is not None:
        solved = price_solution(prices, run, success, counts)
        found |= {"solution_prices": solved, "tts_s": solved.tts_s, "ets_j": solved.ets_j}
        found["core_ets_j"] = solved.core_ets_j
    if row.chips and run.chip is not None:
        chips = [_of_chip(each, run, run.chip == each.chip, succeeded, prices) for each in row.chips]
        found["chips"] = tuple(chips)
        for name in ("tts_s", "ets_j") if len(chips) > 1 else ():
            values = [getattr(each, name) for each in chips if getattr(each, name) is not None]
            found[f"{name[:3]}_over_chips"] = spread_of_estimates(values) if values else None
    return replace(row, **found)


def _chips(
    problem: Problem, chip_of_read: NDArray[np.int32], scores: Float, mapping_errors: Mapping[int, float]
) -> list[ChipResult]:
    """Look at the answers of each chip alone."""
    chips = []
    for chip in np.unique(chip_of_read).tolist():
        own = scores[chip_of_read == chip]
        best = float(own[np.nanargmin(_loss(own, problem))]) if np.isfinite(own).any() else None
        chips.append(ChipResult(chip, len(own), 0, best, mapping_errors.get(chip), None, None))
    return chips


def _of_chip(
    chip: ChipResult, run: Run, rows: NDArray[np.bool_], succeeded: NDArray[np.bool_], prices: RowPrices | None
) -> ChipResult:
    """Success of one chip, and what a solution takes on it, with prices at their values."""
    won = int(succeeded[rows].sum())
    if prices is None:
        return replace(chip, successes=won)
    time, energy = chip_prices(prices, run, rows)
    problems = prices.counted.problems
    before = (prices.ledger.programming_time.value or 0.0) / problems
    spent = (prices.ledger.programming_energy().value or 0.0) / problems
    return replace(
        chip,
        successes=won,
        tts_s=None if time is None else chip_to_solution(time, won, chip.reads, before),
        ets_j=None if energy is None else chip_to_solution(energy, won, chip.reads, spent),
    )


def energy_over_chips(row: Result, prices: RowPrices) -> Spread | None:
    """Describe the energy to solution over the chips of a row, at other prices.

    Parameters
    ----------
    row : Result
        Row with the successes of its chips.
    prices : RowPrices
        Prices of its reads, at any boundary.

    Returns
    -------
    Spread or None
        Median chip and quartiles, J; None where the row has no such spread.
    """
    run = row.run
    if row.ets_over_chips is None or run is None or run.chip is None:
        return None
    spent = (prices.ledger.programming_energy().value or 0.0) / prices.counted.problems
    values = []
    for chip in row.chips:
        energy = chip_prices(prices, run, run.chip == chip.chip)[1]
        if energy is not None:
            values.append(chip_to_solution(energy, chip.successes, chip.reads, spent))
    return spread_of_estimates(values) if values else None


def beaten(problem: Problem, best: float | None) -> str:
    """Report that a better value than the best one known was found.

    Gaps and successes refer to the best value known.

    Parameters
    ----------
    problem : Problem
        Problem.
    best : float or None
        Best score; None if there is none.

    Returns
    -------
    str
        Sentence; empty if the best value known stands.
    """
    if best is None or problem.best_known is None:
        return ""
    scale = max(abs(best), abs(problem.best_known))
    known, found = (float(_loss(np.asarray(value), problem)) for value in (problem.best_known, best))
    if known - found <= _SAME * scale:
        return ""
    return (
        f"{best:.10g} is better than the best known value, {problem.best_known:.10g}, against which gaps, successes "
        f"and times to solution are measured; give --best-known {best:.10g} if it is right"
    )


def relative_gap(scores: ArrayLike, problem: Problem, reference: float | None = None) -> Float:
    """Compute the relative gap to the best value known, or to another reference.

    The gap is (score - best known) / |best known| of a minimization, its opposite otherwise.

    Parameters
    ----------
    scores : (reads,) float
        Scores.
    problem : Problem
        Problem.
    reference : float or None
        Value to measure from; None takes the best value known.

    Returns
    -------
    (reads,) float
        Gaps; NaN without a best value.
    """
    loss = _loss(np.asarray(scores, dtype=float), problem)
    value = problem.best_known if reference is None else reference
    if value is None:
        return np.full(loss.shape, np.nan)
    loss = loss - _loss(np.asarray(float(value)), problem)
    scale = abs(value)
    # With a best value of 0 there is no relative distance: it is 0 or infinitely far.
    return loss / scale if scale else np.where(loss == 0, 0.0, np.copysign(np.inf, loss) + 0 * loss)


def _loss(scores: Float, problem: Problem) -> Float:
    return scores if problem.sense == "min" else -scores


def _levels(
    problem: Problem, reference: float | None, run: Run, scores: Float, prices: RowPrices | None
) -> tuple[TimeToTarget, ...]:
    every = np.where(np.isfinite(scores), _loss(scores, problem), np.inf)
    loss = np.sort(every[np.isfinite(every)])
    last = np.flatnonzero(np.diff(loss, append=np.inf) > _SAME * np.abs(loss))  # the last read of each level
    if len(last) > _LEVELS:
        last = last[np.unique(np.linspace(0, len(last) - 1, _LEVELS).round().astype(int))]
    levels = []
    for k in last.tolist():
        score = float(_loss(loss[k], problem))
        counts = counts_of_chips(run.chip, every <= loss[k])
        p = chips_interval(*counts)
        spent: tuple[Estimate | None, Estimate | None] = (None, None)
        if prices is not None:
            solved = price_solution(prices, run, p, counts, parts=False)
            spent = solved.tts_s, solved.ets_j
        levels.append(TimeToTarget(score, _number(relative_gap(score, problem, reference)), p, *spent, counts))
    return tuple(levels)


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
