r"""Exact reductions: a smaller problem with the same minimum, and the way back to the spins of the first.

With the biases as couplings to one more spin, which is +1, every problem has couplings alone. Then, as often as one
applies, the cheapest first:

.. math:: \min_s \Bigl[-s \sum_{k \le 3} w_k s_k\Bigr] = -c - c_{12} s_1 s_2 - c_{13} s_1 s_3 - c_{23} s_2 s_3, \qquad
          s = \mathrm{sgn} \sum_k w_k s_k

- a spin with up to three neighbors is minimized out: c_12 = (A + B - C - D) / 4 and so on from A = \|w_1 + w_2 + w_3\|,
  B = \|w_1 + w_2 - w_3\|, C = \|w_1 - w_2 + w_3\|, D = \|-w_1 + w_2 + w_3\| (the star-triangle relation at T = 0);
- a coupling that outweighs all others of a spin together ties it to that neighbor (or to the bias): persistency;
- minimum cuts of the signed double cover find the spins on which the roof dual is persistent (:mod:`.roof_duality`);
- what falls apart is solved part by part.

Only additions of quarters are made, so that integers (below 2^51 or so) stay exact multiples of a power of 1/2.

Sources: Fisher, Phys. Rev. 113, 969 (1959), star-triangle; Liers, Jünger, Reinelt and Rinaldi, in New Optimization
Algorithms in Physics (2004), reductions of max-cut; Boros and Hammer, Discrete Appl. Math. 123, 155 (2002), persistency
and roof duality.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..ising import Ising, check_spins
from ..kernels.xoshiro import next_uint64
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.limits import checkpoint
from .reduction_kernel import substitute
from .roof_duality import persistent_spins

_MANY = 1 << 19  # couplings, counted twice, of a problem in which a flow takes seconds
_LOOK = 1 << 10  # spins taken out between two checks of the clock


@dataclass(frozen=True, eq=False)
class Reduction:
    """Smaller problem with the way back.

    Attributes
    ----------
    ising : Ising
        The problem that was reduced.
    parts : tuple of Ising
        What is left, as independent problems; empty if the minimum is known. Their offsets are 0.
    kept : tuple of (k,) int64
        Spins of ``ising`` that the spins of each part are, up to the sign of the whole.
    offset : float
        What the minima of the parts are to be added to.
    steps : (m, 4) int64
        Spins taken out in order, each with up to three others (-1 is none; n is the spin of the biases).
    weights : (m, 3) float
        The spin is the sign of the sum of these times the others, +1 where it is 0.
    """

    ising: Ising
    parts: tuple[Ising, ...]
    kept: tuple[NDArray[np.int64], ...]
    offset: float
    steps: NDArray[np.int64]
    weights: NDArray[np.float64]

    @property
    def size(self) -> int:
        """Number of spins that are left."""
        return sum(part.size for part in self.parts)

    def restore(self, *spins: ArrayLike, ties: RNG = 0, random: bool = False) -> NDArray[np.int8]:
        """Substitute back: states of the whole problem from states of the parts.

        Parameters
        ----------
        *spins : (reads, k) array_like
            States of each part.
        random : bool
            Whether ties, and the sign of parts without biases, are drawn; otherwise a tie is +1.
        ties : RNG
            Source of the random numbers.

        Returns
        -------
        (reads, n) int8
            States of the problem; their energies are those of the parts plus ``offset``, or below if ``spins`` are no
            minima and a tied spin can do better.

        Raises
        ------
        ValueError
            If there is not one array a part.
        """
        if len(spins) != len(self.parts):
            raise ValueError(f"spins of {len(spins)} parts are given; there are {len(self.parts)}")
        given = [np.atleast_2d(check_spins(s, part.size)) for s, part in zip(spins, self.parts, strict=True)]
        n = self.ising.size
        whole = np.ones((max((len(s) for s in given), default=1), n + 1), np.int8)
        states = kernel_states(read_seeds(ties, len(whole))) if random else np.empty((0, 4), np.uint64)
        for s, kept, part in zip(given, self.kept, self.parts, strict=True):
            whole[:, kept] = s
            if random and not part.biases.any():
                for row, state in zip(whole, states, strict=True):
                    row[kept] *= np.int8(1 - 2 * int(next_uint64(state) >> np.uint64(63)))
        substitute(self.steps, self.weights, whole, states)
        return whole[:, :n] * whole[:, n:]

    def project(self, spins: ArrayLike) -> list[NDArray[np.int8]]:
        """Restrict states of the whole problem to the parts.

        Returns
        -------
        list of (reads, k) int8
            States of each part.
        """
        s = np.atleast_2d(check_spins(spins, self.ising.size)).astype(np.int8)
        return [np.ascontiguousarray(s[:, kept]) for kept in self.kept]


def reduce_ising(ising: Ising, *, degree: int = 3, roof: bool = True) -> Reduction:
    """Reduce a problem exactly.

    Parameters
    ----------
    ising : Ising
        The problem.
    degree : int
        Largest number of neighbors of a spin that is minimized out, 0 to 3; couplings among three neighbors have four
        times the digits. -1 takes nothing out: only parts are found.
    roof : bool
        Whether roof duality is tried where there are biases; it takes couplings that are multiples of one unit.

    Returns
    -------
    Reduction
        The smaller problem.

    Raises
    ------
    ValueError
        If ``degree`` is out of range.
    """
    if degree not in (-1, 0, 1, 2, 3):
        raise ValueError(f"degree is {degree!r}; give -1 (none) to 3")
    if degree < 0 or (not _reducible(ising, degree) and not (roof and _roofed(ising))):
        return _in_parts(ising, np.arange(ising.size), ising)
    graph = _Graph(ising)
    graph.take_out(degree)
    while roof and _roofed(ising) and graph.neighbors[ising.size]:
        found = persistent_spins(*graph.left())
        for i, value in found:
            graph.tie(i, ising.size, float(value))
        if not found:
            break
        graph.take_out(degree)
    return _in_parts(ising, *graph.left(), graph.offset, graph.steps, graph.weights)


def _roofed(ising: Ising) -> bool:
    """Test whether roof duality can say something, and soon."""
    return bool(ising.biases.any()) and ising.sparse_couplings().nnz <= _MANY


def _reducible(ising: Ising, degree: int) -> bool:
    """Test whether a rule applies to some spin of the whole problem."""
    j, h = abs(ising.sparse_couplings()), np.abs(ising.biases)
    count = np.diff(j.indptr) + (h > 0.0)
    if not j.nnz or (count <= degree).any():
        return True
    largest = np.maximum(j.max(axis=1).toarray().ravel(), h)
    return degree > 0 and bool((2.0 * largest >= np.asarray(j.sum(axis=1)).ravel() + h).any())


def _in_parts(
    ising: Ising, kept: NDArray[np.int64], whole: Ising, offset: float | None = None,
    steps: Sequence[tuple[int, ...]] = (), weights: Sequence[tuple[float, ...]] = (),
) -> Reduction:  # fmt: skip
    """Cut what is left, ``kept`` with the problem ``whole``, into connected parts."""
    parts, spins = [], []
    if kept.size:
        count, label = connected_components(whole.sparse_couplings(), directed=False)
        order = np.argsort(label, kind="stable")
        for some in np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1]):
            checkpoint()
            one = count == 1 and not whole.offset
            inside = whole.couplings if count == 1 else whole.sparse_couplings()[some][:, some]
            parts.append(whole if one else Ising(inside, whole.biases[some]))
            spins.append(kept[some])
    told = np.array(steps, np.int64).reshape(-1, 4), np.array(weights, float).reshape(-1, 3)
    return Reduction(ising, tuple(parts), tuple(spins), ising.offset if offset is None else offset, *told)


class _Graph:
    """Couplings that are left, as a dict a spin; spin n is the one of the biases."""

    def __init__(self, ising: Ising) -> None:
        j, n = ising.sparse_couplings(), ising.size
        columns, values, ends = j.indices.tolist(), j.data.tolist(), j.indptr.tolist()
        self.neighbors: list[dict[int, float]] = [
            dict(zip(columns[a:b], values[a:b], strict=True)) for a, b in pairwise(ends)
        ]
        self.neighbors.append({})
        for i in np.flatnonzero(ising.biases).tolist():
            self._add(i, n, float(ising.biases[i]))
        self.offset, self.size = ising.offset, n
        self.steps: list[tuple[int, int, int, int]] = []
        self.weights: list[tuple[float, float, float]] = []
        self.gone = np.zeros(n + 1, bool)
        self._waiting = [(len(each), i) for i, each in enumerate(self.neighbors[:n])]
        heapq.heapify(self._waiting)

    def _add(self, i: int, j: int, weight: float) -> None:
        """Add to the coupling of i and j; one that cancels is no neighbor."""
        total = self.neighbors[i].get(j, 0.0) + weight
        for a, b in ((i, j), (j, i)):
            if total:
                self.neighbors[a][b] = total
            else:
                self.neighbors[a].pop(b, None)

    def _touch(self, i: int) -> None:
        if i < self.size:
            heapq.heappush(self._waiting, (len(self.neighbors[i]), i))

    def take_out(self, degree: int) -> None:
        """Take out spins until no rule applies."""
        while self._waiting:
            count, i = heapq.heappop(self._waiting)
            if self.gone[i] or count != len(self.neighbors[i]):
                continue
            if len(self.steps) % _LOOK == 0:
                checkpoint("reducing", len(self.steps), self.size)
            if count <= degree:
                self._minimize_out(i)
            elif degree:
                sizes = {j: abs(w) for j, w in self.neighbors[i].items()}
                strong = max(sizes, key=sizes.__getitem__)
                if 2.0 * sizes[strong] >= sum(sizes.values()):
                    self.tie(i, strong, self.neighbors[i][strong])

    def _remove(self, i: int) -> list[tuple[int, float]]:
        around = list(self.neighbors[i].items())
        for j, _ in around:
            del self.neighbors[j][i]
        self.neighbors[i] = {}
        self.gone[i] = True
        return around

    def _minimize_out(self, i: int) -> None:
        around = self._remove(i)
        (a, u), (b, v), (c, w) = [*around, (-1, 0.0), (-1, 0.0), (-1, 0.0)][:3]
        self.steps.append((i, a, b, c))
        self.weights.append((u, v, w))
        all_, third, second, first = abs(u + v + w), abs(u + v - w), abs(u - v + w), abs(v + w - u)
        self.offset -= (all_ + third + second + first) / 4.0
        if b >= 0:
            self._add(a, b, (all_ + third - second - first) / 4.0)
        if c >= 0:
            self._add(a, c, (all_ + second - third - first) / 4.0)
            self._add(b, c, (all_ + first - third - second) / 4.0)
        for j, _ in around:
            self._touch(j)

    def tie(self, i: int, j: int, weight: float) -> None:
        """Replace spin i by the sign of ``weight`` times spin j."""
        sign = 1.0 if weight > 0.0 else -1.0
        around = self._remove(i)
        self.steps.append((i, j, -1, -1))
        self.weights.append((sign, 0.0, 0.0))
        for k, w in around:
            if k == j:
                self.offset -= abs(w) if w * sign > 0.0 else -abs(w)
            else:
                self._add(j, k, sign * w)
            self._touch(k)
        self._touch(j)

    def left(self) -> tuple[NDArray[np.int64], Ising]:
        """Return the spins that are left and their problem, of one free spin if there are none."""
        kept = np.flatnonzero(~self.gone[:-1])
        place = np.full(self.size + 1, -1)
        place[kept] = np.arange(kept.size)
        biases = np.zeros(max(1, kept.size))
        rows, columns, values = [], [], []
        for i in kept.tolist():
            for j, w in self.neighbors[i].items():
                if j == self.size:
                    biases[place[i]] = w
                else:
                    rows.append(place[i])
                    columns.append(place[j])
                    values.append(w)
        shape = (biases.size, biases.size)
        return kept, Ising(sparse.csr_array(sparse.coo_array((values, (rows, columns)), shape=shape)), biases)
