"""The clock of time limits: it stands still while numba compiles, so that a limit is one of the work itself.

Kernels are compiled at their first use on a machine, for seconds, and no exception can interrupt that. A study that
shares its time among targets lets its clock stand (:func:`standing_while_compiling`); elsewhere the clock is that of
``time.monotonic()``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from typing import Any


@dataclass(eq=False)
class CompileTimer:
    """Time that numba has compiled.

    Its lock lets one thread in, and what compiles calls what compiles.

    Attributes
    ----------
    until : float
        Time of ``time.monotonic()`` after which compiling is counted apart.
    seconds_after : float
        Seconds of compiling after that.
    """

    until: float = inf
    seconds_after: float = 0.0
    _depth: int = 0
    _began: float = 0.0
    _before: float = 0.0

    @property
    def seconds(self) -> float:
        """Seconds of compiling so far, before ``until``."""
        return self._before + (self._since() if self._depth else 0.0)

    def start(self) -> None:
        """Note that a kernel begins to compile."""
        if not self._depth:
            self._began = time.monotonic()
        self._depth += 1

    def end(self) -> None:
        """Note that a kernel is compiled."""
        self._depth -= 1
        if not self._depth:
            before = self._since()
            self._before += before
            self.seconds_after += time.monotonic() - self._began - before

    def _since(self) -> float:
        return max(0.0, min(time.monotonic(), self.until) - self._began)


_standing: CompileTimer | None = None


def clock() -> float:
    """Return the time on the clock of time limits.

    Returns
    -------
    float
        Seconds: ``time.monotonic()``, minus those for which the clock stood.
    """
    return time.monotonic() - (0.0 if _standing is None else _standing.seconds)


@contextmanager
def standing_while_compiling() -> Iterator[CompileTimer]:
    """Let the clock stand while numba compiles inside the ``with`` statement.

    Yields
    ------
    CompileTimer
        The time for which it stood; ``until`` ends that.
    """
    global _standing
    if _standing is not None:
        yield _standing
        return
    timer = CompileTimer()
    with compiling_heard(timer):
        _standing = timer
        try:
            yield timer
        finally:
            _standing = None


@contextmanager
def compiling_heard(timer: CompileTimer, look: Callable[[float], object] = lambda seconds: None) -> Iterator[None]:
    """Count the time of compiling inside the ``with`` statement.

    Parameters
    ----------
    timer : CompileTimer
        Counter.
    look : callable
        Called with the seconds so far, at the start and the end of each kernel.
    """
    from numba.core import event

    class Compiling(event.Listener):
        def on_start(self, event: Any) -> None:
            timer.start()
            look(timer.seconds)

        def on_end(self, event: Any) -> None:
            look(timer.seconds)
            timer.end()

    with event.install_listener("numba:compile", Compiling()):
        yield
