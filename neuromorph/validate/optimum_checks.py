"""Published optima: small tours of TSPLIB, and the cuts of the G-set that need no file.

G48 and G50 are rudy's square lattices on a torus, all weights 1: of 50 x 60 and 25 x 120 nodes. Of the first, which is
bipartite, all edges are cut; of the second each ring of 25 keeps one. Tours: G. Reinelt, ORSA J. Comput. 3, 376 (1991).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..optimization import minimize
from ..problems import MaxCut, Tsp
from ..tours import PathMacro, solve_by_macros
from .analog_checks import shortest_length
from .check import PublishedCheck

# Degrees and minutes: latitude, longitude.
TOURS = {
    "burma14": (3323, """16.47 96.10 16.47 94.44 20.09 92.54 22.39 93.37 25.23 97.24 22.00 96.05 20.47 97.02 17.20 96.29
        16.30 97.38 14.05 98.12 16.53 97.38 21.52 95.59 19.41 97.13 20.09 94.55"""),
    "ulysses16": (6859, """38.24 20.42 39.57 26.15 40.56 25.32 36.26 23.12 33.48 10.54 37.56 12.19 38.42 13.11
        37.52 20.44 41.23 9.10 41.17 13.05 36.08 -5.21 38.47 15.13 38.15 15.35 37.51 15.17 35.49 14.32 39.36 19.56"""),
}  # fmt: skip
CUTS = {"G48": (50, 60, 6000), "G50": (25, 120, 5880)}


def tsplib_tours(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Solve small tours of TSPLIB, by macros of swaps and by dynamic programming.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    source = "TSPLIB: Reinelt, ORSA J. Comput. 3, 376 (1991), proven optimal"
    for (name, (best, places)), stream in zip(TOURS.items(), seed.spawn(len(TOURS)), strict=True):
        problem = Tsp.from_coordinates(np.array(places.split(), float).reshape(-1, 2), name=name, weight_type="GEO")
        found = solve_by_macros(problem, PathMacro("swap"), trials=500 if quick else 5000, rng=stream)
        yield PublishedCheck(
            f"length of the tour {name}", source, best, found.length, how="macros of swaps, double bridges"
        )
        exact = shortest_length(problem.distances())
        yield PublishedCheck(
            f"length of the shortest tour {name}", source, best, exact, how="dynamic programming over subsets"
        )


def g_set_cuts(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Cut the G-set's square lattices on a torus, which need no file.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    for (name, (rows, columns, best)), stream in zip(CUTS.items(), seed.spawn(len(CUTS)), strict=True):
        site = np.arange(rows * columns).reshape(rows, columns)
        down, right = np.roll(site, -1, axis=0).ravel(), np.roll(site, -1, axis=1).ravel()
        edges = np.c_[np.r_[site.ravel(), site.ravel()], np.r_[down, right]]
        problem = MaxCut.from_edges(rows * columns, edges, name=name)
        found = minimize(problem.ising(), batches=None if quick else 20, goal=-best, rng=stream)
        yield PublishedCheck(
            f"cut of {name}, {rows} x {columns} nodes on a torus", "best known of the G-set, arXiv 2505.18508",
            best, -found.energy, how=f"minimize: {', '.join(found.methods)}",
        )  # fmt: skip
