r"""Any target as a macro: a path with fixed ends as a small tour, or as k^2 spins.

- A target that holds tours as permutations gets a tour of the start, the free cities and the end. A section of the
  tour is two cities. Links that must be there, end - start and both ends of a section, have length 0, and all other
  links of their cities are longer by the largest distance; an answer without them, or against the direction of the
  section, is none.
- Any other target gets spins x_{pi} = 1 where the free city i stands in slot p, with w(start, i) and w(i, end) as
  biases:

.. math:: E = \sum_i w_{si} x_{1i} + \sum_{p,i,j} w_{ij} x_{pi} x_{p+1,j} + \sum_i w_{it} x_{ki}
              + A \sum_p \Bigl(1 - \sum_i x_{pi}\Bigr)^2 + A \sum_i \Bigl(1 - \sum_p x_{pi}\Bigr)^2

with A = max w, which suffices as in ``problems.tour_one_hot``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ising import Float, Ising
from ..problems import Tsp
from ..protocol import Target
from ..run import Run
from ..runtime.limits import checkpoint
from ..task import Minimize
from .paths import PathAnswers, PathBatch


@dataclass(frozen=True, eq=False)
class TargetMacro:
    """A target that orders paths, one program and read for each.

    Parameters
    ----------
    device : Target
        Target that minimizes.
    free : int
        Largest number of free cities.
    holds_tours : bool
        Whether it holds a ``Tsp`` as a permutation.
    """

    device: Target
    free: int
    holds_tours: bool

    def answer(self, batch: PathBatch, seed: np.random.SeedSequence) -> PathAnswers:
        """Order the paths of a batch; :meth:`.Macro.answer` documents the arguments.

        Returns
        -------
        PathAnswers
            Orders, with the events of all programs and reads.
        """
        orders, valid = batch.orders.copy(), 0
        activity: Counter[str] = Counter()
        setup: Counter[str] = Counter()
        seeds = seed.spawn(2 * len(orders))
        for m, k in enumerate(batch.sizes):
            try:
                checkpoint()
                weights = batch.weights[m, : k + 2, : k + 2]
                section = 0 if batch.symmetric else macro_section(weights)
                problem = path_tour(weights, section) if self.holds_tours else path_ising(weights)
                program = self.device.program(problem, seeds[2 * m])
                run = self.device.run(program, Minimize(), 1, seeds[2 * m + 1])
            except KeyboardInterrupt:
                return PathAnswers(orders, valid, activity, setup, asked=m)
            if not run.reads:
                return PathAnswers(orders, valid, activity, setup, asked=m)
            activity.update({name: float(number[0]) for name, number in run.activity.items()})
            setup.update({name: float(number) for name, number in run.setup.items()})
            found = (
                _order_of_tour(problem, run, section) if isinstance(problem, Tsp) else _order_of_spins(run.spins[0], k)
            )
            if found is not None:
                orders[m, :k] = found
                valid += 1
        return PathAnswers(orders, valid, activity, setup)


def path_ising(weights: Float) -> Ising:
    """Build the k^2 spins of a path.

    Parameters
    ----------
    weights : (k + 2, k + 2) float
        Weights: start, free cities, end.

    Returns
    -------
    Ising
        Couplings over x[slot, city].
    """
    k = len(weights) - 2
    penalty = float(weights.max()) or 1.0
    between = weights[1:-1, 1:-1] * (1.0 - np.eye(k))
    one, other = np.eye(k), 1.0 - np.eye(k)
    after = np.eye(k, k=1)
    pairs = np.kron(after, between) + np.kron(after.T, between.T)
    pairs += 2.0 * penalty * (np.kron(one, other) + np.kron(other, one))
    alone = np.zeros((k, k))
    alone[0] += weights[0, 1:-1]
    alone[-1] += weights[1:-1, -1]
    alone -= 2.0 * penalty
    offset = pairs.sum() / 8.0 + alone.sum() / 2.0 + 2.0 * k * penalty
    return Ising(-pairs / 4.0, -(pairs.sum(axis=1) / 4.0 + alone.ravel() / 2.0), float(offset))


def _order_of_spins(spins: NDArray[np.int8], k: int) -> NDArray[np.int64] | None:
    up = spins.reshape(k, k) > 0
    if not ((up.sum(axis=0) == 1).all() and (up.sum(axis=1) == 1).all()):
        return None
    return np.asarray(up.argmax(axis=1) + 1)


def path_tour(weights: Float, section: int = 0) -> Tsp:
    """Build the small tour of a path with fixed ends.

    Parameters
    ----------
    weights : (k + 2, k + 2) float
        Weights.
    section : int
        Node that is a section of a tour; 0 is none.

    Returns
    -------
    Tsp
        Tour of k + 2 or k + 3 cities.
    """
    end, longest = len(weights) - 1, float(weights.max())
    matrix = np.zeros((end + 1 + (section > 0),) * 2)
    matrix[: end + 1, : end + 1] = np.triu(weights, 1)
    matrix += matrix.T
    forced = [(0, end)]
    if section:
        forced.append((section, end + 1))
        matrix[section, : end + 1] = matrix[: end + 1, section] = np.r_[weights[:end, section], longest]
        matrix[end + 1, : end + 1] = matrix[: end + 1, end + 1] = np.r_[longest, weights[section, 1:]]
    for city in {city for pair in forced for city in pair}:
        matrix[city] += longest
        matrix[:, city] += longest
    for a, b in forced:
        matrix[a, b] = matrix[b, a] = 0.0
    np.fill_diagonal(matrix, 0.0)
    return Tsp.from_matrix(matrix, name="path")


def macro_section(weights: Float) -> int:
    """Find the node that is entered and left at different cities.

    Parameters
    ----------
    weights : (k + 2, k + 2) float
        Weights.

    Returns
    -------
    int
        Node; 0 if all free nodes are cities.
    """
    inner = weights[1:-1, 1:-1]
    apart = np.abs(inner - inner.T).sum(axis=1)
    return int(apart.argmax()) + 1 if apart.max() > 0 else 0


def _order_of_tour(problem: Tsp, run: Run, section: int) -> NDArray[np.int64] | None:
    tour = run.answers[0] if run.answers is not None else problem.decode(run.spins[0]).value
    if tour is None:
        return None
    end = problem.size - 1 - (section > 0)
    tour = np.roll(tour, -int(np.flatnonzero(tour == 0)[0]))
    if tour[1] == end:
        tour = np.roll(tour[::-1], 1)
    if tour[-1] != end:
        return None
    inner = tour[1:-1]
    if section:
        at = int(np.flatnonzero(inner == end + 1)[0])
        if at == 0 or inner[at - 1] != section:
            return None
        inner = np.delete(inner, at)
    return np.asarray(inner, dtype=np.int64)
