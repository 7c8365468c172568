r"""Holes that hop between acceptors and electrodes: occupations, energies and hopping rates.

.. math::
    \varepsilon_i = \textstyle\sum_e L_{ie} V_e + \phi_i - \sum_{j \ne i} C_{ij} (1 - n_j), \qquad
    \Delta_{i \to j} = \varepsilon_j - \varepsilon_i - C_{ij}, \quad
    \Delta_{e \to j} = \varepsilon_j - V_e, \quad \Delta_{i \to e} = V_e - \varepsilon_i

    k_{ab} = \nu_{ab} \min(1, e^{-e \Delta / k T}), \qquad \nu_{ab} = \nu_0 \frac{T}{T_0} e^{-2 r_{ab} / a}

where, with energies of a hole in volts,

- n_i is the occupation: 1 where acceptor i holds a hole (neutral), 0 where it is ionized,
- L is the lever matrix, V_e the voltage of electrode e, phi_i the energy by donors, C the Coulomb interaction,
- Delta is the energy of a hop, k_ab its hopping rate, nu_ab its attempt rate, r_ab its length, a the localization
  length, T_0 the temperature for which nu_0 is given.

Attempts go with T: a hop takes or gives a phonon, of which there are kT / |Delta| where Delta is small, as in the rate
|Delta| / (e^(Delta/kT) - 1) of Miller and Abrahams. Then the conductance of a pair, e^2 k_ab / kT, has a prefactor that
does not depend on T, and that is what silicon doped with boron shows (Dai, Zhang and Sarachik). With attempts that do
not depend on T it falls as 1 / T. At T_0 both are the same.

Electrodes hold as many holes as it takes, at energy V_e; nothing hops from electrode to electrode. At equal voltages V

.. math:: p(n) \propto e^{-e H(n) / kT}, \qquad
          H = \textstyle\sum_i n_i (\varphi_i - V) + \tfrac12 \sum_{ij} C_{ij} (1 - n_i)(1 - n_j),
          \qquad \varphi_i = \sum_e L_{ie} V_e + \phi_i

Source: Miller and Abrahams, Phys. Rev. 120, 745 (1960), with Metropolis rates; Chen et al., Nature 577, 341 (2020);
Dai, Zhang and Sarachik, One-parameter scaling of the conductivity of Si:B, arXiv.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge
from scipy.constants import k as boltzmann_constant

from neuromorph.ising import Float

LIQUID_NITROGEN_K = 77.0


@dataclass(frozen=True, eq=False)
class HoppingNetwork:
    """Energies and attempt rates of a device with n acceptors and k electrodes.

    Attributes
    ----------
    static_v : (n,) float
        phi, energy of a hole by donors and image charges, V.
    interaction_v : (n, n) float
        C, symmetric, zero diagonal, V.
    lever : (n, k) float
        L; rows sum to 1.
    attempts_hz : (n + k, n + k) float
        nu, acceptors first, symmetric, zero between electrodes and on the diagonal, 1/s.
    reference_k : float or None
        T_0, to whose temperature ``attempts_hz`` belong, K; None: attempts do not depend on temperature.

    Raises
    ------
    ValueError
        If an array has a wrong shape or symmetry, or is not finite.
    """

    static_v: Float
    interaction_v: Float
    lever: Float
    attempts_hz: Float
    reference_k: float | None = None

    def __post_init__(self) -> None:
        for name in ("static_v", "interaction_v", "lever", "attempts_hz"):
            value = np.array(getattr(self, name), dtype=float)
            if not np.isfinite(value).all():
                raise ValueError(f"{name} holds NaN or infinity; two sites may stand in one place")
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        n, k = self.lever.shape
        for name, shape in (("static_v", (n,)), ("interaction_v", (n, n)), ("attempts_hz", (n + k, n + k))):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}; {n} sites, {k} electrodes: {shape}")
        for name in ("interaction_v", "attempts_hz"):
            value = getattr(self, name)
            if np.diag(value).any() or not np.allclose(value, value.T, rtol=1e-9, atol=0.0):
                raise ValueError(f"{name} must be symmetric with a zero diagonal; a hop and its return share a barrier")
        if (self.attempts_hz < 0.0).any() or self.attempts_hz[n:, n:].any():
            raise ValueError("attempts_hz must not be negative, and zero between electrodes")
        if self.reference_k is not None:
            thermal_voltage(self.reference_k)

    @property
    def sites(self) -> int:
        """Number n of acceptors."""
        return int(self.lever.shape[0])

    @property
    def electrodes(self) -> int:
        """Number k of electrodes."""
        return int(self.lever.shape[1])

    def voltages(self, voltages_v: ArrayLike) -> Float:
        """Require voltages of the right shape.

        Parameters
        ----------
        voltages_v : (k,) or (settings, k) float
            Voltages of the electrodes, V.

        Returns
        -------
        (k,) or (settings, k) float
            Voltages, V.

        Raises
        ------
        ValueError
            If the shape is another one or a voltage is not finite.
        """
        v = np.asarray(voltages_v, dtype=float)
        if v.ndim not in (1, 2) or v.shape[-1] != self.electrodes:
            raise ValueError(f"voltages have shape {v.shape}; the device has {self.electrodes} electrodes")
        if not np.isfinite(v).all():
            raise ValueError("voltages hold NaN or infinity; give finite volts")
        return v

    def attempts_at(self, temperature_k: float) -> Float:
        """Compute the attempt rates at a temperature.

        Parameters
        ----------
        temperature_k : float
            Temperature, K.

        Returns
        -------
        (n + k, n + k) float
            nu, 1/s.
        """
        if self.reference_k is None or temperature_k == self.reference_k:
            return self.attempts_hz
        return self.attempts_hz * (temperature_k / self.reference_k)

    def site_energies(self, voltages_v: ArrayLike) -> Float:
        """Compute the potential varphi = L V + phi of an acceptor among neutral ones.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages of the electrodes, V.

        Returns
        -------
        (..., n) float
            Potential of each acceptor, V.
        """
        return np.asarray(self.voltages(voltages_v) @ self.lever.T + self.static_v)

    def energy(self, occupation: ArrayLike, voltages_v: ArrayLike, common_v: float = 0.0) -> Float:
        """Compute the energy H of occupations.

        Parameters
        ----------
        occupation : (..., n) float
            n_i.
        voltages_v : (k,) float
            Voltages of the electrodes, V.
        common_v : float
            Energy of the electrodes' holes, V.

        Returns
        -------
        (...) float
            H, V.
        """
        n = np.asarray(occupation, dtype=float)
        ionized = 1.0 - n
        pairs = 0.5 * np.einsum("...i,ij,...j->...", ionized, self.interaction_v, ionized)
        return np.asarray(n @ (self.site_energies(voltages_v) - common_v) + pairs)


def thermal_voltage(temperature_k: float) -> float:
    """Compute the thermal voltage k T / e, V.

    Parameters
    ----------
    temperature_k : float
        Temperature, K.

    Returns
    -------
    float
        Thermal voltage, V.

    Raises
    ------
    ValueError
        If the temperature is not finite or not above 0.
    """
    if not (np.isfinite(temperature_k) and temperature_k > 0.0):
        raise ValueError(f"temperature_k is {temperature_k}; it must be finite and positive")
    return boltzmann_constant * temperature_k / elementary_charge
