"""Table of tasks in SQLite: which are done, which failed, and in which part their rows are.

One coordinator writes it. It is an index: study and parts can make it anew. A transaction in the write-ahead log is
whole or absent, whenever the process ends (https://sqlite.org/wal.html); FULL makes it wait for the disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from .study_tasks import SweepTask

WAITING, DONE, FAILED = 0, 1, 2

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE settings (id INTEGER PRIMARY KEY, target TEXT NOT NULL, parameters TEXT NOT NULL, round INTEGER NOT NULL,
                       UNIQUE (target, parameters));
CREATE TABLE tasks (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, work INTEGER NOT NULL, setting INTEGER NOT NULL,
                    seed INTEGER NOT NULL, chip INTEGER NOT NULL, repeat INTEGER NOT NULL, reads INTEGER NOT NULL,
                    state INTEGER NOT NULL DEFAULT 0, part INTEGER, seconds REAL, error TEXT);
"""
_CHUNK = 5_000  # tasks of one statement


class StudyError(ValueError):
    """Error of a study's folder; the message says what to do."""


class TaskTable:
    """Table of tasks of a study; open it with :func:`open_table`.

    Attributes
    ----------
    path : Path
        File.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path, self._sql = path, connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all changes of the block, or none.

        Yields
        ------
        None
            Control to the block.
        """
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._sql.in_transaction:  # SQLite itself ends one on a full disk
                self._sql.execute("ROLLBACK")
            raise
        self._sql.execute("COMMIT")

    def get(self, key: str) -> str | None:
        """Return a value that the table keeps of the study.

        Parameters
        ----------
        key : str
            Name.

        Returns
        -------
        str or None
            Value; None if there is none.
        """
        row = self._sql.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: str, value: str) -> None:
        """Keep a value of the study.

        Parameters
        ----------
        key, value : str
            Name and value.
        """
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def add_setting(self, target: str, parameters: str, round_: int = 0) -> int:
        """Add a setting.

        Parameters
        ----------
        target, parameters : str
            Target, and its parameters as JSON.
        round_ : int
            Round of a refinement, or trial of a search, that asks for it.

        Returns
        -------
        int
            Its number, also if it was there already.
        """
        made = self._sql.execute(
            "INSERT OR IGNORE INTO settings (target, parameters, round) VALUES (?, ?, ?)", (target, parameters, round_)
        )
        if made.rowcount > 0:
            return int(made.lastrowid or 0)
        same = "SELECT id FROM settings WHERE target = ? AND parameters = ?"
        return int(self._sql.execute(same, (target, parameters)).fetchone()[0])

    def clear(self) -> None:
        """Forget all settings and tasks: those of another study, whose parts stay."""
        self._sql.execute("DELETE FROM tasks")
        self._sql.execute("DELETE FROM settings")

    def settings(self) -> Iterator[tuple[str, str, int]]:
        """List the settings.

        Yields
        ------
        target, parameters, round
            Setting, and the round that asked for it.
        """
        yield from self._sql.execute("SELECT target, parameters, round FROM settings ORDER BY id")

    def add_tasks(self, setting: int, tasks: Iterable[SweepTask]) -> None:
        """Add tasks of a setting; a task that is there stays as it is.

        Parameters
        ----------
        setting : int
            Number of the setting.
        tasks : iterable of SweepTask
            Tasks.
        """
        rows = ((bytes.fromhex(t.key), t.work, setting, t.seed, t.chip, t.repeat, t.reads) for t in tasks)
        while chunk := list(islice(rows, _CHUNK)):
            self._sql.executemany(
                "INSERT OR IGNORE INTO tasks (hash, work, setting, seed, chip, repeat, reads)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                chunk,
            )

    def waiting(self, after: int, most: int) -> list[tuple[int, SweepTask]]:
        """Return the next tasks that are not done.

        Parameters
        ----------
        after : int
            Number of the last task that was taken.
        most : int
            Largest number of tasks.

        Returns
        -------
        list of (int, SweepTask)
            Tasks with their numbers.
        """
        rows = self._sql.execute(
            "SELECT t.id, lower(hex(hash)), work, target, parameters, seed, chip, repeat, reads FROM tasks t"
            " JOIN settings s ON s.id = t.setting WHERE t.id > ? AND state = 0 ORDER BY t.id LIMIT ?",
            (after, most),
        )
        same: dict[str, str] = {}  # one string for all tasks of a setting, where SQLite makes one a row
        return [
            (number, SweepTask(key, work, same.setdefault(target, target), same.setdefault(given, given), *rest))
            for number, key, work, target, given, *rest in rows
        ]

    def mark(self, ended: Iterable[tuple[str, bool, int, float, str | None]]) -> None:
        """Mark tasks as done or failed.

        Parameters
        ----------
        ended : iterable of (str, bool, int, float, str or None)
            Hash, whether it is done, number of the part with its row, seconds, and error of each task.
        """
        self._sql.executemany(
            "UPDATE tasks SET state = ?, part = ?, seconds = ?, error = ? WHERE hash = ?",
            (
                (DONE if ok else FAILED, part, seconds, error, bytes.fromhex(key))
                for key, ok, part, seconds, error in ended
            ),
        )

    def retry_failed(self) -> int:
        """Let failed tasks wait again.

        Returns
        -------
        int
            Number of tasks.
        """
        return self._sql.execute("UPDATE tasks SET state = 0 WHERE state = 2").rowcount

    def counts(self) -> tuple[int, int, int]:
        """Count the tasks.

        Returns
        -------
        total, done, failed : int
            Numbers of tasks.
        """
        found = dict(self._sql.execute("SELECT state, count(*) FROM tasks GROUP BY state"))
        return sum(found.values()), found.get(DONE, 0), found.get(FAILED, 0)

    def parts(self) -> set[int]:
        """Return the numbers of the parts that tasks name.

        Returns
        -------
        set of int
            Numbers.
        """
        return {row[0] for row in self._sql.execute("SELECT DISTINCT part FROM tasks WHERE part IS NOT NULL")}

    def ended_hashes(self, low: str, high: str) -> list[str]:
        """Return the sorted hashes of ended tasks between two.

        Parameters
        ----------
        low, high : str
            Bounds, low <= hash < high, as hexadecimal digits; an empty ``high`` is no bound.

        Returns
        -------
        list of str
            Hashes.
        """
        rows = self._sql.execute(
            "SELECT lower(hex(hash)) FROM tasks WHERE hash >= ? AND (? = '' OR hash < ?) AND state > 0 ORDER BY hash",
            (bytes.fromhex(low), high, bytes.fromhex(high)),
        )
        return [row[0] for row in rows]

    def failures(self, most: int = 10) -> tuple[tuple[str, str, str, int], ...]:
        """Return the errors of failed tasks.

        Parameters
        ----------
        most : int
            Largest number.

        Returns
        -------
        tuple of (str, str, str, int)
            Target, parameters and error, and how many tasks have them.
        """
        rows = self._sql.execute(
            "SELECT target, parameters, coalesce(error, '') AS why, count(*) FROM tasks t"
            " JOIN settings s ON s.id = t.setting WHERE state = 2 GROUP BY s.id, why ORDER BY s.id LIMIT ?",
            (most,),
        )
        return tuple((target, parameters, why, count) for target, parameters, why, count in rows)

    def close(self) -> None:
        """Close the file."""
        self._sql.close()


