r"""What p-bits come to, exactly: asynchronous, clocked, and with junctions that differ.

Alike and asynchronous, P = exp(-beta E) / Z. Alike and clocked, with couplings of two at most (Little's equilibrium),

.. math:: P(m) \propto \exp\Bigl(\beta \sum_i h_i m_i + \sum_i \ln 2 \cosh \beta f_i(m)\Bigr), \qquad
          f_i = h_i + \sum_j J_{ij} m_j

for P(m) W(m -> m') = exp(beta (h m + m' J m + h m')) is symmetric: detailed balance, to another energy. Junctions that
differ have w_ij = a_i J_ij, and no energy at all: then sum_m P(m) r(m -> m') = 0 is solved over the 2^n states by
elimination without a subtraction.
Sources: Little, Math. Biosci. 19, 101 (1974); Peretto, Biol. Cybern. 50, 51 (1984); Grassmann, Taksar and Heyman,
Oper. Res. 33, 1107 (1985).
"""

from __future__ import annotations

import numpy as np

from neuromorph.exact import spins_of
from neuromorph.ising import Float, Ising

from .junctions import Junctions
from .spin_terms import SpinTerms

MAX_SOLVED = 8  # p-bits: 256 states, milliseconds


def little_distribution(ising: Ising, beta: float) -> Float:
    """Return the equilibrium of ideal p-bits that are all redrawn at once.

    Parameters
    ----------
    ising : Ising
        Couplings and biases.
    beta : float
        Inverse temperature.

    Returns
    -------
    (2**n,) float
        State k has p-bit i up where bit i of k is set.
    """
    spins = spins_of(np.arange(1 << ising.size), ising.size).astype(float)
    fields = beta * (ising.biases + spins @ ising.dense_couplings())
    log_p = beta * spins @ ising.biases + np.logaddexp(fields, -fields).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    return np.asarray(p / p.sum())


def stationary_states(terms: SpinTerms, junctions: Junctions, beta: float, synchronous: bool = False) -> Float:
    """Return the probability of every state of a few p-bits, whatever they are like.

    Parameters
    ----------
    terms : SpinTerms
        Energy.
    junctions : Junctions
        Junctions.
    beta : float
        Inverse temperature.
    synchronous : bool
        Whether all are redrawn at once.

    Returns
    -------
    (2**n,) float
        State k has p-bit i up where bit i of k is set.
    """
    n = terms.size
    states = np.arange(1 << n)
    spins = spins_of(states, n)
    drive = np.clip(beta * spins * terms.alignments(spins), *junctions.reach)
    x = junctions.slopes * (drive + junctions.offsets)
    log_up, log_down = -np.logaddexp(0.0, -2.0 * x), -np.logaddexp(0.0, 2.0 * x)
    if synchronous:
        up = (spins > 0).astype(float)
        rates = np.exp(log_up @ up.T + log_down @ (1.0 - up).T)
    else:
        rates = np.zeros((states.size, states.size))
        for i in range(n):
            turned = np.exp(np.where(spins[:, i] > 0, log_down[:, i], log_up[:, i]))
            rates[states, states ^ (1 << i)] = turned / junctions.dwells[i]
    return _stationary(rates)


def _stationary(rates: Float) -> Float:
    """Distribution that rates (or probabilities) r[from, to] leave as it is; changed in place."""
    leaving = np.empty(len(rates))
    for k in range(len(rates) - 1, 0, -1):
        leaving[k] = rates[k, :k].sum()
        rates[:k, :k] += np.outer(rates[:k, k], rates[k, :k] / leaving[k])
    p = np.ones(len(rates))
    for k in range(1, len(rates)):
        p[k] = p[:k] @ rates[:k, k] / leaving[k]
    return np.asarray(p / p.sum())
