r"""Rows of a study as arrays over settings, problems and devices.

A device is a pair of seed and chip: a chip that was drawn, or a new set of streams. Where no best value is known, the
best of the study is the reference of quality and success. Energy and time of a read include the share of the setup:

.. math:: E = E_{read} + E_{setup} / \mathrm{reads}, \qquad
          E_{solution} = E_{setup} + n(p)\, E_{read}
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..study.time_to_solution import reads_to_solution
from .result_parts import RESULTS, TIMINGS, part_numbers, read_parquet, read_part
from .study_folder import ABOUT, PARTS, read_json_file
from .task_table import StudyError

if TYPE_CHECKING:
    import pyarrow as pa

_SAME = 1e-9
_COLUMNS = [
    "task", "problem", "problem_sha256", "work", "beta", "kind", "target", "parameters", "status", "seed", "chip",
    "repeat", "reads", "successes", "quality", "best", "kl", "scores", "energy_per_read_j", "setup_energy_j",
    "time_per_read_s",
]  # fmt: skip
_MEASURED = [f"measured_{name}" for name in ("energy_per_read_j", "setup_energy_j", "time_per_read_s")]
NAMES = ("success", "quality", "energy", "latency", "setup", "energy_of_read", "kl")


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
    """Rows of tasks, added part by part; a later row of a task replaces an earlier one."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}

    def add(self, table: pa.Table) -> None:
        """Add the rows of a part, or of results joined with timings.

        Parameters
        ----------
        table : pyarrow.Table
            Rows.
        """
        names = [name for name in (*_COLUMNS, *_MEASURED) if name in table.schema.names]
        for row in table.select(names).to_pylist():
            for name in _MEASURED:
                value = row.pop(name, None)
                if value is not None:
                    row[name.removeprefix("measured_")] = value
            self.rows[row.pop("task")] = row

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
        rows = list(self.rows.values())
        if not by_beta:
            rows = [{**row, "beta": None} for row in rows]
        settings = _numbered((row["target"], row["parameters"], row["beta"]) for row in rows)
        work = _numbered(_work_key(row) for row in rows)
        devices = _numbered((row["seed"], row["chip"]) for row in rows)
        best = _best_scores(rows)
        shape = (len(settings), len(work), len(devices))
        sums = {name: np.zeros(shape) for name in NAMES}
        counts = {name: np.zeros(shape) for name in NAMES}
        for row in rows:
            if row["status"] != "ok":
                continue
            key = _work_key(row)
            setting = settings[row["target"], row["parameters"], row["beta"]]
            place = setting, work[key], devices[row["seed"], row["chip"]]
            for name, value in _numbers(row, best.get(key), success_gap).items():
                if value is not None:
                    sums[name][place] += value
                    counts[name][place] += 1
        with np.errstate(invalid="ignore"):
            values = {name: sums[name] / np.where(counts[name], counts[name], np.nan) for name in NAMES}
        success = values["success"].ravel()
        reads = np.array([reads_to_solution(min(float(p), 1.0)) if np.isfinite(p) else np.nan for p in success])
        values["energy_to_solution"] = values["setup"] + reads.reshape(shape) * values["energy_of_read"]
        labels = tuple(f"{problem}, {task}" for problem, _, task in work)
        statuses = [row["status"] for row in rows]
        chosen = tuple((target, _parameters(text, beta)) for target, text, beta in settings)
        unfit = statuses.count("does not fit")
        return StudySummary(chosen, labels, tuple(devices), values, statuses.count("failed"), unfit)


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
    if not rows.rows:
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


def _work_key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["problem"], row["problem_sha256"], row["work"]


def _parameters(text: str, beta: float | None) -> dict[str, Any]:
    return json.loads(text) | ({} if beta is None else {"beta": beta})


def _numbered(keys: Any) -> dict[Any, int]:
    return {key: number for number, key in enumerate(sorted(set(keys), key=repr))}


def _best_scores(rows: list[dict[str, Any]]) -> dict[Any, tuple[float, bool]]:
    """Best score of each problem without a best value known, and whether a low one is good."""
    found: dict[Any, tuple[float, bool]] = {}
    for row in rows:
        if row["quality"] is None and row["best"] is not None:
            key = _work_key(row)
            low = row["kind"] in ("tsp", "ising") or row["work"] == "sample"
            value, _ = found.get(key, (row["best"], low))
            found[key] = (min(value, row["best"]) if low else max(value, row["best"]), low)
    return found


def _numbers(row: Mapping[str, Any], best: tuple[float, bool] | None, gap: float) -> dict[str, float | None]:
    success, quality = row["successes"], row["quality"]
    if quality is None and best is not None and row["scores"]:
        scores = np.array([np.nan if score is None else score for score in row["scores"]])
        scale = abs(best[0]) or 1.0
        gaps = (scores - best[0] if best[1] else best[0] - scores) / scale
        success = int((gaps <= gap + _SAME).sum())
        quality = float(np.where(np.isfinite(gaps), 1.0 - np.clip(gaps, 0.0, 1.0), 0.0).mean())
    setup, energy = row["setup_energy_j"] or 0.0, row["energy_per_read_j"]
    found = {"success": None if success is None else success / row["reads"], "quality": quality, "setup": setup}
    found |= {
        "energy_of_read": energy,
        "energy": None if energy is None else energy + setup / row["reads"],
        "kl": row["kl"],
    }
    return found | {"latency": row["time_per_read_s"]}
