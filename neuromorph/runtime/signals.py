"""Signals that end work: Ctrl-C, SIGTERM, SIGHUP, and an alarm for work without checkpoints.

All of them raise a kind of KeyboardInterrupt in the main thread, so that code that keeps its results on Ctrl-C keeps
them. Python delivers a signal between two of its own instructions: compiled code is stopped when it returns.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from types import FrameType
from typing import Any

from .limits import TimeLimit, TimeLimitReached, checkpoint

_LATE_S, _AGAIN_S = 1.0, 0.5  # delay of the alarm after the limit, and between its repetitions
_SOON_S = 0.05  # delay after which a lost signal is sent again


def _numbers() -> list[int]:
    """List the signals of this kind that the system has."""
    return [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@dataclass(eq=False)
class Interrupts:
    """Record of the signals that came inside :func:`interrupts`.

    Attributes
    ----------
    watched : bool
        False where signals cannot be seen, outside the main thread.
    number : int
        Number of the first signal that came; 0 is none.
    """

    watched: bool
    number: int = 0

    def caused(self, error: BaseException) -> bool:
        """Test whether a signal, rather than other code, caused ``error``.

        Returns
        -------
        bool
            True if a signal did.
        """
        return bool(self.number) or (isinstance(error, KeyboardInterrupt) and not self.watched)


@contextmanager
def interrupts(*, ending: bool = False) -> Iterator[Interrupts]:
    """Record the signals that raise KeyboardInterrupt inside the ``with`` statement.

    Parameters
    ----------
    ending : bool
        Whether SIGTERM and SIGHUP raise it too, where they would end the process; ignored signals (nohup) stay ignored.

    Yields
    ------
    Interrupts
        The record.
    """
    seen = Interrupts(threading.current_thread() is threading.main_thread())
    before: dict[int, Any] = {}

    def noticed(number: int, frame: FrameType | None) -> None:
        if callable(before[number]):
            try:
                before[number](number, frame)
            except KeyboardInterrupt:
                seen.number = seen.number or number
                raise
        else:
            seen.number = seen.number or number
            raise KeyboardInterrupt

    def unraisable(lost: Any) -> None:
        """Keep an interrupt that Python drops in a finalizer or a callback of C."""
        if not isinstance(lost.exc_value, KeyboardInterrupt):
            hook(lost)
        elif not isinstance(lost.exc_value, TimeLimitReached):  # the alarm repeats by itself
            again = threading.Timer(_SOON_S, signal.raise_signal, (seen.number or signal.SIGINT,))
            again.daemon = True
            again.start()

    hook = sys.unraisablehook
    if seen.watched:
        sys.unraisablehook = unraisable
    for number in _numbers() if seen.watched else ():
        handler = signal.getsignal(number)
        if callable(handler) or (ending and handler == signal.SIG_DFL):
            before[number] = handler
            signal.signal(number, noticed)
    try:
        yield seen
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Defer signals until short work, such as writing a file, is complete."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {}
    for number in _numbers():
        if callable(signal.getsignal(number)):
            before[number] = signal.signal(number, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def alarm(limit: TimeLimit, *, imports: bool = False) -> Iterator[None]:
    """Raise TimeLimitReached a second after ``limit`` in work without checkpoints.

    The alarm needs the main thread and a free interval timer of the system. It waits while numba compiles.

    Parameters
    ----------
    limit : TimeLimit
        The limit.
    imports : bool
        Whether the alarm may interrupt an import, which leaves half a module behind.
    """
    free = (
        hasattr(signal, "setitimer")
        and isfinite(limit.deadline)
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    )
    if not free:
        yield
        return
    over = False

    def ring(number: int, frame: FrameType | None) -> None:
        if not over and not _compiling(frame) and (imports or not _importing(frame)):
            checkpoint()

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit.remaining_s + _LATE_S, _AGAIN_S)
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _compiling(frame: FrameType | None) -> bool:
    """Test whether numba compiles: LLVM is left in pieces by an exception, and the process ends in its destructors."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in ("numba", "llvmlite"):
            return True
        frame = frame.f_back
    return False


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
