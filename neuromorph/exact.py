"""Exact results for small problems: enumeration to n = 24, the transfer matrix for chains and rings of any length.

States are numbered k = 0 .. 2^n - 1; s_i = +1 where bit i of k is set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from .ising import Float, Ising
from .runtime.pieces import pieces

MAX_SPINS = 24


def all_energies(ising: Ising) -> Float:
    """Enumerate the energy E of every state.

    Returns
    -------
    (2^n,) float
        E in the order of the state numbers.

    Raises
    ------
    ValueError
        If there are more than ``MAX_SPINS`` spins.
    """
    return _energies(ising) + ising.offset


def _energies(ising: Ising) -> Float:
    """Enumerate E without its offset, beside which small couplings would lose their digits."""
    from .kernels import enumeration as kernel

    if ising.size > MAX_SPINS:
        raise ValueError(f"ising has {ising.size} spins; enumeration stops at {MAX_SPINS} (2^n states): sample instead")
    j, h = np.array(ising.dense_couplings(), order="C"), np.array(ising.biases)
    table, spins, fields = np.empty(1 << ising.size), -np.ones(ising.size), np.empty(ising.size)
    table[0] = last = kernel.first(j, h, fields)
    for _, part in pieces(1, table.size - 1, "enumeration"):
        last = kernel.energies(j, spins, fields, last, part.start + 1, part.stop + 1, table)
    return table


def spins_of(states: ArrayLike, n: int) -> NDArray[np.int8]:
    """Convert state numbers to spins.

    Parameters
    ----------
    states : (...) array_like
        State numbers.
    n : int
        Number of spins.

    Returns
    -------
    (..., n) int8
        Spins.
    """
    k = np.asarray(states, dtype=np.int64)
    return (2 * ((k[..., None] >> np.arange(n)) & 1) - 1).astype(np.int8)


def states_of(spins: ArrayLike) -> NDArray[np.int64]:
    """Convert spins (..., n) to state numbers, the inverse of :func:`spins_of`.

    Returns
    -------
    (...) int64
        State numbers.
    """
    s = np.asarray(spins)
    return ((s > 0).astype(np.int64) << np.arange(s.shape[-1])).sum(axis=-1)


def ground_states(ising: Ising) -> tuple[float, NDArray[np.int8]]:
    """Enumerate the ground states and their energy.

    Returns
    -------
    tuple of float, (k, n) int8
        The lowest energy, and every state that has it to 1e-9 of the range of energies.
    """
    table = all_energies(ising)
    lowest = float(table.min())
    ties = np.flatnonzero(table <= lowest + 1e-9 * max(1e-300, float(np.ptp(table))))
    return lowest, spins_of(ties, ising.size)


def boltzmann(ising: Ising, beta: float) -> Float:
    """Enumerate the Boltzmann distribution p(s) = exp(-beta E(s)) / Z.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature >= 0 in 1 / energy.

    Returns
    -------
    (2^n,) float
        p in the order of the state numbers.
    """
    table = _energies(ising)
    with np.errstate(over="ignore"):  # where only the ground states are left
        weights = np.exp(-_checked_beta(beta) * (table - table.min()))
    return weights / weights.sum()


def log_partition(ising: Ising, beta: float) -> float:
    """Compute ln Z = ln sum_s exp(-beta E(s)) by enumeration.

    Parameters
    ----------
    ising : Ising
        The problem.
    beta : float
        Inverse temperature >= 0 in 1 / energy.

    Returns
    -------
    float
        ln Z.
    """
    table, beta = _energies(ising), _checked_beta(beta)
    lowest = float(table.min())  # taken out first, so that a large beta leaves the ground states
    with np.errstate(over="ignore"):
        return float(logsumexp(-beta * (table - lowest)) - beta * (lowest + ising.offset))


def chain_log_partition(ising: Ising, beta: float) -> float:
    r"""Compute ln Z of an open chain or a ring of any length by transfer matrices.

    .. math:: Z = \mathrm{tr} \prod_i T_i, \quad
              T_i(s, s') = e^{\beta (J_{i,i+1} s s' + h_{i+1} s')}

    The result is independent of enumeration and serves as its test.

    Parameters
    ----------
    ising : Ising
        A problem whose spins couple to i +- 1 only (n - 1 to 0 closes the ring).
    beta : float
        Inverse temperature >= 0 in 1 / energy.

    Returns
    -------
    float
        ln Z.

    Raises
    ------
    ValueError
        If spins are coupled that are not neighbors.

    References
    ----------
    Kramers and Wannier, Phys. Rev. 60, 252 (1941).
    """
    beta, n, j = _checked_beta(beta), ising.size, ising.sparse_couplings().tocoo()
    row, col = j.coords
    far = (np.abs(row - col) != 1) & (np.abs(row - col) != n - 1)
    if far.any():
        k = int(np.argmax(far))
        raise ValueError(f"spins {row[k]} and {col[k]} are coupled; a chain couples neighbors only")
    if n == 1:
        return log_partition(ising, beta)
    bond = {(int(a), int(b)): float(v) for a, b, v in zip(row, col, j.data, strict=True)}
    s = np.array([-1.0, 1.0])
    closing = bond.get((0, n - 1), 0.0) if n > 2 else 0.0
    # log of the weight of (first spin, current spin), so that long chains do not overflow
    weight = np.where(np.eye(2, dtype=bool), beta * ising.biases[0] * s[:, None], -np.inf)
    for i in range(1, n):
        step = beta * (bond.get((i - 1, i), 0.0) * np.outer(s, s) + ising.biases[i] * s)
        weight = logsumexp(weight[:, :, None] + step[None], axis=1)
    return float(logsumexp(weight + beta * closing * np.outer(s, s)) - beta * ising.offset)


def _checked_beta(beta: float) -> float:
    if not (np.isfinite(beta) and beta >= 0):
        raise ValueError(f"beta is {beta}; it must be finite and not negative")
    return float(beta)
