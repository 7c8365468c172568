r"""How far samples can be trusted: exact divergence where states can be counted, chain diagnostics where they cannot.

.. math:: \hat R = \sqrt{\frac{N-1}{N} + \frac{B}{N W}}, \qquad \tau = 1 + 2 \sum_{t=1}^{M} \rho(t), \; M \ge 5 \tau,
          \qquad D = \sum_s \hat p_s \ln \frac{\hat p_s}{p_s} \approx \frac{K - 1}{2 N} \text{ for a perfect sampler}

Chains are arrays (chain, draw) of one quantity, or (chain, draw, ...) of many. A quantity that never changes has no
autocorrelation: NaN.
Sources: Vehtari et al., Bayesian Anal. 16, 667 (2021) for rank-normalised split R-hat and bulk effective size; Geyer,
Stat. Sci. 7, 473 (1992); Sokal, in Functional Integration (Plenum, 1997), 131 for the window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm, rankdata

from .. import exact
from ..ising import Float, Ising, power_of_two
from .samples import Samples


@dataclass(frozen=True)
class Divergence:
    """Counted states against exact probabilities.

    kl : float              D(empirical || exact), nats
    floor : float           (K - 1) / 2N, what a perfect sampler shows in the mean with N reads of K states
    chi_square : float      Pearson's sum (seen - wanted)^2 / wanted, cells with fewer than 5 wanted pooled
    degrees : int           of freedom of chi_square
    p_value : float         chance of as large a chi_square for independent reads of a correct sampler
    """

    kl: float
    floor: float
    chi_square: float
    degrees: int
    p_value: float


def divergence(spins: ArrayLike, ising: Ising, beta: float) -> Divergence:
    """Compare reads (..., n), n <= 24, with exp(-beta E); the p-value holds for independent reads only."""
    wanted = exact.boltzmann(ising, beta)
    states = exact.states_of(spins).ravel()
    if np.shape(spins)[-1] != ising.size or states.size == 0:
        raise ValueError(f"spins have shape {np.shape(spins)}; expected (..., {ising.size}) with one read or more")
    counts = np.bincount(states, minlength=wanted.size).astype(float)
    n, seen = states.size, counts > 0
    kl = float((counts[seen] / n * np.log(counts[seen] / (n * np.maximum(wanted[seen], 1e-300)))).sum())
    rare = n * wanted < 5.0
    observed, expected = counts[~rare], n * wanted[~rare]
    if rare.any():
        observed, expected = np.append(observed, counts[rare].sum()), np.append(expected, n * wanted[rare].sum())
    pearson = float(((observed - expected) ** 2 / np.maximum(expected, 1e-300)).sum())
    degrees = max(1, observed.size - 1)
    return Divergence(kl, (wanted.size - 1) / (2.0 * n), pearson, degrees, float(chi2.sf(pearson, degrees)))


def autocorrelation(x: ArrayLike) -> Float:
    """rho(t) of chains (chain, draw), t = 0 .. draws - 1, about the mean of all and averaged over chains, (draws,)."""
    a = _chains(x)
    if a.ndim != 2:
        raise ValueError(f"x has shape {a.shape}; give one quantity, (chain, draw)")
    a, draws = a / power_of_two(a), a.shape[1]
    power = np.abs(np.fft.rfft(a - a.mean(), n=2 * draws, axis=1)) ** 2
    covariance = np.fft.irfft(power, axis=1)[:, :draws].mean(axis=0) / draws
    if covariance[0] <= 1e-12 * max(1e-300, float((a**2).mean())):
        return np.full(draws, np.nan)
    return np.asarray(covariance / covariance[0])


def autocorrelation_time(x: ArrayLike, window: float = 5.0) -> float:
    """tau in draws: N draws are worth N / tau. Trust it where a chain has 50 tau draws or more."""
    rho = autocorrelation(x)
    tau = 2.0 * np.cumsum(rho) - 1.0
    inside = np.arange(rho.size) >= window * tau
    return float(tau[np.argmax(inside)] if inside.any() else tau[-1])


def split_rhat(x: ArrayLike) -> Any:
    """Rank-normalised split R-hat, the larger of that of x and of |x - median|: above 1.01 chains disagree."""
    halves = _split(_chains(x))
    folded = np.abs(halves - np.median(halves, axis=(0, 1)))
    return _scalar(np.fmax(_rhat(_ranked(halves)), _rhat(_ranked(folded))))  # folded spins may not vary


def effective_sample_size(x: ArrayLike) -> Any:
    """Bulk effective number of draws of all chains together, by Geyer's initial monotone sequence over split ranks."""
    z = _ranked(_split(_chains(x)))
    sizes = [_geyer(one) for one in np.moveaxis(z.reshape(*z.shape[:2], -1), 2, 0)]
    return _scalar(np.array(sizes).reshape(z.shape[2:]))


