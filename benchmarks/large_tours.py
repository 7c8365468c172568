"""Large tours: macros of ten cities, with swaps and search after them, beside fast-tsp and LKH (elkai), in CPU seconds.

Instances of TSPLIB are read from the folder that TSPLIB_FOLDER names, all or those that TOURS lists; without it cities
are random, and gaps are to the best tour of the run. fast-tsp and LKH are ahead on plain tours; macros are what a small
device can take.

The last rows are slopes of the time of macros against the number of cities, both as logarithms. Over all sizes it is
below 1. Up to MATRIX_CITIES a matrix of all distances is made (.7 s at 3000 cities, .01 s for the points of 10,000),
and a macro takes 55 us instead of 43: distances are looked up more slowly than computed, and small batches bear the
fixed cost of their calls. On the boards pla7397 to pla85900, rows of cities at equal distances, five windows a city can
gain where it is eight elsewhere. From 10,000 to 90,000 random cities the slope is 1.00. The time of a hybrid is what
it is given.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import process_time

import elkai
import fast_tsp
import numpy as np

import neuromorph as nm
from neuromorph.tours import Imperfections, PathMacro, one_tree_bound, solve_by_macros
from neuromorph.tours.city_distances import MATRIX_CITIES

INSTANCES = {"pr1002": 5, "pcb3038": 20, "pla7397": 30, "pla33810": 60, "pla85900": 120}  # CPU seconds of the search
MATRIX = 10_000  # cities that fast-tsp takes: it asks for a matrix
FARTHEST = 1 << 16  # distances that it takes, less than this
LKH = 1100  # cities up to which LKH ends in a minute

CELLS = Imperfections(bits=4, mismatch=0.02, noise=0.02)
MACROS = {
    "macros, exact": PathMacro(),
    "macros, softassign": PathMacro("softassign"),
    "macros, 4-bit noisy swaps": PathMacro("swap", imperfections=CELLS),
}


def problems() -> list[tuple[nm.Tsp, int]]:
    folder = os.environ.get("TSPLIB_FOLDER")
    if folder:
        chosen = [name for name in os.environ.get("TOURS", "").split(",") if name] or list(INSTANCES)
        return [(nm.load(str(Path(folder) / f"{name}.tsp")), INSTANCES[name]) for name in chosen]
    cities = [(n, np.random.default_rng(n).random((n, 2)) * 1e6) for n in (1000, 3000, 10_000)]
    return [
        (nm.Tsp.from_coordinates(points, name=f"random {n}", weight_type="EUC_2D"), n // 200) for n, points in cities
    ]


def solvers(problem: nm.Tsp, seconds: int) -> dict[str, Callable[[], np.ndarray]]:
    found: dict[str, Callable[[], np.ndarray]] = {
        name: lambda macro=macro: solve_by_macros(problem, macro, rng=1).tour for name, macro in MACROS.items()
    }
    found["hybrid"] = lambda: solve_by_macros(problem, PathMacro(), rounds=3, search_s=seconds, rng=1).tour
    if problem.size <= MATRIX:
        whole = problem.distances().astype(int)
        if whole.max() < FARTHEST:
            found["fast-tsp"] = lambda: np.array(fast_tsp.find_tour(whole, seconds))
        if problem.size <= LKH:
            found["LKH (elkai)"] = lambda: np.array(elkai.DistanceMatrix(whole.tolist()).solve_tsp(runs=1)[:-1])
    return found


def rows() -> list[dict[str, object]]:
    solve_by_macros(nm.Tsp.from_coordinates(np.random.default_rng(0).random((100, 2))), PathMacro(), trials=10, rng=1)
    table: list[dict[str, object]] = []
    taken: dict[str, list[tuple[int, float]]] = {name: [] for name in MACROS}
    for problem, seconds in problems():
        lengths, times = {}, {}
        for name, solve in solvers(problem, seconds).items():
            start = process_time()
            lengths[name] = problem.length(solve())
            times[name] = process_time() - start
            if name in taken:
                taken[name].append((problem.size, times[name]))
        start = process_time()
        lengths["1-tree bound"] = one_tree_bound(problem)
        times["1-tree bound"] = process_time() - start
        best = problem.best_known or min(value for name, value in lengths.items() if name != "1-tree bound")
        for name, value in lengths.items():
            table.append(
                {"instance": problem.name, "solver": name, "length": value, "gap": value / best - 1.0, "s": times[name]}
            )
    for name, pairs in taken.items():
        points = [pair for pair in pairs if pair[0] > MATRIX_CITIES]
        for instances, some in (("slope", pairs), (f"slope above {MATRIX_CITIES}", points)):
            if len(some) > 1:
                sizes, seconds_of = np.log(some).T
                slope = float(np.polyfit(sizes, seconds_of, 1)[0])
                table.append({"instance": instances, "solver": name, "length": None, "gap": None, "s": slope})
    return table
