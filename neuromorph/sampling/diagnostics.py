r"""Quality of samples: exact divergence where states can be enumerated, chain diagnostics where they cannot.

.. math:: \hat R = \sqrt{\frac{N-1}{N} + \frac{B}{N W}}, \qquad \tau = 1 + 2 \sum_{t=1}^{M} \rho(t), \; M \ge 5 \tau,
          \qquad D = \sum_s \hat p_s \ln \frac{\hat p_s}{p_s} \approx \frac{K - 1}{2 N} \text{ for a perfect sampler}

where

* B and W are the variances between and within chains of N draws;
* rho(t) is the autocorrelation at lag t and tau its integrated time;
* D compares the shares of N reads with the probabilities p of K states.

Chains are arrays (chain, draw) of one quantity, or (chain, draw, ...) of many. A constant quantity has no
autocorrelation: NaN.
Sources: Vehtari et al., Bayesian Anal. 16, 667 (2021) for rank-normalized split R-hat and bulk effective size; Geyer,
Stat. Sci. 7, 473 (1992); Sokal, in Functional Integration (Plenum, 1997), 131 for the window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtri

from .. import exact
from ..ising import Float, Ising, power_of_two
from ..runtime.limits import checkpoint
from .samples import Samples

MIXED_RHAT = 1.05  # of the worst of many spins; 1.01 is for one quantity
MIXED_DRAWS = 50  # effective draws of all chains together

_VALUES = 1 << 20  # values of chains that are diagnosed at once


@dataclass(frozen=True)
class Divergence:
    """Divergence of sampled states from exact probabilities.

    Attributes
    ----------
    kl : float
        D(empirical || exact) in nats.
    floor : float
        (K - 1) / 2N, the mean of a perfect sampler with N reads of K states.
    chi_square : float
        Pearson's sum (seen - expected)^2 / expected, with cells of fewer than 5 expected pooled.
    degrees : int
        Degrees of freedom of ``chi_square``.
    p_value : float
        Probability of as large a ``chi_square`` for independent reads of a correct sampler.
    """

    kl: float
    floor: float
    chi_square: float
    degrees: int
    p_value: float


def divergence(spins: ArrayLike, ising: Ising, beta: float) -> Divergence:
    """Compare sampled states with the Boltzmann distribution by enumeration.

    Parameters
    ----------
    spins : (..., n) array_like
        Reads, n <= 24; the p-value holds for independent reads only.
    ising : Ising
        The problem.
    beta : float
        Inverse temperature in 1 / energy.

    Returns
    -------
    Divergence
        The comparison.

    Raises
    ------
    ValueError
        If ``spins`` have the wrong shape.
    """
    wanted = exact.boltzmann(ising, beta)
    if np.shape(spins)[-1] != ising.size or np.size(spins) == 0:
        raise ValueError(f"spins have shape {np.shape(spins)}; expected (..., {ising.size}) with one read or more")
    rows = np.reshape(spins, (-1, ising.size))
    n, counts, step = len(rows), np.zeros(wanted.size), max(1, _VALUES // ising.size)
    for first in range(0, n, step):
        checkpoint("divergence", first, n)
        counts += np.bincount(exact.states_of(rows[first : first + step]), minlength=wanted.size)
    seen = counts > 0
    kl = float((counts[seen] / n * np.log(counts[seen] / (n * np.maximum(wanted[seen], 1e-300)))).sum())
    rare = n * wanted < 5.0
    observed, expected = counts[~rare], n * wanted[~rare]
    if rare.any():
        observed, expected = np.append(observed, counts[rare].sum()), np.append(expected, n * wanted[rare].sum())
    pearson = float(((observed - expected) ** 2 / np.maximum(expected, 1e-300)).sum())
    degrees = max(1, observed.size - 1)
    return Divergence(kl, (wanted.size - 1) / (2.0 * n), pearson, degrees, float(chdtrc(degrees, pearson)))


def autocorrelation(x: ArrayLike) -> Float:
    """Estimate the autocorrelation rho(t) of chains (chain, draw).

    Returns
    -------
    (draws,) float
        rho at t = 0 .. draws - 1, about the mean of all chains and averaged over them.

    Raises
    ------
    ValueError
        If there are fewer than 4 draws or a value is not finite.
    """
    a = np.asarray(x, dtype=float)
    if a.ndim != 2 or a.shape[1] < 4 or a.shape[0] < 1:
        raise ValueError(f"x has shape {a.shape}; give one quantity, (chain, draw) with 4 draws or more")
    if not np.isfinite(a).all():
        raise ValueError("x holds NaN or infinity; drop those draws")
    a, draws = a / power_of_two(a), a.shape[1]
    power = np.abs(np.fft.rfft(a - a.mean(), n=2 * draws, axis=1)) ** 2
    covariance = np.fft.irfft(power, axis=1)[:, :draws].mean(axis=0) / draws
    if covariance[0] <= 1e-12 * max(1e-300, float((a**2).mean())):
        return np.full(draws, np.nan)
    return np.asarray(covariance / covariance[0])


def autocorrelation_time(x: ArrayLike, window: float = 5.0) -> float:
    """Estimate the integrated autocorrelation time tau, by which N draws are worth N / tau.

    Parameters
    ----------
    x : (chain, draw) array_like
        Chains of one quantity; 50 tau draws or more make the estimate reliable.
    window : float
        Smallest window in units of tau.

    Returns
    -------
    float
        tau in draws.
    """
    rho = autocorrelation(x)
    tau = 2.0 * np.cumsum(rho) - 1.0
    inside = np.arange(rho.size) >= window * tau
    return float(tau[np.argmax(inside)] if inside.any() else tau[-1])


def split_rhat(x: ArrayLike) -> Any:
    """Compute rank-normalized split R-hat; chains disagree above 1.01.

    The result is the larger of that of x and of the distance of x from its median.

    Returns
    -------
    float or ndarray
        R-hat of each quantity.
    """
    return _in_blocks(x, _rhats)[0]


def effective_sample_size(x: ArrayLike) -> Any:
    """Compute the bulk effective sample size by Geyer's initial monotone sequence.

    Returns
    -------
    float or ndarray
        The effective number of draws of all chains together, of each quantity.
    """
    return _in_blocks(x, _sizes)[0]


def summary(samples: Samples) -> dict[str, float | int]:
    """Summarize samples: energy with its error, agreement and effective size of the chains.

    ``worst_rhat`` and ``least_ess`` are over energy and every spin that is not constant. Independent reads (reads, n)
    have a mean and an error only.

    Returns
    -------
    dict of str to float or int
        The summary.
    """
    return {**summary_of_energy(samples), **agreement(samples)}


def summary_of_energy(samples: Samples) -> dict[str, float | int]:
    """Compute the part of :func:`summary` on the energy, which takes no time.

    Returns
    -------
    dict of str to float or int
        The summary.
    """
    e = samples.energies
    unit = power_of_two(e)
    about: dict[str, float | int] = {
        "mean_energy": float(e.mean()),
        "lowest_energy": float(e.min()),
        "draws": int(e.size),
    }
    if e.ndim == 1 or e.shape[1] < 4:
        about["energy_error"] = unit * float((e / unit).std(ddof=1) / np.sqrt(e.size)) if e.size > 1 else float("nan")
        return about
    ess = effective_sample_size(e)
    return {
        **about,
        "energy_error": unit * float((e / unit).std() / np.sqrt(ess)),
        "energy_ess": float(ess),
        "energy_tau": autocorrelation_time(e),
    }


def agreement(samples: Samples) -> dict[str, float | int]:
    """Compute the part of :func:`summary` over every spin; it is empty for independent reads.

    Returns
    -------
    dict of str to float or int
        The summary.
    """
    e = samples.energies
    if e.ndim == 1 or e.shape[1] < 4:
        return {}
    both = zip(_in_blocks(e, _rhats, _sizes), _in_blocks(samples.spins, _rhats, _sizes), strict=True)
    rhat, size = (np.r_[of_energy, of_spins] for of_energy, of_spins in both)
    moving = np.isfinite(size)
    return {
        "worst_rhat": float(np.max(rhat[moving])) if moving.any() else float("nan"),
        "least_ess": float(np.min(size[moving])) if moving.any() else float("nan"),
    }


def mixing_verdict(rhat: float | None, effective: float | None) -> str:
    """Judge chains by their agreement.

    Parameters
    ----------
    rhat : float or None
        Worst R-hat, as ``worst_rhat`` of :func:`summary`; None or NaN if it is not known.
    effective : float or None
        Least effective number of draws, as ``least_ess`` of :func:`summary`; None or NaN if it is not known.

    Returns
    -------
    str
        "not mixed" with the reason and the remedy; "" for mixed chains, and where nothing is known.
    """
    why = []
    if rhat is not None and rhat > MIXED_RHAT:
        why.append(f"R-hat is {rhat:.3g}" if rhat < 100.0 else "chains stand still in different states")
    if effective is not None and effective < MIXED_DRAWS:
        why.append(f"the draws are worth {effective:.2g} independent ones")
    if not why:
        return ""
    return f"not mixed: {' and '.join(why)}; take more sweeps, tempering or population annealing, or a lower beta"


def _in_blocks(x: ArrayLike, *functions: Callable[[Float], Float]) -> list[Any]:
    """Apply functions to split chains (half, draw, k) -> (k,), some quantities at a time."""
    a = np.asarray(x)
    if a.ndim < 2 or a.shape[1] < 4 or a.shape[0] < 1:
        raise ValueError(f"x has shape {a.shape}; give (chain, draw) or (chain, draw, ...) with 4 draws or more")
    flat, half = a.reshape(*a.shape[:2], -1), a.shape[1] // 2
    out = np.empty((len(functions), flat.shape[2]))
    step = max(1, _VALUES // (flat.shape[0] * flat.shape[1]))
    for first in range(0, flat.shape[2], step):
        checkpoint("diagnosing", first, flat.shape[2])
        some = np.asarray(flat[:, :, first : first + step], dtype=float)
        if not np.isfinite(some).all():
            raise ValueError("x holds NaN or infinity; drop those draws")
        halves = np.concatenate([some[:, :half], some[:, -half:]])
        out[:, first : first + step] = [function(halves) for function in functions]
    return [_scalar(values.reshape(a.shape[2:])) for values in out]


def _ranked(x: Float) -> Float:
    """Compute normal scores of the ranks of each quantity over all chains."""
    flat = x.reshape(x.shape[0] * x.shape[1], -1)
    low, high = flat.min(axis=0), flat.max(axis=0)
    upper = flat == high
    count = upper.sum(axis=0)
    # Each of two values, such as those of a spin, has one rank: the mean of the places that it takes.
    scores = np.where(upper, _score(len(flat) - (count - 1) / 2.0, flat), _score((len(flat) - count + 1) / 2.0, flat))
    more = ~(upper | (flat == low)).all(axis=0)
    if more.any():
        scores[:, more] = _score(_mean_ranks(flat[:, more]), flat)
    return scores.reshape(x.shape)


def _mean_ranks(x: Float) -> Float:
    """Rank each column from 1; equal values share the mean of their places."""
    ranks = np.empty(x.shape)
    for column, out in zip(x.T, ranks.T, strict=True):
        _, place, count = np.unique(column, return_inverse=True, return_counts=True)
        out[:] = (np.cumsum(count) - (count - 1) / 2.0)[place]
    return ranks


def _score(ranks: Float, of: Float) -> Float:
    return np.asarray(ndtri((ranks - 0.375) / (len(of) + 0.25)))


def _rhats(halves: Float) -> Float:
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    return np.fmax(_rhat(_ranked(halves)), _rhat(_ranked(folded)))  # folded spins may not vary


def _rhat(x: Float) -> Float:
    draws = x.shape[1]
    within = x.var(axis=1, ddof=1).mean(axis=0)
    between = draws * x.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt((draws - 1.0) / draws + between / within / draws))


def _sizes(halves: Float) -> Float:
    """Compute effective sizes (k,) by Geyer's sequence."""
    x = _ranked(halves)
    chains, draws = x.shape[:2]
    power = (np.abs(np.fft.rfft(x - x.mean(axis=1, keepdims=True), n=2 * draws, axis=1)) ** 2).mean(axis=0)
    covariance = np.fft.irfft(power, axis=0)[:draws] / draws
    within = covariance[0] * draws / (draws - 1.0)
    total = within * (draws - 1.0) / draws + x.mean(axis=1).var(axis=0, ddof=1)
    varies = total > 1e-12
    rho = 1.0 - (within - covariance) / np.where(varies, total, np.nan)
    rho[0] = 1.0
    pairs = rho[: 2 * (draws // 2)].reshape(-1, 2, rho.shape[1]).sum(axis=1)
    negative = pairs < 0.0
    last = np.where(negative.any(axis=0), negative.argmax(axis=0), len(pairs))
    inside = np.arange(len(pairs))[:, None] < last
    tau = -1.0 + 2.0 * np.where(inside, np.minimum.accumulate(pairs, axis=0), 0.0).sum(axis=0)
    # The first pair left out may begin with a positive term.
    first = np.take_along_axis(rho, np.minimum(2 * last, draws - 1)[None], axis=0)[0]
    tau += np.where(last < len(pairs), np.maximum(first, 0.0), 0.0)
    count = chains * draws
    return np.where(varies, count / np.maximum(tau, 1.0 / np.log10(count)), np.nan)


def _scalar(x: Float) -> Any:
    return float(x) if x.ndim == 0 else x
