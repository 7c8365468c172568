r"""Telegraph traces to rates: two hidden states with normal levels, in continuous time, seen every dt.

.. math:: A = e^{Q\,dt} = 1 + \frac{1 - e^{-(u + d)\,dt}}{u + d}\, Q, \qquad
          Q = \begin{pmatrix} -u & u \\ d & -d \end{pmatrix}, \qquad y_t \sim N(\mu_{s_t}, \sigma_{s_t})

with the rates u (up) and d (down). A holds what happens between two samples, so that events which nobody sees are
accounted for: 800 and 300 Hz seen at 2 kHz are counted as 615 and 234 Hz. There is no threshold. The likelihood is
maximized over ln u, ln d, levels and ln sigma with its gradient by Fisher's identity (the expected score of the hidden
states); intervals are those of its curvature.
Source: Rabiner, Proc. IEEE 77, 257 (1989); Cappe, Moulines and Ryden, Inference in Hidden Markov Models (2005), ch. 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..rng import RNG
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas
from .laplace_posterior import LaplacePosterior, curvature_covariance
from .two_state_kernel import draw_states, two_state_moments

_NAMES = ("rate_up_hz", "rate_down_hz", "level_low", "level_high", "noise_low", "noise_high")
_LOGARITHMIC = (True, True, False, False, True, True)
_SEARCH = 20_000  # samples by which the start of the search is chosen
_FEWEST = 200  # samples
_EVENTS = 10.0  # expected moves each way
_EVIDENCE = 20.0  # logarithm of the likelihood that two levels have to gain over one
_FASTEST = 4.0  # (u + d) dt: beyond, successive samples know nothing of each other


@dataclass(frozen=True, eq=False)
class TelegraphTrace:
    """Samples of a two-state signal, in pieces without gaps.

    Attributes
    ----------
    signal : (samples,) float
        Samples.
    starts : (pieces + 1,) int
        Where each piece begins, and the end.
    dt_s : float
        Time between samples, s.
    """

    signal: Float
    starts: NDArray[np.int64]
    dt_s: float


@dataclass(frozen=True, eq=False)
class TwoStateFit:
    """Rates, levels and noise of a trace.

    Attributes
    ----------
    trace : TelegraphTrace
        The trace.
    posterior : LaplacePosterior
        Law of ``rate_up_hz``, ``rate_down_hz``, ``level_low``, ``level_high``, ``noise_low``, ``noise_high``.
    log_likelihood : float
        Logarithm of the likelihood.
    moves : float
        Expected number of changes between successive samples.
    fixed : tuple of str
        Parameters at their bound: the noise of a signal that was digitized.
    """

    trace: TelegraphTrace
    posterior: LaplacePosterior
    log_likelihood: float
    moves: float
    fixed: tuple[str, ...]

    @property
    def separation(self) -> float:
        """Distance of the levels over the mean noise."""
        low, high, a, b = (self.posterior.value(name) for name in _NAMES[2:])
        return (high - low) / (0.5 * (a + b))

    @property
    def transitions(self) -> Float:
        """Probability (2, 2) of the next state at the next sample."""
        return transition_matrix(*(self.posterior.value(name) * self.trace.dt_s for name in _NAMES[:2]))[0]


def transition_matrix(up: float, down: float) -> tuple[Float, Float, Float]:
    """Compute the probabilities of the next state, with their derivatives.

    Parameters
    ----------
    up, down : float
        Rates times dt.

    Returns
    -------
    (2, 2) float
        exp(Q dt).
    (2,) float
        Stationary probabilities.
    (2, 2, 2) float
        Derivatives of the logarithms of the former by those of up and down (last axis).
    """
    total = up + down
    p0, p1 = down / total, up / total
    gone, kept = -np.expm1(-total), np.exp(-total)
    a01, a10 = p1 * gone, p0 * gone
    d01 = np.array([p0 + up * kept / gone, -p0 + down * kept / gone])
    d10 = np.array([-p1 + up * kept / gone, p1 + down * kept / gone])
    a = np.array([[1.0 - a01, a01], [a10, 1.0 - a10]])
    slopes = np.array([[-a01 * d01 / a[0, 0], d01], [d10, -a10 * d10 / a[1, 1]]])
    return a, np.array([p0, p1]), slopes


@single_threaded_blas()
def fit_two_state(trace: TelegraphTrace) -> TwoStateFit:
    """Fit rates, levels and noise of a trace.

    Parameters
    ----------
    trace : TelegraphTrace
        Trace of some hundred samples and some ten moves each way at least.

    Returns
    -------
    TwoStateFit
        Fit.

    Raises
    ------
    ValueError
        If the trace is too short, has one level, or moves too rarely or too fast for its samples.
    """
    from scipy.optimize import minimize

    y = trace.signal
    if y.size < _FEWEST:
        raise ValueError(f"a trace of {y.size} samples; rates take {_FEWEST} at least, better thousands")
    middle, spread = float(np.median(y)), float(np.std(y))
    if not spread > 0.0:
        raise ValueError("the signal never changes; measure until it does")
    z = np.ascontiguousarray((y - middle) / spread)
    floor = _least_noise(z)
    bounds = [(-20.0, np.log(_FASTEST * 2.0))] * 2 + [(None, None)] * 2 + [(np.log(floor), 2.0)] * 2

    def loss(theta: Float, part: Float = z, starts: NDArray[np.int64] = trace.starts) -> tuple[float, Float]:
        checkpoint("fitting two states")
        value, slope = _score(theta, part, starts)
        return -value / part.size, -slope / part.size

    head = z[:_SEARCH]
    ends = np.unique(np.r_[trace.starts[trace.starts < head.size], head.size])
    searched = [
        minimize(loss, start, (head, ends), "L-BFGS-B", jac=True, bounds=bounds, options={"maxiter": 60})
        for start in _first_guesses(head, floor)
    ]
    best = min(searched, key=lambda found: found.fun)
    found = minimize(loss, best.x, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 400, "ftol": 1e-14})
    theta = found.x
    if theta[2] > theta[3]:
        theta = theta[[1, 0, 3, 2, 5, 4]]
    held = np.array([False] * 4 + [theta[k] < np.log(floor) + 1e-3 for k in (4, 5)])
    value, counted = _moments(theta, z, trace.starts)[:2]
    _check(theta, counted, value, z)
    free = np.flatnonzero(~held)

    def free_gradient(x: Float) -> Float:
        whole = theta.copy()
        whole[free] = x
        return -_score(whole, z, trace.starts)[1][free]

    covariance = np.zeros((6, 6))
    steps = np.where(free < 2, 1e-3, 1e-4)
    covariance[np.ix_(free, free)] = curvature_covariance(free_gradient, theta[free], steps)
    center, units = theta.copy(), np.array([1.0, 1.0, spread, spread, 1.0, 1.0])
    center[:2] -= np.log(trace.dt_s)
    center[2:4] = middle + spread * theta[2:4]
    center[4:] += np.log(spread)
    posterior = LaplacePosterior(_NAMES, center, covariance * np.outer(units, units), _LOGARITHMIC)
    fixed = tuple(name for name, each in zip(_NAMES, held, strict=True) if each)
    return TwoStateFit(trace, posterior, value - y.size * np.log(spread), float(counted[0, 1] + counted[1, 0]), fixed)


def draw_hidden_states(fit: TwoStateFit, rng: RNG = None) -> NDArray[np.int8]:
    """Draw the states of a trace from their law given the samples.

    Parameters
    ----------
    fit : TwoStateFit
        Fit.
    rng : RNG
        Seed or generator.

    Returns
    -------
    (samples,) int8
        States, 0 or 1: if the model holds, a path of the model itself.
    """
    value, trace = fit.posterior.value, fit.trace
    up, down = (value(name) * trace.dt_s for name in _NAMES[:2])
    moves, first, _ = transition_matrix(up, down)
    levels, noises = (np.array([value(f"{what}_{end}") for end in ("low", "high")]) for what in ("level", "noise"))
    uniform = np.random.default_rng(rng).random(trace.signal.size)
    return draw_states(trace.signal, trace.starts, moves, first, levels, noises, uniform)


def count_rates(trace: TelegraphTrace) -> tuple[float, float]:
    """Count the moves over the mid-level, blind to what happens between two samples.

    Parameters
    ----------
    trace : TelegraphTrace
        Trace.

    Returns
    -------
    up, down : float
        Moves over the time in the state that they leave, 1/s.
    """
    high = trace.signal > (np.quantile(trace.signal, 0.01) + np.quantile(trace.signal, 0.99)) / 2.0
    step = np.diff(high.astype(np.int8))
    step[trace.starts[1:-1] - 1] = 0
    seconds = trace.dt_s * np.array([np.count_nonzero(~high), np.count_nonzero(high)])
    up, down = np.count_nonzero(step == 1), np.count_nonzero(step == -1)
    return float(up / max(seconds[0], trace.dt_s)), float(down / max(seconds[1], trace.dt_s))


def _moments(theta: Float, z: Float, starts: NDArray[np.int64]) -> tuple[Any, ...]:
    moves, first, slopes = transition_matrix(*np.exp(theta[:2]))
    noises = np.exp(theta[4:])
    return *two_state_moments(z, starts, moves, first, theta[2:4].copy(), noises), first, slopes, noises


def _score(theta: Float, z: Float, starts: NDArray[np.int64]) -> tuple[float, Float]:
    """Logarithm of the likelihood and its gradient."""
    value, counted, began, sums, first, slopes, noises = _moments(theta, z, starts)
    rates = np.einsum("ij,ijk->k", counted, slopes)
    rates += (began[1] * first[0] - began[0] * first[1]) * np.array([1.0, -1.0])
    return value, np.r_[rates, sums[1] / noises**2, sums[2] / noises**2 - sums[0]]


def _least_noise(z: Float) -> float:
    """Smallest noise that a digitized signal can be asked for."""
    steps = np.diff(np.unique(z[: 4 * _SEARCH]))
    if not 0 < steps.size < 4096:
        return 1e-3
    return float(np.clip(steps.min() / np.sqrt(12.0), 1e-3, 0.02 * np.ptp(z)))


def _first_guesses(z: Float, floor: float) -> list[Float]:
    """Propose starts of the search: two means, and pairs of quantiles for states that are rare."""
    low, high = np.quantile(z, [0.01, 0.99])
    for _ in range(30):
        above = z > (low + high) / 2.0
        if above.all() or not above.any():
            break
        low, high = z[~above].mean(), z[above].mean()
    noise = max(1.4826 * float(np.median(np.abs(np.diff(z)))) / np.sqrt(2.0), 2.0 * floor, 0.02)
    pairs = [(float(low), float(high))]
    quantiles = np.quantile(z, [0.005, 0.5, 0.995]).tolist()
    pairs += [(quantiles[0], quantiles[1]), (quantiles[1], quantiles[2])]
    rate = np.log(0.1)
    return [np.array([rate, rate, a, b, np.log(noise), np.log(noise)]) for a, b in pairs if b - a > 0.05]


def _check(theta: Float, counted: Float, value: float, z: Float) -> None:
    alone = -0.5 * z.size * (np.log(2.0 * np.pi * z.var()) + 1.0)
    if value - alone < _EVIDENCE:
        raise ValueError(
            "no two levels are seen: one normal distribution explains the samples as well; lower the noise"
        )
    least = min(counted[0, 1], counted[1, 0])
    if least < _EVENTS:
        raise ValueError(f"the signal moves about {least:.0f} times each way; rates take {_EVENTS:.0f}: measure longer")
    if np.exp(theta[:2]).sum() > _FASTEST:
        raise ValueError("the signal forgets its state between two samples; sample faster")
