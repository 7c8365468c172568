r"""An energy of spins as a list of terms of any order, the form that p-bits hold: couplings of two are one case.

.. math:: E(m) = E_0 - \sum_t c_t \prod_{i \in t} m_i, \qquad
          I_i = -\beta \frac{E(m_i = +1) - E(m_i = -1)}{2} = \beta \sum_{t \ni i} c_t \prod_{j \in t, j \ne i} m_j

Three- and four-body terms are what the factoring of 945 by 8 p-bits takes: Borders et al., Nature 573, 390 (2019).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neuromorph.ising import Float, Ising
from neuromorph.problems import Polynomial


@dataclass(frozen=True, eq=False)
class SpinTerms:
    """Terms by their members, and the terms of each spin.

    Attributes
    ----------
    size : int
        Number of spins n.
    values : (terms,) float
        c.
    starts, members : (terms + 1,), (k,) int64
        Term t has the spins ``members[starts[t]:starts[t + 1]]``.
    own_starts, own_terms : (n + 1,), (k,) int64
        Spin i is in the terms ``own_terms[own_starts[i]:own_starts[i + 1]]``.
    constant : float
        E_0.
    """

    size: int
    values: Float
    starts: NDArray[np.int64]
    members: NDArray[np.int64]
    own_starts: NDArray[np.int64]
    own_terms: NDArray[np.int64]
    constant: float = 0.0

    @classmethod
    def of_lists(
        cls, size: int, values: Float, counts: NDArray[np.int64], members: NDArray[np.int64], constant: float
    ) -> SpinTerms:
        """Build the terms from their members, one term after the other.

        Parameters
        ----------
        size : int
            Number of spins.
        values : (terms,) float
            c.
        counts : (terms,) int64
            Number of members of each term.
        members : (sum of counts,) int64
            Members of the terms.
        constant : float
            E_0.

        Returns
        -------
        SpinTerms
            Terms.
        """
        term = np.repeat(np.arange(counts.size), counts)
        order = np.argsort(members, kind="stable")
        own_starts = np.r_[0, np.cumsum(np.bincount(members, minlength=size))].astype(np.int64)
        starts = np.r_[0, np.cumsum(counts)].astype(np.int64)
        return cls(size, np.array(values, float), starts, members, own_starts, term[order].astype(np.int64), constant)

    @classmethod
    def of_ising(cls, ising: Ising) -> SpinTerms:
        """Take the couplings and biases of an Ising model as terms of two and of one.

        Parameters
        ----------
        ising : Ising
            Model.

        Returns
        -------
        SpinTerms
            Biases first, then couplings.
        """
        upper = sparse.triu(ising.sparse_couplings(), 1, format="coo")
        biased = np.flatnonzero(ising.biases)
        counts = np.repeat(np.array([1, 2]), [biased.size, upper.nnz])
        members = np.r_[biased, np.stack([upper.row, upper.col], axis=1).ravel()].astype(np.int64)
        return cls.of_lists(ising.size, np.r_[ising.biases[biased], upper.data], counts, members, ising.offset)

    @classmethod
    def of_polynomial(cls, problem: Polynomial) -> SpinTerms:
        """Multiply a polynomial out into products of spins.

        Parameters
        ----------
        problem : Polynomial
            Polynomial of binary variables or of spins.

        Returns
        -------
        SpinTerms
            Terms of its n variables.
        """
        c = polynomial_of_spins(problem)
        constant = c.pop((), 0.0)
        members = np.array([i for key in c for i in key], np.int64)
        return cls.of_lists(
            problem.size, -np.array([*c.values()]), np.array([*map(len, c)], np.int64), members, constant
        )

    @property
    def orders(self) -> NDArray[np.int64]:
        """Number of spins of each term."""
        return np.diff(self.starts)

    def energy(self, spins: NDArray[np.int8]) -> Float:
        """Compute the energy of states.

        Parameters
        ----------
        spins : (reads, n) int8
            States.

        Returns
        -------
        (reads,) float
            E.
        """
        found = np.full(len(spins), self.constant)
        for t, c in enumerate(self.values):
            found -= c * spins[:, self.members[self.starts[t] : self.starts[t + 1]]].prod(axis=1)
        return found

    def alignments(self, spins: NDArray[np.int8]) -> Float:
        """Compute how well each spin of states is aligned with its input.

        Parameters
        ----------
        spins : (reads, n) int8
            States.

        Returns
        -------
        (reads, n) float
            m_i I_i / beta.
        """
        found = np.zeros(spins.shape)
        for t, c in enumerate(self.values):
            some = self.members[self.starts[t] : self.starts[t + 1]]
            found[:, some] += c * spins[:, some].prod(axis=1, keepdims=True)
        return found

    def beta_range(self) -> tuple[float, float]:
        r"""Estimate the hot and the cold beta of an anneal.

        .. math:: \beta_{hot} = \frac{0.2}{\max_i \sqrt{\sum_{t \ni i} c_t^2}}, \qquad
                  \beta_{cold} = \frac{3}{\mathrm{median}_i \min_{t \ni i} |c_t|}

        as ``sampling.schedules.beta_range`` does for pairs, whose rule for dense glasses does not hold for terms of
        very different size.

        Returns
        -------
        tuple of float
            Hot and cold beta; (1, 1) where every state has the same energy.
        """
        each = np.abs(self.values)[self.own_terms]
        filled = np.diff(self.own_starts) > 0
        if not filled.any():
            return 1.0, 1.0
        first = self.own_starts[:-1][filled]
        spread = np.sqrt(np.add.reduceat(each**2, first))
        least = np.minimum.reduceat(each, first)
        return 0.2 / float(spread.max()), 3.0 / float(np.median(least))


def polynomial_of_spins(problem: Polynomial) -> dict[tuple[int, ...], float]:
    """Return the coefficients of a polynomial over spins m = 2x - 1.

    Terms that cancel are left out.

    Parameters
    ----------
    problem : Polynomial
        Polynomial of binary variables or of spins.

    Returns
    -------
    dict of tuple of int to float
        Coefficient by variables; the empty tuple is the constant.
    """
    terms: Mapping[tuple[int, ...], float] = problem.terms
    if problem.domain == "spin":
        return {key: value for key, value in terms.items() if value}
    found: dict[tuple[int, ...], float] = defaultdict(float)
    largest = max((abs(value) for value in terms.values()), default=0.0)
    for key, value in terms.items():
        plain = tuple(sorted(set(key)))
        for k in range(len(plain) + 1):
            for some in combinations(plain, k):
                found[some] += value / 2.0 ** len(plain)
    return {key: value for key, value in found.items() if abs(value) > 1e-12 * largest}
