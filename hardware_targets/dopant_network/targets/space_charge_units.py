r"""Dopant units at 300 K as neurons: a current goes in, and the voltage that it takes is the output.

.. math:: V(i) = I^{-1}(i), \qquad S_V = \Big( \frac{dV}{di} \Big)^2 S_I, \qquad P = i\, V(i), \qquad
          \tau = C \frac{dV}{di}

where I(V) is the current of the input with all other electrodes at 0 V, S_I its shot noise, P the power, and C the
capacitance of the input. Space charge makes I(V) grow ever faster (module ``space_charge_table``); at a virtual ground
a unit would have its least slope in the middle, where a network starts. Driven by a current it is the other way round:
the voltage grows ever slower, a sigmoid to the ends of the range, steepest in the middle. R C there, of gigaohms, is
the memory of a unit and sets its time. The other electrodes could bend the curve; here they stay at 0 V.

Source of the physics: Kareem et al., arXiv 2605.13477; of what is fitted to which measurement: ``space_charge.toml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files

import numpy as np
from scipy.interpolate import PchipInterpolator

from neuromorph.files.npz import read_npz
from neuromorph.ising import Float

from .space_charge_table import POINTS, space_charge_data, surface_settings
from .trimmed_units import TrimmedUnits

_KINDS = 12  # number of kinds of unit in a network, as at 77 K
_DRIVES = 257  # number of points of a curve against the current that goes in
_RANGE_V = 0.25  # voltage at the input of the amplifier that drives a unit, at full current


@dataclass(frozen=True, eq=False)
class SpaceChargeTable:
    """Currents of units at 300 K as the solver found them, holes in traps included.

    Attributes
    ----------
    inputs_v : (m,) float
        Voltages of the input, the other electrodes at 0 V.
    charges_m3 : (units,) float
        Fixed charge of each unit, 1/m^3.
    currents_a, noise_a2_hz : (units, m) float
        Current into each unit, A, and its noise, A^2/Hz, one-sided.
    surface_a : (s, 8) float
        Currents out of the electrodes of a unit of mean charge, A.
    """

    inputs_v: Float
    charges_m3: Float
    currents_a: Float
    noise_a2_hz: Float
    surface_a: Float

    @cached_property
    def settings_v(self) -> Float:
        """Voltages of the surface, V, (s, 8); the curves of units do not need them."""
        return surface_settings(len(self.surface_a))


@lru_cache(maxsize=1)
def space_charge_table() -> SpaceChargeTable:
    """Read the table that ``space_charge_table.make_table`` made.

    Returns
    -------
    SpaceChargeTable
        Curves and surface.
    """
    data, found = space_charge_data(), read_npz(files(__package__).joinpath("space_charge.npz").read_bytes())
    swing, free = data["unit_swing"].value, data["free_fraction"].value
    return SpaceChargeTable(
        np.linspace(-swing, swing, POINTS),
        found["charges_m3"],
        free * found["currents_a"],
        free * found["noise_a2_hz"],
        free * found["surface_a"],
    )


@lru_cache(maxsize=4)
def select_space_charge_units(seed: int = 0) -> TrimmedUnits:
    """Take twelve of the computed units, each driven by a current and trimmed.

    Trimming takes two numbers a unit: the full current, at which the smaller of its two ends is at the end of the
    range, and the gain and offset of the amplifier that reads its voltage.

    Parameters
    ----------
    seed : int
        Seed of the choice.

    Returns
    -------
    TrimmedUnits
        The units; inputs are those of the amplifiers that drive them.
    """
    data, table = space_charge_data(), space_charge_table()
    made = len(table.charges_m3)
    chosen = np.sort(np.random.default_rng(seed).choice(made, _KINDS, replace=False))
    drives = np.linspace(-1.0, 1.0, _DRIVES)
    curves = [_driven(table.inputs_v, table.currents_a[k], table.noise_a2_hz[k], drives) for k in chosen]
    outputs, noise, powers, spans, ohms = (np.array(part) for part in zip(*curves, strict=True))
    rates = 1.0 / (data["input_capacitance"].value * ohms)
    return TrimmedUnits(
        _RANGE_V,
        outputs,
        noise,
        powers,
        spans,
        rates,
        made,
        tau_s=data["neuron_time_constant"].value,
        window_s=data["unit_integration_time"].value,
    )


def mean_power() -> float:
    """Compute the mean power of a unit over random voltages of all its electrodes.

    Returns
    -------
    float
        Power, W; ``free_fraction`` is fitted so that it is ``unit_power``.
    """
    table = space_charge_table()
    return float(-(table.settings_v * table.surface_a).sum(axis=1).mean())


def _driven(inputs: Float, currents: Float, noise: Float, drives: Float) -> tuple[Float, Float, Float, float, float]:
    """Turn I(V) round: outputs -1 .. 1, noise 1/Hz and power W at each drive, full current A, largest dV/di, ohm."""
    full = float(min(-currents[0], currents[-1]))
    voltage = PchipInterpolator(currents, inputs)
    volts = voltage(full * drives)
    slope = voltage.derivative()(full * drives)
    half = 0.5 * float(volts[-1] - volts[0])
    middle = 0.5 * float(volts[-1] + volts[0])
    x = (volts - middle) / half
    rest = float(np.interp(0.0, x, drives))  # the input at which the output is 0, which trimming takes out
    shot = slope**2 * np.interp(volts, inputs, noise) / half**2
    moved = [np.interp(drives + rest, drives, part) for part in (x, shot, full * drives * volts)]
    return moved[0], moved[1], moved[2], full, float(slope.max())
