"""The results of a study: the rows of all its parts in one file, sorted by the hash of the task.

Numbers that a clock made stand in ``timings.parquet``, so that ``results.parquet`` is the same byte for byte however
often the study was interrupted.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..files.atomic_write import write_file
from .result_parts import RESULTS, TIMINGS, part_schema, result_schema

if TYPE_CHECKING:
    import pyarrow as pa

_GROUP = 1 << 13  # rows of a row group of the results
_PIECE = 1 << 11  # rows that are sorted at one time
_GATHERED = 1 << 12  # rows that are dealt at one time: fewer make more and smaller batches on the disk
_MOST_PIECES = 256
_BUFFER = 1 << 20


def write_results(
    folder: Path,
    tables: Callable[[], Iterator[pa.Table]],
    hashes: Callable[[str, str], list[str]],
    total: int,
) -> None:
    """Write ``results.parquet`` and ``timings.parquet`` of all ended tasks, sorted by hash.

    Rows are dealt into pieces of hashes on disk and each piece is sorted; a row group is the pieces that follow each
    other, joined column by column. Memory is that of one row group, whatever the number of tasks up to two million.

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

    with tempfile.TemporaryDirectory(dir=folder, prefix=".sorting-") as aside:
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
                    pa.default_memory_pool().release_unused()  # Arrow keeps what it has freed, and more each time

        write_file(folder / TIMINGS, partial(write, timings))
        write_file(folder / RESULTS, partial(write, results))


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
            pa.default_memory_pool().release_unused()
    return dealt


def _gather(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join small tables."""
    import pyarrow as pa

    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(each.num_rows for each in held) >= _GATHERED:
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
