r"""Problems in which exactly one unit of each group is on: colorings, Sudoku, tours, cuts.

.. math:: E(x) = -\tfrac12 x^\top W x - b^\top x + c, \qquad \sum_{i \in g} x_i = 1 \text{ for every group } g

Between two groups a constant may be added to all W, within a group to all b: E of every allowed state moves alike. A
network is driven by the form in which the largest of each is 0, so that all couplings inhibit.
Source: Lucas, Front. Phys. 2, 5 (2014) for the problems in one-hot form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas

MAX_UNITS = 4096  # couplings are held dense

_CHUNK = 1 << 22


@dataclass(frozen=True, eq=False)
class OneHot:
    """A problem over n units in groups.

    Parameters
    ----------
    weights : (n, n) float
        W, symmetric; entries inside groups have no effect.
    biases : (n,) float
        b.
    groups : (n,) int
        Group of each unit, 0 .. groups - 1, none empty.
    given : (k,) int
        Units that are on, at most one of a group.
    offset : float
        c.
    """

    weights: Any
    biases: Any
    groups: Any
    given: Any = ()
    offset: float = 0.0

    def __post_init__(self) -> None:
        w = np.array(self.weights.toarray() if sparse.issparse(self.weights) else self.weights, dtype=float)
        n = len(w) if w.ndim else 0
        if n > MAX_UNITS:
            raise ValueError(f"weights are of {n} units; a one-hot problem stops at {MAX_UNITS}")
        if w.shape != (n, n) or not n or not np.isfinite(w).all() or abs(w - w.T).max() > 1e-9 * abs(w).max():
            raise ValueError(f"weights have shape {w.shape}; they must be (n, n), finite and symmetric")
        b, groups, given = np.array(self.biases, dtype=float), np.array(self.groups), np.array(self.given, dtype=int)
        if b.shape != (n,) or not np.isfinite(b).all():
            raise ValueError(f"biases have shape {b.shape}; give {n} finite numbers")
        used = np.unique(groups)
        if groups.shape != (n,) or groups.dtype.kind not in "iu" or used[0] != 0 or used[-1] != len(used) - 1:
            raise ValueError(
                f"groups are not whole numbers 0 .. k, one for each of {n} units, without a gap; number so"
            )
        if given.ndim != 1 or ((given < 0) | (given >= n)).any() or len(np.unique(groups[given])) < given.size:
            raise ValueError(f"given holds no unit of 0 .. {n - 1}, or two of one group; give at most one unit a group")
        w[groups[:, None] == groups] = 0.0
        for name, value in (("weights", w), ("biases", b), ("groups", groups), ("given", given)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def from_ising(cls, ising: Ising, groups: ArrayLike) -> OneHot:
        """Build a problem with the energy of ``ising`` and one spin up in each group.

        Parameters
        ----------
        ising : Ising
            Model whose spins s = 2x - 1 are units.
        groups : (n,) int
            Group of each unit.

        Returns
        -------
        OneHot
            Problem.
        """
        weights, biases, offset = ising.to_binary()
        g = np.asarray(groups)
        w = weights.toarray() if sparse.issparse(weights) else weights
        if g.shape != (ising.size,):
            raise ValueError(f"groups have shape {g.shape}; give one group for each of {ising.size} spins")
        return cls(w, biases, g, offset=offset)

    @classmethod
    def from_spins(cls, ising: Ising) -> OneHot:
        """Build a problem from any Ising: spin i is the group of units 2i (down) and 2i + 1 (up).

        Parameters
        ----------
        ising : Ising
            Model.

        Returns
        -------
        OneHot
            Problem of 2n units.
        """
        sign = np.array([-1.0, 1.0])
        return cls(
            np.kron(ising.dense_couplings(), np.outer(sign, sign)),
            np.kron(ising.biases, sign),
            np.repeat(np.arange(ising.size), 2),
            offset=ising.offset,
        )

    @classmethod
    def coloring(cls, n: int, edges: ArrayLike, colors: int) -> OneHot:
        """Build a graph coloring; E counts the edges within one color.

        Parameters
        ----------
        n : int
            Number of nodes.
        edges : (m, 2) int
            Pairs of nodes, numbered from 0.
        colors : int
            Number of colors; unit ``colors * node + color`` gives a node a color.

        Returns
        -------
        OneHot
            Problem.
        """
        pairs = np.asarray(edges, dtype=int).reshape(-1, 2)
        if colors < 1 or n < 1 or ((pairs < 0) | (pairs >= n)).any() or (pairs[:, 0] == pairs[:, 1]).any():
            raise ValueError(f"edges must join two of {n} nodes, numbered from 0, and colors ({colors}) be at least 1")
        joined = np.zeros((n, n))
        joined[pairs[:, 0], pairs[:, 1]] = joined[pairs[:, 1], pairs[:, 0]] = -1.0
        return cls(np.kron(joined, np.eye(colors)), np.zeros(n * colors), np.repeat(np.arange(n), colors))

    @classmethod
    def sudoku(cls, grid: ArrayLike) -> OneHot:
        """Build a Sudoku; E counts equal digits in a row, column or box.

        Parameters
        ----------
        grid : (k^2, k^2) int
            Cells, 0 where empty.

        Returns
        -------
        OneHot
            Problem.
        """
        cells = np.asarray(grid)
        size = len(cells) if cells.ndim == 2 else 0
        box = round(size**0.5)
        if cells.shape != (size, size) or box < 2 or box**2 != size or cells.dtype.kind not in "iu":
            raise ValueError(f"grid has shape {cells.shape}; give whole numbers, 4 x 4, 9 x 9 or larger")
        if ((cells < 0) | (cells > size)).any():
            raise ValueError(
                f"grid holds {cells.min()} .. {cells.max()}; give 1 .. {size}, and 0 where a cell is empty"
            )
        row, column = np.divmod(np.arange(size**2), size)
        where = np.stack([row, column, row // box * box + column // box])
        edges = np.argwhere(np.triu((where[:, :, None] == where[:, None]).any(axis=0), 1))
        plain = cls.coloring(size**2, edges, size)
        filled = np.flatnonzero(cells)
        given = filled * size + cells.ravel()[filled] - 1
        return cls(plain.weights, plain.biases, plain.groups, given)

    @property
    def size(self) -> int:
        """Number of units n."""
        return len(self.biases)

    @cached_property
    def members(self) -> NDArray[np.int64]:
        """Units of each group, (groups, largest), filled up with -1.

        A given unit is alone in its group.
        """
        alone = np.ones(self.size, dtype=bool)
        alone[np.isin(self.groups, self.groups[self.given])] = False
        alone[self.given] = True
        lists = [np.flatnonzero(alone & (self.groups == g)) for g in range(self.groups.max() + 1)]
        table = np.full((len(lists), max(len(each) for each in lists)), -1, np.int64)
        for each, row in zip(lists, table, strict=True):
            row[: len(each)] = each
        return table

    @cached_property
    def inhibition(self) -> tuple[Float, Float]:
        """Compute (W', b') <= 0: W and b less the largest between two groups and in a group.

        The order of states stays.
        """
        order = np.argsort(self.groups, kind="stable")
        starts = np.searchsorted(self.groups[order], np.arange(self.groups.max() + 1))
        largest = np.maximum.reduceat(np.maximum.reduceat(self.weights[order][:, order], starts, 0), starts, 1)
        w = self.weights - largest[self.groups][:, self.groups]
        w[self.groups[:, None] == self.groups] = 0.0
        return w, self.biases - np.maximum.reduceat(self.biases[order], starts)[self.groups]

    @single_threaded_blas()
    def energy(self, winners: ArrayLike) -> Float:
        """Compute the energy E.

        Parameters
        ----------
        winners : (reads, groups) int
            Unit that is on in each group.

        Returns
        -------
        (reads,) float
            E.
        """
        on = np.asarray(winners)
        step = max(1, _CHUNK // self.size)
        parts = []
        for start in range(0, len(on), step):
            checkpoint()
            x = self._units(on[start : start + step])
            parts.append(-0.5 * np.einsum("ri,ri->r", x @ self.weights, x) - x @ self.biases)
        return (np.concatenate(parts) if parts else np.empty(0)) + self.offset

    def spins(self, winners: ArrayLike) -> NDArray[np.int8]:
        """Convert states to the spins of :meth:`from_ising`.

        Parameters
        ----------
        winners : (reads, groups) int
            Unit that is on in each group.

        Returns
        -------
        (reads, n) int8
            Spins, -1 or +1.
        """
        return (2 * self._units(np.asarray(winners)) - 1).astype(np.int8)

    def _units(self, winners: NDArray[Any]) -> Float:
        x = np.zeros((len(winners), self.size))
        np.put_along_axis(x, winners, 1.0, axis=1)
        return x
