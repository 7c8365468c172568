r"""Tabu search of states with one unit on in each group, where couplings between groups only inhibit.

.. math:: f_i = b_i + \sum_j W_{ij} x_j, \qquad W \le 0, \qquad E \ge -\sum_g \max_{i \in g} b_i + c

A group is in conflict where its unit's field is below the largest bias of the group: a node of a coloring that has a
neighbor of its color. The best move of such groups is made, downhill or not, and the unit that went off stays off for
r + .6 n_c moves, r < 10 at random, n_c the number of groups in conflict, unless it would lead lower than ever. A state
that reaches the bound of E is optimal.

Sources: Hertz and de Werra, Computing 39, 345 (1987), TabuCol; Galinier and Hao, J. Comb. Optim. 3, 379 (1999), the
tenure.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from ..problems.coloring import Coloring
from ..rng import RNG, kernel_states, seed_sequence
from ..runtime.pieces import pieces
from ..sampling.samples import Samples
from ..sampling.validation import at_least
from .held_moves import moves_of
from .one_hot_moves import GroupMoves
from .one_hot_tabu_kernel import tabu_moves

_ROUNDING = 1e-9


def one_hot_tabu(problem: Coloring | GroupMoves, sweeps: int = 1000, *, goal: float = -inf, rng: RNG = None) -> Samples:
    """Minimize by tabu moves within groups, from a random state.

    Parameters
    ----------
    problem : Coloring or GroupMoves
        Problem with groups.
    sweeps : int
        As many moves as groups each.
    goal : float
        Energy at which to stop; it stops at the bound of the module's text as well.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    Samples
        The state of lowest energy that was met, (1, n); ``diagnostics["moves"]`` is the number of moves made.

    Raises
    ------
    ValueError
        If the problem has no groups, or a coupling between two of them favors both units.
    """
    at_least(1, sweeps=sweeps)
    moves = problem if isinstance(problem, GroupMoves) else moves_of(problem)
    if not isinstance(moves, GroupMoves) or not moves.inhibiting:
        raise ValueError(
            f"the {type(problem).__name__} has no groups whose couplings are 0 or less; give a Coloring, or choose "
            "one_hot_tempering"
        )
    streams = kernel_states(seed_sequence(rng).spawn(1))
    begun = moves.begin(streams)
    csr, members, sizes = moves.tables
    offset = float(moves.energy(begun.places)[0] - begun.energies[0])
    stop = max(goal, moves.least)
    stop += _ROUNDING * max(1.0, abs(stop)) - offset
    until, counts = np.zeros(moves.size, np.int64), np.zeros(1, np.int64)
    energies = np.array([begun.energies[0]] * 2)
    tables: tuple[Any, ...] = (*csr, members, sizes, moves.top)
    state: tuple[Any, ...] = (begun.places[0], begun.fields[0], until, begun.best[0], energies, counts, streams[0])
    for _, part in pieces(1, sweeps, "tabu moves in groups"):
        tabu_moves(*(*tables, (part.stop - part.start) * len(sizes), stop, *state))
        if energies[1] <= stop:
            break
    best = begun.best
    return Samples(moves.spins(best), moves.energy(best), np.zeros(0), "one_hot_tabu", {"moves": int(counts[0])})
