r"""Parallel trial with a dynamic offset, the algorithm of the Digital Annealer, and the law that it follows.

At each step all n flips are tried at once, and one of the accepted ones, A, is made, each with the same probability:

.. math:: a_i = \min(1, e^{-\beta (\Delta_i - E_{off})}), \qquad
          P(x \to F_i x) = a_i \Bigl\langle \frac1{1 + \sum_{j \ne i} B_j} \Bigr\rangle
          = a_i \int_0^1 \prod_{j \ne i} (1 - a_j + a_j t)\, dt, \qquad
          P(\text{a flip}) = 1 - \prod_i (1 - a_i)

with independent B_j of mean a_j. Where A is empty the state stays and E_off grows by d; a flip sets it to 0.

What holds, with E_off = 0 (d = 0):

- variables without couplings: what a_j is does not depend on x_i, so that both directions of a flip have the same
  second factor, and detailed balance with exp(-beta E) is exact;
- couplings: it does not. The factor counts rivals, which differ before and after the flip. The chain has a stationary
  distribution that is not exp(-beta E); states from which many flips are likely are left as often as any, and weigh too
  much. The smaller sum_i a_i, the nearer it comes, since P is then a_i to first order: cold, or slow;
- beta = 0: every step flips one variable, so that the parity of the state alternates and never settles.

With d > 0 the state alone is no Markov chain, and leaves every minimum: it searches and does not sample.
Sources: Aramon et al., Front. Phys. 7, 48 (2019); the chain: arXiv 2303.08392.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuromorph.exact import all_energies
from neuromorph.ising import Float, Ising
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.sampling.single_spin_kernel import randomize_spins

from .fixed_point import IntegerWords, Words
from .parallel_trial_kernel import trial_steps

_PART = 20_000_000  # trials between two looks at the clock


class TrialReads(NamedTuple):
    """Results of reads.

    Attributes
    ----------
    last, best : (reads, n) int8
        Last states and those of lowest energy, as spins.
    flips : (reads,) float
        Flips.
    """

    last: NDArray[np.int8]
    best: NDArray[np.int8]
    flips: Float


def parallel_trial(words: IntegerWords, temperatures: Words, increment: int, streams: NDArray[np.uint64]) -> TrialReads:
    """Run reads from random states, a step at each temperature.

    Parameters
    ----------
    words : IntegerWords
        Problem in words of binary variables.
    temperatures : (steps,) int64
        T of each step in units of 2^-8 words.
    increment : int
        Growth of the offset in words; 0 for none.
    streams : (reads, 4) uint64
        Random states, changed in place.

    Returns
    -------
    TrialReads
        Whole reads: fewer than asked where they were interrupted.
    """
    n, part = words.biases.size, max(1, _PART // words.biases.size)
    starts = np.empty((len(streams), n), np.int8)
    randomize_spins(starts, streams)

    def read(k: int) -> tuple[NDArray[np.int8], NDArray[np.int8], int]:
        x = ((starts[k] + 1) // 2).astype(np.int8)
        fields = words.biases + words.couplings @ x.astype(np.int64)
        offsets, lowest, best, flips = np.zeros(2, np.int64), np.zeros(1, np.int64), x.copy(), 0
        for first in range(0, temperatures.size, part):
            checkpoint("parallel trial", k, len(streams))
            some = temperatures[first : first + part]
            flips += trial_steps(words.couplings, some, increment, x, fields, offsets, lowest, best, streams[k])
        return 2 * x - 1, 2 * best - 1, flips

    parts, _ = whole_parts(map(read, range(len(streams))))
    last, best, flips = (np.array(each) for each in zip(*parts, strict=True))
    return TrialReads(last.astype(np.int8), best.astype(np.int8), flips.astype(float))


def flip_probabilities(acceptance: Float) -> Float:
    """Compute the probability that a step flips each variable.

    Parameters
    ----------
    acceptance : (n,) float
        a_i.

    Returns
    -------
    (n,) float
        Probability of each flip; what is left is that of none.
    """
    nodes, weights = np.polynomial.legendre.leggauss(acceptance.size // 2 + 1)  # exact: a polynomial of degree n - 1
    t = (nodes[:, None] + 1.0) / 2.0
    factors = 1.0 - acceptance + acceptance * t
    found = np.empty_like(acceptance)
    for i in range(acceptance.size):
        found[i] = acceptance[i] * (weights / 2.0) @ np.delete(factors, i, axis=1).prod(axis=1)
    return found


def parallel_trial_matrix(ising: Ising, beta: float) -> Float:
    """Enumerate the transition matrix of parallel trial without offset.

    Parameters
    ----------
    ising : Ising
        Problem of few spins.
    beta : float
        Inverse temperature.

    Returns
    -------
    (2^n, 2^n) float
        Probability of each state after each state; bit i of a state is set where spin i is up.
    """
    energies, n = all_energies(ising), ising.size
    states = np.arange(energies.size)
    flipped = states[:, None] ^ (1 << np.arange(n))
    acceptance = np.exp(-np.maximum(0.0, beta * (energies[flipped] - energies[:, None])))
    matrix = np.zeros((energies.size, energies.size))
    for k in states:
        matrix[k, flipped[k]] = flip_probabilities(acceptance[k])
    matrix[states, states] = 1.0 - matrix.sum(axis=1)
    return matrix


def stationary_law(matrix: Float) -> Float:
    """Compute the stationary distribution of a transition matrix.

    Parameters
    ----------
    matrix : (m, m) float
        Rows add up to 1; every state can be reached.

    Returns
    -------
    (m,) float
        Distribution.
    """
    m = len(matrix)
    system = np.vstack([matrix.T - np.eye(m), np.ones(m)])
    found: Float = np.linalg.lstsq(system, np.r_[np.zeros(m), 1.0], rcond=None)[0]
    return found
