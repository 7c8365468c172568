"""Join the shards of a study: the rows of all folders, sorted by hash, as if one coordinator had written them."""

from __future__ import annotations

import heapq
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files.atomic_write import write_file
from ..files.json_values import json_value
from .batch_worker import better
from .result_parts import part_numbers, read_part, require_parquet
from .sorted_results import write_results
from .study_folder import ABOUT, BEST, PARTS, TABLE, read_best, read_json_file
from .study_lock import study_lock
from .study_state import StudyState
from .task_table import StudyError, TaskTable, open_table, table_errors

if TYPE_CHECKING:
    import pyarrow as pa


def merge_shards(
    folders: Sequence[str | os.PathLike[str]] | str | os.PathLike[str], out: str | os.PathLike[str] | None = None
) -> StudyState:
    """Write the results of all shards into one folder.

    Parameters
    ----------
    folders : path or sequence of paths
        Folder that holds all shards, or the shards.
    out : path or None
        Folder of the results; None: the one that holds the first shard.

    Returns
    -------
    StudyState
        Tasks of all shards; its notes name shards that are missing.

    Raises
    ------
    ValueError
        If there are none, they are of different studies, one is still running or damaged.
    """
    require_parquet()
    given = [folders] if isinstance(folders, (str, os.PathLike)) else list(folders)
    shards = [shard for folder in given for shard in _shards(Path(folder))]
    if not shards:
        raise StudyError(f"{given[0]} holds no shard-I-of-N; run 'neuromorph sweep STUDY.toml --shard I/N' first")
    about = [_about(shard) for shard in shards]
    first = about[0]
    for shard, each in zip(shards, about, strict=True):
        for what, name in (("study_sha256", "another study"), ("versions", "other versions")):
            if each.get(what) != first.get(what):
                raise StudyError(f"{shard} is of {name} than {shards[0]}; merge those of one study")
    numbers = [tuple(each["shard"]) for each in about]
    n = numbers[0][1]
    if len(set(numbers)) < len(numbers) or any(each[1] != n for each in numbers):
        raise StudyError(f"shards are {', '.join(f'{i}/{k}' for i, k in numbers)}; give each part of one division once")
    missing = [str(i) for i in range(1, n + 1) if (i, n) not in numbers]
    place = Path(out) if out is not None else shards[0].parent
    with ExitStack() as stack:
        tables = []
        for shard in shards:
            stack.enter_context(study_lock(shard))
            tables.append(stack.enter_context(closing(open_table(shard / TABLE))))
        with table_errors(shards[0] / TABLE):
            state = _merged(place, shards, tables, first)
    notes = (f"parts {', '.join(missing)} of {n} are missing",) if missing else ()
    return StudyState(place, state.name, state.total, state.done, state.failed, notes=notes)


def _merged(place: Path, shards: list[Path], tables: list[TaskTable], about: dict[str, Any]) -> StudyState:
    counts = [sum(each) for each in zip(*(table.counts() for table in tables), strict=True)]

    def rows() -> Iterator[pa.Table]:
        for shard in shards:
            for number in part_numbers(shard / PARTS):
                yield read_part(shard / PARTS, number)

    def hashes(low: str, high: str) -> list[str]:
        return list(heapq.merge(*(table.ended_hashes(low, high) for table in tables)))

    best: dict[str, dict[str, Any]] = {}
    for shard in shards:
        for key, each in read_best(shard / BEST).items():
            best[key] = better(best.get(key), each)
    try:
        place.mkdir(parents=True, exist_ok=True)
        write_results(place, rows, hashes, counts[0])
        write_file(place / BEST, json.dumps(json_value(list(best.values())), indent=1) + "\n")
        write_file(place / ABOUT, json.dumps({**about, "shard": None}, indent=1) + "\n")
    except OSError as error:
        raise StudyError(
            f"cannot write {place}: {error.strerror or error}; choose another folder with --out"
        ) from error
    return StudyState(place, str(about.get("name", "study")), *counts)


def _shards(folder: Path) -> list[Path]:
    if re.fullmatch(r"shard-\d+-of-\d+", folder.name):
        return [folder]
    if not folder.is_dir():
        raise StudyError(f"{folder} is no folder; give the one that holds the shards")
    return sorted(each for each in folder.iterdir() if re.fullmatch(r"shard-\d+-of-\d+", each.name) and each.is_dir())


def _about(shard: Path) -> dict[str, Any]:
    found = read_json_file(shard / ABOUT)
    numbers = found.get("shard") if isinstance(found, dict) else None
    whole = isinstance(numbers, list) and len(numbers) == 2 and all(isinstance(each, int) for each in numbers)
    if not whole:
        raise StudyError(f"{shard / ABOUT} is missing or damaged; run that shard again")
    return dict(found)
