r"""Maximum satisfiability: an assignment that leaves as little weight of clauses unsatisfied as possible.

.. math:: E(x) = \sum_c w_c \prod_{i \in c^+} (1 - x_i) \prod_{i \in c^-} x_i

Of clauses with two literals this is quadratic, without a penalty (Max-2-SAT); longer ones are made so (``polynomial``).
Hard clauses weigh more than all soft ones together.
Files are DIMACS .cnf and .wcnf, with the header 'p cnf n m' or 'p wcnf n m top', or without one: then a clause begins
with its weight, or with 'h' where it is hard, as the MaxSAT Evaluations write since 2022.
Source: Hansen and Jaumard, Computing 44, 279 (1990); DIMACS, Satisfiability: Suggested Format (1993).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Ising
from ..rng import RNG
from ..task import Minimize
from .polynomial import MAX_ORDER, Polynomial, clause_terms
from .problem import Solution
from .text_file import LARGEST, TextFile, parse_number, printable_name, quote_text

MAX_VARIABLES, MAX_LITERALS = 100_000, 2_000_000


@dataclass(frozen=True, eq=False)
class Satisfiability:
    """Clauses to satisfy.

    Parameters
    ----------
    name : str
        Name.
    size : int
        Number of variables n.
    clauses : sequence of tuple of int
        Literals +-1 .. +-n of each clause.
    weights : (m,) float or None
        Weights, above 0; None: all are 1.
    hard : (m,) bool or None
        Clauses that must be satisfied; None: none.
    best_known : float or None
        Smallest weight of unsatisfied clauses known.
    notes : tuple of str
        Content that the reader of the file took for granted.
    """

    name: str
    size: int
    clauses: Any
    weights: Any = None
    hard: Any = None
    best_known: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    kind: ClassVar[str] = "max-sat"
    sense: ClassVar[Literal["min", "max"]] = "min"

    def __post_init__(self) -> None:
        clauses = tuple(tuple(int(each) for each in clause) for clause in self.clauses)
        if not 1 <= self.size <= MAX_VARIABLES or not clauses:
            raise ValueError(f"there are {self.size} variables and {len(clauses)} clauses; give 1 or more of each")
        if any(each == 0 or abs(each) > self.size for clause in clauses for each in clause):
            raise ValueError(f"a literal is none of +-1 .. +-{self.size}; correct it")
        if (longest := max(len(set(clause)) for clause in clauses)) > MAX_ORDER:
            raise ValueError(f"a clause has {longest} literals; at most {MAX_ORDER} are taken")
        weights = np.ones(len(clauses)) if self.weights is None else np.array(self.weights, float)
        hard = np.zeros(len(clauses), bool) if self.hard is None else np.array(self.hard, bool)
        if weights.shape != (len(clauses),) or hard.shape != weights.shape or not (weights >= 0).all():
            raise ValueError(f"weights and hard are not {len(clauses)} numbers, 0 or more; give one a clause")
        for what, value in (("clauses", clauses), ("weights", weights), ("hard", hard)):
            object.__setattr__(self, what, value)

    @cached_property
    def _polynomial(self) -> Polynomial:
        top = float(self.weights[~self.hard].sum()) + 1.0
        weights = np.where(self.hard, top, self.weights)
        kept = [
            (float(w), tuple(sorted(set(clause))))
            for w, clause in zip(weights, self.clauses, strict=True)
            if not any(-each in clause for each in clause)  # true whatever comes
        ]
        return Polynomial(self.name, self.size, clause_terms(kept))

    def ising(self) -> Ising:
        """Return the Ising form: a spin a variable, and one for each product of longer clauses.

        Returns
        -------
        Ising
            Model.
        """
        return self._polynomial.ising()

    def energy(self, spins: ArrayLike) -> Any:
        """Compute the energy E; :meth:`.Problem.energy` documents the argument.

        Returns
        -------
        float or (reads,) float
            E.
        """
        return self.ising().energy(spins)

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the variables; :meth:`.Problem.decode` documents the arguments.

        Returns
        -------
        Solution
            Values (n,) of 0 and 1; feasible if every hard clause is satisfied.
        """
        value = self._polynomial.decode(spins).value
        assert value is not None
        return Solution(value, feasible=not (self._unsatisfied(value) & self.hard).any())

    def _unsatisfied(self, value: ArrayLike) -> Any:
        x = np.asarray(value)
        if x.shape != (self.size,):
            raise ValueError(f"variables have shape {x.shape}; give ({self.size},)")
        true = x > 0
        return np.array([not any(true[abs(k) - 1] == (k > 0) for k in clause) for clause in self.clauses])

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the weight of unsatisfied soft clauses, as :meth:`.Problem.score` documents.

        Returns
        -------
        float
            Weight; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        return float("nan") if value is None else float(self.weights[self._unsatisfied(value) & ~self.hard].sum())

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task, to minimize; :meth:`.Problem.task` documents the arguments.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()


