r"""Stochastic cellular automata annealing: all spins at once, held back by a second replica of themselves.

.. math:: \pi(s, s') \propto \exp\Bigl[\tfrac\beta2 \bigl(s^T J s' + h^T (s + s')\bigr) + \tfrac q2 s^T s'\Bigr], \qquad
          p(s'_i = 1 | s) = \frac1{1 + e^{-\beta f_i(s) - q s_i}}, \qquad f = h + J s

The exponent is symmetric, so that drawing s' given s, and then the other way round, keeps the joint law: the chain of
single replicas is reversible and has

.. math:: \pi(s) \propto e^{\beta h^T s / 2} \prod_i 2 \cosh\frac{\beta f_i(s) + q s_i}2
          = e^{-\beta E(s) + q n / 2} \prod_i \bigl(1 + e^{-\beta s_i f_i(s) - q}\bigr)

which tends to exp(-beta E) as q grows, while flips slow down as e^-q. With beta J + q 1 positive semidefinite the
exponent is largest where both replicas agree, so that a minimizing anneal takes q = -beta times the lowest eigenvalue
of J: less would let it end in a cycle of two states.
Sources: Dai Pra, Scoppola and Scoppola, J. Stat. Phys. 149, 722 (2012); Yamamoto et al., IEEE J. Solid-State Circuits
56, 165 (2021), STATICA, 512 spins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neuromorph.exact import spins_of
from neuromorph.ising import Float, Ising
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.sampling.single_spin_kernel import randomize_spins

from .cellular_automaton_kernel import automaton_steps
from .fixed_point import IntegerWords, Words

_PART = 20_000_000  # updates between two looks at the clock


def automaton_reads(
    words: IntegerWords, temperatures: Words, pinnings: Words, streams: NDArray[np.uint64]
) -> tuple[NDArray[np.int8], Float]:
    """Run reads from random states, an update of all spins at each temperature.

    Parameters
    ----------
    words : IntegerWords
        Problem in words of spins.
    temperatures : (steps,) int64
        T of each step in units of 2^-8 words.
    pinnings : (steps,) int64
        q T of each step in words.
    streams : (reads, 4) uint64
        Random states, changed in place.

    Returns
    -------
    spins : (reads, n) int8
        Last states; fewer than asked where reads were interrupted.
    flips : (reads,) float
        Flips.
    """
    n, part = words.biases.size, max(1, _PART // words.biases.size)
    starts = np.empty((len(streams), n), np.int8)
    randomize_spins(starts, streams)

    def read(k: int) -> tuple[NDArray[np.int8], int]:
        spins = starts[k]
        fields, turned, flips = words.biases + words.couplings @ spins.astype(np.int64), np.empty(n, np.int64), 0
        for first in range(0, temperatures.size, part):
            checkpoint("cellular automaton", k, len(streams))
            some = slice(first, first + part)
            flips += automaton_steps(
                words.couplings, temperatures[some], pinnings[some], spins, fields, turned, streams[k]
            )
        return spins, flips

    parts, _ = whole_parts(map(read, range(len(streams))))
    return np.array([spins for spins, _ in parts]), np.array([float(flips) for _, flips in parts])


def automaton_law(ising: Ising, beta: float, pinning: float) -> Float:
    """Compute the stationary distribution of a replica.

    Parameters
    ----------
    ising : Ising
        Problem of few spins.
    beta : float
        Inverse temperature.
    pinning : float
        q.

    Returns
    -------
    (2^n,) float
        Distribution; bit i of a state is set where spin i is up.
    """
    states = spins_of(np.arange(2**ising.size), ising.size).astype(float)
    fields = states @ ising.dense_couplings() + ising.biases
    drive = (beta * fields + pinning * states) / 2.0
    log = beta * (states @ ising.biases) / 2.0 + np.logaddexp(drive, -drive).sum(axis=1)
    weights = np.exp(log - log.max())
    found: Float = weights / weights.sum()
    return found


def automaton_matrix(ising: Ising, beta: float, pinning: float) -> Float:
    """Enumerate the transition matrix of a replica, p(s' | s).

    Parameters
    ----------
    ising : Ising
        Problem of few spins.
    beta : float
        Inverse temperature.
    pinning : float
        q.

    Returns
    -------
    (2^n, 2^n) float
        Probability of each state after each state.
    """
    states = spins_of(np.arange(2**ising.size), ising.size).astype(float)
    drive = beta * (states @ ising.dense_couplings() + ising.biases) + pinning * states
    log = -np.logaddexp(0.0, -drive[:, None, :] * states[None, :, :]).sum(axis=2)
    found: Float = np.exp(log)
    return found


def least_pinning(ising: Ising) -> float:
    """Compute the least q / beta at which both replicas agree where the exponent is largest.

    Parameters
    ----------
    ising : Ising
        Problem.

    Returns
    -------
    float
        Minus the lowest eigenvalue of the couplings, 0 at least.
    """
    return max(0.0, -float(np.linalg.eigvalsh(ising.dense_couplings())[0]))
