"""A Coulomb glass as it is programmed: its device, gate voltages, and the couplings that it really has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.constants import elementary_charge
from scipy.constants import k as boltzmann_constant

from neuromorph.ising import Float, Ising

from ..device.device import Device
from ..device.hopping_network import HoppingNetwork

_HOTTEST_MODELLED_K = 1e9  # temperature that stands for beta = 0


@dataclass(frozen=True, eq=False)
class ProgrammedGlass:
    """One device as it was programmed.

    Attributes
    ----------
    device : Device
        The device.
    network : HoppingNetwork
        Its network with gates that holes cannot enter.
    voltages_v : (electrodes,) float
        Voltages of contacts (0) and gates, V.
    signs : (n,) int
        g, -1 where a site is read upside down.
    scale_per_v : float
        sigma, 1/V.
    """

    device: Device
    network: HoppingNetwork
    voltages_v: Float
    signs: Float
    scale_per_v: float

    def ising(self, offset: float = 0.0) -> Ising:
        """Return the couplings and biases of the device in the requested units.

        Parameters
        ----------
        offset : float
            Constant of the energy.

        Returns
        -------
        Ising
            Model.
        """
        c, g = self.network.interaction_v, self.signs
        fields = 0.25 * c.sum(axis=1) - 0.5 * self.network.site_energies(self.voltages_v)
        return Ising(-0.25 * self.scale_per_v * c * np.outer(g, g), self.scale_per_v * g * fields, offset)

    def holes(self, states: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the occupations of states, whose bit i is set where acceptor i holds a hole.

        Parameters
        ----------
        states : (k,) int64
            States.

        Returns
        -------
        (k, n) int64
            1 where acceptor i holds a hole, else 0.
        """
        return (states[:, None] >> np.arange(self.network.sites)) & 1

    def temperature_k(self, beta: float) -> float:
        """Compute the temperature e / (sigma beta k).

        Parameters
        ----------
        beta : float
            Inverse temperature of the requested model.

        Returns
        -------
        float
            Temperature, K; 1e9 K stands for beta = 0.
        """
        least = elementary_charge / (self.scale_per_v * boltzmann_constant * _HOTTEST_MODELLED_K)
        return elementary_charge / (self.scale_per_v * boltzmann_constant * max(beta, least))
