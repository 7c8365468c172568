r"""Recognition of an activation by its values: any expression that equals one is one.

An odd f with limits +-s is compared with s tanh(g u), (2 s / pi) atan(g pi u / 2) and s g u / sqrt(1 + (g u)^2), one
with limits 0 and s with the logistic function, where g follows from the input at which f has half of its limit (three
quarters for the logistic function). They are equal if they differ by less than 1e-11 of s over 400 inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from math import atanh, isfinite, pi, sqrt

import numpy as np

from neuromorph.analog import Activation, Algebraic, Arctan, Logistic, Tanh
from neuromorph.ising import Float

_EQUAL = 1e-11
_DIGITS = 12
_WIDEST = 120  # doublings of the input in the search for a limit
# What g times the input is where the function has half of its limit: a function of each class.
_ODD = ((Tanh, atanh(0.5)), (Arctan, 2.0 / pi), (Algebraic, 1.0 / sqrt(3.0)))


def recognize_activation(f: Callable[[Float], Float]) -> tuple[Activation, float] | None:
    """Recognize a function of one input as an activation or its negative.

    Parameters
    ----------
    f : callable
        Function of an array.

    Returns
    -------
    activation : Activation
        The activation.
    sign : float
        1.0, or -1.0 for its negative.
    """
    with np.errstate(all="ignore"):
        high, low = _limit(f, 1.0), _limit(f, -1.0)
        if high is None or low is None or high == low:
            return None
        sign = 1.0 if high > low else -1.0
        swing = _rounded(max(abs(high), abs(low)))
        if abs(high + low) <= _EQUAL * swing:
            candidates: list[tuple[type[Activation], float, float, float]]
            candidates = [(kind, swing, sign * swing / 2.0, at) for kind, at in _ODD]
        elif min(abs(high), abs(low)) <= _EQUAL * swing and high * sign > 0.0:
            candidates = [(Logistic, swing, sign * 0.75 * swing, 2.0 * atanh(0.5))]
        else:
            return None
        for kind, limit, half, at in candidates:
            u = _solve(f, half, sign)
            if u is None or u <= 0.0:
                continue
            activation = kind(_rounded(at / u), limit)
            grid = np.r_[np.linspace(-4.0, 4.0, 201), np.linspace(-30.0, 30.0, 199)] * u
            if np.abs(f(grid) - sign * activation.value(grid)).max() <= _EQUAL * limit:
                return activation, sign
    return None


def ratio_to(activation: Activation, f: Callable[[Float], Float]) -> float | None:
    """Return how many times an activation a function is, if it is a multiple of it.

    Parameters
    ----------
    activation : Activation
        Activation.
    f : callable
        Function of an array.

    Returns
    -------
    float or None
        Ratio.
    """
    middle = (activation.low + activation.high) / 2.0
    width = 1.0 / max(float(activation.slope(activation.inverse(middle))) / (activation.high - activation.low), 1e-300)
    grid = np.linspace(-5.0, 5.0, 401) * width
    with np.errstate(all="ignore"):
        ours, theirs = np.asarray(activation.value(grid)), np.asarray(f(grid))
    at = int(np.argmax(np.abs(ours)))
    ratio = float(theirs[at] / ours[at])
    if not isfinite(ratio) or ratio == 0.0 or np.abs(theirs - ratio * ours).max() > _EQUAL * abs(ratio * ours[at]):
        return None
    return _rounded(ratio)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _limit(f: Callable[[Float], Float], side: float) -> float | None:
    """Return the limit of f far to one side, or None."""
    u = side * 1e-6
    before = float(f(np.array([u]))[0])
    still = 0
    for _ in range(_WIDEST):
        u *= 2.0
        value = float(f(np.array([u]))[0])
        if not isfinite(value):
            return before if still else None
        still = still + 1 if abs(value - before) <= 1e-15 * abs(value) and abs(u) > 1e-3 else 0
        if still > 3:
            return value
        before = value
    return before if still else None


def _solve(f: Callable[[Float], Float], value: float, sign: float) -> float | None:
    """Return the input above 0 at which a monotone f has a value, by bisection."""
    low, high = 0.0, 1e-9
    while sign * (float(f(np.array([high]))[0]) - value) < 0.0:
        high *= 2.0
        if high > 1e30:
            return None
    for _ in range(200):
        middle = 0.5 * (low + high)
        if sign * (float(f(np.array([middle]))[0]) - value) < 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
