r"""Any target as a macro: a path with fixed ends as a small tour, or as k^2 spins.

- A target that holds tours as permutations gets a tour of the start, the free cities and the end. A section of the
  tour is two cities. Links that must be there, end - start and both ends of a section, have length 0, and all other
  links of their cities are longer by the largest distance; an answer without them, or against the direction of the
  section, is none.
- Any other target gets spins x_{pi} = 1 where the free city i stands in slot p, with w(start, i) and w(i, end) as
  biases:

.. math:: E = \sum_i w_{si} x_{1i} + \sum_{p,i,j} w_{ij} x_{pi} x_{p+1,j} + \sum_i w_{it} x_{ki}
              + A \sum_p \Bigl(1 - \sum_i x_{pi}\Bigr)^2 + A \sum_i \Bigl(1 - \sum_p x_{pi}\Bigr)^2

with A = max w, which suffices as in ``problems.tour_one_hot``. Of a state that is no permutation, the slots hold that
have one city which no other slot has; the host fills the others in the present order, and counts no valid answer.

A target that makes several reads in the time of one, or minimizes several problems in little more than that of one, as
processors do, says so by ``macro_reads`` and ``macros_together``: the best read counts, and paths of one size, each
scaled to unit couplings, are one problem whose couplings are a direct sum.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..ising import Float, Ising
from ..problems import Tsp
from ..protocol import Target
from ..run import Run
from ..runtime.limits import checkpoint
from ..task import Minimize
from .paths import PathAnswers, PathBatch

_APART = 1e-9  # least weight, of the largest: cities on one spot are coupled too, and one embedding serves all paths


@dataclass(frozen=True, eq=False)
class TargetMacro:
    """A target that orders paths.

    Parameters
    ----------
    device : Target
        Target that minimizes.
    free : int
        Largest number of free cities.
    holds_tours : bool
        Whether it holds a ``Tsp`` as a permutation, a program and a read for each path.
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
        orders, valid, asked = batch.orders.copy(), 0, 0
        activity: Counter[str] = Counter()
        setup: Counter[str] = Counter()
        seeds = seed.spawn(2 * len(orders))
        for some in self._groups(batch.sizes):
            try:
                checkpoint()
                k, own, another = int(batch.sizes[some[0]]), seeds[2 * some[0]], seeds[2 * some[0] + 1]
                weights = batch.weights[some, : k + 2, : k + 2]
                if self.holds_tours:
                    run, found, right = self._as_tour(weights[0], batch.orders[some, :k], batch.symmetric, own, another)
                else:
                    run, found, right = self._as_spins(weights, batch.orders[some, :k], own, another)
            except KeyboardInterrupt:
                return PathAnswers(orders, valid, activity, setup, asked=asked)
            if not run.reads:
                return PathAnswers(orders, valid, activity, setup, asked=asked)
            activity.update({name: float(np.sum(number)) for name, number in run.activity.items()})
            setup.update({name: float(number) for name, number in run.setup.items()})
            orders[some, :k] = found
            valid, asked = valid + right, asked + len(some)
        return PathAnswers(orders, valid, activity, setup)

    def _groups(self, sizes: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Group paths that are one problem: of one size, as many as the target takes together."""
        together = 1 if self.holds_tours else int(getattr(self.device, "macros_together", 1))
        if together == 1:
            return list(np.arange(len(sizes))[:, None])
        groups = []
        for k in np.unique(sizes):
            of_size = np.flatnonzero(sizes == k)
            groups += np.array_split(of_size, -(-len(of_size) // together))
        return groups

    def _as_tour(
        self,
        weights: Float,
        present: NDArray[np.int64],
        symmetric: bool,
        own: np.random.SeedSequence,
        another: np.random.SeedSequence,
    ) -> tuple[Run, NDArray[np.int64], int]:
        section = 0 if symmetric else macro_section(weights)
        problem = path_tour(weights, section)
        run = self.device.run(self.device.program(problem, own), Minimize(), 1, another)
        found = _order_of_tour(problem, run, section) if run.reads else None
        return (run, present, 0) if found is None else (run, found[None], 1)

    def _as_spins(
        self,
        weights: Float,
        present: NDArray[np.int64],
        own: np.random.SeedSequence,
        another: np.random.SeedSequence,
    ) -> tuple[Run, NDArray[np.int64], int]:
        problem = path_ising(weights[0]) if len(weights) == 1 else paths_ising(weights)
        reads = int(getattr(self.device, "macro_reads", 1))
        run = self.device.run(self.device.program(problem, own), Minimize(), reads, another)
        if not run.reads:
            return run, present, 0
        found, right = orders_of_spins(run.spins, weights, present)
        return run, found, int(right.sum())


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
    couplings, biases, offsets = _path_models(weights[None])
    return Ising(couplings[0], biases[0], float(offsets[0]))


def paths_ising(weights: Float) -> Ising:
    """Build the spins of several paths as one problem.

    Each path is scaled so that its couplings add up to 1 for each spin, as squares.

    Parameters
    ----------
    weights : (m, k + 2, k + 2) float
        Weights of each path.

    Returns
    -------
    Ising
        Couplings over x[path, slot, city]: a direct sum.
    """
    couplings, biases, offsets = _path_models(weights)
    m, n = biases.shape
    units = np.sqrt((couplings**2).sum(axis=(1, 2)) / n)
    path, row, column = np.nonzero(couplings)
    values = couplings[path, row, column] / units[path]
    starts = np.r_[0, np.cumsum(np.bincount(path * n + row, minlength=m * n))]
    whole = sparse.csr_array((values, path * n + column, starts), shape=(m * n, m * n))
    return Ising(whole, (biases / units[:, None]).ravel(), float((offsets / units).sum()))


def _path_models(weights: Float) -> tuple[Float, Float, Float]:
    """Compute couplings (m, n, n), biases (m, n) and offsets (m,) of paths of one size."""
    m, k = len(weights), weights.shape[1] - 2
    penalty = weights.max(axis=(1, 2))
    penalty = np.where(penalty > 0.0, penalty, 1.0)
    same, other = np.eye(k), 1.0 - np.eye(k)
    between = np.maximum(weights[:, 1:-1, 1:-1], _APART * penalty[:, None, None]) * other
    after = np.eye(k, k=1)
    pairs = np.einsum("pq,mij->mpiqj", after, between) + np.einsum("qp,mji->mpiqj", after, between)
    once = np.einsum("pq,ij->piqj", same, other) + np.einsum("pq,ij->piqj", other, same)
    pairs += 2.0 * penalty[:, None, None, None, None] * once
    pairs = pairs.reshape(m, k * k, k * k)
    alone = np.zeros((m, k, k))
    alone[:, 0] += weights[:, 0, 1:-1]
    alone[:, -1] += weights[:, 1:-1, -1]
    alone -= 2.0 * penalty[:, None, None]
    offsets = pairs.sum(axis=(1, 2)) / 8.0 + alone.sum(axis=(1, 2)) / 2.0 + 2.0 * k * penalty
    return -pairs / 4.0, -(pairs.sum(axis=2) / 4.0 + alone.reshape(m, -1) / 2.0), offsets


def orders_of_spins(
    spins: NDArray[np.int8], weights: Float, present: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Read the order of each path from the best of some reads.

    Parameters
    ----------
    spins : (reads, m k^2) int8
        States over x[path, slot, city].
    weights : (m, k + 2, k + 2) float
        Weights of each path.
    present : (m, k) int64
        Present orders.

    Returns
    -------
    orders : (m, k) int64
        The shortest permutation of each path; where there is none, the read with most slots of one city, its other
        slots filled in the present order.
    valid : (m,) bool
        Whether there was one.
    """
    m, k = present.shape
    up = spins.reshape(-1, m, k, k) > 0
    sure = (up & (up.sum(axis=2, keepdims=True) == 1)).any(axis=3) & (up.sum(axis=3) == 1)
    cities = up.argmax(axis=3) + 1
    valid = sure.all(axis=2)
    way = np.concatenate([np.zeros_like(cities[..., :1]), cities, np.full_like(cities[..., :1], k + 1)], axis=2)
    lengths = weights[np.arange(m)[:, None], way[..., :-1], way[..., 1:]].sum(axis=2)
    best = np.where(valid, lengths, weights.sum() * (1.0 + k - sure.sum(axis=2))).argmin(axis=0)
    each = np.arange(m)
    orders, kept = cities[best, each], sure[best, each]
    for path in np.flatnonzero(~kept.all(axis=1)):
        orders[path, ~kept[path]] = np.setdiff1d(present[path], orders[path, kept[path]], assume_unique=True)
    return orders, kept.all(axis=1)


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
