r"""Exact ground states on planar graphs: frustrated faces are matched.

.. math:: E_{min} = -\sum_{i<j} |J_{ij}| + 2 \min_M \sum_{ij \in M} |J_{ij}|

over the sets M of unsatisfied couplings. Around a face whose couplings have a negative product an odd number of them
is unsatisfied, around every other face an even number; and every such M belongs to some state. In the dual graph, whose
nodes are the faces, M is therefore a set of paths that joins the frustrated faces in pairs: a minimum-weight perfect
matching. A bias is a coupling to one more spin, so that biases are allowed where the graph with that spin is planar.

With PyMatching (``pip install neuromorph[matching]``) the matching is found on the dual graph itself in almost linear
time; it discretizes weights, so that they must be integers in some unit. Otherwise, NetworkX matches the complete graph
of frustrated faces, which is slow beyond some hundred of them.

Sources: Bieche, Maynard, Rammal and Uhry, J. Phys. A 13, 2553 (1980); Barahona, J. Phys. A 15, 3241 (1982); Higgott and
Gidney, Quantum 9, 1600 (2025), sparse blossom.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, dijkstra

from ..ising import Ising
from ..runtime.limits import checkpoint
from ..runtime.pieces import run_aside
from ..sampling.replicas.integer_couplings import integer_couplings

_FACES = 2000  # largest number of frustrated faces that NetworkX is asked to match
_LARGEST = 1 << 20  # largest integer weight that is left to PyMatching, which keeps integers below 2^24 exactly


def planar_ground_state(ising: Ising) -> tuple[float, NDArray[np.int8]]:
    """Find a ground state of a planar problem by matching.

    Parameters
    ----------
    ising : Ising
        The problem, whose graph, with one more spin coupled by the biases, is planar.

    Returns
    -------
    tuple of float, (n,) int8
        Lowest energy and a state that has it.

    Raises
    ------
    ValueError
        If the graph is not planar, or there are too many faces for the matching that is installed.
    """
    rows, columns, weights = _edges(ising)
    embedding = _embedding(rows, columns)
    if embedding is None:
        raise ValueError(
            f"the graph of {ising.size} spins and {rows.size} couplings is not planar; minimize it instead"
        )
    faces, count = _faces(embedding, rows, columns)
    odd = np.zeros(count, np.int64)
    np.add.at(odd, faces[weights < 0].ravel(), 1)
    odd %= 2
    size, dual = np.abs(weights), np.sort(faces, axis=1)
    # Of the couplings between the same two faces only the weakest can be unsatisfied; a bridge never is.
    order = np.lexsort((size, dual[:, 1], dual[:, 0]))
    first = np.r_[True, (np.diff(dual[order], axis=0) != 0).any(axis=1)] if order.size else np.empty(0, bool)
    used = order[first]
    used = used[dual[used, 0] != dual[used, 1]]
    broken = np.zeros(weights.size, bool)
    if odd.any():
        found = integer_couplings(ising)
        unit = 0.0 if found is None else found[0]
        broken[used] = run_aside(lambda: _match(dual[used], size[used], odd, unit))
    spins = _signs(ising.size + 1, rows, columns, np.where(broken, -np.sign(weights), np.sign(weights)))
    state = (spins[:-1] * spins[-1]).astype(np.int8)
    return float(ising.energy(state)), state


def is_planar(ising: Ising) -> bool:
    """Test whether the graph is planar, with one more spin coupled by the biases.

    Returns
    -------
    bool
        True if it is planar.
    """
    rows, columns, _ = _edges(ising)
    return rows.size <= max(1, 3 * ising.size - 3) and _embedding(rows, columns) is not None


def _edges(ising: Ising) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """List the couplings, with the biases as couplings to spin n."""
    upper = sparse.coo_array(sparse.triu(ising.sparse_couplings(), 1))
    at = np.flatnonzero(ising.biases)
    rows, columns = upper.coords
    rows, columns = np.r_[rows, at].astype(np.int64), np.r_[columns, np.full(at.size, ising.size)].astype(np.int64)
    return rows, columns, np.r_[upper.data, ising.biases[at]]


def _embedding(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Any:
    """Find a planar embedding, or None."""
    import networkx as nx

    checkpoint("planar embedding")
    graph = nx.Graph(zip(rows.tolist(), columns.tolist(), strict=True))
    return run_aside(lambda: nx.check_planarity(graph))[1]


def _faces(embedding: Any, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Find the faces on both sides of each edge, and their number; components have outer faces of their own."""
    pairs = list(zip(rows.tolist(), columns.tolist(), strict=True))
    side: dict[tuple[int, int], int] = {}
    count = 0
    for a, b in pairs:
        for u, v in ((a, b), (b, a)):
            if (u, v) in side:
                continue
            while (u, v) not in side:
                side[u, v] = count
                u, v = embedding.next_face_half_edge(u, v)
            count += 1
    return np.array([(side[a, b], side[b, a]) for a, b in pairs], np.int64).reshape(-1, 2), count