def read_formula(source: TextFile) -> Satisfiability:
    """Read a DIMACS .cnf or .wcnf file.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Satisfiability
        Problem.

    Raises
    ------
    ProblemFileError
        If the file is damaged.
    """
    header, words = _words(source)
    weighted = source.ending != ".cnf" if header is None else header[2] == "wcnf"
    top = None if header is None or len(header) < 6 else parse_number(header[5])
    clauses: list[tuple[int, ...]] = []
    weights: list[float] = []
    hard: list[bool] = []
    current: list[float] = []
    for number, word in words:
        value = parse_number(word)
        weight_word = weighted and not current
        if weight_word and (word == "h" or (value is not None and top is not None and value >= top)):
            current.append(np.inf)
        elif weight_word and value is not None and value > LARGEST:
            rule = f"the weight {quote_text(word)} is above 1e15; write h for a hard clause, or scale"
            raise source.error(rule, number)
        elif value is None or not (weight_word or value.is_integer()) or not abs(value) <= LARGEST:
            raise source.error(
                f"{quote_text(word)} is no literal; write numbers of variables, and 0 behind each clause", number
            )
        elif value == 0.0 and not weight_word:
            weight = float(current.pop(0)) if weighted else 1.0
            if weight < 0:
                raise source.error("a weight is negative; weights are 0 or more", number)
            clauses.append(tuple(int(each) for each in current))
            hard.append(weight == np.inf)
            weights.append(0.0 if hard[-1] else weight)
            current = []
        else:
            current.append(value)
    if current:
        raise source.error("ends within a clause; write 0 behind each", len(source.lines))
    clauses = [clause for clause in clauses if clause] if all(clauses) else clauses
    if not clauses or not all(clauses):
        raise source.error("has no clause, or an empty one; write literals, then 0")
    most = max(abs(each) for clause in clauses for each in clause)
    size = most
    if header is not None:
        size, said = int(header[3]), int(header[4])
        if most > size or said != len(clauses):
            raise source.error(
                f"has {len(clauses)} clauses of variables up to {most}, its header says {said} and {size}; correct one"
            )
    try:
        return Satisfiability(printable_name(source.stem, "formula"), size, clauses, weights, hard)
    except ValueError as error:
        raise source.error(str(error)) from None


def _words(source: TextFile) -> tuple[list[str] | None, list[tuple[int, str]]]:
    """Return the words of the header, and the words of the clauses with their lines."""
    header: list[str] | None = None
    words: list[tuple[int, str]] = []
    for number, line in enumerate(source.lines, 1):
        letter = line.lstrip()[:1].lower()
        if letter in ("c", "#", ""):
            continue
        if letter == "p":
            found = line.lower().split()
            header = ["", *found]
            if len(found) not in (4, 5) or not (
                found[2].isdecimal() and found[3].isdecimal() and max(map(len, found[2:4])) < 10
            ):
                raise source.error(
                    "is no header; write 'p cnf variables clauses' or 'p wcnf variables clauses top'", number
                )
            continue
        if letter == "%":  # SATLIB's files end so
            break
        words += [(number, word) for word in line.split()]
        if len(words) > MAX_LITERALS:
            raise source.error(f"has more than {MAX_LITERALS} literals; give a smaller instance", number)
    return header, words
