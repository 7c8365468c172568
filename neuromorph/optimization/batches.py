"""Methods of minimization as batches: each takes a problem, an effort and a stream, and gives its states.

The effort of batch k doubles until it reaches a largest one: short runs first, which serve easy problems, then long
ones. That costs at most twice the time of the one length that would have been best.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ising import Ising
from ..sampling.parallel_tempering import tempering
from ..sampling.samples import Samples
from ..sampling.simulated_annealing import descend_to_minimum, simulated_annealing
from ..sampling.validation import decision_streams
from .anneal_schedule import anneal_range, anneal_schedule
from .cluster_tempering import cluster_tempering
from .coherent_ising import coherent_ising_machine
from .held_moves import OneHotMoves
from .local_quantum_annealing import local_quantum_annealing
from .multispin import multispin_annealing
from .one_hot_annealing import one_hot_annealing, one_hot_tempering
from .one_hot_tabu import one_hot_tabu
from .set_search import independent_set_search
from .sim_cim import sim_cim
from .simulated_bifurcation import simulated_bifurcation

RUNGS = 20  # temperatures of a ladder where bits cannot hold the problem
_BEST = 8  # states of a batch on bits that go downhill


@dataclass(frozen=True)
class Method:
    """Method of :func:`.minimize` that runs in batches.

    Attributes
    ----------
    run : callable
        Maps (problem, effort, goal, SeedSequence) to Samples; the problem is an Ising, or the moves that hold groups.
    first, most : int
        Effort of the first batch, and the largest one: sweeps, rounds or time steps.
    """

    run: Callable[[Any, int, float, np.random.SeedSequence], Samples]
    first: int
    most: int


def _multispin(ising: Ising, effort: int, goal: float, rng: np.random.SeedSequence) -> Samples:
    return multispin_annealing(ising, anneal_schedule(ising, effort), keep=_BEST, rng=rng)


def _annealing(ising: Ising, effort: int, goal: float, rng: np.random.SeedSequence) -> Samples:
    return simulated_annealing(ising, anneal_schedule(ising, effort), 64, update="metropolis", rng=rng)


def _cluster_tempering(ising: Ising, effort: int, goal: float, rng: np.random.SeedSequence) -> Samples:
    return cluster_tempering(ising, rounds=effort, goal=goal, rng=rng)


def _tempering(ising: Ising, effort: int, goal: float, rng: np.random.SeedSequence) -> Samples:
    ladder = np.geomspace(*anneal_range(ising), RUNGS)
    found = tempering(ising, ladder, 1, burn_in=effort - 1, isoenergetic=True, update="metropolis", rng=rng).whole()
    spins = found.diagnostics["lowest_spins"].copy()
    descend_to_minimum(ising, spins, decision_streams(rng, len(spins)))
    return Samples(spins, np.asarray(ising.energy(spins)), ladder, found.method)


def _one_hot_annealing(moves: OneHotMoves, effort: int, goal: float, rng: np.random.SeedSequence) -> Samples:
    found = one_hot_annealing(moves, effort, _BEST, rng=rng)
    return Samples(found.diagnostics["lowest_spins"], found.diagnostics["lowest_energies"], found.betas, found.method)


BATCHED_METHODS: dict[str, Method] = {
    "multispin": Method(_multispin, 300, 40_000),
    "annealing": Method(_annealing, 500, 64_000),
    "cluster-tempering": Method(_cluster_tempering, 250, 1 << 20),
    "tempering": Method(_tempering, 250, 1 << 20),
    "ballistic-bifurcation": Method(
        lambda ising, steps, goal, rng: simulated_bifurcation(ising, steps, 32, variant="ballistic", rng=rng),
        500,
        16_000,
    ),
    "discrete-bifurcation": Method(
        lambda ising, steps, goal, rng: simulated_bifurcation(ising, steps, 32, rng=rng), 500, 16_000
    ),
    "cim": Method(
        lambda ising, steps, goal, rng: coherent_ising_machine(ising, steps, 32, control="none", rng=rng), 500, 16_000
    ),
    "cim-cac": Method(lambda ising, steps, goal, rng: coherent_ising_machine(ising, steps, 32, rng=rng), 500, 16_000),
    "cim-cfc": Method(
        lambda ising, steps, goal, rng: coherent_ising_machine(ising, steps, 32, control="feedback", rng=rng),
        500,
        16_000,
    ),
    "sim-cim": Method(lambda ising, steps, goal, rng: sim_cim(ising, steps, 32, rng=rng), 500, 16_000),
    "local-quantum-annealing": Method(
        lambda ising, steps, goal, rng: local_quantum_annealing(ising, steps, 32, rng=rng), 500, 16_000
    ),
}
GROUP_METHODS: dict[str, Method] = {
    "one-hot-tempering": Method(
        lambda moves, rounds, goal, rng: one_hot_tempering(moves, rounds, goal=goal, rng=rng), 250, 1 << 20
    ),
    "one-hot-annealing": Method(_one_hot_annealing, 500, 64_000),
    "one-hot-tabu": Method(
        lambda moves, sweeps, goal, rng: one_hot_tabu(moves, sweeps, goal=goal, rng=rng), 500, 1 << 20
    ),
}
SET_METHODS: dict[str, Method] = {
    "set-tabu": Method(
        lambda moves, steps, goal, rng: independent_set_search(moves, steps, goal=goal, rng=rng), 1000, 1 << 28
    ),
}
EXACT_METHODS = ("elimination", "matching")
