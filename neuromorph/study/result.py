"""What one target made of the problem: quality, success, time and energy, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..cost import Ledger, price
from ..estimate import Estimate, wilson_interval
from ..ising import Float
from ..problems import Problem, Solution, score_run
from ..protocol import Target
from ..run import Run
from .contract import checked_costs
from .recall_score import RecallScore
from .sampling_score import SamplingScore
from .time_to_solution import to_solution

Status = Literal["ok", "time limit", "interrupted", "does not fit", "failed"]

_LEVELS = 40  # levels of quality that are kept: more cannot be told apart in a figure
_SAME = 1e-9  # two scores nearer than this, as a fraction, are one: the round-off of a sum of distances


@dataclass(frozen=True)
class TimeToTarget:
    """Time and energy to find, with 99 %, a feasible answer at least as good as ``score``.

    Attributes
    ----------
    score : float
        Quality.
    gap : float or None
        Its distance from the best value known; None without.
    probability : Estimate
        Success probability of one read.
    time_s : Estimate or None
        Time, s; None without prices.
    energy_j : Estimate or None
        Energy, J; None without prices.
    """

    score: float
    gap: float | None
    probability: Estimate
    time_s: Estimate | None
    energy_j: Estimate | None


@dataclass(frozen=True, eq=False)
class Result:
    """Row of a comparison; None stands for a number that is not defined.

    Attributes
    ----------
    target : str
        Name of the target with its parameters.
    status : Status
        "ok", "time limit", "interrupted", "does not fit" or "failed".
    reason : str
        Reason of ``status``.
    summary : str
        Summary of the target.
    scores, gaps : (reads,) float
        Score of each read's own state, before any repair, and its distance from the best value known; NaN where it is
        not feasible.
    best, gap : float or None
        Score of the best feasible read, and its distance from the best value known.
    solution : Solution or None
        Answer of that read.
    success : Estimate or None
        Probability that one read is feasible and within the success gap of the best value known.
    time_per_read_s : Estimate or None
        Time of a read, s.
    energy_per_read_j : Estimate or None
        Energy of a read, J.
    tts_s, ets_j : Estimate or None
        Time to solution, s, and energy to solution, J, at 99 %.
    levels : tuple of TimeToTarget
        Time and energy for every quality that was reached, best first.
    ledger : Ledger or None
        Energies and times of the run.
    run : Run or None
        Reads.
    mapping_error : float or None
        Mapping error of the program.
    notes : tuple of str
        Notes of the program and of the study, for people.
    files : dict of str to str
        Text by name of the files that the target offers, as a netlist.
    resumed : int
        Reads that an earlier call had left.
    warnings : tuple of str
        Notes that the table shows too, on reads that were to be kept.
    one_chip : bool
        Whether all reads were made on one device that was drawn among many: no interval here covers the spread between
        devices.
    sampling : SamplingScore or None
        Scores of a sampling task: divergence, effective beta, errors of means.
    diagnostics : dict of str to object, or None
        Diagnostics of the chains of a sampling task, as of ``chain_diagnostics``.
    recall : RecallScore or None
        Overlaps and fixed points of a recall.
    """

    target: str
    status: Status
    reason: str = ""
    summary: str = ""
    scores: Float = field(default_factory=lambda: np.empty(0))
    gaps: Float = field(default_factory=lambda: np.empty(0))
    best: float | None = None
    gap: float | None = None
    solution: Solution | None = None
    success: Estimate | None = None
    time_per_read_s: Estimate | None = None
    energy_per_read_j: Estimate | None = None
    tts_s: Estimate | None = None
    ets_j: Estimate | None = None
    levels: tuple[TimeToTarget, ...] = ()
    ledger: Ledger | None = None
    run: Run | None = None
    mapping_error: float | None = None
    notes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    resumed: int = 0
    warnings: tuple[str, ...] = ()
    one_chip: bool = False
    sampling: SamplingScore | None = None
    diagnostics: Mapping[str, Any] | None = None
    recall: RecallScore | None = None

    @property
    def reads(self) -> int:
        """Number of reads."""
        return len(self.scores)

    @property
    def feasible_fraction(self) -> float | None:
        """Share of the reads whose own state was valid."""
        return float(np.isfinite(self.scores).mean()) if self.reads else None

    @property
    def gap_median(self) -> float | None:
        """Median gap of the feasible reads."""
        gaps = self.gaps[np.isfinite(self.gaps)]
        return float(np.median(gaps)) if gaps.size else None


def evaluate_run(problem: Problem, device: Target, run: Run, *, success_gap: float = 0.0, **about: Any) -> Result:
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
    ledger = time = energy = None
    try:
        ledger = price(run, checked_costs(device.costs()))
        time = ledger.time_per_read if ledger.time_per_read.value else None
        energy = ledger.energy_per_read() if ledger.entries else None
    except (Exception, SystemExit) as error:  # of a target of somebody else: it costs the prices, not the answers
        about |= {"status": "failed", "reason": f"it has no prices: {error}"}
    if np.isfinite(scores).any():
        k = int(np.nanargmin(_loss(scores, problem)))
        found |= {"best": float(scores[k]), "gap": _number(gaps[k]), "solution": scored.solutions[k]}
    if said := beaten(problem, found.get("best")):
        about["notes"] = (*about.get("notes", ()), said)
    if problem.best_known is not None:
        success = wilson_interval(int((gaps <= success_gap + _SAME).sum()), run.reads)
        found |= {"success": success, "tts_s": _solve(time, success), "ets_j": _solve(energy, success)}
    return Result(
        scores=scores,
        gaps=gaps,
        time_per_read_s=time,
        energy_per_read_j=energy,
        levels=_levels(problem, scores, time, energy),
        ledger=ledger,
        run=run,
        **found,
        **about,
    )


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
    problem: Problem, scores: Float, time: Estimate | None, energy: Estimate | None
) -> tuple[TimeToTarget, ...]:
    loss = np.sort(_loss(scores[np.isfinite(scores)], problem))
    last = np.flatnonzero(np.diff(loss, append=np.inf) > _SAME * np.abs(loss))  # the last read of each level
    if len(last) > _LEVELS:
        last = last[np.unique(np.linspace(0, len(last) - 1, _LEVELS).round().astype(int))]
    levels = []
    for k in last.tolist():
        score = float(_loss(loss[k], problem))
        p = wilson_interval(k + 1, len(scores))
        gap = _number(relative_gap(score, problem))
        levels.append(TimeToTarget(score, gap, p, _solve(time, p), _solve(energy, p)))
    return tuple(levels)


def _solve(per_read: Estimate | None, probability: Estimate) -> Estimate | None:
    return None if per_read is None else to_solution(per_read, probability)


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
