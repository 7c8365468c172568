r"""A model as a problem: the state of lowest energy is wanted, or states of a temperature.

.. math:: E(s) = -\tfrac12 s^\top J s - h^\top s + c, \qquad s \in \{-1, +1\}^n

scored by E, low is good. Up to 20 spins the lowest energy is found by enumeration; else it is known if it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..exact import ground_states
from ..ising import Ising, check_spins
from ..rng import RNG
from ..task import Minimize
from .maxcut import MaxCut
from .model_formats import read_model
from .problem import Solution
from .recall import Recall
from .text_file import TextFile, printable_name
from .tsp import Tsp

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
    meaning : str
        What E is in the words of the file; empty: as above.
    """

    name: str
    model: Ising
    best_known: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)
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
        """Read the answer of a state: its spins; every state is feasible.

        Parameters
        ----------
        spins : (n,) int
            State, -1 or +1.
        repair : bool
            Without effect here.

        Returns
        -------
        Solution
            Spins (n,) int8.

        Raises
        ------
        ValueError
            If the spins are not one state.
        """
        s = check_spins(spins, self.size)
        if s.ndim != 1:
            raise ValueError(f"spins have shape {s.shape}; decode one state ({self.size},) at a time")
        return Solution(s.astype(np.int8), feasible=True)

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the energy of an answer.

        Parameters
        ----------
        solution : Solution or (n,) int
            Answer or spins.

        Returns
        -------
        float
            E; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        return float("nan") if value is None else float(self.model.energy(value))

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


def read_ising_model(source: TextFile) -> IsingModel:
    """Read the model of a file that holds one.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    IsingModel
        Model.

    Raises
    ------
    ProblemFileError
        If the file holds none.
    """
    found = read_model(source)
    return IsingModel(printable_name(source.stem, "model"), found.ising, notes=found.notes, meaning=found.energy)


def model_of(problem: Tsp | MaxCut | Recall | IsingModel) -> IsingModel:
    """Return the Ising form of a problem as a model.

    Parameters
    ----------
    problem : Tsp or MaxCut or Recall or IsingModel
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
    energies = {"tsp": best, "maxcut": None if best is None else -best}  # of a tour; of a cut
    meaning = energy_in_words(problem)
    notes = (*problem.notes, f"read as a model: E = {meaning}")
    return IsingModel(problem.name, ising, energies.get(problem.kind), notes, meaning)


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
    return IsingModel(problem.name, rest, notes=(*problem.notes, said), meaning=problem.meaning)


def energy_in_words(problem: Tsp | MaxCut | Recall | IsingModel) -> str:
    """Describe the energy E in the words of the problem's own field.

    Parameters
    ----------
    problem : Tsp or MaxCut or Recall
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
    return {"tsp": "length of the tour, and penalties where there is none", "maxcut": "-cut: J = -w/2"}[problem.kind]
