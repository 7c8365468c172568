"""A graph as a file gives it, before it is known what is asked of it: a cut, a coloring, an independent set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from .edge_list import Pairs, mostly_unused
from .text_file import TextFile

MAX_NODES = 2_000_000


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes and edges.

    Attributes
    ----------
    source : TextFile
        File.
    size : int
        Number of nodes n.
    ends : (m, 2) int64
        Edges, nodes from 0, each once, none from a node to itself.
    weights : (m,) float
        Weights, 1 where there is none.
    weighted : bool
        Whether the file gives weights.
    loops : (k,) int64
        Nodes with an edge to themselves.
    loop_weights : (k,) float
        Weights of these, 0 where there is none.
    labels : tuple of str
        Names of the nodes; empty: their numbers are their names.
    notes : tuple of str
        Content that was taken for granted.
    """

    source: TextFile
    size: int
    ends: NDArray[np.int64]
    weights: Float
    weighted: bool
    loops: NDArray[np.int64]
    loop_weights: Float
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        source: TextFile,
        size: int,
        ends: NDArray[np.int64],
        weights: Float,
        *,
        given: NDArray[np.bool_],
        labels: Sequence[str] = (),
        both: bool = False,
    ) -> Graph:
        """Build a graph from pairs of nodes.

        Parameters
        ----------
        source : TextFile
            File.
        size : int
            Number of nodes.
        ends : (m, 2) int64
            Pairs, from 0.
        weights : (m,) float
            Weights.
        given : (m,) bool
            Whether the file gives the weight of a pair.
        labels : sequence of str
            Names of the nodes.
        both : bool
            Whether an edge may be listed at both of its ends.

        Returns
        -------
        Graph
            Graph.

        Raises
        ------
        ProblemFileError
            If there are too many nodes, no edge, or an edge comes twice.
        """
        if not 1 <= size <= MAX_NODES:
            raise source.error(f"has {size} nodes; from 1 to {MAX_NODES} are supported")
        if mostly_unused(size, len(ends)):
            raise source.error(
                f"has {size} nodes, of which {len(ends)} edges join few; number only those that have edges"
            )
        if not np.isfinite(weights).all():
            raise source.error("a weight is not finite; write numbers")
        loop = ends[:, 0] == ends[:, 1]
        loops, loop_weights = ends[loop, 0], np.where(given[loop], weights[loop], 0.0)
        ends, weights, given = ends[~loop], weights[~loop], given[~loop]
        low, high = ends.min(axis=1, initial=size), ends.max(axis=1, initial=-1)
        key = low * size + high
        _, first, counts = np.unique(key, return_index=True, return_counts=True)
        notes: tuple[str, ...] = ()
        if (counts > 1).any():
            _check_twice(source, ends, weights, key, both, counts)
            if both:
                ends, weights, given = ends[np.sort(first)], weights[np.sort(first)], given[np.sort(first)]
                notes = ("edges are listed more than once, as at both of their ends; each is taken once",)
        return cls(source, size, ends, weights, bool(given.any()), loops, loop_weights, tuple(labels), notes)

    @property
    def with_diagonal(self) -> bool:
        """Whether an edge from a node to itself has a weight, as only a QUBO or a model has."""
        return bool(self.loop_weights.any())

    def said(self, *notes: str) -> Graph:
        """Return the graph with more notes.

        Parameters
        ----------
        *notes : str
            Notes.

        Returns
        -------
        Graph
            Graph.
        """
        return replace(self, notes=(*self.notes, *notes))


def _check_twice(
    source: TextFile,
    ends: NDArray[np.int64],
    weights: Float,
    key: NDArray[np.int64],
    both: bool,
    counts: NDArray[np.int64],
) -> None:
    """Refuse an edge that is given twice with two weights, or twice where a file lists each once."""
    order = np.lexsort((weights, key))
    again = np.diff(key[order]) == 0
    unlike = again & (np.diff(weights[order]) != 0)
    wrong = unlike if both else again
    if wrong.any():
        i, j = ends[order[1:][np.argmax(wrong)]]
        how = "with two weights" if both else "a second time"
        raise source.error(f"the edge of nodes {i} and {j}, from 0, comes {how}; give each once with its whole weight")


def graph_of_pairs(pairs: Pairs, *, both: bool = False) -> Graph:
    """Build a graph from a list of edges whose nodes nobody has counted.

    Nodes are numbered from 0 if one is 0, else from 1; where most numbers are not used they become names.

    Parameters
    ----------
    pairs : Pairs
        Edges.
    both : bool
        Whether an edge may be listed at both of its ends.

    Returns
    -------
    Graph
        Graph.

    Raises
    ------
    ProblemFileError
        If there is no edge.
    """
    if not len(pairs.ends):
        raise pairs.source.error("has no edges; write 'i j weight' or 'i j' for each")
    start = int(pairs.ends.min() > 0)
    size, used = int(pairs.ends.max()) + 1 - start, np.unique(pairs.ends)
    labels: tuple[str, ...] = ()
    if 2 * len(used) < size:  # numbers that are names
        labels, ends, size = tuple(map(str, used.tolist())), np.searchsorted(used, pairs.ends), len(used)
        said = f"{size} nodes are named by the numbers of the file, {used[0]} to {used[-1]}"
    else:
        ends, said = pairs.ends - start, f"{size} nodes, numbered from {start}"
        labels = tuple(map(str, range(start, start + size))) if start == 0 else ()
    again = pairs.repeated()
    if again is not None and not both:
        i, j = pairs.ends[again]
        raise pairs.error(f"edge {i} {j} comes a second time; give each edge once with its whole weight", again)
    found = Graph.of(pairs.source, size, ends, pairs.values, given=pairs.given, labels=labels, both=both)
    return found.said(f"{said}, and {len(found.ends)} edges")
