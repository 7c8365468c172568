r"""Max-cut: two sides of a weighted graph with as much weight as possible between them.

.. math:: \mathrm{cut}(s) = \sum_{i<j} w_{ij} \frac{1 - s_i s_j}{2}, \qquad E(s) = -\mathrm{cut}(s):
          \quad J = -\tfrac12 w, \; h = 0, \; c = -\tfrac12 \sum_{i<j} w_{ij}

Source: Barahona et al., Oper. Res. 36, 493 (1988), for the Ising form.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..ising import Ising, check_spins
from ..rng import RNG
from ..task import Minimize
from .graph import Graph
from .problem import Solution

_CHUNK = 1 << 24  # bytes in flight while many reads are evaluated


@dataclass(frozen=True, eq=False)
class MaxCut:
    """A graph to cut.

    Parameters
    ----------
    name : str
        Name of the graph.
    weights : (n, n) float
        w, symmetric with zero diagonal; dense or any SciPy sparse matrix (kept as CSR).
    best_known : float or None
        Weight of the best cut known.
    notes : tuple of str
        Assumptions of the reader of the file.
    labels : tuple of str
        Names of the nodes; empty: they have none.
    """

    name: str
    weights: Any
    best_known: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)
    labels: tuple[str, ...] = field(default=(), compare=False)

    kind: ClassVar[str] = "maxcut"
    sense: ClassVar[Literal["min", "max"]] = "max"

    def __post_init__(self) -> None:
        try:
            checked = Ising(self.weights).sparse_couplings()  # the same rules: finite, symmetric, zero diagonal
        except ValueError as error:
            raise ValueError(str(error).replace("couplings", "weights").replace("J_", "w_")) from None
        object.__setattr__(self, "weights", checked)

    @classmethod
    def from_edges(
        cls, n: int, edges: ArrayLike, weights: ArrayLike = 1.0, *, name: str = "graph", best_known: float | None = None
    ) -> MaxCut:
        """Build a graph from its edges.

        Parameters
        ----------
        n : int
            Number of nodes.
        edges : (m, 2) int
            Ends of each edge, from 0, without repetition.
        weights : (m,) float or float
            Weights, or one weight for all.
        name : str
            Name of the graph.
        best_known : float, optional
            Weight of the best cut known.

        Returns
        -------
        MaxCut
            The graph.
        """
        pairs = np.asarray(edges, dtype=np.int64).reshape(-1, 2)
        w = np.broadcast_to(np.asarray(weights, dtype=float), (len(pairs),))
        pairs, w = pairs[pairs[:, 0] != pairs[:, 1]], w[pairs[:, 0] != pairs[:, 1]]
        outside = pairs[(pairs < 0) | (pairs >= n)]
        if outside.size:
            raise ValueError(f"edges hold node {outside[0]}; number the {n} nodes 0 .. {n - 1}")
        low, high = pairs.min(axis=1), pairs.max(axis=1)
        if len(np.unique(low * n + high)) < len(pairs):
            raise ValueError("edges repeat a pair of nodes; give each once with its whole weight")
        upper = sparse.coo_array((w, (low, high)), shape=(n, n))
        return cls(name, sparse.csr_array(upper + upper.T), best_known)

    @property
    def size(self) -> int:
        """Number of nodes n."""
        return int(self.weights.shape[0])

    @cached_property
    def _upper(self) -> Any:
        """Each edge once."""
        return sparse.coo_array(sparse.triu(self.weights))

    def cut(self, sides: ArrayLike) -> Any:
        """Compute the weight between the sides.

        Parameters
        ----------
        sides : (n,) or (reads, n)
            Side of each node, -1 or +1: one state, or many.

        Returns
        -------
        float or (reads,) float
            Weight of the cut.
        """
        s = check_spins(sides, self.size)
        upper, (i, j) = self._upper, self._upper.coords
        many = np.atleast_2d(s)
        step = max(1, _CHUNK // max(1, upper.nnz))
        parts = [(many[k : k + step, i] != many[k : k + step, j]) @ upper.data for k in range(0, len(many), step)]
        cuts = np.concatenate(parts) if parts else np.empty(0)
        return float(cuts[0]) if s.ndim == 1 else cuts

    def ising(self) -> Ising:
        """Return the Ising form, E(s) = -cut(s).

        Returns
        -------
        Ising
            Couplings -w / 2, without biases.
        """
        return Ising(self.weights * -0.5, offset=-0.25 * float(self.weights.sum()))

    def energy(self, spins: ArrayLike) -> Any:
        """Compute the energy E = -cut.

        Parameters
        ----------
        spins : (n,) or (reads, n)
            One state, or many.

        Returns
        -------
        float or (reads,) float
            E.
        """
        return -self.cut(spins) + 0.0  # no -0.0 in tables

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the side of each node; every state is feasible.

        Parameters
        ----------
        spins : (n,) int
            State, -1 or +1.
        repair : bool
            Without effect here.

        Returns
        -------
        Solution
            Sides (n,) int8, -1 or +1.

        Raises
        ------
        ValueError
            If the spins are not one state.
        """
        s = check_spins(spins, self.size)
        if s.ndim != 1:
            raise ValueError(f"spins have shape {s.shape}; decode one state ({self.size},) at a time")
        return Solution(s.astype(np.int8), feasible=True)

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the weight of the cut of an answer.

        Parameters
        ----------
        solution : Solution or (n,) int
            Answer or sides.

        Returns
        -------
        float
            Weight; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        return float("nan") if value is None else float(self.cut(value))

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task: to minimize.

        Parameters
        ----------
        reads : int
            Number of reads.
        rng : RNG
            Without effect here.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()


def cut_of_graph(graph: Graph, name: str) -> MaxCut:
    """Return a graph of a file as one to cut.

    Parameters
    ----------
    graph : Graph
        Graph; edges from a node to itself are left out, and said.
    name : str
        Name.

    Returns
    -------
    MaxCut
        The graph to cut.

    Raises
    ------
    ProblemFileError
        If no edge has a weight.
    """
    if not graph.weights.any():
        raise graph.source.error("no edge has a weight; a cut needs at least one")
    left = len(graph.loops)
    notes = (f"{left} edges from a node to itself are left out: they are in no cut",) if left else ()
    cut = MaxCut.from_edges(graph.size, graph.ends, graph.weights, name=name)
    return replace(cut, notes=(*notes, *graph.notes), labels=graph.labels)
