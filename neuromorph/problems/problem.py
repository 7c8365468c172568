"""The protocol of all problems, and of answers to them. Problems are plain frozen classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from ..ising import Ising
    from ..rng import RNG
    from ..task import Task


@dataclass(frozen=True, eq=False)
class Solution:
    """An answer in the user's own terms.

    Attributes
    ----------
    value : array or None
        Tour (n,) of 0-based cities, side of each node (n,), pattern (n,); None if the state cannot be read.
    feasible : bool
        Whether the state itself was valid, before any repair.
    repaired : bool
        Whether ``value`` was completed from an infeasible state.
    """

    value: NDArray[Any] | None
    feasible: bool
    repaired: bool = False


@runtime_checkable
class Problem(Protocol):
    """One problem of the user's field.

    It may have ``notes``, sentences to be shown: what the reader of its file took for granted, and what can hardly be
    meant. It may take answers in the user's own terms beside spins, as ``Tsp`` takes tours: then it has
    ``answer_energies(answers) -> (reads,)``, which raises ValueError for what is not a feasible answer.
    """

    @property
    def kind(self) -> str:
        """tsp, maxcut, recall."""
        ...

    @property
    def name(self) -> str:
        """Name of the problem."""
        ...

    @property
    def size(self) -> int:
        """Cities, nodes, pixels: the user's count, not spins."""
        ...

    @property
    def sense(self) -> Literal["min", "max"]:
        """Whether a low or a high score is good."""
        ...

    @property
    def best_known(self) -> float | None:
        """Best score known, or None."""
        ...

    def ising(self) -> Ising:
        """Return the problem as couplings and biases; the lowest energy is the best answer.

        Returns
        -------
        Ising
            Model.
        """
        ...

    def energy(self, spins: ArrayLike) -> Any:
        """Compute the energy of ``ising()``, without building it where that is possible.

        Parameters
        ----------
        spins : (n,) or (reads, n)
            One state, or many.

        Returns
        -------
        float or (reads,) float
            E.
        """
        ...

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the answer of one state.

        Parameters
        ----------
        spins : (n,) int
            State, -1 or +1.
        repair : bool
            Whether to make a feasible answer of a state that is none.

        Returns
        -------
        Solution
            Answer, with whether it is feasible.
        """
        ...

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the length, cut or overlap of an answer.

        Parameters
        ----------
        solution : Solution or array_like
            Answer.

        Returns
        -------
        float
            Score; NaN where there is no answer.
        """
        ...

    def task(self, reads: int, rng: RNG = None) -> Task:
        """Return the task for a target: to minimize, or to relax from cues.

        Parameters
        ----------
        reads : int
            Number of reads.
        rng : RNG
            Source of the noise of cues.

        Returns
        -------
        Task
            Task.
        """
        ...
