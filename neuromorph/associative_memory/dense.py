r"""Dense associative memory: interactions of more than two spins store far more patterns.

.. math:: E(s) = -n \sum_{\mu=1}^k F(m_\mu), \quad m_\mu = \frac{x^\mu \cdot s}{n}, \quad F(m) = m^p
          \;\text{ or }\; \max(0, m)^p; \qquad E(s) = -\ln \sum_\mu e^{x^\mu \cdot s}

where x^mu is a pattern, m_mu its overlap with the state s, and p the power.

p = 2 is twice Hebb's energy with its diagonal; random patterns stay stable up to k of order n^(p - 1). The published
energies, -sum (x.s)^p and -sum exp(x.s), are scaled so that they stay finite and of order n: by n^(1 - p), and by the
logarithm. Both scalings rise with E, so that a single spin flips at the same places.
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
    """Dense associative memory of stored patterns with a power or exponential interaction.

    Parameters
    ----------
    patterns : (k, n) array_like
        Patterns of -1 and +1.
    power : int or None
        p from 2 to 100; None is the exponential interaction.
    rectified : bool
        Whether F = 0 at negative overlaps, which removes the mirror images -x for even p.
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
        """Evaluate the energy E of one state or of many.

        Returns
        -------
        float or (reads,) float
            E of one state (n,), or of many (reads, n).
        """
        s = check_spins(spins, self.size)
        products = s @ self.patterns.T.astype(float)
        if self.power is None:
            energies = -logsumexp(products, axis=-1)
        else:
            m = products / self.size
            energies = -self.size * np.sum((np.maximum(m, 0.0) if self.rectified else m) ** self.power, axis=-1)
        return float(energies) if s.ndim == 1 else np.asarray(energies)

    def rises(self, spins: ArrayLike) -> Float:
        """Evaluate the change of E for every single spin flip of one state.

        Returns
        -------
        (n,) float
            E with spin i flipped minus E; all values are >= 0 at a fixed point.

        Raises
        ------
        ValueError
            If ``spins`` are not one state.
        """
        s = check_spins(spins, self.size)
        if s.ndim != 1:
            raise ValueError(f"spins have shape {s.shape}; give one state ({self.size},)")
        return np.asarray(self.energy(s * (1 - 2 * np.eye(self.size, dtype=np.int8)))) - self.energy(s)

    def recall(
        self, cues: ArrayLike, *, beta: float = np.inf, sweeps: float = 100, every: int | None = None, rng: RNG = None
    ) -> RelaxationResult:
        r"""Relax cues by single-spin updates in random order.

        .. math:: P(s_i \to -s_i) = \frac{1}{1 + e^{\beta \Delta E_i}}

        An update costs O(k), whatever n. :func:`relax` documents the arguments further.

        Parameters
        ----------
        cues : (n,) or (reads, n) array_like
            Initial state of each read.
        beta : float
            Inverse temperature in 1 / energy; infinite for descent.
        sweeps : float
            Largest number of sweeps; one is n updates.
        every : int or None
            Updates between two recorded energies, 1 to n; None is n.
        rng : RNG
            Source of one stream for each read.

        Returns
        -------
        RelaxationResult
            The final states.

        Raises
        ------
        ValueError
            If a parameter is out of range.
        """
        from . import kernels as memory

        start = np.atleast_2d(check_spins(cues, self.size)).astype(np.int8)
        stride = self.size if every is None else every
        if not beta >= 0.0:
            raise ValueError(f"beta is {beta}; it must be 0 or more, infinite for no temperature")
        if not sweeps > 0 or not 1 <= stride <= self.size:
            raise ValueError(f"sweeps is {sweeps}, every is {every}; give at least one sweep, and every from 1 to n")
        columns, power = np.ascontiguousarray(self.patterns.T), self.power or 0
        states = kernel_states(read_seeds(rng, len(start)))
        products = np.empty(columns.shape[1], np.int64)
        return relax_each(
            lambda spins: memory.start_dense_products(columns, power, self.rectified, spins, products),
            partial(memory.relax_dense_kernel, columns, power, self.rectified, beta, stride, products),
            start, sweeps, stride, states, 20 * columns.size,
        )  # fmt: skip
