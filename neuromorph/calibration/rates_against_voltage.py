r"""Rates against voltage: how the tempo and the balance of a two-state system follow it.

.. math:: u = \gamma e^{\theta f}, \qquad d = \gamma e^{-(1-\theta) f}, \qquad
          f = \alpha (V - V_0), \qquad \gamma = \gamma_0 e^{\kappa (V - V_0)}

ln u and ln d are straight lines in V: four numbers, from which V_0 (where both rates are equal), gamma_0, alpha and one
sum, kappa + theta alpha, follow. kappa and theta are not known apart, whatever is measured of the rates: kappa is told
at theta = 1/2, and theta at kappa = 0. Lines are fitted with the covariance of ln u and ln d at each voltage.
Source of the law: reference model of atoms that switch under a tip, Kiraly et al., Nat. Nanotechnol. 16, 414 (2021).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Float
from .laplace_posterior import LaplacePosterior, least_squares_posterior
from .two_state import TwoStateFit

_LINES = ("up_at_middle", "up_per_volt", "down_at_middle", "down_per_volt")


@dataclass(frozen=True, eq=False)
class RatesAgainstVoltage:
    """Straight lines through the logarithms of rates.

    Attributes
    ----------
    voltages_v : (m,) float
        Voltages, V.
    fits : tuple of TwoStateFit
        Fit of the trace at each.
    middle_v : float
        Mean voltage, at which the lines' heights are told.
    lines : LaplacePosterior
        ln u and its slope, ln d and its slope, at ``middle_v``.
    p_value : float or None
        Probability of a larger chi^2 about straight lines; None without degrees of freedom.
    """

    voltages_v: Float
    fits: tuple[TwoStateFit, ...]
    middle_v: float
    lines: LaplacePosterior
    p_value: float | None


def fit_rates_against_voltage(voltages_v: ArrayLike, fits: Sequence[TwoStateFit]) -> RatesAgainstVoltage:
    """Fit both rates against voltage.

    Parameters
    ----------
    voltages_v : (m,) float
        Voltages, V, two different ones at least.
    fits : sequence of TwoStateFit
        Fit of the trace at each.

    Returns
    -------
    RatesAgainstVoltage
        Lines.

    Raises
    ------
    ValueError
        If there are too few voltages.
    """
    from scipy.stats import chi2

    v = np.asarray(voltages_v, dtype=float)
    middle, m = float(v.mean()), len(v)
    logs, covariance, design = np.empty(2 * m), np.zeros((2 * m, 2 * m)), np.zeros((2 * m, 4))
    for k, fit in enumerate(fits):
        rows = slice(2 * k, 2 * k + 2)
        logs[rows] = fit.posterior.center[:2]
        covariance[rows, rows] = fit.posterior.covariance[:2, :2]
        design[rows] = np.kron(np.eye(2), [1.0, v[k] - middle])
    lines, left, freedom = least_squares_posterior(_LINES, design, logs, covariance)
    return RatesAgainstVoltage(v, tuple(fits), middle, lines, float(chi2.sf(left, freedom)) if freedom > 0 else None)


def switching_law(lines: Mapping[str, Float], middle_v: float) -> dict[str, Float]:
    """Convert lines to the parameters of the law.

    Parameters
    ----------
    lines : dict of str to float or array
        Numbers of the two lines, or draws of them.
    middle_v : float
        Voltage of their heights, V.

    Returns
    -------
    dict of str to float or array
        ``balance_voltage_v`` (V_0), ``attempt_rate_hz`` (gamma_0), ``bias_per_volt`` (alpha), ``log_rate_per_volt``
        (kappa at theta = 1/2) and ``theta`` (at kappa = 0).
    """
    up, up_slope, down, down_slope = (np.asarray(lines[name], dtype=float) for name in _LINES)
    alpha = up_slope - down_slope
    shift = -(up - down) / alpha
    return {
        "balance_voltage_v": middle_v + shift,
        "attempt_rate_hz": np.exp(up + up_slope * shift),
        "bias_per_volt": alpha,
        "log_rate_per_volt": (up_slope + down_slope) / 2.0,
        "theta": up_slope / alpha,
    }
