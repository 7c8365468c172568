"""The coordinator: hands batches of tasks to workers, and writes what comes back, rows first and the table after them.

A batch ends when its time is over rather than after a number of tasks, so that a wrong estimate costs nothing; its time
grows with that of the study, from half a second, so that short studies show progress, to half a minute. Where a
worker is killed, its batch runs alone, and is halved until the task that kills workers is found: that one has failed.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, field
from math import ceil
from typing import Any, TypeAlias

from ..runtime.limits import checkpoint
from .batch_worker import FinishedBatch, TaskBatch, finished_batch, row_start, run_batch
from .executors import WorkerPool
from .study_tasks import AskedProblem, SweepTask
from .task_table import StudyError

Numbered: TypeAlias = list[tuple[int, SweepTask]]

_SHARE = 0.1  # of the time since the start
_MOST_TASKS = 2_000  # of a batch
_POLL_S = 0.2
_GRACE_S = 5.0  # for workers to hand over what they have, after Ctrl-C
_PING_S = 60.0


@dataclass(eq=False)
class _State:
    began: float
    after: int = 0
    mean_s: float | None = None
    remaining: int = 0
    left: deque[tuple[int, SweepTask]] = field(default_factory=deque)
    suspects: list[Numbered] = field(default_factory=list)
    flying: dict[Future[FinishedBatch], Numbered] = field(default_factory=dict)
    alone: bool = False
    told: int = 0


def run_waiting(
    waiting: Callable[[int, int], Numbered],
    keep: Callable[[FinishedBatch], None],
    pool: WorkerPool,
    work: tuple[AskedProblem, ...],
    handed: Callable[[int], None] = lambda tasks: None,
    *,
    remaining: int,
    batch_s: float | None = None,
    **about: Any,
) -> None:
    """Run all waiting tasks.

    Parameters
    ----------
    waiting : callable
        Of the number of the last task that was taken and a largest count; returns the next tasks.
    keep : callable
        Keeps the rows of a batch.
    pool : WorkerPool
        Workers.
    work : tuple of AskedProblem
        Problems and tasks.
    handed : callable
        Called with the number of tasks that workers have.
    remaining : int
        Number of waiting tasks.
    batch_s : float or None
        Seconds of a batch, once the study lasts; None: those of the pool.
    **about : object
        ``success_gap``, ``keep_scores`` and ``limit_s`` of :class:`.batch_worker.TaskBatch`.

    Raises
    ------
    StudyError
        If the workers are gone.
    """
    state = _State(time.monotonic(), remaining=remaining)
    longest = pool.batch_s if batch_s is None else batch_s

    def submit(tasks: Numbered, budget: float) -> None:
        used = {each.work: work[each.work] for _, each in tasks}
        batch = TaskBatch(tuple(each for _, each in tasks), used, budget, **about)
        try:
            state.flying[pool.executor.submit(run_batch, batch)] = tasks
        except Exception as error:  # broken since the last look
            state.suspects.append(tasks)
            if state.alone:
                _require_workers(pool, error)

    try:
        while True:
            while not state.suspects and len(state.flying) < pool.slots + (pool.slots + 1) // 2:
                if not (tasks := _next(state, waiting, pool, longest)):
                    break
                submit(tasks, _budget(state, pool, longest))
            if state.suspects and not state.flying:
                if pool.restart is not None:
                    pool.restart()
                state.alone = True
                submit(state.suspects.pop(), longest)
            if not state.flying:
                if state.suspects:
                    continue
                return
            if state.told != (flying := sum(len(tasks) for tasks in state.flying.values())):
                state.told = flying
                handed(flying)
            done, _ = wait(state.flying, _POLL_S, FIRST_COMPLETED)
            checkpoint()
            for future in done:
                _collect(state, future, keep, pool, work)
    except KeyboardInterrupt:
        pool.stop()
        for future in state.flying:
            future.cancel()
        for future in wait(state.flying, _GRACE_S).done:
            if not future.cancelled() and future.exception() is None:
                keep(future.result())
        raise


def _budget(state: _State, pool: WorkerPool, longest: float) -> float:
    """Seconds of the next batch: less at the start, and near the end, where some workers would have nothing to do."""
    budget = max(pool.shortest_s, _SHARE * (time.monotonic() - state.began))
    if state.mean_s is not None:
        budget = min(budget, max(pool.shortest_s, state.remaining * state.mean_s / (2.0 * pool.slots)))
    return min(budget, longest)


def _next(state: _State, waiting: Callable[[int, int], Numbered], pool: WorkerPool, longest: float) -> Numbered:
    """Take the tasks of a batch: half as many again as should fit into its time."""
    size = 1 if pool.shortest_s < 1.0 else min(_MOST_TASKS, ceil(state.remaining / (2.0 * pool.slots)))
    if state.mean_s is not None:
        size = min(_MOST_TASKS, max(1, ceil(1.5 * _budget(state, pool, longest) / max(state.mean_s, 1e-6))))
    tasks = [state.left.popleft() for _ in range(min(size, len(state.left)))]
    if len(tasks) < size:
        more = waiting(state.after, size - len(tasks))
        state.after = more[-1][0] if more else state.after
        tasks += more
    return tasks


def _collect(
    state: _State,
    future: Future[FinishedBatch],
    keep: Callable[[FinishedBatch], None],
    pool: WorkerPool,
    work: tuple[AskedProblem, ...],
) -> None:
    tasks = state.flying.pop(future)
    alone, state.alone = state.alone, False
    try:
        found = future.result()
    except (Exception, CancelledError) as error:
        if not alone:
            state.suspects.append(tasks)
        elif len(tasks) > 1:
            state.suspects += [tasks[len(tasks) // 2 :], tasks[: len(tasks) // 2]]
        else:
            _require_workers(pool, error)
            keep(_lost(tasks[0][1], work, error))
            state.remaining -= 1
        return
    keep(found)
    state.remaining -= found.count
    seconds = found.seconds / found.count
    state.mean_s = seconds if state.mean_s is None else 0.5 * (state.mean_s + seconds)
    if rest := tasks[found.count :]:
        if alone:
            state.suspects.append(rest)
        else:
            state.left.extendleft(reversed(rest))


def _require_workers(pool: WorkerPool, error: BaseException) -> None:
    """Tell a task that ends its worker from workers that are gone."""
    try:
        if pool.restart is not None:
            pool.restart()
        pool.executor.submit(os.getpid).result(_PING_S)
    except Exception as gone:
        said = str(error) or str(gone) or type(error).__name__
        raise StudyError(f"no worker answers any more ({said[:200]}); what is done is kept: start again") from gone


def _lost(task: SweepTask, work: tuple[AskedProblem, ...], error: BaseException) -> FinishedBatch:
    reason = f"its worker ended without an answer, killed or out of memory ({type(error).__name__})"
    row = {**row_start(task, work[task.work]), "status": "failed", "reason": reason, "seconds": 0.0}
    return finished_batch([{**row, "finished": time.time()}], {})
