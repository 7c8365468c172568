r"""Positions of atoms whose couplings are the requested ones, up to one scale.

.. math:: J(x, y) = J_0 \cos(k_x x) \cos(k_y y)\, \frac{e^{-r / \xi}}{r}, \qquad
          \min_{\mathbf r_i, \sigma} \sum_{i<j} \bigl(\sigma J(\mathbf r_i - \mathbf r_j) - J_{ij}\bigr)^2,
          \quad |\mathbf r_i - \mathbf r_j| \ge r_{min}

where J(x, y) is the coupling of two atoms at distance r = (x, y), J_0 its strength, k_x and k_y its wave numbers, xi
its decay length, J_ij the requested coupling, r_min the least separation, and sigma the scale, which stands for the
effective temperature: J_ij beta = J(r) / kT_eff, so that kT_eff = 1 / (sigma beta).

k atoms give 2k - 2 coordinates and the scale against k (k - 1) / 2 couplings: enough up to 4 atoms (7 against 6), too
few from 5 on (9 against 10).

The law is illustrative, its constants are assumed (data.toml). Both mirror images of an anisotropic wave
cos(kx x + ky y) are summed, as a surface with two mirror planes (black phosphorus) demands. One wave alone could not
serve: the signs of cos(phi_i - phi_j) reach only 7 of the 8 kinds of frustration among 4 atoms, whatever its constants.
Damped least squares solve it from many random starts at once; source: Marquardt, J. SIAM 11, 431 (1963).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.datum import Datum
from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

_TOGETHER, _STEPS = 128, 60  # number of starts that are solved at once, and of damped steps of each
_GOOD = 1e-4  # relative error of the couplings at which the search stops
_FAINTEST = 8.0  # ln of the largest scale: couplings of 0.3 ueV, far below what an effective temperature resolves
_STIFF = 5.0  # weight of a violated separation relative to an error of a coupling
_MARGIN = 1.02  # Pairs repel from a little above the least separation, so that they end beyond it.


@dataclass(frozen=True)
class CouplingLaw:
    """The coupling of two atoms, J(x, y) = strength cos(kx x) cos(ky y) exp(-r / decay) / r.

    Attributes
    ----------
    strength : float
        J_0, meV nm.
    kx, ky : float
        Wave numbers, 1/nm.
    decay : float
        xi, nm.
    least : float
        r_min, the least separation of two atoms, nm.
    """

    strength: float
    kx: float
    ky: float
    decay: float
    least: float

    @classmethod
    def of(cls, data: dict[str, Datum]) -> CouplingLaw:
        """Build the law from the constants of ``data.toml``.

        Parameters
        ----------
        data : dict of str to Datum
            Constants by name.

        Returns
        -------
        CouplingLaw
            Law.
        """
        names = ("coupling_strength", "wave_number_x", "wave_number_y", "decay_length", "least_separation")
        return cls(*(data[name].value for name in names))

    def couplings(self, x: Float, y: Float) -> Float:
        """Compute the coupling of two atoms.

        Parameters
        ----------
        x, y : (...) float
            Components of their separation, nm.

        Returns
        -------
        (...) float
            J, meV.
        """
        r = np.hypot(x, y)
        return np.asarray(self.strength * np.cos(self.kx * x) * np.cos(self.ky * y) * np.exp(-r / self.decay) / r)

    def slopes(self, x: Float, y: Float) -> tuple[Float, Float]:
        """Compute the slopes of the coupling of two atoms.

        Parameters
        ----------
        x, y : (...) float
            Components of their separation, nm.

        Returns
        -------
        by_x, by_y : (...) float
            dJ/dx and dJ/dy, meV/nm.
        """
        r = np.hypot(x, y)
        envelope = self.strength * np.exp(-r / self.decay) / r
        wave_x, wave_y = np.cos(self.kx * x), np.cos(self.ky * y)
        fall = -wave_x * wave_y * envelope * (1.0 / self.decay + 1.0 / r) / r
        return (
            fall * x - self.kx * np.sin(self.kx * x) * wave_y * envelope,
            fall * y - self.ky * np.sin(self.ky * y) * wave_x * envelope,
        )


@dataclass(frozen=True, eq=False)
class Placement:
    """Placed atoms.

    Attributes
    ----------
    positions : (n, 2) float
        Positions, nm.
    couplings : (n, n) float
        Couplings of the law at these positions, meV.
    scale : float
        sigma, requested units for each meV.
    """

    positions: Float
    couplings: Float
    scale: float


def place_atoms(wanted: Float, law: CouplingLaw, rng: np.random.Generator, starts: int = 1024) -> Placement:
    """Find positions whose couplings, times one scale, are closest to ``wanted``.

    Parameters
    ----------
    wanted : (n, n) float
        Requested couplings, not all zero.
    law : CouplingLaw
        The coupling of two atoms.
    rng : numpy.random.Generator
        The stream of random starts.
    starts : int
        Largest number of random arrangements, solved 128 at a time; the search stops early at a relative error of 1e-4.

    Returns
    -------
    Placement
        The best arrangement.

    Raises
    ------
    ValueError
        If no start keeps all atoms apart.
    """
    n = len(wanted)
    i, j = np.triu_indices(n, 1)
    target = wanted[i, j] / np.sqrt(np.mean(wanted[i, j] ** 2))
    best, least = np.empty((n, 2)), np.inf
    rounds = max(1, starts // _TOGETHER)
    for k in range(rounds):
        checkpoint("placing the atoms", k, rounds)
        side = law.least * (1.0 + np.sqrt(n) * rng.uniform(0.5, 2.0, (_TOGETHER, 1, 1)))
        positions, error = _fit(side * rng.random((_TOGETHER, n, 2)), target, law)
        nearest = int(np.argmin(error))
        if error[nearest] < least:
            best, least = positions[nearest], float(error[nearest])
        if least < _GOOD:
            break
    if np.isinf(least):
        raise ValueError(f"starts is {starts}; none of them keeps {n} atoms {law.least} nm apart: allow more")
    x, y = (best[i] - best[j]).T
    couplings = np.zeros((n, n))
    couplings[i, j] = couplings[j, i] = law.couplings(x, y)
    scale = float(np.sum(couplings * wanted) / np.sum(couplings**2))
    return Placement(best - best.mean(axis=0), couplings, scale)


def _fit(positions: Float, target: Float, law: CouplingLaw) -> tuple[Float, Float]:
    """Fit couplings to ``target`` (pairs,) of unit size by damped least squares from many starts.

    Unknowns are the 2n coordinates, from ``positions`` (starts, n, 2) on, and ln scale. The function returns the final
    positions and their relative error (starts,), which is infinite where atoms end too close to one another.
    """
    starts, n = positions.shape[:2]
    z = np.concatenate([positions.reshape(starts, 2 * n), np.zeros((starts, 1))], axis=1)
    z[:, -1] = -0.5 * np.log(np.mean(law.couplings(*_pairs(z)) ** 2, axis=1))
    damping = np.full((starts, 1, 1), 1e-3)
    residual = _residual(z, target, law)
    for _ in range(_STEPS):
        jacobian = _jacobian(z, law)
        normal = jacobian.mT @ jacobian
        weight = damping * (np.trace(normal, axis1=1, axis2=2)[:, None, None] + 1e-9)
        gradient = jacobian.mT @ residual[..., None]
        trial = z - np.linalg.solve(normal + weight * np.eye(2 * n + 1), gradient)[..., 0]
        trial[:, -1] = np.minimum(trial[:, -1], _FAINTEST)
        trial_residual = _residual(trial, target, law)
        better = np.sum(trial_residual**2, axis=1) < np.sum(residual**2, axis=1)
        z[better], residual[better] = trial[better], trial_residual[better]
        damping = np.clip(np.where(better[:, None, None], damping / 4.0, damping * 5.0), 1e-11, 1e6)
    error = np.sqrt(np.mean(residual[:, : target.size] ** 2, axis=1))
    return z[:, :-1].reshape(starts, n, 2), np.where(np.hypot(*_pairs(z)).min(axis=1) >= law.least, error, np.inf)


def _pairs(z: Float) -> tuple[Float, Float]:
    """Compute x and y (starts, pairs) from the second to the first atom of each pair."""
    at = z[:, :-1].reshape(len(z), -1, 2)
    i, j = np.triu_indices(at.shape[1], 1)
    apart = at[:, i] - at[:, j]
    return apart[..., 0], apart[..., 1]


def _residual(z: Float, target: Float, law: CouplingLaw) -> Float:
    """Compute the residual (starts, 2 pairs): coupling errors, and violations of the least separation."""
    x, y = _pairs(z)
    near = np.maximum(_MARGIN - np.hypot(x, y) / law.least, 0.0)
    return np.concatenate([np.exp(z[:, -1:]) * law.couplings(x, y) - target, _STIFF * near], axis=1)


def _jacobian(z: Float, law: CouplingLaw) -> Float:
    """Compute the Jacobian d residual / d z, (starts, 2 pairs, 2n + 1)."""
    x, y = _pairs(z)
    r, scale = np.hypot(x, y), np.exp(z[:, -1:])
    by_x, by_y = law.slopes(x, y)
    push = np.where(r < _MARGIN * law.least, -_STIFF / (law.least * r), 0.0)
    jacobian = np.zeros((*x.shape, 2, z.shape[1]))
    i, j = np.triu_indices((z.shape[1] - 1) // 2, 1)
    pair = np.arange(i.size)
    for axis, (slope, along) in enumerate(((by_x, x), (by_y, y))):
        for atom, sign in ((i, 1.0), (j, -1.0)):
            jacobian[:, pair, 0, 2 * atom + axis] = sign * scale * slope
            jacobian[:, pair, 1, 2 * atom + axis] = sign * push * along
    jacobian[:, :, 0, -1] = scale * law.couplings(x, y)
    return np.concatenate([jacobian[:, :, 0], jacobian[:, :, 1]], axis=1)
