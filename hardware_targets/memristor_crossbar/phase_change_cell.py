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

Other materials have tables in place of these fits (``cell_table``). At a temperature T other than 300 K

.. math:: \frac{G(T)}{G(300\,K)} = \exp\Bigl(-\frac{E_a (1 - g)}{k} \Bigl(\frac{1}{T} - \frac{1}{300\,K}\Bigr)\Bigr),
          \qquad \nu \propto T, \qquad Q_s \propto \sqrt{T}

from an amorphous part that is activated and a crystalline one that is not: a form that is assumed, and its constants.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from neuromorph.datum import read_data
from neuromorph.ising import Float

from .cell_table import CellTable, cell_table

DATA = read_data(Path(__file__).with_name("memristor.toml").read_text())
_BOLTZMANN_EV, _ROOM_K = 8.617333262e-5, 300.0
_MOST_FACTOR = 1000.0  # on what was measured; beyond, nothing is left but noise
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
    material : str
        ``pcm`` for these fits, or what :func:`.cell_table` knows.
    kelvin : float
        Temperature of the reads, K.
    stuck_lines : float
        Fraction of rows and of columns that fail as a whole, half of them open, half with all cells at G_max.

    Raises
    ------
    ValueError
        If a factor is negative or too large, or another number is out of range, or there is no such material.
    """

    programming: float = 1.0
    drift: float = 1.0
    read: float = 1.0
    levels: int | None = int(DATA["levels"].value)
    stuck: float = 0.0
    age_s: float = DATA["age"].value
    material: str = "pcm"
    kelvin: float = _ROOM_K
    stuck_lines: float = 0.0

    def __post_init__(self) -> None:
        for name in ("programming", "drift", "read"):
            if not 0.0 <= getattr(self, name) <= _MOST_FACTOR:
                raise ValueError(f"{name} is {getattr(self, name)}; it is a factor, 0 to {_MOST_FACTOR:g}")
        if self.levels is not None and self.levels < 2:
            raise ValueError(f"levels is {self.levels}; a cell needs at least 2, or None for no steps")
        for name, what in (("stuck", "cells"), ("stuck_lines", "rows and columns")):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it is a fraction of {what} in 0 .. 1")
        if not 4.0 <= self.kelvin <= 500.0:
            raise ValueError(f"kelvin is {self.kelvin}; give 4 to 500 K")
        start = self.drift_start
        if not (np.isfinite(self.age_s) and self.age_s >= start):
            raise ValueError(f"age_s is {self.age_s}; the fits begin {start:g} s after programming")

    @property
    def differs(self) -> bool:
        """Whether two chips with the same targets differ."""
        return max(self.programming, self.drift, self.stuck, self.stuck_lines) > 0.0

    @cached_property
    def table(self) -> CellTable | None:
        """Statistics of the material; none for phase-change cells, which have the fits."""
        return None if self.material == "pcm" else cell_table(self.material)

    @property
    def maximum_s(self) -> float:
        """Largest conductance G_max, S."""
        return DATA["maximum_conductance"].value if self.table is None else self.table.maximum_s

    @property
    def least(self) -> float:
        """Conductance of a cell that is off, over the largest one."""
        return 0.0 if self.table is None else self.table.least

    @property
    def drift_start(self) -> float:
        """Age of the first reading t_c, s."""
        return DATA["drift_start"].value if self.table is None else self.table.first_s

    def spread(self, g: Float) -> Float:
        """Compute the programming error of the material, over the largest conductance.

        Parameters
        ----------
        g : (...) float
            Conductances, over the largest one.

        Returns
        -------
        (...) float
            Standard deviation sigma_p / G_max.
        """
        return programming_spread(g) if self.table is None else self.table.spread(g)

    def on_levels(self, wanted: Float) -> Float:
        """Round targets to the levels that there are.

        Parameters
        ----------
        wanted : (...) float
            Targets, from ``least`` to 1.

        Returns
        -------
        (...) float
            The nearest levels.
        """
        if self.levels is None:
            return wanted
        span = 1.0 - self.least
        return self.least + span * np.rint((wanted - self.least) / span * (self.levels - 1)) / (self.levels - 1)

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
        target = self.on_levels(wanted)
        cells = np.maximum(target + self.programming * self.spread(target) * rng.standard_normal(np.shape(target)), 0.0)
        fate = rng.random(np.shape(target))
        return np.where(fate < self.stuck / 2.0, 0.0, np.where(fate < self.stuck, 1.0, cells))

    def with_broken_lines(self, cells: Float, rng: np.random.Generator) -> Float:
        """Break rows and columns as wholes.

        Parameters
        ----------
        cells : (arrays, columns, rows) float
            Conductances, G_max.
        rng : numpy.random.Generator
            Stream of the broken lines; nothing is drawn where none break.

        Returns
        -------
        (arrays, columns, rows) float
            Conductances; 0 along an open line, 1 along one whose cells are all on. Where such lines cross, open wins.
        """
        if self.stuck_lines == 0.0:
            return cells
        columns, rows = rng.random(cells.shape[:2])[:, :, None], rng.random((len(cells), cells.shape[2]))[:, None, :]
        on = (columns < self.stuck_lines) | (rows < self.stuck_lines)
        opened = (columns < self.stuck_lines / 2.0) | (rows < self.stuck_lines / 2.0)
        return np.where(opened, 0.0, np.where(on, 1.0, cells))

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
        table = self.table
        if table is None:
            mean, spread = drift_exponent(wanted)
        else:
            mean, spread = table.along("exponent", wanted), table.along("exponent_spread", wanted)
        exponent = self.drift * np.abs(mean + spread * rng.standard_normal(np.shape(cells)))
        if self.kelvin != _ROOM_K:
            exponent = exponent * (self.kelvin / _ROOM_K) ** DATA["drift_temperature_power"].value
        if table is not None and len(table.spreads) > 1:
            more = np.sqrt(np.maximum(table.spread(wanted, self.age_s) ** 2 - table.spread(wanted) ** 2, 0.0))
            moved = cells + self.drift * more * rng.standard_normal(np.shape(cells))
            cells = np.where(cells > 0.0, np.maximum(moved, 0.0), cells)  # where there is no cell there is none later
        aged = cells * (self.age_s / self.drift_start) ** -exponent
        return aged if self.kelvin == _ROOM_K else aged * self._activated(aged)

    def _activated(self, cells: Float) -> Float:
        """Return G(T) / G(300 K)."""
        energy = DATA["activation"].value if self.table is None else self.table.activation_ev
        amorphous = np.clip(1.0 - cells, 0.0, 1.0)
        return np.exp(-energy * amorphous / _BOLTZMANN_EV * (1.0 / self.kelvin - 1.0 / _ROOM_K))

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
        if self.table is None:
            gathered = np.sqrt(np.log((self.age_s + pulse) / (2.0 * pulse)))
            noise = self.read * flicker_noise(cells) * gathered * rng.standard_normal(np.shape(cells))
        else:
            relative = self.table.along("read", cells) / np.maximum(cells, _SMALLEST)
            noise = self.read * relative * rng.standard_normal(np.shape(cells))
        if self.kelvin != _ROOM_K:
            noise = noise * (self.kelvin / _ROOM_K) ** DATA["noise_temperature_power"].value
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
