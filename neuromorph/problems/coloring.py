r"""Graph coloring: k colors for n nodes such that few, at best no, edges join nodes of one color; Sudoku is one.

.. math:: E(x) = \sum_{uv \in \mathcal E} \sum_c x_{uc} x_{vc} + A \sum_v \Bigl(1 - \sum_c x_{vc}\Bigr)^2

with x_vc = 1 where node v has color c; nodes whose color is given are no variables. **The ground states are exactly the
best colorings** for A > A* = max_v floor(deg v / k): a color too many is put down without a conflict, and of the k
colors that a node without one could take, one meets at most floor(deg v / k) neighbors. E of a coloring is its number
of conflicts.
Sources: Lucas, Front. Phys. 2, 5 (2014), section 6.1, for the form; the bound by the pigeonhole principle.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Ising
from ..rng import RNG
from ..task import Minimize
from .binary_form import ising_of_terms, one_up, same_group_pairs
from .graph import Graph
from .problem import Solution


@dataclass(frozen=True, eq=False)
class Coloring:
    """A graph to color.

    Parameters
    ----------
    name : str
        Name.
    nodes : int
        Number of nodes n.
    edges : (m, 2) int
        Edges, nodes from 0.
    colors : int
        Number of colors k.
    given : (n,) int or None
        Color of a node that has one, -1 for the others.
    best_known : float or None
        Fewest conflicts known.
    penalty : float or None
        A; None: A* + 1.
    notes, labels : tuple of str
        Content that the reader of the file took for granted; names of the nodes.
    shape : (rows, columns) or None
        Rows and columns of a Sudoku.
    """

    name: str
    nodes: int
    edges: Any
    colors: int
    given: Any = None
    best_known: float | None = None
    penalty: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)
    labels: tuple[str, ...] = field(default=(), compare=False)
    shape: tuple[int, int] | None = None

    sense: ClassVar[Literal["min", "max"]] = "min"

    def __post_init__(self) -> None:
        edges = np.asarray(self.edges, np.int64).reshape(-1, 2)
        given = np.full(self.nodes, -1) if self.given is None else np.array(self.given, np.int64)
        if self.nodes < 1 or self.colors < 1 or ((edges < 0) | (edges >= self.nodes)).any():
            raise ValueError(f"edges join nodes 0 .. {self.nodes - 1}, and colors ({self.colors}) are at least 1")
        if (edges[:, 0] == edges[:, 1]).any():
            raise ValueError("an edge joins a node to itself; it has no coloring: leave it out")
        if given.shape != (self.nodes,) or ((given < -1) | (given >= self.colors)).any():
            raise ValueError(f"given holds no colors 0 .. {self.colors - 1} of {self.nodes} nodes, or -1 for none")
        if self.penalty is not None and not (np.isfinite(self.penalty) and self.penalty > 0):
            raise ValueError(f"penalty is {self.penalty}; it must be finite and positive, or None for the proven bound")
        edges = np.unique(np.sort(edges, axis=1), axis=0)
        for what, array in (("edges", edges), ("given", given)):
            array.setflags(write=False)
            object.__setattr__(self, what, array)

    @property
    def kind(self) -> str:
        """Kind: sudoku where the nodes are cells, else coloring."""
        return "coloring" if self.shape is None else "sudoku"

    @property
    def size(self) -> int:
        """Number of nodes n."""
        return self.nodes

    @cached_property
    def free(self) -> NDArray[np.int64]:
        """Nodes that have no color yet."""
        return np.flatnonzero(self.given < 0)

    @property
    def groups(self) -> NDArray[np.int64]:
        """Group of each spin: one color of each free node is up."""
        return np.repeat(np.arange(len(self.free)), self.colors)

    def default_penalty(self) -> float:
        """Return A = A* + 1 of the module's text.

        Returns
        -------
        float
            A.
        """
        degrees = np.bincount(self.edges.ravel(), minlength=self.nodes)
        return float(degrees.max(initial=0) // self.colors + 1)

    @cached_property
    def _ising(self) -> Ising:
        if not len(self.free):
            raise ValueError(f"{self.name} has no node without a color; there is nothing to search")
        k, a = self.colors, self.default_penalty() if self.penalty is None else float(self.penalty)
        place = np.full(self.nodes, -1)
        place[self.free] = np.arange(len(self.free))
        u, v = self.edges.T
        both = (place[u] >= 0) & (place[v] >= 0)
        color = np.arange(k)
        i = (place[u[both], None] * k + color).ravel()
        j = (place[v[both], None] * k + color).ravel()
        linear = np.full(len(self.free) * k, -a)
        for here, there in ((u, v), (v, u)):
            half = (place[here] >= 0) & (place[there] < 0)
            np.add.at(linear, place[here[half]] * k + self.given[there[half]], 1.0)
        same = same_group_pairs(np.arange(len(self.free) * k).reshape(-1, k))
        values = np.concatenate([np.ones(len(i)), np.full(len(same[0]), 2.0 * a)])
        first, second = np.concatenate([i, same[0]]), np.concatenate([j, same[1]])
        fixed = float((self.given[u] == self.given[v])[(place[u] < 0) & (place[v] < 0)].sum())
        return ising_of_terms(len(linear), first, second, values, linear, a * len(self.free) + fixed)

    def ising(self) -> Ising:
        """Return the one-hot form, ``spins.reshape(-1, colors)[free node, color]``.

        Returns
        -------
        Ising
            Model.
        """
        return self._ising

    def energy(self, spins: ArrayLike) -> Any:
        """Compute the energy E; :meth:`.Problem.energy` documents the argument.

        Returns
        -------
        float or (reads,) float
            E.
        """
        return self._ising.energy(spins)

    def spins(self, colors: ArrayLike) -> NDArray[np.int8]:
        """Convert colors to the spins of :meth:`ising`.

        Parameters
        ----------
        colors : (n,) int
            Color of each node, from 0.

        Returns
        -------
        (free nodes * colors,) int8
            Spins.
        """
        up = np.asarray(colors)[self.free, None] == np.arange(self.colors)
        return np.where(up, 1, -1).astype(np.int8).ravel()

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the color of each node; :meth:`.Problem.decode` documents the arguments.

        A repair gives a node without one color that of the fewest conflicts, and says so.

        Returns
        -------
        Solution
            Colors (n,) from 0, None where the state is none.
        """
        up = one_up(spins, len(self.free) * self.colors).reshape(-1, self.colors)
        colors = np.array(self.given)
        single = up.sum(axis=1) == 1
        colors[self.free[single]] = up[single].argmax(axis=1)
        if single.all():
            return Solution(colors, feasible=True)
        if not repair:
            return Solution(None, False)
        u, v = self.edges.T
        for node in self.free[~single]:
            near = colors[np.concatenate([v[u == node], u[v == node]])]
            colors[node] = np.bincount(near[near >= 0], minlength=self.colors).argmin()
        return Solution(colors, False, repaired=True)

    def score(self, solution: Solution | ArrayLike) -> float:
        """Count the conflicts of an answer; :meth:`.Problem.score` documents the argument.

        Returns
        -------
        float
            Edges within one color; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        if value is None:
            return float("nan")
        colors = np.asarray(value)
        if colors.shape != (self.nodes,):
            raise ValueError(f"colors have shape {colors.shape}; give one a node, ({self.nodes},)")
        return float((colors[self.edges[:, 0]] == colors[self.edges[:, 1]]).sum())

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task, to minimize; :meth:`.Problem.task` documents the arguments.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()


def coloring_of_graph(graph: Graph, name: str, colors: int | None = None, known: int | None = None) -> Coloring:
    """Return a graph of a file as one to color.

    Parameters
    ----------
    graph : Graph
        Graph; weights, and edges from a node to itself, are left out, and said.
    name : str
        Name.
    colors : int or None
        Number of colors, of which no conflict is expected; None: those that are known to do, else as many as a greedy
        coloring needs, by falling degree (Welsh and Powell 1967).
    known : int or None
        Number of colors that are known to do.

    Returns
    -------
    Coloring
        Problem.
    """
    notes = list(graph.notes)
    if graph.weighted and len(np.unique(graph.weights)) > 1:
        notes.append("weights of edges have no meaning in a coloring, and are left out")
    if len(graph.loops):
        notes.append(f"{len(graph.loops)} edges from a node to itself are left out")
    if colors is None and known is None:
        known = colors = _greedy_colors(graph.size, graph.ends)
        notes.append(f"{colors} colors, which a greedy coloring needs; --best-known K asks for K colors")
    chosen = colors or known or 1
    best = None if known is not None and chosen < known else 0.0
    return Coloring(name, graph.size, graph.ends, chosen, best_known=best, labels=graph.labels, notes=tuple(notes))


def _greedy_colors(nodes: int, edges: NDArray[np.int64]) -> int:
    """Count the colors that nodes in the order of falling degree take, each the first that is free.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    edges : (m, 2) int
        Edges.

    Returns
    -------
    int
        Number of colors, enough for the graph.
    """
    near: list[list[int]] = [[] for _ in range(nodes)]
    for i, j in edges.tolist():
        near[i].append(j)
        near[j].append(i)
    colors = [-1] * nodes
    for node in sorted(range(nodes), key=lambda k: -len(near[k])):
        taken = {colors[other] for other in near[node]}
        colors[node] = next(c for c in range(nodes) if c not in taken)
    return max(colors) + 1
