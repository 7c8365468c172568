r"""Current paths: the net flow of holes between any two places.

.. math:: F_{ab} = \sum_n p_n \big( n_a (1 - n_b) k_{ab}(n) - n_b (1 - n_a) k_{ba}(n) \big)

where p_n is the probability of occupation n by the master equation and k_ab a hopping rate; larger devices are in mean
field, <n_a> (1 - <n_b>) k_ab(<n>). Electrodes always have a hole to give and room for one. Flows out of each acceptor
sum to zero; those into an electrode are its current over e.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.ising import Float

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork, thermal_voltage
from .master_equation import stationary_occupations
from .mean_field import mean_field_occupations

MAX_PATH_ACCEPTORS = 10  # Paths are exact up to this number of acceptors.


def net_hopping_flow(
    network: HoppingNetwork, voltages_v: ArrayLike, *, temperature_k: float = LIQUID_NITROGEN_K
) -> tuple[Float, bool]:
    """Compute the net flow of holes between all pairs of places.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    voltages_v : (k,) float
        Voltages of the electrodes, V.
    temperature_k : float
        Temperature, K.

    Returns
    -------
    flow : (n + k, n + k) float
        F, antisymmetric, from row to column, acceptors first, 1/s.
    exact : bool
        Whether F is exact (up to 10 acceptors) or in mean field.
    """
    v, n, k = network.voltages(voltages_v), network.sites, network.electrodes
    exact = n <= MAX_PATH_ACCEPTORS
    if exact:
        p = stationary_occupations(network, v, temperature_k=temperature_k).probabilities
        filled = ((np.arange(p.size)[:, None] >> np.arange(n)) & 1).astype(float)
    else:
        p = np.ones(1)
        filled = mean_field_occupations(network, v, temperature_k=temperature_k).occupation[None]
    energy = np.concatenate(
        [network.site_energies(v) - (1.0 - filled) @ network.interaction_v, np.tile(v, (len(p), 1))], axis=1
    )
    inside = np.concatenate([filled, np.zeros((len(p), k))], axis=1)
    source = np.concatenate([filled, np.ones((len(p), k))], axis=1)
    target = np.concatenate([1.0 - filled, np.ones((len(p), k))], axis=1)
    coulomb = np.zeros((n + k, n + k))
    coulomb[:n, :n] = network.interaction_v
    beta = 1.0 / thermal_voltage(temperature_k)
    flow, attempts = np.zeros((n + k, n + k)), network.attempts_at(temperature_k)
    for a in range(n + k):  # row by row: 2^n states times all pairs would be large
        # The pair's own term of a hop a -> b is -C_ab; in mean field the pair's own mean is left out.
        own = coulomb[a] * (inside - inside[:, [a]]) if not exact else -coulomb[a]
        change = energy - energy[:, [a]] + own
        rate = attempts[a] * np.exp(-beta * np.maximum(change, 0.0))
        flow[a] = p @ (source[:, [a]] * target * rate)
    return flow - flow.T, exact
