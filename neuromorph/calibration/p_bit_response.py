r"""How a p-bit answers to its input: mean, dwell time, and the barrier behind it.

.. math:: \langle m \rangle = \tanh x, \qquad x = a (I + o), \qquad
          r(m \to -m) = \frac{1}{\tau}\,\frac{e^{-m x}}{2 \cosh x}, \qquad \tau = \tau_0\, e^{E / k T}

with slope a and offset o. The mean dwell time, averaged over both states, is 2 tau cosh^2 x. E and tau_0 take several
temperatures; at one, only their product is seen. They vary together: a straight line through ln tau far from 1/T = 0
leaves the prefactor open by decades, which the draws keep. Source: Camsari, Faria, Sutton and Datta, Phys. Rev. X 7,
031014 (2017); prefactor and barrier: arXiv 2402.03452.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..ising import Float
from .laplace_posterior import LaplacePosterior, least_squares_posterior
from .two_state import TwoStateFit

BOLTZMANN_EV = 8.617333262e-5  # eV/K, exact by the definition of the kelvin and the coulomb (SI 2019)
_ROUNDS = 60
_STEEPEST = 20.0  # |x|
_TWO_SIDED = 1.959963985  # 95 % of a normal distribution lie within


@dataclass(frozen=True, eq=False)
class PBitResponse:
    """Slope and offset of a p-bit, with its dwell time where it was traced.

    Attributes
    ----------
    posterior : LaplacePosterior
        Law of ``slope``, ``bias`` (a o), and ``update_time_s`` (tau) or, of means in volts, ``middle`` and ``swing``.
    p_value : float or None
        Probability of a larger chi^2; None where errors were not known or nothing is left over.
    spread : float or None
        Root mean square of what is left, where errors were not known.
    """

    posterior: LaplacePosterior
    p_value: float | None
    spread: float | None


def fit_mean_response(
    inputs: Float, means: Float, *, errors: Float | None = None, counts: Float | None = None, levels: bool = False
) -> PBitResponse:
    """Fit slope and offset to means against input.

    Parameters
    ----------
    inputs, means : (m,) float
        Inputs, and means of the state, -1 to 1.
    errors : (m,) float or None
        Standard errors of the means.
    counts : (m,) float or None
        Independent samples behind each mean; with neither, all means have one error, told by what is left over.
    levels : bool
        Whether the means are signals whose two levels are unknown.

    Returns
    -------
    PBitResponse
        Fit.

    Raises
    ------
    ValueError
        If there are too few inputs, or the means do not follow them.
    """
    from scipy.stats import chi2

    size = 4 if levels else 2
    scale = float(np.std(inputs))
    if inputs.size <= size or np.unique(inputs).size <= size - 1 or not scale > 0.0:
        raise ValueError(f"{np.unique(inputs).size} inputs; a slope and an offset take {size + 1} means at least")
    # The scaled input keeps the normal equations even; what is returned is in the units of the input.
    center = float(np.mean(inputs))
    z = (inputs - center) / scale
    theta = _first_response(z, means, levels)
    known = errors is not None or counts is not None
    for _ in range(_ROUNDS):
        x = np.clip(theta[0] * z + theta[1], -_STEEPEST, _STEEPEST)
        m = np.tanh(x)
        slope = 1.0 - m**2
        predicted, design = m, np.stack([z * slope, slope], axis=1)
        if levels:
            predicted = theta[2] + theta[3] * m
            design = np.column_stack([theta[3] * design, np.ones_like(m), m])
        if errors is not None:
            variance = errors**2
        elif counts is not None:
            variance = np.maximum(slope, 0.5 / counts) / counts
        else:
            variance = np.ones_like(m)
        left = means - predicted
        information = design.T @ (design / variance[:, None])
        step = np.linalg.lstsq(information, design.T @ (left / variance), rcond=None)[0]
        step *= min(1.0, 2.0 / max(1e-12, float(np.abs(step[:2]).max())))
        theta = theta + step
        if np.abs(step).max() < 1e-10:
            break
    freedom = inputs.size - size
    square = float((left**2 / variance).sum())
    if not np.linalg.cond(information) < 1e14 or abs(theta[0]) > 1e3:
        raise ValueError("the means jump between two inputs, or do not follow them: give more inputs around the middle")
    covariance = np.linalg.inv(information) * (1.0 if known else square / freedom)
    back = np.eye(size)
    back[0, 0], back[1, 0] = 1.0 / scale, -center / scale
    names = ("slope", "bias", "middle", "swing")[:size]
    law = LaplacePosterior(names, back @ theta, back @ covariance @ back.T, (False,) * size)
    p_value = float(chi2.sf(square, freedom)) if known else None
    return PBitResponse(law, p_value, None if known else float(np.sqrt(square / freedom)))


def fit_traced_response(inputs: Float, fits: tuple[TwoStateFit, ...]) -> PBitResponse:
    """Fit slope, offset and tau to the rates of traces at several inputs.

    Parameters
    ----------
    inputs : (m,) float
        Inputs.
    fits : tuple of TwoStateFit
        Fit of the trace at each.

    Returns
    -------
    PBitResponse
        Fit; chi^2 holds the rates to one tau at all inputs.

    Raises
    ------
    ValueError
        If there are fewer than two inputs.
    """
    from scipy.stats import chi2

    if inputs.size < 2:
        raise ValueError("a slope takes traces at two inputs at least")
    logs = np.concatenate([fit.posterior.center[:2] for fit in fits])
    covariance = np.zeros((logs.size, logs.size))
    for k, fit in enumerate(fits):
        covariance[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = fit.posterior.covariance[:2, :2]
    scale, center = float(np.std(inputs)), float(inputs.mean())
    z = (inputs - center) / scale
    field = (logs[::2] - logs[1::2]) / 2.0  # x at each input, whatever tau is
    theta = np.r_[np.polyfit(z, field, 1), -np.log(np.exp(logs).reshape(-1, 2).sum(axis=1)).mean()]
    for _ in range(_ROUNDS):
        x = np.clip(theta[0] * z + theta[1], -_STEEPEST, _STEEPEST)
        base = -theta[2] - np.log(2.0 * np.cosh(x))
        predicted = np.stack([base + x, base - x], axis=1).ravel()
        by_x = np.stack([1.0 - np.tanh(x), -1.0 - np.tanh(x)], axis=1)
        design = np.stack([(by_x * z[:, None]).ravel(), by_x.ravel(), -np.ones(logs.size)], axis=1)
        law, square, freedom = least_squares_posterior(
            ("slope", "bias", "update_time_s"), design, logs - predicted, covariance
        )
        theta = theta + law.center
        if np.abs(law.center).max() < 1e-10:
            break
    back = np.eye(3)
    back[0, 0], back[1, 0] = 1.0 / scale, -center / scale
    found = LaplacePosterior(law.names, back @ theta, back @ law.covariance @ back.T, (False, False, True))
    return PBitResponse(found, float(chi2.sf(square, freedom)) if freedom > 0 else None, None)


def pool_dwell_times(
    inputs: list[Float], dwells_s: list[Float], laws: list[LaplacePosterior]
) -> tuple[Float, Float] | None:
    """Pool the dwell times of each temperature to one tau.

    Parameters
    ----------
    inputs, dwells_s : list of (m,) float
        Inputs of one temperature each, and mean dwell times there, s.
    laws : list of LaplacePosterior
        Slope and bias at each temperature, whose errors all dwell times of it share.

    Returns
    -------
    (k,) float, (k,) float
        ln tau of each temperature and its standard error, widened for the few degrees of freedom of the scatter.
        None where every temperature has one dwell time, so that their scatter is not seen.
    """
    from scipy.optimize import brentq
    from scipy.stats import t as student

    logs, shared = [], []
    for at, dwell, law in zip(inputs, dwells_s, laws, strict=True):
        x = np.clip(law.value("slope") * at + law.value("bias"), -_STEEPEST, _STEEPEST)
        logs.append(np.log(dwell) - np.log(2.0 * np.cosh(x) ** 2))
        slopes = -2.0 * np.tanh(x)[:, None] * np.stack([at, np.ones_like(at)], axis=1)
        shared.append(slopes @ law.covariance[:2, :2] @ slopes.T)
    freedom = sum(each.size - 1 for each in logs)
    if freedom < 1:
        return None

    def pooled(scatter: float) -> tuple[float, list[tuple[float, float]]]:
        square, found = 0.0, []
        for y, covariance in zip(logs, shared, strict=True):
            weights = np.linalg.inv(covariance + scatter * np.eye(y.size))
            total = float(weights.sum())
            mean = float(weights.sum(axis=0) @ y) / total
            square += float((y - mean) @ weights @ (y - mean))
            found.append((mean, 1.0 / np.sqrt(total)))
        return square - freedom, found

    most = 4.0 * sum(float(each.var()) * each.size for each in logs) + 1e-9
    low, high = 1e-12 * most, 10.0 * most
    scatter = low if pooled(low)[0] <= 0.0 else float(brentq(lambda s: pooled(s)[0], low, high, xtol=1e-9 * most))
    means, errors = np.array(pooled(scatter)[1]).T
    return means, errors * float(student.ppf(0.975, freedom)) / _TWO_SIDED


def fit_barrier(temperatures_k: Float, log_times: Float, errors: Float | None) -> tuple[LaplacePosterior, float | None]:
    """Fit barrier and prefactor to times at several temperatures.

    Parameters
    ----------
    temperatures_k : (m,) float
        Temperatures, K.
    log_times : (m,) float
        ln tau of times in s.
    errors : (m,) float or None
        Their standard errors; None tells one from what is left over.

    Returns
    -------
    LaplacePosterior
        Law of ``prefactor_s`` (tau_0) and ``barrier_ev`` (E).
    float or None
        Probability of a larger chi^2; None where errors were not known or nothing is left over.

    Raises
    ------
    ValueError
        If there are too few temperatures.
    """
    from scipy.stats import chi2

    least = 2 if errors is not None else 3
    if np.unique(np.round(temperatures_k, 2)).size < least or not (temperatures_k > 0.0).all():
        raise ValueError(f"a barrier takes times at {least} temperatures at least, above 0 K")
    inverse = 1.0 / (BOLTZMANN_EV * temperatures_k)
    center = float(inverse.mean())
    design = np.stack([np.ones_like(inverse), inverse - center], axis=1)
    sigma = np.ones_like(log_times) if errors is None else errors
    names = ("prefactor_s", "barrier_ev")
    law, square, freedom = least_squares_posterior(names, design, log_times, np.diag(sigma**2))
    factor = square / freedom if errors is None and freedom > 0 else 1.0
    back = np.array([[1.0, -center], [0.0, 1.0]])
    found = LaplacePosterior(names, back @ law.center, factor * back @ law.covariance @ back.T, (True, False))
    return found, float(chi2.sf(square, freedom)) if errors is not None and freedom > 0 else None


def _first_response(z: Float, means: Float, levels: bool) -> Float:
    """Start of the search: a line through atanh of the means."""
    low, high = float(means.min()), float(means.max())
    middle, swing = ((low + high) / 2.0, max((high - low) / 2.0, 1e-300)) if levels else (0.0, 1.0)
    m = np.clip((means - middle) / swing, -0.95, 0.95)
    line = np.polyfit(z, np.arctanh(m), 1)
    return np.r_[line, middle, swing] if levels else line
