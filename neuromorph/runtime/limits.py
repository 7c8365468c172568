"""Time limits and progress of long work.

The caller of the work sets the limit (:func:`time_limit`); every loop that can take longer than half a second calls
:func:`checkpoint` at least twice a second, which reports progress and raises :class:`TimeLimitReached` when the time is
over. Both hold for everything that runs inside the ``with`` statement, so that targets of other people need no argument
for them. Threads that the work starts have no limit of their own: the waiting thread checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import ceil, inf, isfinite, nan
from typing import TypeAlias, TypeVar

from .work_clock import clock

Report: TypeAlias = Callable[[str, float, float], None]  # arguments: step, done, total

Part = TypeVar("Part")

_REPORT_INTERVAL_S = 0.1
_STRETCH_S = 0.05  # time over which a pace is measured
_MUCH = 0.01


class TimeLimitReached(KeyboardInterrupt):
    """Interruption by :func:`checkpoint` when the time is over.

    It is a KeyboardInterrupt, since the clock interrupts the work: code that keeps its results on Ctrl-C keeps them
    here too, and no ``except Exception`` swallows it.

    Parameters
    ----------
    step : str
        Name of the work.
    done, total : float
        Progress of the step, in any unit.
    elapsed_s : float
        Seconds since the step began.
    each_s : float
        Seconds a unit of progress at the latest pace; NaN if unknown.

    Attributes
    ----------
    needed_s : float
        Seconds that the whole step would take at its latest pace; NaN if unknown.
    """

    def __init__(self, step: str, done: float, total: float, elapsed_s: float, each_s: float = nan) -> None:
        self.step, self.elapsed_s = step, elapsed_s
        self.needed_s = elapsed_s + (total - done) * each_s if total > 0 else nan
        about = f" {100 * done / total:.0f} % done after {elapsed_s:.2g} s;" if total > 0 else ""
        needs = f" it would take about {readable_seconds(self.needed_s)}" if isfinite(self.needed_s) else ""
        super().__init__(f"{step}:{about}{needs}".strip(":; ") if step else "the time limit is reached")


@dataclass(eq=False)
class _Step:
    """Start of a step, its last check, and the recent seconds a unit of progress.

    The first stretch, in which code is compiled, says nothing of the pace unless much was done in it.
    """

    began: float
    looked: float
    done: float
    each_s: float = nan
    first: bool = True

    def look(self, now: float, done: float, total: float) -> None:
        """Update the pace with the progress at time ``now``."""
        if done > self.done and now - self.looked >= _STRETCH_S:
            if not self.first or done >= _MUCH * total:
                self.each_s = (now - self.looked) / (done - self.done)
            self.looked, self.done, self.first = now, done, False


@dataclass(eq=False)
class TimeLimit:
    """Limit in force.

    Attributes
    ----------
    deadline : float
        End on ``work_clock.clock()``; infinite if there is none.
    report : callable or None
        Receiver of the progress, called as ``report(step, done, total)``.
    reached : bool
        Whether TimeLimitReached was raised because of this limit.
    """

    deadline: float = inf
    report: Report | None = None
    reached: bool = False
    _outer: TimeLimit | None = None
    _steps: dict[str, _Step] = field(default_factory=dict)
    _reported: float = -inf
    _last: tuple[str, float, float] = ("", 0.0, 0.0)

    @property
    def remaining_s(self) -> float:
        """Seconds left, not below 0; infinite without a deadline."""
        return max(0.0, self.deadline - clock())

    def check(self, step: str, done: float, total: float) -> None:
        """Raise :class:`TimeLimitReached` if the time is over; report progress.

        :func:`checkpoint` documents the arguments.
        """
        now = clock()
        if step:
            if done <= 0 or step not in self._steps:
                self._steps[step] = _Step(now, now, done)
            self._steps[step].look(now, done, total)
            self._last = (step, done, total)
            if now - self._reported >= _REPORT_INTERVAL_S:
                self._reported = now
                self.tell(step, done, total)
        if now >= self.deadline:
            each: TimeLimit | None = self
            while each is not None:
                each.reached = each.reached or now >= each.deadline
                each = each._outer
            step, done, total = self._last
            of = self._steps.get(step, _Step(now, now, done))
            raise TimeLimitReached(step, done, total, now - of.began, of.each_s)

    def tell(self, step: str, done: float, total: float) -> None:
        """Report progress, at most ten times a second.

        :func:`checkpoint` documents the arguments.
        """
        if self.report is not None:
            self.report(step, done, total)
        elif self._outer is not None:
            self._outer.tell(step, done, total)


_current: ContextVar[TimeLimit | None] = ContextVar("neuromorph_time_limit", default=None)


@contextmanager
def time_limit(deadline: float | None = None, report: Report | None = None) -> Iterator[TimeLimit]:
    """Limit the work inside the ``with`` statement, and report its progress.

    Parameters
    ----------
    deadline : float
        End on ``work_clock.clock()``; None is no limit. An outer limit that ends earlier stays in force.
    report : callable or None
        Called as ``report(step, done, total)`` at most ten times a second; ``total`` is 0 where it is unknown. None is
        the receiver of the outer limit, if any.

    Yields
    ------
    TimeLimit
        The limit.
    """
    outer = _current.get()
    own = inf if deadline is None else deadline
    limit = TimeLimit(own if outer is None else min(own, outer.deadline), report, _outer=outer)
    token = _current.set(limit)
    try:
        yield limit
    finally:
        _current.reset(token)


@contextmanager
def unlimited() -> Iterator[None]:
    """Suspend the limit for short work whose loss would lose what was done."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def checkpoint(step: str = "", done: float = 0.0, total: float = 0.0) -> None:
    """Report progress and raise :class:`TimeLimitReached` if the time is over.

    Parameters
    ----------
    step : str
        Name of the work in the words of the user: "programming the crossbar"; empty for a check inside the step that
        was named last.
    done, total : float
        Progress in any unit, from which the time of the whole step is estimated.
    """
    limit = _current.get()
    if limit is not None:
        limit.check(step, done, total)


