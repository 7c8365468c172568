r"""Rates that follow the voltage of tip and gate.

.. math:: b_i(V) = b_{i0} + \alpha_i (V - V_0), \qquad \gamma_i(V) = \gamma_{i0} e^{\kappa_i (V - V_0)}, \qquad
          \frac{r_\uparrow}{r_\downarrow} = e^{f_i}, \quad f_i = b_i(V) + 2 \beta \sum_j w_{ij} s_j

with alpha how the favorability of the state leans, in units of the effective temperature a volt, and kappa how the
tempo rises: kappa moves every rate of an atom by one factor and no probability, alpha moves both. In the spins of this
package b_i = 2 beta h_i. A single atom has r_up ~ exp((kappa + theta alpha) V) and r_down ~ exp((kappa - (1 - theta)
alpha) V): two slopes that a telegraph trace at several voltages gives.

That rates of Fe and Co on black phosphorus depend on the voltage, each on its own way, is read (arXiv 2309.17000,
abstract), as is that a donor near by turns the favorability (arXiv 2107.07143, abstract); exponentials and numbers
are assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.datum import Datum
from neuromorph.ising import Float

from .telegraph import telegraph_rates


@dataclass(frozen=True)
class VoltageResponse:
    """How bias and tempo of atoms follow the voltage.

    Attributes
    ----------
    alpha_per_v : float or (n,) float
        alpha, change of b a volt.
    kappa_per_v : float or (n,) float
        kappa, change of ln gamma a volt.
    reference_v : float
        V_0, at which biases and attempt rates are those of the table.
    """

    alpha_per_v: float | Float
    kappa_per_v: float | Float
    reference_v: float = 0.0

    def __post_init__(self) -> None:
        for name in ("alpha_per_v", "kappa_per_v", "reference_v"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} is not finite; it is a slope in 1/V, or a voltage")

    @classmethod
    def of(cls, data: Mapping[str, Datum]) -> VoltageResponse:
        """Build the response from the constants of ``data.toml``.

        Parameters
        ----------
        data : dict of str to Datum
            Constants by name.

        Returns
        -------
        VoltageResponse
            Response.
        """
        return cls(data["bias_per_volt"].value, data["log_rate_per_volt"].value)

    def biases_at(self, biases: ArrayLike, voltage_v: float, beta: float) -> Float:
        """Return the biases h of spins at a voltage.

        Parameters
        ----------
        biases : (n,) float
            h at the reference voltage.
        voltage_v : float
            V, V.
        beta : float
            Inverse temperature.

        Returns
        -------
        (n,) float
            h + alpha (V - V_0) / (2 beta).
        """
        shift = np.asarray(self.alpha_per_v) * (voltage_v - self.reference_v)
        return np.asarray(np.asarray(biases, dtype=float) + shift / (2.0 * beta))

    def speeds_at(self, voltage_v: float) -> Float:
        """Return attempt rates at a voltage over those at the reference voltage.

        Parameters
        ----------
        voltage_v : float
            V, V.

        Returns
        -------
        (n,) float or float
            exp(kappa (V - V_0)).
        """
        return np.asarray(np.exp(np.asarray(self.kappa_per_v) * (voltage_v - self.reference_v)))

    def rates_at(
        self, field: ArrayLike, voltage_v: ArrayLike, *, attempt_rate_hz: float, theta: float = 0.5
    ) -> tuple[Float, Float]:
        """Compute the switching rates of atoms at a voltage.

        Parameters
        ----------
        field : (n,) float
            f at the reference voltage, in units of the effective temperature.
        voltage_v : (n,) float or float
            V, V.
        attempt_rate_hz : float
            gamma at the reference voltage, 1/s.
        theta : float
            Position of the barrier, 0 to 1.

        Returns
        -------
        up, down : (n,) float
            Rates, 1/s.
        """
        over = np.asarray(voltage_v, dtype=float) - self.reference_v
        up, down = telegraph_rates(
            np.asarray(field, dtype=float) + np.asarray(self.alpha_per_v) * over,
            attempt_rate_hz=attempt_rate_hz,
            theta=theta,
        )
        faster = np.exp(np.asarray(self.kappa_per_v) * over)
        return up * faster, down * faster
