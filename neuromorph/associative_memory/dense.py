r"""Dense associative memory: more than pairs of spins act together, so that far more patterns fit.

.. math:: E(s) = -n \sum_{\mu=1}^k F(m_\mu), \quad m_\mu = \frac{x^\mu \cdot s}{n}, \quad F(m) = m^p
          \;\text{ or }\; \max(0, m)^p; \qquad E(s) = -\ln \sum_\mu e^{x^\mu \cdot s}

p = 2 is twice Hebb's energy with its diagonal; random patterns stay stable up to k of order n^(p - 1). Energies are
scaled over the published ones, -sum (x.s)^p and -sum exp(x.s), so that they stay finite and of order n: by n^(1 - p),
and by the logarithm. A single spin turns at the same places: both scalings rise with E.
Sources: Krotov and Hopfield, NeurIPS 29 (2016); exponential: Demircigil et al., J. Stat. Phys. 168, 288 (2017).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import logsumexp

from ..ising import Float, check_spins
from ..rng import RNG, kernel_states, read_seeds
from .learning_rules import check_patterns
from .relaxation import RelaxationResult, relax_each


@dataclass(frozen=True, eq=False)
class DenseMemory:
    """Patterns and the power of their overlaps.

    Parameters
    ----------
    patterns : (k, n)        -1 and +1
    power : int or None      p from 2 to 100; None: the exponential
    rectified : bool         F = 0 at negative overlaps, which removes the mirror images -x for even p
    """

    patterns: Any
    power: int | None = 3
    rectified: bool = False

    def __post_init__(self) -> None:
        patterns = check_patterns(self.patterns)
        patterns.setflags(write=False)
        object.__setattr__(self, "patterns", patterns)
        if self.power is not None and (self.power != int(self.power) or not 2 <= self.power <= 100):
            raise ValueError(f"power is {self.power}; it must be a whole number from 2 to 100, or None: exponential")
        if self.power is None and self.rectified:
            raise ValueError("rectified is True, but the exponential is positive everywhere; give a power, or leave it")

    @property
    def size(self) -> int:
        """Number of spins n."""
        return int(self.patterns.shape[1])

    def energy(self, spins: ArrayLike) -> Any:
        """E of one state (n,) as a float, or of many (reads, n) as (reads,)."""
        s = check_spins(spins, self.size)
        products = s @ self.patterns.T.astype(float)
        if self.power is None:
            energies = -logsumexp(products, axis=-1)
        else:
            m = products / self.size
            energies = -self.size * np.sum((np.maximum(m, 0.0) if self.rectified else m) ** self.power, axis=-1)
        return float(energies) if s.ndim == 1 else np.asarray(energies)

    def rises(self, spins: ArrayLike) -> Float:
        """E with spin i turned minus E, of one state (n,): (n,). All of them >= 0 where the state is at rest."""
        s = check_spins(spins, self.size)
        if s.ndim != 1:
            raise ValueError(f"spins have shape {s.shape}; give one state ({self.size},)")
        return np.asarray(self.energy(s * (1 - 2 * np.eye(self.size, dtype=np.int8)))) - self.energy(s)

    def recall(
        self, cues: ArrayLike, *, beta: float = np.inf, sweeps: int = 100, every: int | None = None, rng: RNG = None
    ) -> RelaxationResult:
        """Single spins in random order, each turning with probability 1 / (1 + exp(beta rise)); see :func:`relax`.

        An update costs O(k), whatever n.
        """
        from . import kernels as memory

        start = np.atleast_2d(check_spins(cues, self.size)).astype(np.int8)
        stride = self.size if every is None else every
        if not beta >= 0.0:
            raise ValueError(f"beta is {beta}; it must be 0 or more, infinite for no temperature")
        if sweeps < 1 or not 1 <= stride <= self.size:
            raise ValueError(f"sweeps is {sweeps}, every is {every}; give at least one sweep, and every from 1 to n")
        columns, power = np.ascontiguousarray(self.patterns.T), self.power or 0
        states = kernel_states(read_seeds(rng, len(start)))
        products = np.empty(columns.shape[1], np.int64)
        return relax_each(
            lambda spins: memory.start_dense_products(columns, power, self.rectified, spins, products),
            partial(memory.relax_dense_kernel, columns, power, self.rectified, beta, stride, products),
            start, sweeps, stride, states, 20 * columns.size,
        )  # fmt: skip
