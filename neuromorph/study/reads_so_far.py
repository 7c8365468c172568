"""The reads of a target that are done: of which chip, in which call, and the file that keeps them.

Read k is read k // chips of chip k % chips.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..problems import Problem
from ..protocol import Target, TargetError
from ..run import Run, concatenate_runs, reads_of
from ..task import RecallFrom, Task
from . import checkpoint as store
from .checkpoint import ChipProgram

_SAVE_S = 5.0  # seconds of computing that a crash may lose


@dataclass(eq=False)
class ReadsSoFar:
    """Reads that are done.

    Attributes
    ----------
    task : Task
        Task of all reads.
    reads : int
        Number of reads that were asked for.
    wanted, done : (chips,) int
        Number of reads of each chip that are asked for, and that are done.
    path : Path or None
        The file that keeps them.
    mark : dict
        Fingerprint of the study.
    kept : Kept
        What the file held at the beginning.
    note : str
        Note for the user on taking it up.
    programs : dict of int to ChipProgram
        What each chip holds.
    made : list of Run
        The reads.
    calls : int
        Number of batches.
    resumed : int
        Number of reads, of those that were asked for, that the file held.
    """

    task: Task
    reads: int
    wanted: NDArray[np.int64]
    done: NDArray[np.int64]
    path: Path | None
    mark: Mapping[str, Any]
    kept: store.Kept
    note: str
    programs: dict[int, ChipProgram]
    made: list[Run] = field(default_factory=list)
    calls: int = 0
    resumed: int = 0
    _unsaved: str = ""
    _saved: float = -inf

    @property
    def count(self) -> int:
        """Number of reads, of those that were asked for, that are done."""
        return int(np.minimum(self.done, self.wanted).sum())

    @property
    def missing(self) -> bool:
        """Whether a chip has fewer reads than were asked for."""
        return bool((self.done < self.wanted).any())

    @property
    def next_chip(self) -> int:
        """The chip with the fewest reads."""
        return int(np.argmin(np.where(self.done < self.wanted, self.done, np.iinfo(int).max)))

    @property
    def notes(self) -> tuple[str, ...]:
        """Notes for the user on the file."""
        return tuple(note for note in (self.note, self._unsaved) if note)

    def left(self, chip: int) -> int:
        """Return how many reads of a chip are missing.

        Parameters
        ----------
        chip : int
            Number of the chip.

        Returns
        -------
        int
            Number of reads.
        """
        return int(self.wanted[chip] - self.done[chip])

    def add(self, run: Run, chip: int) -> None:
        """Add the reads of a batch.

        Parameters
        ----------
        run : Run
            Its reads.
        chip : int
            The chip that made them.

        Raises
        ------
        TargetError
            If they are not like those before.
        """
        before = self.kept.run
        if before is not None and self.path is not None and run.activity.keys() != before.activity.keys():
            raise TargetError(store.set_aside(self.path, "counts other events than the target"))
        if self.made and (run.answers is None) != (self.made[0].answers is None):
            raise TargetError("run() handed over answers for some reads, and spins alone for others")
        chips, calls = (np.full(run.reads, number, np.int32) for number in (chip, self.calls))
        status = "ok" if run.status == "interrupted" else run.status
        self.made.append(replace(run, chip=chips, batch=calls, status=status))
        self.done[chip] += run.reads
        self.calls += 1

    def save(self, *, now_and_then: bool = False) -> None:
        """Write the reads; a full disk costs what it should have kept, and no read.

        Parameters
        ----------
        now_and_then : bool
            Whether to do so only if the last time is some seconds ago.
        """
        now = time.monotonic()
        if now_and_then and now - self._saved <= _SAVE_S:
            return
        if self.path is not None and len(self.made) > (self.kept.run is not None):
            try:
                store.save_reads(self.path, store.Kept(concatenate_runs(self.made), self.programs), self.mark)
                self._unsaved = ""
            except OSError as error:
                self._unsaved = f"its reads are not kept: {error}"
        self._saved = time.monotonic()

    def in_order(self) -> tuple[Run, dict[int, ChipProgram]]:
        """Return the reads that were asked for by their number, and what their chips hold.

        Returns
        -------
        tuple of Run, dict of int to ChipProgram
            Reads, with the mean setup of the chips; their programs.
        """
        run, chips = concatenate_runs(self.made), len(self.wanted)
        assert run.chip is not None
        numbers = np.empty(run.reads, np.int64)
        for chip in np.unique(run.chip):
            here = np.flatnonzero(run.chip == chip)
            numbers[here] = chip + chips * np.arange(len(here))
        rows = np.argsort(numbers, kind="stable")
        rows = rows[numbers[rows] < self.reads]
        order = numbers[rows]
        used = {chip: self.programs[chip] for chip in np.unique(order % chips).tolist() if chip in self.programs}
        setup = {**run.setup, **_mean_setup(used)} if used else run.setup
        return replace(reads_of(run, rows), task=part_of_task(self.task, order), setup=setup), used


def reads_so_far(
    path: Path | None,
    mark: Mapping[str, Any],
    device: Target,
    task: Task,
    problem: Problem,
    reads: int,
    chips: int,
) -> ReadsSoFar:
    """Begin with the reads that an earlier study left.

    Parameters
    ----------
    path : Path or None
        File that keeps the reads.
    mark : dict
        Fingerprint of the study.
    device, task, problem : Target, Task, Problem
        Of the study.
    reads, chips : int
        Number of reads, and of chips that they are spread over.

    Returns
    -------
    ReadsSoFar
        The reads of the file, if it is of this study.
    """
    kept, note = store.Kept(), ""
    try:
        if path is not None:
            kept, note = store.resume(path, mark, device, task, problem)
    except OSError as error:
        path, note = None, f"its reads are not kept: {error}"
    wanted = np.array([len(range(chip, reads, chips)) for chip in range(chips)])
    so_far = ReadsSoFar(task, reads, wanted, np.zeros(chips, int), path, mark, kept, note, dict(kept.programs))
    if kept.run is not None:
        so_far.made.append(kept.run)
        if kept.run.chip is not None and kept.run.batch is not None:
            so_far.done += np.bincount(kept.run.chip, minlength=chips)
            so_far.calls = int(kept.run.batch.max()) + 1
    so_far.resumed = so_far.count
    return so_far


def part_of_task(task: Task, rows: NDArray[np.int64]) -> Task:
    """Return the task of some reads: their own cues, if each has one.

    Parameters
    ----------
    task : Task
        Task of all reads.
    rows : (m,) int
        Numbers of the reads.

    Returns
    -------
    Task
        Their task.
    """
    cue = np.asarray(task.cue) if isinstance(task, RecallFrom) else np.empty(0)
    return replace(task, cue=cue[rows]) if isinstance(task, RecallFrom) and cue.ndim == 2 else task


def _mean_setup(programs: Mapping[int, ChipProgram]) -> dict[str, float]:
    """Mean number of each event of programming a chip."""
    each = [program.setup for program in programs.values()]
    return {name: sum(setup.get(name, 0.0) for setup in each) / len(each) for name in each[0]}
