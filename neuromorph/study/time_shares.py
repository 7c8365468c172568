"""The shares of a study's time limit, each a time of the target's own work.

Kernels that a target compiles, at its first run on a machine, cost it nothing of its share; the time of the whole study
grows for them by a quarter at most, and what they take beyond that is missing from the shares of all targets that are
still to run. A target that did no read in its share has another one after the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf, isfinite

from ..runtime.work_clock import CompileTimer, clock, standing_while_compiling

LEAST_S = 0.1  # for each target, though the others have taken all of it
GROWTH = 0.25  # of the time limit, for compiling
_AGAIN = 2  # shares that are kept for each target whose first read takes longer than one


@dataclass(frozen=True, eq=False)
class TimeShares:
    """The time of a study.

    Attributes
    ----------
    end : float
        Time of ``time.monotonic()`` at which it ends if nothing is compiled.
    grace_s : float
        Most that it grows by.
    compiled : CompileTimer
        Time of compiling.
    """

    end: float
    grace_s: float
    compiled: CompileTimer

    def share_s(self, parts: int) -> float:
        """Return one of equal parts of the time that is left.

        Parameters
        ----------
        parts : int
            Number of parts.

        Returns
        -------
        float
            Seconds; infinite without a limit.
        """
        end = self.end + min(self.compiled.seconds, self.grace_s)
        return max(LEAST_S, (end - time.monotonic()) / max(1, parts))

    @property
    def end_of_work(self) -> float:
        """End of the study on the clock of its work."""
        return clock() + self.share_s(1)


@contextmanager
def time_shares(seconds: float | None) -> Iterator[TimeShares]:
    """Begin the time of a study, in which nothing that numba compiles counts.

    Parameters
    ----------
    seconds : float or None
        Time limit of the whole study.

    Yields
    ------
    TimeShares
        Its shares.
    """
    if seconds is None:
        yield TimeShares(inf, 0.0, CompileTimer())
        return
    with standing_while_compiling() as compiled:
        end, grace = time.monotonic() + seconds, GROWTH * seconds
        compiled.until = end + grace
        yield TimeShares(end, grace, compiled)


def run_in_shares(shares: TimeShares, counted: Sequence[bool], attempt: Callable[[int, float | None], bool]) -> None:
    """Attempt each target in a share, and once more those that did no read in theirs.

    Parameters
    ----------
    shares : TimeShares
        Time of the study.
    counted : sequence of bool
        Whether each target needs a share at all.
    attempt : callable
        Called with the number of a target and its deadline on the clock of work, which is None without a limit; tells
        whether the time was too short for a read.
    """
    late: dict[int, float] = {}
    for k in range(len(counted)):
        share, lost = shares.share_s(sum(counted[k:]) + _AGAIN * len(late)), shares.compiled.seconds_after
        if attempt(k, clock() + share if isfinite(share) else None):
            late[k] = share - (shares.compiled.seconds_after - lost)
    for left, (k, before) in zip(range(len(late), 0, -1), late.items(), strict=True):
        share = shares.share_s(left)
        if share > before:
            attempt(k, clock() + share)
