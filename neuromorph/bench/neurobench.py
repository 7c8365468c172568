r"""NeuroBench's QUBO benchmark: its workloads, both of its scenarios, and the fields of its report, with joules.

.. math:: \text{gap} = (c - c_{target}) / c_{target}, \qquad c = x^T Q x

where c_target is the cost of the published best set; a gap below 0 beats it. A lower cost is better and costs are below
0, so that here, as in the published results, the sign is turned: a gap of .01 is a set 1 % smaller than the target.

- **Fixed timeout**: gap of what the solver holds after 10^-3 .. 10^2 s, and the average power.
- **Time to solution**: latency and energy until the gap is .1, .05 and .01; nothing where it is not reached.

One run a workload, of tabu moves of independent sets (``independent_set_search``) on one core; its clock is CPU time
from the graph in memory, lists of neighbors included. What it holds at a shorter timeout is read off the same run.
Energy is the power of a busy core times that time. Compiling is not in it.

Source: NeuroBench, system track, github.com/NeuroBench/system_benchmarks, QUBO.md and report.md; Yik et al., Nat.
Commun. 16, 1545 (2025).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..datum import Datum
from ..optimization import SetMoves, independent_set_search
from ..problems import IndependentSet, neurobench_set
from ..runtime.limits import checkpoint
from .race import Course, run_course
from .solvers import Answers, LeftSeconds, Solver, doubled_efforts

TIMEOUTS_S = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)
GAPS = (0.1, 0.05, 0.01)
_WARM_S = 0.05
_STEPS = 256  # of the first answer
_COMPLETE = 500  # nodes of the largest complete graph that is tried


@dataclass(frozen=True, eq=False)
class WorkloadRun:
    """One run on one workload.

    Attributes
    ----------
    nodes, density, seed : int, float, int
        The workload.
    target : float
        Size of the published set; NaN where there is none.
    course : Course
        Sizes of the sets that were found, and when.
    """

    nodes: int
    density: float
    seed: int
    target: float
    course: Course

    def gap_at(self, seconds: float) -> float:
        """Return the gap after so many seconds.

        Parameters
        ----------
        seconds : float
            CPU seconds.

        Returns
        -------
        float
            Gap; 1 where there is no set yet, whose cost 0 is the trivial one.
        """
        size = self.course.at(seconds)
        return 1.0 - (0.0 if np.isnan(size) else size) / self.target

    def latency_s(self, gap: float) -> float | None:
        """Return when a gap was reached.

        Parameters
        ----------
        gap : float
            Gap.

        Returns
        -------
        float or None
            CPU seconds; None if it was not.
        """
        there = np.flatnonzero(1.0 - self.course.scores / self.target <= gap + 1e-12)
        return float(self.course.seconds[there[0]]) if there.size else None


def _set_answers(problem: IndependentSet, seed: int, left: LeftSeconds) -> Answers:
    moves = SetMoves(problem)
    for k, steps in enumerate(doubled_efforts(_STEPS, left)):
        yield independent_set_search(moves, max(1, int(steps)), rng=np.random.SeedSequence([seed, k])).spins[0]


SET_TABU = Solver("neuromorph", "", lambda problem: problem, _set_answers, False)


def run_workloads(
    workloads: Iterable[tuple[int, float, int]],
    budget_s: float,
    seed: int = 0,
    solver: Solver = SET_TABU,
    *,
    done: Mapping[tuple[int, float, int], WorkloadRun] | None = None,
    keep: Callable[[WorkloadRun, int], object] = lambda *_: None,
) -> list[WorkloadRun]:
    """Run a solver once on each workload.

    Parameters
    ----------
    workloads : iterable of (int, float, int)
        Nodes, density and seed of each, as of ``neurobench_names``.
    budget_s : float
        CPU seconds of each.
    seed : int
        Seed of the solver.
    solver : Solver
        What solves them.
    done : dict or None
        Runs of an earlier call, by workload, which are not made again.
    keep : callable
        Called with each new run, and the number of runs so far.

    Returns
    -------
    list of WorkloadRun
        Runs; after Ctrl-C those that were complete.
    """
    found: list[WorkloadRun] = []
    try:
        warm = neurobench_set(25, 0.05, 0)
        run_course(warm, solver, solver.prepare(warm), seed, _WARM_S)
        for name in workloads:
            if done and name in done:
                found.append(done[name])
                continue
            checkpoint()
            problem = neurobench_set(*name)
            course = run_course(problem, solver, solver.prepare(problem), seed, budget_s, on=True)
            target = np.nan if problem.best_known is None else problem.best_known
            found.append(WorkloadRun(*name, target, course))
            keep(found[-1], len(found))
    except KeyboardInterrupt:
        pass
    return found


def largest_complete(seed: int = 0, solver: Solver = SET_TABU) -> int:
    """Return the nodes of a complete graph that was loaded and solved better than by cost 0.

    Parameters
    ----------
    seed : int
        Seed of the solver.
    solver : Solver
        What solves it.

    Returns
    -------
    int
        Nodes; a larger graph was not tried.
    """
    problem = neurobench_set(_COMPLETE, 1.0, 0)
    course = run_course(problem, solver, solver.prepare(problem), seed, _WARM_S)
    return _COMPLETE if course.scores.size else 0


def neurobench_report(
    runs: Sequence[WorkloadRun], power: Datum, budget_s: float, complete: int | None = None
) -> dict[str, Any]:
    """Build the report of NeuroBench's QUBO benchmark.

    Parameters
    ----------
    runs : sequence of WorkloadRun
        Runs.
    power : Datum
        Power of a busy core, W.
    budget_s : float
        CPU seconds of each.
    complete : int or None
        Nodes of the largest complete graph that was solved.

    Returns
    -------
    dict
        Report: plain values, with what it was measured with and, by workload, both scenarios.
    """
    timeouts = [each for each in TIMEOUTS_S if each <= budget_s * (1 + 1e-9)]
    groups: dict[tuple[int, float], list[WorkloadRun]] = {}
    for run in runs:
        groups.setdefault((run.nodes, run.density), []).append(run)
    watts = {"value": power.value, "low": power.low, "high": power.high, "kind": power.kind, "source": power.source}
    sparse = [run.nodes for run in runs if run.density == 0.01 and run.course.scores.size]
    return {
        "benchmark": "NeuroBench system track: QUBO, maximum independent set",
        "system": "one core of the CPU of this machine",
        "algorithm": "neuromorph.optimization.independent_set_search: tabu moves of independent sets, begun anew with "
        "twice the steps; no parameter depends on the workload",
        "latency_measurement": "CPU time of the process from the graph in memory to the state; compiling left out",
        "power_measurement": {"average_power_w": watts, "includes": "one busy core; no memory, board or supply"},
        "largest_workload": {"density_0.01": max(sparse, default=None), "density_1": complete, "limit": "not reached"},
        "workloads": [
            {
                "nodes": nodes,
                "density": density,
                "seeds": [run.seed for run in some],
                "target_costs": [_cost(run.target) for run in some],
                "fixed_timeout": [
                    {
                        "timeout_s": timeout,
                        "costs": [_cost(run.course.at(timeout)) or 0.0 for run in some],
                        "bks_gap": [_finite(run.gap_at(timeout)) for run in some],
                        "mean_bks_gap": _finite(float(np.mean([run.gap_at(timeout) for run in some]))),
                        "average_power_w": power.value,
                    }
                    for timeout in timeouts
                ],
                "time_to_solution": [_to_gap(some, gap, power) for gap in GAPS],
            }
            for (nodes, density), some in groups.items()
        ],
    }


def _to_gap(some: Sequence[WorkloadRun], gap: float, power: Datum) -> dict[str, Any]:
    times = [run.latency_s(gap) for run in some]
    reached = [each for each in times if each is not None]
    whole = len(reached) == len(some)
    mean = float(np.mean(reached)) if whole else None  # the specification: no result where one is not reached
    joules = None if mean is None else {
        "value": mean * power.value, "low": mean * power.low, "high": mean * power.high
    }  # fmt: skip
    return {
        "bks_gap": gap, "reached": len(reached), "latencies_s": times, "mean_latency_s": mean, "mean_energy_j": joules
    }  # fmt: skip


def _cost(size: float) -> float | None:
    return None if np.isnan(size) else -float(size)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
