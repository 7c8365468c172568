r"""First and second moments that Boltzmann learning compares, with the visible spins clamped and free.

.. math:: \frac{\partial \ln p(v)}{\partial J_{ij}} = \langle s_i s_j \rangle_v - \langle s_i s_j \rangle, \qquad
          \frac{\partial \ln p(v)}{\partial h_i} = \langle s_i \rangle_v - \langle s_i \rangle

where the averages hold at beta = 1, those with index v at clamped visible spins. Spins are -1 and +1, visible ones
first, hidden ones after them.
Source: Ackley, Hinton and Sejnowski, Cogn. Sci. 9, 147 (1985).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse.csgraph import connected_components
from scipy.special import logsumexp

from .. import exact
from ..ising import Float, Ising
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.limits import checkpoint

MAX_CLAMPED = 16  # hidden spins enumerated for each visible state
_CHUNK = 1 << 22  # floats that are evaluated at once
_MOST_TERMS = 1 << 16  # of a sum over hidden states and groups


@dataclass(frozen=True, eq=False)
class Correlations:
    """First and second moments of spins.

    Attributes
    ----------
    first : (n,) float
        <s>.
    second : (n, n) float
        <s s'>, whose diagonal is 1.
    """

    first: Float
    second: Float

    @classmethod
    def of(cls, spins: ArrayLike, weights: ArrayLike | None = None) -> Correlations:
        """Average the moments over spins.

        Parameters
        ----------
        spins : (rows, n) array_like
            Spins.
        weights : (rows,) array_like or None
            Weights that add up to 1; None weighs the rows evenly.

        Returns
        -------
        Correlations
            The moments.
        """
        s = np.asarray(spins, dtype=float)
        w = np.full(len(s), 1.0 / len(s)) if weights is None else np.asarray(weights, dtype=float)
        return cls(w @ s, (s * w[:, None]).T @ s)


def model_correlations(ising: Ising) -> Correlations:
    """Compute the moments of the model by enumeration, to 24 spins.

    Returns
    -------
    Correlations
        The moments at beta = 1.
    """
    p, n = exact.boltzmann(ising, 1.0), ising.size
    first, second, step = np.zeros(n), np.zeros((n, n)), max(1, _CHUNK // n)
    for start in range(0, p.size, step):
        checkpoint()
        stop = min(p.size, start + step)
        part = Correlations.of(exact.spins_of(np.arange(start, stop), n), p[start:stop])
        first, second = first + part.first, second + part.second
    return Correlations(first, second)


def visible_groups(mask: NDArray[np.bool_], visible: int) -> list[NDArray[np.intp]] | None:
    """Find groups of visible spins that hidden spins alone couple.

    They exist where moments can be summed exactly by them.

    Parameters
    ----------
    mask : (n, n) bool
        Whether two spins are coupled.
    visible : int
        Number of visible spins, which come first.

    Returns
    -------
    list of (size,) int, or None
        Spins of each group; None if there are more than 2^16 terms.
    """
    count, labels = connected_components(mask[:visible, :visible], directed=False)
    groups = [np.flatnonzero(labels == g) for g in range(count)]
    hidden = len(mask) - visible
    terms = sum(1 << hidden + len(group) for group in groups)
    return groups if terms <= _MOST_TERMS else None


def grouped_correlations(ising: Ising, groups: list[NDArray[np.intp]]) -> Correlations:
    r"""Compute the moments of the model exactly, by groups.

    Given the hidden spins, groups of visible ones are independent.

    .. math:: p(s) = p(h) \prod_g p(v_g \mid h)

    Parameters
    ----------
    ising : Ising
        The problem, visible spins first.
    groups : list of (size,) int
        Groups from :func:`visible_groups`.

    Returns
    -------
    Correlations
        The moments at beta = 1.
    """
    n, m, j = ising.size, sum(map(len, groups)), ising.dense_couplings()
    h = exact.spins_of(np.arange(1 << (n - m)), n - m).astype(float)
    logs = 0.5 * ((h @ j[m:, m:]) * h).sum(axis=1) + h @ ising.biases[m:]
    means, parts = np.empty((len(h), m)), []
    for group in groups:
        s = exact.spins_of(np.arange(1 << len(group)), len(group)).astype(float)
        own = 0.5 * ((s @ j[np.ix_(group, group)]) * s).sum(axis=1)
        each = (h @ j[m:, group] + ising.biases[group]) @ s.T + own
        total = np.asarray(logsumexp(each, axis=1))
        p = np.exp(each - total[:, None])
        logs, means[:, group] = logs + total, p @ s
        parts.append((group, s, p))
    weights = np.exp(logs - logsumexp(logs))
    moments = Correlations.of(np.concatenate([means, h], axis=1), weights)
    for group, s, p in parts:
        moments.second[np.ix_(group, group)] = (s * (weights @ p)[:, None]).T @ s
    return moments


def hidden_posterior(ising: Ising, visible: ArrayLike) -> tuple[Float, NDArray[np.int8], Float]:
    """Compute the exact distribution of up to 16 hidden spins given visible ones.

    Parameters
    ----------
    ising : Ising
        The problem of m + k spins.
    visible : (rows, m) array_like
        Visible spins.

    Returns
    -------
    tuple of (rows,) float, (2^k, k) int8, (rows, 2^k) float
        -F(v) with F(v) = -ln sum_h exp(-E(v, h)), so that p(v) = exp(-F) / Z; the hidden states; and their
        probabilities given v.

    Raises
    ------
    ValueError
        If there are too many hidden spins to enumerate.
    """
    v = np.asarray(visible, dtype=float)
    m, j = v.shape[1], ising.dense_couplings()
    k = ising.size - m
    if k > MAX_CLAMPED:
        raise ValueError(f"there are {k} hidden units; a clamped machine is enumerated to {MAX_CLAMPED}")
    h = exact.spins_of(np.arange(1 << k), k)
    s = h.astype(float)
    own = 0.5 * np.einsum("ki,ij,kj->k", s, j[m:, m:], s, optimize=True)
    logs = (v @ j[:m, m:] + ising.biases[m:]) @ s.T + own
    logs += (0.5 * np.einsum("ri,ri->r", v @ j[:m, :m], v) + v @ ising.biases[:m] - ising.offset)[:, None]
    total = np.asarray(logsumexp(logs, axis=1))
    return total, h, np.exp(logs - total[:, None])


def free_energies(ising: Ising, visible: ArrayLike) -> Float:
    """Compute the free energies F(v) = -ln sum_h exp(-E(v, h)), to 16 hidden spins.

    Parameters
    ----------
    ising : Ising
        The problem.
    visible : (rows, m) array_like
        Visible spins.

    Returns
    -------
    (rows,) float
        F.
    """
    v = np.asarray(visible)
    step = max(1, _CHUNK >> (ising.size - v.shape[1]))
    return -np.concatenate([hidden_posterior(ising, v[start : start + step])[0] for start in range(0, len(v), step)])


def data_correlations(ising: Ising, visible: ArrayLike) -> Correlations:
    """Average the moments over data, with exact averages over the hidden spins.

    Parameters
    ----------
    ising : Ising
        The problem.
    visible : (rows, m) array_like
        Visible spins.

    Returns
    -------
    Correlations
        The moments.
    """
    v = np.asarray(visible, dtype=float)
    k = ising.size - v.shape[1]
    first, second = np.zeros(ising.size), np.zeros((ising.size, ising.size))
    step = max(1, _CHUNK >> k)
    for start in range(0, len(v), step):
        checkpoint()
        part = v[start : start + step]
        _, h, p = hidden_posterior(ising, part)
        s = h.astype(float)
        means = p @ s
        inner = (s * p.sum(axis=0)[:, None]).T @ s
        first += np.r_[part.sum(axis=0), means.sum(axis=0)]
        second += np.block([[part.T @ part, part.T @ means], [means.T @ part, inner]])
    return Correlations(first / len(v), second / len(v))


def gradient(ising: Ising, visible: ArrayLike) -> tuple[Float, Float]:
    """Compute the exact gradient of <ln p(v)>, to 24 spins of which 16 may be hidden.

    Parameters
    ----------
    ising : Ising
        The problem.
    visible : (rows, m) array_like
        Visible spins of the data.

    Returns
    -------
    tuple of (n, n) float, (n,) float
        The derivatives by J_ij = J_ji and by h.
    """
    return correlation_gap(data_correlations(ising, visible), model_correlations(ising))


def correlation_gap(clamped: Correlations, free: Correlations) -> tuple[Float, Float]:
    """Subtract free moments from clamped ones.

    Parameters
    ----------
    clamped : Correlations
        Moments of the data.
    free : Correlations
        Moments of the model.

    Returns
    -------
    tuple of (n, n) float, (n,) float
        dJ, symmetric with zero diagonal, and dh.
    """
    couplings = clamped.second - free.second
    couplings = (couplings + couplings.T) / 2.0  # the products of BLAS are symmetric to rounding only
    np.fill_diagonal(couplings, 0.0)
    return couplings, clamped.first - free.first


def gibbs_sweep_chains(
    couplings: Float, biases: Float, spins: NDArray[np.int8], sweeps: int, rng: RNG | NDArray[np.uint64]
) -> None:
    """Sweep chains by Gibbs sampling at beta = 1, in place.

    Parameters
    ----------
    couplings : (n, n) float
        J.
    biases : (n,) or (rows, n) float
        h, the same or one for each chain.
    spins : (rows, n) int8
        States of the chains, changed in place.
    sweeps : int
        Number of sweeps.
    rng : RNG or (rows, 4) uint64
        Source of the random numbers, or the generators of the chains, which then go on in place: to make new ones in
        each update costs more than to sweep.
    """
    from ..kernels.philox import HEAT_BATH
    from ..sampling.replicas.reference import sweep_chains

    states = rng if isinstance(rng, np.ndarray) else kernel_states(read_seeds(rng, len(spins)))
    sweep_chains(couplings, biases, np.ones((sweeps, 1)), HEAT_BATH, spins, states)
