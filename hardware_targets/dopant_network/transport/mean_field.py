r"""Mean field of a hopping network: every acceptor sees the mean occupation of the others.

.. math:: \frac{d \langle n_i \rangle}{dt} = \sum_a (T_{ai} - T_{ia}) = 0, \qquad
          T_{ab} = \nu_{ab} \min(1, e^{-e \Delta_{ab} / kT})\, s_a\, (1 - s_b), \qquad
          \Delta_{ab} = \varepsilon_b - \varepsilon_a + C_{ab} (s_b - s_a)

where s = <n> at acceptors, s_a = 1 as source and 0 as target at electrodes, T_ab is the mean flow, nu_ab the attempt
rate, epsilon the energy at <n> in place of n, and C the Coulomb interaction; the last term takes the pair that hops out
of its own mean, so that one acceptor alone is exact. The mean field is a smooth function of the voltages but for the
kink of min, and cheap: n unknowns in place of 2^n. Correlations are neglected.
The slope of the currents is that of the implicit function,

.. math:: \frac{dI}{dV} = \partial_V I - \partial_s I\, (\partial_s F)^{-1}\, \partial_V F, \qquad F = \frac{ds}{dt}
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork, thermal_voltage

_STEPS = 400
_TOLERANCE = 1e-10


@dataclass(frozen=True, eq=False)
class MeanFieldOccupations:
    """A steady state in mean field.

    Attributes
    ----------
    occupation : (n,) float
        <n_i>.
    currents_a : (k,) float
        Currents into the electrodes, A.
    conductances_s : (k, k) float
        dI_e / dV_f, A/V, row e.
    residual : float
        Largest ``|gain - loss| / (gain + loss)`` of an acceptor.
    converged : bool
        Whether the residual is below 1e-10.
    message : str
        The reason if it is not.
    """

    occupation: Float
    currents_a: Float
    conductances_s: Float
    residual: float
    converged: bool
    message: str


@single_threaded_blas()
def mean_field_occupations(
    network: HoppingNetwork,
    voltages_v: ArrayLike,
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
    start: ArrayLike | None = None,
) -> MeanFieldOccupations:
    """Solve the mean field for a steady state; there may be others where C is large.

    Newton's method takes implicit Euler steps of ds/dt, in the local time of each acceptor, which grow as it converges.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    voltages_v : (k,) float
        Voltages of the electrodes, V.
    temperature_k : float
        Temperature, K.
    start : (n,) float, optional
        Occupations to start from; None is 1/2 everywhere.

    Returns
    -------
    MeanFieldOccupations
        The steady state.
    """
    v, beta = network.voltages(voltages_v), 1.0 / thermal_voltage(temperature_k)
    if v.ndim != 1:
        raise ValueError(f"voltages have shape {v.shape}; one setting at a time, ({network.electrodes},)")
    s = np.full(network.sites, 0.5) if start is None else np.array(start, dtype=float)
    if s.shape != (network.sites,) or not ((s >= 0.0) & (s <= 1.0)).all():
        raise ValueError(f"start has shape {s.shape}; give occupations between 0 and 1, ({network.sites},)")
    rates = _Rates(network, v, beta, network.attempts_at(temperature_k))
    step, now = 1.0, rates.balance(s)
    for _ in range(_STEPS):
        if now.residual < _TOLERANCE:
            break
        checkpoint()
        scale = 1.0 / now.turnover
        matrix = np.eye(s.size) / step - scale[:, None] * rates.slope(s, now)[0]
        change = np.linalg.solve(matrix, scale * now.net)
        # Each occupation moves at most nine tenths of its way to 0 or 1.
        tried = np.clip(s + change, 0.1 * s, 1.0 - 0.1 * (1.0 - s))
        after = rates.balance(tried)
        if after.residual < 2.0 * now.residual or step < 1e-3:
            step = step * min(10.0, max(1.5, now.residual / max(after.residual, 1e-300)))
            s, now = tried, after
        else:
            step /= 4.0
    by_occupation, by_voltage, current, current_s, current_v = rates.slope(s, now)
    slope = current_v - current_s @ np.linalg.solve(by_occupation, by_voltage)
    converged = bool(now.residual < _TOLERANCE)
    message = "steady" if converged else f"gain and loss still differ by {now.residual:.1e} of their sum"
    return MeanFieldOccupations(
        s, elementary_charge * current, elementary_charge * slope, float(now.residual), converged, message
    )


@dataclass(frozen=True, eq=False)
class _Balance:
    """Flows at one occupation.

    Rates k (m, m), T (m, m), ds/dt (n,), gain + loss at fixed s (n,), relative imbalance.
    """

    rates: Float
    flow: Float
    net: Float
    turnover: Float
    residual: float


class _Rates:
    """The hops at fixed voltages, acceptors and electrodes alike."""

    def __init__(self, network: HoppingNetwork, v: Float, beta: float, attempts_hz: Float | None = None) -> None:
        n, k = network.sites, network.electrodes
        self.n, self.beta = n, beta
        self.attempts = network.attempts_hz if attempts_hz is None else attempts_hz
        self.coulomb = np.zeros((n + k, n + k))
        self.coulomb[:n, :n] = network.interaction_v
        self.lever = np.vstack([network.lever, np.eye(k)])
        self.fixed = np.r_[network.site_energies(v) - network.interaction_v.sum(axis=1), v]

    def occupied(self, s: Float) -> tuple[Float, Float]:
        """Return s as sources and 1 - s as targets, with the electrodes."""
        ends = np.ones(len(self.fixed) - self.n)
        return np.r_[s, ends], np.r_[1.0 - s, ends]

    def changes(self, s: Float) -> Float:
        """Compute Delta (m, m) at occupations s."""
        inside = np.r_[s, np.zeros(len(self.fixed) - self.n)]
        energy = self.fixed + self.coulomb @ inside
        return energy - energy[:, None] + self.coulomb * (inside - inside[:, None])

    def balance(self, s: Float) -> _Balance:
        """Compute rates and flows at occupations s."""
        source, target = self.occupied(s)
        rates = self.attempts * np.exp(-self.beta * np.maximum(self.changes(s), 0.0))
        flow = rates * source[:, None] * target
        gain, loss = flow.sum(axis=0)[: self.n], flow.sum(axis=1)[: self.n]
        turnover = (source @ rates + rates @ target)[: self.n]
        # Where s is 0 or 1 to round-off, gain and loss are not known better than 1e-16 of the turnover.
        off = np.abs(gain - loss) / (gain + loss + 1e-6 * turnover)
        return _Balance(rates, flow, gain - loss, turnover, float(off.max()))

    def slope(self, s: Float, at: _Balance) -> tuple[Float, Float, Float, Float, Float]:
        """Compute dF/ds (n, n), dF/dV (n, k), I/e (k,), dI/ds (k, n), dI/dV (k, k)."""
        n = self.n
        source, target = self.occupied(s)
        steep = np.where(self.changes(s) > 0.0, -self.beta * at.flow, 0.0)  # dT_ab / dDelta_ab
        total_in, total_out = steep.sum(axis=0), steep.sum(axis=1)

        def through(energy: Float) -> Float:
            """Compute d(gain - loss) of all ends (m, .) where the energies change by ``energy`` (m, .)."""
            return np.asarray((total_in + total_out)[:, None] * energy - (steep + steep.T) @ energy)

        # The pair's own term: Delta_ab has C_ab (s_b - s_a).
        own = steep * self.coulomb
        by_s = through(self.coulomb) + np.diag(own.sum(axis=0) + own.sum(axis=1)) - own - own.T
        # T_ab = k_ab s_a (1 - s_b) by s_a and s_b.
        leaves, comes = at.rates * target, at.rates * source[:, None]  # dT_ab / ds_a, -dT_ab / ds_b
        by_s += leaves.T + comes - np.diag(leaves.sum(axis=1) + comes.sum(axis=0))
        by_v = through(self.lever)
        current = at.flow.sum(axis=0) - at.flow.sum(axis=1)
        return by_s[:n, :n], by_v[:n], current[n:], by_s[n:, :n], by_v[n:]
