r"""A model as a problem: the state of lowest energy is wanted, or states of a temperature.

.. math:: E(s) = -\tfrac12 s^\top J s - h^\top s + c, \qquad s \in \{-1, +1\}^n

scored by E, low is good. Up to 20 spins the lowest energy is found by enumeration; else it is known if it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..exact import ground_states
from ..ising import Ising, check_spins
from ..rng import RNG
from ..task import Minimize
from .problem import Solution
from .quadratic_model import IsingFile
from .recall import Recall
from .text_file import TextFile, printable_name

_ENUMERATED = 20  # spins whose lowest energy is looked for: a million states


@dataclass(frozen=True, eq=False)
class IsingModel:
    """Couplings and biases as a problem of their own.

    Parameters
    ----------
    name : str
        Name of the problem.
    model : Ising
        J, h and c.
    best_known : float or None
        Lowest energy known; None: enumerated up to 20 spins, else unknown.
    notes : tuple of str
        Content that the reader of the file took for granted.
    labels : tuple of str
        Names of the variables; empty: they have none.
    domain : str
        "spin": answers are -1 and +1; "binary": 0 and 1, x = (1 + s) / 2.
    meaning : str
        What E is in the words of the file's own field.
    """

    name: str
    model: Ising
    best_known: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)
    labels: tuple[str, ...] = field(default=(), compare=False)
    domain: str = field(default="spin", compare=False)
    meaning: str = field(default="", compare=False)

    kind: ClassVar[str] = "ising"
    sense: ClassVar[Literal["min", "max"]] = "min"

    def __post_init__(self) -> None:
        if not isinstance(self.model, Ising):
            raise TypeError(
                f"model is {type(self.model).__name__}; give an Ising, or take IsingModel.from_arrays(couplings)"
            )
        if self.best_known is None and self.size <= _ENUMERATED:
            states = ground_states(self.model)[1]
            object.__setattr__(self, "best_known", float(np.min(self.model.energy(states[:1]))))
        elif self.best_known is not None and not isfinite(self.best_known):
            raise ValueError(f"best_known is {self.best_known}; give a finite energy, or None where it is not known")

    @classmethod
    def from_arrays(
        cls,
        couplings: Any,
        biases: ArrayLike | None = None,
        offset: float = 0.0,
        *,
        name: str = "model",
        best_known: float | None = None,
    ) -> IsingModel:
        """Build a model from arrays.

        Parameters
        ----------
        couplings : (n, n) float
            J, dense or sparse, symmetric with zero diagonal.
        biases : (n,) float or None
            h; None is 0.
        offset : float
            Constant of the energy.
        name : str
            Name of the model.
        best_known : float or None
            Lowest energy known.

        Returns
        -------
        IsingModel
            Model.
        """
        return cls(name, Ising(couplings, biases, offset), best_known)

    @property
    def size(self) -> int:
        """Number of spins n."""
        return self.model.size

    def ising(self) -> Ising:
        """Return the model itself.

        Returns
        -------
        Ising
            Couplings and biases.
        """
        return self.model

    def energy(self, spins: ArrayLike) -> Any:
        """Compute the energy E.

        Parameters
        ----------
        spins : (n,) or (reads, n)
            One state, or many.

        Returns
        -------
        float or (reads,) float
            E.
        """
        return self.model.energy(spins)

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the answer of a state: its spins, or its variables 0 and 1.

        Parameters
        ----------
        spins : (n,) int
            State, -1 or +1.
        repair : bool
            Without effect here.

        Returns
        -------
        Solution
            Values (n,) int8 in the model's domain.

        Raises
        ------
        ValueError
            If the spins are not one state.
        """
        s = check_spins(spins, self.size)
        if s.ndim != 1:
            raise ValueError(f"spins have shape {s.shape}; decode one state ({self.size},) at a time")
        low = 0 if self.domain == "binary" else -1
        return Solution(np.where(s > 0, 1, low).astype(np.int8), feasible=True)

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the energy of an answer.

        Parameters
        ----------
        solution : Solution or (n,) int
            Answer, spins, or variables 0 and 1.

        Returns
        -------
        float
            E; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        if value is None:
            return float("nan")
        given = np.asarray(value)
        return float(self.model.energy(np.where(given == 0, -1, given)))

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task: to minimize; to sample, give ``compare`` a temperature.

        Parameters
        ----------
        reads : int
            Number of reads.
        rng : RNG
            Without effect here.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()


