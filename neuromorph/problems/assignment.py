r"""Quadratic assignment: n facilities with flows f to n locations with distances d, at the lowest cost.

.. math:: C(p) = \sum_{ij} f_{ij} d_{p(i) p(j)}, \qquad
          E(x) = \sum_{ijkl} f_{ik} d_{jl} x_{ij} x_{kl} + A \sum_i \Bigl(1 - \sum_j x_{ij}\Bigr)^2
                 + A \sum_j \Bigl(1 - \sum_i x_{ij}\Bigr)^2

with x_ij = 1 where facility i is at location j. **The ground states are exactly the best assignments** for
f, d >= 0 and

.. math:: A > A^* = \tfrac12 \max_{ij} \bigl[ \langle f_{i\cdot}, d_{j\cdot} \rangle_\downarrow
          + \langle f_{\cdot i}, d_{\cdot j} \rangle_\downarrow + f_{ii} d_{jj} \bigr]

where the products are of rows without their diagonals, both sorted: no placement of one facility costs more
(rearrangement inequality). Proof as for tours (``tour_one_hot``): spins too many are put down without cost, and a
missing facility and location removes 2A and adds less. Files are QAPLIB's: n, then two matrices, of which the best cost
is the same in either order.
Sources: Koopmans and Beckmann, Econometrica 25, 53 (1957); Burkard, Karisch and Rendl, QAPLIB, J. Glob. Optim. 10, 391
(1997).
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
from .binary_form import ising_of_terms, one_up, rounded_up, same_group_pairs
from .edge_list import is_comment
from .problem import Solution
from .text_file import Block, TextFile, printable_name

MAX_FACILITIES = 100


@dataclass(frozen=True, eq=False)
class Assignment:
    """A quadratic assignment problem.

    Parameters
    ----------
    name : str
        Name.
    flows, distances : (n, n) float
        f and d, 0 or more.
    best_known : float or None
        Lowest cost known.
    penalty : float or None
        A; None: the smallest that is proven, rounded up.
    notes : tuple of str
        Content that the reader of the file took for granted.
    """

    name: str
    flows: Any
    distances: Any
    best_known: float | None = None
    penalty: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    kind: ClassVar[str] = "qap"
    sense: ClassVar[Literal["min", "max"]] = "min"

    def __post_init__(self) -> None:
        for what in ("flows", "distances"):
            matrix = np.array(getattr(self, what), dtype=float)
            if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
                raise ValueError(f"{what} have shape {matrix.shape}; give (n, n), n at least 2")
            if not (np.isfinite(matrix).all() and (matrix >= 0).all() and (matrix <= 1e12).all()):
                raise ValueError(f"{what} hold a number that is not from 0 to 1e12; add a constant, or rescale")
            matrix.setflags(write=False)
            object.__setattr__(self, what, matrix)
        if self.flows.shape != self.distances.shape:
            raise ValueError(f"flows are of {len(self.flows)} and distances of {len(self.distances)}; make them alike")
        if self.penalty is not None and not (np.isfinite(self.penalty) and self.penalty > 0):
            raise ValueError(f"penalty is {self.penalty}; it must be finite and positive, or None for the proven bound")

    @property
    def size(self) -> int:
        """Number of facilities n."""
        return len(self.flows)

    @property
    def groups(self) -> NDArray[np.int64]:
        """Group of each of the n^2 spins: one of each facility is up."""
        return np.repeat(np.arange(self.size), self.size)

    def default_penalty(self) -> float:
        """Return A, a little above A* of the module's text.

        Returns
        -------
        float
            A.
        """
        f, d, n = self.flows, self.distances, self.size
        off = ~np.eye(n, dtype=bool)
        bound = np.outer(f.diagonal(), d.diagonal())
        for a, b in ((f, d), (f.T, d.T)):
            rows = [np.sort(each[off].reshape(n, n - 1), axis=1) for each in (a, b)]
            bound = bound + rows[0] @ rows[1].T
        return rounded_up(float(bound.max()) / 2.0)

    @cached_property
    def _ising(self) -> Ising:
        n = self.size
        if n > MAX_FACILITIES:
            raise ValueError(f"{self.name} has {n} facilities; its one-hot form stops at {MAX_FACILITIES}")
        a = self.default_penalty() if self.penalty is None else float(self.penalty)
        f, d = self.flows, self.distances
        cost = np.kron(f, d)  # of (i, j) and (k, l): f_ik d_jl
        linear = cost.diagonal() - 2.0 * a
        upper = np.triu(cost + cost.T, 1)
        i, j = np.nonzero(upper)
        cells = np.arange(n * n).reshape(n, n)
        rows, columns = same_group_pairs(cells), same_group_pairs(cells.T)
        first = np.concatenate([i, rows[0], columns[0]])
        second = np.concatenate([j, rows[1], columns[1]])
        values = np.concatenate([upper[i, j], np.full(rows[0].size + columns[0].size, 2.0 * a)])
        return ising_of_terms(n * n, first, second, values, linear, 2.0 * a * n)

    def ising(self) -> Ising:
        """Return the one-hot form over n^2 spins, ``spins.reshape(n, n)[facility, location]``.

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
        """Read the location of each facility; :meth:`.Problem.decode` documents the arguments.

        A repair gives what is missing in order, and says so.

        Returns
        -------
        Solution
            Locations (n,) from 0, None where the state is none.
        """
        n = self.size
        up = one_up(spins, n * n).reshape(n, n)
        if (up.sum(axis=0) == 1).all() and (up.sum(axis=1) == 1).all():
            return Solution(up.argmax(axis=1), feasible=True)
        if not repair:
            return Solution(None, False)
        places, free = np.full(n, -1), np.ones(n, bool)
        for i in range(n):
            for j in np.flatnonzero(up[i] & free)[:1]:
                places[i], free[j] = j, False
        places[places < 0] = np.flatnonzero(free)
        return Solution(places, False, repaired=True)

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the cost of an answer; :meth:`.Problem.score` documents the argument.

        Returns
        -------
        float
            Cost; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        if value is None:
            return float("nan")
        p = np.asarray(value)
        if not np.array_equal(np.sort(p), np.arange(self.size)):
            raise ValueError(f"assignment is no permutation of 0 .. {self.size - 1}; give each location once")
        return float((self.flows * self.distances[np.ix_(p, p)]).sum())

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task, to minimize; :meth:`.Problem.task` documents the arguments.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()


def read_qaplib(source: TextFile) -> Assignment:
    """Read n and two matrices of n x n numbers, on any lines.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Assignment
        Problem; the first matrix is taken for the flows.

    Raises
    ------
    ProblemFileError
        If numbers are missing, or negative.
    """
    lines = ["" if is_comment(line) else line for line in source.lines]
    block = Block(source, 1, lines)
    numbers = block.numbers()
    n = int(numbers[0]) if numbers.size and 2 <= numbers[0] <= 10_000 and float(numbers[0]).is_integer() else 0
    if not n or numbers.size != 1 + 2 * n * n:
        raise source.error(f"has {numbers.size} numbers; QAPLIB's files are n and two matrices of n x n numbers")
    if (numbers < 0).any():
        k = int(np.argmax(numbers < 0))
        raise block.error(f"has {numbers[k]:g}; flows and distances are 0 or more: add a constant to all", k)
    first, second = numbers[1:].reshape(2, n, n)
    return Assignment(printable_name(source.stem, "assignment"), first, second)
