"""Tours: softassign dynamics and cpu-anneal beside dimod's QUBO under dwave-samplers, CPU seconds a read.

Random cities in the unit square, so that nothing has to be downloaded; gaps are to the best tour found by any.
"""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import dimod
import networkx as nx
import numpy as np
from dwave.samplers import SimulatedAnnealingSampler

import neuromorph as nm
from neuromorph.analog import softassign
from neuromorph.problems import score_run
from neuromorph.rng import read_seeds

READS = 20


def qubo(penalty: float) -> Callable[[nm.Tsp], list[np.ndarray]]:
    """dimod's own QUBO of the tour, its default penalty (sum of all distances) times ``penalty``."""

    def solve(problem: nm.Tsp) -> list[np.ndarray]:
        graph = nx.from_numpy_array(problem.distances())
        lagrange = penalty * graph.size("weight") * graph.number_of_nodes() / graph.number_of_edges()
        bqm = dimod.generators.traveling_salesperson(graph, lagrange=lagrange)
        samples = SimulatedAnnealingSampler().sample(bqm, num_reads=READS, num_sweeps=1000, seed=1)
        tours = []
        for sample in samples.samples(sorted_by=None):
            chosen = sorted((position, city) for (city, position), on in sample.items() if on)
            if [position for position, _ in chosen] == list(range(problem.size)):
                tours.append(np.array([city for _, city in chosen]))
        return [tour for tour in tours if len(set(tour.tolist())) == problem.size]

    return solve


def by_target(name: str) -> Callable[[nm.Tsp], list[np.ndarray]]:
    def solve(problem: nm.Tsp) -> list[np.ndarray]:
        device = nm.get_target(name)
        run = device.run(device.program(problem), nm.Minimize(), reads=READS, rng=1)
        solutions = score_run(problem, run).solutions
        return [solution.value for solution in solutions if solution.feasible]

    return solve


def by_softassign(problem: nm.Tsp) -> list[np.ndarray]:
    ends = softassign(problem.distances(), read_seeds(1, READS))
    solutions = [problem.decode(spins) for spins in ends.spins]
    return [solution.value for solution in solutions if solution.feasible]


SOLVERS = {
    "softassign": by_softassign,
    "cpu-anneal": by_target("cpu-anneal"),
    "dimod QUBO, default penalty": qubo(1.0),
    "dimod QUBO, 0.1 penalty": qubo(0.1),
}


def rows() -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    for n in (14, 30):
        cities = np.random.default_rng(n).random((n, 2))
        problem = nm.Tsp.from_coordinates(cities, name=f"random {n}")
        found, seconds = {}, {}
        for solver, solve in SOLVERS.items():
            solve(problem)  # compiles
            start = process_time()
            tours = solve(problem)
            seconds[solver] = (process_time() - start) / READS
            found[solver] = [problem.length(tour) for tour in tours]
        least = min(min(lengths) for lengths in found.values() if lengths)
        for solver, lengths in found.items():
            table.append(
                {
                    "instance": problem.name,
                    "solver": solver,
                    "valid": f"{len(lengths)}/{READS}",
                    "best gap": float(min(lengths) / least - 1.0) if lengths else None,
                    "mean gap": float(np.mean(lengths) / least - 1.0) if lengths else None,
                    "s a read": seconds[solver],
                    "time over softassign": seconds[solver] / seconds["softassign"],
                }
            )
    return table
