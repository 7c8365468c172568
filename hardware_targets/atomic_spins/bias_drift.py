r"""Biases that drift while one looks.

.. math:: h_i(t) = h_i + v_i t + \sigma W_i(t), \qquad
          \langle \mathrm{KL}(p_{h(t)} \,\|\, p_h) \rangle \approx \tfrac{\beta^2}{2} \Bigl( \sigma^2 t \sum_i C_{ii}
          + t^2 v^{\mathsf T} C v \Bigr)

with v a linear drift (creep of the tip, a slow charge), W a random walk, and C the covariance of the spins. Drift is
slow beside the switching: at each moment the atoms follow the law of the moment, and a long look is a mixture of
laws. The time after which the divergence exceeds the sampling floor is when biases have to be set anew. Sizes of v
and sigma are the user's: none was read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from neuromorph.exact import boltzmann, spins_of
from neuromorph.ising import Float, Ising
from neuromorph.rng import RNG

from .telegraph import simulate_switching


def drifting_biases(
    biases: ArrayLike, times: ArrayLike, *, rate: ArrayLike = 0.0, diffusion: float = 0.0, rng: RNG = None
) -> Float:
    """Draw a path of biases.

    Parameters
    ----------
    biases : (n,) float
        h at time 0.
    times : (k,) float
        Increasing times.
    rate : (n,) float or float
        v, linear drift in a unit of time.
    diffusion : float
        sigma^2, variance of the random walk in a unit of time.
    rng : RNG
        Seed or generator.

    Returns
    -------
    (k, n) float
        Biases at each time.

    Raises
    ------
    ValueError
        If times do not increase from 0 on, or the variance is negative.
    """
    h, t = np.asarray(biases, dtype=float), np.asarray(times, dtype=float)
    steps = np.diff(t, prepend=0.0)
    if not (np.isfinite(t).all() and (steps >= 0.0).all()):
        raise ValueError("times must be finite, not negative and increasing")
    if not (np.isfinite(diffusion) and diffusion >= 0.0):
        raise ValueError(f"diffusion is {diffusion}; a variance must be finite and not negative")
    walk = np.cumsum(
        np.sqrt(diffusion * steps)[:, None] * np.random.default_rng(rng).standard_normal((t.size, h.size)), 0
    )
    return np.asarray(h + np.multiply.outer(t, np.broadcast_to(np.asarray(rate, dtype=float), h.shape)) + walk)


def drift_divergence(ising: Ising, beta: float, time: float, *, rate: ArrayLike = 0.0, diffusion: float = 0.0) -> float:
    """Compute the mean divergence of the law after a drift from the law before it.

    Parameters
    ----------
    ising : Ising
        Couplings and biases at time 0.
    beta : float
        Inverse temperature.
    time : float
        Time since the biases were set.
    rate : (n,) float or float
        v, linear drift in a unit of time.
    diffusion : float
        sigma^2, variance of the random walk in a unit of time.

    Returns
    -------
    float
        KL, nats, to second order in the drift.
    """
    p = np.asarray(boltzmann(ising, beta))
    spins = spins_of(np.arange(p.size), ising.size).astype(float)
    means = p @ spins
    covariance = spins.T @ (p[:, None] * spins) - np.outer(means, means)
    v = np.broadcast_to(np.asarray(rate, dtype=float), means.shape)
    return float(0.5 * beta**2 * (diffusion * time * np.trace(covariance) + time**2 * v @ covariance @ v))


def mixed_law(ising: Ising, path: Float, beta: float) -> Float:
    """Compute the law of a look during which biases drift slowly.

    Parameters
    ----------
    ising : Ising
        Couplings.
    path : (k, n) float
        Biases of equal times.
    beta : float
        Inverse temperature.

    Returns
    -------
    (2**n,) float
        Mean of the laws at each of the biases.
    """
    laws = [boltzmann(Ising(ising.couplings, biases, ising.offset), beta) for biases in path]
    return np.asarray(np.mean(laws, axis=0))


def simulate_drift(
    ising: Ising,
    path: Float,
    duration: float,
    beta: float,
    spins: NDArray[np.int8],
    streams: NDArray[np.uint64],
    *,
    theta: float = 0.5,
) -> NDArray[np.int8]:
    """Simulate atoms whose biases follow a path of steps.

    Parameters
    ----------
    ising : Ising
        Couplings.
    path : (k, n) float
        Biases of each step.
    duration : float
        Duration of a step in attempt times.
    beta : float
        Inverse temperature.
    spins : (reads, n) int8
        Start states, changed in place.
    streams : (reads, 4) uint64
        Random states, changed in place.
    theta : float
        Position of the barrier, 0 to 1.

    Returns
    -------
    (k, reads, n) int8
        States at the end of each step.
    """
    w = sparse.csc_array(ising.dense_couplings())
    seen = np.empty((len(path), *spins.shape), np.int8)
    for k, biases in enumerate(path):
        simulate_switching(w, biases.copy(), np.array([beta]), np.array([duration]), spins, streams, theta=theta)
        seen[k] = spins
    return seen
