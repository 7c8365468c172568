"""Held and Karp's 1-tree bound of tours: how far below the shortest tour it ends, in CPU seconds.

Instances of TSPLIB are read from the folder that TSPLIB_FOLDER names, all whose best known length the package has, or
those that TOURS lists; without it cities are random, and the shortest tour is what a search of ours found, so that the
true gap of the bound is smaller. The last rows are the mean and the largest gap.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import process_time

import numpy as np

import neuromorph as nm
from neuromorph.tours import PathMacro, one_tree_bound, solve_by_macros

SIZES = (50, 200, 1000, 3000)  # of random cities
TRIALS = 20  # double bridges a city


def problems() -> list[tuple[nm.Tsp, float]]:
    """List the problems and the lengths of their shortest tours, the smallest first."""
    folder = os.environ.get("TSPLIB_FOLDER")
    if not folder:
        return [random_problem(n) for n in SIZES]
    chosen = [name for name in os.environ.get("TOURS", "").split(",") if name]
    paths = [path for path in sorted(Path(folder).glob("*.tsp")) if not chosen or path.stem in chosen]
    found = [nm.load(str(path)) for path in paths]
    known = [(problem, float(problem.best_known)) for problem in found if problem.best_known is not None]
    return sorted(known, key=lambda pair: pair[0].size)


def random_problem(n: int) -> tuple[nm.Tsp, float]:
    problem = nm.Tsp.from_coordinates(np.random.default_rng(n).random((n, 2)), name=f"random {n}")
    return problem, solve_by_macros(problem, PathMacro(), trials=TRIALS * n, rng=1).length


def rows() -> list[dict[str, object]]:
    one_tree_bound(nm.Tsp.from_coordinates(np.random.default_rng(0).random((100, 2))))  # compiles
    table: list[dict[str, object]] = []
    gaps: list[float] = []
    for problem, shortest in problems():
        start = process_time()
        bound = one_tree_bound(problem)
        spent = process_time() - start
        gaps.append(1.0 - bound / shortest)
        table.append({"instance": problem.name, "shortest": shortest, "bound": bound, "below it": gaps[-1], "s": spent})
    for name, value in (("mean", float(np.mean(gaps))), ("largest", max(gaps))):
        table.append({"instance": name, "shortest": None, "bound": None, "below it": value, "s": None})
    return table
