r"""States at rest that nobody stored, and how far a cue may be from a pattern to find it.

A state is at rest if no spin is against its field, s_i f_i >= 0 for all i. Each is classified by its overlaps
m = x . s / n with the patterns: a pattern, the mirror image of one, a symmetric mixture of three,

.. math:: s_i = \mathrm{sgn}(\pm x^1_i \pm x^2_i \pm x^3_i), \qquad m = 1/2 \text{ with each of them for large } n,

or another, near no such state.
Source: Amit, Gutfreund and Sompolinsky, Phys. Rev. A 32, 1007 (1985).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..estimate import Estimate, wilson_interval
from ..exact import spins_of
from ..ising import Float, Ising, check_spins
from ..rng import RNG, read_seeds
from ..runtime.limits import checkpoint
from .learning_rules import check_patterns
from .relaxation import RelaxationResult, couplings_and_biases, field_round_off, relax

ATTRACTOR_KINDS = ("pattern", "inverse", "mixture", "other")
MAX_ENUMERATED_MEMORY = 22
"""Of an exhaustive search."""

_CHUNK = 1 << 14  # states in flight


@dataclass(frozen=True, eq=False)
class AttractorCensus:
    """States at rest, each once.

    states : (m, n) int8
    kinds : (m,) str         one of ``FIGURE_KINDS``
    weights : (m,) float     share of the random starts that ended there; NaN after an exhaustive search
    unsettled : float        share of the starts that came to no rest
    """

    states: NDArray[np.int8]
    kinds: NDArray[np.str_]
    weights: Float
    unsettled: float = 0.0

    def counts(self) -> dict[str, int]:
        """How many states there are of each kind."""
        return {kind: int((self.kinds == kind).sum()) for kind in ATTRACTOR_KINDS}


def fixed_points(couplings: Ising | ArrayLike) -> NDArray[np.int8]:
    """Every state at rest among the 2^n, (m, n), of an Ising or of (n, n) couplings that may be asymmetric."""
    j, h, _ = couplings_and_biases(couplings)
    n = len(h)
    if n > MAX_ENUMERATED_MEMORY:
        raise ValueError(
            f"couplings have {n} spins; the search of all states stops at {MAX_ENUMERATED_MEMORY}: use census(starts=)"
        )
    tiny, found = field_round_off(j, h), []
    for first in range(0, 1 << n, _CHUNK):
        checkpoint("states at rest", first, 1 << n)
        states = spins_of(np.arange(first, min(first + _CHUNK, 1 << n)), n)
        found.append(states[((states @ j.T + h) * states >= -tiny).all(axis=1)])
    return np.concatenate(found)


def find_attractors(
    couplings: Ising | ArrayLike, patterns: ArrayLike, *, starts: int | None = None, tolerance: float = 0.0,
    sweeps: int = 1000, rng: RNG = None,
) -> AttractorCensus:  # fmt: skip
    """Find and classify the states at rest.

    Parameters
    ----------
    couplings, patterns : J or an Ising, and the patterns (k, n) that it was made of
    starts : int or None       random starts of a descent; None: every state is looked at, up to n = 22
    tolerance : float          fraction of the spins by which a state may differ from the one it is named after
    sweeps : int               at most, of each descent
    """
    if starts is None:
        states = fixed_points(couplings)
        return AttractorCensus(states, classify(states, patterns, tolerance), np.full(len(states), np.nan))
    n = check_patterns(patterns).shape[1]
    cues = np.array([2 * np.random.default_rng(s).integers(0, 2, n) - 1 for s in read_seeds(rng, starts)])
    ends = relax(couplings, cues, sweeps=sweeps, rng=read_seeds(rng, 1)[0])
    states, counts = np.unique(ends.spins[ends.settled], axis=0, return_counts=True)
    kinds = classify(states, patterns, tolerance)
    return AttractorCensus(states, kinds, counts / starts, float(1.0 - ends.settled.mean()))


def classify(states: ArrayLike, patterns: ArrayLike, tolerance: float = 0.0) -> NDArray[np.str_]:
    """Classify states (m, n): the first of ``ATTRACTOR_KINDS`` from which at most ``tolerance`` n spins differ."""
    x = check_patterns(patterns)
    n = x.shape[1]
    s = np.atleast_2d(check_spins(states, n)).astype(float)
    if not 0.0 <= tolerance < 0.25:
        raise ValueError(f"tolerance is {tolerance}; it must be from 0 to below 1/4, where kinds would run together")
    near = 1.0 - 2.0 * tolerance - 1e-12  # overlap of states that differ in tolerance n spins
    m = s @ x.T / n
    kinds = np.full(len(s), "other", dtype=f"<U{max(map(len, ATTRACTOR_KINDS))}")
    three = np.zeros(len(s), dtype=bool)
    for row in range(len(s)):
        checkpoint("classifying states", row, len(s))
        # Only patterns that a state leans to can be mixed in it: of a mixture that is near, 1/2 up to the noise.
        leaning = np.flatnonzero(np.abs(m[row]) > 0.2)
        for chosen in combinations(leaning.tolist(), 3):
            mixed = np.sign((np.sign(m[row, chosen])[:, None] * x[list(chosen)]).sum(axis=0))
            three[row] |= bool(s[row] @ mixed / n >= near)
    kinds[three] = "mixture"
    kinds[(m <= -near).any(axis=1)] = "inverse"
    kinds[(m >= near).any(axis=1)] = "pattern"
    return kinds


@dataclass(frozen=True, eq=False)
class BasinEstimate:
    """How often cues of each distance find their pattern.

    overlaps : (a,) float              x . cue / n, exactly
    recalled : tuple of a Estimates    share of the cues, with the interval of Wilson at 95 %
    """

    overlaps: Float
    recalled: tuple[Estimate, ...]


def basin_of_attraction(
    memory: Ising | ArrayLike | Callable[..., RelaxationResult],
    patterns: ArrayLike,
    overlaps: ArrayLike,
    *,
    cues: int = 100,
    tolerance: float = 0.0,
    rng: RNG = None,
    **options: Any,
) -> BasinEstimate:
    """Flip (1 - m) n / 2 spins of a pattern at random, let it go, and look whether the pattern comes back.

    Parameters
    ----------
    memory : Ising, (n, n) couplings, or the ``recall`` of a :class:`DenseMemory`
    patterns : (k, n)        taken in turn
    overlaps : (a,) float    m of the cues, 0 to 1; rounded to whole spins
    cues : int               of each overlap
    tolerance : float        fraction of the spins that may be wrong in the end
    options                  of :func:`relax`, or of that ``recall``

    The intervals are of the cues with these patterns; other patterns may do better or worse.
    """
    x = check_patterns(patterns)
    n = x.shape[1]
    asked = np.atleast_1d(np.asarray(overlaps, dtype=float))
    if not ((asked >= 0.0) & (asked <= 1.0)).all():
        raise ValueError("overlaps hold values outside 0 .. 1; a cue beyond leans to the mirror image")
    flips = np.rint((1.0 - asked) * n / 2.0).astype(int)
    recall = memory if callable(memory) else partial(relax, memory)
    found = []
    meant = x[np.arange(cues) % len(x)]
    for flip, stream in zip(flips, read_seeds(rng, len(flips)), strict=True):
        states = meant.copy()
        for row, seed in zip(states, stream.spawn(cues), strict=True):
            row[np.random.default_rng(seed).permutation(n)[:flip]] *= -1
        ends = recall(states, rng=stream, **options)
        wrong = (ends.spins != meant).sum(axis=1)
        found.append(wilson_interval(int((wrong <= tolerance * n).sum()), cues))
    return BasinEstimate(1.0 - 2.0 * flips / n, tuple(found))


def mixture_states(patterns: ArrayLike) -> NDArray[np.int8]:
    """All symmetric mixtures of three of the patterns with every choice of signs, (8 C(k, 3), n)."""
    x = check_patterns(patterns).astype(int)
    signs = np.array(list(product((1, -1), repeat=3)))
    found = [np.sign(signs @ x[list(three)]) for three in combinations(range(len(x)), 3)]
    return np.concatenate(found).astype(np.int8) if found else np.empty((0, x.shape[1]), np.int8)
