r"""Number partitioning: two sets of numbers whose sums differ as little as possible.

.. math:: E(s) = \Bigl(\sum_i a_i s_i\Bigr)^2: \quad J_{ij} = -2 a_i a_j, \; h = 0, \; c = \sum_i a_i^2

without a penalty: every state is a partition. The score is \|sum a s\|, the root of E.
Sources: Lucas, Front. Phys. 2, 5 (2014), section 2.1; Mertens, Phys. Rev. Lett. 81, 4281 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Ising, check_spins
from ..rng import RNG
from ..task import Minimize
from .binary_form import one_up
from .edge_list import is_comment
from .problem import Solution
from .text_file import Block, TextFile, printable_name

MAX_NUMBERS = 5_000  # couplings are dense: 200 MB
_LARGEST = 1e7  # squares of sums of such numbers stay exact in float64


@dataclass(frozen=True, eq=False)
class Partition:
    """Numbers to be parted.

    Parameters
    ----------
    name : str
        Name.
    numbers : (n,) float
        a, finite.
    best_known : float or None
        Smallest difference known.
    notes : tuple of str
        Content that the reader of the file took for granted.
    """

    name: str
    numbers: Any
    best_known: float | None = None
    notes: tuple[str, ...] = field(default=(), compare=False)

    kind: ClassVar[str] = "partition"
    sense: ClassVar[Literal["min", "max"]] = "min"

    def __post_init__(self) -> None:
        numbers = np.array(self.numbers, dtype=float)
        if numbers.ndim != 1 or not 2 <= len(numbers) <= MAX_NUMBERS:
            raise ValueError(f"numbers have shape {numbers.shape}; give 2 to {MAX_NUMBERS} of them")
        if not (np.abs(numbers) <= 1e150).all():
            raise ValueError("numbers hold NaN, infinity or more than 1e150; rescale")
        numbers.setflags(write=False)
        object.__setattr__(self, "numbers", numbers)
        if np.abs(numbers).sum() > _LARGEST * 9.0 and (numbers == np.rint(numbers)).all():
            said = f"squared sums of numbers up to {np.abs(numbers).max():.3g} are beyond E's digits, not the scores'"
            object.__setattr__(self, "notes", (*self.notes, said))

    @property
    def size(self) -> int:
        """Count of the numbers n."""
        return len(self.numbers)

    @cached_property
    def _ising(self) -> Ising:
        couplings = -2.0 * np.outer(self.numbers, self.numbers)
        np.fill_diagonal(couplings, 0.0)
        return Ising(couplings, None, float((self.numbers**2).sum()))

    def ising(self) -> Ising:
        """Return the Ising form: a spin a number.

        Returns
        -------
        Ising
            Model.
        """
        return self._ising

    def energy(self, spins: ArrayLike) -> Any:
        """Compute the energy E, the squared difference, as :meth:`.Problem.energy` documents.

        Returns
        -------
        float or (reads,) float
            E.
        """
        s = check_spins(spins, self.size)
        energies = (s @ self.numbers) ** 2
        return float(energies) if s.ndim == 1 else energies

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the set of each number, as :meth:`.Problem.decode` documents.

        Returns
        -------
        Solution
            Sets (n,) int8, -1 or +1.
        """
        return Solution(np.where(one_up(spins, self.size), 1, -1).astype(np.int8), feasible=True)

    def score(self, solution: Solution | ArrayLike) -> float:
        """Compute the difference of the two sums; :meth:`.Problem.score` documents the argument.

        Returns
        -------
        float
            Difference, 0 or more; NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        if value is None:
            return float("nan")
        signs = np.asarray(value)
        if signs.shape != (self.size,):
            raise ValueError(f"the sets have shape {signs.shape}; give one sign a number, ({self.size},)")
        if (self.numbers == np.rint(self.numbers)).all():  # of any size, without round-off
            return float(abs(sum(int(a) * int(s) for a, s in zip(self.numbers, signs, strict=True))))
        return float(abs(signs @ self.numbers))

    def task(self, reads: int, rng: RNG = None) -> Minimize:
        """Return the task, to minimize; :meth:`.Problem.task` documents the arguments.

        Returns
        -------
        Minimize
            Task.
        """
        return Minimize()


def read_partition(source: TextFile) -> Partition:
    """Read numbers on any lines, with blanks, commas or semicolons between them.

    Parameters
    ----------
    source : TextFile
        File.

    Returns
    -------
    Partition
        Problem; a first number that counts the others is left out, and said.

    Raises
    ------
    ProblemFileError
        If a word is no number.
    """
    lines = ["" if is_comment(line) else line.translate(_BLANKS) for line in source.lines]
    numbers = Block(source, 1, lines).numbers()
    notes: tuple[str, ...] = ()
    if len(numbers) > 3 and numbers[0] == len(numbers) - 1:
        notes = (f"the first number, {numbers[0]:g}, counts the others, and is left out",)
        numbers = numbers[1:]
    try:
        return Partition(printable_name(source.stem, "numbers"), numbers, notes=notes)
    except ValueError as error:
        raise source.error(str(error)) from None


_BLANKS = str.maketrans(",;[]", "    ")