def remaining_seconds() -> float:
    """Return the seconds until the limit in force, for work that cannot check.

    Returns
    -------
    float
        The seconds; infinite without a limit.
    """
    limit = _current.get()
    return inf if limit is None else limit.remaining_s


def readable_seconds(seconds: float) -> str:
    """Format a time: "0.4 s", "12 s", "3 min", "5 h".

    Returns
    -------
    str
        The text.
    """
    if not isfinite(seconds):
        return "an unknown time"
    if seconds < 1.0:
        return f"{seconds:.1g} s"
    if seconds < 120.0:
        return f"{ceil(seconds)} s"
    return f"{ceil(seconds / 60.0)} min" if seconds < 7200.0 else f"{ceil(seconds / 3600.0)} h"


def progress_text(phase: str, step: str, done: float, total: float) -> str:
    """Format progress: ``running: sweeping 12 %``.

    Parameters
    ----------
    phase : str
        Phase of the run.
    step : str
        Name of the work.
    done, total : float
        Progress in any unit.

    Returns
    -------
    str
        The text.
    """
    part = f" {100.0 * done / total:.0f} %" if total > 0 else ""
    return f"{phase}: {step}{part}" if step else phase


def whole_parts(parts: Iterable[Part]) -> tuple[list[Part], str]:
    """Collect parts until an interruption or a time limit, and keep the complete ones.

    KeyboardInterrupt propagates if no part is complete.

    Returns
    -------
    tuple of list, str
        The parts and the status of a Run: ok or interrupted.
    """
    done: list[Part] = []
    try:
        for part in parts:
            done.append(part)
    except KeyboardInterrupt:
        if not done:
            raise
        return done, "interrupted"
    return done, "ok"
