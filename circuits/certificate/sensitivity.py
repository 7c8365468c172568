r"""Bounds of errors that the ideal network predicts from one tolerance of its outputs.

.. math:: |\Delta E| \le \epsilon D \max_t \sum_i C_i |du_i/dt|

.. math:: |\Delta V_i| \le \delta \Big(1 + g'(u_i) \sum_j \big|(1 - R T g')^{-1}\big|_{ij} R_j \sum_k |T_{jk}|\Big)

where

- epsilon is the largest error of an output V at any time, of its span D; the first bound follows from
  dE/dV_i = -C_i du_i/dt,
- delta is the largest error of the outputs V and -V where the network rests, whatever their current; the second bound
  holds at the end, to first order.

A neuron at a rail, where g' = 0, is off by delta alone; one that rests between the rails by many times as much, and a
bound beyond the half of D says no more than which attractor it is.
"""

from __future__ import annotations

import numpy as np

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float

_HALF = 0.5  # distance from the middle to a rail, of full scale
_AT_REST = 1e-3  # distance to its fixed point below which an output rests, of full scale
_MARGIN = 2.0  # factor that covers higher orders


def energy_bound(network: AnalogNetwork, potentials: Float, error: float) -> float:
    """Return the largest error of E that an error of the outputs explains.

    Parameters
    ----------
    network : AnalogNetwork
        Ideal network.
    potentials : (times, n) float
        Potentials u of the ODE, V.
    error : float
        Largest error of an output, of full scale.

    Returns
    -------
    float
        Bound of the error of E, of the range of E along the trajectory.
    """
    g = network.activation
    energy = network.energy(network.voltages(potentials).clip(g.low, g.high))
    ampere = np.abs(network.capacitances * network.rhs(0.0, potentials)).sum(axis=1).max()
    return float(_MARGIN * error * (g.high - g.low) * ampere / (np.ptp(energy) or 1.0))


def end_bound(network: AnalogNetwork, potentials: Float, tolerance: float) -> float | None:
    """Return the largest final error of V that errors of the amplifiers explain.

    Parameters
    ----------
    network : AnalogNetwork
        Ideal network.
    potentials : (n,) float
        Potentials u of the ODE at the end, V.
    tolerance : float
        Largest error of an output against g(u), and of its inverse, of full scale.

    Returns
    -------
    float or None
        Bound of the final error; None if the network does not rest, or if the bound exceeds half of full scale.
    """
    g, r, t = network.activation, network.resistances, network.conductances
    slope = g.slope(potentials)
    left = np.abs(slope * (network.resistances * network.drive(network.voltages(potentials)) - potentials))
    if left.max() > _AT_REST * (g.high - g.low):
        return None
    dense = np.asarray(t.toarray() if hasattr(t, "toarray") else t)
    try:
        inverse = np.linalg.inv(np.eye(network.size) - r[:, None] * dense * slope)
    except np.linalg.LinAlgError:
        return None
    reached = slope * (np.abs(inverse) @ (r * np.abs(dense).sum(axis=1)))
    bound = float(tolerance * (1.0 + reached.max()))
    return bound if bound < _HALF else None
