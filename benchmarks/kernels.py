"""Ising kernels beside dwave-samplers, thrml, mcising, peapods: CPU ns an update, end to end (model in, energies out).

Annealing is linear in beta from .1 to 3, a thousand sweeps, in all; +-1 couplings without biases, or an SK glass with
couplings of variance 1/n. Ours does 64 reads at once, 512 on bits. Metropolis, as the peers, unless the row says heat
bath. Contestants take turns; medians. thrml (block Gibbs, 64 chains) and mcising (one lattice) sample at one beta.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from statistics import median
from time import process_time
from typing import Any

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import networkx as nx
import numpy as np
from dwave.graphs import chimera_graph, pegasus_graph
from dwave.samplers import SimulatedAnnealingSampler

from neuromorph import Ising
from neuromorph.sampling import tempering
from neuromorph.sampling.replicas import Update, replicas

SWEEPS, TURNS = 1000, 3
BETAS = np.linspace(0.1, 3.0, SWEEPS)


def glass(graph: nx.Graph) -> Ising:
    """Random +-1 on the edges."""
    graph = nx.convert_node_labels_to_integers(graph, ordering="sorted")
    signs = np.random.default_rng(0).choice([-1.0, 1.0], graph.number_of_edges())
    nx.set_edge_attributes(graph, dict(zip(graph.edges, signs.tolist(), strict=True)), "weight")
    return Ising.from_networkx(graph)


def sherrington_kirkpatrick(n: int) -> Ising:
    upper = np.triu(np.random.default_rng(n).normal(0.0, n**-0.5, (n, n)), 1)
    return Ising(upper + upper.T)


def torus(size: int) -> nx.Graph:
    return nx.grid_2d_graph(size, size, periodic=True)


def problems() -> dict[str, tuple[Ising, int]]:
    """Problems, and the reads that dwave-samplers makes of them."""
    return {
        "+-J 2-D, L = 64": (glass(torus(64)), 64),
        "6-regular, n = 2000": (glass(nx.random_regular_graph(6, 2000, seed=1)), 64),
        "Chimera 16": (glass(chimera_graph(16)), 64),
        "Pegasus 16": (glass(pegasus_graph(16)), 64),
        "like G22, 2000 / 19990": (glass(nx.gnm_random_graph(2000, 19990, seed=1)), 64),
        "SK, n = 64": (sherrington_kirkpatrick(64), 64),
        "SK, n = 256": (sherrington_kirkpatrick(256), 16),
        "SK, n = 1000": (sherrington_kirkpatrick(1000), 2),
    }


def timed(contestants: dict[str, Callable[[], Any]], turns: int = TURNS) -> Iterator[tuple[str, float, Any]]:
    """(name, median CPU seconds, last result); a first turn compiles and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    results = {name: run() for name, run in contestants.items() if not name.startswith("dwave")}
    gc.collect()
    gc.disable()
    for _ in range(turns):
        for name, run in contestants.items():
            start = process_time()
            results[name] = run()
            seconds[name].append(process_time() - start)
    gc.enable()
    for name in contestants:
        yield name, median(seconds[name]), results[name]


def ours(ising: Ising, kernel: str, update: Update, betas: Any, count: int) -> Callable[[], Any]:
    def run() -> Any:
        lanes = replicas(ising, count, kernel=kernel, update=update, rng=1)
        lanes.sweep(betas)
        return lanes.energies()

    return run


def row(problem: str, kernel: str, ns: float, energy: float, peer: str, peer_ns: float, peer_energy: float) -> dict:
    return {
        "problem": problem,
        "kernel": kernel,
        "ours: ns an update": ns,
        "peer": peer,
        "peer: ns an update": peer_ns,
        "ratio": peer_ns / ns,
        "ours: mean energy a spin": energy,
        "peer: mean energy a spin": peer_energy,
    }


def annealing() -> Iterator[dict]:
    for problem, (ising, reads) in problems().items():
        bqm, n = ising.to_dimod(), ising.size
        sampler = SimulatedAnnealingSampler()

        def dwave(bqm: Any = bqm, reads: int = reads, sampler: Any = sampler) -> Any:
            schedule = {"beta_range": (0.1, 3.0), "beta_schedule_type": "linear"}
            return sampler.sample(bqm, num_reads=reads, num_sweeps=SWEEPS, seed=1, **schedule).record.energy

        contestants, counts = {"dwave-samplers": dwave}, {"dwave-samplers": reads}
        for kernel in ("dense", "sparse") if problem.startswith("SK") else ("sparse", "int8", "packed"):
            for update in ("metropolis", "heat-bath"):
                name = kernel + (", heat bath" if update == "heat-bath" else "")
                counts[name] = 512 if kernel == "packed" else 64
                contestants[name] = ours(ising, kernel, update, BETAS, counts[name])
        found = {name: (s / counts[name] / SWEEPS / n * 1e9, float(e.mean()) / n) for name, s, e in timed(contestants)}
        peer = found.pop("dwave-samplers")
        for name, mine in found.items():
            yield row(problem, name, *mine, "dwave-samplers SA", *peer)


