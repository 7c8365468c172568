r"""Phase-change memory cells: programming error, conductance drift and read noise.

With g = G / G_max,

.. math::

    G_p &= G_T + N(0, \sigma_p), \quad \sigma_p = -1.1731 g_T^2 + 1.9650 g_T + 0.2635\ \mu S \\
    G_d &= G_p (t / t_c)^{-\nu}, \quad \nu \sim N(\mu_\nu(g_T), \sigma_\nu(g_T)) \\
    G_r &= G_d + N(0, G_d Q_s \sqrt{\ln((t + t_r) / 2 t_r)}), \quad Q_s = \min(0.0088 / g_p^{0.65}, 0.2)

where

- G_T is the target, G_p the conductance after programming, G_d after drift, G_r in one read,
- sigma_p is the programming error, nu the drift exponent, Q_s the strength of the 1/f read noise,
- t is the time since the last programming pulse, t_c the start of the drift law, t_r the width of a read pulse.

Source: Nandakumar et al., ICECS 2019, 727; Joshi et al., Nat. Commun. 11, 2473 (2020); coefficients with their sources
in ``memristor.toml``. Conductances here are in units of G_max.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuromorph.datum import read_data
from neuromorph.ising import Float

DATA = read_data(Path(__file__).with_name("memristor.toml").read_text())
_SMALLEST = 1e-7  # This keeps the logarithm of an off cell finite; the exponents are clipped there anyway.


@dataclass(frozen=True)
class PhaseChange:
    """Imperfections of a cell; a factor of 1 is the measured cell, 0 or None a perfect one.

    Attributes
    ----------
    programming, drift, read : float
        Factors on the programming error sigma_p, on the drift exponent nu and on the 1/f noise of each read.
    levels : int or None
        Quantization: the number of targets in 0 .. G_max that the programming circuit offers; None has no steps.
    stuck : float
        Fraction of cells that cannot be programmed, half of them at 0, half at G_max.
    age_s : float
        Time between programming and the reads, at least t_c = 20 s.

    Raises
    ------
    ValueError
        If a factor is negative or not finite, or ``levels``, ``stuck`` or ``age_s`` are out of range.
    """

    programming: float = 1.0
    drift: float = 1.0
    read: float = 1.0
    levels: int | None = int(DATA["levels"].value)
    stuck: float = 0.0
    age_s: float = DATA["age"].value

    def __post_init__(self) -> None:
        for name in ("programming", "drift", "read"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) >= 0):
                raise ValueError(f"{name} is {getattr(self, name)}; it is a factor, finite and not negative")
        if self.levels is not None and self.levels < 2:
            raise ValueError(f"levels is {self.levels}; a cell needs at least 2, or None for no steps")
        if not 0.0 <= self.stuck <= 1.0:
            raise ValueError(f"stuck is {self.stuck}; it is a fraction of cells in 0 .. 1")
        start = DATA["drift_start"].value
        if not (np.isfinite(self.age_s) and self.age_s >= start):
            raise ValueError(f"age_s is {self.age_s}; the fits begin {start:g} s after programming")

    @property
    def differs(self) -> bool:
        """Whether two chips with the same targets differ."""
        return max(self.programming, self.drift, self.stuck) > 0.0

    def programmed(self, wanted: Float, rng: np.random.Generator) -> Float:
        """Draw the conductances after programming towards ``wanted``.

        Parameters
        ----------
        wanted : (...) float
            Targets, 0 .. 1 of G_max.
        rng : numpy.random.Generator
            The stream of programming errors and stuck cells.

        Returns
        -------
        (...) float
            Conductances in units of G_max; the programming error may take them above 1.
        """
        target = wanted if self.levels is None else np.rint(wanted * (self.levels - 1)) / (self.levels - 1)
        cells = np.maximum(
            target + self.programming * programming_spread(target) * rng.standard_normal(np.shape(target)), 0.0
        )
        fate = rng.random(np.shape(target))
        return np.where(fate < self.stuck / 2.0, 0.0, np.where(fate < self.stuck, 1.0, cells))

    def aged(self, cells: Float, wanted: Float, rng: np.random.Generator) -> Float:
        """Let programmed ``cells`` drift for ``age_s``, each with an exponent of its own.

        Parameters
        ----------
        cells : (...) float
            Programmed conductances, G_max.
        wanted : (...) float
            Their targets, on which the distribution of the drift exponent depends.
        rng : numpy.random.Generator
            The stream of drift exponents.

        Returns
        -------
        (...) float
            Conductances after ``age_s``, G_max.
        """
        mean, spread = drift_exponent(wanted)
        exponent = self.drift * np.abs(mean + spread * rng.standard_normal(np.shape(cells)))
        return cells * (self.age_s / DATA["drift_start"].value) ** -exponent

    def read_factors(self, cells: Float, rng: np.random.Generator) -> Float:
        """Draw the read noise G_r / G_d of each cell in one read.

        The 1/f noise is that gathered since programming, as if reads were far apart.

        Parameters
        ----------
        cells : (...) float
            Programmed conductances, G_max.
        rng : numpy.random.Generator
            The stream of the read noise.

        Returns
        -------
        (...) float
            Factors on the conductances, not negative.
        """
        pulse = DATA["read_pulse"].value
        gathered = np.sqrt(np.log((self.age_s + pulse) / (2.0 * pulse)))
        noise = self.read * flicker_noise(cells) * gathered * rng.standard_normal(np.shape(cells))
        return np.maximum(1.0 + noise, 0.0)


def programming_spread(g: Float) -> Float:
    """Compute the programming error sigma_p / G_max.

    Parameters
    ----------
    g : ndarray
        Conductance over G_max.

    Returns
    -------
    ndarray
        Standard deviation over G_max.
    """
    names = ("programming_constant", "programming_linear", "programming_square")
    constant, linear, square = (DATA[name].value / DATA["maximum_conductance"].value for name in names)
    return np.maximum(constant + g * (linear + g * square), 0.0)


def drift_exponent(g: Float) -> tuple[Float, Float]:
    """Compute the mean and the standard deviation of the drift exponent nu.

    Parameters
    ----------
    g : (...) float
        Relative conductance G / G_max.

    Returns
    -------
    mean, spread : (...) float
        Mean and standard deviation of nu.
    """
    log = np.log(np.maximum(g, _SMALLEST))
    mean, spread = (
        np.clip(
            DATA[f"drift_{name}_constant"].value + DATA[f"drift_{name}_log"].value * log,
            DATA[f"drift_{name}_least"].value,
            DATA[f"drift_{name}_most"].value,
        )
        for name in ("mean", "spread")
    )
    return mean, spread


def flicker_noise(g: Float) -> Float:
    """Compute the 1/f noise strength Q_s.

    Parameters
    ----------
    g : ndarray
        Conductance over G_max.

    Returns
    -------
    ndarray
        Strength, a fraction of the conductance.
    """
    strength = DATA["flicker"].value / np.maximum(g, _SMALLEST) ** DATA["flicker_power"].value
    return np.minimum(strength, DATA["flicker_most"].value)
