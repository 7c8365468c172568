r"""Recall: the stored pattern that a damaged cue reminds of.

.. math:: J_{ij} = \frac1n \sum_{\mu=1}^{k} x^\mu_i x^\mu_j \;\; (i \ne j), \qquad h = 0, \qquad
          E(s) = -\frac1{2n} \sum_\mu (x^\mu \cdot s)^2 + \frac k2

by Hebb's rule, or other couplings by another rule (``associative_memory.named_rules``), and scored by the overlap
x . s / n with the pattern meant, the one nearest to the cue. -x has the energy of x, overlap -1.
Source: Hopfield, PNAS 79, 2554 (1982), with Hebb's rule over n.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..associative_memory.named_rules import (
    UNCOUPLED_RULES,
    LearnedCouplings,
    UncoupledMemory,
    check_rule,
    learn_couplings,
    rule_name,
    uncoupled_memory,
)
from ..ising import Ising, check_spins
from ..rng import RNG, read_seeds
from ..task import RecallFrom
from .problem import Solution

MAX_ISING_PIXELS = 5_000  # pixels; 200 MB of couplings
MAX_VALUES = 10_000_000  # of all patterns together
MAX_CUES = 100_000_000  # pixels of the cues of all reads together; 100 MB


@dataclass(frozen=True, eq=False)
class Recall:
    """Patterns to store, and what to recall them from.

    Parameters
    ----------
    name : str
        Name of the problem.
    patterns : (k, n) int
        Pixels -1 and +1, or 0 and 1 throughout (patterns and cue alike).
    cue : (n,) int or None
        Start of every read; None: pattern r mod k with ``noise`` at read r.
    shape : (rows, columns) or None
        Shape in which to draw a pattern, rows * columns = n.
    noise : float in [0, 1]
        Fraction of the pixels flipped in a drawn cue.
    hidden : (n,) bool or None
        Pixels that no cue shows (module ``cues``): drawn by a fair coin for each read, and 0 at the start of
        dynamics that allow it.
    best_known : float or None
        Overlap of a perfect recall.
    notes : tuple of str
        Content that the reader of the file took for granted.
    rule : str
        Learning rule: hebb, pseudo-inverse, storkey, perceptron; dense and modern, as ``dense(power=4)`` and
        ``modern(beta=0.5)``, make no couplings and fit no target that needs some.
    words : bool
        Whether patterns are words of 32 spins a letter (``associative_memory.words``).
    """

    name: str
    patterns: Any
    cue: Any = None
    shape: tuple[int, int] | None = None
    noise: float = 0.25
    best_known: float | None = 1.0
    notes: tuple[str, ...] = field(default=(), compare=False)
    rule: str = "hebb"
    hidden: Any = None
    words: bool = False

    kind: ClassVar[str] = "recall"
    sense: ClassVar[Literal["min", "max"]] = "max"

    def __post_init__(self) -> None:
        patterns, cue = _as_spins(self.patterns, self.cue)
        if patterns.ndim != 2 or 0 in patterns.shape:
            raise ValueError(f"patterns have shape {patterns.shape}; expected (patterns, pixels), neither of them 0")
        if cue is not None and cue.shape != patterns.shape[1:]:
            raise ValueError(f"cue has shape {cue.shape}; a pattern has {patterns.shape[1:]}: make them alike")
        if self.shape is not None:
            rows, columns = self.shape
            if min(rows, columns) < 1 or rows * columns != patterns.shape[1]:
                raise ValueError(
                    f"shape is {rows} x {columns}; a pattern has {patterns.shape[1]} pixels: make them agree"
                )
        if not 0.0 <= self.noise <= 1.0:
            raise ValueError(f"noise is {self.noise}; it is a fraction of the pixels, from 0 to 1")
        check_rule(self.rule)
        if self.hidden is not None:
            object.__setattr__(self, "hidden", _as_mask(self.hidden, patterns.shape[1]))
        object.__setattr__(self, "patterns", patterns)
        object.__setattr__(self, "cue", cue)

    @property
    def size(self) -> int:
        """Number of pixels n."""
        return int(self.patterns.shape[1])

    def ising(self) -> Ising:
        """Return the couplings that the rule makes of the patterns.

        Returns
        -------
        Ising
            Couplings, without biases.
        """
        return Ising(self._learn().couplings) if self.rule == "hebb" else self._ising

    @cached_property
    def _ising(self) -> Ising:
        return Ising(self._learned.couplings)

    @cached_property
    def _learned(self) -> LearnedCouplings:
        """Kept, for what is iterated takes long, and energies need it too."""
        return self._learn()

    def _learn(self) -> LearnedCouplings:
        if self.size > MAX_ISING_PIXELS and self.memory is None:
            matrix = "Hebb's matrix stops" if self.rule == "hebb" else "couplings stop"
            raise ValueError(
                f"{self.name} has {self.size} pixels; {matrix} at {MAX_ISING_PIXELS}: scale the picture, or take "
                "rule dense or modern and the target cpu-relaxation, which need none"
            )
        return learn_couplings(self.patterns, self.rule)

    @property
    def learning(self) -> str:
        """How iterated learning ended: "converged", or why not; empty for rules in closed form."""
        return self._learned.status if rule_name(self.rule) == "perceptron" else ""

    @cached_property
    def memory(self) -> UncoupledMemory | None:
        """The memory of a rule without couplings, None for the others."""
        return uncoupled_memory(self.patterns, self.rule) if rule_name(self.rule) in UNCOUPLED_RULES else None

    def energy(self, spins: ArrayLike) -> Any:
        """Compute the energy E; by Hebb's rule from the overlaps.

        Parameters
        ----------
        spins : (n,) or (reads, n)
            One state, or many.

        Returns
        -------
        float or (reads,) float
            E.
        """
        if self.memory is not None:
            return self.memory.energy(check_spins(spins, self.size))
        if self.rule != "hebb":
            return self.ising().energy(spins)
        s = check_spins(spins, self.size)
        energies = (len(self.patterns) - ((s @ self.patterns.T.astype(float)) ** 2).sum(axis=-1) / self.size) / 2.0
        return float(energies) if s.ndim == 1 else energies

    def overlaps(self, spins: ArrayLike) -> NDArray[np.float64]:
        """Compute the overlap x . s / n with each pattern.

        Parameters
        ----------
        spins : (n,) or (reads, n)
            One state, or many.

        Returns
        -------
        (k,) or (reads, k) float
            Overlaps, -1 to 1.
        """
        return np.asarray(check_spins(spins, self.size) @ self.patterns.T.astype(float)) / self.size

    def meant(self, cue: ArrayLike) -> NDArray[np.int64]:
        """Find the pattern that is nearest to a cue, by the pixels that it shows.

        Parameters
        ----------
        cue : (n,) or (reads, n)
            One cue, or many.

        Returns
        -------
        int64 or (reads,) int64
            Number of the pattern.
        """
        s = check_spins(cue, self.size)
        if self.hidden is not None:
            s = np.where(self.hidden, 0.0, s)
        return np.asarray((s @ self.patterns.T.astype(float) / self.size).argmax(axis=-1))

    def decode(self, spins: ArrayLike, *, repair: bool = False) -> Solution:
        """Read the pattern in a state; every state is feasible.

        Parameters
        ----------
        spins : (n,) int
            State, -1 or +1.
        repair : bool
            Without effect here.

        Returns
        -------
        Solution
            Pattern (n,) int8.

        Raises
        ------
        ValueError
            If the spins are not one state.
        """
        s = check_spins(spins, self.size)
        if s.ndim != 1:
            raise ValueError(f"spins have shape {s.shape}; decode one state ({self.size},) at a time")
        return Solution(s.astype(np.int8), feasible=True)

    def score(self, solution: Solution | ArrayLike, cue: ArrayLike | None = None) -> float:
        """Compute the overlap with the pattern that the cue means.

        Parameters
        ----------
        solution : Solution or (n,) int
            Answer or state.
        cue : (n,) int or None
            Cue; None takes the problem's own.

        Returns
        -------
        float
            Overlap in [-1, 1]; without any cue the largest, NaN where there is no answer.
        """
        value = solution.value if isinstance(solution, Solution) else solution
        if value is None:
            return float("nan")
        overlaps, start = self.overlaps(value), self.cue if cue is None else cue
        return float(overlaps.max() if start is None else overlaps[self.meant(start)])

    def task(self, reads: int, rng: RNG = None) -> RecallFrom:
        """Return the task: to relax from the cue, or from noisy patterns in turn.

        Without a cue round(noise n) pixels of each pattern are flipped. Hidden pixels are then drawn by a fair coin.

        Parameters
        ----------
        reads : int
            Number of reads.
        rng : RNG
            Source of the flipped pixels.

        Returns
        -------
        RecallFrom
            Task with the cue of each read.

        Raises
        ------
        ValueError
            If the cues of so many reads are too large.
        """
        if self.cue is not None and self.hidden is None:
            return RecallFrom(np.broadcast_to(self.cue, (reads, self.size)))
        if reads * self.size > MAX_CUES:
            most = MAX_CUES // self.size
            raise ValueError(
                f"reads is {reads}; cues of {self.size} pixels stop at {most}: ask for fewer, or give a cue"
            )
        cues = np.empty((reads, self.size), dtype=np.int8)
        for seed, cue in zip(read_seeds(rng, reads), cues, strict=True):
            generator = np.random.default_rng(seed)
            if self.cue is None:
                # The number of the read in the whole run, so that batches of one SeedSequence keep the turn.
                cue[:] = self.patterns[seed.spawn_key[-1] % len(self.patterns)]
                cue[generator.permutation(self.size)[: round(self.noise * self.size)]] *= -1
            else:
                cue[:] = self.cue
            if self.hidden is not None:
                cue[self.hidden] = np.where(generator.random(int(self.hidden.sum())) < 0.5, -1, 1)
        return RecallFrom(cues, self.hidden)


def picture_text(states: NDArray[Any], shape: tuple[int, int]) -> str:
    """Format states as rows of '#' and '.', which :func:`neuromorph.load` reads.

    Parameters
    ----------
    states : (reads, n) array
        States.
    shape : tuple of int
        Rows and columns.

    Returns
    -------
    str
        The text.
    """
    letters = np.where(np.asarray(states) > 0, "#", ".").reshape(-1, *shape)
    return "\n\n".join("\n".join("".join(row) for row in picture) for picture in letters.tolist()) + "\n"


def _as_mask(hidden: Any, n: int) -> NDArray[np.bool_]:
    mask = np.array(hidden)
    if mask.dtype.kind != "b" or mask.shape != (n,):
        raise ValueError(f"hidden is {mask.dtype} of shape {mask.shape}; give a bool for each of the {n} pixels")
    if mask.all():
        raise ValueError("hidden covers every pixel; a cue must show some")
    mask.setflags(write=False)
    return mask


def _as_spins(patterns: Any, cue: Any) -> tuple[NDArray[np.int8], NDArray[np.int8] | None]:
    """-1 and +1 as int8, read-only. 0/1 is taken for a code only if no -1 stands in either array."""
    given = [np.asarray(array) for array in (patterns, cue) if array is not None]
    for what, array in zip(("patterns", "cue"), given, strict=False):
        if array.dtype.kind not in "biuf":
            raise ValueError(f"{what} hold no numbers; give -1 and +1, or 0 and 1")
        wrong = ~np.isin(array, (-1, 0, 1))
        if wrong.any():
            raise ValueError(f"{what} hold {array[wrong][0]}; give -1 and +1, or 0 and 1")
    has_zero, has_minus = (any((array == value).any() for array in given) for value in (0, -1))
    if has_zero and has_minus:
        raise ValueError("patterns and cue hold -1 as well as 0; give -1 and +1, or 0 and 1, in both")
    spins = [np.where(array > 0, 1, -1).astype(np.int8) for array in given]
    for array in spins:
        array.setflags(write=False)
    return spins[0], spins[1] if len(spins) > 1 else None
