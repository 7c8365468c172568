"""Analog dynamics of tours alone: how many reads end in a tour, and how long tours are over the shortest, CPU seconds.

Random cities in the unit square, 50 instances of 10 and fewer of more; the shortest tour is that of a search of ours,
which is exact at 10 cities. Each dynamics has four reads an instance, and the network of 1985 twenty. berlin52 and
kroA100 are read from the folder that TSPLIB_FOLDER names; there, softassign is also followed by the swap network.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
from numpy.typing import NDArray

import neuromorph as nm
from neuromorph.tours import analog_tours, solve_by_macros, swap_links
from neuromorph.tours.analog_tours import TOUR_METHODS, TourMethod
from neuromorph.tours.decomposition import TourMap
from neuromorph.tours.macros import PathMacro

INSTANCES = {10: 50, 30: 10, 50: 5}  # by the number of cities
LARGEST = {"hopfield-tank": 10, "projection": 30, "chaotic": 30}  # cities; without a tour beyond, or for minutes
READS, READS_1985 = 4, 20

Shorten = Callable[[nm.Tsp, NDArray[np.int64]], NDArray[np.int64]]


def sets() -> list[tuple[str, list[tuple[nm.Tsp, float]]]]:
    """List the sets of instances, each with the lengths of the shortest tours."""
    found = []
    for n, count in INSTANCES.items():
        cities = [nm.Tsp.from_coordinates(np.random.default_rng(k).random((n, 2))) for k in range(count)]
        lengths = [solve_by_macros(problem, PathMacro(), trials=2000, rng=1).length for problem in cities]
        found.append((f"random {n}", list(zip(cities, lengths, strict=True))))
    folder = os.environ.get("TSPLIB_FOLDER")
    for name in ("berlin52", "kroA100") if folder else ():
        problem = nm.load(str(Path(str(folder)) / f"{name}.tsp"))
        found.append((name, [(problem, float(problem.best_known))]))
    return found


def as_found(problem: nm.Tsp, tour: NDArray[np.int64]) -> NDArray[np.int64]:
    return tour


def swapped(problem: nm.Tsp, tour: NDArray[np.int64]) -> NDArray[np.int64]:
    cities = TourMap.of(problem)
    return swap_links(cities.distances, tour.astype(np.int32), cities.near)


def row(name: str, problems: list[tuple[nm.Tsp, float]], method: TourMethod, shorten: Shorten) -> dict[str, object]:
    reads = READS_1985 if method == "hopfield-tank" else READS
    valid, gaps, best, spent = 0, [], [], 0.0
    for k, (problem, shortest) in enumerate(problems):
        distances = problem.distances()
        start = process_time()
        found = analog_tours(distances, method, reads=reads, rng=k)
        tours = [shorten(problem, tour) for tour in found.tours[found.valid]]
        spent += process_time() - start
        some = [problem.length(tour) / shortest - 1.0 for tour in tours]
        valid, gaps = valid + len(some), gaps + some
        best += [min(some)] if some else []
    total = reads * len(problems)
    return {
        "instances": f"{len(problems)} x {name}" if len(problems) > 1 else name,
        "dynamics": method + (", then swaps of links" if shorten is swapped else ""),
        "reads": reads,
        "valid": valid / total,
        "mean gap": float(np.mean(gaps)) if gaps else None,
        "best of the reads": float(np.mean(best)) if best else None,
        "s a read": spent / total,
    }


def rows() -> list[dict[str, object]]:
    small = nm.Tsp.from_coordinates(np.random.default_rng(0).random((10, 2)))
    for method in TOUR_METHODS:
        analog_tours(small.distances(), method, rng=0, effort=0.1)  # compiles
    swapped(small, np.arange(10))
    table = []
    for name, problems in sets():
        n = problems[0][0].size
        table += [row(name, problems, method, as_found) for method in TOUR_METHODS if n <= LARGEST.get(method, n)]
        if n >= 100:
            table.append(row(name, problems, "softassign", swapped))
    return table
