"""Tabu search of independent sets: every state is one, so that no penalty is climbed.

Source: Wu, Hao and Glover, Ann. Oper. Res. 196, 611 (2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float
from ..problems.independent_set import IndependentSet
from ..rng import RNG, kernel_states, seed_sequence
from ..runtime.pieces import pieces
from ..sampling.samples import Samples
from ..sampling.validation import at_least
from .set_search_kernel import FREE, neighbor_lists, set_steps

PATIENCE = 4000  # steps without a better set after which to begin anew; of the source, whose weights differ
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class SetMoves:
    """A graph whose independent sets are the states.

    Parameters
    ----------
    problem : IndependentSet
        Problem.
    """

    problem: IndependentSet

    @property
    def size(self) -> int:
        """Number of spins n."""
        return self.problem.nodes

    @cached_property
    def neighbors(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Starts of the neighbors of each node, and the neighbors."""
        found: tuple[NDArray[np.int64], NDArray[np.int32]] = neighbor_lists(self.problem.nodes, self.problem.edges)
        return found

    def draw(self, streams: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return empty sets, (replicas, n), one a generator.

        Parameters
        ----------
        streams : (replicas, 4) uint64
            Generators, of which nothing is drawn.

        Returns
        -------
        (replicas, n) bool
            States.
        """
        return np.zeros((len(streams), self.size), bool)

    def spins(self, places: NDArray[np.bool_]) -> NDArray[np.int8]:
        """Convert sets to spins, up in the set; :meth:`.GroupMoves.spins` documents the argument.

        Returns
        -------
        (replicas, n) int8
            Spins.
        """
        return np.where(places, 1, -1).astype(np.int8)

    def places(self, spins: ArrayLike) -> NDArray[np.bool_]:
        """Convert spins to sets; :meth:`.GroupMoves.places` documents the argument.

        Returns
        -------
        (replicas, n) bool
            Whether each node is in the set.

        Raises
        ------
        ValueError
            If two nodes of a set are joined.
        """
        up = np.atleast_2d(np.asarray(spins)) > 0
        i, j = self.problem.edges.T
        for k, each in enumerate(up):
            clashes = np.flatnonzero(each[i] & each[j])
            if clashes.size:
                u, v = self.problem.edges[clashes[0]]
                raise ValueError(f"state {k} holds nodes {u} and {v}, which are joined; leave out one")
        return up

    def energy(self, places: NDArray[np.bool_]) -> Float:
        """Compute energies, less the weight; :meth:`.GroupMoves.energy` documents the argument.

        Returns
        -------
        (replicas,) float
            E.
        """
        return -np.asarray(places @ self.problem.weights, dtype=float)


def independent_set_search(
    problem: IndependentSet | SetMoves, steps: int = 100_000, *, goal: float = -inf, rng: RNG = None
) -> Samples:
    """Search an independent set of large weight by tabu moves.

    Parameters
    ----------
    problem : IndependentSet or SetMoves
        Problem.
    steps : int
        Number of moves.
    goal : float
        Energy at which to stop.
    rng : RNG
        Source of the random numbers.

    Returns
    -------
    Samples
        The heaviest set that was met, (1, n); ``diagnostics["steps"]`` is the number of moves made.
    """
    at_least(1, steps=steps)
    moves = problem if isinstance(problem, SetMoves) else SetMoves(problem)
    n, weights = moves.size, np.asarray(moves.problem.weights, float)
    lists, sizes = np.zeros((4, n), np.int64), np.zeros(4, np.int64)
    lists[FREE], sizes[FREE] = np.arange(n), n
    tight, within, until = np.zeros((3, n), np.int64)
    best, counts, worth = np.zeros(n, bool), np.zeros(2, np.int64), np.zeros(3)
    (stream,) = kernel_states(seed_sequence(rng).spawn(1))
    state = (lists, np.arange(n), sizes, np.full(n, FREE, np.int8), tight, within, until, best, counts, worth, stream)
    stop = inf if goal == -inf else -goal - _ROUNDING * max(1.0, abs(goal))
    of = (*moves.neighbors, weights, bool((weights == weights[0]).all()), PATIENCE)
    for _, part in pieces(1, steps, "tabu moves of a set"):
        set_steps(*(*of, part.stop - part.start, stop, *state))
        if worth[2] >= stop:
            break
    return Samples(
        moves.spins(best[None]), moves.energy(best[None]), np.zeros(0), "independent_set_search",
        {"steps": int(counts[0])},
    )  # fmt: skip