def _match(
    dual: NDArray[np.int64], size: NDArray[np.float64], odd: NDArray[np.int64], unit: float
) -> NDArray[np.bool_]:
    """Choose edges of the dual graph of least weight, an odd number at odd faces and an even one at others."""
    try:
        import pymatching
    except ImportError:
        return _match_pairs(dual, size, odd)
    if not unit or size.max() > _LARGEST * unit:
        return _match_pairs(dual, size, odd)
    matching = pymatching.Matching()
    for k, ((a, b), w) in enumerate(zip(dual.tolist(), np.rint(size / unit).tolist(), strict=True)):
        matching.add_edge(a, b, fault_ids=k, weight=w)
    chosen = np.asarray(matching.decode(odd[: matching.num_detectors].astype(np.uint8)))
    out = np.zeros(size.size, bool)
    out[: chosen.size] = chosen.astype(bool)
    return out


def _match_pairs(dual: NDArray[np.int64], size: NDArray[np.float64], odd: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Match all pairs of odd faces along shortest paths, by NetworkX."""
    import networkx as nx

    which = np.flatnonzero(odd)
    if which.size > _FACES:
        raise ValueError(
            f"{which.size} frustrated faces are too many to be matched by networkx; pip install neuromorph[matching], "
            "or give couplings that are multiples of one unit"
        )
    graph = sparse.coo_array((size, (dual[:, 0], dual[:, 1])), shape=(odd.size, odd.size))
    distance, before = dijkstra(sparse.csr_array(graph), directed=False, indices=which, return_predecessors=True)
    pairs = nx.Graph()
    for a in range(which.size):
        ends = which[a + 1 :]
        near = np.flatnonzero(np.isfinite(distance[a, ends]))
        pairs.add_weighted_edges_from((a, a + 1 + int(b), float(distance[a, ends[b]])) for b in near)
    edge = {tuple(faces): k for k, faces in enumerate(dual.tolist())}
    out = np.zeros(size.size, bool)
    for a, b in nx.min_weight_matching(pairs):
        at = int(which[b])
        while at != which[a]:
            step = int(before[a, at])
            out[edge[min(at, step), max(at, step)]] ^= True
            at = step
    return out


def _signs(
    n: int, rows: NDArray[np.int64], columns: NDArray[np.int64], products: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Find spins whose products along the edges are the given ones, along a spanning forest."""
    along = {(a, b): int(p) for a, b, p in zip(rows.tolist(), columns.tolist(), products.tolist(), strict=True)}
    graph = sparse.csr_array(sparse.coo_array((np.ones(rows.size), (rows, columns)), shape=(n, n)))
    spins = np.zeros(n, np.int64)
    for start in range(n):
        if spins[start]:
            continue
        spins[start] = 1
        order, before = breadth_first_order(graph, start, directed=False)
        for k, from_ in zip(order[1:].tolist(), before[order[1:]].tolist(), strict=True):
            spins[k] = spins[from_] * along[(k, from_) if (k, from_) in along else (from_, k)]
    return spins
