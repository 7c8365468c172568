"""The best answer of a result, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..plotting.problem_figures import draw_assignment, draw_coloring, draw_partition, draw_set
from ..plotting.solutions import draw_cut, draw_pattern, draw_recall, draw_tour
from ..plotting.style import SERIES_COLORS
from ..problems import Assignment, Coloring, IndependentSet, MaxCut, Partition, Recall, Tsp
from ..task import RecallFrom

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..problems import Problem
    from ..study import Result


def draw_answer(problem: Problem, result: Result, ax: Axes | None = None, color: str = SERIES_COLORS[0]) -> Axes | None:
    """Draw the best answer of a result.

    Parameters
    ----------
    problem : Problem
        Problem.
    result : Result
        Result of a target.
    ax : Axes or None
        Axes to draw into; None makes new ones.
    color : str
        Color of the answer.

    Returns
    -------
    Axes or None
        Axes; None if there is no answer.
    """
    if result.solution is None or result.solution.value is None:
        return None
    value = result.solution.value
    if isinstance(problem, Tsp):
        return draw_tour(problem, value, ax, color)
    if isinstance(problem, MaxCut):
        return draw_cut(problem, value, ax, color)
    if isinstance(problem, Recall):
        return draw_recall(problem, value, _cue(problem, result), ax, color)
    if isinstance(problem, Assignment):
        return draw_assignment(problem, value, ax, color)
    if isinstance(problem, Coloring):
        return draw_coloring(problem, value, ax, color)
    if isinstance(problem, IndependentSet):
        return draw_set(problem, value, ax, color)
    if isinstance(problem, Partition):
        return draw_partition(problem, value, ax, color)
    return draw_pattern(np.where(np.asarray(value) > 0, 1, -1), None, ax, color)


def _cue(problem: Recall, result: Result) -> NDArray[Any] | None:
    run = result.run
    if run is None or not isinstance(run.task, RecallFrom):
        return problem.cue
    best = int(np.flatnonzero(result.scores == result.best)[0])
    return run.task.cues(run.reads, problem.size)[best]
