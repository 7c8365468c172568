r"""Phase-change memory cells: what a wanted conductance becomes after programming, ageing and a read.

With g = G / G_max and t the time since the last programming pulse,

.. math::

    G_p &= G_T + N(0, \sigma_p), \quad \sigma_p = -1.1731 g_T^2 + 1.9650 g_T + 0.2635\ \mu S \\
    G_d &= G_p (t / t_c)^{-\nu}, \quad \nu \sim N(\mu_\nu(g_T), \sigma_\nu(g_T)) \\
    G_r &= G_d + N(0, G_d Q_s \sqrt{\ln((t + t_r) / 2 t_r)}), \quad Q_s = \min(0.0088 / g_p^{0.65}, 0.2)

Source: Nandakumar et al., ICECS 2019, 727; Joshi et al., Nat. Commun. 11, 2473 (2020); coefficients with their sources
in ``memristor.toml``. Wanted and actual conductances here are in units of G_max.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neuromorph.datum import read_data
from neuromorph.ising import Float

DATA = read_data(Path(__file__).with_name("memristor.toml").read_text())
_SMALLEST = 1e-7  # keeps the logarithm of a cell that is off finite; the exponents are clipped there anyway


@dataclass(frozen=True)
class PhaseChange:
    """How far each imperfection is switched on; 1 is the measured cell, 0 (or None) a perfect one.

    programming, drift, read : float     factors on sigma_p, on nu and on the 1/f noise of each read
    levels : int or None                 targets that the programming circuit can ask for in 0 .. G_max
    stuck : float                        fraction of cells that do not move, half of them off, half at G_max
    age_s : float                        time between programming and the reads, at least t_c = 20 s
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
        """Whether two chips with the same targets are not alike."""
        return max(self.programming, self.drift, self.stuck) > 0.0

    def programmed(self, wanted: Float, rng: np.random.Generator) -> Float:
        """Conductances (...) after programming towards ``wanted`` (...), both in 0 .. 1 of G_max (noise may pass 1)."""
        target = wanted if self.levels is None else np.rint(wanted * (self.levels - 1)) / (self.levels - 1)
        cells = np.maximum(
            target + self.programming * programming_spread(target) * rng.standard_normal(np.shape(target)), 0.0
        )
        fate = rng.random(np.shape(target))
        return np.where(fate < self.stuck / 2.0, 0.0, np.where(fate < self.stuck, 1.0, cells))

    def aged(self, cells: Float, wanted: Float, rng: np.random.Generator) -> Float:
        """Programmed ``cells`` after ``age_s``; each has its own drift exponent, by what was ``wanted`` of it."""
        mean, spread = drift_exponent(wanted)
        exponent = self.drift * np.abs(mean + spread * rng.standard_normal(np.shape(cells)))
        return cells * (self.age_s / DATA["drift_start"].value) ** -exponent

    def read_factors(self, cells: Float, rng: np.random.Generator) -> Float:
        """One read's G_r / G_d of each cell: 1/f noise gathered since programming, as if reads lay far apart."""
        pulse = DATA["read_pulse"].value
        gathered = np.sqrt(np.log((self.age_s + pulse) / (2.0 * pulse)))
        noise = self.read * flicker_noise(cells) * gathered * rng.standard_normal(np.shape(cells))
        return np.maximum(1.0 + noise, 0.0)


def programming_spread(g: Float) -> Float:
    """sigma_p / G_max at the relative conductance g."""
    names = ("programming_constant", "programming_linear", "programming_square")
    constant, linear, square = (DATA[name].value / DATA["maximum_conductance"].value for name in names)
    return np.maximum(constant + g * (linear + g * square), 0.0)


def drift_exponent(g: Float) -> tuple[Float, Float]:
    """(mean, standard deviation) of nu at the relative conductance g."""
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
    """Q_s, the strength of 1/f noise as a fraction of the conductance, at the relative conductance g."""
    strength = DATA["flicker"].value / np.maximum(g, _SMALLEST) ** DATA["flicker_power"].value
    return np.minimum(strength, DATA["flicker_most"].value)
