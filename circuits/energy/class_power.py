r"""The power of a network by class of element, for batches of states: two matrix products, not one term a synapse.

.. math:: \sum_{ij} |T_{ij}| (\pm V_j - u_i)^2 = a^\top V^2 + b^\top u^2 - 2 V^\top (x - y), \qquad
          i_V = p V - x, \quad i_W = -m V - y

where

- T = P - M, both not negative, x = P' u and y = M' u,
- p and m are the column sums of P and M, a = p + m, and b are the sums of the rows of |T|,
- i_V and i_W flow out of the amplifiers and their inverters, whose output stages burn the rest of the supply.

``ode_energy`` has the same for every single element.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from neuromorph.analog import AnalogNetwork
from neuromorph.ising import Float

from ..synthesis.component_values import passive_leaks
from .ode_energy import Rails, amplifier_powers


class ClassPowers(NamedTuple):
    """Power of all elements of a class, W, each of shape (...).

    The rails deliver the sum of these and what charges the capacitors.

    Attributes
    ----------
    synapse : ndarray of float
        Power of the synapses, W.
    leak : ndarray of float
        Power of the leaks, W.
    output : ndarray of float
        Power of the amplifiers' output stages, W.
    inverter : ndarray of float
        Power of the inverters, W.
    bias : ndarray of float
        Power of the bias currents, W.
    """

    synapse: Float
    leak: Float
    output: Float
    inverter: Float
    bias: Float


class ClassMeter:
    """Meter of the power of one network by class of element.

    Parameters
    ----------
    network : AnalogNetwork
        Network whose power is metered.
    rails : Rails
        Supply of the amplifiers and of the bias currents; its quiescent current counts for every neuron, and for every
        inverter that drives a synapse.
    """

    def __init__(self, network: AnalogNetwork, rails: Rails) -> None:
        t = network.conductances
        plus, minus = (t.maximum(0.0), (-t).maximum(0.0)) if sparse.issparse(t) else (t.clip(0.0), (-t).clip(0.0))
        self._plus, self._minus = plus.T, minus.T
        self._driven, self._inverted = (np.asarray(half.sum(axis=0)).ravel() for half in (plus, minus))
        self._rows = np.asarray((plus + minus).sum(axis=1)).ravel()
        self._leaks, self._used, self._rails = passive_leaks(network), self._inverted > 0.0, rails
        currents = network.currents
        self._biases = float(rails.high_v * currents.clip(0.0).sum() + rails.low_v * currents.clip(max=0.0).sum())
        self._farads = network.capacitances

    def powers(self, u: Float, v: Float) -> ClassPowers:
        """Return the power of each class of element.

        Parameters
        ----------
        u : (..., n) float
            Potentials, V.
        v : (..., n) float
            Outputs, V.

        Returns
        -------
        ClassPowers
            Powers of shape (...), W.
        """
        x, y = ((half @ u.reshape(-1, u.shape[-1]).T).T.reshape(u.shape) for half in (self._plus, self._minus))
        synapses = v**2 @ (self._driven + self._inverted) + u**2 @ self._rows - 2.0 * ((x - y) * v).sum(axis=-1)
        outputs = amplifier_powers(v, self._driven * v - x, self._rails)[2].sum(axis=-1)
        burnt = amplifier_powers(-v, -self._inverted * v - y, self._rails)[2]
        inverters = np.where(self._used, burnt, 0.0).sum(axis=-1)
        return ClassPowers(synapses, u**2 @ self._leaks, outputs, inverters, np.full_like(synapses, self._biases))

    def stored(self, u: Float) -> Float:
        """Return the energy C u^2 / 2 of all capacitors.

        Parameters
        ----------
        u : (..., n) float
            Potentials, V.

        Returns
        -------
        (...,) float
            Energy, J.
        """
        return np.asarray(u**2 @ self._farads / 2.0)
