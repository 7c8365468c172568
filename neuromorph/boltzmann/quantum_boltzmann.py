r"""Quantum Boltzmann machine of visible qubits, learned exactly or along a bound; the classical one is Gamma = 0.

.. math:: H = -\sum_i \Gamma_i \sigma^x_i - \sum_i b_i \sigma^z_i - \sum_{i<j} w_{ij} \sigma^z_i \sigma^z_j, \qquad
          p(v) = \frac{\langle v | e^{-H} | v \rangle}{\mathrm{Tr}\, e^{-H}}

where v are the 2^n states of sigma^z. Learning raises L = sum_v P(v) ln p(v), P the data. H and its derivatives do not
commute; in the eigenvectors U of H, of eigenvalues E_m, the exact gradient by a parameter theta is

.. math:: \partial_\theta \mathrm{Tr}\, A e^{-H} = -\sum_{mn} A_{mn} (\partial_\theta H)_{nm} f_{mn}, \qquad
          f_{mn} = \frac{e^{-E_m} - e^{-E_n}}{E_n - E_m}, \quad f_{mm} = e^{-E_m}

with A diagonal, of entries P(v) / p(v). The bound of Golden and Thompson replaces p(v) by
Tr exp(-H + ln |v><v|) / Tr exp(-H), which is exp(sum b v + sum w v v) / Z when all qubits are visible: its gradient is
the data's means less the machine's, as in a classical machine, and has none by Gamma, which stays as it is given.
Source: Amin, Andriyash, Rolfe, Kulchytskyy and Melko, Phys. Rev. X 8, 021050 (2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from ..exact import spins_of
from ..ising import Float
from ..runtime.limits import checkpoint

MAX_QUBITS = 10
_SMALLEST = 1e-300


@dataclass(frozen=True, eq=False)
class QuantumBoltzmann:
    """Quantum Boltzmann machine of n visible qubits.

    Attributes
    ----------
    fields : (n,) float
        b.
    couplings : (n (n - 1) / 2,) float
        w of the pairs i < j, row by row.
    transverse : (n,) float
        Gamma.
    """

    fields: Float
    couplings: Float
    transverse: Float

    def __post_init__(self) -> None:
        n = len(self.fields)
        if not 1 <= n <= MAX_QUBITS or len(self.couplings) != n * (n - 1) // 2 or len(self.transverse) != n:
            raise ValueError(
                f"fields, couplings and transverse hold {n}, {len(self.couplings)} and {len(self.transverse)} values; "
                f"give n, n (n - 1) / 2 and n, with n from 1 to {MAX_QUBITS}"
            )
        if not all(np.isfinite(each).all() for each in (self.fields, self.couplings, self.transverse)):
            raise ValueError("fields, couplings or transverse hold NaN or infinity; every value must be finite")

    def probabilities(self) -> Float:
        """Compute p(v) of all states, numbered as in :mod:`.exact`.

        Returns
        -------
        (2^n,) float
            The probabilities.
        """
        energies, vectors = self._spectrum()
        weights = np.exp(energies.min() - energies)
        return np.asarray(vectors**2 @ (weights / weights.sum()))

    def log_likelihood_gradient(self, data: Float) -> tuple[float, Float]:
        """Compute L and its exact gradient by fields, couplings and transverse fields.

        Parameters
        ----------
        data : (2^n,) float
            P.

        Returns
        -------
        likelihood : float
            L in nats.
        gradient : (2 n + n (n - 1) / 2,) float
            The derivatives.
        """
        energies, u = self._spectrum()
        weights = np.exp(energies.min() - energies)
        weights /= weights.sum()
        p = np.maximum(u**2 @ weights, _SMALLEST)
        apart = energies[None, :] - energies[:, None]
        near = np.abs(apart) < 1e-7
        with np.errstate(divide="ignore", invalid="ignore"):
            f = (weights[:, None] - weights[None, :]) / apart
        f[near] = (0.5 * (weights[:, None] + weights[None, :]))[near]
        a = u.T @ ((data / p)[:, None] * u)
        # d L = -Tr[(dH) M] with M = U (A f) U' - rho: the second part is that of Z, whose data weigh 1 in all.
        m = u @ (a * f - np.diag(weights)) @ u.T
        s, n = spins_of(np.arange(len(p)), len(self.fields)), len(self.fields)
        diagonal = np.diag(m)
        number = np.arange(len(p))
        flips = [float(m[number, number ^ (1 << i)].sum()) for i in range(n)]
        return float(data @ np.log(p)), np.r_[_pairs_and_fields(s) @ diagonal, flips]

    def bound_gradient(self, data: Float) -> tuple[float, Float]:
        """Compute the bound of L and its gradient by fields and couplings.

        Parameters
        ----------
        data : (2^n,) float
            P.

        Returns
        -------
        bound : float
            At most L, in nats.
        gradient : (n + n (n - 1) / 2,) float
            The derivatives.
        """
        energies, u = self._spectrum()
        shifted = np.exp(energies.min() - energies)
        log_z = float(np.log(shifted.sum()) - energies.min())
        p = u**2 @ (shifted / shifted.sum())
        features = _pairs_and_fields(spins_of(np.arange(len(p)), len(self.fields)))
        clamped = np.r_[self.fields, self.couplings] @ features
        return float(data @ clamped) - log_z, features @ (data - p)

    def _spectrum(self) -> tuple[Float, Float]:
        n = len(self.fields)
        number = np.arange(1 << n)
        h = np.diag(-np.r_[self.fields, self.couplings] @ _pairs_and_fields(spins_of(number, n)))
        if not np.any(self.transverse):
            return np.diag(h).copy(), np.eye(1 << n)
        for i, gamma in enumerate(self.transverse):
            h[number, number ^ (1 << i)] -= gamma
        energies, vectors = np.linalg.eigh(h)
        return energies, vectors


def learn_quantum_boltzmann(
    data: ArrayLike,
    *,
    transverse: float = 0.0,
    method: str = "exact",
    iterations: int = 50,
    spread: float = 0.1,
    seed: int = 0,
) -> tuple[QuantumBoltzmann, list[float]]:
    """Train a machine on a distribution by L-BFGS from small random parameters.

    Parameters
    ----------
    data : (2^n,) array_like
        P of all states, which sums to 1.
    transverse : float
        Gamma at the start; 0 is the classical machine, whose Gamma stays 0.
    method : str
        "exact", which learns Gamma as well, or "bound", which keeps it.
    iterations : int
        Most iterations.
    spread : float
        Deviation of the first fields and couplings.
    seed : int
        Their seed.

    Returns
    -------
    machine : QuantumBoltzmann
        The trained machine.
    divergences : list of float
        KL(P || p) in nats at the start and after each iteration.

    Raises
    ------
    ValueError
        If ``data`` are no distribution over 2^n states, or ``method`` is unknown.
    """
    target = np.asarray(data, dtype=float)
    n = max(0, target.size.bit_length() - 1)
    if target.shape != (1 << n,) or n < 1 or (target < 0.0).any() or not np.isclose(target.sum(), 1.0):
        raise ValueError(f"data have shape {target.shape} and sum to {target.sum():g}; give (2^n,) that sum to 1")
    if method not in ("exact", "bound"):
        raise ValueError(f"method is {method!r}; choose exact or bound")
    pairs, learns = n * (n - 1) // 2, method == "exact" and transverse != 0.0
    rng = np.random.default_rng(seed)
    start = np.r_[spread * rng.normal(size=n + pairs), np.full(n, transverse)]

    def machine(x: Float) -> QuantumBoltzmann:
        return QuantumBoltzmann(x[:n], x[n : n + pairs], x[n + pairs :] if learns else start[n + pairs :])

    def cost(x: Float) -> tuple[float, Float]:
        checkpoint("quantum Boltzmann machine")
        if method == "bound" or not learns:
            value, slope = machine(x).bound_gradient(target)  # the bound is exact where Gamma is 0
        else:
            value, slope = machine(x).log_likelihood_gradient(target)
        return -value, -slope

    path = [start if learns else start[: n + pairs]]
    found = minimize(cost, path[0], jac=True, method="L-BFGS-B", callback=lambda x: path.append(x.copy()),
                     options={"maxiter": iterations})  # fmt: skip
    return machine(found.x), [_kl(target, machine(x).probabilities()) for x in path]


def bernoulli_mixture(n: int, modes: int, p: float, rng: np.random.Generator) -> Float:
    r"""Draw a mixture of modes around random states: the published task of small machines.

    .. math:: P(v) = \frac{1}{M} \sum_k p^{n - d_k(v)} (1 - p)^{d_k(v)}

    Parameters
    ----------
    n : int
        Units.
    modes : int
        M.
    p : float
        Probability that a unit is as in the center of its mode; d_k is the Hamming distance from center k.
    rng : Generator
        Draws the centers.

    Returns
    -------
    (2^n,) float
        P.
    """
    states = spins_of(np.arange(1 << n), n)
    centers = rng.choice([-1, 1], (modes, n))
    distances = (states[None] != centers[:, None]).sum(axis=2)
    return np.asarray((p ** (n - distances) * (1.0 - p) ** distances).mean(axis=0))


def _kl(data: Float, p: Float) -> float:
    held = data > 0.0
    return float((data[held] * np.log(data[held] / np.maximum(p[held], _SMALLEST))).sum())


def _pairs_and_fields(s: ArrayLike) -> Float:
    """Values of s_i and of s_i s_j (n + pairs, states)."""
    spins = np.asarray(s, dtype=float).T
    i, j = np.triu_indices(len(spins), 1)
    return np.vstack([spins, spins[i] * spins[j]])
