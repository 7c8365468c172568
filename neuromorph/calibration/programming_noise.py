r"""Programming noise of memory cells: the spread of conductances about their targets.

.. math:: G = \max(0,\; G_T + b(g) + \sigma(g)\, N(0, 1)), \qquad \sigma(g) = c_0 + c_1 g + c_2 g^2, \qquad
          g = G_T / G_{max}

with a straight mean error b, by maximum likelihood; cells that read 0 or less are censored there, since a cell cannot
show less. The search runs over ln sigma at three (two, one) targets, which fix the polynomial.
Source of the law: Nandakumar et al., ICECS 2019, 727, as IBM's aihwkit states it; censoring: Tobin, Econometrica 26, 24
(1958).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr

from ..ising import Float
from ..runtime.limits import checkpoint
from .laplace_posterior import LaplacePosterior, curvature_covariance

SPREAD_COEFFICIENTS = ("programming_constant", "programming_linear", "programming_square")
_FEWEST = 8  # cells a coefficient


@dataclass(frozen=True, eq=False)
class ProgrammingNoise:
    """Spread of programmed conductances.

    Attributes
    ----------
    targets_s, conductances_s : (cells,) float
        Targets and what was read, S.
    largest_s : float
        G_max, S.
    nodes : (k,) float
        Relative targets at which the spread is a parameter.
    posterior : LaplacePosterior
        Law of ``spread_0``.. (S, at the nodes) and of the mean error ``error_0``, ``error_1`` (S).
    """

    targets_s: Float
    conductances_s: Float
    largest_s: float
    nodes: Float
    posterior: LaplacePosterior

    def coefficients(self, parameters: Mapping[str, Float]) -> dict[str, Float]:
        """Convert spreads at the nodes to c_0, c_1, c_2.

        Parameters
        ----------
        parameters : dict of str to (draws,) float
            Best values or draws of ``posterior``.

        Returns
        -------
        dict of str to (draws,) float
            Coefficients by name, S.
        """
        spreads = np.stack([np.asarray(parameters[f"spread_{k}"], dtype=float) for k in range(self.nodes.size)])
        found = np.linalg.solve(np.vander(self.nodes, increasing=True), spreads.reshape(self.nodes.size, -1))
        return dict(zip(SPREAD_COEFFICIENTS, found, strict=False))

    def best(self) -> dict[str, float]:
        """Return the best coefficients.

        Returns
        -------
        dict of str to float
            Coefficients by name, S.
        """
        values = {name: np.array([self.posterior.value(name)]) for name in self.posterior.names}
        return {name: float(each[0]) for name, each in self.coefficients(values).items()}


def fit_programming_noise(targets_s: Float, conductances_s: Float, largest_s: float) -> ProgrammingNoise:
    """Fit the spread of programmed conductances.

    Parameters
    ----------
    targets_s, conductances_s : (cells,) float
        Target of each cell and its conductance after programming, S.
    largest_s : float
        G_max, S.

    Returns
    -------
    ProgrammingNoise
        Fit.

    Raises
    ------
    ValueError
        If there are too few cells, or they do not differ.
    """
    from scipy.optimize import minimize

    g = targets_s / largest_s
    distinct = np.unique(np.round(g, 3)).size
    size = min(3, distinct)
    if g.size < _FEWEST * size:
        raise ValueError(
            f"{g.size} programmed cells at {distinct} targets; {_FEWEST * size} at least tell their spread"
        )
    off = conductances_s <= 0.0
    unit = float(np.std((conductances_s - targets_s)[~off])) if (~off).any() else 0.0
    if not unit > 0.0:
        raise ValueError("the cells do not differ from their targets, or not among each other: no spread to fit")
    y, t = conductances_s / unit, targets_s / unit
    nodes = np.linspace(g.min(), g.max(), size) if size > 1 else np.array([g.mean()])
    # sigma and b are linear in values at nodes: each a polynomial of Lagrange.
    powers = np.vander(g, size, increasing=True)
    spread_basis = powers @ np.linalg.inv(np.vander(nodes, increasing=True))
    ends = nodes[[0, -1]] if size > 1 else nodes
    error_basis = powers[:, : ends.size] @ np.linalg.inv(np.vander(ends, increasing=True))

    def loss(theta: Float) -> tuple[float, Float]:
        checkpoint("fitting the programming noise")
        node_spreads = np.exp(theta[:size])
        sigma = np.maximum(spread_basis @ node_spreads, 1e-6)
        r = (np.where(off, 0.0, y) - t - error_basis @ theta[size:]) / sigma
        tail = log_ndtr(r)
        ratio = np.exp(-0.5 * r**2 - 0.9189385332046727 - np.where(off, tail, 0.0))  # phi / Phi of those that are off
        value = np.where(off, tail, -np.log(sigma) - 0.5 * r**2).sum()
        by_sigma = np.where(off, -ratio * r, r**2 - 1.0) / sigma
        by_error = np.where(off, -ratio, r) / sigma
        return -float(value), -np.r_[(by_sigma @ spread_basis) * node_spreads, by_error @ error_basis]

    found = minimize(loss, np.zeros(size + ends.size), jac=True, method="BFGS", options={"gtol": 1e-7 * g.size})
    steps = np.full(found.x.size, 1e-4)
    covariance = curvature_covariance(lambda theta: loss(theta)[1], found.x, steps)
    center, units = found.x.copy(), np.r_[np.ones(size), np.full(ends.size, unit)]
    center[:size] += np.log(unit)
    center[size:] *= unit
    names = (*(f"spread_{k}" for k in range(size)), *(f"error_{k}" for k in range(ends.size)))
    flags = (True,) * size + (False,) * ends.size
    law = LaplacePosterior(names, center, covariance * np.outer(units, units), flags)
    return ProgrammingNoise(targets_s, conductances_s, largest_s, nodes, law)
