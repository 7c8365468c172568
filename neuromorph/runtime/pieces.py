"""Long work in pieces of about a tenth of a second, with a check of clock and signals between two of them.

Compiled code checks neither. Work on ``rows`` (replicas, reads) that are each so many ``cells`` long (sweeps) is handed
to it row after row: many short rows at once, a long row in parts. The first piece is one cell, the size of the others
follows the pace of those before, so that it depends on the machine: results must not depend on the pieces.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from math import inf
from threading import Thread
from typing import Any, TypeVar

from .limits import checkpoint, time_limit

ResultT = TypeVar("ResultT")

PIECE_S = 0.1
_FIRST = 1  # cells of the first piece
_GROWTH = 16  # largest growth of a piece: the first ones are short, and compiling distorts their pace
_POLL_S = 0.1


def pieces(
    rows: int, cells: int, step: str = "", *, together: int = 1, before: float = 0.0, total: float = 0.0
) -> Iterator[tuple[slice, slice]]:
    """Cut ``rows`` x ``cells`` into pieces in order, with a :func:`checkpoint` before each.

    Parameters
    ----------
    rows, cells : int
        Size of the work.
    step : str
        Name of the work; empty if it is named elsewhere.
    together : int
        Rows that threads work on at the same time.
    before, total : float
        Cells done earlier in this step, and in all of it; 0 is this work alone.

    Yields
    ------
    tuple of slice
        Some rows, and some cells of them.
    """
    size, row = _FIRST, 0
    while row < rows:
        group = min(rows - row, max(together, size // max(1, cells)))
        cell = 0
        while cell < cells:
            part = min(cells - cell, max(1, size // group))
            checkpoint(step, before + row * cells + group * cell, total or rows * cells)
            began = time.perf_counter()
            yield slice(row, row + group), slice(cell, cell + part)
            elapsed = time.perf_counter() - began
            size = max(1, int(group * part * min(_GROWTH, PIECE_S / max(elapsed, 1e-9))))
            cell += part
        row += group


def run_aside(work: Callable[[], ResultT]) -> ResultT:
    """Run library calls that cannot be interrupted on a thread of their own.

    If Ctrl-C or a time limit ends the wait, the call continues unobserved, and its result is lost.

    Returns
    -------
    ResultT
        The result of ``work()``.
    """
    task: Future[ResultT] = Future()

    def run() -> None:
        try:
            task.set_result(work())
        except BaseException as error:
            task.set_exception(error)

    Thread(target=copy_context().run, args=(run,), daemon=True).start()
    while wait([task], _POLL_S).not_done:
        checkpoint()
    return task.result()


def each_on_threads(work: Callable[[Any], object], items: Sequence[Any], workers: int) -> None:
    """Apply ``work`` to every item on threads, on which the limit in force holds.

    Any interruption of the wait, Ctrl-C too, ends the threads at their next :func:`checkpoint`.

    Parameters
    ----------
    work : callable
        Called with one item.
    items : sequence
        The items.
    workers : int
        Largest number of threads.
    """
    if min(workers, len(items)) <= 1:
        for item in items:
            checkpoint()
            work(item)
        return
    with time_limit(report=lambda *_: None) as limit, ThreadPoolExecutor(min(workers, len(items))) as pool:
        rest = {pool.submit(copy_context().run, work, item) for item in items}
        try:
            while rest:
                checkpoint()
                done, rest = wait(rest, _POLL_S, FIRST_EXCEPTION)
                for task in done:
                    task.result()
        except BaseException:
            limit.deadline = -inf
            for task in rest:
                task.cancel()
            raise
