"""Progress of a study: bars on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..plotting.numbers import printable
from ..runtime.limits import progress_text, time_limit
from ..runtime.work_clock import CompileTimer, compiling_heard

if TYPE_CHECKING:
    from ..study.compare import StudyProgress

LINE_S = 10.0  # between two lines where there is no terminal: short work says nothing
COMPILING_S = 1.0  # of compiling, after which it is said
COMPILING = "compiling kernels for the first time; later commands find them in the cache"
_BUSY = ("programming", "running")


@contextmanager
def progress_bars(show: bool) -> Iterator[StudyProgress | None]:
    """Show the progress of a study: bars on a terminal, elsewhere lines.

    Parameters
    ----------
    show : bool
        Whether to show anything.

    Yields
    ------
    callable or None
        Function that takes the progress of a target, on standard error.
    """
    if not show:
        yield None
    elif sys.stderr.isatty():
        yield from _bars()
    else:
        yield from _lines()


@contextmanager
def steps_of(
    tell: StudyProgress | None, name: str, end: float | None = None
) -> Iterator[Callable[[int, int], None] | None]:
    """Set a time limit and pass its steps to a progress function.

    Parameters
    ----------
    tell : StudyProgress or None
        Function that hears the steps.
    name : str
        Name under which it hears them.
    end : float or None
        Time of the limit on ``time.monotonic()``; None: no limit.

    Yields
    ------
    callable or None
        Function that takes the count that is done, and the whole count.
    """
    counts = [0, 0]

    def count(done: int, of: int) -> None:
        counts[:] = done, of
        if tell is not None:
            tell(name, "running", done, of)

    def report(step: str, done: float, total: float) -> None:
        if tell is not None:
            tell(name, progress_text("running", step, done, total), *counts)

    with time_limit(end, report):
        yield count if tell is not None else None


@contextmanager
def told_compiling(say: Callable[[str], None]) -> Iterator[None]:
    """Say once, while it happens, that kernels are compiled, not read from the cache.

    Nothing is heard where no module with kernels is loaded, since numba itself takes half a second.

    Parameters
    ----------
    say : callable
        Function that shows a line.

    Yields
    ------
    None
    """
    if "numba" not in sys.modules:
        yield
        return
    said = False

    def look(seconds: float) -> None:
        nonlocal said
        if not said and seconds > COMPILING_S:
            said = True
            say(COMPILING)

    with compiling_heard(CompileTimer(), look):
        yield


def _bars() -> Iterator[StudyProgress]:
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Bars(*columns, console=console, transient=True) as bars, told_compiling(console.print):
        known: dict[str, Any] = {}

        def tell(name: str, status: str, done: int, reads: int) -> None:
            if name not in known:
                known[name] = bars.add_task("", total=reads or None)
            bars.update(known[name], completed=done, description=escape(f"{printable(name)}: {status}"))
            if not status.startswith(_BUSY):
                bars.stop_task(known[name])

        yield tell


def _lines() -> Iterator[StudyProgress]:
    """Another thread speaks, so that work of which nothing is heard is seen to go on."""
    news: list[str] = []
    began = time.monotonic()
    ended = threading.Event()

    def tell(name: str, status: str, done: int, reads: int) -> None:
        counts = f", {done} of {reads}" if reads else ""
        news[:] = [f"{printable(name)}: {status}{counts}"] if status.startswith(_BUSY) else []

    def speak() -> None:
        while not ended.wait(LINE_S):
            for line in tuple(news):
                print(f"{line}, {time.monotonic() - began:.0f} s so far", file=sys.stderr, flush=True)

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield tell
    finally:
        ended.set()
        speaker.join()
