"""Ours beside every installed peer, as ``neuromorph bench`` runs them: equal CPU seconds, best and mean of some seeds.

Cuts beside dwave-samplers, OpenJij and simulated-bifurcation, tours beside fast-tsp and LKH (elkai). Peers that are not
installed are left out and named. On plain tours fast-tsp and LKH are ahead.
"""

from __future__ import annotations

import cuts
import numpy as np

import neuromorph as nm
from neuromorph.bench import run_bench

BUDGET_S, RUNS = 4.0, 3


def problems() -> list[nm.MaxCut | nm.Tsp]:
    cities = {n: np.random.default_rng(n).random((n, 2)) * 1e6 for n in (200, 1000)}
    tours = [nm.Tsp.from_coordinates(points, name=f"random {n}", weight_type="EUC_2D") for n, points in cities.items()]
    return [*cuts.graphs().values(), *tours]


def rows() -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    for problem in problems():
        bench = run_bench(problem, budget_s=BUDGET_S, runs=RUNS, seed=1)
        final = {name: [each.at(np.inf) for each in courses] for name, courses in bench.courses.items()}
        most = max if problem.sense == "max" else min
        best = most(score for scores in final.values() for score in scores if not np.isnan(score))
        for name, scores in final.items():
            reached = [
                float(each.seconds[each.scores == best][0])
                for each in bench.courses[name]
                if (each.scores == best).any()
            ]
            table.append(
                {
                    "instance": problem.name,
                    "solver": name,
                    "best": most(scores),
                    "mean": float(np.mean(scores)),
                    "best of all": best,
                    "reached": f"{len(reached)}/{RUNS}",
                    "median s to it": float(np.median(reached)) if reached else None,
                    "not installed": ", ".join(bench.absent),
                }
            )
    return table
