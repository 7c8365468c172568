r"""The junctions of one chip: how fast each flips, how steep it is, and at which input it is even.

.. math:: \tau_i = \tau_0 e^{\Delta_i}, \qquad \ln \tau_{0,i} = \ln \tau_0 - \kappa (\Delta_i - \Delta)
          \quad\Rightarrow\quad \tau_i = \tau e^{(1 - \kappa)(\Delta_i - \Delta)}

where Delta_i is the barrier of junction i in kT, Delta the mean one, and kappa in [0, 1] the compensation of
Meyer and Neldel: the prefactor falls where the barrier rises. With input I_i in units of kT, slope a_i and offset o_i

.. math:: m_i \leftarrow \mathrm{sgn}(\tanh(a_i (I_i + o_i)) + U(-1, 1)) \quad\text{at rate}\quad 1 / \tau_i, \qquad
          r(m_i \to -m_i) = \frac{1}{\tau_i} \frac{e^{-m_i a_i (I_i + o_i)}}{2 \cosh(a_i (I_i + o_i))}

are one and the same process. A junction under a transistor is driven by a voltage, with <m> = tanh((V - V_50) / V_0):
the synapse gives V_i = V_50 + V_0 I_i within 0 .. V_s, so that inputs end at -V_50 / V_0 and (V_s - V_50) / V_0.
Sources: Camsari et al., Phys. Rev. X 7, 031014 (2017); prefactors: arXiv 2402.03452;
voltage drive: Camsari, Salahuddin and Datta, IEEE Electron Device Lett. 38, 1767 (2017), recalled; arXiv 1809.04028,
abstract (junction and transistor as a three-terminal p-bit); Borders et al., Nature 573, 390 (2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float


@dataclass(frozen=True, eq=False)
class Junctions:
    """Junctions as they are.

    Attributes
    ----------
    slopes : (n,) float
        a, 1 nominally.
    offsets : (n,) float
        o, in units of the input.
    dwells : (n,) float
        tau_i in units of the nominal dwell time.
    barriers : (n,) float
        Delta_i, kT.
    reach : (float, float)
        Least and largest input that drives give; no limits by default.
    """

    slopes: Float
    offsets: Float
    dwells: Float
    barriers: Float
    reach: tuple[float, float] = (-math.inf, math.inf)

    @property
    def alike(self) -> bool:
        """Whether inputs act alike on all, so that an energy describes the states."""
        alike = bool((self.slopes == self.slopes[0]).all() and not self.offsets.any())
        return alike and self.reach == (-math.inf, math.inf)


def draw_junctions(
    n: int,
    rng: np.random.Generator,
    *,
    barrier: float,
    barrier_spread: float,
    compensation: float,
    slope_spread: float,
    offset_spread: float,
    reach: tuple[float, float] = (-math.inf, math.inf),
) -> Junctions:
    """Draw the junctions of a chip.

    Parameters
    ----------
    n : int
        Number of junctions.
    rng : numpy.random.Generator
        The chip.
    barrier, barrier_spread : float
        Mean and standard deviation of the barriers, kT.
    compensation : float
        kappa, 0 to 1.
    slope_spread, offset_spread : float
        Standard deviations of ln a and of o.
    reach : (float, float)
        Least and largest input.

    Returns
    -------
    Junctions
        The junctions.
    """
    away, steep, off = rng.standard_normal((n, 3)).T  # by junction: the first of a larger chip are those of a small one
    return Junctions(
        np.exp(slope_spread * steep),
        offset_spread * off,
        np.exp((1.0 - compensation) * barrier_spread * away),
        barrier + barrier_spread * away,
        reach,
    )


def voltage_reach(slope_v: float | None, middle_v: float | None, swing_v: float | None) -> tuple[float, float]:
    """Return the least and the largest input that voltages give.

    Parameters
    ----------
    slope_v : float or None
        V_0, V: an input of 1.
    middle_v : float or None
        V_50, V, at which a p-bit is even; none is half of ``swing_v``.
    swing_v : float or None
        V_s, V: voltages are from 0 to it.

    Returns
    -------
    least, largest : float
        -V_50 / V_0 and (V_s - V_50) / V_0; without limits where nothing is given.

    Raises
    ------
    ValueError
        If a voltage is not positive, some are missing, or V_50 is not within.
    """
    volts = {"slope_v": slope_v, "swing_v": swing_v, "middle_v": middle_v}
    for name, value in volts.items():
        if value is not None and not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value}; give volts above 0, or none for inputs without limits")
    if slope_v is None or swing_v is None:
        left = [name for name, value in volts.items() if value is not None]
        if left:
            raise ValueError(f"{' and '.join(left)} alone is no voltage drive; give slope_v and swing_v both")
        return -math.inf, math.inf
    middle = swing_v / 2.0 if middle_v is None else middle_v
    if middle >= swing_v:
        raise ValueError(f"middle_v is {middle} of a swing of {swing_v} V; an even p-bit is out of reach")
    return -middle / slope_v, (swing_v - middle) / slope_v
