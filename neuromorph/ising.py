r"""The Ising problem: the one currency between problems and targets.

.. math:: E(s) = -\tfrac12 s^\top J s - h^\top s + c, \qquad s \in \{-1, +1\}^n, \qquad p(s) \propto e^{-\beta E(s)}

J is symmetric with zero diagonal. beta belongs to a task, never to the problem.
Source: Hopfield, PNAS 79, 2554 (1982), with the sign and factor 1/2 of that paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

Float = NDArray[np.float64]

_CHUNK = 1 << 24  # floats after which the evaluation of many reads begins anew, to the last bit
_IN_FLIGHT = 1 << 22  # floats that are evaluated at once
_WORK = 1 << 27  # products that are


@dataclass(frozen=True, eq=False)
class Ising:
    r"""E(s) = -1/2 s'Js - h's + c over s in {-1, +1}^n.

    Parameters
    ----------
    couplings : (n, n) float     J, symmetric with zero diagonal; dense, or any SciPy sparse matrix (kept as CSR)
    biases : (n,) float          h; zeros if None
    offset : float               c

    The arrays are copied and read-only: a problem does not change under its solver.
    """

    couplings: Any
    biases: Any = None
    offset: float = 0.0

    def __post_init__(self) -> None:
        couplings = _checked_couplings(self.couplings)
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
        return sparse.issparse(self.couplings)

    def dense_couplings(self) -> Float:
        """J as an (n, n) array."""
        return np.asarray(self.couplings.toarray() if self.is_sparse else self.couplings)

    def sparse_couplings(self) -> Any:
        """J as CSR with sorted indices."""
        if self.is_sparse:
            return self.couplings
        n, step = self.size, max(1, _IN_FLIGHT // self.size)  # all at once could not be interrupted
        parts = [_rows_of(self.couplings[first : first + step]) for first in range(0, n, step)]
        counts, indices, data = (np.concatenate(each) for each in zip(*parts, strict=True))
        starts = np.concatenate([[0], np.cumsum(counts)])
        kind = np.int32 if starts[-1] < 1 << 31 else np.int64  # as SciPy has it
        return sparse.csr_array((data, indices.astype(kind), starts.astype(kind)), shape=(n, n))

    def field(self, spins: ArrayLike) -> Float:
        """h + J s, the field on each spin: (n,) -> (n,), (reads, n) -> (reads, n)."""
        s = check_spins(spins, self.size).astype(float)
        return np.asarray((self.couplings @ s.T).T) + self.biases

    def energy(self, spins: ArrayLike) -> Any:
        """E of one state (n,) as a float, or of many (reads, n) as (reads,)."""
        s = check_spins(spins, self.size)
        if s.ndim == 1:
            return float(self._energies(s[None])[0])
        out = np.empty(len(s))
        for part in self.energy_parts(len(s)):
            out[part] = self._energies(s[part])
        return out

    def energy_parts(self, reads: int, most: int = 1 << 12) -> list[slice]:
        """Parts of ``reads`` states, ``most`` or fewer each, whose energies alone are those in :meth:`energy` of all.

        To the last bit: products with matrices take rows by fours, from the first of every ``_CHUNK`` floats on.
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

    # Borders: what other libraries and the field's other convention, 0/1, call the same thing.

    @classmethod
    def from_binary(cls, weights: Any, thresholds: ArrayLike | None = None, offset: float = 0.0) -> Ising:
        """From a 0/1 network E(x) = -1/2 x'Wx - b'x + c (W symmetric, zero diagonal), with s = 2x - 1."""
        w = _checked_couplings(weights)
        b = np.zeros(w.shape[0]) if thresholds is None else np.asarray(thresholds, dtype=float)
        row = np.asarray(w.sum(axis=1)).ravel()
        return cls(w / 4.0, b / 2.0 + row / 4.0, offset - row.sum() / 8.0 - b.sum() / 2.0)

    def to_binary(self) -> tuple[Any, Float, float]:
        """(W, b, c) of E(x) = -1/2 x'Wx - b'x + c with x = (s + 1) / 2."""
        row = np.asarray(self.couplings.sum(axis=1)).ravel()
        return (
            4.0 * self.couplings,
            2.0 * self.biases - 2.0 * row,
            self.offset - 0.5 * float(row.sum()) + float(self.biases.sum()),
        )

    @classmethod
    def from_qubo(cls, qubo: Any, offset: float = 0.0) -> Ising:
        """From E(x) = x'Qx + c, x in {0,1}^n; Q (n, n) in any triangle, linear terms on its diagonal."""
        q = qubo if sparse.issparse(qubo) else np.asarray(qubo, dtype=float)
        if q.ndim != 2 or q.shape[0] != q.shape[1]:
            raise ValueError(f"qubo has shape {q.shape}; it must be square")
        diagonal = q.diagonal()
        symmetric = q + q.T
        symmetric = symmetric - (sparse.diags_array(2.0 * diagonal) if sparse.issparse(q) else np.diag(2.0 * diagonal))
        return cls.from_binary(-symmetric, -diagonal, offset)

    def to_qubo(self) -> tuple[Any, float]:
        """(Q, c) of E(x) = x'Qx + c with Q upper triangular (CSR if J is)."""
        w, b, c = self.to_binary()
        if self.is_sparse:
            return sparse.csr_array(-sparse.triu(w, 1) - sparse.diags_array(b)), c
        return -np.triu(w, 1) - np.diag(b), c

    @classmethod
    def from_dimod(cls, bqm: Any) -> Ising:
        """From a dimod BinaryQuadraticModel, spins in the order of its ``variables``; dimod has -J and -h."""
        spin = bqm.change_vartype("SPIN", inplace=False)
        n = spin.num_variables
        linear, (row, col, value), offset = spin.to_numpy_vectors(variable_order=list(spin.variables))[:3]
        upper = sparse.coo_array((-np.asarray(value, dtype=float), (row, col)), shape=(n, n))
        return cls(sparse.csr_array(upper + upper.T), -np.asarray(linear, dtype=float), float(offset))

    def to_dimod(self) -> Any:
        """The same energies as a dimod BinaryQuadraticModel over spins 0..n-1."""
        import dimod

        upper = sparse.coo_array(sparse.triu(self.sparse_couplings(), 1))
        edges = (upper.coords[0], upper.coords[1], -upper.data)
        return dimod.BinaryQuadraticModel.from_numpy_vectors(-self.biases, edges, self.offset, dimod.SPIN)

    @classmethod
    def from_networkx(cls, graph: Any, offset: float = 0.0) -> Ising:
        """From an undirected NetworkX graph: edge ``weight`` is J_ij (or 1), node ``bias`` is h_i (or 0)."""
        import networkx as nx

        if graph.is_directed():
            raise ValueError("graph is directed; J is symmetric: pass graph.to_undirected()")
        order = list(graph)
        if not order:
            raise ValueError("graph has no nodes; a problem needs at least one spin")
        biases = [graph.nodes[node].get("bias", 0.0) for node in order]
        return cls(nx.to_scipy_sparse_array(graph, nodelist=order, dtype=float), biases, offset)

    def to_networkx(self) -> Any:
        """An undirected graph with ``weight`` J_ij on edges and ``bias`` h_i on nodes."""
        import networkx as nx

        graph = nx.from_scipy_sparse_array(sparse.csr_array(self.sparse_couplings()))
        nx.set_node_attributes(graph, dict(enumerate(self.biases.tolist())), "bias")
        graph.graph["offset"] = self.offset
        return graph


