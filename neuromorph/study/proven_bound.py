r"""A proven bound where no best value is known, and the gap to it.

.. math:: \text{gap} = \frac{|\text{best} - \text{bound}|}{|\text{bound}|}

Tours: the 1-tree bound of Held and Karp, Oper. Res. 18, 1138 (1970). Cuts and models of spins: the better of the
spectral and the semidefinite bound (``neuromorph.optimization.bounds``). Where all scores are whole numbers, the bound
is the next whole number inside. The optimum lies between the best answer and the bound: the gap says how far it can be.
"""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..problems import IsingModel, MaxCut, Problem, Tsp
from ..runtime.limits import TimeLimitReached, remaining_seconds, time_limit
from ..runtime.work_clock import clock

_ROUND = 1e-6  # whole numbers are told from others within this
_SHARE = 0.1  # of the time that is left


def proven_bound(problem: Problem, seconds: float = 5.0) -> float | None:
    """Compute a bound that no answer is better than.

    Parameters
    ----------
    problem : Problem
        Problem.
    seconds : float
        Seconds to take at most, a tenth of an outer limit at most too.

    Returns
    -------
    float or None
        Bound of the score: from below where a low score is good, else from above; None for other kinds of problems, and
        where the time was too short.
    """
    left = remaining_seconds()
    found: float | None = None
    try:
        with time_limit(clock() + min(seconds, _SHARE * left), lambda *_: None):
            if isinstance(problem, Tsp):
                from ..tours import one_tree_bound

                if problem.links is None and not problem.one_way and not problem.offset:
                    found = _whole(one_tree_bound(problem), problem.distances() if problem.size <= 2000 else None)
            elif isinstance(problem, (MaxCut, IsingModel)):
                found = _of_energies(problem)
    except KeyboardInterrupt:  # of the time limit, or Ctrl-C, which ends no more than this
        return None
    return found


def _of_energies(problem: MaxCut | IsingModel) -> float:
    from ..optimization import semidefinite_bound, spectral_bound

    ising = problem.ising()
    bound = spectral_bound(ising)
    with suppress(TimeLimitReached):  # the spectral bound stands
        bound = max(bound, semidefinite_bound(ising))
    if isinstance(problem, MaxCut):
        return -_whole(bound, problem.weights.data)
    return bound


def _whole(bound: float, numbers: NDArray[Any] | None) -> float:
    """Return the next whole number above where all scores are whole."""
    if numbers is None or not np.array_equal(numbers, np.round(numbers)):
        return bound
    return float(math.ceil(bound - _ROUND * max(1.0, abs(bound))))


def bound_sentence(problem: Problem, bound: float, best: float | None) -> str:
    """Say what a bound proves of the best answer.

    Parameters
    ----------
    problem : Problem
        Problem.
    bound : float
        Bound of its score.
    best : float or None
        Best score that was found.

    Returns
    -------
    str
        Sentence.
    """
    what = "tour is shorter" if problem.kind == "tsp" else "cut is larger" if problem.kind == "maxcut" else "E is lower"
    said = f"proven: no {what} than {_text(bound)}"
    if best is None:
        return said
    if meets_bound(best, bound):
        return f"{said}, so the best answer of this study is optimal"
    if not bound:
        return f"{said}; the best of this study is {_text(abs(best - bound))} from this bound"
    gap = 100.0 * abs(best - bound) / abs(bound)
    return f"{said}; the gap to the bound is {gap:.2g} %: the best of this study is at most so far from the optimum"


def meets_bound(best: float | None, bound: float | None) -> bool:
    """Return whether a bound proves the best answer optimal.

    Parameters
    ----------
    best : float or None
        Best score that was found.
    bound : float or None
        Bound of the scores.

    Returns
    -------
    bool
        Whether both are there and equal.
    """
    return best is not None and bound is not None and abs(best - bound) <= 1e-9 * max(1.0, abs(bound))


def _text(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.6g}"
