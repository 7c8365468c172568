r"""Tolerances of parts: every resistor, capacitor and amplifier a little off, at some temperature.

.. math:: r \to r (1 + \delta_r)(1 + \alpha_r\,\Delta T), \quad I \propto 1/r, \quad c \to c (1 + \delta_c), \quad
          V = g\big(a (u - o)\big), \quad a = \tfrac{T_0}{T} e^{\sigma z}, \quad W = -e^{\sigma z'} V

where

- delta and alpha are uniform within their bounds, as parts are sorted when they are sold,
- z is standard normal, for each amplifier its own, and sigma its mismatch,
- o are the offsets, normal, which drift with the temperature T,
- T_0 / T is the fall of the gain of a differential pair.

The same seed draws the same deviates at every tolerance: a board gets worse as its tolerances grow, and is not another
one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.resources import files

import numpy as np

from neuromorph.datum import read_data
from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds

DATA = read_data(files(__package__).joinpath("tolerances.toml").read_text())

NOMINAL_K = 300.0


@dataclass(frozen=True)
class Tolerances:
    """Spread of the parts of a board; everything is exact unless given.

    The last four are of amplifiers that are not ideal: see ``circuit_sample``.

    Attributes
    ----------
    resistor : float
        Largest relative deviation of resistors, transconductors and set currents.
    capacitor : float
        Largest relative deviation of capacitors.
    mismatch : float
        Standard deviation of the logarithm of each amplifier's gain and of each inverter's ratio.
    offset_v : float
        Standard deviation of each amplifier's input offset, V.
    temperature_k : (low, high)
        Range of a board's temperature, drawn uniformly, K; 300 K is nominal.
    resistor_per_k : float
        Largest temperature coefficient of each resistor, 1/K.
    offset_per_k : float
        Standard deviation of the drift of each offset, V/K.
    opamp_gain : float
        Standard deviation of the logarithm of each op-amp's A_0.
    opamp_bandwidth : float
        Standard deviation of the logarithm of each op-amp's GBW and slew rate together.
    threshold_v_m : float
        Threshold mismatch A_VT of a pair of transistors, V m.
    beta_m : float
        Mismatch A_beta of the current factor of a pair, m.
    """

    resistor: float = 0.0
    capacitor: float = 0.0
    mismatch: float = 0.0
    offset_v: float = 0.0
    temperature_k: tuple[float, float] = (NOMINAL_K, NOMINAL_K)
    resistor_per_k: float = 0.0
    offset_per_k: float = 0.0
    opamp_gain: float = 0.0
    opamp_bandwidth: float = 0.0
    threshold_v_m: float = 0.0
    beta_m: float = 0.0

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self) if field.name != "temperature_k"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0.0):
                raise ValueError(f"{name} is {value}; it must be finite and not negative")
        low, high = self.temperature_k
        if not 0.0 < low <= high < np.inf:
            raise ValueError(f"temperature_k is {self.temperature_k}; need 0 < low <= high, kelvin")
        away = max(NOMINAL_K - low, high - NOMINAL_K, 0.0)
        for name, value in (
            ("resistor", self.resistor),
            ("capacitor", self.capacitor),
            ("resistor_per_k", self.resistor_per_k * away),
        ):
            if value >= 1.0:
                raise ValueError(f"{name} moves a part by {value:.0%}; it must leave it positive: below 100 %")


def typical_tolerances(temperature_k: tuple[float, float] | None = None) -> Tolerances:
    """Return the tolerances of parts as they are usually bought (``tolerances.toml``).

    Parameters
    ----------
    temperature_k : (low, high), optional
        Range of temperature, K; 0 .. 70 C by default.

    Returns
    -------
    Tolerances
        The tolerances.
    """
    value = {name: datum.value for name, datum in DATA.items()}
    return Tolerances(
        value["resistor"],
        value["capacitor"],
        value["mismatch"],
        value["offset"],
        (value["coldest"], value["hottest"]) if temperature_k is None else temperature_k,
        value["resistor_per_k"],
        value["offset_per_k"],
        value["opamp_gain"],
        value["opamp_bandwidth"],
        value["threshold"],
        value["beta"],
    )


class ToleranceDraws:
    """The random draws of one board, part by part in a fixed order.

    Parameters
    ----------
    tolerances : Tolerances
        Tolerances of the parts.
    rng : Generator, SeedSequence or int
        Seed of the board.
    """

    def __init__(self, tolerances: Tolerances, rng: RNG) -> None:
        self.of = tolerances
        self.stream = np.random.default_rng(read_seeds(rng, 1)[0])
        low, high = tolerances.temperature_k
        self.temperature_k = float(low + (high - low) * self.stream.random())

    def resistors(self, *shape: int) -> Float:
        """Draw factors on resistances.

        Parameters
        ----------
        *shape : int
            Shape of the result.

        Returns
        -------
        ndarray of float
            Factors.
        """
        deviation, drift = self.stream.uniform(-1.0, 1.0, (2, *shape))
        away = self.temperature_k - NOMINAL_K
        return np.asarray((1.0 + self.of.resistor * deviation) * (1.0 + self.of.resistor_per_k * away * drift))

    def capacitors(self, *shape: int) -> Float:
        """Draw factors on capacitances.

        Parameters
        ----------
        *shape : int
            Shape of the result.

        Returns
        -------
        ndarray of float
            Factors.
        """
        return np.asarray(1.0 + self.of.capacitor * self.stream.uniform(-1.0, 1.0, shape))

    def ratios(self, *shape: int) -> Float:
        """Draw the ratios of inverters.

        Parameters
        ----------
        *shape : int
            Shape of the result.

        Returns
        -------
        ndarray of float
            Factors.
        """
        return self.lognormal(self.of.mismatch, *shape)

    def lognormal(self, deviation: float, *shape: int) -> Float:
        """Draw factors whose logarithm is normal.

        Parameters
        ----------
        deviation : float
            Standard deviation of the logarithm.
        *shape : int
            Shape of the result.

        Returns
        -------
        ndarray of float
            Factors.
        """
        return np.asarray(np.exp(deviation * self.stream.standard_normal(shape)))

    def gains(self, *shape: int) -> Float:
        """Draw factors on the gains of amplifiers, at the temperature of the board.

        Parameters
        ----------
        *shape : int
            Shape of the result.

        Returns
        -------
        ndarray of float
            Factors.
        """
        return np.asarray(NOMINAL_K / self.temperature_k * self.ratios(*shape))

    def offsets(self, *shape: int) -> Float:
        """Draw the input offsets of amplifiers, at the temperature of the board.

        Parameters
        ----------
        *shape : int
            Shape of the result.

        Returns
        -------
        ndarray of float
            Offsets, V.
        """
        offset, drift = self.stream.standard_normal((2, *shape))
        return np.asarray(self.of.offset_v * offset + self.of.offset_per_k * (self.temperature_k - NOMINAL_K) * drift)
