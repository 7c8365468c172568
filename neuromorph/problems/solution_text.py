"""Answers as text in the form of their own field."""

from __future__ import annotations

from typing import Any

import numpy as np

from .assignment import Assignment
from .coloring import Coloring
from .forced_links import visited_cities
from .independent_set import IndependentSet
from .satisfiability import Satisfiability
from .tsp import Tsp

_DIGITS = "123456789ABCDEFG"


def solution_text(problem: Any, value: Any) -> str:
    """Write an answer.

    Parameters
    ----------
    problem : Problem
        Problem.
    value : array
        Answer, as :meth:`.Problem.decode` gives it.

    Returns
    -------
    str
        Cities from 1 in the order of the tour; QAPLIB's solution, size and cost, then locations from 1; DIMACS'
        coloring, 'l node color'; nodes of a set from 1; rows of a Sudoku; 'v' and literals; else one number a variable.
    """
    if isinstance(problem, Tsp):
        return _row(visited_cities(problem, value) + 1)
    if isinstance(problem, Assignment):
        return f"{problem.size} {problem.score(value):.17g}\n{_row(value + 1)}"
    if isinstance(problem, Coloring):
        if problem.shape is not None:
            return "\n".join("".join(_DIGITS[each] for each in row) for row in value.reshape(problem.shape))
        lines = [f"l {node} {color}" for node, color in enumerate((value + 1).tolist(), 1)]
        return "\n".join([f"s col {len(np.unique(value))}", *lines])
    if isinstance(problem, IndependentSet):
        return _row(np.flatnonzero(value) + 1)
    if isinstance(problem, Satisfiability):
        literals = np.where(np.asarray(value) > 0, 1, -1) * np.arange(1, problem.size + 1)
        return f"o {problem.score(value):.17g}\nv {_row(literals)} 0"
    return _row(np.asarray(value))


def _row(numbers: Any) -> str:
    return " ".join(str(number) for number in np.asarray(numbers).tolist())
