"""Max-cut on graphs like the G-set: cpu-anneal beside the simulated annealing of dwave-samplers, CPU seconds a read.

Both run the same number of sweeps and reads on the same graphs, in turn. The graphs are made here (random graphs of 800
nodes and 19,176 edges and of 2000 and 19,990, toroidal +-1 lattices of 800 nodes), so nothing has to be downloaded.
"""

from __future__ import annotations

from time import process_time

import networkx as nx
import numpy as np
from dwave.samplers import SimulatedAnnealingSampler

import neuromorph as nm

SWEEPS, READS = 1000, 64


def graphs() -> dict[str, nm.MaxCut]:
    rng = np.random.default_rng(0)
    dense, larger = nx.gnm_random_graph(800, 19176, seed=1), nx.gnm_random_graph(2000, 19990, seed=1)
    torus = nx.grid_2d_graph(20, 40, periodic=True)
    nx.set_edge_attributes(torus, {edge: float(rng.choice([-1, 1])) for edge in torus.edges}, "weight")
    return {
        name: nm.MaxCut(name=name, weights=nx.to_scipy_sparse_array(graph, dtype=float))
        for name, graph in (
            ("random 800 / 19176", dense),
            ("random 2000 / 19990", larger),
            ("torus +-1 20 x 40", torus),
        )
    }


def rows() -> list[dict[str, object]]:
    table: list[dict[str, object]] = []
    ours = nm.get_target("cpu-anneal", sweeps=SWEEPS)
    for name, problem in graphs().items():
        program, bqm = ours.program(problem), problem.ising().to_dimod()
        ours.run(program, nm.Minimize(), reads=1, rng=0)  # compiles
        start = process_time()
        cuts = -ours.run(program, nm.Minimize(), reads=READS, rng=1).energies
        middle = process_time()
        peer = SimulatedAnnealingSampler().sample(bqm, num_reads=READS, num_sweeps=SWEEPS, seed=1)
        end = process_time()
        peer_cuts = -peer.record.energy
        table.append(
            {
                "graph": name,
                "sweeps": SWEEPS,
                "ours: s a read": (middle - start) / READS,
                "dwave-samplers: s a read": (end - middle) / READS,
                "ratio": (end - middle) / (middle - start),
                "ours: mean cut": float(cuts.mean()),
                "dwave-samplers: mean cut": float(peer_cuts.mean()),
                "ours: best": float(cuts.max()),
                "dwave-samplers: best": float(peer_cuts.max()),
            }
        )
    return table
