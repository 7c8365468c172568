r"""Memories of sequences: asymmetric couplings that lead from each pattern to the next.

.. math:: J_{ij} = \frac1n \sum_\mu x^\mu_i x^\mu_j, \qquad K_{ij} = \frac1n \sum_\mu x^{\mu+1}_i x^\mu_j, \qquad
          s_i(t+1) = \mathrm{sgn} \Big[ \sum_j J_{ij} s_j(t) + \lambda \sum_j K_{ij} s_j(t - \tau + 1) \Big]

With strength lambda alone (J left out, tau = 1) the state steps to the next pattern at every update of all spins
(Amari). With J and a delay tau in K, lambda > 1, each pattern is held for tau updates and then left (Sompolinsky and
Kanter): J holds it while K still sees the one before, and K leads on once it sees this one.
Sources: Amari, IEEE Trans. Comput. C-21, 1197 (1972); Sompolinsky and Kanter, Phys. Rev. Lett. 57, 2861 (1986).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, check_spins


@dataclass(frozen=True, eq=False)
class SequenceMemory:
    """Memory of one sequence of patterns.

    Parameters
    ----------
    patterns : (k, n) array_like
        Patterns of -1 and +1 in their order, at least 2.
    strength : float
        Lambda, above 0; above 1 where patterns are held.
    delay : int
        Tau in updates: 1 is Amari's memory without J; above 1 each pattern is held so long.
    cyclic : bool
        Whether the last pattern leads to the first; otherwise the last is held, or forgotten by Amari's memory.
    """

    patterns: Any
    strength: float = 2.0
    delay: int = 1
    cyclic: bool = True

    def __post_init__(self) -> None:
        patterns = np.array(self.patterns)
        if patterns.ndim != 2 or len(patterns) < 2 or not np.isin(patterns, (-1, 1)).all():
            raise ValueError(f"patterns have shape {patterns.shape}; give two or more (patterns, n) of -1 and +1")
        if not (np.isfinite(self.strength) and self.strength > 0.0):
            raise ValueError(f"strength is {self.strength}; it must be finite and positive")
        if int(self.delay) != self.delay or self.delay < 1:
            raise ValueError(f"delay is {self.delay}; it must be a whole number of updates, 1 or more")
        patterns = patterns.astype(np.int8)
        patterns.setflags(write=False)
        object.__setattr__(self, "patterns", patterns)

    @property
    def size(self) -> int:
        """Number of spins n."""
        return int(self.patterns.shape[1])

    def couplings(self) -> tuple[Float, Float]:
        """Compute both couplings.

        Returns
        -------
        tuple of (n, n) float
            J, which is 0 without delay, and lambda K, asymmetric.
        """
        x = self.patterns.astype(float)
        following = np.roll(x, -1, axis=0) if self.cyclic else x[1:]
        leading = x if self.cyclic else x[:-1]
        hold = x.T @ x / self.size if self.delay > 1 else np.zeros((self.size, self.size))
        return hold, self.strength * following.T @ leading / self.size

    def replay(self, start: ArrayLike, updates: int) -> NDArray[np.int8]:
        """Update all spins at once from a start, before which K has seen nothing.

        Parameters
        ----------
        start : (n,) array_like
            First state, -1 and +1; a damaged pattern of the sequence.
        updates : int
            Number of updates.

        Returns
        -------
        (updates + 1, n) int8
            States.

        Raises
        ------
        ValueError
            If the start or the number of updates is out of range.
        """
        s = check_spins(start, self.size)
        if s.ndim != 1 or updates < 1:
            raise ValueError(f"start has shape {s.shape}, updates is {updates}; give one state, and 1 or more")
        hold, lead = self.couplings()
        states = np.empty((updates + 1, self.size), dtype=np.int8)
        states[0] = s
        for t in range(updates):
            field = hold @ states[t].astype(float)
            if self.delay == 1 or t >= self.delay - 1:  # before, nothing has arrived yet
                field += lead @ states[t - self.delay + 1].astype(float)
            states[t + 1] = np.where(field == 0.0, states[t], np.sign(field))
        return states

    def overlaps(self, states: ArrayLike) -> Float:
        """Compute the overlap x . s / n of states with each pattern.

        Parameters
        ----------
        states : (updates, n) array_like
            States.

        Returns
        -------
        (updates, k) float
            Overlaps.
        """
        return np.asarray(np.asarray(states, dtype=float) @ self.patterns.T.astype(float)) / self.size
