r"""Max-cut: two sides of a weighted graph with as much weight as possible between them.

.. math:: \mathrm{cut}(s) = \sum_{i<j} w_{ij} \frac{1 - s_i s_j}{2}, \qquad E(s) = -\mathrm{cut}(s):
          \quad J = -\tfrac12 w, \; h = 0, \; c = -\tfrac12 \sum_{i<j} w_{ij}

Files are rudy's, as the G-set is found: ``n m`` and perhaps a word, then ``i j`` or ``i j w`` an edge, nodes from 1, a
missing weight is 1; blank lines and comments from ``#`` or ``%`` are skipped. An edge from a node to itself is in no
cut: without a weight it is dropped, with one the file is no graph but a QUBO or a spin model, which is refused unless a
max-cut was asked for. An edge given twice is refused: whether its weights add or replace each other is not known.
Sources: Barahona et al., Oper. Res. 36, 493 (1988), for the Ising form; for the files rudy by G. Rinaldi, as used by
Helmberg and Rendl, SIAM J. Optim. 10, 673 (2000).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..ising import Float, Ising, check_spins
from ..rng import RNG
from ..task import Minimize
from .edge_list import Pairs, is_comment, mostly_unused, read_pairs
from .matrices import square_matrix, symmetric_matrix
from .problem import Solution
from .text_file import ProblemFileError, TextFile, parse_number, printable_name

MAX_NODES = 2_000_000

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
    """

    name: str
    weights: Any
    best_known: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

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
        upper = sparse.coo_array(sparse.triu(self.weights))
        i, j = upper.coords
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


def read_rudy_header(source: TextFile) -> tuple[int, int, int] | None:
    """Read the header of a rudy file.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    (int, int, int) or None
        Nodes, edges and 0-based line, if the first line that is not blank or a comment is a header; else None.
    """
    for k, line in enumerate(source.lines):
        if is_comment(line):
            continue
        words = line.split(None, 3)
        counts = words[:2]
        whole = all(word.isascii() and word.isdigit() and len(word) <= 18 for word in counts)
        # A word may follow, as the J in some copies of the G-set; a third number would make it an edge.
        if len(counts) < 2 or not whole or len(words) > 3 or (len(words) == 3 and parse_number(words[2]) is not None):
            return None
        return int(counts[0]), int(counts[1]), k
    return None


def read_maxcut(source: TextFile, *, asked: bool = False) -> MaxCut:
    """Read the graph of a rudy file.

    Parameters
    ----------
    source : TextFile
        The file.
    asked : bool
        Whether the user asked for a max-cut: then a symmetric matrix is read too, and weighted loops are dropped.

    Returns
    -------
    MaxCut
        The graph.
    """
    name, header = printable_name(source.stem, "graph"), read_rudy_header(source)
    if asked and (header is None or not header[0]) and (matrix := _matrix(source)) is not None:
        return MaxCut(name, matrix)
    if header is None:
        raise source.error("has no header; begin with 'nodes edges', then 'i j weight' for each edge", 1)
    n, m, start = header
    if not 1 <= n <= MAX_NODES:
        raise source.error(f"the header says {n} nodes; from 1 to {MAX_NODES} are supported", start + 1)
    pairs = read_pairs(source, start + 1, "node", 0, n)
    (i, j), found = pairs.ends.T, len(pairs.values)
    loops = i == j
    if (loops & pairs.given & (pairs.values != 0.0)).any() and not asked:
        raise _no_graph(pairs, n)
    if (pairs.ends == 0).any():
        k = int(np.argmax((pairs.ends == 0).any(axis=1)))
        raise pairs.error(f"node is 0; the header numbers them from 1 to {n}: add 1 to all, or correct it", k)
    if found != m:
        first = "" if pairs.given.any() else f", or, if the first line is an edge, put '{n} {found + 1}' above it"
        raise source.error(f"the file has {found} edges but its header says {m}; correct one of them{first}", start + 1)
    if mostly_unused(n, m):
        few = f"its header says {n} nodes, of which {m} edges join few; number only those that have edges"
        raise source.error(few, start + 1)
    kept = ~loops
    edges, weights = pairs.ends[kept] - 1, pairs.values[kept]
    pairs = replace(pairs, ends=pairs.ends[kept], lines=pairs.lines[kept])
    again = pairs.repeated()
    if again is not None:
        edge = "{} {}".format(*pairs.ends[again])
        raise pairs.error(f"edge {edge} comes a second time; give each edge once with its whole weight", again)
    if not weights.any():
        raise source.error("no edge has a weight; a cut needs at least one")
    notes = [f"{loops.sum()} edges from a node to itself are left out: they are in no cut"] if loops.any() else []
    if m != n and m <= n + 1 and not pairs.given.any():  # beyond, as an edge it would skip nodes; n n is a loop
        taken = f"the first line, '{n} {m}', is taken for {n} nodes and {m} edges"
        notes.append(f"{taken}; if it is an edge, put '{n} {m + 1}' above it")
    return replace(MaxCut.from_edges(n, edges, weights, name=name), notes=tuple(notes))


def _matrix(source: TextFile) -> Float | None:
    """Read the weights of a symmetric matrix, or of one triangle of it."""
    matrix = square_matrix(source)
    weights = None if matrix is None else symmetric_matrix(matrix)
    if weights is None:
        return None
    if weights.diagonal().any():
        raise source.error("the diagonal of the matrix is not 0; no cut has such weights: write 0 there")
    return weights


def _no_graph(pairs: Pairs, n: int) -> ProblemFileError:
    """Return the error for a weight from a node to itself: the file is a QUBO or a model with linear terms."""
    binary = "BINARY' for the header, numbers from 0, values doubled where i and j differ"
    if (pairs.ends == 0).any() or pairs.source.name.endswith(".qh"):
        what, how = "a spin model with biases (Qubist)", "SPIN' for the header"
    elif pairs.ends.max() == n:
        what, how = "a QUBO (Biq Mac)", binary
    else:
        what, how = "a QUBO (Biq Mac) or a spin model (Qubist)", f"SPIN' for the header; a QUBO with '{binary}"
    k = int(np.argmax((pairs.ends[:, 0] == pairs.ends[:, 1]) & pairs.given & (pairs.values != 0.0)))
    return pairs.error(
        f"joins node {pairs.ends[k, 0]} to itself: looks like {what}; `solve` and `compare` read it with "
        f"'# vartype={how}; --kind maxcut drops such terms",
        k,
    )
