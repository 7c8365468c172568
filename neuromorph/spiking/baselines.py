r"""What a search by spikes must beat: uniform random states, and Gibbs sampling under the same sawtooth of beta.

Each is given as many decisions as the network had spikes: new states, or updates of one group.
"""

from __future__ import annotations

import numpy as np

from ..ising import Float
from ..pieces import pieces
from ..rng import RNG, kernel_states, read_seeds
from .one_hot import OneHot
from .winner_take_all import Search, WinnerTakeAll


def solve_by_gibbs(
    problem: OneHot, updates: int, *, chains: int = 1, neurons: WinnerTakeAll | None = None, rng: RNG = None
) -> Search:
    """Heat bath of one random group an update, at the beta, W and b of ``neurons``.

    One sawtooth takes as many sweeps over all groups as winners at their highest rate fire in a period.
    """
    neurons = neurons or WinnerTakeAll()
    sweeps = neurons.period_s / neurons.interval_s
    phase = np.arange(max(0, updates)) / (sweeps * (problem.groups.max() + 1))
    return _search(problem, neurons, neurons.low + (neurons.high - neurons.low) * (phase % 1.0), chains, rng)


def solve_at_random(problem: OneHot, updates: int, *, chains: int = 1, rng: RNG = None) -> Search:
    """The best of ``updates`` uniform states."""
    return _search(problem, WinnerTakeAll(), np.full(max(0, updates), -1.0), chains, rng)


def _search(problem: OneHot, neurons: WinnerTakeAll, betas: Float, chains: int, rng: RNG) -> Search:
    from ..kernels.one_hot import search

    if not betas.size:
        raise ValueError("updates is 0; ask for at least one")
    weights, biases = neurons.drives(problem)
    weights, biases = weights * neurons.level, biases * neurons.level
    winners = np.empty((chains, problem.groups.max() + 1), np.int64)
    found = np.empty(chains)
    for chain, state in enumerate(kernel_states(read_seeds(rng, chains))):
        best, fields, course = np.empty_like(winners[0]), np.empty(biases.size), np.full(4, -1.0)
        for _, part in pieces(1, betas.size, "baselines", before=chain * betas.size, total=chains * betas.size):
            search(weights, biases, problem.members, betas[part], winners[chain], best, fields, course, state)
        winners[chain], found[chain] = best, course[2]
    return Search(problem.energy(winners), winners, found, float(betas.size))