def model_problem(source: TextFile, found: IsingFile, notes: tuple[str, ...] = ()) -> IsingModel:
    """Return the model of a file as a problem.

    Parameters
    ----------
    source : TextFile
        File.
    found : IsingFile
        Its model.
    notes : tuple of str
        Notes that stand before those of the model; with them, what E means is said too.

    Returns
    -------
    IsingModel
        Problem.
    """
    said = (f"{notes[0]}: E = {found.energy}", *notes[1:]) if notes else ()
    stem = source.stem if source.part is None else f"{source.stem}-{source.part}"  # as Biq Mac calls bqp50-3
    return IsingModel(
        printable_name(stem, "model"), found.ising, notes=(*said, *found.notes), labels=found.labels,
        domain=found.domain, meaning=found.energy,
    )  # fmt: skip


def model_of(problem: Any) -> IsingModel:
    """Return the Ising form of a problem as a model.

    Parameters
    ----------
    problem : Problem
        Problem.

    Returns
    -------
    IsingModel
        Model; the best value known becomes an energy where it is one.
    """
    if isinstance(problem, IsingModel):
        return problem
    ising = problem.ising()
    best = problem.best_known
    kinds: dict[str, float | None] = {}
    if best is not None:  # of a tour, a cut, ...
        kinds = {"maxcut": -best, "independent-set": -best, "partition": best**2}
        kinds |= dict.fromkeys(("tsp", "qap", "coloring", "sudoku", "pubo"), best)
    said = f"read as a model: E = {energy_in_words(problem)}"
    labels = getattr(problem, "labels", ())
    labels = labels if len(labels) == ising.size else ()
    means = energy_in_words(problem)
    return IsingModel(problem.name, ising, kinds.get(problem.kind), (*problem.notes, said), labels, meaning=means)


def hold_spins(problem: IsingModel, held: Mapping[int, int]) -> IsingModel:
    r"""Return the model of the other spins where some are held.

    .. math:: h'_i = h_i + \sum_{k \in H} J_{ik} s_k, \qquad
              c' = c - \sum_{k \in H} h_k s_k - \tfrac12 \sum_{k, l \in H} J_{kl} s_k s_l

    where H are the held spins. The others keep their order.

    Parameters
    ----------
    problem : IsingModel
        Model.
    held : dict of int to int
        -1 or +1 of each held spin.

    Returns
    -------
    IsingModel
        Model of the others, with a note.

    Raises
    ------
    ValueError
        If a held spin is none of the model, or none is left.
    """
    ising = problem.model
    fixed = np.zeros(ising.size)
    for spin, value in held.items():
        if not 0 <= spin < ising.size or value not in (-1, 1):
            raise ValueError(f"clamp is {spin}={value}; give spins 0 .. {ising.size - 1} and -1 or +1")
        fixed[spin] = value
    free = np.flatnonzero(fixed == 0.0)
    if not free.size:
        raise ValueError(f"clamp holds all {ising.size} spins; leave one free at least")
    j = ising.sparse_couplings()
    offset = ising.offset - 0.5 * float(fixed @ (j @ fixed)) - float(fixed @ ising.biases)
    rest = Ising(j[free][:, free], (ising.biases + j @ fixed)[free], offset)
    listed = ", ".join(f"{spin} at {value:+d}" for spin, value in sorted(held.items()))
    said = f"spins are held: {listed if len(held) <= 8 else len(held)}; the others are renumbered in their order"
    labels = tuple(np.array(problem.labels)[free]) if problem.labels else ()
    return replace(problem, model=rest, best_known=None, notes=(*problem.notes, said), labels=labels)


def energy_in_words(problem: Any) -> str:
    """Describe the energy E in the words of the problem's own field.

    Parameters
    ----------
    problem : Problem
        Problem.

    Returns
    -------
    str
        Description for tables.
    """
    if isinstance(problem, IsingModel):
        return problem.meaning or "-1/2 s'Js - h's + offset"
    if isinstance(problem, Recall):
        rule = "Hebb's rule" if problem.rule == "hebb" else f"rule {problem.rule}"
        return f"-1/2 s'Js, J by {rule}"
    return {
        "tsp": "length of the tour, and penalties where there is none",
        "maxcut": "-cut: J = -w/2",
        "qap": "cost of the assignment, and penalties where there is none",
        "coloring": "edges within one color, and penalties of nodes without one",
        "sudoku": "equal digits in a row, column or box, and penalties of cells without one",
        "independent-set": "-weight of the set, and a penalty for each edge within it",
        "partition": "squared difference of the two sums",
        "max-sat": "weight of the unsatisfied clauses",
        "pubo": "value of the polynomial, and penalties of products",
    }[problem.kind]