def _rows_of(dense: Float) -> tuple[NDArray[np.int64], NDArray[np.int32], Float]:
    """(how many values of each row are not 0, their columns, these values)."""
    filled = dense != 0.0
    return np.count_nonzero(filled, axis=1), np.nonzero(filled)[1].astype(np.int32), dense[filled]


def check_spins(spins: ArrayLike, n: int) -> NDArray[Any]:
    """Spins as an array of shape (n,) or (reads, n) holding -1 and +1 only; else ValueError."""
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
    """The power of 2 above all |values|, or 1 where all are 0.

    In this unit squares neither overflow nor vanish, and no digit changes.
    """
    largest = max(float(np.abs(np.asarray(value)).max(initial=0.0)) for value in values)
    return float(np.ldexp(1.0, min(int(np.frexp(largest)[1]), 1023)))


def _checked_couplings(couplings: Any) -> Any:
    is_sparse = sparse.issparse(couplings)
    j: Any = sparse.csr_array(couplings, dtype=float, copy=True) if is_sparse else np.array(couplings, dtype=float)
    if j.ndim != 2 or j.shape[0] != j.shape[1] or j.shape[0] == 0:
        raise ValueError(f"couplings have shape {j.shape}; expected (n, n) with n >= 1")
    if is_sparse:
        j.sum_duplicates()
    values: Any = j.data if is_sparse else j
    if not np.isfinite(values).all():
        raise ValueError("couplings hold NaN or infinity; every J_ij must be finite")
    if np.any(j.diagonal() != 0.0):
        i = int(np.argmax(j.diagonal() != 0.0))
        raise ValueError(f"couplings[{i}, {i}] is {j.diagonal()[i]}; s_i^2 = 1, so move -J_ii / 2 into the offset")
    scale = np.abs(values).max() if values.size else 0.0
    difference = abs(j - j.T)
    worst = float(difference.max()) if (difference.nnz if is_sparse else difference.size) else 0.0
    if worst > 1e-9 * scale:
        raise ValueError(f"couplings are not symmetric (largest |J_ij - J_ji| is {worst:g}); pass (J + J.T) / 2")
    if worst:  # round-off of the caller's arithmetic: J must be exactly symmetric for the energy to be one function
        j = (j + j.T) / 2.0
    if is_sparse:
        j = sparse.csr_array(j)
        j.eliminate_zeros()
        j.sort_indices()
        for part in (j.data, j.indices, j.indptr):
            part.setflags(write=False)
    else:
        j.setflags(write=False)
    return j
