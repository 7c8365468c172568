r"""Modern Hopfield network: continuous states that softmax attention retrieves, mostly in one step.

.. math:: q' = X^\top \mathrm{softmax}(\beta X q), \qquad
          E(q) = -\frac1\beta \ln \sum_\mu e^{\beta x^\mu \cdot q} + \frac12 q \cdot q + \frac1\beta \ln k
                 + \frac12 \max_\mu |x^\mu|^2

where q is the state, X holds the k patterns x^mu in its rows, and beta is the inverse temperature.

0 <= E <= 2 max x.x for q in the hull of the patterns, and no step raises E, which is a concave part, replaced by its
tangent, plus a convex one. Large beta retrieves one pattern, small beta an average of them.
Source: Ramsauer et al., ICLR 2021 (arXiv 2008.02217), eqs. 2 and 3.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp, softmax

from ..ising import Float
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas


@dataclass(frozen=True, eq=False)
class ModernRecall:
    """Final states of the queries of a modern Hopfield network.

    Attributes
    ----------
    states : (reads, d) float
        q.
    energies : (reads, points) float
        E at the start and after every step; the last value is repeated once a read rests.
    steps : (reads,) int
        Steps of each read.
    settled : (reads,) bool
        True where the distance of q' from q fell below the tolerance.
    """

    states: Float
    energies: Float
    steps: NDArray[np.int64]
    settled: NDArray[np.bool_]


_JUDGED = 1000  # patterns up to which recall looks whether they come back

_COLDEST = 1e15  # largest beta x.x; float64 does not resolve smaller differences


@dataclass(frozen=True, eq=False)
class ModernHopfield:
    """Modern Hopfield network of real patterns at an inverse temperature.

    Parameters
    ----------
    patterns : (k, d) array_like
        Finite patterns.
    beta : float
        Inverse temperature in 1 / x.x; for patterns of -1 and +1, beta >> 1 / d tells them apart.
    """

    patterns: Any
    beta: float = 1.0

    def __post_init__(self) -> None:
        patterns = np.array(np.atleast_2d(self.patterns), dtype=float)
        if patterns.ndim != 2 or 0 in patterns.shape:
            raise ValueError(f"patterns have shape {patterns.shape}; expected (patterns, features), neither of them 0")
        if not np.isfinite(patterns).all():
            raise ValueError("patterns hold NaN or infinity; every value must be finite")
        if not (np.isfinite(self.beta) and self.beta > 0):
            raise ValueError(f"beta is {self.beta}; it must be finite and positive")
        if not self.beta < _COLDEST / max(1.0, float((patterns**2).sum(axis=1).max())):
            raise ValueError(f"beta is {self.beta}; beta |x|^2 must be below {_COLDEST:g}: 1 tells most patterns apart")
        patterns.setflags(write=False)
        object.__setattr__(self, "patterns", patterns)

    @property
    def size(self) -> int:
        """Number of features d."""
        return int(self.patterns.shape[1])

    def attention(self, queries: ArrayLike) -> Float:
        """Evaluate the attention softmax(beta X q), the share of each pattern.

        Returns
        -------
        (k,) or (reads, k) float
            The shares for one query (d,), or for many (reads, d).
        """
        return np.asarray(softmax(self.beta * (self._checked(queries) @ self.patterns.T), axis=-1))

    def update(self, queries: ArrayLike) -> Float:
        """Apply one step q -> q' to each query.

        Returns
        -------
        ndarray of float
            q' in the shape of ``queries``.
        """
        return self.attention(queries) @ self.patterns

    def energy(self, queries: ArrayLike) -> Any:
        """Evaluate the energy E of one query or of many.

        Returns
        -------
        float or (reads,) float
            E of one state (d,), or of many (reads, d).
        """
        q = self._checked(queries)
        attraction = logsumexp(self.beta * (q @ self.patterns.T), axis=-1) - np.log(len(self.patterns))
        largest = (self.patterns**2).sum(axis=1).max()
        energies = 0.5 * ((q**2).sum(axis=-1) + largest) - attraction / self.beta
        return float(energies) if q.ndim == 1 else np.asarray(energies)

    def retrieved(self) -> NDArray[np.bool_]:
        """Tell which patterns are nearest to what one step makes of them.

        A pattern is lost where beta is too small for its distance from the others, so that an average comes back, and
        where another is so much longer that its product with the pattern is larger than the pattern's own.

        Returns
        -------
        (k,) bool
            True for patterns that come back.
        """
        x = self.patterns
        back = self.update(x)
        apart = (back**2).sum(axis=1)[:, None] - 2.0 * back @ x.T + (x**2).sum(axis=1)
        own = np.diagonal(apart)
        return np.asarray(own <= apart.min(axis=1) + 1e-9 * np.maximum(1.0, (x**2).sum(axis=1).max()))

    @single_threaded_blas()
    def recall(self, queries: ArrayLike, *, steps: int = 1000, tolerance: float = 1e-9) -> ModernRecall:
        """Iterate the update until it converges.

        A warning is given where stored patterns do not come back from themselves (:meth:`retrieved`), for up to 1000
        patterns.

        Parameters
        ----------
        queries : (d,) or (reads, d) array_like
            Initial states.
        steps : int
            Largest number of steps.
        tolerance : float
            Length of a step, over that of the longest pattern, at which a read rests.

        Returns
        -------
        ModernRecall
            The final states.

        Raises
        ------
        ValueError
            If ``steps`` or ``tolerance`` is out of range.
        """
        if steps < 1 or not tolerance > 0.0:
            raise ValueError(f"steps is {steps}, tolerance {tolerance}; allow one step at least, and a tolerance > 0")
        q = np.atleast_2d(self._checked(queries)).copy()
        if 1 < len(self.patterns) <= _JUDGED:
            lost = np.flatnonzero(~self.retrieved())
            if lost.size:
                warnings.warn(
                    f"{lost.size} of {len(self.patterns)} patterns, {lost[0]} first, do not come back from themselves "
                    f"at beta {self.beta:g}: raise beta, or center the patterns and give all one length",
                    stacklevel=3,
                )
        near = tolerance * float(np.linalg.norm(self.patterns, axis=1).max())
        count, settled = np.zeros(len(q), np.int64), np.zeros(len(q), bool)
        trace = [np.asarray(self.energy(q))]
        while not settled.all() and count.max(initial=0) < steps:
            checkpoint("recall", float(count.max(initial=0)), steps)
            active = np.flatnonzero(~settled)
            new = self.update(q[active])
            settled[active] = np.linalg.norm(new - q[active], axis=1) <= near
            q[active] = new
            count[active] += 1
            trace.append(np.asarray(self.energy(q)))
        return ModernRecall(q, np.array(trace).T, count, settled)

    def _checked(self, queries: ArrayLike) -> Float:
        q = np.asarray(queries, dtype=float)
        if q.ndim not in (1, 2) or q.shape[-1] != self.size:
            raise ValueError(f"queries have shape {q.shape}; expected ({self.size},) or (reads, {self.size})")
        if not np.isfinite(q).all():
            raise ValueError("queries hold NaN or infinity; every value must be finite")
        return q
