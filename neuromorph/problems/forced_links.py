r"""Tours that must hold given edges, as symmetric tours without such a condition.

Every edge that is not forced is lengthened by B, so that of n edges all k forced ones are taken:

.. math:: d'_{ij} = d_{ij} + B \;[ij \notin F], \qquad L = L' - (n - k) B

**B is the length of some tour that holds the forced edges, plus 1**: a tour without one of them has n - k + 1 or more
lengthened edges, so L' > (n - k) B + B, while the best one that holds all has L' < (n - k) B + B.

One-way distances c_ij of n cities become 2n cities, i and its double i + n, joined by a forced link of length 0; the
arc from i to j is the edge of i + n and j. Edges within either half are longer than B by as much, so that no best tour
has one. The best tour of 2n cities is the best one-way tour.
Sources: Jonker and Volgenant, Oper. Res. Lett. 2, 161 (1983), for the doubling.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from .city_checks import MAX_MATRIX
from .tsp import Tsp


def tour_with_edges(distances: Float, edges: NDArray[np.int64], *, name: str, **more: Any) -> Tsp:
    """Return the problem of the shortest tour that holds the given edges.

    Parameters
    ----------
    distances : (n, n) float
        Symmetric distances.
    edges : (k, 2) int
        Edges, cities from 0.
    name : str
        Name of the problem.
    **more : object
        Other fields of ``Tsp``.

    Returns
    -------
    Tsp
        Problem, whose lengths are those of the given distances.

    Raises
    ------
    ValueError
        If no tour holds the edges.
    """
    n = len(distances)
    links = np.unique(np.sort(np.asarray(edges, np.int64).reshape(-1, 2), axis=1), axis=0)
    if ((links < 0) | (links >= n)).any() or (links[:, 0] == links[:, 1]).any():
        raise ValueError(f"a fixed edge joins no two of the {n} cities; correct it")
    order = _joined(distances, links)
    bound = float(distances[order, np.roll(order, -1)].sum()) + 1.0
    longer = distances + bound
    longer[links[:, 0], links[:, 1]] = distances[links[:, 0], links[:, 1]]
    longer[links[:, 1], links[:, 0]] = distances[links[:, 1], links[:, 0]]
    np.fill_diagonal(longer, 0.0)
    return Tsp(name, weight_type="EXPLICIT", matrix=longer, links=links, offset=-(n - len(links)) * bound, **more)


def _joined(distances: Float, links: NDArray[np.int64]) -> NDArray[np.int64]:
    """Join the paths of forced edges to a tour, each to the nearest end of another."""
    n = len(distances)
    near: list[list[int]] = [[] for _ in range(n)]
    for i, j in links.tolist():
        near[i].append(j)
        near[j].append(i)
    full = next((k for k, beside in enumerate(near) if len(beside) > 2), None)
    if full is not None:
        raise ValueError(f"city {full + 1} has more than two fixed edges; no tour holds them")
    paths, seen = [], np.zeros(n, bool)
    for start in range(n):
        if not seen[start] and len(near[start]) < 2:
            path = [start]
            seen[start] = True
            while (step := next((k for k in near[path[-1]] if not seen[k]), None)) is not None:
                path.append(step)
                seen[step] = True
            paths.append(path)
    if not seen.all():
        if len(links) == n and not paths:
            cycle, at = [0], near[0][0]
            while at != 0:
                cycle.append(at)
                at = next(k for k in near[at] if k != cycle[-2])
            if len(cycle) == n:
                return np.array(cycle)
        raise ValueError("fixed edges close a cycle that misses other cities; no tour holds them")
    order = paths.pop(0)
    while paths:
        ends = np.array([[path[0], path[-1]] for path in paths])
        k, side = np.unravel_index(np.argmin(distances[order[-1], ends]), ends.shape)
        path = paths.pop(int(k))
        order += path[::-1] if side else path
    return np.array(order)


def one_way_tour(
    costs: Float, *, name: str, labels: tuple[str, ...] = (), notes: tuple[str, ...] = (), **more: Any
) -> Tsp:
    """Return the problem of the shortest one-way tour.

    Parameters
    ----------
    costs : (n, n) float
        Lengths of the ways from i to j, 0 or more; the diagonal is ignored.
    name : str
        Name of the problem.
    labels, notes : tuple of str
        Names of the cities; notes, to which that of the doubling is added.
    **more : object
        Other fields of ``Tsp``.

    Returns
    -------
    Tsp
        Problem over 2n cities, whose lengths are those of one-way tours; ``visited_cities`` gives the n cities.

    Raises
    ------
    ValueError
        If there are fewer than 3 cities, or too many.
    """
    n = len(costs)
    if not 3 <= n <= MAX_MATRIX // 2:
        raise ValueError(f"there are {n} cities; a one-way tour needs 3, and stops at {MAX_MATRIX // 2}")
    order, left = [0], np.ones(n, bool)
    left[0] = False
    for _ in range(n - 1):
        order.append(int(np.argmin(np.where(left, costs[order[-1]], np.inf))))
        left[order[-1]] = False
    bound = float(costs[order, np.roll(order, -1)].sum()) + 1.0
    matrix = np.full((2 * n, 2 * n), 2.0 * bound)
    arcs = costs + bound
    np.fill_diagonal(arcs, 0.0)  # the link of a city and its double
    matrix[n:, :n], matrix[:n, n:] = arcs, arcs.T
    np.fill_diagonal(matrix, 0.0)
    names = labels or tuple(str(k) for k in range(1, n + 1))
    links = np.column_stack([np.arange(n), np.arange(n, 2 * n)])
    said = f"one-way distances of {n} cities, as {2 * n} cities with forced links: lengths are those of the file"
    return Tsp(
        name, weight_type="EXPLICIT", matrix=matrix, links=links, offset=-n * bound, one_way=True, notes=(*notes, said),
        labels=(*names, *(f"{each}'" for each in names)), **more,
    )  # fmt: skip


def visited_cities(problem: Tsp, tour: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the cities of a tour in the order in which they are visited.

    Parameters
    ----------
    problem : Tsp
        Problem.
    tour : (n,) int
        Tour that holds the problem's links.

    Returns
    -------
    (n,) or (n / 2,) int64
        The tour; of one-way tours the cities without their doubles, each before its own.
    """
    if not problem.one_way:
        return tour
    half = problem.size // 2
    order = np.roll(tour, -int(np.flatnonzero(tour == 0)[0]))
    if order[1] != half:  # the double stands behind its city
        order = np.roll(order[::-1], 1)
    return order[order < half]
