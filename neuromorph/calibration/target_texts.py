r"""Draws of a calibration as targets of a study: each draw is a device that the data allow.

Where a target has a parameter of the same meaning it takes the draw itself. A crossbar takes factors on its own table:

.. math:: f_\sigma = \sqrt{\overline{\sigma(g)^2} \big/ \overline{\sigma_{table}(g)^2}}, \qquad
          f_\nu = \overline{\mu_\nu(g)} \big/ \overline{\mu_{\nu,table}(g)}

over targets g from .1 to 1: the size of errors is that of the measured cells, how they depend on g that of the table.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..datum import Datum
from ..ising import Float
from .calibration_result import DeviceCalibration
from .programming_noise import SPREAD_COEFFICIENTS

_G = np.linspace(0.1, 1.0, 10)
_RATE_TARGET, _P_BIT_TARGET, _CELL_TARGET = "atomic-spins-ideal", "p-bits", "memristor-crossbar"


def targets_of_draws(calibration: DeviceCalibration, count: int) -> list[str]:
    """Write targets with the parameters of the first draws.

    Parameters
    ----------
    calibration : DeviceCalibration
        DeviceCalibration.
    count : int
        Number of targets.

    Returns
    -------
    list of str
        Targets as ``--targets`` takes them; empty where no installed target has the parameters.
    """
    from ..installed_targets import available_targets, get_target
    from ..target_constants import constants_of

    draws = {name: np.asarray(each)[:count] for name, each in calibration.draws.items()}
    installed = available_targets()
    if calibration.device == "telegraph" and _RATE_TARGET in installed:
        theta = draws.get("theta")
        return [
            f"{_RATE_TARGET}(attempt_rate_hz={rate:.5g}"
            + (f",theta={theta[k]:.4g})" if theta is not None and 0.0 <= theta[k] <= 1.0 else ")")
            for k, rate in enumerate(draws["attempt_rate_hz"])
        ]
    if calibration.device == "pbit" and _P_BIT_TARGET in installed and "dwell_time_s" in draws:
        return [f"{_P_BIT_TARGET}(dwell_time_s={time:.5g})" for time in draws["dwell_time_s"]]
    if calibration.device == "memristor" and _CELL_TARGET in installed:
        table = constants_of(get_target(_CELL_TARGET))
        programming, drift = crossbar_factors(draws, table)
        drifts = drift if drift is not None else np.ones_like(programming)
        return [
            f"{_CELL_TARGET}(programming_error={p:.4g}" + (f",drift={d:.4g})" if drift is not None else ")")
            for p, d in zip(programming, drifts, strict=True)
        ]
    return []


def crossbar_factors(draws: Mapping[str, Float], table: Mapping[str, Datum]) -> tuple[Float, Float | None]:
    """Compare measured cells with those of a table.

    Parameters
    ----------
    draws : dict of str to (draws,) float
        Coefficients of measured cells.
    table : dict of str to Datum
        Coefficients of the table, under the same names.

    Returns
    -------
    (draws,) float
        Ratio of the spreads after programming, relative to G_max of each.
    (draws,) float or None
        Ratio of the mean drift exponents; None where they were not measured.
    """
    powers = _G[:, None] ** np.arange(3)
    own = sum(powers[:, [k]] * draws[name][None, :] for k, name in enumerate(SPREAD_COEFFICIENTS) if name in draws)
    own = own / draws["maximum_conductance"]
    theirs = powers @ np.array([table[name].value for name in SPREAD_COEFFICIENTS]) / table["maximum_conductance"].value
    programming = np.sqrt((np.maximum(own, 0.0) ** 2).mean(axis=0) / (theirs**2).mean())
    if "drift_mean_constant" not in draws:
        return programming, None
    slope = draws.get("drift_mean_log", np.zeros_like(draws["drift_mean_constant"]))
    exponents = draws["drift_mean_constant"] + slope * np.log(_G)[:, None]
    constant, log, least, most = (table[f"drift_mean_{part}"].value for part in ("constant", "log", "least", "most"))
    return programming, np.maximum(exponents.mean(axis=0), 0.0) / np.clip(
        constant + log * np.log(_G), least, most
    ).mean()