def open_table(path: Path) -> TaskTable:
    """Open the table, or make an empty one.

    Parameters
    ----------
    path : Path
        File.

    Returns
    -------
    TaskTable
        Table, to be closed.

    Raises
    ------
    StudyError
        If it is damaged, or cannot be written.
    """
    with table_errors(path):
        sql = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        try:
            sql.execute("PRAGMA journal_mode = WAL")
            sql.execute("PRAGMA synchronous = FULL")
            if not sql.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                sql.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
            state = sql.execute("PRAGMA quick_check(1)").fetchone()[0]
            if state != "ok":
                raise sqlite3.DatabaseError(state)
            sql.execute("SELECT state, part, error FROM tasks LIMIT 1")
        except BaseException:
            sql.close()
            raise
        return TaskTable(path, sql)


@contextmanager
def table_errors(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into :class:`StudyError` with a remedy.

    Parameters
    ----------
    path : Path
        File of the table.

    Yields
    ------
    None
        Control to the block.

    Raises
    ------
    StudyError
        For any error of SQLite.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        said = str(error)
        if "full" in said or "disk I/O" in said:
            raise StudyError(f"cannot write {path}: {said}; what is done is kept: make room and start again") from error
        if "no such" in said:
            raise StudyError(_damaged(path, said)) from error
        raise StudyError(
            f"cannot write {path}: {said}; make its folder writable, or choose another with --out"
        ) from error
    except sqlite3.DatabaseError as error:
        raise StudyError(_damaged(path, str(error))) from error


def _damaged(path: Path, said: str) -> str:
    return f"{path} is damaged ({said}); no results are in it: --rebuild makes it anew from the study and its parts"
