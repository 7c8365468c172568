r"""A Gaussian process in place of a device: currents with bands that say how far they can be trusted.

.. math:: I(V) \sim \mathrm{GP}\big(\bar I, \sigma_I^2 k\big), \qquad
          k(x, x') = a^2 \Big(1 + \sqrt{5}\, r + \tfrac{5}{3} r^2\Big) e^{-\sqrt{5}\, r} + \nu^2 \delta_{xx'}, \qquad
          r^2 = \sum_e \frac{(x_e - x'_e)^2}{l_e^2}

where x are voltages scaled to -1 .. 1, l_e one length an electrode, and a, l, nu maximize the marginal likelihood. From
``CALIBRATED`` settings up only a random part of them chooses the kernel; all of them carry the prediction. Bands are
calibrated on the settings themselves: each is predicted from all others,

.. math:: z_i = \frac{\alpha_i}{\sqrt{(K^{-1})_{ii}}}, \qquad \alpha = K^{-1} y,

and the standard deviation is multiplied by the 95 % quantile of |z| over 1.96. Settings have to be random: along a
sawtooth, neighbors give each other away, and bands that are right for them are far too narrow elsewhere.
Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), chapters 2 and 5.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_solve

from neuromorph.ising import Float
from neuromorph.rng import RNG
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.threads import single_threaded_blas

from .iv_dataset import IvDataset

CALIBRATED = 500  # settings from which the kernel is chosen: its cost goes with the cube
_AT_ONCE = 4096  # settings in one matrix
_TWO_SIDED = 1.959963985  # 95 % of a normal distribution lie within


@dataclass(frozen=True, eq=False)
class GaussianProcess:
    """Currents of a device with standard deviations.

    Attributes
    ----------
    low_v, high_v : (k,) float
        Range of each electrode in the dataset, V.
    mean_a, scale_a : (o,) float
        Mean and standard deviation of the recorded currents, A.
    spread : (o,) float
        Factor on the standard deviations, from leaving out one setting at a time.
    outputs : tuple of int
        The o electrodes.
    regressors : tuple
        The fitted ``GaussianProcessRegressor`` of each output.
    """

    low_v: Float
    high_v: Float
    mean_a: Float
    scale_a: Float
    spread: Float
    outputs: tuple[int, ...]
    regressors: tuple[Any, ...]

    @single_threaded_blas()
    def predict(self, voltages_v: ArrayLike) -> tuple[Float, Float]:
        """Compute currents with their standard deviations.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages, V.

        Returns
        -------
        mean_a, sd_a : (..., o) float
            Currents and standard deviations, A: 95 % lie within 1.96 of them.
        """
        x, shape = self._points(voltages_v)
        found = [regressor.predict(x, return_std=True) for regressor in self.regressors]
        mean, sd = (np.stack([part[k] for part in found], axis=-1) for k in (0, 1))
        return (self.mean_a + self.scale_a * mean).reshape(shape), (self.scale_a * self.spread * sd).reshape(shape)

    @single_threaded_blas()
    def currents(self, voltages_v: ArrayLike) -> Float:
        """Compute the currents alone, some hundred times as fast.

        Parameters
        ----------
        voltages_v : (..., k) float
            Voltages, V.

        Returns
        -------
        (..., o) float
            Currents, A.
        """
        x, shape = self._points(voltages_v)
        parts = [x[k : k + _AT_ONCE] for k in range(0, len(x), _AT_ONCE)]
        found = [np.concatenate([regressor.predict(part) for part in parts]) for regressor in self.regressors]
        return (self.mean_a + self.scale_a * np.stack(found, axis=-1)).reshape(shape)

    def _points(self, voltages_v: ArrayLike) -> tuple[Float, tuple[int, ...]]:
        v = np.asarray(voltages_v, dtype=float)
        if v.shape[-1:] != self.low_v.shape:
            raise ValueError(f"voltages have shape {v.shape}; the process has {self.low_v.size} electrodes")
        x = _scaled(v.reshape(-1, v.shape[-1]), self.low_v, self.high_v)
        return x, (*v.shape[:-1], len(self.outputs))


@single_threaded_blas()
def fit_gaussian_process(record: IvDataset, *, restarts: int = 0, rng: RNG = None) -> GaussianProcess:
    """Fit a Gaussian process to a dataset of random settings, one for each output.

    Parameters
    ----------
    record : IvDataset
        The dataset, some hundred to some thousand settings.
    restarts : int
        More random starts of the search for the kernel.
    rng : RNG
        Seed or generator.

    Returns
    -------
    GaussianProcess
        The process.

    Raises
    ------
    ValueError
        If there are fewer than 20 settings, or a current never changes.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    v, m = record.voltages_v, len(record.voltages_v)
    if m < 20:
        raise ValueError(f"{m} settings; a kernel takes 20 at least, bands that can be trusted some hundred")
    mean, scale = record.currents_a.mean(axis=0), record.currents_a.std(axis=0)
    if not (scale > 0.0).all():
        raise ValueError(f"electrode {record.outputs[int(np.argmin(scale))]}'s current never changes; leave it out")
    low, high = v.min(axis=0), v.max(axis=0)
    x, y = _scaled(v, low, high), (record.currents_a - mean) / scale
    generator = np.random.default_rng(rng)
    part = generator.permutation(m)[:CALIBRATED]
    start = ConstantKernel(1.0, (1e-3, 1e6)) * Matern(np.full(x.shape[1], 2.0), (0.05, 1e3), nu=2.5)
    start = start + WhiteKernel(1e-4, (1e-9, 1.0))
    regressors, spreads = [], []
    for k in range(y.shape[1]):
        checkpoint("fitting the process", k, y.shape[1])
        seed = int(generator.integers(1 << 31))
        chosen = GaussianProcessRegressor(start, n_restarts_optimizer=restarts, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound: an electrode says nothing
            kernel = chosen.fit(x[part], y[part, k]).kernel_
        regressor = GaussianProcessRegressor(kernel, optimizer=None).fit(x, y[:, k])
        inverse = cho_solve((regressor.L_, True), np.eye(m))
        misses = np.abs(regressor.alpha_.ravel()) / np.sqrt(np.diag(inverse))
        regressors.append(regressor)
        spreads.append(np.quantile(misses, 0.95) / _TWO_SIDED)
    return GaussianProcess(low, high, mean, scale, np.array(spreads), record.outputs, tuple(regressors))


def _scaled(v: Float, low: Float, high: Float) -> Float:
    span = high - low
    return np.where(span > 0.0, (2.0 * v - low - high) / np.where(span > 0.0, span, 1.0), 0.0)
