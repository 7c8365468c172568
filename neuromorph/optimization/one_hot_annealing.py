r"""Annealing and tempering of states with exactly one unit on in each group.

.. math:: \beta_{hot} = 1 / \sigma, \qquad \beta_{cold} = 5 / q

where sigma is the standard deviation of the differences of energy of random moves of a random state, and q the 5 %
quantile of those that lead up from a local minimum: at the end such a move is taken once in e^5.
Sources: Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983); Connolly, Eur. J. Oper. Res. 46, 93 (1990), annealing
of quadratic assignments by swaps; Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996), tempering.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..rng import RNG, child, kernel_states, read_seeds, seed_sequence
from ..runtime.pieces import pieces
from ..sampling.parallel_tempering_kernel import swap
from ..sampling.samples import Samples, SweepObserver
from ..sampling.validation import at_least
from .held_moves import OneHotMoves, moves_of
from .one_hot_moves import GroupMoves
from .permutation_moves import PermutationMoves

_PROBES = 2000
_DESCENT = 200  # sweeps downhill at most
_COLD, _LOW = 5.0, 0.05
_RUNGS = 16
_ROUNDING = 1e-9


def one_hot_range(problem: Any) -> tuple[float, float]:
    """Compute the ends of the default schedule.

    Parameters
    ----------
    problem : Problem, GroupMoves or PermutationMoves
        Problem with groups.

    Returns
    -------
    tuple of float
        Hot and cold beta, 1 / energy.
    """
    moves = _moves(problem)
    replicas = moves.begin(kernel_states([np.random.SeedSequence(0)]))
    wide = float(moves.probe(replicas, _PROBES).std())
    for _ in range(_DESCENT):
        before = float(replicas.energies[0])
        moves.advance(replicas, np.full((1, 4), inf))
        if replicas.energies[0] >= before:
            break
    deltas = moves.probe(replicas, _PROBES)
    up = deltas[deltas > _ROUNDING * max(1.0, wide)]
    if not wide or not up.size:
        return 1.0, 1.0  # all states are alike
    hot = 1.0 / wide
    return hot, max(hot, _COLD / float(np.quantile(up, _LOW)))


def one_hot_annealing(
    problem: Any,
    betas: ArrayLike | int = 1000,
    reads: int = 1,
    *,
    rng: RNG = None,
    observe: SweepObserver | None = None,
) -> Samples:
    """Anneal states that keep one spin up in each group; at one beta, sample them.

    Parameters
    ----------
    problem : Problem, GroupMoves or PermutationMoves
        Problem with groups; of an ``Assignment`` rows and columns are groups both.
    betas : (sweeps,) float or int
        Inverse temperature of each sweep, or the number of sweeps of the default schedule, in equal ratios between the
        ends of :func:`one_hot_range`.
    reads : int
        Number of reads, from random states.
    rng : RNG
        Source of the random numbers.
    observe : callable or None
        Called as ``observe(beta, spins)`` at the start and after every sweep; for a single read.

    Returns
    -------
    Samples
        Last states; ``diagnostics["lowest_spins"]`` are those of lowest energy that each read met.

    Raises
    ------
    ValueError
        If the problem has no groups, or an argument is out of range.
    """
    moves = _moves(problem)
    at_least(1, reads=reads)
    plan = np.geomspace(*one_hot_range(moves), betas) if isinstance(betas, int) else np.asarray(betas, dtype=float)
    if plan.ndim != 1 or not plan.size or np.isnan(plan).any() or (plan < 0).any():
        raise ValueError(
            f"betas have shape {plan.shape}; give inverse temperatures of 0 or more, or a number of sweeps"
        )
    replicas = moves.begin(kernel_states(read_seeds(rng, reads)))
    if observe is not None:
        observe(float(plan[0]), moves.spins(replicas.places))
    for rows, part in pieces(reads, plan.size):
        some = _rows(replicas, rows)
        if observe is None:
            moves.advance(some, np.broadcast_to(plan[part], (rows.stop - rows.start, part.stop - part.start)))
            continue
        for k in range(part.start, part.stop):
            moves.advance(some, np.broadcast_to(plan[k : k + 1], (rows.stop - rows.start, 1)))
            observe(float(plan[k]), moves.spins(some.places))
    lowest = moves.spins(replicas.best)
    return Samples(
        moves.spins(replicas.places), moves.energy(replicas.places), plan, "one_hot_annealing",
        {"lowest_spins": lowest, "lowest_energies": moves.energy(replicas.best)},
    )  # fmt: skip


def one_hot_tempering(
    problem: Any, rounds: int = 1000, *, betas: ArrayLike | None = None, goal: float = -inf, rng: RNG = None
) -> Samples:
    """Temper states that keep one spin up in each group.

    Parameters
    ----------
    problem : Problem, GroupMoves or PermutationMoves
        Problem with groups.
    rounds : int
        Sweeps of each replica, with a round of swaps after each.
    betas : (k,) float or None
        Ladder, hot to cold; None: 16 in equal ratios between the ends of :func:`one_hot_range`.
    goal : float
        Energy at which to stop.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    Samples
        The state of lowest energy that was met, (1, n); ``diagnostics["last_spins"]`` are the last ones, hot to cold.

    Raises
    ------
    ValueError
        If the problem has no groups, or an argument is out of range.
    """
    moves = _moves(problem)
    at_least(1, rounds=rounds)
    ladder = np.geomspace(*one_hot_range(moves), _RUNGS) if betas is None else np.asarray(betas, dtype=float)
    if ladder.ndim != 1 or ladder.size < 2 or not np.isfinite(ladder).all() or (np.diff(ladder) < 0).any():
        raise ValueError(f"betas have shape {ladder.shape}; give at least two, finite, from hot to cold")
    seed = seed_sequence(rng)
    (own,) = seed.spawn(1)
    count = ladder.size
    replicas = moves.begin(kernel_states([child(own, k) for k in range(count)]))
    offset = float(moves.energy(replicas.places[:1])[0] - replicas.energies[0])
    stop = goal - offset + _ROUNDING * max(1.0, abs(goal)) if goal > -inf else -inf
    holder, heading = np.arange(count)[None].copy(), np.zeros((1, count), np.int8)
    trips, chances = np.zeros(1, np.int64), np.zeros(count - 1)
    swaps, lanes = kernel_states([child(own, "swaps")]), np.empty((count, 1))
    made = 0
    for _, part in pieces(1, rounds, "tempering in groups"):
        for k in range(part.start, part.stop):
            lanes[holder[0], 0] = ladder
            moves.advance(replicas, lanes)
            swap(replicas.energies[None], ladder, k % 2, holder, heading, trips, chances, swaps)
            made = k + 1
            if replicas.lowest.min() <= stop:
                break
        if replicas.lowest.min() <= stop:
            break
    best = replicas.best[[int(replicas.lowest.argmin())]]
    return Samples(
        moves.spins(best), moves.energy(best), ladder, "one_hot_tempering",
        {"rounds": made, "round_trips": int(trips[0]), "swap_rate": chances / max(1, made / 2),
         "last_spins": moves.spins(replicas.places[holder[0]])},
    )  # fmt: skip


def _moves(problem: Any) -> OneHotMoves:
    moves = problem if isinstance(problem, (GroupMoves, PermutationMoves)) else moves_of(problem, all_states=True)
    if moves is None:
        raise ValueError(
            f"the {type(problem).__name__} has no groups of which one spin is up; give an Assignment or a Coloring, or "
            "GroupMoves(ising, groups)"
        )
    return moves


def _rows(replicas: Any, rows: slice) -> Any:
    """Return views of some replicas."""
    return type(replicas)(**{name: array[rows] for name, array in vars(replicas).items()})
