r"""Max-cut: two sides of a weighted graph with as much weight as possible between them.

.. math:: \mathrm{cut}(s) = \sum_{i<j} w_{ij} \frac{1 - s_i s_j}{2}, \qquad E(s) = -\mathrm{cut}(s):
          \quad J = -\tfrac12 w, \; h = 0, \; c = -\tfrac12 \sum_{i<j} w_{ij}

Files are rudy's, as the G-set is found: ``n m`` and perhaps a word, then ``i j`` or ``i j w`` an edge, nodes from 1, a
missing weight is 1; blank lines and comments from ``#`` or ``%`` are skipped. An edge from a node to itself is in no
cut and is dropped. An edge given twice is refused: whether its weights add or replace each other is not known.
Sources: Barahona et al., Oper. Res. 36, 493 (1988), for the Ising form; for the files rudy by G. Rinaldi, as used by
Helmberg and Rendl, SIAM J. Optim. 10, 673 (2000).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..ising import Ising, check_spins
from ..protocol import Minimise
from ..rng import RNG
from .problem import Solution
from .source import LARGEST, Source, as_number, plain_name, shown

MAX_NODES = 2_000_000

_CHUNK = 1 << 24  # bytes in flight while many reads are evaluated


@dataclass(frozen=True, eq=False)
class MaxCut:
    """A graph to cut.

    Parameters
    ----------
    name : str
    weights : (n, n) float      w, symmetric with zero diagonal; dense or any SciPy sparse matrix (kept as CSR)
    best_known : float or None  weight of the best cut known
    """

    name: str
    weights: Any
    best_known: float | None = None

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
        """From 0-based ``edges`` (m, 2) without repetition and their ``weights`` (m,), or one weight for all."""
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
        """Weight between the sides -1 and +1: (n,) -> float, (reads, n) -> (reads,)."""
        s = check_spins(sides, self.size)
        upper = sparse.coo_array(sparse.triu(self.weights))
        i, j = upper.coords
        many = np.atleast_2d(s)
        step = max(1, _CHUNK // max(1, upper.nnz))
        parts = [(many[k : k + step, i] != many[k : k + step, j]) @ upper.data for k in range(0, len(many), step)]
        cuts = np.concatenate(parts) if parts else np.empty(0)
        return float(cuts[0]) if s.ndim == 1 else cuts

    def ising(self) -> Ising:
        """E(s) = -cut(s)."""
        return Ising(self.weights * -0.5, offset=-0.25 * float(self.weights.sum()))

    def energy(self, spins: ArrayLike) -> Any:
        """E of one state (n,) or of many (reads, n)."""
        return -self.cut(spins) + 0.0  # no -0.0 in tables

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """The side of each node (n,), -1 or +1; every state is feasible."""
        s = check_spins(spins, self.size)
        if s.ndim != 1:
            raise ValueError(f"spins have shape {s.shape}; decode one state ({self.size},) at a time")
        return Solution(s.astype(np.int8), feasible=True)

    def score(self, solution: Solution | ArrayLike) -> float:
        """Weight of the cut of an answer or of sides (n,); NaN where there is none."""
        value = solution.value if isinstance(solution, Solution) else solution
        return float("nan") if value is None else float(self.cut(value))

    def task(self, reads: int, rng: RNG = None) -> Minimise:
        return Minimise()


def header_of(source: Source) -> tuple[int, int, int] | None:
    """(nodes, edges, 0-based line) if the first line that is not blank or a comment is a rudy header."""
    for k, line in enumerate(source.lines):
        words = line.split()
        if not words or words[0][0] in "#%":
            continue
        counts = words[:2]
        whole = all(word.isascii() and word.isdigit() and len(word) <= 18 for word in counts)
        # A word may follow, as the J in some copies of the G-set; a third number would make it an edge.
        if len(counts) < 2 or not whole or len(words) > 3 or (len(words) == 3 and as_number(words[2]) is not None):
            return None
        return int(counts[0]), int(counts[1]), k
    return None


def read_maxcut(source: Source) -> MaxCut:
    """The graph of a rudy file."""
    header = header_of(source)
    if header is None:
        raise source.error("has no header; begin with 'nodes edges', then 'i j weight' for each edge", 1)
    n, m, start = header
    if not 1 <= n <= MAX_NODES:
        raise source.error(f"the header says {n} nodes; from 1 to {MAX_NODES} are supported", start + 1)
    edges: dict[tuple[int, int], float] = {}
    found = 0
    for number, line in enumerate(source.lines[start + 1 :], start + 2):
        words = line.split()
        if not words or words[0][0] in "#%":
            continue
        if len(words) not in (2, 3):
            raise source.error(f"the line has {len(words)} words; write 'i j weight'", number)
        values = []
        for word in words:
            value = as_number(word)
            if value is None or not abs(value) <= LARGEST:
                raise source.error(f"{shown(word)} is not a number up to 1e15; write 'i j weight'", number)
            values.append(value)
        i, j, weight = values if len(values) == 3 else (*values, 1.0)
        for node in (i, j):
            if node != int(node) or not 1 <= node <= n:
                raise source.error(f"node is {node:g}; the header numbers them from 1 to {n}", number)
        found += 1
        if i == j:
            continue
        edge = (int(min(i, j)) - 1, int(max(i, j)) - 1)
        if edge in edges:
            rule = f"edge {i:g} {j:g} comes a second time; give each edge once with its whole weight"
            raise source.error(rule, number)
        edges[edge] = weight
    if found != m:
        raise source.error(f"the file has {found} edges but its header says {m}; correct one of them", start + 1)
    if not any(edges.values()):
        raise source.error("no edge has a weight; a cut needs at least one")
    name = plain_name(source.stem, "graph")
    return MaxCut.from_edges(n, np.array(list(edges)), np.array(list(edges.values())), name=name)
