r"""The mean field of many settings with its slopes, compiled: the inner loop of training by gradient.

The equations are those of ``mean_field_occupations``. A hop and the way back share one exponential, since only one
goes uphill, and

.. math:: F_{ab} = T_{ab} - T_{ba}, \qquad
          \frac{\partial F_{ab}}{\partial \Delta_{ab}} = -\beta\, T_{\text{uphill}} = -w_{ab}

where T_ab is the mean flow from a to b, Delta_ab the energy of that hop, beta = e / kT; the derivative of the flow into
all ends by their energies is a graph's Laplacian with weights w.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from neuromorph.ising import Float
from neuromorph.runtime.pieces import pieces
from neuromorph.runtime.threads import single_threaded_blas

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork, thermal_voltage

_STEPS = 200  # largest number of steps for each first step
_TOLERANCE = 1e-9
# First of Newton's pseudo-time steps, in local times of the acceptors; bold ones go in circles at 17 of 1e6 settings.
_FIRSTS = (1e4, 1.0, 1e-2)


@dataclass(frozen=True, eq=False)
class MeanFieldDevice:
    """Hopping network in mean field: currents into all electrodes with exact slopes.

    It needs neither a dataset nor training.

    Attributes
    ----------
    network : HoppingNetwork
        The network.
    temperature_k : float
        Temperature, K.
    """

    network: HoppingNetwork
    temperature_k: float = LIQUID_NITROGEN_K

    @property
    def outputs(self) -> tuple[int, ...]:
        """All electrodes."""
        return tuple(range(self.network.electrodes))

    def currents(self, voltages_v: ArrayLike) -> Float:
        """Compute the currents of steady states.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages, V.

        Returns
        -------
        (..., k) float
            Currents, A.

        Raises
        ------
        ValueError
            If a setting has no steady state.
        """
        return self.linearized(voltages_v)[0]

    @single_threaded_blas()
    def linearized(self, voltages_v: ArrayLike) -> tuple[Float, Callable[[Float], Float]]:
        """Compute the currents and the map from a loss's dl/dI to its dl/dV.

        Parameters
        ----------
        voltages_v : (..., k) float
            Settings, V.

        Returns
        -------
        currents_a : (..., k) float
            Currents into the electrodes, A.
        back : callable
            Turns dl/dI (..., k) into dl/dV (..., k).

        Raises
        ------
        ValueError
            If a setting does not come to a steady state.
        """
        network, v = self.network, np.asarray(voltages_v, dtype=float)
        rows = np.atleast_2d(network.voltages(v.reshape(-1, v.shape[-1])))
        lever = np.vstack([network.lever, np.eye(network.electrodes)])
        fixed = rows @ lever.T
        fixed[:, : network.sites] += network.static_v - network.interaction_v.sum(axis=1)
        attempts = np.ascontiguousarray(network.attempts_at(self.temperature_k))
        currents, slopes = np.empty(rows.shape), np.empty((*rows.shape, rows.shape[1]))
        beta = 1.0 / thermal_voltage(self.temperature_k)
        coulomb = np.vstack([network.interaction_v, np.zeros((network.electrodes, network.sites))])
        for part, _ in pieces(len(rows), 1):
            lost = _steady(attempts, coulomb, lever, fixed[part], beta, currents[part], slopes[part])
            if lost >= 0:
                volts = rows[part][lost]
                raise ValueError(
                    f"the mean field at {volts} V is not steady after {_STEPS} steps; use the exact solver"
                )
        slopes = elementary_charge * slopes.reshape(*v.shape, v.shape[-1])
        return elementary_charge * currents.reshape(v.shape), lambda g: np.einsum("...e,...ef->...f", g, slopes)


@njit(cache=True, nogil=True)
def _steady(attempts, coulomb, lever, fixed, beta, currents, slopes):
    """Compute I / e (b, k) and its slopes (b, k, k) at ``fixed`` energies (b, m) in place.

    coulomb (m, n) and lever (m, k) give the energies of all ends by the occupations and by the electrodes. Returns the
    first row that is not steady, or -1.
    """
    n, k = coulomb.shape[1], lever.shape[1]
    s, tried, turnover, after_turnover = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    flow, weight, by_s = np.empty(n + k), np.zeros((n + k, n + k)), np.empty((n + k, n + k))
    by_occupation, by_voltage, change = np.empty((n + k, n)), np.empty((n + k, k)), np.empty((n, 1))
    after_flow, after_weight, after_by_s = flow.copy(), weight.copy(), by_s.copy()
    for row in range(fixed.shape[0]):
        off = np.inf
        for step in _FIRSTS:
            if off < _TOLERANCE:
                break
            s[:] = 0.5
            off = _flows(attempts, coulomb, fixed[row], beta, s, flow, weight, by_s, turnover)
            for _ in range(_STEPS):
                if off < _TOLERANCE:
                    break
                _by_occupation(coulomb, weight, by_s, by_occupation[:n])
                for i in range(n):
                    for j in range(n):
                        by_occupation[i, j] /= -turnover[i]
                    by_occupation[i, i] += 1.0 / step
                    change[i, 0] = flow[i] / turnover[i]
                _solve(by_occupation[:n], change)
                for i in range(n):  # Each occupation moves at most nine tenths of its way to 0 or 1.
                    tried[i] = min(max(s[i] + change[i, 0], 0.1 * s[i]), 1.0 - 0.1 * (1.0 - s[i]))
                after = _flows(
                    attempts, coulomb, fixed[row], beta, tried, after_flow, after_weight, after_by_s, after_turnover
                )
                if after < 2.0 * off or step < 1e-3:
                    step *= min(10.0, max(1.5, off / max(after, 1e-300)))
                    s, tried, off = tried, s, after
                    flow, after_flow, weight, after_weight = after_flow, flow, after_weight, weight
                    by_s, after_by_s, turnover, after_turnover = after_by_s, by_s, after_turnover, turnover
                else:
                    step /= 4.0
        if not off < _TOLERANCE:
            return row
        _by_occupation(coulomb, weight, by_s, by_occupation)
        _by_energies(weight, lever, by_voltage)
        _solve(by_occupation[:n], by_voltage[:n])  # ds / dV = -by_voltage
        for e in range(k):
            currents[row, e] = flow[n + e]
            for f in range(k):
                slopes[row, e, f] = by_voltage[n + e, f]
                for i in range(n):
                    slopes[row, e, f] -= by_occupation[n + e, i] * by_voltage[i, f]
    return -1


@njit(cache=True, nogil=True)
def _flows(attempts, coulomb, fixed, beta, s, flow, weight, by_s, turnover):
    """Compute the flows into all ends and their derivatives in place; return the largest relative imbalance.

    flow (m,) is what flows into each end, weight (m, m) is w, by_s (m, m) is -dF_ab / ds_a at fixed energies, and
    turnover (n,) is gain + loss of an acceptor with all sources full and all targets empty. The result is the largest
    |gain - loss| / (gain + loss).
    """
    n, m = s.size, fixed.size
    energy, both = fixed.copy(), np.zeros(m)
    for a in range(n):
        for b in range(n):
            energy[a] += coulomb[a, b] * s[b]
    flow[:], turnover[:] = 0.0, 0.0
    for a in range(n):
        for b in range(a + 1, m):
            change, source, target = energy[b] - energy[a], 1.0, 1.0
            if b < n:
                change += coulomb[a, b] * (s[b] - s[a])
                source, target = s[b], 1.0 - s[b]
            fast = attempts[a, b]
            slow = fast * math.exp(-beta * abs(change))
            there, back = (slow, fast) if change > 0.0 else (fast, slow)
            going, coming = there * s[a] * target, back * source * (1.0 - s[a])
            weight[a, b] = weight[b, a] = beta * (going if change > 0.0 else coming)
            by_s[a, b] = -there * target - back * source
            by_s[b, a] = -there * s[a] - back * (1.0 - s[a])
            flow[a] += coming - going
            flow[b] += going - coming
            both[a] += coming + going
            both[b] += coming + going
            turnover[a] -= by_s[a, b]
            if b < n:
                turnover[b] -= by_s[b, a]
    worst = 0.0
    for a in range(n):
        # Where s is 0 or 1 to round-off, gain and loss are not known better than 1e-16 of the turnover.
        worst = max(worst, abs(flow[a]) / (both[a] + 1e-6 * turnover[a]))
    return worst


@njit(cache=True, nogil=True)
def _by_energies(weight, per, found):
    """Compute d flow (r, c) of the first ends through all energies, which change by ``per`` (m, c)."""
    for a in range(found.shape[0]):
        found[a] = 0.0
        for b in range(weight.shape[0]):
            for c in range(per.shape[1]):
                found[a, c] += weight[a, b] * (per[b, c] - per[a, c])


@njit(cache=True, nogil=True)
def _by_occupation(coulomb, weight, by_s, found):
    """Compute d flow / ds (r, n) of the first ends: through all energies, the pair's own, and s_a (1 - s_b)."""
    n, m = coulomb.shape[1], weight.shape[0]
    _by_energies(weight, coulomb, found)
    for a in range(n):
        for b in range(m):
            if a != b:
                own = weight[a, b] * coulomb[b, a]
                found[a, a] += by_s[a, b] - own
                if b < found.shape[0]:
                    found[b, a] += own - by_s[a, b]


@njit(cache=True, nogil=True)
def _solve(matrix, right):
    """Solve the n rows of ``matrix`` for ``right`` (n, c) in place, by elimination with pivots.

    The matrix is overwritten. LAPACK takes longer to call than eight rows take to solve, and longer to compile in.
    """
    n = matrix.shape[0]
    for i in range(n):
        pivot = i
        for j in range(i + 1, n):
            if abs(matrix[j, i]) > abs(matrix[pivot, i]):
                pivot = j
        for c in range(n):
            matrix[i, c], matrix[pivot, c] = matrix[pivot, c], matrix[i, c]
        for c in range(right.shape[1]):
            right[i, c], right[pivot, c] = right[pivot, c], right[i, c]
        for j in range(i + 1, n):
            factor = matrix[j, i] / matrix[i, i]
            for c in range(i + 1, n):
                matrix[j, c] -= factor * matrix[i, c]
            for c in range(right.shape[1]):
                right[j, c] -= factor * right[i, c]
    for i in range(n - 1, -1, -1):
        for c in range(right.shape[1]):
            for j in range(i + 1, n):
                right[i, c] -= matrix[i, j] * right[j, c]
            right[i, c] /= matrix[i, i]
