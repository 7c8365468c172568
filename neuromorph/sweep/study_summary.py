r"""Rows of a study as arrays over settings, problems and devices.

A device is a pair of seed and chip: a chip that was drawn, or a new set of streams. Where no best value is known, the
best of the study is the reference of quality and success. Energy and time of a read include the share of the setup:

.. math:: E = E_{read} + E_{setup} / \mathrm{reads}, \qquad
          E_{solution} = E_{setup} + n(p)\, E_{read}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..study.time_to_solution import reads_to_solution
from .result_parts import RESULTS, TIMINGS, part_numbers, read_parquet, read_part
from .study_folder import ABOUT, PARTS, read_json_file
from .task_table import StudyError

if TYPE_CHECKING:
    import pyarrow as pa

Key = TypeVar("Key")

_SAME = 1e-9
_KEYS = ("task", "problem", "problem_sha256", "work", "beta", "kind", "target", "parameters", "status", "seed", "chip")
_NUMBERS = (
    "reads", "successes", "quality", "best", "kl", "energy_per_read_j", "setup_energy_j", "time_per_read_s"
)  # fmt: skip
_MEASURED = [f"measured_{name}" for name in ("energy_per_read_j", "setup_energy_j", "time_per_read_s")]


@dataclass(frozen=True, eq=False)
class StudySummary:
    """Numbers of a study.

    Attributes
    ----------
    settings : tuple of (str, dict)
        Target and parameters; the inverse temperature of a task to sample is one of them, ``beta``.
    work : tuple of str
        Problems with their tasks.
    devices : tuple of (int, int)
        Seed and chip.
    values : dict of str to (settings, work, devices) float
        ``success``, ``quality``; ``energy`` of a read, J; ``latency``, s; ``setup``, J; ``energy_to_solution``, J, at
        99 %; ``energy_of_read`` without a share of the setup, J; ``kl``, nats. NaN where there is none.
    failed, unfit : int
        Numbers of tasks that failed, and that a target could not hold.
    """

    settings: tuple[tuple[str, Mapping[str, Any]], ...]
    work: tuple[str, ...]
    devices: tuple[tuple[int, int], ...]
    values: Mapping[str, NDArray[np.float64]]
    failed: int = 0
    unfit: int = 0

    def pooled_energy_to_solution(self) -> NDArray[np.float64]:
        """Compute the energy to solution where success is pooled over devices.

        Returns
        -------
        (settings,) float
            Geometric mean over problems, J; infinite where one was never solved, NaN where one has no numbers.
        """
        shape = self.values["success"].shape
        means = {}
        for name in ("success", "setup", "energy_of_read"):
            flat = self.values[name].reshape(-1, shape[2])
            means[name] = mean_over_devices(flat).reshape(shape[:2])
        pooled = means["success"].ravel()
        reads = np.array([reads_to_solution(min(float(p), 1.0)) if np.isfinite(p) else np.nan for p in pooled])
        return np.exp(np.log(means["setup"] + reads.reshape(shape[:2]) * means["energy_of_read"]).mean(axis=1))

    def over_work(self, name: str) -> NDArray[np.float64]:
        """Average a number over problems.

        Parameters
        ----------
        name : str
            Name of the number, or "accuracy", which is the quality.

        Returns
        -------
        (settings, devices) float
            Mean; geometric mean of energies and times. NaN where a problem has none.
        """
        values = self.values["quality" if name == "accuracy" else name]
        if name in ("energy", "latency", "setup", "energy_of_read", "energy_to_solution"):
            with np.errstate(divide="ignore"):
                return np.exp(np.log(values).mean(axis=1))
        return np.asarray(values.mean(axis=1))


class SummaryRows:
    """Columns of tasks, added part by part; a later row of a task replaces an earlier one."""

    def __init__(self) -> None:
        self._parts: list[dict[str, NDArray[Any]]] = []
        self._joined = False
        self._settings: dict[tuple[str, str, float | None], int] = {}
        self._work: dict[tuple[str, str, str], int] = {}
        self._devices: dict[tuple[int, int], int] = {}

    def __len__(self) -> int:
        return len(self._columns()["task"]) if self._parts else 0

    def count(self, status: str) -> int:
        """Count the tasks that ended so.

        Parameters
        ----------
        status : str
            "ok", "failed" or "does not fit".

        Returns
        -------
        int
            Number of tasks.
        """
        return int((self._columns()["status"] == status.encode()).sum()) if self._parts else 0

    def add(self, table: pa.Table) -> None:
        """Add the rows of a part, or of results joined with timings.

        Parameters
        ----------
        table : pyarrow.Table
            Rows.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        plain = {name: table[name].to_pylist() for name in _KEYS}
        work = zip(plain["problem"], plain["problem_sha256"], plain["work"], strict=True)
        settings = zip(plain["target"], plain["parameters"], plain["beta"], strict=True)
        low = [
            kind in ("tsp", "ising") or asked == "sample"
            for kind, asked in zip(plain["kind"], plain["work"], strict=True)
        ]
        rows: dict[str, NDArray[Any]] = {
            "task": np.array([text.encode() for text in plain["task"]], "S32"),
            "status": np.array([text.encode() for text in plain["status"]], "S12"),
            "setting": _codes(self._settings, settings),
            "work": _codes(self._work, work),
            "device": _codes(self._devices, zip(plain["seed"], plain["chip"], strict=True)),
            "low": np.array(low, bool),
            "scores": np.full(table.num_rows, None, object),
        }
        for name in _NUMBERS:
            values = table[name]
            if (measured := f"measured_{name}") in table.schema.names:
                values = pc.coalesce(table[measured], values)
            rows[name] = np.array(pc.cast(values, pa.float64()).to_numpy(), float)
        for k in np.flatnonzero(np.isnan(rows["quality"]) & np.isfinite(rows["best"])):  # others need theirs no more
            scores = table["scores"][int(k)].as_py()
            rows["scores"][k] = np.array([np.nan if score is None else score for score in scores]) if scores else None
        self._parts.append(rows)
        self._joined = False

    def summary(self, success_gap: float = 0.0, *, by_beta: bool = True) -> StudySummary:
        """Arrange the rows in arrays.

        Parameters
        ----------
        success_gap : float
            Relative distance from the best score of the study up to which a read succeeds, where no best value is
            known.
        by_beta : bool
            Whether inverse temperatures make settings of their own, rather than means over them.

        Returns
        -------
        StudySummary
            Numbers, means over repeats.
        """
        rows = self._columns()
        setting, settings = _places((target, text, beta if by_beta else None) for target, text, beta in self._settings)
        problem, work = _places(self._work)
        device, devices = _places(self._devices)
        shape = (len(settings), len(work), len(devices))
        flat = np.ravel_multi_index((setting[rows["setting"]], problem[rows["work"]], device[rows["device"]]), shape)
        ok, values = rows["status"] == b"ok", {}
        for name, numbers in _numbers(rows, success_gap).items():
            there = ok & ~np.isnan(numbers)
            sums, counts = (np.bincount(flat[there], weights, np.prod(shape)) for weights in (numbers[there], None))
            with np.errstate(invalid="ignore"):
                values[name] = (sums / np.where(counts, counts, np.nan)).reshape(shape)
        success = values["success"].ravel()
        reads = np.array([reads_to_solution(min(float(p), 1.0)) if np.isfinite(p) else np.nan for p in success])
        values["energy_to_solution"] = values["setup"] + reads.reshape(shape) * values["energy_of_read"]
        labels = tuple(f"{problem}, {task}" for problem, _, task in work)
        chosen = tuple((target, _parameters(text, beta)) for target, text, beta in settings)
        return StudySummary(chosen, labels, tuple(devices), values, self.count("failed"), self.count("does not fit"))

    def _columns(self) -> dict[str, NDArray[Any]]:
        """Join the parts: the last row of each task, sorted, so that sums do not depend on the order of parts."""
        if not self._joined:
            tasks = np.concatenate([part["task"] for part in self._parts])
            _, last = np.unique(tasks[::-1], return_index=True)
            kept = len(tasks) - 1 - last
            self._parts = [
                {name: np.concatenate([part[name] for part in self._parts])[kept] for name in self._parts[0]}
            ]
            self._joined = True
        return self._parts[0]


