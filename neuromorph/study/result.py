"""What one target made of the problem: quality, success, time and energy, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ..cost import Ledger
from ..estimate import Estimate
from ..ising import Float
from ..problems import Solution
from ..run import Run
from .length_curve import LengthCurve
from .mapping_report import MappingReport
from .over_chips import ChipResult, Spread
from .recall_score import RecallScore
from .row_prices import RowPrices, SolutionPrices
from .sampling_score import SamplingScore

Status = Literal["ok", "time limit", "interrupted", "does not fit", "failed"]


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
    counts : (sequence of int, sequence of int)
        Reads that are as good, and all reads, of each chip.
    """

    score: float
    gap: float | None
    probability: Estimate
    time_s: Estimate | None
    energy_j: Estimate | None
    counts: tuple[Sequence[int], Sequence[int]]


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
        Pooled success probability: that one read, on a chip of its own, is feasible and within the success gap of the
        best value known. Its interval holds over chips, where there are several.
    time_per_read_s : Estimate or None
        Time of a read, s, without programming: that of all lanes over their number.
    latency_s : float or None
        Time until the answer of a read is there, s: that of all reads beside it, where several are made at a time.
    energy_per_read_j : Estimate or None
        Energy of a read at the boundary of the study, J, without programming.
    programming_time_s, programming_energy_j : Estimate or None
        Time, s, and energy, J, of programming one chip.
    core_energy_per_read_j : Estimate or None
        The same at the core alone.
    tts_s, ets_j : Estimate or None
        Time to solution, s, and energy to solution, J, at 99 %, of a new chip for each read: medians over draws of
        prices and statistics, with the band from 5 to 95 %.
    core_ets_j : Estimate or None
        Energy to solution at the core alone.
    chips : tuple of ChipResult
        Chips, of a target that draws its devices; else none.
    tts_over_chips, ets_over_chips : Spread or None
        Time, s, and energy, J, to solution of a chip: the median chip, and the middle half of them.
    levels : tuple of TimeToTarget
        Time and energy for every quality that was reached, best first.
    ledger : Ledger or None
        Energies and times of the run at the boundary of the study, with the host where that belongs to it.
    prices : RowPrices or None
        Prices of a read with their draws, at the boundary and at the core; None where there are none.
    solution_prices : SolutionPrices or None
        Time and energy to solution with their draws, their parts, and the energy of waiting; None without a reference.
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
    read_length : LengthCurve or None
        Read length, and the curve by which it was chosen; None where the target names none.
    forecast : str
        Why the target is a forecast; empty of others.
    mapping : MappingReport or None
        What the first chip holds against what was asked for; None of what does not fit.
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
    latency_s: float | None = None
    energy_per_read_j: Estimate | None = None
    core_energy_per_read_j: Estimate | None = None
    programming_time_s: Estimate | None = None
    programming_energy_j: Estimate | None = None
    tts_s: Estimate | None = None
    ets_j: Estimate | None = None
    core_ets_j: Estimate | None = None
    chips: tuple[ChipResult, ...] = ()
    tts_over_chips: Spread | None = None
    ets_over_chips: Spread | None = None
    levels: tuple[TimeToTarget, ...] = ()
    ledger: Ledger | None = None
    prices: RowPrices | None = None
    solution_prices: SolutionPrices | None = None
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
    read_length: LengthCurve | None = None
    forecast: str = ""
    mapping: MappingReport | None = None

    @property
    def reads(self) -> int:
        """Number of reads."""
        return len(self.scores)

    @property
    def time_to_solution(self) -> Estimate | None:
        """Time to solution, s, as in ``tts_s``."""
        return self.tts_s

    @property
    def energy_to_solution(self) -> Estimate | None:
        """Energy to solution at the boundary of the study, J, as in ``ets_j``."""
        return self.ets_j

    @property
    def fits(self) -> bool:
        """Whether the target can hold the problem and does the task."""
        return self.status != "does not fit"

    @property
    def feasible_fraction(self) -> float | None:
        """Share of the reads whose own state was valid."""
        return float(np.isfinite(self.scores).mean()) if self.reads else None

    @property
    def gap_median(self) -> float | None:
        """Median gap of the feasible reads."""
        gaps = self.gaps[np.isfinite(self.gaps)]
        return float(np.median(gaps)) if gaps.size else None
