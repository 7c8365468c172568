r"""A dopant network as one part of a circuit: transfer curve, current noise and power.

.. math:: I(V) = e \sum_n p_n J_n, \qquad
          S_I = 2 e^2 \Big( \sum_n p_n K_n + 2\, J^T x \Big), \qquad L x = -(\hat J p - \tfrac{I}{e} p), \quad
          P = -\sum_k V_k I_k

where

- p_n is the probability of occupation n, J_n and K_n are the net and the total rate at which holes reach the output,
- J^ moves p along those hops, L is the matrix of the master equation,
- I is the exact current, S_I its exact white noise below the relaxation rate, A^2/Hz, one-sided,
- P is the power of the voltage sources V_k.

Averaged for a time t the current has the standard deviation (S_I / 2t)^(1/2), and is Gaussian once many holes have gone
through. Between its ends, where its hops run downhill as fast as they can, I(V) is a sigmoid by nature.
Source: counting statistics of a master equation, Koch et al., Phys. Rev. Lett. 95, 056801 (2005).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from neuromorph.ising import Float
from neuromorph.rng import read_seeds
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from ..device.device import random_device
from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork
from ..transport.markov_chain import relaxation_rate
from ..transport.master_equation import stationary_occupations, transitions
from ..transport.zero_bias_conductance import conduction_regime
from .interface_data import DATA
from .trimmed_units import TrimmedUnits

_POINTS = 33  # number of points of a curve
_OFFERED = 6  # number of random devices for each unit that is selected


@dataclass(frozen=True, eq=False)
class TransferCurve:
    """The transfer curve of one unit with its other electrodes held.

    Attributes
    ----------
    inputs_v : (m,) float
        Input voltages, V.
    currents_a : (m,) float
        Current out of the output electrode, A.
    noise_a2_hz : (m,) float
        Its noise, A^2/Hz, one-sided.
    powers_w : (m,) float
        Power of the sources, W.
    """

    inputs_v: Float
    currents_a: Float
    noise_a2_hz: Float
    powers_w: Float

    def errors_a(self, seconds: float) -> Float:
        """Compute the standard deviation of the averaged current.

        Parameters
        ----------
        seconds : float
            Averaging time, s.

        Returns
        -------
        (m,) float
            Standard deviations, A.

        Raises
        ------
        ValueError
            If the time is not above 0.
        """
        if not seconds > 0.0:
            raise ValueError(f"seconds is {seconds}; averaging takes a positive time")
        return np.asarray(np.sqrt(self.noise_a2_hz / (2.0 * seconds)))


def transfer_curve(
    network: HoppingNetwork,
    terminals: tuple[int, int],
    inputs_v: ArrayLike,
    held_v: ArrayLike | None = None,
    *,
    temperature_k: float = LIQUID_NITROGEN_K,
) -> TransferCurve:
    """Compute a transfer curve.

    Parameters
    ----------
    network : HoppingNetwork
        The unit.
    terminals : (int, int)
        Input and output electrode.
    inputs_v : (m,) float
        Input voltages, V.
    held_v : (k,) float, optional
        Voltages of the other electrodes, V; None is 0 V.
    temperature_k : float
        Temperature, K.

    Returns
    -------
    TransferCurve
        The curve.
    """
    into, out = terminals
    k = network.electrodes
    if into == out or not (0 <= into < k and 0 <= out < k):
        raise ValueError(f"terminals are {terminals}; give two different electrodes of the {k}")
    inputs = np.asarray(inputs_v, dtype=float)
    held = network.voltages(np.zeros(k) if held_v is None else held_v)
    rows = []
    for volts in inputs:
        v = held.copy()
        v[into] = volts
        rows.append(current_noise(network, v, out, temperature_k=temperature_k))
    currents, noise, powers = np.array(rows).T
    return TransferCurve(inputs, currents, noise, powers)


def current_noise(
    network: HoppingNetwork, voltages_v: ArrayLike, output: int, *, temperature_k: float = LIQUID_NITROGEN_K
) -> tuple[float, float, float]:
    """Compute the current into one electrode with its noise, and the power of all.

    Parameters
    ----------
    network : HoppingNetwork
        The unit.
    voltages_v : (k,) float
        Voltages, V.
    output : int
        The electrode.
    temperature_k : float
        Temperature, K.

    Returns
    -------
    current_a, noise_a2_hz, power_w : float
        Current, A; noise at low frequency, A^2/Hz, one-sided; power, W.
    """
    state = stationary_occupations(network, voltages_v, temperature_k=temperature_k)
    source, target, rates, electrode, sign = transitions(network, voltages_v, temperature_k)
    p, count = state.probabilities, state.probabilities.size
    generator = np.bincount(target.astype(np.int64) * count + source, rates, count * count).reshape(count, count)
    leaving = generator.sum(axis=0)
    generator -= np.diag(leaving)
    here = electrode == output
    flow = sign[here] * rates[here]
    current = float(p[source[here]] @ flow)
    moved = np.bincount(target[here], flow * p[source[here]], count) - current * p
    # L x = -moved with sum x = 0; scaled by what leaves each state, since rates span many orders of magnitude.
    balance = generator / leaving[:, None]
    row = int(np.argmax(p))
    balance[row] = 1.0
    right = -moved / leaving
    right[row] = 0.0
    x = np.linalg.solve(balance, right)
    variance = float(p[source[here]] @ rates[here]) + 2.0 * float(x[source[here]] @ flow)
    power = -float(network.voltages(voltages_v) @ state.currents_a)
    return elementary_charge * current, 2.0 * elementary_charge**2 * max(variance, 0.0), power


@lru_cache(maxsize=4)
@single_threaded_blas()
def select_trimmed_units(
    count: int = 12,
    acceptors: int = 6,
    range_v: float = DATA["unit_range"].value,
    temperature_k: float = LIQUID_NITROGEN_K,
    seed: int = 0,
) -> TrimmedUnits:
    """Select the best of six times as many random devices, each at its best pair of terminals.

    The best have the largest current among curves that fall back by less than a twentieth of their span (negative
    differential resistance would give a neuron a second threshold); the other electrodes are at 0 V.

    Parameters
    ----------
    count : int
        Number of units.
    acceptors : int
        Acceptors of each.
    range_v : float
        Largest input, V.
    temperature_k : float
        Temperature, K.
    seed : int
        Seed of the devices.

    Returns
    -------
    TrimmedUnits
        The units.

    Raises
    ------
    ValueError
        If fewer than ``count`` have a rising curve.
    """
    found: list[tuple[float, int, HoppingNetwork, tuple[int, int]]] = []
    made = 0
    shared = None
    for k, child in enumerate(read_seeds(seed, _OFFERED * count)):
        checkpoint("making dopant units", k, _OFFERED * count)
        device = random_device(acceptors, electrodes=5, rng=child)
        shared = device.field if shared is None else shared
        vars(device)["field"] = shared  # Outline and electrodes are the same: share the cached potentials.
        network = device.network
        ends = np.zeros((2, 5))
        for into in range(2):
            for row, volts in enumerate((-range_v, range_v)):
                held = np.zeros(5)
                held[into] = volts
                ends[row] = stationary_occupations(network, held, temperature_k=temperature_k).currents_a
            ends[:, into] = 0.0
            made += 4
            out = int(np.argmax(np.minimum(-ends[0], ends[1])))
            found.append((float(min(-ends[0, out], ends[1, out])), len(found), network, (into, out)))
    grid = np.linspace(-range_v, range_v, _POINTS)
    curves, regimes = [], []
    for *_, network, terminals in sorted(found, key=lambda one: (-one[0], one[1])):
        curve = transfer_curve(network, terminals, grid, temperature_k=temperature_k)
        steps, span = np.diff(curve.currents_a), curve.currents_a[-1] - curve.currents_a[0]
        if span > 0.0 and -steps[steps < 0.0].sum() < 0.05 * span:
            curves.append((*_trimmed(curve), _slowest(network, terminals[0], range_v, temperature_k)))
            regimes.append(conduction_regime(network))
        checkpoint("measuring dopant units", len(curves), count)
        if len(curves) == count:
            break
    if len(curves) < count:
        raise ValueError(
            f"only {len(curves)} of {count} units have a rising curve; take more acceptors or another seed"
        )
    outputs, noise, powers, spans, rates = (np.array(part) for part in zip(*curves, strict=True))
    return TrimmedUnits(range_v, outputs, noise, powers, spans, rates, made, regimes=tuple(regimes))


def _slowest(network: HoppingNetwork, into: int, range_v: float, temperature_k: float) -> float:
    """Compute the least relaxation rate at the ends of the range and in its middle, 1/s."""
    rates = []
    for volts in (-range_v, 0.0, range_v):
        held = np.zeros(network.electrodes)
        held[into] = volts
        rates.append(relaxation_rate(*transitions(network, held, temperature_k)[:3], 1 << network.sites))
    return min(rates)


def _trimmed(curve: TransferCurve) -> tuple[Float, Float, Float, float]:
    grid, current = curve.inputs_v, curve.currents_a
    half = 0.5 * float(current[-1] - current[0])
    x = (current - 0.5 * (current[-1] + current[0])) / half
    k = int(np.flatnonzero((x[:-1] < 0.0) & (x[1:] >= 0.0))[0])
    zero = grid[k] - x[k] * (grid[k + 1] - grid[k]) / (x[k + 1] - x[k])
    # beyond its ends a saturated curve stays where it is
    moved = [np.interp(grid + zero, grid, part) for part in (x, curve.noise_a2_hz / half**2, curve.powers_w)]
    return moved[0], moved[1], moved[2], half
