"""Rows of finished tasks in Parquet: one part a batch, and at the end one file, sorted by the hash of the task.

A part is written aside, flushed to the disk and renamed before the table of tasks hears of it: a part that the table
does not know is whole and its tasks are done. Numbers that a clock made stand in ``timings.parquet``, so that
``results.parquet`` of a study is the same byte for byte however often it was interrupted.
"""

from __future__ import annotations

import os
import re
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import count
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
_GROUP = 1 << 15  # rows of a row group of the results
_PIECE = 1 << 12  # rows that are sorted at one time
_MOST_PIECES = 256
_BUFFER = 1 << 20


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


def write_part(folder: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write the rows of a batch as the next part.

    Parameters
    ----------
    folder : Path
        Folder of the parts.
    rows : iterable of dict
        Rows; what a row lacks is null.

    Returns
    -------
    int
        Number of the part.

    Raises
    ------
    OSError
        If it cannot be written; nothing is left of it then.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = part_schema()
    given = list(rows)
    columns = [pa.array([row.get(field.name) for row in given], field.type) for field in schema]
    table = pa.table(columns, schema=schema)
    number = max(part_numbers(folder), default=0) + 1

    def fill(file: BinaryIO) -> None:
        pq.write_table(table, file, compression="zstd", write_page_checksum=True)
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


def write_results(
    folder: Path,
    tables: Callable[[], Iterator[pa.Table]],
    hashes: Callable[[str, str], list[str]],
    total: int,
) -> None:
    """Write ``results.parquet`` and ``timings.parquet`` of all ended tasks, sorted by hash.

    Rows are dealt into pieces of hashes on disk and each piece is sorted; a row group is the pieces that follow each
    other, joined column by column. Memory is that of one row group, whatever the number of tasks up to 8 million.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    tables : callable
        Yields the tables of all parts, the later row of a task after the earlier one.
    hashes : callable
        Sorted hashes between two: the tasks of the study that ended.
    total : int
        Number of tasks, on which the size of pieces depends.

    Raises
    ------
    OSError
        If they cannot be written; the old files are left as they were.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    results, timings = result_schema()
    groups = min(_MOST_PIECES, max(1, -(-total // _GROUP)))
    split = max(1, min(-(-total // (groups * _PIECE)), _MOST_PIECES // groups))
    edges = [*(f"{(k << 16) // (groups * split):04x}" for k in range(groups * split)), ""]

    with tempfile.TemporaryDirectory(dir=folder, prefix=".sorting-") as aside, _system_memory():
        dealt = _deal(Path(aside) / "pieces", tables(), edges)

        def write(names: pa.Schema, file: BinaryIO) -> None:
            with pq.ParquetWriter(file, names, compression="zstd", write_page_checksum=True) as writer:
                for first in range(0, groups * split, split):
                    columns: dict[str, list[pa.Array]] = {name: [] for name in names.names}
                    for k in range(first, first + split):
                        piece = _sorted_piece(Path(aside) / "pieces", dealt[k], hashes(edges[k], edges[k + 1]), names)
                        for name, chunks in columns.items():
                            chunks += piece[name].chunks
                    joined = [_joined(columns.pop(each.name), each.type) for each in names]  # a column less each time
                    writer.write_table(pa.table(joined, schema=names))
                    del joined

        write_file(folder / TIMINGS, partial(write, timings))
        write_file(folder / RESULTS, partial(write, results))


@contextmanager
def _system_memory() -> Iterator[None]:
    """Let Arrow take memory from the system, to which it returns: its own pools keep three times what a group needs."""
    import pyarrow as pa

    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def _deal(path: Path, tables: Iterator[pa.Table], edges: list[str]) -> list[list[int]]:
    """Write rows into a file, cut by their hashes; return the numbers of the batches of each piece, in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.ipc as ipc

    dealt: list[list[int]] = [[] for _ in edges[1:]]
    number = count()
    with (
        pa.BufferedOutputStream(pa.OSFile(str(path), "wb"), _BUFFER) as sink,
        ipc.new_file(sink, part_schema()) as file,
    ):
        for gathered in _gather(tables):
            table = gathered.take(pc.sort_indices(gathered["task"])).combine_chunks()  # stable: later rows stay later
            keys = table["task"].to_pylist()
            cuts = [bisect_left(keys, edge) for edge in edges[:-1]]
            for batches, low, high in zip(dealt, cuts, [*cuts[1:], len(keys)], strict=True):
                if low < high:
                    file.write_table(table.slice(low, high - low))
                    batches.append(next(number))
    return dealt


def _gather(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join small tables."""
    import pyarrow as pa

    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(each.num_rows for each in held) >= _PIECE:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _sorted_piece(path: Path, batches: list[int], hashes: list[str], names: pa.Schema) -> pa.Table:
    """Return the last row of each hash."""
    import pyarrow as pa
    import pyarrow.ipc as ipc

    with pa.OSFile(str(path)) as source, ipc.open_file(source) as file:
        table = pa.Table.from_batches([file.get_batch(number) for number in batches], part_schema())
    last = {key: number for number, key in enumerate(table["task"].to_pylist())}
    order = [last[key] for key in hashes if key in last]
    return table.select(names.names).combine_chunks().take(pa.array(order, pa.int64()))


def _joined(chunks: list[pa.Array], kind: pa.DataType) -> pa.Array:
    """Copy the chunks of a column into one array."""
    import pyarrow as pa

    return pa.concat_arrays(chunks) if chunks else pa.array([], kind)


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
