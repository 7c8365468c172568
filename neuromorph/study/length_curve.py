"""Time and energy to solution against the length of a read, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from ..estimate import Estimate


@dataclass(frozen=True)
class LengthPoint:
    """Time and energy to solution at one read length, on training reads.

    Attributes
    ----------
    length : float
        Read length, in the unit of the parameter.
    reads : int
        Number of training reads.
    success : Estimate or None
        Pooled success probability.
    tts_s, ets_j : Estimate or None
        Time to solution, s, and energy to solution, J.
    """

    length: float
    reads: int
    success: Estimate | None
    tts_s: Estimate | None
    ets_j: Estimate | None


@dataclass(frozen=True)
class LengthCurve:
    """Read length of a study, and the curve that it was chosen by.

    Attributes
    ----------
    parameter : str
        Parameter that is the read length.
    length, default : float
        Chosen length, and that of the target as it was given.
    points : tuple of LengthPoint
        Lengths that were tried, by rising length; none without a search.
    tuning_time_s, tuning_energy_j : float or None
        Time and energy of all training reads and their programming.
    tuning_reads : int
        Number of all training reads.
    """

    parameter: str
    length: float
    default: float
    points: tuple[LengthPoint, ...] = ()
    tuning_time_s: float | None = None
    tuning_energy_j: float | None = None
    tuning_reads: int = 0
