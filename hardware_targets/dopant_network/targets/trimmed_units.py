"""Curves of units after trimming: what neurons look up, at 77 K and at room temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neuromorph.ising import Float

from ..transport.zero_bias_conductance import ConductionRegime
from .interface_data import DATA


@dataclass(frozen=True, eq=False)
class TrimmedUnits:
    """Trimmed curves of selected units, on equally spaced inputs from -range_v to range_v.

    Trimming takes three numbers a unit: offset and gain of its amplifier, and an offset at its input.

    Attributes
    ----------
    range_v : float
        Largest input, V.
    outputs : (units, m) float
        Outputs, -1 .. 1 between the ends of each curve, 0 at the trimmed input 0.
    noise : (units, m) float
        Noise of the outputs, 1/Hz, one-sided.
    powers_w : (units, m) float
        Power, W.
    spans_a : (units,) float
        Half the current between the ends, A.
    rates_hz : (units,) float
        Slowest relaxation at the ends and between, 1/s: noise is white up to there.
    made : int
        Number of pairs of terminals that were examined.
    tau_s, window_s : float
        R C of a neuron, and the time over which the output of its unit is averaged, s.
    regimes : tuple of ConductionRegime
        How the conductance of each unit at zero bias depends on temperature; empty where it is not known.
    """

    range_v: float
    outputs: Float
    noise: Float
    powers_w: Float
    spans_a: Float
    rates_hz: Float
    made: int
    tau_s: float = DATA["neuron_time_constant"].value
    window_s: float = DATA["unit_integration_time"].value
    regimes: tuple[ConductionRegime, ...] = ()

    def spread(self) -> float:
        """Compute the RMS over inputs of the standard deviation from unit to unit.

        Returns
        -------
        float
            Spread in half ranges of the output.
        """
        return float(np.sqrt(self.outputs.var(axis=0).mean()))

    def slope(self) -> float:
        """Compute the mean slope of the outputs at input 0.

        Returns
        -------
        float
            Slope, 1/V.
        """
        m = self.outputs.shape[1]
        rise = self.outputs[:, m // 2 + 1] - self.outputs[:, m // 2 - 1]
        return float(rise.mean() * (m - 1) / (4.0 * self.range_v))

    def look_up(self, table: Float, unit: np.ndarray, volts: Float) -> Float:
        """Interpolate ``table`` linearly, clamped at the ends.

        Parameters
        ----------
        table : (units, m) float
            One of the curves.
        unit : (...) int
            Units.
        volts : (...) float
            Inputs, V, which broadcast against ``unit``.

        Returns
        -------
        (...) float
            Values.
        """
        m = table.shape[1]
        at = (np.clip(volts / self.range_v, -1.0, 1.0) + 1.0) * (0.5 * (m - 1))
        low = np.minimum(at.astype(np.int64), m - 2)
        flat = unit * m + low
        values = table.ravel()
        left = values[flat]
        return np.asarray(left + (at - low) * (values[flat + 1] - left))
