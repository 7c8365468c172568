r"""Drift of memory cells: exponents that differ from cell to cell, by maximum likelihood.

.. math:: \ln G_i(t) = a_i - \nu_i \ln t + \epsilon, \qquad \nu_i \sim N(\mu_\nu(g), \sigma_\nu(g)), \qquad
          \hat\nu_i \sim N\big(\mu_\nu,\; \sigma_\nu^2 + s^2 / S_{xx,i}\big)

The slope nu^ of each cell is that of a straight line through its readings, with the sum S_xx of squares of ln t about
its mean and the read noise s, pooled over the cells of one target; its variance is taken off that of the slopes.
mu and sigma are straight in ln g where cells have several targets. Source: random-effects model, Laird and Ware,
Biometrics 38, 963 (1982); the law in ln g: Joshi et al., Nat. Commun. 11, 2473 (2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..runtime.limits import checkpoint
from .laplace_posterior import LaplacePosterior, curvature_covariance

_FEWEST = 10  # cells
_READINGS = 3  # of a cell


@dataclass(frozen=True, eq=False)
class CellDrift:
    """Drift exponents of cells.

    Attributes
    ----------
    log_g : (cells,) float
        ln of the relative target of each.
    exponents, errors : (cells,) float
        Slope nu^ of each cell and its standard error from read noise.
    read_noise : float
        Root mean square of s, relative to the conductance.
    nodes : (k,) float
        ln g at which mean and spread are parameters.
    posterior : LaplacePosterior
        Law of ``mean_0``.. and ``spread_0``.. at the nodes.
    """

    log_g: Float
    exponents: Float
    errors: Float
    read_noise: float
    nodes: Float
    posterior: LaplacePosterior

    def straight_laws(self, parameters: Mapping[str, Float]) -> dict[str, Float]:
        """Convert values at the nodes to constants and slopes in ln g.

        Parameters
        ----------
        parameters : dict of str to (draws,) float
            Best values or draws of ``posterior``.

        Returns
        -------
        dict of str to (draws,) float
            ``drift_mean_constant``, ``drift_spread_constant``, and with two nodes ``drift_mean_log``,
            ``drift_spread_log``.
        """
        found = {}
        for what in ("mean", "spread"):
            first = np.asarray(parameters[f"{what}_0"], dtype=float)
            if self.nodes.size == 1:
                found[f"drift_{what}_constant"] = first
                continue
            slope = (np.asarray(parameters[f"{what}_1"], dtype=float) - first) / (self.nodes[1] - self.nodes[0])
            found[f"drift_{what}_log"] = slope
            found[f"drift_{what}_constant"] = first - slope * self.nodes[0]
        return found

    def best(self) -> dict[str, float]:
        """Return the best constants and slopes.

        Returns
        -------
        dict of str to float
            By name.
        """
        values = {name: np.array([self.posterior.value(name)]) for name in self.posterior.names}
        return {name: float(each[0]) for name, each in self.straight_laws(values).items()}


def fit_drift(cells: NDArray[np.int64], relative_targets: Float, times_s: Float, conductances_s: Float) -> CellDrift:
    """Fit the distribution of drift exponents.

    Parameters
    ----------
    cells : (readings,) int
        Number of the cell of each reading.
    relative_targets : (readings,) float
        Target over G_max.
    times_s, conductances_s : (readings,) float
        Time since programming, s, and conductance, S; those that are not above 0 are left out.

    Returns
    -------
    CellDrift
        Fit.

    Raises
    ------
    ValueError
        If there are too few cells with three readings.
    """
    use = (times_s > 0.0) & (conductances_s > 0.0) & (relative_targets > 0.0)
    cells, target = cells[use], relative_targets[use]
    x, y = np.log(times_s[use]), np.log(conductances_s[use])
    if not cells.size:
        raise ValueError("no readings at times, targets and conductances above 0; a drift takes some of each cell")
    order = np.argsort(cells, kind="stable")
    parts = [p for p in np.split(order, np.flatnonzero(np.diff(cells[order])) + 1) if p.size >= _READINGS]
    parts = [part for part in parts if np.ptp(x[part]) > 1e-9]
    if len(parts) < _FEWEST:
        raise ValueError(
            f"{len(parts)} cells have {_READINGS} readings at different times; drift takes {_FEWEST} cells at least"
        )
    log_g = np.array([np.log(target[part].mean()) for part in parts])
    slopes, squares, left = np.array([_line(x[part], y[part]) for part in parts]).T
    freedom = np.array([part.size - 2.0 for part in parts])
    level = np.round(log_g, 3)
    noise = np.empty(len(parts))
    for each in np.unique(level):
        chosen = level == each
        noise[chosen] = left[chosen].sum() / freedom[chosen].sum()
    errors = np.sqrt(noise / squares)
    nodes, law = _population(log_g, -slopes, errors)
    return CellDrift(log_g, -slopes, errors, float(np.sqrt(noise.mean())), nodes, law)


def _line(x: Float, y: Float) -> tuple[float, float, float]:
    """Slope, sum of squares of x, and of the residuals."""
    dx, dy = x - x.mean(), y - y.mean()
    square = float(dx @ dx)
    slope = float(dx @ dy) / square
    return slope, square, float(((dy - slope * dx) ** 2).sum())


def _population(log_g: Float, exponents: Float, errors: Float) -> tuple[Float, LaplacePosterior]:
    from scipy.optimize import minimize

    several = np.unique(np.round(log_g, 3)).size > 1
    nodes = np.array([log_g.min(), log_g.max()]) if several else np.array([log_g.mean()])
    k = nodes.size
    basis = np.ones((log_g.size, 1))
    if several:
        share = (log_g - nodes[0]) / (nodes[1] - nodes[0])
        basis = np.stack([1.0 - share, share], axis=1)
    unit = float(np.std(exponents))
    if not unit > 0.0:
        raise ValueError("all cells drift alike to the last digit; measured ones do not")
    middle = float(np.mean(exponents))
    z, e = (exponents - middle) / unit, errors / unit

    def loss(theta: Float) -> tuple[float, Float]:
        checkpoint("fitting the drift")
        at_nodes = np.exp(theta[k:])
        sigma = basis @ at_nodes
        variance = sigma**2 + e**2
        r = z - basis @ theta[:k]
        by_variance = 0.5 * (r**2 / variance - 1.0) / variance
        slope = np.r_[(r / variance) @ basis, ((by_variance * 2.0 * sigma) @ basis) * at_nodes]
        return 0.5 * float((np.log(variance) + r**2 / variance).sum()), -slope

    bounds = [(None, None)] * k + [(np.log(1e-3), np.log(1e3))] * k
    start = np.r_[np.zeros(k), np.full(k, -0.2)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-15, "maxiter": 500})
    if (found.x[k:] < np.log(2e-3)).any():
        raise ValueError(
            "read noise explains all differences of the exponents: their spread is not seen; read more often"
        )
    covariance = curvature_covariance(lambda theta: loss(theta)[1], found.x, np.full(2 * k, 1e-4))
    center, units = found.x.copy(), np.r_[np.full(k, unit), np.ones(k)]
    center[:k] = middle + unit * center[:k]
    center[k:] += np.log(unit)
    names = (*(f"mean_{j}" for j in range(k)), *(f"spread_{j}" for j in range(k)))
    flags = (False,) * k + (True,) * k
    return nodes, LaplacePosterior(names, center, covariance * np.outer(units, units), flags)
