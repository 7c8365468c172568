"""Paths of a few cities between fixed ends, many at a time: what macros are asked, and what they answer.

A node is a city, or a section of the tour that keeps its direction: it is entered at one city and left at another. Thus
two strands of a tour with their fixed ends are one path, with the section between them as a node (``windows``).
The host keeps the present order of a path where the answer is not shorter: it adds up both from exact distances.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..ising import Float
from .city_distances import CityDistances, apart
from .path_kernels import path_length

Cities = NDArray[np.int32]
MOST_FREE = 12  # cities of a macro: 144 cells or spins, and 2^12 * 12 * 12 / 2 additions to be exact


@dataclass(frozen=True, eq=False)
class PathBatch:
    """Paths that do not touch each other, so that macros order them at the same time.

    Attributes
    ----------
    weights : (m, most + 2, most + 2) float
        w[i, j], the cost of going from node i to j, in the corner (k + 2, k + 2) of each path's own k: the start, its
        free nodes, the end.
    sizes : (m,) int64
        Number of free nodes k of each path.
    orders : (m, most) int64
        Present order of the free nodes 1 .. k.
    symmetric : bool
        Whether w[i, j] = w[j, i] between all free nodes.
    """

    weights: Float
    sizes: NDArray[np.int64]
    orders: NDArray[np.int64]
    symmetric: bool = True


@dataclass(frozen=True, eq=False)
class PathAnswers:
    """Orders of a batch, and what making them took.

    Attributes
    ----------
    orders : (m, most) int64
        Orders as answered; the present one where an answer was none.
    valid : int
        Number of paths for which an answer was a permutation.
    activity : dict of str to float
        Number of each event of all macros.
    setup : dict of str to float
        Number of each event of programming them.
    asked : int or None
        Number of paths that were looked at before Ctrl-C or a time limit; None is all of them.
    """

    orders: NDArray[np.int64]
    valid: int
    activity: Mapping[str, float] = field(default_factory=dict)
    setup: Mapping[str, float] = field(default_factory=dict)
    asked: int | None = None


class Macro(Protocol):
    """Whatever orders paths of a few cities: a kernel, or a target."""

    @property
    def free(self) -> int:
        """Largest number of free nodes."""
        ...

    def answer(self, batch: PathBatch, seed: np.random.SeedSequence) -> PathAnswers:
        """Order the paths of a batch.

        Parameters
        ----------
        batch : PathBatch
            Paths.
        seed : SeedSequence
            Source of one stream for each path.

        Returns
        -------
        PathAnswers
            Orders.
        """
        ...


Ask = Callable[[PathBatch], NDArray[np.int64]]  # the shorter of present order and answer


def batch_of_nodes(cities: CityDistances, nodes: Cities, sizes: NDArray[np.int64], symmetric: bool) -> PathBatch:
    """Build a batch of paths over cities, in their present order.

    Parameters
    ----------
    cities : CityDistances
        Distances.
    nodes : (m, most + 2, 2) int32
        City at which each node is entered, and city at which it is left: start, free nodes, end.
    sizes : (m,) int64
        Number of free nodes.
    symmetric : bool
        Whether each free node is one city.

    Returns
    -------
    PathBatch
        Batch.
    """
    m, width = nodes.shape[:2]
    weights = np.zeros((m, width, width))
    _node_weights(cities, nodes, sizes, weights)
    return PathBatch(weights, sizes, np.tile(np.arange(1, width - 1), (m, 1)), symmetric)


def batch_of_points(points: Float, sizes: NDArray[np.int64]) -> PathBatch:
    """Build a batch of paths over points, which start in the order of nearest neighbors.

    Parameters
    ----------
    points : (m, most + 2, d) float
        Start, free points, end.
    sizes : (m,) int64
        Number of free points.

    Returns
    -------
    PathBatch
        Batch.
    """
    m, width = points.shape[:2]
    weights = np.zeros((m, width, width))
    orders = np.tile(np.arange(1, width - 1), (m, 1))
    _point_weights(points, sizes, weights)
    nearest_first(weights, sizes, orders)
    return PathBatch(weights, sizes, orders)


def shorter_orders(batch: PathBatch, answered: NDArray[np.int64]) -> NDArray[np.int64]:
    """Choose the shorter of the present and the answered order of each path.

    Parameters
    ----------
    batch : PathBatch
        Paths.
    answered : (m, most) int64
        Orders.

    Returns
    -------
    (m, most) int64
        Orders.
    """
    orders = batch.orders.copy()
    _keep_shorter(batch.weights, batch.sizes, answered, orders)
    return orders


@njit(cache=True, nogil=True)
def _node_weights(cities, nodes, sizes, weights):
    for m in range(len(sizes)):
        k = sizes[m]
        for i in range(k + 1):
            for j in range(1, k + 2):
                a, b = nodes[m, i, 1], nodes[m, j, 0]
                weights[m, i, j] = apart(cities, a, b) if i != j and a != b else 0.0


@njit(cache=True, nogil=True)
def _point_weights(points, sizes, weights):
    for m in range(len(sizes)):
        k = sizes[m]
        for i in range(k + 2):
            for j in range(k + 2):
                total = 0.0
                for axis in range(points.shape[2]):
                    total += (points[m, i, axis] - points[m, j, axis]) ** 2
                weights[m, i, j] = np.sqrt(total)


@njit(cache=True, nogil=True)
def nearest_first(weights, sizes, orders):
    """Order the nodes of each path so that each is the nearest one left from the node before.

    Parameters
    ----------
    weights : (m, most + 2, most + 2) float
        Weights.
    sizes : (m,) int
        Number of free nodes.
    orders : (m, most) int
        Orders, filled in place.
    """
    for m in range(len(sizes)):
        here, left = 0, (1 << (sizes[m] + 1)) - 2
        for p in range(sizes[m]):
            best, chosen = np.inf, 0
            for j in range(1, sizes[m] + 1):
                if left >> j & 1 and weights[m, here, j] < best:
                    best, chosen = weights[m, here, j], j
            orders[m, p] = here = chosen
            left ^= 1 << chosen


@njit(cache=True, nogil=True)
def _keep_shorter(weights, sizes, answered, orders):
    for m in range(len(sizes)):
        k = sizes[m]
        now, then = path_length(weights[m], orders[m], k), path_length(weights[m], answered[m], k)
        if then < now - 1e-12 * abs(now):
            for p in range(k):
                orders[m, p] = answered[m, p]


def kernel_macro_streams(seed: np.random.SeedSequence, count: int) -> NDArray[Any]:
    """Draw states of xoshiro256++ for many short streams.

    Parameters
    ----------
    seed : SeedSequence
        Source.
    count : int
        Number of streams.

    Returns
    -------
    (count, 4) uint64
        States, never all zero.
    """
    states = np.random.default_rng(seed).integers(0, 1 << 64, (count, 4), dtype=np.uint64)
    states[:, 0] |= np.uint64(1)
    return states
