"""The folder of a study: what is in it, what is kept of a batch, and how a run takes up what an earlier one left.

It holds ``study.json`` (what and by which versions), ``tasks.sqlite`` (the table), ``parts/`` (the
rows of each batch), ``best.json`` (the best answer to each problem so far), and at the end ``results.parquet`` and
``timings.parquet``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.atomic_write import read_file, write_file
from ..files.json_values import json_value
from ..run import versions
from ..study.provenance import machine
from .batch_worker import FinishedBatch, better
from .result_parts import part_numbers, read_part, write_part
from .sorted_results import write_results
from .study_file import StudyFile
from .study_state import StudyState
from .study_tasks import AskedProblem, SweepTask, study_digest, study_settings, tasks_of_setting
from .task_table import StudyError, TaskTable, table_errors

if TYPE_CHECKING:
    import pyarrow as pa

TABLE, PARTS, BEST, ABOUT = "tasks.sqlite", "parts", "best.json", "study.json"
_FILLED = 500  # settings of one transaction
_BYTES = 256 << 20


@dataclass(eq=False)
class OpenStudy:
    """Study with its open folder.

    Attributes
    ----------
    study : StudyFile
        Study.
    work : tuple of AskedProblem
        Problems and tasks.
    folder : Path
        Folder.
    table : TaskTable
        Table of tasks.
    shard : tuple of int or None
        Number of this part of the tasks from 1, and of all parts.
    best : dict of str to dict
        Best row of each problem and task.
    counts : (int, int, int)
        Tasks: all, done, failed.
    """

    study: StudyFile
    work: tuple[AskedProblem, ...]
    folder: Path
    table: TaskTable
    shard: tuple[int, int] | None
    best: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: tuple[int, int, int] = (0, 0, 0)

    @property
    def parts(self) -> Path:
        """Folder of the parts."""
        return self.folder / PARTS

    def add(self, target: str, parameters: str, round_: int = 0) -> None:
        """Add a setting and its tasks.

        Parameters
        ----------
        target, parameters : str
            Setting.
        round_ : int
            Round that asks for it.
        """
        tasks = tasks_of_setting(self.study, self.work, target, parameters)
        if self.shard is not None:
            tasks = (each for each in tasks if in_shard(each, self.shard))
        self.table.add_tasks(self.table.add_setting(target, parameters, round_), tasks)

    def keep(self, found: FinishedBatch) -> None:
        """Keep the rows of a batch: the best answers, the part, and then the table.

        Parameters
        ----------
        found : FinishedBatch
            Rows.

        Raises
        ------
        StudyError
            If they cannot be written.
        """
        changed = False
        for key, each in found.best.items():
            chosen = better(self.best.get(key), each)
            changed = changed or chosen != self.best.get(key)
            self.best[key] = chosen
        try:
            if changed:
                write_file(self.folder / BEST, json.dumps(json_value(list(self.best.values())), indent=1) + "\n")
            number = write_part(self.parts, found.part)
        except OSError as error:
            raise StudyError(
                f"cannot write {self.folder}: {error.strerror or error}; "
                "what is done is kept: make room and start again"
            ) from error
        failed = self._take_up(number)
        self.counts = (self.counts[0], self.counts[1] + found.count - failed, self.counts[2] + failed)

    def adopt(self, numbers: list[int]) -> None:
        """Mark the tasks of parts that the table does not know.

        Parameters
        ----------
        numbers : list of int
            Parts, ascending.
        """
        for number in numbers:
            self._take_up(number)

    def _take_up(self, number: int) -> int:
        """Mark the tasks of a part; return how many of them failed."""
        rows = read_part(self.parts, number, ["task", "status", "reason", "seconds"]).to_pylist()
        with table_errors(self.table.path), self.table.transaction():
            self._mark(number, rows)
        return sum(row["status"] == "failed" for row in rows)

    def _mark(self, part: int, rows: list[dict[str, Any]]) -> None:
        self.table.mark(
            (row["task"], row["status"] != "failed", part, row["seconds"], row["reason"] or None) for row in rows
        )
        self.table.put("last_part", str(part))
        self.table.put("finished", "")

    def state(self, ran: int = 0, seconds: float = 0.0, notes: tuple[str, ...] = ()) -> StudyState:
        """Return how far the study is.

        Parameters
        ----------
        ran : int
            Tasks of this call.
        seconds : float
            Its time, s.
        notes : tuple of str
            Remarks.

        Returns
        -------
        StudyState
            How far it is.
        """
        return StudyState(self.folder, self.study.name, *self.counts, ran, seconds, notes)

    def finish(self) -> None:
        """Write the results of all tasks that ended."""

        def tables() -> Iterator[pa.Table]:
            for number in part_numbers(self.parts):
                yield read_part(self.parts, number)

        try:
            write_results(self.folder, tables, self.table.ended_hashes, self.counts[0])
        except OSError as error:
            raise StudyError(
                f"cannot write results.parquet in {self.folder}: {error.strerror or error}; all rows are kept in "
                f"{PARTS}: make room and start again"
            ) from error


def in_shard(task: SweepTask, shard: tuple[int, int]) -> bool:
    """Tell whether a task belongs to a shard, by its hash.

    Parameters
    ----------
    task : SweepTask
        Task.
    shard : (int, int)
        Number of the shard from 1, and of all.

    Returns
    -------
    bool
        Whether it does.
    """
    return int(task.key[:8], 16) % shard[1] == shard[0] - 1


def make_folder(folder: Path) -> None:
    """Make the folder of a study.

    Parameters
    ----------
    folder : Path
        Folder.

    Raises
    ------
    StudyError
        If it cannot be made.
    """
    try:
        (folder / PARTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = error.strerror or error
        raise StudyError(f"cannot make {folder}: {said}; choose another folder with --out") from error


def set_table_aside(path: Path) -> None:
    """Rename a damaged table and what belongs to it, for people to look at.

    Parameters
    ----------
    path : Path
        Table.
    """
    for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if file.exists():
            file.replace(file.with_name(f"{file.name}.damaged"))


def prepare_study(open_: OpenStudy, mixed_versions: bool) -> None:
    """Fill the table at first and after changes, and take up parts that it does not know.

    Parameters
    ----------
    open_ : OpenStudy
        Study.
    mixed_versions : bool
        Whether results of other versions are taken up.

    Raises
    ------
    StudyError
        If there are such results and they are not.
    """
    table, digest = open_.table, study_digest(open_.study, open_.work)
    _check_versions(open_, digest, mixed_versions)
    open_.best = read_best(open_.folder / BEST)
    if table.get("study") != digest:
        with table.transaction():
            table.clear()
            table.put("study", digest)
            table.put("filled", "")
            table.put("round", "0")
    if not table.get("filled"):
        settings = study_settings(open_.study)
        more = True
        while more:
            more = False
            with table.transaction():
                for _, (target, parameters) in zip(range(_FILLED), settings, strict=False):
                    open_.add(target, parameters)
                    more = True
        open_.adopt(part_numbers(open_.parts))
        with table.transaction():
            table.put("filled", "yes")
    else:
        last = int(table.get("last_part") or 0)
        open_.adopt([number for number in part_numbers(open_.parts) if number > last])


def _check_versions(open_: OpenStudy, digest: str, mixed: bool) -> None:
    path = open_.folder / ABOUT
    now = dict(versions())
    about = read_json_file(path)
    before = about.get("versions", now) if isinstance(about, dict) else now
    if before != now and not mixed and part_numbers(open_.parts):
        said = ", ".join(
            f"{name} {before.get(name)} then and {now[name]} now" for name in now if before.get(name) != now[name]
        )
        raise StudyError(
            f"{open_.folder} has results of other versions ({said}); add --mixed-versions, or choose another --out"
        )
    about = {"name": open_.study.name, "study_sha256": digest, "versions": now, "machine": machine()}
    about["success_gap"] = open_.study.success_gap
    try:
        write_file(path, json.dumps({**about, "shard": open_.shard, "work": _work_data(open_.work)}, indent=1) + "\n")
    except OSError as error:
        raise StudyError(
            f"cannot write {path}: {error.strerror or error}; make room, or choose another --out"
        ) from error


def _work_data(work: tuple[AskedProblem, ...]) -> list[dict[str, Any]]:
    return [
        {"problem": each.problem.name, "problem_sha256": each.problem.sha256, "task": each.task, "beta": each.beta,
         "best_known": each.problem.best_known}
        for each in work
    ]  # fmt: skip


def read_json_file(path: Path) -> Any:
    """Read a JSON file of a study's folder.

    Parameters
    ----------
    path : Path
        File.

    Returns
    -------
    object
        Content; None if it cannot be read.
    """
    try:
        return json.loads(read_file(path, _BYTES))
    except (OSError, ValueError, RecursionError):
        return None


def read_best(path: Path) -> dict[str, dict[str, Any]]:
    """Read the best rows so far; a damaged file has none, for the parts have the numbers.

    Parameters
    ----------
    path : Path
        ``best.json``.

    Returns
    -------
    dict of str to dict
        Best row of each problem and task.
    """
    found = read_json_file(path)
    rows = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    kinds = {"key": str, "sense": str, "task": str, "best": float}
    return {row["key"]: row for row in rows if all(isinstance(row.get(name), kind) for name, kind in kinds.items())}
