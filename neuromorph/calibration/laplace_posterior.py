r"""What a fit leaves open: the normal law around its best point, its intervals, its draws.

.. math:: \theta \sim N(\hat\theta, \Sigma), \qquad
          \Sigma^{-1} = -\partial^2 \log L / \partial\theta^2 |_{\hat\theta}

with the likelihood L and a flat prior on theta, which has the logarithms of what is positive: rates, times, noises.
Source: Laplace's approximation; e.g. MacKay, Information Theory, Inference, and Learning Algorithms (2003), ch. 27.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ..estimate import Estimate
from ..ising import Float
from ..rng import RNG

_TWO_SIDED = float(ndtri(0.975))


@dataclass(frozen=True, eq=False)
class LaplacePosterior:
    """Normal law of parameters, some of them by their logarithm.

    Attributes
    ----------
    names : tuple of str
        Names of the k parameters.
    center : (k,) float
        Best values; logarithms where ``logarithmic``.
    covariance : (k, k) float
        Covariance of these.
    logarithmic : tuple of bool
        Whether the parameter is the exponential of its entry.
    """

    names: tuple[str, ...]
    center: Float
    covariance: Float
    logarithmic: tuple[bool, ...]

    @property
    def deviations(self) -> Float:
        """Standard deviations (k,), relative ones where the parameter is logarithmic."""
        return np.sqrt(np.diag(self.covariance))

    def estimate(self, name: str) -> Estimate:
        """Return a parameter with its 95 % interval.

        Parameters
        ----------
        name : str
            Name.

        Returns
        -------
        Estimate
            Value and interval.
        """
        k = self.names.index(name)
        middle, half = float(self.center[k]), _TWO_SIDED * float(self.deviations[k])
        ends = np.array([middle, middle - half, middle + half])
        value, low, high = (np.exp(ends) if self.logarithmic[k] else ends).tolist()
        return Estimate(value, low, high)

    def value(self, name: str) -> float:
        """Return the best value of a parameter.

        Parameters
        ----------
        name : str
            Name.

        Returns
        -------
        float
            Value.
        """
        return float(self._plain(self.center)[self.names.index(name)])

    def draws(self, count: int, rng: RNG = None) -> dict[str, Float]:
        """Draw parameters together.

        Parameters
        ----------
        count : int
            Number of draws.
        rng : RNG
            Seed or generator.

        Returns
        -------
        dict of str to (count,) float
            Draws by name.
        """
        generator = np.random.default_rng(rng)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        drawn = self.center + generator.standard_normal((count, self.center.size)) @ root.T
        return dict(zip(self.names, self._plain(drawn).T, strict=True))

    def _plain(self, values: Float) -> Float:
        chosen = np.array(self.logarithmic)
        return np.where(chosen, np.exp(np.where(chosen, values, 0.0)), values)


def join_posteriors(parts: Sequence[LaplacePosterior]) -> LaplacePosterior:
    """Join independent laws into one.

    Parameters
    ----------
    parts : sequence of LaplacePosterior
        Laws of different parameters.

    Returns
    -------
    LaplacePosterior
        Law of all of them.
    """
    size = [part.center.size for part in parts]
    covariance = np.zeros((sum(size), sum(size)))
    for part, end in zip(parts, np.cumsum(size), strict=True):
        covariance[end - part.center.size : end, end - part.center.size : end] = part.covariance
    return LaplacePosterior(
        tuple(name for part in parts for name in part.names),
        np.concatenate([part.center for part in parts]),
        covariance,
        tuple(flag for part in parts for flag in part.logarithmic),
    )


def derived_estimate(
    value: float, function: Callable[[Mapping[str, Float]], Float], draws: Mapping[str, Float]
) -> tuple[Estimate, Float]:
    """Estimate a function of parameters by their draws.

    Parameters
    ----------
    value : float
        Function at the best values.
    function : callable
        Function of the draws by name.
    draws : dict of str to (count,) float
        Draws of the parameters.

    Returns
    -------
    Estimate
        Value with the 2.5 and 97.5 % quantiles.
    (count,) float
        Draws of the function.
    """
    drawn = np.asarray(function(draws), dtype=float)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(value, min(float(low), value), max(float(high), value)), drawn


def curvature_covariance(gradient: Callable[[Float], Float], at: Float, steps: Float) -> Float:
    """Invert the Hessian of a negative logarithm of a likelihood.

    Parameters
    ----------
    gradient : callable
        Gradient of it.
    at : (k,) float
        Its minimum.
    steps : (k,) float
        Steps of the central differences.

    Returns
    -------
    (k, k) float
        Covariance.

    Raises
    ------
    ValueError
        If the point is no minimum in some direction: the data leave a parameter open.
    """
    rows = []
    for k, step in enumerate(steps):
        ahead, behind = at.copy(), at.copy()
        ahead[k] += step
        behind[k] -= step
        rows.append((gradient(ahead) - gradient(behind)) / (2.0 * step))
    hessian = np.array(rows)
    hessian = (hessian + hessian.T) / 2.0
    scale = np.sqrt(np.maximum(np.abs(np.diag(hessian)), 1e-300))
    values, vectors = np.linalg.eigh(hessian / np.outer(scale, scale))
    if not (np.isfinite(values).all() and values.min() > 1e-10):
        raise ValueError("the data leave a parameter open: there are too few of them, or too much alike; measure more")
    return (vectors / values) @ vectors.T / np.outer(scale, scale)


def least_squares_posterior(
    names: tuple[str, ...], design: Float, observed: Float, covariance: Float
) -> tuple[LaplacePosterior, float, int]:
    r"""Fit a linear law to values with a known covariance.

    .. math:: \hat\theta = (X^T C^{-1} X)^{-1} X^T C^{-1} y

    Parameters
    ----------
    names : tuple of str
        Names of the k parameters.
    design : (m, k) float
        X.
    observed : (m,) float
        y.
    covariance : (m, m) float
        C.

    Returns
    -------
    LaplacePosterior
        Law of the parameters.
    float
        chi^2 of what is left.
    int
        Degrees of freedom of it.

    Raises
    ------
    ValueError
        If the values do not determine the parameters.
    """
    inverse = np.linalg.inv(covariance)
    information = design.T @ inverse @ design
    scale = np.sqrt(np.diag(information))
    if not (scale > 0.0).all() or np.linalg.eigvalsh(information / np.outer(scale, scale)).min() < 1e-10:
        raise ValueError(f"{len(observed)} values do not determine {', '.join(names)}; measure at more settings")
    spread = np.asarray(np.linalg.inv(information), dtype=np.float64)
    center = spread @ design.T @ inverse @ observed
    left = observed - design @ center
    posterior = LaplacePosterior(names, center, spread, (False,) * len(names))
    return posterior, float(left @ inverse @ left), len(observed) - len(names)
