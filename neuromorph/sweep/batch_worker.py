"""What runs in a worker: the tasks of a batch, one after the other, until its time is over."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..runtime.threads import single_threaded_blas
from .result_parts import part_bytes
from .study_tasks import AskedProblem, SweepTask
from .task_runs import run_task


@dataclass(frozen=True, eq=False)
class TaskBatch:
    """Tasks for one worker.

    Attributes
    ----------
    tasks : tuple of SweepTask
        Tasks.
    work : dict of int to AskedProblem
        Problems and tasks that they name.
    budget_s : float
        Seconds after which no further task is begun.
    success_gap, keep_scores, limit_s
        As of :func:`.task_runs.run_task`.
    """

    tasks: tuple[SweepTask, ...]
    work: Mapping[int, AskedProblem]
    budget_s: float
    success_gap: float
    keep_scores: bool
    limit_s: float | None


@dataclass(frozen=True, eq=False)
class FinishedBatch:
    """Rows of the tasks that a worker ran: the first of its batch, perhaps not all.

    Attributes
    ----------
    count : int
        Number of these tasks.
    seconds : float
        Time that they took, s.
    part : bytes
        Their rows as a part of the results.
    best : dict of str to dict
        Best row of each problem and task, with its answer.
    """

    count: int
    seconds: float
    part: bytes
    best: dict[str, dict[str, Any]]


def run_batch(batch: TaskBatch) -> FinishedBatch:
    """Run the tasks of a batch.

    Parameters
    ----------
    batch : TaskBatch
        Batch.

    Returns
    -------
    FinishedBatch
        At least one row.
    """
    with single_threaded_blas():
        return _run(batch)


def _run(batch: TaskBatch) -> FinishedBatch:
    began = time.monotonic()
    worker = f"{os.getpid()}@{socket.gethostname()}"
    rows: list[dict[str, Any]] = []
    best: dict[str, dict[str, Any]] = {}
    for task in batch.tasks:
        work = batch.work[task.work]
        found = run_task(
            task, work, success_gap=batch.success_gap, keep_scores=batch.keep_scores, limit_s=batch.limit_s
        )
        answer = found.pop("answer", None)
        row = {**row_start(task, work), "worker": worker, **found}
        rows.append(row)
        if row.get("best") is not None:
            each = candidate(row, work, answer)
            best[each["key"]] = better(best.get(each["key"]), each)
        if time.monotonic() - began >= batch.budget_s or (_STOP is not None and _STOP.is_set()):
            break
    return finished_batch(rows, best)


def finished_batch(rows: list[dict[str, Any]], best: dict[str, dict[str, Any]]) -> FinishedBatch:
    """Pack the rows of tasks.

    Parameters
    ----------
    rows : list of dict
        Rows, in the order of the tasks.
    best : dict of str to dict
        Best row of each problem and task.

    Returns
    -------
    FinishedBatch
        Rows as they travel.
    """
    return FinishedBatch(len(rows), sum(float(row["seconds"]) for row in rows), part_bytes(rows), best)


def row_start(task: SweepTask, work: AskedProblem) -> dict[str, Any]:
    """Return the columns of a task that do not depend on what comes of it.

    Parameters
    ----------
    task : SweepTask
        Task.
    work : AskedProblem
        Its problem and what is asked of it.

    Returns
    -------
    dict of str to object
        Beginning of a row.
    """
    problem = work.problem
    row: dict[str, Any] = {
        "task": task.key,
        "problem": problem.name,
        "problem_sha256": problem.sha256,
        "kind": problem.kind,
    }
    row |= {"size": problem.size, "work": work.task, "beta": work.beta, "target": task.target}
    row |= {"parameters": task.parameters, "seed": task.seed, "chip": task.chip, "repeat": task.repeat}
    return row | {"reads": task.reads}


def candidate(row: Mapping[str, Any], work: AskedProblem, answer: Any) -> dict[str, Any]:
    """Return what is kept of the best row of a problem and task.

    Parameters
    ----------
    row : dict of str to object
        Row.
    work : AskedProblem
        Its problem and task.
    answer : list or None
        Its best answer.

    Returns
    -------
    dict of str to object
        Plain data.
    """
    names = ("problem", "work", "beta", "best", "task", "target", "parameters", "seed", "chip", "repeat", "reads")
    key = f"{row['problem_sha256']} {row['work']} {row['beta']}"
    sense = "min" if work.task == "sample" else work.problem.sense
    return {"key": key, "sense": sense, **{name: row[name] for name in names}, "answer": answer}


def better(a: Mapping[str, Any] | None, b: Mapping[str, Any]) -> dict[str, Any]:
    """Return the better of two candidates, of equal ones that with the lower hash.

    Parameters
    ----------
    a : dict or None
        Candidate, or none.
    b : dict
        Candidate.

    Returns
    -------
    dict
        One of them.
    """
    if a is None:
        return dict(b)
    sign = 1.0 if b["sense"] == "min" else -1.0
    return dict(min((a, b), key=lambda each: (sign * each["best"], each["task"])))


_STOP: Any = None


def start_worker(stop: Any = None) -> None:
    """Prepare a worker process, which leaves Ctrl-C to the coordinator and ends with it.

    Parameters
    ----------
    stop : multiprocessing.Event or None
        Set when no further task is to be begun.
    """
    global _STOP
    _STOP = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the coordinator was killed: the queue of tasks does not tell, and a worker would wait for ever."""
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
