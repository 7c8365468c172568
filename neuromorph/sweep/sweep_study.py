"""Run a study: every task of it once, however often it is started, stopped or killed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from .batch_worker import FinishedBatch
from .coordinator import run_waiting
from .executors import require_executor, worker_pool
from .refinement import next_round
from .result_parts import RESULTS, require_parquet
from .search import JOURNAL, next_trials
from .study_file import read_study
from .study_folder import TABLE, OpenStudy, make_folder, prepare_study, set_table_aside
from .study_lock import study_lock
from .study_state import StudyState
from .study_tasks import study_work
from .task_table import StudyError, open_table, table_errors

SweepProgress: TypeAlias = Callable[[StudyState], None]


def sweep(
    study: str | os.PathLike[str] | Mapping[str, Any],
    folder: str | os.PathLike[str],
    *,
    executor: str | Executor | None = None,
    workers: int | None = None,
    shard: tuple[int, int] | None = None,
    retry_failed: bool = False,
    rebuild: bool = False,
    mixed_versions: bool = False,
    batch_s: float | None = None,
    progress: SweepProgress | None = None,
) -> StudyState:
    """Run the tasks of a study that are not done yet.

    Parameters
    ----------
    study : path or dict
        STUDY.toml, or its tables.
    folder : path
        Folder of its results; an edited study keeps what both have in common.
    executor : str, Executor or None
        None: processes of this machine. See :func:`.executors.worker_pool`.
    workers : int or None
        Batches at the same time.
    shard : (int, int) or None
        Run part i of n alone, in a folder of its own within ``folder``; :func:`merge_shards` joins them.
    retry_failed : bool
        Whether failed tasks run again.
    rebuild : bool
        Whether a damaged table is made anew, from the study and its parts.
    mixed_versions : bool
        Whether results of other versions of the packages are taken up.
    batch_s : float or None
        Seconds of a batch; None: 30, of SLURM jobs 600.
    progress : callable or None
        Called with the state after each batch.

    Returns
    -------
    StudyState
        Tasks done and failed.

    Raises
    ------
    ValueError
        The study breaks a rule, its folder is in use, cannot be written or is damaged; what was done is kept.
    """
    require_parquet()
    require_executor(executor)
    given = read_study(study)
    work = study_work(given)
    place = Path(folder)
    if shard is not None:
        place = place / f"shard-{shard[0]}-of-{shard[1]}"
    make_folder(place)
    if shard is not None and (given.search or any(each.design == "adaptive" and each.rounds for each in given.targets)):
        raise StudyError("a search or an adaptive design looks at all results; run it without --shard")
    began = time.monotonic()
    with study_lock(place) as lock:
        notes = ("the last run ended without a word; what it had finished is kept",) if lock.unclean else ()
        if rebuild:
            set_table_aside(place / TABLE)
        with closing(open_table(place / TABLE)) as table:
            open_ = OpenStudy(given, work, place, table, shard)
            with table_errors(table.path):
                prepare_study(open_, mixed_versions)
                if retry_failed:
                    table.retry_failed()
                open_.counts = table.counts()
                return _run(open_, executor, workers, batch_s, progress, lock.tell, began, notes)


def _more(open_: OpenStudy) -> int:
    """Count waiting tasks, with those of the next round where all others have ended."""
    while not open_.state().waiting and (next_round(open_) or next_trials(open_)):
        before, open_.counts = open_.counts, open_.table.counts()
        if open_.study.search is not None and open_.counts == before:
            raise StudyError(f"the search asks for settings that are done; remove {JOURNAL} in {open_.folder}")
    return open_.state().waiting


def _run(
    open_: OpenStudy,
    executor: str | Executor | None,
    workers: int | None,
    batch_s: float | None,
    progress: SweepProgress | None,
    handed: Callable[[int], None],
    began: float,
    notes: tuple[str, ...],
) -> StudyState:
    study, ran = open_.study, 0

    def tell() -> None:
        if progress is not None:
            progress(open_.state(ran, time.monotonic() - began, notes))

    def keep(found: FinishedBatch) -> None:
        nonlocal ran
        open_.keep(found)
        ran += found.count
        tell()

    tell()
    about: dict[str, Any] = {"success_gap": study.success_gap, "keep_scores": study.keep_scores}
    about |= {"limit_s": study.task_time_limit_s, "batch_s": batch_s}
    if _more(open_):
        with worker_pool(executor, workers, open_.folder) as pool:
            while left := _more(open_):
                run_waiting(open_.table.waiting, keep, pool, open_.work, handed, remaining=left, **about)
    if not open_.table.get("finished") or not (open_.folder / RESULTS).exists():
        open_.finish()
        open_.table.put("finished", "yes")
    return replace(open_.state(ran, time.monotonic() - began, notes), failures=open_.table.failures())
