"""A second process that compiles kernels into numba's cache while the first command after an installation goes on.

Numba compiles on one core. A copy of this process compiles the sweep of replicas, which takes the longest, then runs
a read of each target that the command will come to, from the last to the first: what it has compiled by then, the
command reads from the cache. Nothing else leaves the copy: no answer, no output, no random numbers.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..problems import Problem
    from ..task import Task

_MOST_S = 20.0  # of CPU time, also where the command was killed and cannot end the helper
_READS = 64  # at most, of a target that makes many at once
_NICE = 5  # so much that it does not take the only free core


@contextmanager
def kernel_helper(
    problem: Problem, task: Task | None, targets: Sequence[str] | None, every: bool = False
) -> Iterator[int]:
    """Compile what a study needs in a second process, where the cache is empty.

    Only with a second core, and on Linux: elsewhere a copy of a process cannot use what its libraries have begun.

    Parameters
    ----------
    problem : Problem
        Problem of the study.
    task : Task or None
        Its task; None: the problem's own.
    targets, every : list of str or None, bool
        As for ``study.compare``.

    Yields
    ------
    int
        Number of the process, which ends with the ``with`` statement; 0 where there is none.
    """
    alone = threading.active_count() == 1  # other threads may hold locks that the copy would wait for
    if sys.platform != "linux" or not alone or len(os.sched_getaffinity(0)) < 2 or not _cold():
        yield 0
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, but BLAS ends its own before a fork
        process = os.fork()
    if not process:
        _help(problem, task, targets, every)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(process, 0)


def _cold() -> bool:
    """Tell whether numba's cache lacks a kernel that almost everything has."""
    import numpy as np

    from ..kernels.xoshiro import next_uint64

    next_uint64(np.ones(4, np.uint64))
    stats = getattr(next_uint64, "stats", None)  # without compilation there are none
    return stats is not None and bool(stats.cache_misses)


def _help(problem: Problem, task: Task | None, targets: Sequence[str] | None, every: bool) -> None:
    """Read each target once and end the process, whatever comes."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPROF):
            signal.signal(number, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, _MOST_S)
        os.nice(_NICE)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        _read_each(problem, task, targets, every)
    finally:
        os._exit(0)


def _read_each(problem: Problem, task: Task | None, targets: Sequence[str] | None, every: bool) -> None:
    from ..problems import Tsp
    from ..sampling.replicas.protocol import compile_sweep

    if not isinstance(problem, Tsp):  # whose spins are many, and which has kernels of its own
        compile_sweep(problem.ising())

    from ..runtime.signals import Interrupts
    from ..study.compare import asked_problem
    from ..study.installed import labeled
    from ..study.proven_bound import proven_bound
    from ..task import task_name

    task = problem.task(_READS, 0) if task is None else task
    asked = asked_problem(problem, task)
    for _, device in reversed(labeled(targets, Interrupts(False), every=every)):
        if task_name(task) not in device.supported_tasks:
            continue
        with suppress(Exception):
            program = device.program(asked, rng=0)
            device.run(program, task, min(program.parallel_reads, _READS), rng=0)
    if problem.best_known is None:
        proven_bound(problem)
