r"""Exact solution of the square lattice, a test of samplers of any kind at any size.

.. math:: Z = \tfrac12 (2 \sinh 2K)^{MN/2} \Bigl[ \prod_{r=1}^{M} 2 \cosh \tfrac{N \gamma_{2r-1}}{2}
              + \prod 2 \sinh \tfrac{N \gamma_{2r-1}}{2} + \prod 2 \cosh \tfrac{N \gamma_{2r-2}}{2}
              + \prod 2 \sinh \tfrac{N \gamma_{2r-2}}{2} \Bigr], \\
          \cosh \gamma_l = \cosh 2K \coth 2K - \cos \tfrac{\pi l}{M}, \quad \gamma_0 = 2K + \ln \tanh K, \qquad
          m = (1 - \sinh^{-4} 2K)^{1/8}, \qquad \sinh 2 K_c = 1

for an M x N torus of couplings 1 at K = beta, where m is the magnetization and K_c the critical beta.
Sources: Kaufman, Phys. Rev. 76, 1232 (1949); Onsager, Phys. Rev. 65, 117 (1944); Yang, Phys. Rev. 85, 808 (1952).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from ..ising import Ising
from .validation import at_least, check_beta

CRITICAL_BETA = float(np.arcsinh(1.0) / 2.0)  # K_c = 0.440687, T_c = 2.269185


def square_lattice(rows: int, columns: int, coupling: float = 1.0) -> Ising:
    """Build a torus of equal couplings, with site (r, c) at r columns + c.

    Parameters
    ----------
    rows, columns : int
        Size, at least 3 x 3, so that bonds are single.
    coupling : float
        J of every bond.

    Returns
    -------
    Ising
        The problem.
    """
    at_least(3, rows=rows, columns=columns)
    site = np.arange(rows * columns).reshape(rows, columns)
    near = np.concatenate([np.roll(site, -1, axis=axis).ravel() for axis in (0, 1)])
    ends = np.concatenate([site.ravel(), site.ravel()])
    upper = sparse.coo_array((np.full(ends.size, coupling), (ends, near)), shape=(site.size, site.size))
    return Ising(sparse.csr_array(upper + upper.T))


def lattice_log_partition(rows: int, columns: int, beta: float) -> float:
    """Compute ln Z of the torus of :func:`square_lattice` with coupling 1.

    Parameters
    ----------
    rows, columns : int
        Size of the torus.
    beta : float
        Inverse temperature, above 0.

    Returns
    -------
    float
        ln Z.
    """
    return float(_log_partition(rows, columns, complex(_positive(beta))).real)


def lattice_energy(rows: int, columns: int, beta: float) -> float:
    """Compute the energy per site, -d ln Z / d beta / (rows columns).

    Parameters
    ----------
    rows, columns : int
        Size of the torus.
    beta : float
        Inverse temperature, above 0.

    Returns
    -------
    float
        <E> / (rows columns).
    """
    step = 1e-30
    derivative = _log_partition(rows, columns, complex(_positive(beta), step)).imag / step
    return float(-derivative / (rows * columns))


def lattice_magnetization(beta: float) -> float:
    """Compute Yang's spontaneous magnetization of the infinite lattice.

    Returns
    -------
    float
        m; 0 below K_c.
    """
    beta = _positive(beta)
    return float((1.0 - np.sinh(2.0 * beta) ** -4) ** 0.125) if beta > CRITICAL_BETA else 0.0


def binder_cumulant(magnetization: ArrayLike) -> float:
    """Compute Binder's cumulant U = 1 - <m^4> / 3 <m^2>^2.

    It is 2/3 in the ordered phase and 0 in the disordered one; curves of all sizes cross at K_c.

    Returns
    -------
    float
        U.

    References
    ----------
    Binder, Z. Phys. B 43, 119 (1981).
    """
    m2 = np.square(np.asarray(magnetization, dtype=float))
    return float(1.0 - (m2**2).mean() / (3.0 * m2.mean() ** 2))


def _positive(beta: float) -> float:
    if check_beta(beta) == 0.0:
        raise ValueError("beta is 0; there all states are alike, ln Z = n ln 2: give a beta above 0")
    return float(beta)


def _log_partition(m: int, n: int, k: complex) -> complex:
    at_least(3, rows=m, columns=n)
    scale = np.cosh(2.0 * k) / np.tanh(2.0 * k)

    def gamma(even: bool) -> np.ndarray:
        l_ = np.arange(m) * 2 + (0 if even else 1)
        values = np.arccosh((scale - np.cos(np.pi * l_ / m)).astype(complex))
        if even:
            values[0] = 2.0 * k + np.log(np.tanh(k))
        return np.asarray(values) * n / 2.0

    terms, sizes = [], []
    for even in (False, True):
        x = gamma(even)
        size = np.abs(x.real)  # taken out of every factor, so that nothing overflows
        up, down = np.exp(x - size), np.exp(-x - size)
        terms += [np.prod(up + down), np.prod(up - down)]
        sizes += [size.sum(), size.sum()]
    largest = max(sizes)
    total = sum(term * np.exp(size - largest) for term, size in zip(terms, sizes, strict=True))
    return complex(-np.log(2.0) + m * n / 2.0 * np.log(2.0 * np.sinh(2.0 * k)) + largest + np.log(total))
