"""The three tasks: minimize, sample at beta, recall from a cue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .ising import check_spins


@dataclass(frozen=True)
class Minimize:
    """Find a state of low energy."""


@dataclass(frozen=True)
class Sample:
    """Draw states with p proportional to exp(-beta E); reads are independent."""

    beta: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.beta) and self.beta >= 0):
            raise ValueError(f"beta is {self.beta}; it must be finite and not negative")


@dataclass(frozen=True, eq=False)
class RecallFrom:
    """Start at ``cue`` (n,), or at one cue a read (reads, n), spins -1 or +1, and settle.

    Parameters
    ----------
    cue : (n,) or (reads, n) array_like
        Start of all reads, or of each.
    hidden : (n,) bool or None
        Spins that nothing is known of: a fair coin's in the cue, for devices that start from spins; dynamics that allow
        it start them at 0.
    """

    cue: ArrayLike
    hidden: ArrayLike | None = None

    def cues(self, reads: int, n: int) -> NDArray[np.int8]:
        """Return the cue of each read.

        Parameters
        ----------
        reads, n : int
            Numbers of reads and of spins.

        Returns
        -------
        (reads, n) int8
            Start of each read.

        Raises
        ------
        ValueError
            If the cue has other numbers of spins or of rows.
        """
        cue = check_spins(self.cue, n).astype(np.int8)
        if cue.ndim == 2 and len(cue) != reads:
            raise ValueError(f"cue has {len(cue)} rows for {reads} reads; give one cue, or one a read")
        return np.broadcast_to(cue, (reads, n))


Task: TypeAlias = Minimize | Sample | RecallFrom


def task_name(task: Task) -> str:
    """Return the name of a task.

    Parameters
    ----------
    task : Task
        Task.

    Returns
    -------
    str
        "minimize", "sample" or "recall".

    Raises
    ------
    TypeError
        If ``task`` is no task.
    """
    if type(task) not in _NAMES:
        raise TypeError(f"task is {task!r}; give Minimize(), Sample(beta) or RecallFrom(cue)")
    return _NAMES[type(task)]


def task_data(task: Task) -> dict[str, str | float]:
    """Return a task as plain data.

    Parameters
    ----------
    task : Task
        Task.

    Returns
    -------
    dict of str to str or float
        Its name, and the beta of sampling.
    """
    return {"name": task_name(task), **({"beta": float(task.beta)} if isinstance(task, Sample) else {})}


_NAMES: dict[type[Task], str] = {Minimize: "minimize", Sample: "sample", RecallFrom: "recall"}
TASK_NAMES = tuple(_NAMES.values())
