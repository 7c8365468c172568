r"""The Ising problem, which every problem becomes and every target takes.

.. math:: E(s) = -\tfrac12 s^\top J s - h^\top s + c, \qquad s \in \{-1, +1\}^n, \qquad p(s) \propto e^{-\beta E(s)}

where J holds the couplings, symmetric with zero diagonal, h the biases, and c the offset. The inverse temperature beta
belongs to a task, never to the problem.
Source: Hopfield, PNAS 79, 2554 (1982), with the sign and factor 1/2 of that paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from .couplings import check_couplings, dense_to_csr

Float = NDArray[np.float64]

_CHUNK = 1 << 24  # floats of states after which rows are grouped into products anew
_IN_FLIGHT = 1 << 22  # floats of states that are evaluated at once
_WORK = 1 << 27  # multiplications that are made at once


@dataclass(frozen=True, eq=False)
class Ising:
    """Ising problem with the energy E(s) = -1/2 s'Js - h's + c over s in {-1, +1}^n.

    The arrays are copied and read-only, so that a problem does not change under its solver.

    Parameters
    ----------
    couplings : (n, n) float
        J, symmetric with zero diagonal; dense, or any SciPy sparse matrix (kept as CSR).
    biases : (n,) float
        h; None is zeros.
    offset : float
        c.
    """

    couplings: Any
    biases: Any = None
    offset: float = 0.0

    def __post_init__(self) -> None:
        couplings = check_couplings(self.couplings)
        n = couplings.shape[0]
        biases = np.zeros(n) if self.biases is None else np.array(self.biases, dtype=float)
        if biases.shape != (n,):
            raise ValueError(f"biases have shape {biases.shape}, but couplings are {n} x {n}; give one bias a spin")
        if not np.isfinite(biases).all():
            raise ValueError(f"biases[{np.argmin(np.isfinite(biases))}] is not finite; remove NaN and infinity")
        if not np.isfinite(self.offset):
            raise ValueError(f"offset is {self.offset}; it must be finite")
        biases.setflags(write=False)
        object.__setattr__(self, "couplings", couplings)
        object.__setattr__(self, "biases", biases)
        object.__setattr__(self, "offset", float(self.offset))

    @property
    def size(self) -> int:
        """Number of spins n."""
        return int(self.biases.size)

    @property
    def is_sparse(self) -> bool:
        """Storage of J: True if it is a SciPy sparse array."""
        return sparse.issparse(self.couplings)

    def dense_couplings(self) -> Float:
        """Return J as a dense array.

        Returns
        -------
        (n, n) float
            J.
        """
        return np.asarray(self.couplings.toarray() if self.is_sparse else self.couplings)

    def sparse_couplings(self) -> Any:
        """Return J as a CSR array with sorted indices.

        Returns
        -------
        (n, n) csr_array
            J.
        """
        if self.is_sparse:
            return self.couplings
        return dense_to_csr(self.couplings)

    def field(self, spins: ArrayLike) -> Float:
        """Compute the field h + J s on each spin.

        Returns
        -------
        (n,) or (reads, n) float
            The fields of one state (n,), or of many (reads, n).
        """
        s = check_spins(spins, self.size).astype(float)
        return np.asarray((self.couplings @ s.T).T) + self.biases

    def energy(self, spins: ArrayLike) -> Any:
        """Evaluate the energy E of one state or of many.

        Returns
        -------
        float or (reads,) float
            E of one state (n,), or of many (reads, n).
        """
        s = check_spins(spins, self.size)
        if s.ndim == 1:
            return float(self._energies(s[None])[0])
        out = np.empty(len(s))
        for part in self.energy_parts(len(s)):
            out[part] = self._energies(s[part])
        return out

    def energy_parts(self, reads: int, most: int = 1 << 12) -> list[slice]:
        """Cut reads into parts whose energies are bit-identical to :meth:`energy` of all.

        Products with matrices take rows by fours, from the first of every ``_CHUNK`` floats on.

        Parameters
        ----------
        reads : int
            Number of states.
        most : int
            Largest number of states in a part.

        Returns
        -------
        list of slice
            The parts in order.
        """
        values = self.couplings.nnz if self.is_sparse else self.couplings.size
        step = max(1, _CHUNK // self.size)
        each = max(4, min(most, _IN_FLIGHT // self.size, _WORK // (self.size + values)) // 4 * 4)
        return [
            slice(first, min(first + each, start + step, reads))
            for start in range(0, reads, step)
            for first in range(start, min(start + step, reads), each)
        ]

    def _energies(self, spins: NDArray[Any]) -> Float:
        s = spins.astype(float)
        js = np.asarray((self.couplings @ s.T).T)
        return -0.5 * np.einsum("ri,ri->r", s, js) - s @ self.biases + self.offset

    # Conversions to other libraries, and to the field's other convention, 0/1.

    @classmethod
    def from_binary(cls, weights: Any, thresholds: ArrayLike | None = None, offset: float = 0.0) -> Ising:
        """Convert a 0/1 network E(x) = -1/2 x'Wx - b'x + c with s = 2x - 1.

        Parameters
        ----------
        weights : (n, n) array
            W, symmetric with zero diagonal.
        thresholds : (n,) array_like or None
            b; None is zeros.
        offset : float
            c.

        Returns
        -------
        Ising
            The problem.
        """
        w = check_couplings(weights)
        b = np.zeros(w.shape[0]) if thresholds is None else np.asarray(thresholds, dtype=float)
        row = np.asarray(w.sum(axis=1)).ravel()
        return cls(w / 4.0, b / 2.0 + row / 4.0, offset - row.sum() / 8.0 - b.sum() / 2.0)

    def to_binary(self) -> tuple[Any, Float, float]:
        """Convert to the 0/1 network E(x) = -1/2 x'Wx - b'x + c with x = (s + 1) / 2.

        Returns
        -------
        tuple of (n, n) array, (n,) float, float
            W, b and c.
        """
        row = np.asarray(self.couplings.sum(axis=1)).ravel()
        return (
            4.0 * self.couplings,
            2.0 * self.biases - 2.0 * row,
            self.offset - 0.5 * float(row.sum()) + float(self.biases.sum()),
        )

    @classmethod
    def from_qubo(cls, qubo: Any, offset: float = 0.0) -> Ising:
        """Convert a QUBO E(x) = x'Qx + c over x in {0, 1}^n.

        Parameters
        ----------
        qubo : (n, n) array
            Q in any triangle, with the linear terms on its diagonal.
        offset : float
            c.

        Returns
        -------
        Ising
            The problem.
        """
        q = qubo if sparse.issparse(qubo) else np.asarray(qubo, dtype=float)
        if q.ndim != 2 or q.shape[0] != q.shape[1]:
            raise ValueError(f"qubo has shape {q.shape}; it must be square")
        diagonal = q.diagonal()
        symmetric = q + q.T
        symmetric = symmetric - (sparse.diags_array(2.0 * diagonal) if sparse.issparse(q) else np.diag(2.0 * diagonal))
        return cls.from_binary(-symmetric, -diagonal, offset)

    def to_qubo(self) -> tuple[Any, float]:
        """Convert to a QUBO E(x) = x'Qx + c.

        Returns
        -------
        tuple of (n, n) array, float
            Q, upper triangular (CSR if J is sparse), and c.
        """
        w, b, c = self.to_binary()
        if self.is_sparse:
            return sparse.csr_array(-sparse.triu(w, 1) - sparse.diags_array(b)), c
        return -np.triu(w, 1) - np.diag(b), c

    @classmethod
    def from_dimod(cls, bqm: Any) -> Ising:
        """Convert a dimod BinaryQuadraticModel, whose convention is -J and -h.

        Returns
        -------
        Ising
            The problem, with spins in the order of the model's ``variables``.
        """
        spin = bqm.change_vartype("SPIN", inplace=False)
        n = spin.num_variables
        linear, (row, col, value), offset = spin.to_numpy_vectors(variable_order=list(spin.variables))[:3]
        upper = sparse.coo_array((-np.asarray(value, dtype=float), (row, col)), shape=(n, n))
        return cls(sparse.csr_array(upper + upper.T), -np.asarray(linear, dtype=float), float(offset))

    def to_dimod(self) -> Any:
        """Convert to a dimod BinaryQuadraticModel over spins 0..n-1 with equal energies.

        Returns
        -------
        dimod.BinaryQuadraticModel
            The model.
        """
        import dimod

        upper = sparse.coo_array(sparse.triu(self.sparse_couplings(), 1))
        edges = (upper.coords[0], upper.coords[1], -upper.data)
        return dimod.BinaryQuadraticModel.from_numpy_vectors(-self.biases, edges, self.offset, dimod.SPIN)

    @classmethod
    def from_networkx(cls, graph: Any, offset: float = 0.0) -> Ising:
        """Convert an undirected NetworkX graph.

        Parameters
        ----------
        graph : networkx.Graph
            Edges with ``weight`` J_ij (1 if absent), nodes with ``bias`` h_i (0 if absent).
        offset : float
            c.

        Returns
        -------
        Ising
            The problem, with spins in the order of the nodes.

        Raises
        ------
        ValueError
            If the graph is directed or has no nodes.
        """
        import networkx as nx

        if graph.is_directed():
            raise ValueError("graph is directed; J is symmetric: pass graph.to_undirected()")
        order = list(graph)
        if not order:
            raise ValueError("graph has no nodes; a problem needs at least one spin")
        biases = [graph.nodes[node].get("bias", 0.0) for node in order]
        return cls(nx.to_scipy_sparse_array(graph, nodelist=order, dtype=float), biases, offset)

    def to_networkx(self) -> Any:
        """Convert to an undirected NetworkX graph.

        Returns
        -------
        networkx.Graph
            Edges with ``weight`` J_ij, nodes with ``bias`` h_i.
        """
        import networkx as nx

        graph = nx.from_scipy_sparse_array(sparse.csr_array(self.sparse_couplings()))
        nx.set_node_attributes(graph, dict(enumerate(self.biases.tolist())), "bias")
        graph.graph["offset"] = self.offset
        return graph


def check_spins(spins: ArrayLike, n: int) -> NDArray[Any]:
    """Validate spins of -1 and +1.

    Parameters
    ----------
    spins : (n,) or (reads, n) array_like
        One state or many.
    n : int
        Number of spins.

    Returns
    -------
    (n,) or (reads, n) array
        The spins.

    Raises
    ------
    ValueError
        If the shape is wrong or a value is neither -1 nor +1.
    """
    s = np.asarray(spins)
    if s.ndim not in (1, 2) or s.shape[-1] != n:
        raise ValueError(f"spins have shape {s.shape}; expected ({n},) or (reads, {n})")
    rows = np.atleast_2d(s)
    step = max(1, _IN_FLIGHT // max(1, n))
    for some in (rows[k : k + step] for k in range(0, len(rows), step)):
        if not ((some == 1) | (some == -1)).all():
            raise ValueError("spins hold values other than -1 and +1; map 0/1 by s = 2x - 1")
    return s


def power_of_two(*values: ArrayLike) -> float:
    """Compute the power of 2 above all absolute values, or 1 where all are 0.

    In this unit squares neither overflow nor vanish, and no digit changes.

    Returns
    -------
    float
        The unit.
    """
    largest = max(float(np.abs(np.asarray(value)).max(initial=0.0)) for value in values)
    return float(np.ldexp(1.0, min(int(np.frexp(largest)[1]), 1023)))