def read_summary(folder: str | os.PathLike[str], *, by_beta: bool = True) -> StudySummary:
    """Read the results of a study, finished or not.

    Parameters
    ----------
    folder : path
        Folder of a study, or of merged shards.
    by_beta : bool
        Whether inverse temperatures make settings of their own, rather than means over them.

    Returns
    -------
    StudySummary
        Numbers.

    Raises
    ------
    ValueError
        If there are none, or a file is damaged.
    """
    place, rows = Path(folder), SummaryRows()
    if (place / RESULTS).exists():
        rows.add(read_results(place))
    else:
        for number in part_numbers(place / PARTS):
            rows.add(read_part(place / PARTS, number))
    if not len(rows):
        raise StudyError(f"{place} has no results of a study; run 'neuromorph sweep STUDY.toml --out {place}' first")
    return rows.summary(study_success_gap(place), by_beta=by_beta)


def read_results(folder: Path) -> pa.Table:
    """Read the results of a finished study, measured energies and times included.

    Parameters
    ----------
    folder : Path
        Folder of the study.

    Returns
    -------
    pyarrow.Table
        Rows, sorted by the hash of the task.

    Raises
    ------
    StudyError
        If a file is missing or damaged.
    """
    import pyarrow.compute as pc

    results = read_parquet(folder / RESULTS)
    timings = read_parquet(folder / TIMINGS, ["task", *_MEASURED])
    if results["task"] != timings["task"]:
        raise StudyError(f"{folder / TIMINGS} is not of the same run as {RESULTS}; run the study once more")
    for name in _MEASURED:
        plain = name.removeprefix("measured_")
        merged = pc.coalesce(results[plain], timings[name])
        results = results.set_column(results.schema.get_field_index(plain), plain, merged)
    return results


