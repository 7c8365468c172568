r"""Polynomials over binary variables, of any order (PUBO): E(x) = sum of c_S prod_{i in S} x_i, made quadratic exactly.

A product of two variables is replaced by a new one p, which is held by Rosenberg's penalty,

.. math:: x_i x_j \to p, \qquad M (x_i x_j - 2 x_i p - 2 x_j p + 3 p) \ge M \;[p \ne x_i x_j]

**The ground states over x are those of the polynomial** for M > the sum of \|c_S\| of the terms in which the product
was replaced: a wrong p gains less than it costs. The pair in the most terms is replaced first. Spins are s = 2x - 1; a
polynomial of spins is multiplied out.
Sources: Rosenberg, Cahiers Cent. Etud. Rech. Oper. 17, 71 (1975); Boros and Hammer, Discrete Appl. Math. 123, 155
(2002).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float, Ising
from ..rng import RNG
from ..task import Minimize
from .binary_form import ising_of_terms, one_up, rounded_up
from .problem import Solution

MAX_ORDER, MAX_TERMS = 12, 1_000_000  # of spins, whose product has 2^order terms of x


@dataclass(frozen=True, eq=False)
class Polynomial:
    """A polynomial to minimize.

    Parameters
    ----------
    name : str
        Name.
    size : int
        Number of variables n.
    terms : mapping of tuple of int to float
        {variables from 0: coefficient}; the empty tuple is the constant.
    domain : str
        "binary" for variables 0 and 1, "spin" for -1 and +1.
    best_known : float or None
        Lowest value known.
    penalty : float or None
        M; None: for each product the smallest that is proven, rounded up.
    notes, labels : tuple of str
        Content that the reader of the file took for granted; names of the variables.
    """

    name: str
    size: int
    terms: Mapping[tuple[int, ...], float]
    domain: str = "binary"
    best_known: float | None = None
    penalty: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)
    labels: tuple[str, ...] = field(default=(), compare=False)

    kind: ClassVar[str] = "pubo"
    sense: ClassVar[Literal["min", "max"]] = "min"

    def __post_init__(self) -> None:
        if self.domain not in ("binary", "spin") or self.size < 1:
            raise ValueError(
                f"domain is {self.domain!r} and size {self.size}; give binary or spin, and 1 variable or more"
            )
        if len(self.terms) > MAX_TERMS:
            raise ValueError(f"there are {len(self.terms)} terms; at most {MAX_TERMS} are taken")
        kept: dict[tuple[int, ...], float] = defaultdict(float)
        for variables, value in self.terms.items():
            if not all(0 <= each < self.size for each in variables) or not np.isfinite(value):
                raise ValueError(
                    f"a term of variables {variables} is {value}; number them 0 .. {self.size - 1}, finite"
                )
            counts = Counter(variables)
            odd = [each for each, count in counts.items() if count % 2] if self.domain == "spin" else counts
            kept[tuple(sorted(odd))] += float(value)
        order = max(map(len, kept), default=0)
        if order > MAX_ORDER:
            raise ValueError(f"a term has {order} variables; at most {MAX_ORDER} are taken")
        if self.penalty is not None and not (np.isfinite(self.penalty) and self.penalty > 0):
            raise ValueError(f"penalty is {self.penalty}; it must be finite and positive, or None for the proven bound")
        object.__setattr__(self, "terms", dict(kept))

    @cached_property
    def _binary(self) -> dict[frozenset[int], float]:
        """The polynomial in x."""
        found: dict[frozenset[int], float] = defaultdict(float)
        for variables, value in self.terms.items():
            if self.domain == "binary":
                found[frozenset(variables)] += value
                continue
            for k in range(len(variables) + 1):  # prod (2x - 1)
                for some in combinations(variables, k):
                    found[frozenset(some)] += value * 2.0**k * (-1.0) ** (len(variables) - k)
        return {key: value for key, value in found.items() if value != 0.0}

    @cached_property
    def products(self) -> tuple[tuple[int, int, float], ...]:
        """Products that new variables stand for: (variable, variable, M) of variable n, n + 1, ..."""
        return self._reduced[1]

    @cached_property
    def _reduced(self) -> tuple[dict[frozenset[int], float], tuple[tuple[int, int, float], ...]]:
        terms = dict(self._binary)
        products: list[tuple[int, int, float]] = []
        long = {key for key in terms if len(key) > 2}
        count: Counter[tuple[int, int]] = Counter(pair for key in long for pair in combinations(sorted(key), 2))
        while long:
            (i, j), _ = count.most_common(1)[0]
            new, moved = self.size + len(products), [key for key in long if i in key and j in key]
            bound = sum(abs(terms[key]) for key in moved)
            for key in moved:
                value = terms.pop(key)
                long.discard(key)
                count.subtract(combinations(sorted(key), 2))
                shorter = (key - {i, j}) | {new}
                terms[shorter] = terms.get(shorter, 0.0) + value
                if len(shorter) > 2 and shorter not in long:
                    long.add(shorter)
                    count.update(combinations(sorted(shorter), 2))
            products.append((i, j, rounded_up(bound) if self.penalty is None else float(self.penalty)))
        return terms, tuple(products)

    @cached_property
    def _ising(self) -> Ising:
        terms, products = self._reduced
        n = self.size + len(products)
        linear, constant = np.zeros(n), terms.get(frozenset(), 0.0)
        pairs: list[tuple[int, int, float]] = []
        for key, value in terms.items():
            if len(key) == 1:
                linear[next(iter(key))] += value
            elif len(key) == 2:
                i, j = sorted(key)
                pairs.append((i, j, value))
        for k, (i, j, m) in enumerate(products, self.size):
            pairs += [(i, j, m), (i, k, -2.0 * m), (j, k, -2.0 * m)]
            linear[k] += 3.0 * m
        table = np.array(pairs).reshape(-1, 3)
        return ising_of_terms(n, table[:, 0].astype(int), table[:, 1].astype(int), table[:, 2], linear, constant)

    def ising(self) -> Ising:
        """Return the quadratic form, over the n variables and those that stand for products.

        Returns
        -------
        Ising
            Model.
        """
        return self._ising

    def energy(self, spins: ArrayLike) -> Any:
        """Compute the energy E of the quadratic form, as :meth:`.Problem.energy` documents.

        Returns
        -------
        float or (reads,) float
            E.
        """
        return self._ising.energy(spins)

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the n variables, as :meth:`.Problem.decode` documents.

        Returns
        -------
        Solution
            Values (n,) int8 in the polynomial's domain.
        """
        up = one_up(spins, self.size + len(self.products))[: self.size]
        return Solution(np.where(up, 1, 0 if self.domain == "binary" else -1).astype(np.int8), feasible=True)

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the value of the polynomial; :meth:`.Problem.score` documents the argument.

        Returns
        -------
        float
            Value; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        if value is None:
            return float("nan")
        x: Float = np.asarray(value, dtype=float)
        if x.shape != (self.size,):
            raise ValueError(f"variables have shape {x.shape}; give ({self.size},)")
        return float(sum(c * np.prod(x[list(key)]) for key, c in self.terms.items()))

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task, to minimize; :meth:`.Problem.task` documents the arguments.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()


def clause_terms(clauses: Iterable[tuple[float, tuple[int, ...]]]) -> dict[tuple[int, ...], float]:
    r"""Return the weight of unsatisfied clauses as a polynomial.

    A clause of literals is unsatisfied where all of them are false: prod (1 - x) of plain ones, x of the negated.

    Parameters
    ----------
    clauses : iterable of (weight, literals)
        Literals are +-(variable + 1).

    Returns
    -------
    dict of tuple of int to float
        Terms over variables from 0.
    """
    terms: dict[tuple[int, ...], float] = defaultdict(float)
    for weight, literals in clauses:
        negated = tuple(sorted(-each - 1 for each in literals if each < 0))
        plain = [each - 1 for each in literals if each > 0]
        for k in range(len(plain) + 1):
            for some in combinations(plain, k):
                terms[tuple(sorted((*negated, *some)))] += weight * (-1.0) ** k
    return dict(terms)
