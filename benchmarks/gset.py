"""Time to a stated cut: minimize() beside the simulated annealing of dwave-samplers, CPU seconds on one core, in turn.

The graphs of the G-set are read from the folder that NEUROMORPH_GSET names (G1.txt ...); without it, graphs of the same
kinds are made here, and the goal is what a longer run of ours found. Each goal is either the best cut known or one that
annealing does reach. A peer's time is that of its best number of sweeps: t ln(.01) / ln(1 - p), with reads that reach
the goal at a rate p in t seconds each; a bound where none does. Ours is measured as a user has it, reading and
compiling apart: seconds from the problem to the goal, of runs with seeds of their own; what 99 % of them take, or,
with fewer than 100 runs, ln(100) times their mean, as if their ends came at a constant rate. Python's garbage collector
rests meanwhile, as it does in timeit: it would take .1 s in one run of twenty, several times the run itself.
"""

from __future__ import annotations

import gc
import os
from itertools import count
from math import log
from pathlib import Path
from time import process_time
from typing import Any

import networkx as nx
import numpy as np
from dwave.samplers import SimulatedAnnealingSampler

import neuromorph as nm
from neuromorph.optimization import minimize

GOALS = (
    ("G1", 11624), ("G43", 6660), ("G11", 564), ("G32", 1410), ("G22", 13359), ("G55", 10280), ("G55", 10294),
    ("G70", 9540), ("G70", 9594), ("G57", 3492),
)  # fmt: skip
SWEEPS = (300, 1000, 3000)  # of the peer
RUNS, BUDGET_S = 100, 12.0  # of ours, and CPU seconds of either side for a goal
BATCHES = 9


def graphs() -> list[tuple[str, nm.MaxCut, float]]:
    folder = os.environ.get("NEUROMORPH_GSET")
    if folder:
        return [(name, nm.load(Path(folder) / f"{name}.txt", kind="maxcut"), goal) for name, goal in GOALS]
    rng = np.random.default_rng(0)
    made: dict[str, nx.Graph] = {"random 800 / 19176": nx.gnm_random_graph(800, 19176, seed=1)}
    for sides in ((20, 40), (40, 50)):
        torus = nx.grid_2d_graph(*sides, periodic=True)
        nx.set_edge_attributes(torus, {edge: float(rng.choice([-1, 1])) for edge in torus.edges}, "weight")
        made[f"torus +-1 {sides[0]} x {sides[1]}"] = torus
    problems = {name: nm.MaxCut(name, nx.to_scipy_sparse_array(graph, dtype=float)) for name, graph in made.items()}
    return [(name, p, -minimize(p.ising(), batches=6, rng=0).energy) for name, p in problems.items()]


def to_99(seconds: float, hits: int, reads: int) -> float:
    """Seconds until a read that takes ``seconds`` has reached the goal with 99 %; with no hit, at least this."""
    p = max(hits, 1) / reads
    return seconds if p >= 0.99 else seconds * log(0.01) / log(1.0 - p)


def row(name: str, problem: nm.MaxCut, goal: float) -> dict[str, object]:
    ising = problem.ising()
    bqm, peer = ising.to_dimod(), SimulatedAnnealingSampler()
    minimize(ising, batches=2, rng=0)  # compiles
    gc.collect()
    ours: list[float] = []
    reached, best, spent = 0, -np.inf, 0.0
    of: dict[int, list[float]] = {sweeps: [0.0, 0, 0] for sweeps in SWEEPS}  # seconds, hits, reads
    theirs = -np.inf
    methods: tuple[str, ...] = ()
    for k in count():
        if len(ours) < RUNS and spent < BUDGET_S:
            start = process_time()
            found = minimize(ising, goal=-goal, batches=BATCHES, rng=k + 1)
            ours.append(process_time() - start)
            spent += ours[-1]
            cut = problem.cut(found.spins)
            reached, best, methods = reached + (cut >= goal), max(best, cut), found.methods
        sweeps = min(SWEEPS, key=lambda s: of[s][0])
        if of[sweeps][0] < BUDGET_S / len(SWEEPS):
            start = process_time()
            sampled: Any = peer.sample(bqm, num_reads=4, num_sweeps=sweeps, seed=k + 1)
            of[sweeps][0] += process_time() - start
            cuts = -sampled.record.energy
            of[sweeps][1] += int((cuts >= goal - 1e-9).sum())
            of[sweeps][2] += 4
            theirs = max(theirs, float(cuts.max()))
        elif len(ours) >= RUNS or spent >= BUDGET_S:
            break
    whole = reached == len(ours)
    if whole and len(ours) >= RUNS:
        own = float(np.quantile(ours, 0.99))
    else:
        own = sum(ours) / max(1, reached) * log(100.0)
    times = {s: to_99(seconds / reads, hits, reads) for s, (seconds, hits, reads) in of.items()}
    hit = {s: t for s, t in times.items() if of[s][1]} or times
    least = min(hit, key=hit.__getitem__)
    _, hits, reads = of[least]
    return {
        "graph": name,
        "goal": goal,
        "method": ", ".join(sorted(set(methods))),
        "ours: reached": f"{reached}/{len(ours)}",
        "median s": float(np.median(ours)),
        "slowest s": max(ours),
        "s to 99 %": own,
        "best": best,
        "peer: reached": f"{hits}/{reads} x {least}",
        "peer: s to 99 %": hit[least],
        "peer: best": theirs,
        "ratio": f"{hit[least] / own:.3g}" if hits else f"> {max(1.0, hit[least] / own):.3g}, never reached",
    }


def rows() -> list[dict[str, object]]:
    gc.disable()
    try:
        return [row(*each) for each in graphs()]
    finally:
        gc.enable()