def block_gibbs() -> Iterator[dict]:
    """thrml on the +-J torus at beta = 1, in two blocks."""
    import jax
    from thrml import Block, SamplingSchedule, SpinNode, sample_states
    from thrml.models import IsingEBM, IsingSamplingProgram, hinton_init

    ising, chains, beta = glass(torus(64)), 64, 1.0
    n, j = ising.size, ising.sparse_couplings().tocoo()
    upper = j.row < j.col
    nodes = [SpinNode() for _ in range(n)]
    edges = [(nodes[a], nodes[b]) for a, b in zip(j.row[upper], j.col[upper], strict=True)]
    weights = jax.numpy.asarray(j.data[upper], dtype="float32")
    model = IsingEBM(nodes, edges, jax.numpy.zeros(n), weights, jax.numpy.array(beta))
    colors = nx.bipartite.color(nx.convert_node_labels_to_integers(torus(64), ordering="sorted"))
    blocks = [Block([nodes[i] for i in range(n) if colors[i] == color]) for color in (0, 1)]
    program = IsingSamplingProgram(model, blocks, clamped_blocks=[])
    schedule = SamplingSchedule(n_warmup=SWEEPS, n_samples=1, steps_per_sample=1)

    @jax.jit
    def chain(key: Any) -> Any:
        start, go = jax.random.split(key)
        state = hinton_init(start, model, blocks, ())
        return sample_states(go, program, schedule, state, [], [Block(nodes)])[0]

    every = jax.jit(jax.vmap(chain))

    def thrml() -> Any:
        spins = np.asarray(every(jax.random.split(jax.random.key(1), chains))).reshape(chains, n)
        return ising.energy(np.where(spins, 1, -1))

    betas = np.full(SWEEPS, beta)
    contestants = {"thrml": thrml}
    contestants |= {k: ours(ising, k, "heat-bath", betas, chains) for k in ("sparse", "int8")}
    contestants["packed"] = ours(ising, "packed", "heat-bath", betas, 512)
    found = {name: (s / len(e) / SWEEPS / n * 1e9, float(e.mean()) / n) for name, s, e in timed(contestants)}
    peer = found.pop("thrml")
    for name, mine in found.items():
        yield row("+-J 2-D, L = 64, beta = 1", f"{name}, heat bath", *mine, "thrml", *peer)


def one_lattice() -> Iterator[dict]:
    """mcising on the ferromagnet, a tenth above its critical temperature."""
    from mcising import IsingSimulation

    size, beta = 512, 0.4
    graph = torus(size)
    nx.set_edge_attributes(graph, 1.0, "weight")
    ising = Ising.from_networkx(graph)
    n = ising.size

    def mcising() -> Any:
        simulation = IsingSimulation(size, 1.0, 0.0, 0.0, 0.0, 1)
        simulation.sweep(SWEEPS, temperature=1.0 / beta)
        return n * np.array([simulation.energy()])

    contestants = {"mcising": mcising}
    for update in ("metropolis", "heat-bath"):
        name = "lattice" + (", heat bath" if update == "heat-bath" else "")
        contestants[name] = ours(ising, "lattice", update, np.full(SWEEPS, beta), 1)
    found = {name: (s / SWEEPS / n * 1e9, float(e.mean()) / n) for name, s, e in timed(contestants)}
    peer = found.pop("mcising")
    for name, mine in found.items():
        yield row("ferromagnet, L = 512, beta = .4", name, *mine, "mcising", *peer)


def exchange() -> Iterator[dict]:
    """peapods on +-J tori: two ladders of 32 temperatures, exchanges after every sweep; energies of the coldest."""
    from peapods import Ising as Lattice

    size, ladders, betas = 64, 2, np.geomspace(0.1, 2.5, 32)
    ising = glass(torus(size))
    n = ising.size

    def peapods() -> Any:
        lattice = Lattice((size, size), "bimodal", temperatures=1.0 / betas[::-1], n_replicas=ladders)
        found = lattice.sample(SWEEPS, "metropolis", pt_interval=1, warmup_ratio=0.9, sequential=True)
        return -n * np.asarray(found["energies"]).reshape(-1, len(betas))[:, 0]  # its sign is the opposite

    def ours_at(kernel: str) -> Callable[[], Any]:
        return lambda: tempering(
            ising, betas, 1, chains=ladders, burn_in=SWEEPS - 1, update="metropolis", kernel=kernel, rng=1
        ).energies.ravel()

    contestants = {"peapods": peapods} | {kernel: ours_at(kernel) for kernel in ("sparse", "int8")}
    updates = SWEEPS * n * ladders * len(betas)
    found = {name: (s / updates * 1e9, float(e.mean()) / n) for name, s, e in timed(contestants)}
    peer = found.pop("peapods")
    for name, mine in found.items():
        yield row("+-J 2-D, L = 64, 2 x 32 temperatures", f"{name}, tempering", *mine, "peapods", *peer)


def rows() -> list[dict[str, object]]:
    return [*annealing(), *block_gibbs(), *one_lattice(), *exchange()]
