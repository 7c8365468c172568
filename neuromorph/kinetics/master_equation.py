r"""The master equation of a Markov process with n states, its steady state and what that dissipates.

.. math:: \frac{dp_i}{dt} = \sum_j (k_{ij} p_j - k_{ji} p_i), \qquad
          \sigma = \tfrac12 \sum_{ij} (k_{ij} p_j - k_{ji} p_i) \ln \frac{k_{ij} p_j}{k_{ji} p_i} \ge 0

where

* k_ij is the rate from state j to state i, in 1/s (columns are where a jump starts);
* sigma is the production of entropy, in units of k_B per second: of kT, the free energy that is dissipated.

sigma is 0 at equilibrium, where every flow between two states is balanced by its reverse.
Source: Schnakenberg, Rev. Mod. Phys. 48, 571 (1976).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float


def generator(rates: ArrayLike) -> Float:
    """Build the matrix W of dp/dt = W p from rates.

    Parameters
    ----------
    rates : (n, n) array_like
        k_ij from state j to state i in 1/s; the diagonal is ignored.

    Returns
    -------
    (n, n) float
        W, whose columns sum to 0.

    Raises
    ------
    ValueError
        If ``rates`` is not square, or a rate is negative or not finite.
    """
    w = _checked(rates)
    return np.asarray(w - np.diag(w.sum(axis=0)))


def stationary_probabilities(rates: ArrayLike) -> Float:
    """Solve the master equation for its steady state.

    States are removed one after the other and their flows handed on to those that are left (Grassmann, Taksar and
    Heyman, Oper. Res. 33, 1107 (1985)): nothing is subtracted, so that small probabilities keep all their digits.

    Parameters
    ----------
    rates : (n, n) array_like
        k_ij from state j to state i in 1/s, of a process in which every state reaches every other.

    Returns
    -------
    (n,) float
        Probabilities, which sum to 1.

    Raises
    ------
    ValueError
        If a rate is wrong, or the process falls apart so that no steady state is the only one.
    """
    w = _checked(rates)
    n = len(w)
    for last in range(n - 1, 0, -1):
        out = w[:last, last].sum()
        if not out > 0.0:
            raise ValueError(
                f"rates leave state {last} no way to the states before it; every state must reach every other"
            )
        w[:last, last] /= out
        w[:last, :last] += np.outer(w[:last, last], w[last, :last])
        w[last, :last] /= out  # what state `last` holds, by what flows in
        np.fill_diagonal(w, 0.0)
    p = np.ones(n)
    for state in range(1, n):
        p[state] = w[state, :state] @ p[:state]
    if not (p > 0.0).all():
        raise ValueError(f"rates do not reach state {int(np.argmin(p))}; every state must reach every other")
    return np.asarray(p / p.sum())


def net_flows(rates: ArrayLike, probabilities: ArrayLike) -> Float:
    """Compute the net flows k_ij p_j - k_ji p_i from j to i.

    Parameters
    ----------
    rates : (n, n) array_like
        k_ij from state j to state i in 1/s.
    probabilities : (n,) array_like
        p.

    Returns
    -------
    (n, n) float
        The flows in 1/s, antisymmetric.
    """
    forward = _checked(rates) * np.asarray(probabilities, dtype=float)
    return np.asarray(forward - forward.T)


def entropy_production(rates: ArrayLike, probabilities: ArrayLike) -> float:
    """Compute the production of entropy sigma.

    Parameters
    ----------
    rates : (n, n) array_like
        k_ij from state j to state i in 1/s.
    probabilities : (n,) array_like
        p.

    Returns
    -------
    float
        sigma in k_B/s; infinite if a jump that happens has no reverse.
    """
    forward = _checked(rates) * np.asarray(probabilities, dtype=float)
    both = (forward > 0.0) & (forward.T > 0.0)
    if ((forward > 0.0) & ~both).any():
        return float("inf")
    i, j = np.nonzero(both)
    return float(0.5 * ((forward[i, j] - forward[j, i]) * np.log(forward[i, j] / forward[j, i])).sum())


def _checked(rates: ArrayLike) -> Float:
    w = np.array(rates, dtype=float)
    if w.ndim != 2 or w.shape[0] != w.shape[1] or w.shape[0] == 0:
        raise ValueError(f"rates have shape {w.shape}; expected (n, n) with n >= 1")
    np.fill_diagonal(w, 0.0)
    if not (np.isfinite(w) & (w >= 0.0)).all():
        i, j = np.argwhere(~(np.isfinite(w) & (w >= 0.0)))[0]
        raise ValueError(f"rates[{i}, {j}] is {w[i, j]}; a rate must be finite and not negative")
    return w
