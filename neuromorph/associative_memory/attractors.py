r"""Spurious states and basins of attraction of associative memories.

A state is a fixed point if no spin is against its field, s_i f_i >= 0 for all i. Each fixed point is classified by its
overlaps m = x . s / n with the patterns: a pattern, the mirror image of one, a symmetric mixture of three,

.. math:: s_i = \mathrm{sgn}(\pm x^1_i \pm x^2_i \pm x^3_i), \qquad m = 1/2 \text{ with each of them for large } n,

or another state, which is near none of these. The basin of a pattern is the set of cues that lead to it.
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
"""Largest number of spins of an exhaustive search."""

_CHUNK = 1 << 14  # states that are evaluated at once


@dataclass(frozen=True, eq=False)
class AttractorCensus:
    """Distinct fixed points of a memory with their kinds.

    Attributes
    ----------
    states : (m, n) int8
        The fixed points.
    kinds : (m,) str
        One of ``ATTRACTOR_KINDS`` for each state.
    weights : (m,) float
        Share of the random starts that ended in the state; NaN after an exhaustive search.
    unsettled : float
        Share of the starts that reached no fixed point.
    """

    states: NDArray[np.int8]
    kinds: NDArray[np.str_]
    weights: Float
    unsettled: float = 0.0

    def counts(self) -> dict[str, int]:
        """Count the states of each kind.

        Returns
        -------
        dict of str to int
            The number of states of each of ``ATTRACTOR_KINDS``.
        """
        return {kind: int((self.kinds == kind).sum()) for kind in ATTRACTOR_KINDS}


def fixed_points(couplings: Ising | ArrayLike) -> NDArray[np.int8]:
    """Enumerate the fixed points among all 2^n states.

    Parameters
    ----------
    couplings : Ising or array_like
        A problem, or couplings (n, n) that may be asymmetric.

    Returns
    -------
    (m, n) int8
        The fixed points.

    Raises
    ------
    ValueError
        If there are too many spins to enumerate.
    """
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
    """Find the fixed points and classify them as patterns, mirror images, mixtures or others.

    Parameters
    ----------
    couplings : Ising or (n, n) array_like
        J.
    patterns : (k, n) array_like
        The patterns from which J was learned.
    starts : int or None
        Number of random starts of a descent; None enumerates every state, up to n = 22.
    tolerance : float
        Fraction of the spins by which a state may differ from the one that names its kind.
    sweeps : int
        Largest number of sweeps of each descent.
    rng : RNG
        Source of the starts and of the order of the spins.

    Returns
    -------
    AttractorCensus
        The distinct fixed points.
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
    """Classify states by their overlaps, as the first of ``ATTRACTOR_KINDS`` that fits.

    Parameters
    ----------
    states : (m, n) array_like
        Spins.
    patterns : (k, n) array_like
        The stored patterns.
    tolerance : float
        Fraction of the spins that may differ, below 1/4.

    Returns
    -------
    (m,) str
        The kinds.

    Raises
    ------
    ValueError
        If ``tolerance`` is so large that kinds would overlap.
    """
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
        # A mixture contains only patterns with which the state overlaps, by about 1/2 each.
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
    """Share of recalled cues against their overlap with the pattern.

    Attributes
    ----------
    overlaps : (a,) float
        Overlap x . cue / n of the cues, as realized.
    recalled : tuple of Estimate
        Share of the cues that led to their pattern, with Wilson's 95 % interval.
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
    """Estimate the basin of attraction from cues at given overlaps.

    Each cue is a pattern with (1 - m) n / 2 of its spins flipped at random. The intervals are over the cues with these
    patterns; other patterns may do better or worse.

    Parameters
    ----------
    memory : Ising, (n, n) array_like or callable
        A problem, couplings, or the ``recall`` of a :class:`DenseMemory`.
    patterns : (k, n) array_like
        The stored patterns, which are taken in turn.
    overlaps : (a,) array_like
        m of the cues, 0 to 1, rounded to whole spins.
    cues : int
        Number of cues at each overlap.
    tolerance : float
        Fraction of the spins that may be wrong in the end.
    rng : RNG
        Source of the cues and of the recall.
    **options : Any
        Further arguments of :func:`relax`, or of that ``recall``.

    Returns
    -------
    BasinEstimate
        The share of recalled cues at each overlap.

    Raises
    ------
    ValueError
        If an overlap lies outside 0 .. 1.
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
    """Construct all symmetric mixtures of three patterns with every choice of signs.

    Returns
    -------
    (8 C(k, 3), n) int8
        The mixtures.
    """
    x = check_patterns(patterns).astype(int)
    signs = np.array(list(product((1, -1), repeat=3)))
    found = [np.sign(signs @ x[list(three)]) for three in combinations(range(len(x)), 3)]
    return np.concatenate(found).astype(np.int8) if found else np.empty((0, x.shape[1]), np.int8)
