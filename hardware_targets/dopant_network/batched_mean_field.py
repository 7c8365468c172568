r"""The mean field of many settings at once, with its slopes: what training by gradient evaluates most.

The equations are those of ``mean_field``; Newton's steps of all settings are taken together and those that have
converged drop out, which is an order of magnitude faster than one after another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from neuromorph.ising import Float

from .hopping import LIQUID_NITROGEN_K, HoppingNetwork, thermal_voltage

_STEPS = 400
_TOLERANCE = 1e-9
_TOGETHER = 256  # settings whose rates stay in the cache of a core


@dataclass(frozen=True, eq=False)
class MeanFieldDevice:
    """A hopping network in mean field: currents into all electrodes with exact slopes, without a record or training."""

    network: HoppingNetwork
    temperature_k: float = LIQUID_NITROGEN_K

    @property
    def outputs(self) -> tuple[int, ...]:
        return tuple(range(self.network.electrodes))

    def currents(self, voltages_v: ArrayLike) -> Float:
        """I (..., k), A, at V (..., k). ValueError where no steady state is found."""
        return self.linearised(voltages_v)[0]

    def linearised(self, voltages_v: ArrayLike) -> tuple[Float, Callable[[Float], Float]]:
        """I (..., k) at V (..., k), A, and what turns a loss's dl/dI into its dl/dV."""
        v = np.asarray(voltages_v, dtype=float)
        rows = np.atleast_2d(self.network.voltages(v.reshape(-1, v.shape[-1])))
        blocks = [self._solve(rows[at : at + _TOGETHER]) for at in range(0, len(rows), _TOGETHER)]
        currents, slopes = (np.concatenate(part) for part in zip(*blocks, strict=True))
        slopes = slopes.reshape(*v.shape, v.shape[-1])
        return currents.reshape(v.shape), lambda gradient: np.einsum("...e,...ef->...f", gradient, slopes)

    def _solve(self, v: Float) -> tuple[Float, Float]:
        """I (b, k) and dI/dV (b, k, k)."""
        network, beta = self.network, 1.0 / thermal_voltage(self.temperature_k)
        n, k = network.sites, network.electrodes
        lever = np.vstack([network.lever, np.eye(k)])
        coulomb = np.zeros((n + k, n + k))
        coulomb[:n, :n] = network.interaction_v
        fixed = v @ lever.T
        fixed[:, :n] += network.static_v - network.interaction_v.sum(axis=1)
        s = np.full((len(v), n), 0.5)
        step = np.ones(len(v))
        at = _Rates(network.attempts_hz, coulomb, fixed, s, beta)
        left = np.arange(len(v))
        for _ in range(_STEPS):
            left = left[at.residual > _TOLERANCE]
            if left.size == 0:
                break
            at = at.only(at.residual > _TOLERANCE)
            scale = 1.0 / at.turnover
            matrix = np.eye(n) / step[left, None, None] - scale[..., None] * at.by_occupation()
            change = np.linalg.solve(matrix, (scale * at.net)[..., None])[..., 0]
            # each towards 0 and 1 at most nine tenths of the way
            tried = np.clip(at.s + change, 0.1 * at.s, 1.0 - 0.1 * (1.0 - at.s))
            after = _Rates(network.attempts_hz, coulomb, at.fixed, tried, beta)
            good = (after.residual < 2.0 * at.residual) | (step[left] < 1e-3)
            faster = np.clip(at.residual / np.maximum(after.residual, 1e-300), 1.5, 10.0)
            step[left] = np.where(good, step[left] * faster, step[left] / 4.0)
            s[left[good]] = after.s[good]
            at = _Rates(network.attempts_hz, coulomb, at.fixed, np.where(good[:, None], after.s, at.s), beta)
        if left.size:
            raise ValueError(
                f"the mean field at {v[left[0]]} V is not steady after {_STEPS} steps; use the exact solver"
            )
        at = _Rates(network.attempts_hz, coulomb, fixed, s, beta)
        by_energy, by_s = at.laplacian(), at.by_all()
        by_v = by_energy @ lever
        response = np.linalg.solve(by_s[:, :n, :n], by_v[:, :n])
        slopes = by_v[:, n:] - by_s[:, n:, :n] @ response
        current = at.flow.sum(axis=1) - at.flow.sum(axis=2)
        return elementary_charge * current[:, n:], elementary_charge * slopes


class _Rates:
    """The hops T_ab of b settings with occupations s (b, n); ends are acceptors, then electrodes."""

    def __init__(self, attempts: Float, coulomb: Float, fixed: Float, s: Float, beta: float) -> None:
        n, ends = s.shape[1], np.ones((len(s), fixed.shape[1] - s.shape[1]))
        self.attempts, self.coulomb, self.fixed, self.s, self.beta = attempts, coulomb, fixed, s, beta
        inside = np.hstack([s, 0.0 * ends])
        energy = fixed + inside @ coulomb
        change = energy[:, None] - energy[..., None] + coulomb * (inside[:, None] - inside[..., None])
        self.uphill = change > 0.0
        self.source, self.target = np.hstack([s, ends]), np.hstack([1.0 - s, ends])
        self.rates = attempts * np.exp(-beta * np.maximum(change, 0.0))
        self.flow = self.rates * self.source[..., None] * self.target[:, None]
        gain, loss = self.flow.sum(axis=1)[:, :n], self.flow.sum(axis=2)[:, :n]
        into, out = (self.source[:, None] @ self.rates)[:, 0], (self.rates @ self.target[..., None])[..., 0]
        self.turnover = (into + out)[:, :n]
        self.net = gain - loss
        # Where s is 0 or 1 to round-off, gain and loss are not known better than 1e-16 of the turnover.
        self.residual = (np.abs(self.net) / (gain + loss + 1e-6 * self.turnover)).max(axis=1)

    def only(self, keep: np.ndarray) -> _Rates:
        if keep.all():
            return self
        return _Rates(self.attempts, self.coulomb, self.fixed[keep], self.s[keep], self.beta)

    def laplacian(self) -> Float:
        """d(gain - loss) of all ends by the energies of all ends, (b, m, m)."""
        return _balanced(np.where(self.uphill, -self.beta * self.flow, 0.0))

    def by_all(self) -> Float:
        """d(gain - loss) of all ends by the occupations of all, (b, m, m); those of electrodes mean nothing."""
        steep = np.where(self.uphill, -self.beta * self.flow, 0.0)
        # Energies of all, the pair's own term C_ab (s_b - s_a), then s_a (1 - s_b) itself.
        change = _balanced(steep) @ self.coulomb + _balanced(steep * self.coulomb)
        leaves, comes = self.rates * self.target[:, None], self.rates * self.source[..., None]
        change += np.swapaxes(leaves, 1, 2) + comes
        places = np.arange(change.shape[1])
        change[:, places, places] -= leaves.sum(axis=2) + comes.sum(axis=1)
        return change

    def by_occupation(self) -> Float:
        n = self.s.shape[1]
        return self.by_all()[:, :n, :n]


def _balanced(steep: Float) -> Float:
    """sum of rows and columns on the diagonal, less steep and its transpose."""
    both = steep + np.swapaxes(steep, 1, 2)
    places = np.arange(both.shape[1])
    found = -both
    found[:, places, places] += both.sum(axis=2)
    return found
