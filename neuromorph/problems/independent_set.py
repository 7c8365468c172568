r"""Maximum independent set: as much weight as possible on nodes of which no two are joined.

.. math:: E(x) = -\sum_v w_v x_v + A \sum_{uv \in \mathcal E} x_u x_v

**The ground states are exactly the best sets** for w > 0 and A > max_{uv} min(w_u, w_v): of two nodes that are joined,
leaving out the lighter one lowers E. For weights 1, A = 2.
Source: Lucas, Front. Phys. 2, 5 (2014), section 4.2.
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
from .binary_form import ising_of_terms, one_up
from .graph import Graph
from .problem import Solution


@dataclass(frozen=True, eq=False)
class IndependentSet:
    """A graph of which as many nodes as possible are wanted.

    Parameters
    ----------
    name : str
        Name.
    nodes : int
        Number of nodes n.
    edges : (m, 2) int
        Edges, nodes from 0.
    weights : (n,) float or None
        Weights of the nodes, above 0; None: all are 1.
    best_known : float or None
        Weight of the best set known.
    penalty : float or None
        A; None: twice the bound of the module's text.
    notes, labels : tuple of str
        Content that the reader of the file took for granted; names of the nodes.
    """

    name: str
    nodes: int
    edges: Any
    weights: Any = None
    best_known: float | None = None
    penalty: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)
    labels: tuple[str, ...] = field(default=(), compare=False)

    kind: ClassVar[str] = "independent-set"
    sense: ClassVar[Literal["min", "max"]] = "max"

    def __post_init__(self) -> None:
        edges = np.asarray(self.edges, np.int64).reshape(-1, 2)
        weights = np.ones(self.nodes) if self.weights is None else np.array(self.weights, float)
        if self.nodes < 1 or ((edges < 0) | (edges >= self.nodes)).any() or (edges[:, 0] == edges[:, 1]).any():
            raise ValueError(f"edges join two different ones of nodes 0 .. {self.nodes - 1}; correct them")
        if weights.shape != (self.nodes,) or not (np.isfinite(weights).all() and (weights > 0).all()):
            raise ValueError(f"weights are no {self.nodes} positive numbers; give one a node")
        if self.penalty is not None and not (np.isfinite(self.penalty) and self.penalty > 0):
            raise ValueError(f"penalty is {self.penalty}; it must be finite and positive, or None for twice the bound")
        low, high = np.sort(edges, axis=1).T
        keys = np.sort(low * self.nodes + high)  # np.unique hashes, which takes seconds
        edges = np.stack(np.divmod(keys[np.diff(keys, prepend=-1) > 0], self.nodes), axis=1)
        for what, array in (("edges", edges), ("weights", weights)):
            array.setflags(write=False)
            object.__setattr__(self, what, array)

    @property
    def size(self) -> int:
        """Number of nodes n."""
        return self.nodes

    def default_penalty(self) -> float:
        """Return A, twice the bound of the module's text.

        Returns
        -------
        float
            A.
        """
        return 2.0 * float(self.weights[self.edges].min(axis=1).max(initial=0.0)) or 1.0

    @cached_property
    def _ising(self) -> Ising:
        a = self.default_penalty() if self.penalty is None else float(self.penalty)
        i, j = self.edges.T
        return ising_of_terms(self.nodes, i, j, np.full(len(i), a), -self.weights, 0.0)

    def ising(self) -> Ising:
        """Return the Ising form: a spin a node, up where it is in the set.

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

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the nodes of the set; :meth:`.Problem.decode` documents the arguments.

        A repair leaves out nodes that are joined to others of the set, the lightest first, and says so.

        Returns
        -------
        Solution
            Whether each node is in the set, (n,) of 0 and 1; None where two of it are joined.
        """
        up = one_up(spins, self.nodes)
        if not self._clashes(up):
            return Solution(up.astype(np.int8), feasible=True)
        if not repair:
            return Solution(None, False)
        up = up.copy()
        i, j = self.edges.T
        for node in np.argsort(self.weights, kind="stable"):
            if up[node] and (up[j[i == node]].any() or up[i[j == node]].any()):
                up[node] = False
        return Solution(up.astype(np.int8), False, repaired=True)

    def _clashes(self, up: NDArray[np.bool_]) -> int:
        return int((up[self.edges[:, 0]] & up[self.edges[:, 1]]).sum())

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the weight of an answer; :meth:`.Problem.score` documents the argument.

        Returns
        -------
        float
            Weight; NaN where there is no answer, or two nodes of it are joined.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        if value is None:
            return float("nan")
        chosen = np.asarray(value) > 0
        if chosen.shape != (self.nodes,):
            raise ValueError(f"the set has shape {chosen.shape}; give one number a node, ({self.nodes},)")
        return float("nan") if self._clashes(chosen) else float(self.weights[chosen].sum())

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task, to minimize; :meth:`.Problem.task` documents the arguments.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()


def set_of_graph(graph: Graph, name: str) -> IndependentSet:
    """Return a graph of a file as one of which a set is wanted.

    Parameters
    ----------
    graph : Graph
        Graph; weights of edges are left out, and said. A node that is joined to itself is in no set.
    name : str
        Name.

    Returns
    -------
    IndependentSet
        Problem.

    Raises
    ------
    ProblemFileError
        If a node is joined to itself.
    """
    if len(graph.loops):
        raise graph.source.error(f"joins node {graph.loops[0]}, from 0, to itself; no set could hold it: remove that")
    notes = graph.notes
    if graph.weighted and len(np.unique(graph.weights)) > 1:
        notes = (*notes, "weights of edges have no meaning in an independent set, and are left out")
    return IndependentSet(name, graph.size, graph.ends, notes=notes, labels=graph.labels)
