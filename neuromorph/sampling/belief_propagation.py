r"""Belief propagation, the cavity method on one instance: exact on trees, and the Bethe approximation on graphs.

.. math:: u_{j \to i} = \frac1\beta \mathrm{artanh} \bigl[ \tanh(\beta J_{ij}) \tanh(\beta h_{j \to i}) \bigr], \qquad
          h_{j \to i} = h_j + \sum_{k \ne i} u_{k \to j}, \quad m_i = \tanh \beta \Bigl( h_i + \sum_j u_{j \to i} \Bigr)

where h_{j -> i} is the field on spin j in a system from which i has been cut out (the cavity), and

.. math:: \ln Z \approx \sum_i \ln Z_i - \sum_{(ij)} \ln Z_{ij}, \qquad
          Z_i = 2 \cosh(\beta h_i^\mathrm{all}) \prod_j \frac{\cosh \beta J_{ij}}{\cosh \beta u_{j \to i}}, \qquad
          Z_{ij} = \cosh(\beta J_{ij}) \bigl[ 1 + \tanh(\beta J_{ij})\, m_{i \to j} m_{j \to i} \bigr]

which is exact on a tree too. With weak couplings between all pairs the equations become those of TAP.
Sources: Bethe, Proc. R. Soc. A 150, 552 (1935); Pearl (1988); Mezard and Parisi, Eur. Phys. J. B 20, 217 (2001);
Yedidia, Freeman and Weiss, IEEE Trans. Inf. Theory 51, 2282 (2005).
"""

from __future__ import annotations

import numpy as np

from ..ising import Float, Ising
from .mean_field_theory import ApproximateMagnetizations, iterate
from .validation import check_beta


def belief_propagation(
    ising: Ising, beta: float, *, damping: float = 0.0, most: int = 10_000, tolerance: float = 1e-12
) -> ApproximateMagnetizations:
    """Pass messages along the couplings until they no longer change.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.
    damping : float
        Share of the old message in a new one, from 0 to below 1; 0.5 or so helps where there are loops.
    most : int
        Largest number of iterations.
    tolerance : float
        Largest change of a message, in units of beta u, at which the iteration ends.

    Returns
    -------
    ApproximateMagnetizations
        The solution.

    Raises
    ------
    ValueError
        If an option is out of range.
    """
    beta = check_beta(beta)
    j, h = ising.sparse_couplings(), beta * ising.biases
    i, k = np.repeat(np.arange(ising.size), np.diff(j.indptr)), j.indices  # an edge e carries u[e] from k to i
    back = np.lexsort((i, k))  # the edge from i to k
    coupling = beta * j.data

    def fields(u: Float) -> Float:
        return h + np.bincount(i, u, ising.size)

    def step(u: Float) -> Float:
        cavity = fields(u)[k] - u[back]
        return 0.5 * (_log_cosh(coupling + cavity) - _log_cosh(coupling - cavity))  # artanh(tanh tanh), stable

    u, iterations, residual = iterate(step, np.zeros(j.nnz), damping, most, tolerance)
    whole = fields(u)
    here = whole[k] - u[back]  # beta h_{k -> i}
    there = here[back]
    aligned, opposed = coupling + _log_cosh(here + there), -coupling + _log_cosh(here - there)
    spins = (_log_cosh(whole) + np.log(2.0)).sum() + (_log_cosh(coupling) - _log_cosh(u)).sum()
    pairs = 0.5 * (np.logaddexp(aligned, opposed) - np.log(2.0) - _log_cosh(here) - _log_cosh(there)).sum()
    status = "ok" if residual <= tolerance else "not converged"
    log_partition = float(spins - pairs) - beta * ising.offset
    return ApproximateMagnetizations(np.tanh(whole), log_partition, iterations, residual, status)


def _log_cosh(x: Float) -> Float:
    return np.logaddexp(x, -x) - np.log(2.0)
