"""``neurobench-courses.jsonl``: the runs of a NeuroBench report as they end, from which a stopped command goes on.

The first line holds what the runs were asked with; the others one run each. A line that was cut short is left out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..bench import WorkloadRun
from ..bench.race import Course
from .arguments import BadInput

COURSES = "neurobench-courses.jsonl"


class Courses:
    """The file of the runs.

    Parameters
    ----------
    folder : Path or None
        Folder; None keeps nothing.
    asked : dict
        What runs have to be asked with to be taken: time, seed, version.
    """

    def __init__(self, folder: Path | None, asked: dict[str, Any]) -> None:
        self._path = None if folder is None else folder / COURSES
        self._asked = asked

    def earlier(self) -> dict[tuple[int, float, int], WorkloadRun]:
        """Read the runs that are there, or begin the file if they were asked otherwise.

        Returns
        -------
        dict
            Runs by workload.

        Raises
        ------
        BadInput
            If the file is none of runs.
        """
        if self._path is None:
            return {}
        if self._path.exists():
            try:
                text = self._path.read_text()
                lines = text.splitlines() if text.endswith("\n") else text.splitlines()[:-1]
                if lines and json.loads(lines[0]) == self._asked:
                    runs = [_run(json.loads(line)) for line in lines[1:]]
                    self._begin(lines)
                    return {(run.nodes, run.density, run.seed): run for run in runs}
                if lines and not isinstance(json.loads(lines[0]), dict):
                    raise ValueError
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise BadInput(
                    f"{self._path} holds no runs of NeuroBench; remove it, or choose another --out"
                ) from error
        self._begin([json.dumps(self._asked)])
        return {}

    def _begin(self, lines: list[str]) -> None:
        from ..files.atomic_write import write_file

        assert self._path is not None
        write_file(self._path, "".join(line + "\n" for line in lines))

    def keep(self, run: WorkloadRun) -> None:
        """Add a run.

        Parameters
        ----------
        run : WorkloadRun
            Run.
        """
        if self._path is None:
            return
        course = run.course
        line = {
            "nodes": run.nodes, "density": run.density, "seed": run.seed,
            "target": None if np.isnan(run.target) else run.target, "seconds": course.seconds.tolist(),
            "scores": course.scores.tolist(), "spent_s": course.spent_s,
        }  # fmt: skip
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _run(line: dict[str, Any]) -> WorkloadRun:
    """Build a run of a line, or raise ValueError, TypeError or KeyError."""
    seconds, scores = (np.array(line[what], float) for what in ("seconds", "scores"))
    if seconds.ndim != 1 or seconds.shape != scores.shape:
        raise ValueError
    target = np.nan if line["target"] is None else float(line["target"])
    course = Course(seconds, scores, float(line["spent_s"]))
    return WorkloadRun(int(line["nodes"]), float(line["density"]), int(line["seed"]), target, course)
