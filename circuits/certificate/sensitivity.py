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

NO_ATTRACTOR = (
    "the differential equation ends on a saddle between attractors, which rounding and offsets leave either way: "
    "no circuit can be compared there; start elsewhere: another --seed, cue or .ic"
)
_INERT = 1e-6  # gain of a neuron with all it drives below which it sustains no mode
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
    if not _is_at_rest(network, potentials):
        return None
    r, t, slope = network.resistances, network.conductances, network.activation.slope(potentials)
    dense = np.asarray(t.toarray() if hasattr(t, "toarray") else t)
    try:
        inverse = np.linalg.inv(np.eye(network.size) - r[:, None] * dense * slope)
    except np.linalg.LinAlgError:
        return None
    reached = slope * (np.abs(inverse) @ (r * np.abs(dense).sum(axis=1)))
    bound = float(tolerance * (1.0 + reached.max()))
    return bound if bound < _HALF else None


def ends_on_saddle(network: AnalogNetwork, potentials: Float) -> bool:
    """Return whether the network rests where any offset makes it leave.

    Its start then is as far from one attractor as from another, as a cue with half of a pair of neurons wrong: the
    equation stays in between for ever, a circuit of parts does not.

    Parameters
    ----------
    network : AnalogNetwork
        Ideal network.
    potentials : (n,) float
        Potentials u of the ODE at the end, V.

    Returns
    -------
    bool
        Whether it rests, and its linearization has a mode that grows.
    """
    if not _is_at_rest(network, potentials):
        return False
    slope, t, r = network.activation.slope(potentials), network.conductances, network.resistances
    active = np.flatnonzero(slope * r * np.asarray(abs(t).sum(axis=0)).ravel() > _INERT)
    inner = t[active][:, active]
    inner = np.asarray(inner.toarray() if hasattr(inner, "toarray") else inner)
    jacobian = inner * slope[active] - np.diag(1.0 / r[active])
    modes = np.linalg.eigvals(jacobian / network.capacitances[active, None])
    return bool(modes.real.max(initial=-1.0) > 0.0)


def _is_at_rest(network: AnalogNetwork, potentials: Float) -> bool:
    g = network.activation
    missing = network.resistances * network.drive(network.voltages(potentials)) - potentials
    return bool(np.abs(g.slope(potentials) * missing).max(initial=0.0) <= _AT_REST * (g.high - g.low))
