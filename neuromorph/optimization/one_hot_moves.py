r"""Problems whose groups keep exactly one unit on, as states that only moves within the groups change.

.. math:: E(x) = -\tfrac12 x^\top W x - b^\top x + c, \qquad \sum_{i \in g} x_i = 1 \text{ for every group } g

Penalties of groups are constant there, and drop out. A state is the unit that is on in each group; in a quadratic
assignment, whose columns are groups as well, it is the location of each facility.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising
from ..problems.assignment import Assignment
from .one_hot_kernel import probe_relocations, probe_swaps, relocate, swap_places, unit_fields

Places: TypeAlias = NDArray[np.int64]


@dataclass(eq=False)
class OneHotReplicas:
    """States of some replicas, changed in place.

    Attributes
    ----------
    places, best : (replicas, groups) int
        States now, and those of lowest energy that were met.
    energies, lowest : (replicas,) float
        Their energies without offset.
    fields : (replicas, n) float
        Fields of the units; (replicas, 0) where none are kept.
    streams : (replicas, 4) uint64
        Generators.
    """

    places: Places
    energies: Float
    fields: Float
    streams: NDArray[np.uint64]
    best: Places
    lowest: Float


def _replicas(places: Places, energies: Float, fields: Float, streams: NDArray[np.uint64]) -> OneHotReplicas:
    return OneHotReplicas(places, energies, fields, streams, places.copy(), energies.copy())


@dataclass(frozen=True, eq=False)
class GroupMoves:
    """An Ising problem with groups of spins of which one is up, moved from one to another.

    Parameters
    ----------
    ising : Ising
        Problem.
    groups : (n,) int
        Group of each spin, 0 .. groups - 1, none empty.
    """

    ising: Ising
    groups: Any

    def __post_init__(self) -> None:
        groups = np.asarray(self.groups)
        used = np.unique(groups)
        if groups.shape != (self.ising.size,) or groups.dtype.kind not in "iu" or (used != np.arange(len(used))).any():
            raise ValueError(
                f"groups are not whole numbers 0 .. k, one for each of {self.ising.size} spins, without a gap; "
                "number them so"
            )
        object.__setattr__(self, "groups", groups.astype(np.int64))

    @property
    def size(self) -> int:
        """Number of spins n."""
        return self.ising.size

    @cached_property
    def _model(self) -> tuple[Any, ...]:
        weights, biases, offset = self.ising.to_binary()
        coo = sparse.coo_array(weights)
        kept = self.groups[coo.row] != self.groups[coo.col]
        w = sparse.csr_array((coo.data[kept], (coo.row[kept], coo.col[kept])), shape=coo.shape)
        order, sizes = np.argsort(self.groups, kind="stable"), np.bincount(self.groups)
        members = np.full((len(sizes), sizes.max()), -1, np.int64)
        members[np.arange(sizes.max()) < sizes[:, None]] = order
        csr = (w.indptr.astype(np.int64), w.indices.astype(np.int64), w.data.astype(float))
        return csr, np.asarray(biases, dtype=float), members, sizes, float(offset)

    def begin(self, streams: NDArray[np.uint64], places: Places | None = None) -> OneHotReplicas:
        """Begin replicas with the given states, or with random ones.

        Parameters
        ----------
        streams : (replicas, 4) uint64
            Generators, advanced in place.
        places : (replicas, groups) int or None
            States.

        Returns
        -------
        OneHotReplicas
            Replicas.
        """
        (indptr, indices, data), biases, members, sizes, _ = self._model
        if places is None:
            drawn = np.array([np.random.default_rng(stream).random(len(sizes)) for stream in streams])
            places = members[np.arange(len(sizes)), (drawn * sizes).astype(np.int64)]
        fields = np.empty((len(places), self.size))
        return _replicas(places, unit_fields(indptr, indices, data, biases, places, fields), fields, streams)

    def advance(self, replicas: OneHotReplicas, betas: Float) -> None:
        """Make a sweep at each beta of each replica, in place.

        Parameters
        ----------
        replicas : OneHotReplicas
            Replicas.
        betas : (replicas, sweeps) float
            Inverse temperatures.
        """
        (indptr, indices, data), _, members, sizes, _ = self._model
        r = replicas
        state = (r.places, r.fields, r.energies, r.best, r.lowest, r.streams)
        relocate(indptr, indices, data, members, sizes, betas, *state)

    def probe(self, replicas: OneHotReplicas, count: int) -> Float:
        """Compute the differences of energy of random moves of the first replica.

        Parameters
        ----------
        replicas : OneHotReplicas
            Replicas; the generator of the first is advanced.
        count : int
            Number of moves.

        Returns
        -------
        (count,) float
            Differences.
        """
        _, _, members, sizes, _ = self._model
        r = replicas
        return np.asarray(probe_relocations(members, sizes, r.places[0], r.fields[0], count, r.streams[0]))

    def spins(self, places: Places) -> NDArray[np.int8]:
        """Convert states to spins.

        Parameters
        ----------
        places : (replicas, groups) int
            States.

        Returns
        -------
        (replicas, n) int8
            Spins.
        """
        spins = np.full((len(places), self.size), -1, np.int8)
        np.put_along_axis(spins, places, np.int8(1), axis=1)
        return spins

    def places(self, spins: ArrayLike) -> Places:
        """Convert spins with one up in each group to states.

        Parameters
        ----------
        spins : (replicas, n) int
            Spins.

        Returns
        -------
        (replicas, groups) int
            States.

        Raises
        ------
        ValueError
            If a group has none up, or several.
        """
        sizes = self._model[3]
        up = np.atleast_2d(np.asarray(spins)) > 0
        counts = np.array([np.bincount(self.groups[each], minlength=len(sizes)) for each in up])
        if (counts != 1).any():
            r, g = np.argwhere(counts != 1)[0]
            raise ValueError(f"state {r} has {counts[r, g]} spins up in group {g}; exactly one must be")
        rows, units = np.nonzero(up)
        found = np.empty((len(up), len(sizes)), np.int64)
        found[rows, self.groups[units]] = units
        return found

    def energy(self, places: Places) -> Float:
        """Compute the energies of states.

        Parameters
        ----------
        places : (replicas, groups) int
            States.

        Returns
        -------
        (replicas,) float
            E, with offset.
        """
        return np.asarray(self.ising.energy(self.spins(places)), dtype=float)


@dataclass(frozen=True, eq=False)
class PermutationMoves:
    """A quadratic assignment: a move swaps the locations of two facilities.

    Parameters
    ----------
    flows, distances : (n, n) float
        F and D.
    """

    flows: Any
    distances: Any

    @property
    def size(self) -> int:
        """Number of spins, n^2."""
        return len(self.flows) ** 2

    @cached_property
    def _model(self) -> tuple[Float, Float, Float, Float]:
        f, d = (np.ascontiguousarray(matrix, dtype=float) for matrix in (self.flows, self.distances))
        return f, np.ascontiguousarray(f.T), d, np.ascontiguousarray(d.T)

    def begin(self, streams: NDArray[np.uint64], places: Places | None = None) -> OneHotReplicas:
        """Begin replicas; :meth:`.GroupMoves.begin` documents the arguments.

        Returns
        -------
        OneHotReplicas
            Replicas.
        """
        if places is None:
            n = len(self.flows)
            places = np.array([np.random.default_rng(stream).permutation(n) for stream in streams], dtype=np.int64)
        return _replicas(places, self.energy(places), np.empty((len(places), 0)), streams)

    def advance(self, replicas: OneHotReplicas, betas: Float) -> None:
        """Make a sweep at each beta of each replica, in place.

        Parameters
        ----------
        replicas : OneHotReplicas
            Replicas.
        betas : (replicas, sweeps) float
            Inverse temperatures.
        """
        r = replicas
        swap_places(*self._model, betas, r.places, r.energies, r.best, r.lowest, r.streams)

    def probe(self, replicas: OneHotReplicas, count: int) -> Float:
        """Compute differences; :meth:`.GroupMoves.probe` documents the arguments.

        Returns
        -------
        (count,) float
            Differences.
        """
        return np.asarray(probe_swaps(*self._model, replicas.places[0], count, replicas.streams[0]))

    def spins(self, places: Places) -> NDArray[np.int8]:
        """Convert to spins; :meth:`.GroupMoves.spins` documents the argument.

        Returns
        -------
        (replicas, n^2) int8
            Spins.
        """
        n = len(self.flows)
        up = places[:, :, None] == np.arange(n)
        return np.where(up, 1, -1).astype(np.int8).reshape(len(places), n * n)

    def places(self, spins: ArrayLike) -> Places:
        """Convert permutations; :meth:`.GroupMoves.places` documents the argument.

        Returns
        -------
        (replicas, n) int
            Location of each facility.

        Raises
        ------
        ValueError
            If a row or a column has none up, or several.
        """
        n = len(self.flows)
        up = np.atleast_2d(np.asarray(spins)).reshape(-1, n, n) > 0
        if (up.sum(axis=1) != 1).any() or (up.sum(axis=2) != 1).any():
            raise ValueError(f"a state is no permutation of {n}; exactly one spin of each row and column must be up")
        return up.argmax(axis=2).astype(np.int64)

    def energy(self, places: Places) -> Float:
        """Compute costs; :meth:`.GroupMoves.energy` documents the argument.

        Returns
        -------
        (replicas,) float
            Cost.
        """
        f, _, d, _ = self._model
        return np.array([(f * d[np.ix_(p, p)]).sum() for p in places], dtype=float)


OneHotMoves: TypeAlias = GroupMoves | PermutationMoves


def moves_of(problem: Any) -> OneHotMoves | None:
    """Return the moves of a problem that has groups.

    Parameters
    ----------
    problem : Ising or Problem
        Problem; ``groups`` (n,) tells the group of each of its spins.

    Returns
    -------
    GroupMoves or PermutationMoves or None
        Moves; None where no group is known.
    """
    if isinstance(problem, Assignment):
        return PermutationMoves(problem.flows, problem.distances)
    groups = getattr(problem, "groups", None)
    return None if groups is None else GroupMoves(problem.ising(), groups)
