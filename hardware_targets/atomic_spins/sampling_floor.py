r"""How near to its law one trajectory can come: the floor of KL where dwell times are correlated.

.. math:: \operatorname{cov}(\hat p_k, \hat p_m) = \frac{p_k D_{km} + p_m D_{mk}}{T}, \qquad
          D = (\mathbf 1 p^{\mathsf T} - Q)^{-1} - \mathbf 1 p^{\mathsf T}, \qquad
          \mathrm{KL}(\hat p \,\|\, p) \approx \tfrac12 \sum_k \frac{(\hat p_k - p_k)^2}{p_k}

where Q is the generator, p its stationary law, D the deviation matrix, and p-hat the fractions of a long time T. So
2 KL is a sum of squared normal numbers with weights: its mean is 2 tr(D) / T instead of the (2^n - 1) / events of
independent draws, which a correct array exceeds threefold 7 to 37 % of the time. The chance of more than q is at most
exp(-s q) prod (1 - 2 s lambda)^(-1/2) for every s (Chernoff): a test against that bound states its error rate.
Source of D: Kemeny and Snell, Finite Markov Chains (1960); in continuous time Whitt, Probab. Eng. Inf. Sci. 6, 17
(1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from neuromorph.ising import Float

_SMALL = 1e-12  # of the largest weight: round-off


@dataclass(frozen=True, eq=False)
class DivergenceFloor:
    """The law of KL(fractions || p) of a trajectory that samples p correctly.

    Attributes
    ----------
    weights : (m,) float
        lambda, weights of the squared normal numbers of which 2 KL is the sum.
    """

    weights: Float

    @property
    def mean(self) -> float:
        """Mean KL, nats: the sampling floor."""
        return 0.5 * float(self.weights.sum())

    def bound(self, chance: float = 1e-6) -> float:
        """Return a KL that a correct trajectory exceeds with at most the given chance.

        Parameters
        ----------
        chance : float
            Error rate, between 0 and 1.

        Returns
        -------
        float
            KL, nats.

        Raises
        ------
        ValueError
            If the chance is not between 0 and 1.
        """
        if not 0.0 < chance < 1.0:
            raise ValueError(f"chance is {chance}; it must be between 0 and 1")
        top = float(self.weights.max())

        def reach(share: float) -> float:
            s = share / (2.0 * top)
            return float((-np.log(chance) - 0.5 * np.sum(np.log1p(-2.0 * s * self.weights))) / s)

        best = minimize_scalar(reach, bounds=(1e-6, 1.0 - 1e-9), method="bounded")
        return 0.5 * reach(float(best.x))


def trajectory_floor(rates: Float, p: Float, time: float) -> DivergenceFloor:
    """Return the law of KL(fractions of time || p) of one stationary trajectory.

    Parameters
    ----------
    rates : (k, k) float
        Rate from each state to each other, as of ``switching_rates``.
    p : (k,) float
        Stationary probabilities.
    time : float
        Duration in the unit of the rates.

    Returns
    -------
    DivergenceFloor
        Its mean and its bounds.
    """
    root = 1.0 / np.sqrt(p)
    return _floor(root[:, None] * fraction_covariance(rates, p) * root / time)


def conditional_floor(rates: Float, p: Float, time: float, group: ArrayLike) -> dict[int, DivergenceFloor]:
    """Return the law of KL of the fractions within each group of states.

    Parameters
    ----------
    rates : (k, k) float
        Rate from each state to each other.
    p : (k,) float
        Stationary probabilities.
    time : float
        Duration of the whole trajectory in the unit of the rates.
    group : (k,) int
        Group of each state: the states of the synapses.

    Returns
    -------
    dict of int to DivergenceFloor
        By group, for the divergence of p(state | group).
    """
    covariance = fraction_covariance(rates, p) / time
    floors = {}
    for name in np.unique(group):
        change = _within(p, group, int(name))
        floors[int(name)] = _floor(change @ covariance @ change.T)
    return floors


def averaged_floor(rates: Float, p: Float, time: float, group: ArrayLike) -> DivergenceFloor:
    """Return the law of the mean over groups, by their probability, of KL within each.

    Parameters
    ----------
    rates, p, time, group
        As of :func:`conditional_floor`.

    Returns
    -------
    DivergenceFloor
        For sum_g p(g) KL(fractions within g || p(state | g)).
    """
    covariance = fraction_covariance(rates, p) / time
    group = np.asarray(group)
    change = np.concatenate(
        [np.sqrt(p[group == name].sum()) * _within(p, group, int(name)) for name in np.unique(group)]
    )
    return _floor(change @ covariance @ change.T)


def fraction_covariance(rates: Float, p: Float) -> Float:
    """Compute the covariance of the fractions of time in each state, times the duration.

    Parameters
    ----------
    rates : (k, k) float
        Rate from each state to each other.
    p : (k,) float
        Stationary probabilities.

    Returns
    -------
    (k, k) float
        Covariance in the unit of time of the rates.
    """
    generator = rates - np.diag(rates.sum(axis=1))
    limit = np.broadcast_to(p, rates.shape)
    deviation = np.linalg.inv(limit - generator) - limit
    return np.asarray(p[:, None] * deviation + (p[:, None] * deviation).T)


def _within(p: Float, group: ArrayLike, name: int) -> Float:
    """Change of the fractions within a group with all fractions (members, k), over the root of each expected one."""
    members = np.flatnonzero(np.asarray(group) == name)
    total = p[members].sum()
    share = p[members] / total
    # To first order: (x_k - share_k sum x) / total.
    change = np.zeros((members.size, p.size))
    change[:, members] = (np.eye(members.size) - share[:, None]) / (total * np.sqrt(share)[:, None])
    return change


def _floor(covariance: Float) -> DivergenceFloor:
    weights = np.linalg.eigvalsh(0.5 * (covariance + covariance.T))
    return DivergenceFloor(weights[weights > _SMALL * weights.max()])
