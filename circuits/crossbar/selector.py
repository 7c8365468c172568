r"""A selector in series with a cell: a two-terminal device that hardly conducts at half of the voltage.

.. math:: I = I_0 \sinh(V_s / V_0), \qquad V = I / G + V_0 \, \mathrm{arsinh}(I / I_0), \qquad
          \frac{dI}{dV} = \frac{1}{1 / G + V_0 / \sqrt{I^2 + I_0^2}}

where

- I_0 and V_0 are the scales of current and voltage; at high voltage a decade of current takes V_0 ln 10,
- V_s is the voltage over the selector, V that over selector and cell,
- G is the conductance of the cell; dI/dV lies between that of the selector at rest and G.

Source: exponential selectors, Burr et al., J. Vac. Sci. Technol. B 32, 040802 (2014). Numbers: ``selector.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from math import log

import numpy as np
from numpy.typing import ArrayLike

from neuromorph.datum import read_data
from neuromorph.ising import Float

from ..netlist.circuit import BehavioralCurrent
from ..netlist.expressions import Voltage, call

DATA = read_data(files(__package__).joinpath("selector.toml").read_text())
_STEPS = 200


@dataclass(frozen=True)
class Selector:
    r"""A selector of exponential current-voltage characteristic.

    .. math:: I = I_0 \sinh(V_s / V_0)

    Attributes
    ----------
    scale_a : float
        Current scale I_0, A.
    slope_v : float
        Voltage scale V_0, V; a decade of current takes V_0 ln 10.
    """

    scale_a: float = DATA["scale"].value
    slope_v: float = DATA["slope"].value / log(10.0)

    def __post_init__(self) -> None:
        for name in ("scale_a", "slope_v"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and positive")

    def currents(self, volts: ArrayLike, siemens: ArrayLike) -> tuple[Float, Float]:
        """Return current and differential conductance of selector and cell in series.

        Parameters
        ----------
        volts : array_like
            Voltage over both, V.
        siemens : array_like
            Conductance of the cell, S; no current flows where it is 0.

        Returns
        -------
        current : ndarray of float
            I, A.
        slope : ndarray of float
            Differential conductance dI/dV, S.
        """
        v, g = np.broadcast_arrays(np.asarray(volts, dtype=float), np.asarray(siemens, dtype=float))
        ohm = 1.0 / np.where(g > 0.0, g, 1.0)
        # V(I) is concave: from I = 0 Newton's steps never pass the root.
        size, target = np.zeros(v.shape), np.abs(v)
        for _ in range(_STEPS):
            step = target - size * ohm - self.slope_v * np.arcsinh(size / self.scale_a)
            step /= ohm + self.slope_v / np.hypot(size, self.scale_a)
            size += step
            if (np.abs(step) <= 4e-16 * size).all():
                break
        slope = 1.0 / (ohm + self.slope_v / np.hypot(size, self.scale_a))
        return np.where(g > 0.0, np.copysign(size, v), 0.0), np.where(g > 0.0, slope, 0.0)

    def element(self, name: str, a: str, b: str) -> BehavioralCurrent:
        """Return the selector as an element between two nodes of a circuit.

        Parameters
        ----------
        name : str
            Name of the element.
        a, b : str
            Nodes; current flows from a to b.

        Returns
        -------
        BehavioralCurrent
            A source of the current I_0 sinh((v_a - v_b) / V_0).
        """
        x = (1.0 / self.slope_v) * (Voltage(a) - Voltage(b))
        return BehavioralCurrent(name, a, b, (0.5 * self.scale_a) * (call("exp", x) - call("exp", 0.0 - x)))
