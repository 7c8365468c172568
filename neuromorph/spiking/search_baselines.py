r"""Baselines of a search by spikes: Gibbs sampling under the same sawtooth of beta, and uniform random states.

.. math:: P(x_i = 1) = \frac{e^{\beta f_i}}{\sum_{j \in g} e^{\beta f_j}}, \qquad f_i = b_i + \sum_j W_{ij} x_j

where g is the group of unit i, of which exactly one unit is on; W, b and beta are those of :class:`.WinnerTakeAll`.
Source: Geman and Geman, IEEE TPAMI 6, 721 (1984).
"""

from __future__ import annotations

import numpy as np

from ..ising import Float
from ..problems.one_hot import OneHot
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.pieces import pieces
from .search_result import SearchResult
from .winner_take_all import WinnerTakeAll


def solve_by_gibbs(
    problem: OneHot, updates: int, *, chains: int = 1, neurons: WinnerTakeAll | None = None, rng: RNG = None
) -> SearchResult:
    """Search by the heat bath of one random group an update, as ``neurons`` would.

    One sawtooth takes as many sweeps over all groups as winners at their highest rate fire in a period.

    Parameters
    ----------
    problem : OneHot
        The problem.
    updates : int
        Updates of each chain.
    chains : int
        Number of chains.
    neurons : WinnerTakeAll or None
        Parameters; None is the default.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    SearchResult
        The best states.
    """
    neurons = neurons or WinnerTakeAll()
    sweeps = neurons.period_s / neurons.interval_s
    phase = np.arange(max(0, updates)) / (sweeps * (problem.groups.max() + 1))
    return _search(problem, neurons, neurons.low + (neurons.high - neurons.low) * (phase % 1.0), chains, rng)


def sample_uniformly(problem: OneHot, updates: int, *, chains: int = 1, rng: RNG = None) -> SearchResult:
    """Search by uniform random states.

    Parameters
    ----------
    problem : OneHot
        The problem.
    updates : int
        States of each chain.
    chains : int
        Number of chains.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    SearchResult
        The best states.
    """
    return _search(problem, WinnerTakeAll(), np.full(max(0, updates), -1.0), chains, rng)


def _search(problem: OneHot, neurons: WinnerTakeAll, betas: Float, chains: int, rng: RNG) -> SearchResult:
    from .one_hot_gibbs_kernel import one_hot_gibbs

    if not betas.size:
        raise ValueError("updates is 0; ask for at least one")
    weights, biases = neurons.drives(problem)
    weights, biases = weights * neurons.level, biases * neurons.level
    winners = np.empty((chains, problem.groups.max() + 1), np.int64)
    found = np.empty(chains)
    for chain, state in enumerate(kernel_states(read_seeds(rng, chains))):
        best, fields, course = np.empty_like(winners[0]), np.empty(biases.size), np.full(4, -1.0)
        for _, part in pieces(1, betas.size, "baselines", before=chain * betas.size, total=chains * betas.size):
            one_hot_gibbs(weights, biases, problem.members, betas[part], winners[chain], best, fields, course, state)
        winners[chain], found[chain] = best, course[2]
    return SearchResult(problem.energy(winners), winners, found, float(betas.size))
