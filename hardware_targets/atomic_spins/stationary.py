r"""The distribution that switching atoms come to, exactly, also where no energy describes it.

.. math:: \sum_{s'} p(s')\, r(s' \to s) = p(s) \sum_{s'} r(s \to s'), \qquad
          r(s \to s^{(i)}) = e^{\theta f_i} \ (s_i = -1), \quad e^{-(1-\theta) f_i} \ (s_i = +1)

where s^(i) is s with atom i turned. For w symmetric p is exp(-beta E). States are eliminated one after another,
without a subtraction, so that every probability keeps its relative precision. Source: Grassmann, Taksar and Heyman,
Oper. Res. 33, 1107 (1985).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.exact import spins_of
from neuromorph.ising import Float

from .telegraph import speeds_of

MAX_ATOMS = 8  # 256 states: milliseconds


def switching_rates(couplings: Any, biases: Float, beta: float, theta: float = 0.5, speeds: ArrayLike = 1.0) -> Float:
    """Return the rate of every switch of a few atoms.

    Parameters
    ----------
    couplings : (n, n) array or sparse array
        w, which need not be symmetric.
    biases : (n,) float
        h.
    beta : float
        Inverse temperature.
    theta : float
        Where the barrier stands between the two states of an atom, 0 to 1.
    speeds : (n,) float or float
        Attempt rate of each atom over the gamma of the unit of time.

    Returns
    -------
    (2**n, 2**n) float
        Rate from state k to state m in units of gamma, 0 on the diagonal; state k has atom i up where bit i is set.
    """
    n = biases.size
    w = couplings.toarray() if hasattr(couplings, "toarray") else np.asarray(couplings, dtype=float)
    gamma = speeds_of(speeds, n)
    states = np.arange(1 << n)
    spins = spins_of(states, n).astype(float)
    fields = 2.0 * beta * (biases + spins @ w.T)
    rates = np.zeros((states.size, states.size))
    for i in range(n):
        up = spins[:, i] > 0
        exponent = np.where(up, (theta - 1.0) * fields[:, i], theta * fields[:, i])
        rates[states, states ^ (1 << i)] = gamma[i] * np.exp(exponent)
    return rates


def stationary_distribution(
    couplings: Any, biases: Float, beta: float, theta: float = 0.5, speeds: ArrayLike = 1.0
) -> Float:
    """Return the probability of every state of a few atoms.

    Parameters
    ----------
    couplings : (n, n) array or sparse array
        w, which need not be symmetric.
    biases : (n,) float
        h.
    beta : float
        Inverse temperature.
    theta : float
        Where the barrier stands between the two states of an atom, 0 to 1.
    speeds : (n,) float or float
        Attempt rate of each atom over the gamma of the unit of time; none may be 0.

    Returns
    -------
    (2**n,) float
        State k has atom i up where bit i of k is set.
    """
    rates = switching_rates(couplings, biases, beta, theta, speeds)
    states = len(rates)
    leaving = np.empty(states)
    for k in range(states - 1, 0, -1):
        leaving[k] = rates[k, :k].sum()
        rates[:k, :k] += np.outer(rates[:k, k], rates[k, :k] / leaving[k])
    p = np.ones(states)
    for k in range(1, states):
        p[k] = p[:k] @ rates[:k, k] / leaving[k]
    return np.asarray(p / p.sum())
