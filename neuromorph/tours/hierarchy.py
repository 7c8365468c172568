"""A first tour from the top down: clusters of clusters of cities, each ordered by a macro between fixed ends.

A cluster of many cities is cut by Lloyd's k-means into as many as a macro can order. Two clusters that follow each
other are joined where they are nearest: the path through the parts of a cluster goes from the city at which the cluster
before is left to that at which the next one is entered. Clusters of few cities are paths over the cities themselves,
from the one that is entered to the one that is left.

Source: Lloyd, IEEE Trans. Inf. Theory 28, 129 (1982); hierarchies for arrays of a fixed size as in TAXI
(arXiv:2504.13294, 2025).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..ising import Float
from ..kernels.xoshiro import below
from ..rng import kernel_states
from ..runtime.limits import checkpoint
from .city_distances import CityDistances, apart
from .paths import Ask, Cities, batch_of_nodes, batch_of_points, nearest_first

_ROUNDS = 8  # of Lloyd's algorithm
_SAMPLE = 4000  # cities of a cluster from which its centers are found
_CLOSE = 24  # cities of a cluster that may be its end
_FILL = 0.7  # mean size of the smallest clusters, over the largest size


def hierarchical_tour(
    cities: CityDistances, places: Float, free: int, ask: Ask, seed: np.random.SeedSequence
) -> Cities:
    """Build a tour from the top down.

    Parameters
    ----------
    cities : CityDistances
        Distances, for the paths over cities.
    places : (n, d) float
        Points of a Euclidean space, for clusters.
    free : int
        Free nodes of a macro.
    ask : callable
        What orders a batch.
    seed : SeedSequence
        Source of the first centers.

    Returns
    -------
    (n,) int32
        Tour.
    """
    n, leaf = len(places), free + 2
    (stream,) = kernel_states([seed])
    members, starts = np.arange(n, dtype=np.int32), np.array([0, n])
    while np.diff(starts).max() > leaf:
        checkpoint("clusters of cities", float(len(starts)), n / (_FILL * leaf))
        ends = _nearest_ends(places, members, starts)
        members, starts, parents, centers = _split(places, members, starts, free, leaf, stream)
        members, starts = _ordered_parts(places, members, starts, parents, centers, ends, free, ask)
    if len(starts) == 2:
        return members
    return _ordered_cities(cities, members, starts, free, ask)


def _ordered_parts(
    places: Float,
    members: Cities,
    starts: NDArray[np.int64],
    parents: NDArray[np.int64],
    centers: Float,
    ends: Cities,
    free: int,
    ask: Ask,
) -> tuple[Cities, NDArray[np.int64]]:
    """Order the parts of each cluster on the way from the cluster before to the one behind."""
    clusters = int(parents[-1]) + 1
    first = np.searchsorted(parents, np.arange(clusters + 1))
    counts = np.diff(first)
    points = np.zeros((clusters, free + 2, places.shape[1]))
    if clusters == 1:  # a closed tour of parts: a path from the first one to itself
        points[0, : counts[0]], points[0, counts[0]] = centers, centers[0]
        sizes = counts - 1
    else:
        sizes = counts
        points[:, 0] = places[ends[np.arange(clusters) - 1, 0]]
        for k in range(free):
            some = np.flatnonzero(counts > k)
            points[some, k + 1] = centers[first[some] + k]
        points[np.arange(clusters), counts + 1] = places[ends[:, 1]]
    orders = ask(batch_of_points(points, sizes))
    shift = 0 if clusters > 1 else 1
    turn = [np.r_[np.zeros(shift, int), orders[c, : sizes[c]] - 1 + shift] + first[c] for c in range(clusters)]
    sequence = np.concatenate(turn)
    lengths = np.diff(starts)[sequence]
    begin = np.r_[0, np.cumsum(lengths)]
    return _gathered(members, starts[sequence], begin), begin


def _ordered_cities(cities: CityDistances, members: Cities, starts: NDArray[np.int64], free: int, ask: Ask) -> Cities:
    """Order the cities of each of the smallest clusters."""
    members = members.copy()
    sizes = np.maximum(np.diff(starts) - 2, 0)
    _put_ends_last(cities, members, starts)
    width = np.diff(starts)
    nodes = members[np.minimum(starts[:-1, None] + np.arange(free + 2), (starts[1:] - 1)[:, None])]
    batch = batch_of_nodes(cities, np.repeat(nodes[:, :, None], 2, axis=2), sizes, True)
    nearest_first(batch.weights, sizes, batch.orders)
    orders = ask(batch)
    for k in range(free):
        some = np.flatnonzero(width > k + 2)
        members[starts[some] + 1 + k] = nodes[some, orders[some, k]]
    return members


@njit(cache=True, nogil=True)
def _gathered(members, sources, begin):
    out = np.empty_like(members)
    for c in range(len(sources)):
        for k in range(begin[c + 1] - begin[c]):
            out[begin[c] + k] = members[sources[c] + k]
    return out


@njit(cache=True, nogil=True)
def _square(places, a, point):
    total = 0.0
    for axis in range(places.shape[1]):
        total += (places[a, axis] - point[axis]) ** 2
    return total


@njit(cache=True, nogil=True)
def _assign(places, members, begin, end, centers, labels):
    """Write the nearest of the centers of each city."""
    for m in range(begin, end):
        best = np.inf
        for c in range(len(centers)):
            square = _square(places, members[m], centers[c])
            if square < best:
                best, labels[m - begin] = square, c


@njit(cache=True, nogil=True)
def _split(places, members, starts, free, leaf, stream):
    """Cut each cluster that is larger than a leaf into parts; others are their only part."""
    n, d = places.shape
    new_members, labels = members.copy(), np.empty(n, np.int64)
    most = n + 1
    new_starts, parents, centers = np.zeros(most + 1, np.int64), np.empty(most, np.int64), np.empty((most, d))
    count = 0
    for cluster in range(len(starts) - 1):
        begin, end = starts[cluster], starts[cluster + 1]
        size = end - begin
        parts = 1
        if size > leaf:
            parts = min(free, max(2, int(np.ceil(size / (_FILL * leaf)))))
        around = _centers(places, members, begin, end, parts, stream)
        _assign(places, members, begin, end, around, labels)
        sizes = np.zeros(parts, np.int64)
        for m in range(size):
            sizes[labels[m]] += 1
        if parts > 1 and sizes.max() == size:  # all on one spot
            sizes[:] = 0
            for m in range(size):
                labels[m] = m * parts // size
                sizes[labels[m]] += 1
        at = begin
        for part in range(parts):
            if sizes[part] == 0:
                continue
            mean = np.zeros(d)
            for m in range(size):
                if labels[m] == part:
                    new_members[at] = members[begin + m]
                    mean += places[members[begin + m]]
                    at += 1
            parents[count] = cluster
            centers[count] = mean / sizes[part]
            count += 1
            new_starts[count] = at
    return new_members, new_starts[: count + 1].copy(), parents[:count].copy(), centers[:count].copy()


@njit(cache=True, nogil=True)
def _centers(places, members, begin, end, parts, stream):
    """Find centers by Lloyd's algorithm, from cities that are far from those chosen before."""
    size, d = end - begin, places.shape[1]
    stride = max(1, size // _SAMPLE)
    some = members[begin:end:stride]
    centers = np.empty((parts, d))
    distance = np.full(len(some), np.inf)
    for part in range(parts):
        chosen = 0
        if part == 0:
            chosen = below(stream, len(some))
        else:
            best = -1.0
            for _ in range(min(len(some), 40)):  # the farthest of some, so that one far away is not always a center
                m = below(stream, len(some))
                if distance[m] > best:
                    best, chosen = distance[m], m
        centers[part] = places[some[chosen]]
        for m in range(len(some)):
            distance[m] = min(distance[m], _square(places, some[m], centers[part]))
    labels = np.empty(len(some), np.int64)
    for _ in range(_ROUNDS):
        _assign(places, some, 0, len(some), centers, labels)
        total, count = np.zeros((parts, d)), np.zeros(parts)
        for m in range(len(some)):
            total[labels[m]] += places[some[m]]
            count[labels[m]] += 1.0
        for part in range(parts):
            if count[part] > 0.0:
                centers[part] = total[part] / count[part]
    return centers


@njit(cache=True, nogil=True)
def _nearest_ends(places, members, starts):
    """Find the cities (last of one cluster, first of the next) at which each cluster and the next are near."""
    clusters, d = len(starts) - 1, places.shape[1]
    middle, ends = np.zeros((clusters, d)), np.empty((clusters, 2), np.int32)
    for c in range(clusters):
        for m in range(starts[c], starts[c + 1]):
            middle[c] += places[members[m]]
        middle[c] /= starts[c + 1] - starts[c]
    for c in range(clusters):
        other = c + 1 if c + 1 < clusters else 0
        mine = _toward(places, members[starts[c] : starts[c + 1]], middle[other])
        theirs = _toward(places, members[starts[other] : starts[other + 1]], middle[c])
        best = np.inf
        for a in mine:
            for b in theirs:
                square = _square(places, a, places[b])
                if square < best:
                    best = square
                    ends[c, 0], ends[c, 1] = a, b
    return ends


@njit(cache=True, nogil=True)
def _toward(places, some, point):
    """Choose the cities that are nearest to a point."""
    squares = np.empty(len(some))
    for m in range(len(some)):
        squares[m] = _square(places, some[m], point)
    if len(some) <= _CLOSE:
        return some.copy()
    limit = np.partition(squares, _CLOSE - 1)[_CLOSE - 1]
    return some[squares <= limit][:_CLOSE]


@njit(cache=True, nogil=True)
def _put_ends_last(cities, members, starts):
    """Put the city at which a cluster is entered to its start, and the one at which it is left to its end."""
    clusters = len(starts) - 1
    for c in range(-1, clusters - 1):  # the link of the last cluster to the first one comes first
        here = c if c >= 0 else clusters - 1
        begin, end = starts[here], starts[here + 1]
        following = here + 1 if here + 1 < clusters else 0
        first, last = starts[following], starts[following + 1]
        best, leave, enter = np.inf, begin, first
        for m in range(begin + 1 if c >= 0 and end - begin > 1 else begin, end):
            # The last cluster has not been entered yet, but will be at another city than this.
            for k in range(first, last):
                if following == clusters - 1 and last - first > 1 and k == last - 1:
                    continue  # it is left there
                length = apart(cities, members[m], members[k])
                if length < best:
                    best, leave, enter = length, m, k
        members[leave], members[end - 1] = members[end - 1], members[leave]
        members[enter], members[first] = members[first], members[enter]
