"""From the reads of one target to its row: scores, prices, success over chips, time and energy to solution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..cost import Cost, price
from ..estimate import Estimate, chips_interval, scale_estimate
from ..ising import Float
from ..problems import Problem, score_run
from ..protocol import Target
from ..run import Run, reads_of
from .contract import checked_costs
from .over_chips import ChipResult, chip_to_solution, counts_of_chips, spread_of_estimates
from .result import Result, TimeToTarget
from .time_to_solution import NOTHING, to_solution

_LEVELS = 40  # levels of quality that are kept: more cannot be told apart in a figure
_SAME = 1e-9  # two scores nearer than this, as a fraction, are one: the round-off of a sum of distances


def evaluate_run(
    problem: Problem,
    device: Target,
    run: Run,
    *,
    success_gap: float = 0.0,
    problems: int = 1,
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
    problems : int
        Number of problems that are solved with one programming, which bear its time and energy.
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
    gaps = relative_gap(scores, problem)
    found: dict[str, Any] = {}
    costs: tuple[Cost, ...] = ()
    ledger = time = energy = None
    once = (NOTHING, NOTHING)
    try:
        costs = checked_costs(device.costs())
        ledger = price(run, costs)
        time = ledger.time_per_read if ledger.time_per_read.value else None
        energy = ledger.energy_per_read() if ledger.entries else None
        programming = ledger.programming_time, ledger.programming_energy()
        found |= {"programming_time_s": programming[0], "programming_energy_j": programming[1]}
        once = (scale_estimate(programming[0], 1.0 / problems), scale_estimate(programming[1], 1.0 / problems))
    except (Exception, SystemExit) as error:  # of a target of somebody else: it costs the prices, not the answers
        about |= {"status": "failed", "reason": f"it has no prices: {error}"}
    if np.isfinite(scores).any():
        k = int(np.nanargmin(_loss(scores, problem)))
        found |= {"best": float(scores[k]), "gap": _number(gaps[k]), "solution": scored.solutions[k]}
    if said := beaten(problem, found.get("best")):
        about["notes"] = (*about.get("notes", ()), said)
    known = problem.best_known is not None
    succeeded = gaps <= success_gap + _SAME
    if known:
        success = chips_interval(*counts_of_chips(run.chip, succeeded))
        found |= {
            "success": success,
            "tts_s": _solve(time, success, once[0]),
            "ets_j": _solve(energy, success, once[1]),
        }
    if mapping_errors is not None and run.chip is not None:
        chips = _chips(problem, run, run.chip, costs if ledger else (), scores, succeeded if known else None, problems)
        chips = [replace(each, mapping_error=mapping_errors.get(each.chip)) for each in chips]
        found["chips"] = tuple(chips)
        for name in ("tts_s", "ets_j") if known and len(chips) > 1 else ():
            values = [getattr(each, name) for each in chips if getattr(each, name) is not None]
            found[f"{name[:3]}_over_chips"] = spread_of_estimates(values) if values else None
    return Result(
        scores=scores,
        gaps=gaps,
        time_per_read_s=time,
        latency_s=None if time is None or time.value is None else time.value * parallel_reads,
        energy_per_read_j=energy,
        levels=_levels(problem, run, scores, (time, energy), once),
        ledger=ledger,
        run=run,
        **found,
        **about,
    )


def _chips(
    problem: Problem,
    run: Run,
    chip_of_read: NDArray[np.int32],
    costs: tuple[Cost, ...],
    scores: Float,
    succeeded: NDArray[np.bool_] | None,
    problems: int,
) -> list[ChipResult]:
    """Look at each chip alone; ``succeeded`` is None without a best value known."""
    chips = []
    for chip in np.unique(chip_of_read).tolist():
        rows = chip_of_read == chip
        own, reads, won = scores[rows], int(rows.sum()), 0 if succeeded is None else int(succeeded[rows].sum())
        best = None
        if np.isfinite(own).any():
            best = float(own[np.nanargmin(_loss(own, problem))])
        tts = ets = None
        if costs and succeeded is not None:
            ledger = price(reads_of(run, rows), costs)
            before = (ledger.programming_time.value or 0.0) / problems
            spent = (ledger.programming_energy().value or 0.0) / problems
            if ledger.time_per_read.value:
                tts = chip_to_solution(ledger.time_per_read.value, won, reads, before)
            if ledger.entries:
                ets = chip_to_solution(ledger.energy_per_read().value or 0.0, won, reads, spent)
        chips.append(ChipResult(chip, reads, won, best, None, tts, ets))
    return chips


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


def relative_gap(scores: ArrayLike, problem: Problem) -> Float:
    """Compute the relative gap to the best value known.

    The gap is (score - best known) / |best known| of a minimization, its opposite otherwise.

    Parameters
    ----------
    scores : (reads,) float
        Scores.
    problem : Problem
        Problem.

    Returns
    -------
    (reads,) float
        Gaps; NaN without a best value.
    """
    loss = _loss(np.asarray(scores, dtype=float), problem)
    if problem.best_known is None:
        return np.full(loss.shape, np.nan)
    loss = loss - _loss(np.asarray(float(problem.best_known)), problem)
    scale = abs(problem.best_known)
    # With a best value of 0 there is no relative distance: it is 0 or infinitely far.
    return loss / scale if scale else np.where(loss == 0, 0.0, np.copysign(np.inf, loss) + 0 * loss)


def _loss(scores: Float, problem: Problem) -> Float:
    return scores if problem.sense == "min" else -scores


def _levels(
    problem: Problem,
    run: Run,
    scores: Float,
    per_read: tuple[Estimate | None, Estimate | None],
    once: tuple[Estimate, Estimate],
) -> tuple[TimeToTarget, ...]:
    every = np.where(np.isfinite(scores), _loss(scores, problem), np.inf)
    loss = np.sort(every[np.isfinite(every)])
    last = np.flatnonzero(np.diff(loss, append=np.inf) > _SAME * np.abs(loss))  # the last read of each level
    if len(last) > _LEVELS:
        last = last[np.unique(np.linspace(0, len(last) - 1, _LEVELS).round().astype(int))]
    levels = []
    for k in last.tolist():
        score = float(_loss(loss[k], problem))
        p = chips_interval(*counts_of_chips(run.chip, every <= loss[k]))
        gap = _number(relative_gap(score, problem))
        levels.append(TimeToTarget(score, gap, p, *map(_solve, per_read, (p, p), once)))
    return tuple(levels)


def _solve(per_read: Estimate | None, probability: Estimate, once: Estimate) -> Estimate | None:
    return None if per_read is None else to_solution(per_read, probability, once=once)


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
