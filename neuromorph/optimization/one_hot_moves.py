r"""Problems whose groups keep exactly one unit on, as states that only moves within the groups change.

.. math:: E(x) = -\tfrac12 x^\top W x - b^\top x + c, \qquad \sum_{i \in g} x_i = 1 \text{ for every group } g

Penalties of groups are constant there, and drop out. A state is the unit that is on in each group.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising
from .one_hot_kernel import probe_relocations, relocate, unit_fields

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

    @classmethod
    def begun(cls, places: Places, energies: Float, fields: Float, streams: NDArray[np.uint64]) -> OneHotReplicas:
        """Return replicas whose lowest states are the present ones.

        Parameters
        ----------
        places, energies, fields, streams : arrays
            As the attributes.

        Returns
        -------
        OneHotReplicas
            Replicas.
        """
        return cls(places, energies, fields, streams, places.copy(), energies.copy())


@dataclass(frozen=True, eq=False)
class GroupMoves:
    """An Ising problem with groups of spins of which one is up, moved from one to another.

    Parameters
    ----------
    ising : Ising
        Problem.
    groups : (n,) int
        Group of each spin, 0 .. groups - 1, none empty.
    allowed : (n,) bool or None
        Spins that moves put up, at least one a group; None is all.
    """

    ising: Ising
    groups: Any
    allowed: Any = None

    def __post_init__(self) -> None:
        groups = np.asarray(self.groups)
        used = np.unique(groups)
        if groups.shape != (self.ising.size,) or groups.dtype.kind not in "iu" or (used != np.arange(len(used))).any():
            raise ValueError(
                f"groups are not whole numbers 0 .. k, one for each of {self.ising.size} spins, without a gap; "
                "number them so"
            )
        object.__setattr__(self, "groups", groups.astype(np.int64))
        allowed = np.ones(len(groups), bool) if self.allowed is None else np.asarray(self.allowed)
        if allowed.shape != groups.shape or not np.bincount(self.groups[allowed], minlength=len(used)).all():
            raise ValueError(f"allowed is no row of {len(groups)} booleans with a True in each group; correct it")
        object.__setattr__(self, "allowed", allowed)

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
        order = np.argsort(self.groups, kind="stable")
        order, sizes = order[self.allowed[order]], np.bincount(self.groups[self.allowed])
        members = np.full((len(sizes), sizes.max()), -1, np.int64)
        members[np.arange(sizes.max()) < sizes[:, None]] = order
        csr = (w.indptr.astype(np.int64), w.indices.astype(np.int64), w.data.astype(float))
        return csr, np.asarray(biases, dtype=float), members, sizes, float(offset)

    @property
    def inhibiting(self) -> bool:
        """Whether no coupling between two groups favors both units."""
        return not (self._model[0][2] > 0.0).any()

    @property
    def top(self) -> Float:
        """Largest bias of each group, (groups,)."""
        _, biases, members, _, _ = self._model
        return np.asarray(np.where(members >= 0, biases[members], -np.inf).max(axis=1))

    @property
    def least(self) -> float:
        """Bound of the energy, c less the largest biases; -infinity unless ``inhibiting``."""
        return self._model[-1] - float(self.top.sum()) if self.inhibiting else -np.inf

    @property
    def tables(self) -> tuple[tuple[Any, ...], Places, NDArray[np.int64]]:
        """W in CSR form, units of each group, and their numbers."""
        return self._model[0], self._model[2], self._model[3]

    def draw(self, streams: NDArray[np.uint64]) -> Places:
        """Draw random states.

        Parameters
        ----------
        streams : (replicas, 4) uint64
            Generators, of which seeds are taken.

        Returns
        -------
        (replicas, groups) int
            States.
        """
        _, _, members, sizes, _ = self._model
        drawn = np.array([np.random.default_rng(stream).random(len(sizes)) for stream in streams])
        return np.asarray(members[np.arange(len(sizes)), (drawn * sizes).astype(np.int64)])

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
        (indptr, indices, data), biases, _, _, _ = self._model
        places = self.draw(streams) if places is None else places
        fields = np.empty((len(places), self.size))
        return OneHotReplicas.begun(places, unit_fields(indptr, indices, data, biases, places, fields), fields, streams)

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
