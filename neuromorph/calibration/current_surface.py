r"""Currents against voltages by a Gaussian process, with bands that hold where sweeps were not.

.. math:: I(x) \sim \mathrm{GP}(\bar I, \sigma_I^2 k), \qquad
          k(x, x') = a^2 \Big(1 + \sqrt5\, r + \tfrac53 r^2\Big) e^{-\sqrt5\, r} + \nu^2 \delta_{xx'}, \qquad
          r^2 = \sum_e \frac{(x_e - x'_e)^2}{l_e^2}

with x the settings scaled to -1 .. 1; a, l, nu maximize the marginal likelihood. Rows in their order are cut in blocks,
each is predicted from all others, and bands are widened by the 95 % quantile of |z| over 1.96: along a sweep neighbors
give each other away, so that leaving out single rows would flatter the bands.
Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), chapters 2, 5 and 9.4 (derivatives).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..rng import RNG
from ..runtime.limits import checkpoint

MOST_ROWS = 1500  # the cost goes with the cube
_FEWEST = 30
_KERNEL_ROWS = 400
_BLOCKS = 8
_STEP = 5e-3  # of the scaled settings, of a derivative
_TWO_SIDED = 1.959963985


@dataclass(frozen=True, eq=False)
class CurrentSurface:
    """Currents of a device with bands.

    Attributes
    ----------
    settings : (rows, k) float
        Settings, V (and K).
    currents_a : (rows,) float
        Measured currents, A.
    held_out_a, held_out_sd : (rows,) float
        Each current predicted from the other blocks, and its standard deviation before widening, A.
    spread : float
        Factor on standard deviations.
    low, span : (k,) float
        Least setting, and half of the range.
    mean_a, scale_a : float
        Mean and standard deviation of the currents, A.
    process : object
        Fitted ``GaussianProcessRegressor``.
    """

    settings: Float
    currents_a: Float
    held_out_a: Float
    held_out_sd: Float
    spread: float
    low: Float
    span: Float
    mean_a: float
    scale_a: float
    process: Any

    @property
    def relative_error(self) -> float:
        """Root mean square error of held-out currents over their standard deviation."""
        return float(np.sqrt(((self.held_out_a - self.currents_a) ** 2).mean()) / self.scale_a)

    @property
    def noise_a(self) -> float:
        """Standard deviation of a repeated current, A."""
        return self.scale_a * float(np.sqrt(self.process.kernel_.k2.noise_level))

    def predict(self, settings: Float) -> tuple[Float, Float]:
        """Compute currents with their standard deviations.

        Parameters
        ----------
        settings : (m, k) float
            Settings.

        Returns
        -------
        mean_a, sd_a : (m,) float
            Currents and standard deviations of a new reading, A: 95 % lie within 1.96 of them.
        """
        mean, sd = self.process.predict(self._scaled(settings), return_std=True)
        return self.mean_a + self.scale_a * mean, self.spread * self.scale_a * sd

    def slopes(self, at: Float) -> tuple[Float, Float]:
        """Compute the derivatives of the current by all settings at one point.

        Parameters
        ----------
        at : (k,) float
            Settings.

        Returns
        -------
        (k,) float
            Derivatives, A per unit of the setting.
        (k, k) float
            Their covariance.
        """
        k = at.size
        x = self._scaled(at[None, :])
        points = np.concatenate([x + _STEP * np.eye(k), x - _STEP * np.eye(k)])
        mean, covariance = self.process.predict(points, return_cov=True)
        covariance = covariance - self.process.kernel_.k2.noise_level * np.eye(
            2 * k
        )  # of the current, not of a reading
        step = np.concatenate([np.eye(k), -np.eye(k)], axis=1) / (2.0 * _STEP * self.span)[:, None]
        factor = self.scale_a
        return factor * step @ mean, (self.spread * factor) ** 2 * step @ covariance @ step.T

    def _scaled(self, settings: Float) -> Float:
        return np.asarray((settings - self.low) / self.span - 1.0, dtype=float)


def fit_current_surface(settings: Float, currents_a: Float, rng: RNG = None) -> CurrentSurface:
    """Fit currents against settings.

    Parameters
    ----------
    settings : (rows, k) float
        Settings in the order of the measurement; each column changes.
    currents_a : (rows,) float
        Currents, A.
    rng : RNG
        Seed or generator of the rows that choose the kernel.

    Returns
    -------
    CurrentSurface
        Fit.

    Raises
    ------
    ValueError
        If there are too few rows or too many, or the current never changes.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    rows, k = settings.shape
    if not _FEWEST <= rows <= MOST_ROWS:
        raise ValueError(f"{rows} settings; a surface takes {_FEWEST} to {MOST_ROWS}")
    mean, scale = float(currents_a.mean()), float(currents_a.std())
    if not scale > 0.0:
        raise ValueError("the current never changes; measure where it does")
    low, span = settings.min(axis=0), np.ptp(settings, axis=0) / 2.0
    x, y = (settings - low) / span - 1.0, (currents_a - mean) / scale
    generator = np.random.default_rng(rng)
    part = generator.permutation(rows)[:_KERNEL_ROWS]
    kernel = ConstantKernel(1.0, (1e-3, 1e6)) * Matern(np.full(k, 2.0), (0.02, 1e3), nu=2.5)
    kernel = kernel + WhiteKernel(1e-3, (1e-10, 1.0))
    checkpoint("fitting the surface")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound: an electrode says nothing
        chosen = GaussianProcessRegressor(kernel).fit(x[part], y[part]).kernel_
    held, deviations = np.empty(rows), np.empty(rows)
    for j, block in enumerate(np.array_split(np.arange(rows), _BLOCKS)):
        checkpoint("testing the surface", j, _BLOCKS)
        rest: NDArray[np.int64] = np.setdiff1d(np.arange(rows), block)
        other = GaussianProcessRegressor(chosen, optimizer=None).fit(x[rest], y[rest])
        held[block], deviations[block] = other.predict(x[block], return_std=True)
    spread = float(np.quantile(np.abs(held - y) / deviations, 0.95)) / _TWO_SIDED
    process = GaussianProcessRegressor(chosen, optimizer=None).fit(x, y)
    return CurrentSurface(
        settings, currents_a, mean + scale * held, scale * deviations, spread, low, span, mean, scale, process
    )
