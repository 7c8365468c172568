r"""A quadratic assignment, whose rows and columns are groups both, as permutations that only swaps change.

.. math:: C(p) = \sum_{ij} F_{ij} D_{p_i p_j}

A state is the location of each facility. The difference of a swap is that of :mod:`.one_hot_kernel`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float
from .one_hot_kernel import probe_swaps, swap_places
from .one_hot_moves import OneHotReplicas, Places


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

    def draw(self, streams: NDArray[np.uint64]) -> Places:
        """Draw permutations; :meth:`.GroupMoves.draw` documents the argument.

        Returns
        -------
        (replicas, n) int
            Location of each facility.
        """
        n = len(self.flows)
        return np.array([np.random.default_rng(stream).permutation(n) for stream in streams], dtype=np.int64)

    def begin(self, streams: NDArray[np.uint64], places: Places | None = None) -> OneHotReplicas:
        """Begin replicas; :meth:`.GroupMoves.begin` documents the arguments.

        Returns
        -------
        OneHotReplicas
            Replicas.
        """
        places = self.draw(streams) if places is None else places
        return OneHotReplicas.begun(places, self.energy(places), np.empty((len(places), 0)), streams)

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
