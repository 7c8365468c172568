"""Progress of a study on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .text import printable

if TYPE_CHECKING:
    from ..study.compare import Progress


@contextmanager
def progress_bars(show: bool) -> Iterator[Progress | None]:
    """Bars on standard error, one a target, if that is a terminal."""
    if not (show and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        known: dict[str, Any] = {}

        def tell(name: str, status: str, done: int, reads: int) -> None:
            if name not in known:
                known[name] = bars.add_task("", total=reads)
            bars.update(known[name], completed=done, description=escape(f"{printable(name)}: {status}"))
            if status not in ("programming", "running"):
                bars.stop_task(known[name])

        yield tell
