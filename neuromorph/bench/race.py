r"""Runs of solvers in turn, each to its budget of CPU time, as courses of the best score so far.

A run's clock is the CPU time of this process (all its threads), from the model in memory to each answer; scoring is
not in it. An answer that came after the budget is dropped, but for the first. Runs take turns (all solvers with seed 1,
then all with seed 2), so that a machine that slows down slows all of them. One short run of each, not counted, imports
and compiles.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..ising import Float
from ..problems import Problem, Solution, Tsp
from ..runtime.limits import checkpoint
from .solvers import Solver, solvers

_WARM_S = 0.05


@dataclass(frozen=True, eq=False)
class Course:
    """Best score so far of one run.

    Attributes
    ----------
    seconds, scores : (k,) float
        CPU seconds and score at each improvement, which is better than all before.
    spent_s : float
        CPU seconds of the run.
    """

    seconds: Float
    scores: Float
    spent_s: float

    def at(self, seconds: float) -> float:
        """Return the best score after so many CPU seconds.

        Parameters
        ----------
        seconds : float
            CPU seconds.

        Returns
        -------
        float
            Score; NaN before the first feasible answer.
        """
        k = int(np.searchsorted(self.seconds, seconds, side="right"))
        return float(self.scores[k - 1]) if k else float("nan")


@dataclass(frozen=True, eq=False)
class Bench:
    """Courses of all runs on one problem.

    Attributes
    ----------
    problem : Problem
        Problem.
    courses : dict of str to tuple of Course
        Runs of each solver.
    absent : tuple of str
        Peers that are not installed.
    refused : dict of str to str
        Peers that cannot hold the problem, and why.
    budget_s : float
        CPU seconds of a run.
    interrupted : bool
        Whether Ctrl-C or a time limit ended it.
    """

    problem: Problem
    courses: Mapping[str, tuple[Course, ...]]
    absent: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)
    budget_s: float = 0.0
    interrupted: bool = False


def run_bench(
    problem: Problem,
    *,
    budget_s: float = 5.0,
    runs: int = 5,
    peers: list[str] | None = None,
    chosen: Sequence[Solver] | None = None,
    seed: int = 0,
) -> Bench:
    """Run ours and the installed peers on one problem.

    A run ends before its time where it reaches the best value known.

    Parameters
    ----------
    problem : Problem
        Problem.
    budget_s : float
        CPU seconds of a run.
    runs : int
        Runs of each solver, with seeds of their own.
    peers : list of str or None
        Peers; None is all that solve this kind.
    chosen : sequence of Solver or None
        Solvers instead.
    seed : int
        Seed.

    Returns
    -------
    Bench
        Courses; after Ctrl-C those that were complete.

    Raises
    ------
    ValueError
        If an argument is out of range, or a peer is unknown.
    """
    if not (np.isfinite(budget_s) and budget_s > 0) or runs < 1:
        raise ValueError(f"budget_s is {budget_s} and runs {runs}; give seconds above 0, and a run at least")
    asked = solvers(problem, peers) if chosen is None else list(chosen)
    present, absent = [s for s in asked if s.installed], tuple(s.name for s in asked if not s.installed)
    models, refused, found = {}, {}, {solver.name: list[Course]() for solver in present}
    stopped = False
    try:
        for solver in present:
            checkpoint(f"preparing {solver.name}")
            try:
                models[solver.name] = solver.prepare(problem)
            except ValueError as error:
                refused[solver.name] = str(error)
                continue
            run_course(problem, solver, models[solver.name], seed, _WARM_S)
        for k in range(runs):
            for at, solver in enumerate(present):
                checkpoint(f"run {k + 1} of {runs}", k * len(present) + at, runs * len(present))
                if solver.name in models:
                    found[solver.name].append(run_course(problem, solver, models[solver.name], seed + 1 + k, budget_s))
    except KeyboardInterrupt:
        stopped = True
    courses = {name: tuple(each) for name, each in found.items() if name not in refused}
    return Bench(problem, courses, absent, refused, budget_s, stopped)


def run_course(
    problem: Problem, solver: Solver, model: object, seed: int, budget_s: float, *, on: bool = False
) -> Course:
    """Run one solver once.

    Parameters
    ----------
    problem : Problem
        Problem.
    solver : Solver
        Solver.
    model : object
        Problem as the solver has prepared it.
    seed : int
        Seed.
    budget_s : float
        CPU seconds.
    on : bool
        Whether to go on to the end of the budget where the best value known is reached.

    Returns
    -------
    Course
        Best scores.
    """
    better = _better(problem)
    spent, began = 0.0, time.process_time()
    seconds: list[float] = []
    scores: list[float] = []

    def left() -> float:
        return budget_s - spent - (time.process_time() - began)

    answers = solver.run(model, seed, left)
    while spent < budget_s:
        began = time.process_time()
        answer = next(answers, None)
        spent, began = spent + time.process_time() - began, time.process_time()
        if answer is None:
            break
        checkpoint()
        solution = Solution(answer, True) if isinstance(problem, Tsp) else problem.decode(answer)
        score = problem.score(solution) if solution.feasible else float("nan")
        late = spent > budget_s and bool(scores)  # the first answer counts, at the time it took
        if not late and not np.isnan(score) and (not scores or better(score, scores[-1])):
            seconds.append(spent)
            scores.append(score)
            known = problem.best_known
            if known is not None and not on and not better(known, score):
                break
        began = time.process_time()
    return Course(np.array(seconds), np.array(scores), spent)


def _better(problem: Problem) -> Callable[[float, float], bool]:
    return (lambda a, b: a > b) if problem.sense == "max" else (lambda a, b: a < b)
