r"""The analog network of an Ising problem: synapses in proportion to couplings, a leak at every neuron.

.. math:: T_{ij} = G\, J_{ij} / \max |J|, \qquad
          G_{leak} = 0.01\, G \max_i \textstyle\sum_j |J_{ij}| / \max |J|

where T are the conductances of the synapses and G is that of the largest coupling; the leak is 0.01 G at least and G
at most.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.ising import Float, Ising

_LEAK = 0.01  # conductance of a neuron's leak over that of its synapses


def network_from_ising(ising: Ising, conductance_s: float, gain: float, swing_v: float, tau_s: float) -> AnalogNetwork:
    """Build the analog network of ``ising``.

    Biases far above the couplings take u beyond the supply: a real input is clamped there, and the output, already at
    its rail, does not change.

    Parameters
    ----------
    ising : Ising
        The problem.
    conductance_s : float
        Conductance of the largest coupling, S.
    gain : float
        Slope of a neuron at rest.
    swing_v : float
        Largest output, V.
    tau_s : float
        R C of every neuron, s.

    Returns
    -------
    AnalogNetwork
        The network.
    """
    leak_s = conductance_s * float(np.clip(_LEAK * relative_load(ising).max(), _LEAK, 1.0))
    network = AnalogNetwork.from_ising(ising, Tanh(gain / swing_v, swing_v), conductance_s=conductance_s, leak_s=leak_s)
    return replace(network, capacitances=tau_s / network.resistances)


def relative_load(ising: Ising) -> Float:
    """Compute each neuron's load, ``sum_j |J_ij|`` over the largest coupling.

    Parameters
    ----------
    ising : Ising
        Model.

    Returns
    -------
    (n,) float
        Loads.
    """
    return np.asarray(abs(ising.couplings).sum(axis=1)).ravel() / largest_coupling(ising)


def largest_coupling(ising: Ising) -> float:
    """Return ``max |J_ij|``, the unit of a device's errors.

    Without couplings the function returns ``max |h_i|``, and 1 without biases either.

    Parameters
    ----------
    ising : Ising
        Model.

    Returns
    -------
    float
        Largest coupling, above 0.
    """
    return float(abs(ising.couplings).max()) or float(np.abs(ising.biases).max()) or 1.0
