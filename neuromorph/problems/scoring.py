"""What the reads of a run are worth: each one decoded, found feasible or not, and scored, whatever the problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..task import RecallFrom, Task
from .problem import Problem, Solution
from .recall import Recall
from .tour_links import holds_links
from .tsp import Tsp


class Reads(Protocol):
    """Part of a ``Run`` that is scored."""

    @property
    def spins(self) -> NDArray[np.int8]:
        """Final states (reads, n)."""
        ...

    @property
    def answers(self) -> NDArray[Any] | None:
        """Native answers, or None."""
        ...

    @property
    def task(self) -> Task:
        """Task of the reads."""
        ...


@dataclass(frozen=True, eq=False)
class ScoredReads:
    """Answer and score of each read.

    Attributes
    ----------
    scores : (reads,) float
        Length, cut or overlap; NaN where a read is not feasible.
    solutions : tuple of Solution
        Answers before any repair.
    """

    scores: Float
    solutions: tuple[Solution, ...]


def score_run(problem: Problem, run: Reads) -> ScoredReads:
    """Score every read of a run, by its native answer if it has one, else by its spins.

    Parameters
    ----------
    problem : Problem
        What was asked for.
    run : Run
        Its spins or answers, and the task: a recalled pattern is scored against the one that its cue meant.

    Returns
    -------
    ScoredReads
        Answer and score of each read.

    Raises
    ------
    ValueError
        The spins or answers are none of the problem.
    """
    if run.answers is not None:
        links = problem.links if isinstance(problem, Tsp) else None
        solutions = [Solution(answer, holds_links(answer, links)) for answer in run.answers]
    else:
        solutions = [problem.decode(spins) for spins in run.spins]
    if isinstance(problem, Recall) and isinstance(run.task, RecallFrom):
        cues = run.task.cues(len(solutions), problem.size)
        scores = [problem.score(solution, cue) for solution, cue in zip(solutions, cues, strict=True)]
    else:
        scores = [problem.score(solution) if solution.feasible else np.nan for solution in solutions]
    return ScoredReads(np.array(scores, dtype=float), tuple(solutions))