def mean_over_devices(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average over the devices that have a number.

    Parameters
    ----------
    values : (settings, devices) float
        Numbers; NaN where there is none.

    Returns
    -------
    (settings,) float
        Means; NaN where no device has one.
    """
    there = np.isfinite(values)
    count = there.sum(axis=1)
    return np.where(count > 0, np.where(there, values, 0.0).sum(axis=1) / np.maximum(count, 1), np.nan)


def study_success_gap(folder: Path) -> float:
    """Return the success gap of a study.

    Parameters
    ----------
    folder : Path
        Its folder.

    Returns
    -------
    float
        Relative distance; 0 if unknown.
    """
    about = read_json_file(folder / ABOUT)
    value = about.get("success_gap", 0.0) if isinstance(about, dict) else 0.0
    return float(value) if isinstance(value, (int, float)) else 0.0


def _places(keys: Iterable[Key]) -> tuple[NDArray[np.int64], list[Key]]:
    """Return the place of each key among the distinct ones in order, and those."""
    given = list(keys)
    distinct = sorted(set(given), key=repr)
    places = {key: place for place, key in enumerate(distinct)}
    return np.array([places[key] for key in given], np.int64), distinct


def _codes(known: dict[Any, int], keys: Iterable[Any]) -> NDArray[np.int64]:
    """Return the numbers of keys in the order of their first appearance."""
    return np.array([known.setdefault(key, len(known)) for key in keys], np.int64)


def _parameters(text: str, beta: float | None) -> dict[str, Any]:
    return json.loads(text) | ({} if beta is None else {"beta": beta})


def _numbers(rows: Mapping[str, NDArray[Any]], gap: float) -> dict[str, NDArray[np.float64]]:
    """Numbers of each row, NaN where there is none; the best of the study stands for a best value not known."""
    success, quality, reads = rows["successes"].copy(), rows["quality"].copy(), rows["reads"]
    unknown = np.isnan(quality) & np.isfinite(rows["best"])
    for work in np.unique(rows["work"][unknown]):
        mine = np.flatnonzero(unknown & (rows["work"] == work))
        low = rows["low"][mine[0]]
        best = (np.min if low else np.max)(rows["best"][mine])
        for k in mine:
            if (scores := rows["scores"][k]) is not None:
                gaps = (scores - best if low else best - scores) / (abs(best) or 1.0)
                success[k] = (gaps <= gap + _SAME).sum()
                quality[k] = np.where(np.isfinite(gaps), 1.0 - np.clip(gaps, 0.0, 1.0), 0.0).mean()
    setup, energy = np.nan_to_num(rows["setup_energy_j"]), rows["energy_per_read_j"]
    found = {"quality": quality, "setup": setup, "energy_of_read": energy, "kl": rows["kl"]}
    with np.errstate(divide="ignore", invalid="ignore"):  # what failed has no reads
        found |= {"success": success / reads, "energy": energy + setup / reads}
    return found | {"latency": rows["time_per_read_s"]}
