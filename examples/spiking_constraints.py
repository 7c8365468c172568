"""Do spikes solve constraints? Sudoku, colorings, cuts, tours, beside Gibbs sampling and luck with as many decisions.

Run it: python examples/spiking_constraints.py
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np

from neuromorph import exact
from neuromorph.estimate import wilson_interval
from neuromorph.problems import MaxCut, OneHot, Tsp
from neuromorph.spiking import SearchResult, sample_uniformly, solve_by_gibbs, solve_by_spikes


def main(argv: list[str] | None = None) -> dict[str, tuple[SearchResult, SearchResult, SearchResult]]:
    """Print the table; return the searches by spikes, by Gibbs sampling and at random of each problem."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each network")
    parser.add_argument("--networks", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)

    chains, seed = options.networks, options.seed
    searches = {}
    print(f"{chains} networks of {options.seconds:g} s; the share that finds the optimum (95 % interval)")
    print(f"{'problem':<22} {'spikes':>16} {'median':>9} {'decisions':>10} {'Gibbs':>16} {'random':>16}")
    for name, (problem, best) in problems(seed).items():
        spikes = solve_by_spikes(problem, options.seconds, chains=chains, rng=seed)
        decisions = round(spikes.updates)
        gibbs = solve_by_gibbs(problem, decisions, chains=chains, rng=seed)
        luck = sample_uniformly(problem, decisions, chains=chains, rng=seed)
        cells = [_share(search, best) for search in (spikes, gibbs, luck)]
        hit = spikes.found[spikes.energies <= best + 1e-9]
        median = f"{1e3 * np.median(hit):.0f} ms" if hit.size else "none"
        print(f"{name:<22} {cells[0]:>16} {median:>9} {decisions:>10} {cells[1]:>16} {cells[2]:>16}")
        searches[name] = (spikes, gibbs, luck)
    print("no published number for these problems: Gibbs sampling and luck stand beside, with as many decisions")
    return searches


def problems(seed: int) -> dict[str, tuple[OneHot, float]]:
    """Each with its optimum: planted, or enumerated."""
    rng = np.random.default_rng(seed)
    grid = np.array([[0, 2, 3, 4], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])
    color = rng.integers(0, 3, 20)
    pairs = np.array([(i, j) for i in range(20) for j in range(i) if color[i] != color[j]])
    edges = pairs[rng.permutation(len(pairs))[:44]]
    dense = np.array(list(itertools.combinations(range(16), 2)))
    cut = MaxCut.from_edges(16, dense, rng.choice([-1.0, 1.0], len(dense)))
    made = {
        "Sudoku 4 x 4, 5 given": (OneHot.sudoku(grid), 0.0),
        "3-coloring, 20 nodes": (OneHot.coloring(20, edges, 3), 0.0),
        "max-cut, 16 nodes": (OneHot.from_spins(cut.ising()), exact.ground_states(cut.ising())[0]),
    }
    for n in (5, 6):
        tsp = Tsp.from_coordinates(rng.random((n, 2)))
        shortest = min(tsp.length((0, *rest)) for rest in itertools.permutations(range(1, n)))
        made[f"tour of {n} cities"] = (OneHot.from_ising(tsp.ising(), np.arange(n * n) % n), shortest)
    return made


def _share(search: SearchResult, best: float) -> str:
    share = wilson_interval(search.hits(best), len(search.energies))
    return f"{share.value:.0%} ({share.low:.0%}-{share.high:.0%})"


if __name__ == "__main__":
    main()