def summary(samples: Samples) -> dict[str, float | int]:
    """What a reader wants first: energy with its error, agreement and worth of the chains.

    ``worst_rhat`` and ``least_ess`` are over energy and every spin that is not constant. Independent reads (reads, n)
    have a mean and an error only.
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
    every = np.concatenate([e[:, :, None], samples.spins], axis=2)
    rhat, size = split_rhat(every), effective_sample_size(every)
    moving = np.isfinite(size)
    return {
        **about,
        "energy_error": unit * float((e / unit).std() / np.sqrt(ess)),
        "energy_ess": float(ess),
        "energy_tau": autocorrelation_time(e),
        "worst_rhat": float(np.max(rhat[moving])) if moving.any() else float("nan"),
        "least_ess": float(np.min(size[moving])) if moving.any() else float("nan"),
    }


def _chains(x: ArrayLike) -> Float:
    a = np.asarray(x, dtype=float)
    if a.ndim < 2 or a.shape[1] < 4 or a.shape[0] < 1:
        raise ValueError(f"x has shape {a.shape}; give (chain, draw) or (chain, draw, ...) with 4 draws or more")
    if not np.isfinite(a).all():
        raise ValueError("x holds NaN or infinity; drop those draws")
    return a


def _split(x: Float) -> Float:
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, -half:]])


def _ranked(x: Float) -> Float:
    flat = x.reshape(x.shape[0] * x.shape[1], -1)
    ranks = rankdata(flat, axis=0)
    return np.asarray(norm.ppf((ranks - 0.375) / (len(flat) + 0.25)).reshape(x.shape))


def _rhat(x: Float) -> Float:
    draws = x.shape[1]
    within = x.var(axis=1, ddof=1).mean(axis=0)
    between = draws * x.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.sqrt((draws - 1.0) / draws + between / within / draws))


def _geyer(x: Float) -> float:
    """Effective size of chains (chain, draw)."""
    chains, draws = x.shape
    centred = x - x.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centred, n=2 * draws, axis=1)) ** 2
    covariance = np.fft.irfft(power, axis=1)[:, :draws] / draws
    within = float(covariance[:, 0].mean()) * draws / (draws - 1.0)
    total = within * (draws - 1.0) / draws + float(x.mean(axis=1).var(ddof=1))
    if not total > 1e-12:
        return float("nan")
    rho = 1.0 - (within - covariance.mean(axis=0)) / total
    rho[0] = 1.0
    pairs = rho[: 2 * (draws // 2)].reshape(-1, 2).sum(axis=1)
    negative = np.flatnonzero(pairs < 0.0)
    last = int(negative[0]) if negative.size else pairs.size
    tau = -1.0 + 2.0 * float(np.minimum.accumulate(pairs[:last]).sum())
    if last < pairs.size:  # the first pair left out may begin with a positive term
        tau += max(0.0, float(rho[2 * last]))
    count = chains * draws
    return count / max(tau, 1.0 / np.log10(count))


def _scalar(x: Float) -> Any:
    return float(x) if x.ndim == 0 else x
