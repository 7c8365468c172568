r"""Hopfield's network with a cubic in place of the amplifier, in the unit of an analog computer.

.. math:: \tau_i \dot x_i = -x_i + \sum_j W_{ij}\, c(x_j) + b_i, \qquad c(x) = \tfrac32 x - \tfrac12 x^3

with x = u / U, W_ij = R_i T_ij a / U, b_i = R_i I_i / U, a the swing of the amplifiers and U the largest
R_i (a sum_j |T_ij| + |I_i|): the potential that no neuron can exceed. So sum_j |W_ij| + |b_i| <= 1, and since c maps
[-1, 1] onto itself, |x| stays below 1, the machine's unit, from any start within: there is no overload. c has the
slope 3/2 at 0 and 0 at 1: a gain of 3 a / 2 U, whatever the gain of the amplifiers was. Where the spectral radius of W
is below 2/3 (no more than that is coupled), the only fixed point without biases is 0, and the network cannot answer.
Source: Hopfield, PNAS 81, 3088 (1984); scaling of state as usual for analog computers: Ulmann, Analog Computing (2013).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float

CUBIC_SLOPE, CUBIC_BEND = 1.5, -0.5
LARGEST_SIZE = 1000  # neurons; 500 machines


@dataclass(frozen=True, eq=False)
class CubicNetwork:
    """A network of cubic neurons.

    Attributes
    ----------
    weights : (n, n) float
        W.
    biases : (n,) float
        b.
    time_constants_s : (n,) float
        Time constants tau, s.
    unit_v : float
        Potential of x = 1, V.
    """

    weights: Float
    biases: Float
    time_constants_s: Float
    unit_v: float

    @property
    def size(self) -> int:
        """Number of neurons."""
        return len(self.biases)

    def slopes(self, states: ArrayLike) -> Float:
        """Return dx/dt.

        Parameters
        ----------
        states : (..., n) float
            States x.

        Returns
        -------
        (..., n) float
            dx/dt, 1/s.
        """
        x = np.asarray(states, dtype=float)
        driven = (CUBIC_SLOPE * x + CUBIC_BEND * x**3) @ self.weights.T + self.biases
        return np.asarray((driven - x) / self.time_constants_s)


def cubic_network(network: AnalogNetwork) -> CubicNetwork:
    """Scale a network to the unit of an analog computer, its amplifiers replaced by cubics.

    Parameters
    ----------
    network : AnalogNetwork
        Network of amplifiers that swing as far down as up.

    Returns
    -------
    CubicNetwork
        The network.

    Raises
    ------
    ValueError
        If the amplifiers are not symmetric, nothing drives any neuron, or there are more than 1000.
    """
    g = network.activation
    if abs(g.high + g.low) > 1e-9 * (g.high - g.low):
        raise ValueError(f"activation swings from {g.low:g} to {g.high:g} V; a cubic neuron swings as far down as up")
    if network.size > LARGEST_SIZE:
        raise ValueError(f"the network has {network.size} neurons; at most {LARGEST_SIZE} are planned: take fewer")
    t: Any = network.conductances
    t = t.toarray() if sparse.issparse(t) else t
    reach = network.resistances * (g.high * np.abs(t).sum(axis=1) + np.abs(network.currents))
    unit = float(reach.max())
    if unit == 0.0:
        raise ValueError("network has no synapse and no current, so that there is no potential to scale by; add one")
    weights = network.resistances[:, None] * t * (g.high / unit)
    return CubicNetwork(weights, network.resistances * network.currents / unit, network.time_constants_s, unit)
