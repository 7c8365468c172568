r"""Held and Karp's lower bound of tours: the heaviest minimum 1-tree over prices of the cities.

.. math:: L(\pi) = \min_{\text{1-trees } T} \sum_{ij \in T} (d_{ij} + \pi_i + \pi_j) - 2 \sum_i \pi_i \le \text{tour}

for all prices pi. A 1-tree is a spanning tree and one more link at one of its leaves: without the leaf it spans the
others, and the leaf has its two cheapest links. Subgradient ascent raises pi where the tree has more than two links.

The ascent looks at links between near cities alone, whose 1-tree may be too heavy: **that number is no bound**. The
one that is returned is of the 1-tree over all n (n - 1) / 2 links at the last prices, by Prim's algorithm in O(n^2)
time and O(n) memory, and holds whatever the prices are.

Sources: Held and Karp, Oper. Res. 18, 1138 (1970), and Math. Program. 1, 6 (1971); steps: Volgenant and Jonker, Eur. J.
Oper. Res. 9, 83 (1982); the leaf: Helsgaun, Eur. J. Oper. Res. 126, 106 (2000); Prim, Bell Syst. Tech. J. 36, 1389
(1957).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..ising import Float
from ..problems import Tsp
from ..runtime.limits import checkpoint
from .city_distances import CityDistances, apart, near_cities
from .decomposition import TourMap, tour_by_macros
from .macros import PathMacro
from .paths import Cities

_ITERATIONS = (2000, 300)  # up to, and above _MANY cities
_MANY = 5000
_LINKS = 60_000  # links of small problems: all of them up to 245 cities
_NEAR = 16  # near cities of large ones
_FIRST = 2.0  # first step, over the mean link of the tree; from 0.5 down it may end at a lower, local maximum
_SLACK = 1e-9  # round-off of sums, over the largest term
_ROWS = 200  # cities added to the tree between two looks at the clock


def one_tree_bound(problem: Tsp, *, iterations: int | None = None) -> float:
    """Compute a proven lower bound of the length of all tours.

    Parameters
    ----------
    problem : Tsp
        Cities.
    iterations : int or None
        Steps of the ascent; None takes 2000, or 300 above 5000 cities.

    Returns
    -------
    float
        Bound, some 0.7 % below the shortest tour of random cities. Where distances are whole numbers, so is the
        shortest tour, and the next whole number above is a bound as well.
    """
    around = TourMap.of(problem)
    tour, _ = tour_by_macros(around, PathMacro(free=8), rounds=0, rng=0)
    if iterations is None:
        iterations = _ITERATIONS[problem.size > _MANY]
    count = min(problem.size - 1, max(_NEAR, _LINKS // problem.size))
    starts, heads = _links(near_cities(problem, around.distances, count), tour)
    prices = _ascended(around.distances, starts, heads, iterations)
    return _complete_bound(around.distances, prices)


def _links(near: NDArray[np.int64], tour: Cities) -> tuple[NDArray[np.int64], Cities]:
    """List links between near cities, and those of a tour, which connect them, for both of their ends."""
    n = len(tour)
    pairs = np.concatenate([np.c_[np.repeat(np.arange(n), near.shape[1]), near.ravel()], np.c_[tour, np.roll(tour, 1)]])
    codes = np.unique(np.r_[pairs[:, 0] * n + pairs[:, 1], pairs[:, 1] * n + pairs[:, 0]])
    return np.searchsorted(codes, np.arange(n + 1) * n), (codes % n).astype(np.int32)


def _ascended(cities: CityDistances, starts: NDArray[np.int64], heads: Cities, iterations: int) -> Float:
    """Raise the bound of near links and return its best prices."""
    n = len(starts) - 1
    lengths = _link_lengths(cities, starts, heads)
    prices, best_prices, best = np.zeros(n), np.zeros(n), -np.inf
    before, first, last = np.zeros(n), 0.0, max(3, iterations)
    for m in range(1, last + 1):
        checkpoint("subgradient ascent", float(m), float(last))
        bound, degrees = _sparse_tree(starts, heads, lengths, prices)
        if bound > best:
            best, best_prices = bound, prices
            first = max(first, _FIRST * abs(bound) / n)
        excess = degrees - 2.0
        if not excess.any():
            break  # the tree is a tour
        # Volgenant and Jonker's steps: second differences are constant, and the last one is 0.
        step = (m - 1) * (2 * last - 5) / (2 * (last - 1)) - (m - 2) + (m - 1) * (m - 2) / (2 * (last - 1) * (last - 2))
        prices = prices + first * step * (0.6 * excess + 0.4 * before)
        before = excess
    return best_prices


def _complete_bound(cities: CityDistances, prices: Float) -> float:
    """Compute L at some prices, over all links."""
    n = len(prices)
    keys, parents, left = np.full(n, np.inf), np.zeros(n, np.int32), np.arange(n, dtype=np.int32)
    degrees, state = np.zeros(n, np.int64), np.array([0, n])
    total = 0.0
    keys[0] = 0.0
    while state[1]:
        checkpoint("tree over all links", float(n - state[1]), float(n))
        total += _grow(cities, prices, keys, parents, left, degrees, state, _ROWS)
    leaves = np.flatnonzero(degrees == 1)
    leaf = int(leaves[np.argmax(prices[leaves])])
    links = np.sort(_all_links(cities, prices, leaf))
    total += links[1]  # its cheapest link is that of the tree
    slack = _SLACK * float(np.abs(prices).sum() + abs(total))
    return float(total - 2.0 * prices.sum() - slack)


@njit(cache=True, nogil=True)
def _link_lengths(cities, starts, heads):
    lengths = np.empty(len(heads))
    for a in range(len(starts) - 1):
        for e in range(starts[a], starts[a + 1]):
            lengths[e] = apart(cities, a, heads[e])
    return lengths


@njit(cache=True, nogil=True)
def _all_links(cities, prices, a):
    links = np.full(len(prices), np.inf)
    for b in range(len(prices)):
        if b != a:
            links[b] = apart(cities, a, b) + prices[a] + prices[b]
    return links


@njit(cache=True, nogil=True)
def _grow(cities, prices, keys, parents, left, degrees, state, most):
    """Add some cities to the tree over all links; ``left`` holds those that are not in it."""
    total = 0.0
    for _ in range(most):
        count = state[1]
        if count == 0:
            break
        at = 0
        for k in range(1, count):
            if keys[left[k]] < keys[left[at]]:
                at = k
        city = left[at]
        left[at] = left[count - 1]
        state[1] = count - 1
        if state[0] > 0:
            total += keys[city]
            degrees[city] += 1
            degrees[parents[city]] += 1
        state[0] += 1
        for k in range(count - 1):
            other = left[k]
            weight = apart(cities, city, other) + prices[city] + prices[other]
            if weight < keys[other]:
                keys[other], parents[other] = weight, city
    return total


@njit(cache=True, nogil=True)
def _sparse_tree(starts, heads, lengths, prices):
    """Compute the weight of the 1-tree of near links, less twice the prices, and the degrees of its cities."""
    n = len(prices)
    keys, parents, inside = np.full(n, np.inf), np.full(n, -1, np.int32), np.zeros(n, np.bool_)
    degrees, total = np.zeros(n), -2.0 * prices.sum()
    heap, values, size = np.empty(len(heads) + 1, np.int32), np.empty(len(heads) + 1), 1
    heap[0], values[0], keys[0] = 0, 0.0, 0.0
    while size:
        city, value = heap[0], values[0]
        size -= 1
        if size:
            _sift_down(heap, values, size)
        if inside[city] or value > keys[city]:
            continue
        inside[city] = True
        if parents[city] >= 0:
            total += value
            degrees[city] += 1.0
            degrees[parents[city]] += 1.0
        for e in range(starts[city], starts[city + 1]):
            other = heads[e]
            weight = lengths[e] + prices[city] + prices[other]
            if not inside[other] and weight < keys[other]:
                keys[other], parents[other] = weight, city
                _sift_up(heap, values, size, other, weight)
                size += 1
    return total + _link_leaf(starts, heads, lengths, prices, degrees), degrees


@njit(cache=True, nogil=True)
def _link_leaf(starts, heads, lengths, prices, degrees):
    """Add the second link of the leaf for which it is heaviest, and return its weight; 0 where there is none."""
    heaviest, leaf, partner = -np.inf, -1, -1
    for city in range(len(prices)):
        if degrees[city] != 1.0:
            continue
        first, second, with_second, with_first = np.inf, np.inf, -1, -1
        for e in range(starts[city], starts[city + 1]):
            weight = lengths[e] + prices[city] + prices[heads[e]]
            if weight < first:
                second, with_second = first, with_first
                first, with_first = weight, heads[e]
            elif weight < second:
                second, with_second = weight, heads[e]
        if second < np.inf and second > heaviest:
            heaviest, leaf, partner = second, city, with_second
    if leaf < 0:
        return 0.0
    degrees[leaf] += 1.0
    degrees[partner] += 1.0
    return heaviest


@njit(cache=True, nogil=True)
def _sift_down(heap, values, size):
    """Move the last entry to the top of the heap and down to its place."""
    item, value, at = heap[size], values[size], 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and values[below + 1] < values[below]:
            below += 1
        if values[below] >= value:
            break
        heap[at], values[at] = heap[below], values[below]
        at = below
    heap[at], values[at] = item, value


@njit(cache=True, nogil=True)
def _sift_up(heap, values, size, item, value):
    """Add an entry to the heap."""
    at = size
    while at > 0:
        above = (at - 1) // 2
        if values[above] <= value:
            break
        heap[at], values[at] = heap[above], values[above]
        at = above
    heap[at], values[at] = item, value
