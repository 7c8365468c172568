"""Rows of finished tasks in Parquet: one part a batch, which its worker makes and the coordinator writes as it is.

A part is written aside, flushed to the disk and renamed before the table of tasks hears of it: a part that the table
does not know is whole and its tasks are done. A row as Python objects takes twenty times the memory of one in a part:
none travels between processes, and the coordinator makes none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..files.atomic_write import write_file
from .task_table import StudyError

if TYPE_CHECKING:
    import pyarrow as pa

RESULTS, TIMINGS = "results.parquet", "timings.parquet"

_TEXT = ("task", "problem", "problem_sha256", "kind", "work", "target", "parameters", "status", "reason")
_WHOLE = ("size", "seed", "chip", "repeat", "reads", "feasible", "successes")
_PRICES = (
    "energy_per_read_j", "energy_low_j", "energy_high_j", "core_energy_per_read_j", "setup_energy_j", "time_per_read_s",
    "time_low_s", "time_high_s",
)  # fmt: skip
_NUMBERS = ("beta", "best", "mean", "median", "quality", "mean_energy", "kl", "mapping_error", *_PRICES)
_CLOCK = ("program_s", "run_s", "seconds", "finished", *(f"measured_{name}" for name in _PRICES))


def require_parquet() -> None:
    """Require the package that reads and writes Parquet.

    Raises
    ------
    StudyError
        If it is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise StudyError("studies need pyarrow for their results; pip install 'neuromorph[sweep]'") from None


def result_schema() -> tuple[pa.Schema, pa.Schema]:
    """Return the columns of the results and of the timings.

    Returns
    -------
    results, timings : pyarrow.Schema
        Both begin with ``task``.
    """
    import pyarrow as pa

    results = [(name, pa.string()) for name in _TEXT] + [(name, pa.int64()) for name in _WHOLE]
    results += [(name, pa.float64()) for name in _NUMBERS]
    results += [("one_chip", pa.bool_()), ("scores", pa.list_(pa.float64()))]
    timings = [("task", pa.string())] + [(name, pa.float64()) for name in _CLOCK]
    timings += [("worker", pa.string()), ("traceback", pa.string())]
    return pa.schema(results), pa.schema(timings)


def part_schema() -> pa.Schema:
    """Return the columns of a part: those of results and timings.

    Returns
    -------
    pyarrow.Schema
        Schema.
    """
    import pyarrow as pa

    results, timings = result_schema()
    return pa.schema([*results, *(field for field in timings if field.name != "task")])


def part_bytes(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Make the content of a part.

    Parameters
    ----------
    rows : iterable of dict
        Rows; what a row lacks is null.

    Returns
    -------
    bytes
        Parquet.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema, given = part_schema(), list(rows)
    columns = [pa.array([row.get(field.name) for row in given], field.type) for field in schema]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns, schema=schema), sink, compression="zstd", write_page_checksum=True)
    return bytes(sink.getvalue())


def write_part(folder: Path, content: bytes) -> int:
    """Write the next part.

    Parameters
    ----------
    folder : Path
        Folder of the parts.
    content : bytes
        Parquet of :func:`part_bytes`.

    Returns
    -------
    int
        Number of the part.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left of it then.
    """
    number = max(part_numbers(folder), default=0) + 1

    def fill(file: BinaryIO) -> None:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

    write_file(folder / f"{number:08d}.parquet", fill)
    _flush_folder(folder)
    return number


def part_numbers(folder: Path) -> list[int]:
    """List the parts of a folder.

    Parameters
    ----------
    folder : Path
        Folder of the parts.

    Returns
    -------
    list of int
        Numbers, ascending.
    """
    if not folder.is_dir():
        return []
    return sorted(int(found[1]) for name in os.listdir(folder) if (found := re.fullmatch(r"(\d{8,})\.parquet", name)))


def read_part(folder: Path, number: int, columns: list[str] | None = None) -> pa.Table:
    """Read a part.

    Parameters
    ----------
    folder : Path
        Folder of the parts.
    number : int
        Its number.
    columns : list of str or None
        Columns; None takes all.

    Returns
    -------
    pyarrow.Table
        Rows.

    Raises
    ------
    StudyError
        If it cannot be read.
    """
    path = folder / f"{number:08d}.parquet"
    found = read_parquet(path, columns, "remove it and say --rebuild: its tasks run again")
    if columns is None and found.schema.names != part_schema().names:
        raise StudyError(f"{path} has other columns than this version writes; choose another folder with --out")
    return found


def read_parquet(path: Path, columns: list[str] | None = None, remedy: str = "give a whole copy") -> pa.Table:
    """Read a Parquet file whole.

    Parameters
    ----------
    path : Path
        File.
    columns : list of str or None
        Columns; None takes all.
    remedy : str
        What helps if it is damaged.

    Returns
    -------
    pyarrow.Table
        Rows.

    Raises
    ------
    StudyError
        If it cannot be read.
    """
    require_parquet()
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, page_checksum_verification=True).read(columns, use_threads=False)
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise StudyError(f"{path} is damaged or unreadable ({said[:200]}); {remedy}") from None


def _flush_folder(folder: Path) -> None:
    """Flush the names of a folder to the disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
