"""Where batches run: processes of this machine, a Dask cluster, SLURM jobs, or any ``concurrent.futures.Executor``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from .batch_worker import start_worker
from .task_table import StudyError

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS")
_POLL_S = 0.5
_JOB_MINUTES = 60


@dataclass(eq=False)
class WorkerPool:
    """Executor with what the coordinator must know of it.

    Attributes
    ----------
    executor : Executor
        Executor of batches.
    slots : int
        Batches that run at the same time.
    batch_s : float
        Seconds that a batch should last, once a study lasts.
    shortest_s : float
        Seconds of the first batches; jobs take seconds to start and are long at once.
    restart : callable or None
        Replaces an executor whose worker was killed; None where it does so itself.
    stop : callable
        Asks workers to begin no further task.
    kill : callable
        Ends workers that are ours, at once.
    """

    executor: Executor
    slots: int
    batch_s: float = 30.0
    shortest_s: float = 0.5
    restart: Callable[[], None] | None = None
    stop: Callable[[], None] = field(default=lambda: None)
    kill: Callable[[], None] = field(default=lambda: None)


@contextmanager
def worker_pool(
    executor: str | Executor | None = None, workers: int | None = None, folder: Path | None = None
) -> Iterator[WorkerPool]:
    """Open an executor by its name, or use one that is given.

    Parameters
    ----------
    executor : str, Executor or None
        None or "processes"; "dask://host:port"; "slurm", or "submitit-local" for jobs without a cluster; an Executor,
        which is not shut down.
    workers : int or None
        Batches at the same time; None: cores of this machine, those of the cluster, or what the executor says.
    folder : Path or None
        Folder for the files of SLURM jobs.

    Yields
    ------
    WorkerPool
        Pool.

    Raises
    ------
    StudyError
        If there is no such executor, or its package is not installed.
    """
    require_executor(executor)
    if isinstance(executor, Executor):
        yield WorkerPool(executor, workers or getattr(executor, "_max_workers", None) or os.cpu_count() or 1)
    elif executor is None or executor == "processes":
        yield from _processes(workers or os.cpu_count() or 1)
    elif executor.startswith("dask://"):
        yield from _dask(executor.removeprefix("dask://"), workers)
    else:
        yield from _submitit(executor, workers or 8, folder or Path("."))


def require_executor(executor: str | Executor | None) -> None:
    """Require an executor that exists, before anything else is done.

    Parameters
    ----------
    executor : str, Executor or None
        As of :func:`worker_pool`.

    Raises
    ------
    StudyError
        If there is no such executor.
    """
    if executor is None or isinstance(executor, Executor) or executor in ("processes", "slurm", "submitit-local"):
        return
    if not (isinstance(executor, str) and executor.startswith("dask://")):
        known = "processes, dask://host:port, slurm, submitit-local"
        raise StudyError(
            f"--executor is {executor!r}; it is one of {known}, or in Python any concurrent.futures.Executor"
        )


def _processes(workers: int) -> Iterator[WorkerPool]:
    """Start processes anew rather than fork them: a copy of a process with threads may hang."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    stop = context.Event()

    def made() -> ProcessPoolExecutor:
        return ProcessPoolExecutor(workers, context, initializer=start_worker, initargs=(stop,))

    def restart() -> None:
        kill()
        pool.executor = made()

    def kill() -> None:
        processes = list((getattr(pool.executor, "_processes", None) or {}).values())
        for process in processes:
            process.kill()
        pool.executor.shutdown(wait=True, cancel_futures=True)

    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # before the workers load their BLAS
    pool = WorkerPool(made(), workers, restart=restart, stop=stop.set, kill=kill)
    try:
        yield pool
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        kill()


def _dask(address: str, workers: int | None) -> Iterator[WorkerPool]:
    try:
        from distributed import Client
    except ImportError:
        raise StudyError("dask://... needs dask.distributed; pip install 'neuromorph[dask]'") from None
    try:
        client = Client(f"tcp://{address}", timeout="20s")
    except (OSError, ValueError) as error:
        raise StudyError(f"no Dask scheduler answers at {address} ({error}); start one: dask scheduler") from error
    try:
        slots = workers or sum(client.ncores().values()) or 1
        yield WorkerPool(client.get_executor(pure=False), slots)
    finally:
        client.close()


class SubmititPool(Executor):
    """Jobs of submitit as futures, a batch each.

    Parameters
    ----------
    jobs : submitit.Executor
        Executor of submitit.
    """

    def __init__(self, jobs: Any) -> None:
        self._jobs = jobs
        self._open: list[tuple[Any, Future[Any]]] = []
        self._ended = False
        Thread(target=self._watch, daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a job.

        Parameters
        ----------
        fn : callable
            Function.
        *args, **kwargs : object
            Its arguments.

        Returns
        -------
        Future
            Result of the job, or the error that ended it.
        """
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        self._open.append((self._jobs.submit(fn, *args, **kwargs), future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the jobs that are not done.

        Parameters
        ----------
        wait, cancel_futures : bool
            Ignored: a job that nobody waits for is of no use.
        """
        self._ended = True
        for job, _ in self._open:
            if not job.done():
                job.cancel(check=False)

    def _watch(self) -> None:
        while not self._ended:
            for pair in list(self._open):
                job, future = pair
                if job.done():
                    self._open.remove(pair)
                    try:
                        future.set_result(job.result())
                    except BaseException as error:
                        future.set_exception(error)
            time.sleep(_POLL_S)


def _submitit(name: str, workers: int, folder: Path) -> Iterator[WorkerPool]:
    try:
        import submitit
    except ImportError:
        raise StudyError(f"{name} needs submitit; pip install 'neuromorph[slurm]'") from None
    try:
        jobs: Any = submitit.AutoExecutor(folder / "jobs", cluster="slurm" if name == "slurm" else "local")
    except RuntimeError as error:
        raise StudyError(f"{name}: {error}; run where sbatch is, or take --executor processes") from error
    jobs.update_parameters(timeout_min=_JOB_MINUTES, cpus_per_task=1, name="neuromorph")
    pool = SubmititPool(jobs)
    try:
        seconds = 600.0 if name == "slurm" else 30.0
        yield WorkerPool(pool, workers, batch_s=seconds, shortest_s=seconds)
    finally:
        pool.shutdown()
