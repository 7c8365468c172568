r"""Windows of a tour that macros order anew: sliding windows, and pairs of strands that are near each other.

- A sliding window is a stretch of the tour: its first and last city stay, those between are free.
- A dual-strand window is two stretches that lie side by side, a1 .. b1 and later a2 .. b2. The free cities of both are
  ordered in one path from a1 to b2, in which the section b1 .. a2 of the tour between them is a single node, entered at
  b1 and left at a2: cities pass from one strand to the other, and no section is turned round.
- A turned window is the same with the section entered at a2 and left at b1, the other way round: it is what exchanges
  two links for two others (2-opt), and is taken where its path is shorter than both strands are.

Windows of a batch share no city. The first two replace paths by paths between the same ends, so that all hold together;
turned ones hold together where one lies within a section of the other, or outside, and others wait for the next round.
Source: the windows are those of annealers with small arrays, as TAXI (arXiv:2504.13294, 2025); the node is an
asymmetric supercity.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..runtime.limits import checkpoint
from .city_distances import CityDistances, apart
from .path_kernels import path_length
from .paths import Ask, Cities, batch_of_nodes

_BATCH = 1 << 14  # windows at once: 20 MB of weights


def slide(cities: CityDistances, tour: Cities, free: int, ask: Ask, passes: int = 1) -> Cities:
    """Order the cities of windows that cover the tour, in two passes half a window apart.

    Parameters
    ----------
    cities : CityDistances
        Distances.
    tour : (n,) int32
        Tour.
    free : int
        Free cities of a window.
    ask : callable
        What orders a batch.
    passes : int
        How often the tour is covered twice.

    Returns
    -------
    (n,) int32
        Tour, not longer.
    """
    n = len(tour)
    if n <= free + 1:  # the whole tour is one path from a city to itself
        nodes = np.empty((1, free + 2, 2), np.int32)
        nodes[0, :n], nodes[0, n] = tour[:, None], tour[0]
        orders = ask(batch_of_nodes(cities, nodes, np.array([n - 1]), True))
        return tour[np.r_[0, orders[0, : n - 1]]]
    for offset in [0, (free + 1) // 2] * passes:
        tour = np.roll(tour, -offset)
        starts = np.arange(0, n - 1, free + 1)
        for some in _parts(len(starts), "sliding windows"):
            begin = starts[some]
            sizes = np.minimum(free, n - begin - 1)
            places = np.minimum(begin[:, None] + np.arange(free + 2), n)
            nodes = np.repeat(tour[places % n][:, :, None], 2, axis=2)
            orders = ask(batch_of_nodes(cities, nodes, sizes, True))
            _reorder(tour, begin, sizes, orders)
    return tour


def join_strands(
    cities: CityDistances, tour: Cities, near: Cities, first: int, second: int, ask: Ask, *, turned: bool = False
) -> Cities:
    """Order the cities of pairs of strands that lie near each other.

    Parameters
    ----------
    cities : CityDistances
        Distances.
    tour : (n,) int32
        Tour.
    near : (n, count) int32
        Cities near each city.
    first, second : int
        Free cities of both strands; the section between them is one more free node.
    ask : callable
        What orders a batch.
    turned : bool
        Whether the section is turned round.

    Returns
    -------
    (n,) int32
        Tour, not longer.
    """
    n, slots = len(tour), first + 1 + second
    if n < slots + 4:
        return tour
    tour = tour.copy()
    waiting = _near_pairs(cities, tour, near)
    asked = max(1, len(waiting))
    while len(waiting):
        checkpoint("dual-strand windows", asked - len(waiting), asked)
        places, waiting = _apart_pairs(cities, tour, near, waiting, first, second, _BATCH)
        if not len(places):
            break
        nodes = _strand_nodes(tour, places, first, second, turned)
        sizes = np.full(len(places), slots)
        batch = batch_of_nodes(cities, nodes, sizes, False)
        orders = ask(batch)
        if turned:
            gains = _gains(cities, nodes, first, batch.weights, orders)
            _turn(tour, nodes, first, orders, _uncrossed(n, places, gains))
        else:
            _relink(tour, nodes, sizes, orders)
    return tour


def _parts(count: int, step: str) -> Iterator[slice]:
    for start in range(0, count, _BATCH):
        checkpoint(step, start, count)
        yield slice(start, start + _BATCH)


@njit(cache=True, nogil=True)
def _reorder(tour, begin, sizes, orders):
    for m in range(len(sizes)):
        old = tour[begin[m] + 1 : begin[m] + 1 + sizes[m]].copy()
        for p in range(sizes[m]):
            tour[begin[m] + 1 + p] = old[orders[m, p] - 1]


@njit(cache=True, nogil=True)
def _places(tour):
    place = np.empty(len(tour), np.int32)
    for p in range(len(tour)):
        place[tour[p]] = p
    return place


@njit(cache=True, nogil=True)
def _close(cities, tour, p, other):
    """Whether a city is nearer to another than to one of those beside it: only then a link between them can gain."""
    n, city = len(tour), tour[p]
    link = apart(cities, city, other)
    before, behind = tour[p - 1], tour[p + 1 if p + 1 < n else 0]
    return other not in (before, behind) and (link < apart(cities, city, before) or link < apart(cities, city, behind))


@njit(cache=True, nogil=True)
def _near_pairs(cities, tour, near):
    """List pairs (city, number of its near city) in the order of the tour."""
    found = np.empty((near.size, 2), np.int32)
    count = 0
    for p in range(len(tour)):
        for j in range(near.shape[1]):
            if _close(cities, tour, p, near[tour[p], j]):
                found[count, 0], found[count, 1] = tour[p], j
                count += 1
    return found[:count].copy()


@njit(cache=True, nogil=True)
def _apart_pairs(cities, tour, near, waiting, first, second, most):
    """Choose windows that share no city, in turn, and return them with the pairs that still wait.

    A window is two places of the tour at which the strands' fixed starts stand.
    """
    n, place = len(tour), _places(tour)
    taken = np.zeros(n, np.bool_)
    chosen, left = np.empty((most, 2), np.int32), np.empty_like(waiting)
    count, rest = 0, 0
    for number in range(len(waiting)):
        city, j = waiting[number]
        p, q = place[city], place[near[city, j]]
        if not _close(cities, tour, p, near[city, j]):
            continue
        p, q = (p - (first + 1) // 2) % n, (q - (second + 1) // 2) % n
        away = (q - p) % n
        if away < first + 2 or n - away < second + 2:
            continue  # one sliding window holds both
        free = count < most
        for k in range(first + 2):
            free = free and not taken[(p + k) % n]
        for k in range(second + 2):
            free = free and not taken[(q + k) % n]
        if not free:
            left[rest] = waiting[number]
            rest += 1
            continue
        for k in range(first + 2):
            taken[(p + k) % n] = True
        for k in range(second + 2):
            taken[(q + k) % n] = True
        chosen[count, 0], chosen[count, 1] = p, q
        count += 1
    return chosen[:count].copy(), left[:rest].copy()


def _strand_nodes(tour: Cities, places: NDArray[np.int32], first: int, second: int, turned: bool) -> Cities:
    """Nodes of each window in their present order: start, first strand, the section, second strand, end."""
    n = len(tour)
    one = tour[(places[:, :1] + np.arange(first + 2)) % n]
    two = tour[(places[:, 1:] + np.arange(second + 2)) % n]
    plain = np.concatenate([one[:, :-1], one[:, -1:], two[:, 1:]], axis=1)
    nodes = np.repeat(plain[:, :, None], 2, axis=2)
    nodes[:, first + 1, int(not turned)] = two[:, 0]
    return np.ascontiguousarray(nodes)


@njit(cache=True, nogil=True)
def _relink(tour, nodes, sizes, orders):
    """Write the tour anew with the links that windows have changed."""
    n = len(tour)
    behind = np.empty(n, np.int32)
    for p in range(n):
        behind[tour[p]] = tour[p + 1 if p + 1 < n else 0]
    for m in range(len(sizes)):
        here = 0
        for p in range(sizes[m] + 1):
            there = orders[m, p] if p < sizes[m] else sizes[m] + 1
            behind[nodes[m, here, 1]] = nodes[m, there, 0]
            here = there
    for p in range(1, n):
        tour[p] = behind[tour[p - 1]]


@njit(cache=True, nogil=True)
def _gains(cities, nodes, first, weights, orders):
    """Compute by how much the path of each turned window is shorter than its two strands."""
    gains = np.empty(len(nodes))
    slots = nodes.shape[1] - 2
    for m in range(len(nodes)):
        gain = -path_length(weights[m], orders[m], slots)
        for i in range(slots + 1):  # the section stands in its place, turned round: its ends are those of the strands
            one = nodes[m, i, 0 if i == first + 1 else 1]
            two = nodes[m, i + 1, 1 if i == first else 0]
            gain += apart(cities, one, two)
        gains[m] = gain
    return gains


@njit(cache=True, nogil=True)
def _uncrossed(n, places, gains):
    """Choose windows that gain, of which none has one strand within the section of another and one outside."""
    at, chosen = np.full(n, -1, np.int32), np.zeros(len(places), np.bool_)
    for m in range(len(places)):
        if gains[m] > 0.0:
            at[places[m, 0]] = at[places[m, 1]] = m
    stack, depth = np.empty(len(places), np.int32), 0
    state = np.zeros(len(places), np.int8)  # 1 is open, 2 is left out
    for p in range(n):
        m = at[p]
        if m < 0 or state[m] == 2:
            continue
        if state[m] == 0:
            state[m] = 1
            stack[depth] = m
            depth += 1
            continue
        while stack[depth - 1] != m:
            depth -= 1
            state[stack[depth]] = 2
        depth -= 1
        chosen[m] = True
    return chosen


@njit(cache=True, nogil=True)
def _turn(tour, nodes, first, orders, chosen):
    """Write the tour anew with the links of the chosen windows, sections turned round among them."""
    n, slots = len(tour), nodes.shape[1] - 2
    beside = np.empty((n, 2), np.int32)
    for p in range(n):
        beside[tour[p], 0], beside[tour[p], 1] = tour[p - 1], tour[p + 1 if p + 1 < n else 0]
    for m in range(len(nodes)):
        if not chosen[m]:
            continue
        for i in range(slots + 1):
            one = nodes[m, i, 0 if i == first + 1 else 1]
            _replace_link(beside, one, nodes[m, i + 1, 1 if i == first else 0], -1)
            _replace_link(beside, nodes[m, i + 1, 1 if i == first else 0], one, -1)
        here = 0
        for i in range(slots + 1):
            there = orders[m, i] if i < slots else slots + 1
            _replace_link(beside, nodes[m, here, 1], -1, nodes[m, there, 0])
            _replace_link(beside, nodes[m, there, 0], -1, nodes[m, here, 1])
            here = there
    before, city = beside[tour[0], 0], tour[0]
    for p in range(n):
        tour[p] = city
        before, city = city, beside[city, 0] if beside[city, 1] == before else beside[city, 1]


@njit(cache=True, nogil=True)
def _replace_link(beside, city, old, new):
    if beside[city, 0] == old:
        beside[city, 0] = new
    else:
        beside[city, 1] = new
