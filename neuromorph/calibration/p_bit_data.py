"""Traces or means of a p-bit to fits of its response, its times and its barrier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ising import Float
from ..runtime.limits import checkpoint
from .laplace_posterior import LaplacePosterior
from .measured_table import MeasuredColumn
from .p_bit_response import PBitResponse, fit_barrier, fit_mean_response, fit_traced_response, pool_dwell_times
from .telegraph_calibration import setting_groups, trace_of_rows
from .two_state import TwoStateFit, fit_two_state


@dataclass(frozen=True, eq=False)
class PBitFits:
    """Fits of a measured p-bit at the temperature with the most data.

    Attributes
    ----------
    inputs, means : (m,) float
        Inputs and means of the state, or of the signal.
    errors : (m,) float or None
        Standard errors of the means, if known.
    response : PBitResponse
        Fit.
    traces : tuple of TwoStateFit
        Fit of the trace at each input; empty for a table of means.
    temperatures_k, times_s : (k,) float
        tau at each temperature, s; empty without.
    time_errors : (k,) float
        Standard errors of ln tau; empty if not known.
    barrier : LaplacePosterior or None
        Barrier and prefactor.
    """

    inputs: Float
    means: Float
    errors: Float | None
    response: PBitResponse
    traces: tuple[TwoStateFit, ...]
    temperatures_k: Float
    times_s: Float
    time_errors: Float
    barrier: LaplacePosterior | None


@dataclass(frozen=True, eq=False)
class PBitFindings:
    """Notes, tests and tables that come with the fits.

    Attributes
    ----------
    notes : list of str
        Sentences about the data.
    tests : dict of str to float
        p-values.
    rows : list of dict
        Rates at each setting.
    """

    notes: list[str]
    tests: dict[str, float]
    rows: list[dict[str, Any]]


def fits_from_traces(
    chosen: Mapping[str, MeasuredColumn], sample_rate_hz: float | None, found: PBitFindings
) -> PBitFits:
    """Fit traces at several inputs, and temperatures.

    Parameters
    ----------
    chosen : dict of str to MeasuredColumn
        Column by role.
    sample_rate_hz : float or None
        Samples a second, in place of the column of time.
    found : PBitFindings
        Findings, which are added to.

    Returns
    -------
    PBitFits
        Fits.

    Raises
    ------
    ValueError
        If the data do not suffice.
    """
    rows_in_all = chosen["signal"].values.size
    temperatures, by_temperature = setting_groups(chosen.get("temperature"), rows_in_all, "temperature")
    inputs, by_input = setting_groups(chosen["input"], rows_in_all, "input")
    responses: list[tuple[float, Float, tuple[TwoStateFit, ...], PBitResponse]] = []
    for temperature, rows in zip(temperatures, by_temperature, strict=True):
        at, fits = [], []
        for k, value in enumerate(inputs):
            checkpoint("fitting traces", k, inputs.size)
            part: NDArray[np.int64] = np.intersect1d(rows, by_input[k])
            if not part.size:
                continue
            try:
                fits.append(fit_two_state(trace_of_rows(chosen, part, sample_rate_hz)))
            except ValueError as error:
                found.notes.append(f"input {value:g}: left out; {error}")
                continue
            at.append(float(value))
            law = fits[-1].posterior
            row = {name: law.estimate(name).to_dict() for name in ("rate_up_hz", "rate_down_hz")}
            found.rows.append({"input": value, "temperature_k": temperature, **row})
        responses.append(
            (float(temperature), np.array(at), tuple(fits), fit_traced_response(np.array(at), tuple(fits)))
        )
    _, at_inputs, fits_there, response = max(responses, key=lambda each: each[1].size)
    if response.p_value is not None:
        found.tests["one tau at all inputs"] = response.p_value
        if response.p_value < 0.01:
            found.notes.append("rates do not follow one tau at all inputs: the input changes the tempo as well")
    rates = np.array([[fit.posterior.value(n) for n in ("rate_up_hz", "rate_down_hz")] for fit in fits_there])
    means = (rates[:, 0] - rates[:, 1]) / rates.sum(axis=1)
    errors = np.array([_mean_error(fit, m) for fit, m in zip(fits_there, means, strict=True)])
    kelvins, times, errors_of_times, barrier = np.empty(0), np.empty(0), np.empty(0), None
    if len(responses) > 1:
        kelvins = np.array([each[0] for each in responses])
        laws = [each[3].posterior for each in responses]
        times = np.array([law.value("update_time_s") for law in laws])
        errors_of_times = np.array([law.deviations[2] for law in laws])
        barrier, p = fit_barrier(kelvins, np.log(times), errors_of_times)
        if p is not None:
            found.tests["one barrier at all temperatures"] = p
    return PBitFits(at_inputs, means, errors, response, fits_there, kelvins, times, errors_of_times, barrier)


def fits_from_means(chosen: Mapping[str, MeasuredColumn], found: PBitFindings) -> PBitFits:
    """Fit means against inputs, with dwell times and temperatures where there are.

    Parameters
    ----------
    chosen : dict of str to MeasuredColumn
        Column by role.
    found : PBitFindings
        Findings, which are added to.

    Returns
    -------
    PBitFits
        Fits.

    Raises
    ------
    ValueError
        If the data do not suffice.
    """
    mean, inputs = chosen["mean"], chosen["input"].values
    values = mean.values
    use = np.isfinite(values) & np.isfinite(inputs)
    errors = chosen["error"].values if "error" in chosen else None
    counts = chosen["count"].values if "count" in chosen and errors is None else None
    for each, what in ((errors, "error"), (counts, "count")):
        if each is not None:
            use &= np.isfinite(each)
            if use.any() and not (each[use] > 0.0).all():
                raise ValueError(f"the {what} of a mean is 0 or less; leave the column out with --columns {what}=none")
    if not use.any():
        raise ValueError("no row has an input and a mean")
    levels = bool(mean.unit not in ("", "1") or np.abs(values[use]).max() > 1.0 + 1e-9)
    if levels:
        found.notes.append("means are a signal with two unknown levels, which are fitted too")
        counts = None
    elif values[use].min() >= 0.0:
        found.notes.append("means are between 0 and 1: taken as shares of ones, m = 2 p - 1")
        values, errors = 2.0 * values - 1.0, None if errors is None else 2.0 * errors
    kelvin, by_temperature = setting_groups(chosen.get("temperature"), values.size, "temperature")
    pick = max(range(len(kelvin)), key=lambda k: np.count_nonzero(use[by_temperature[k]]))
    rows = by_temperature[pick][use[by_temperature[pick]]]

    def fitted(part: NDArray[np.int64]) -> PBitResponse:
        error = None if errors is None else errors[part]
        count = None if counts is None else counts[part]
        return fit_mean_response(inputs[part], values[part], errors=error, counts=count, levels=levels)

    response = fitted(rows)
    if response.p_value is not None:
        found.tests["tanh of the input"] = response.p_value
        if response.p_value < 0.01:
            found.notes.append(
                "means scatter about tanh by more than their errors; counts may not be independent samples"
            )
    _directions(chosen, rows, inputs, values, response, found)
    kelvins, times, errors_of_times, barrier = np.empty(0), np.empty(0), np.empty(0), None
    if "dwell" in chosen:
        dwell = chosen["dwell"].values
        use &= np.isfinite(dwell) & (dwell > 0.0)
        parts = [(t, part[use[part]]) for t, part in zip(kelvin, by_temperature, strict=True) if use[part].any()]
        if not parts:
            raise ValueError(f"column {chosen['dwell'].name!r} has no dwell times above 0; say --columns dwell=none")
        found.notes.append("dwell times are taken as means over both states, which are 2 tau cosh^2 x")
        laws = [_response_or(fitted, part, response) for _, part in parts]
        at, spent = [inputs[part] for _, part in parts], [dwell[part] for _, part in parts]
        kelvins = np.array([t for t, _ in parts])
        pooled = pool_dwell_times(at, spent, laws)
        if pooled is not None:
            times, errors_of_times = np.exp(pooled[0]), pooled[1]
            if len(parts) > 1:
                barrier, p = fit_barrier(kelvins, *pooled)
                if p is not None:
                    found.tests["one barrier at all temperatures"] = p
        elif len(parts) > 2:
            x = np.array([law.value("slope") * v[0] + law.value("bias") for law, v in zip(laws, at, strict=True)])
            times = np.array([each[0] for each in spent]) / (2.0 * np.cosh(x) ** 2)
            barrier, _ = fit_barrier(kelvins, np.log(times), None)
    shown = None if errors is None else errors[rows]
    return PBitFits(inputs[rows], values[rows], shown, response, (), kelvins, times, errors_of_times, barrier)


def _response_or(
    fitted: Callable[[NDArray[np.int64]], PBitResponse], rows: NDArray[np.int64], otherwise: PBitResponse
) -> LaplacePosterior:
    """Law of the response at one temperature; that of another where there are too few means."""
    try:
        return fitted(rows).posterior
    except ValueError:
        return otherwise.posterior


def _directions(
    chosen: Mapping[str, MeasuredColumn],
    rows: NDArray[np.int64],
    inputs: Float,
    values: Float,
    response: PBitResponse,
    found: PBitFindings,
) -> None:
    """Compare what is left over of sweeps up and down: a difference is hysteresis."""
    from scipy.stats import ttest_ind

    if "direction" in chosen and chosen["direction"].words:
        words = np.array(chosen["direction"].words)[rows]
        up = np.char.startswith(np.char.lower(words), ("u")) | np.char.startswith(np.char.lower(words), ("f"))
    elif "direction" in chosen:
        up = chosen["direction"].values[rows] > 0.0
    else:
        up = np.gradient(inputs[rows]) > 0.0 if rows.size > 2 else np.zeros(rows.size, dtype=bool)
    if min(np.count_nonzero(up), np.count_nonzero(~up)) < 4 or "middle" in response.posterior.names:
        return
    left = values[rows] - np.tanh(response.posterior.value("slope") * inputs[rows] + response.posterior.value("bias"))
    p = float(ttest_ind(left[up], left[~up], equal_var=False).pvalue)
    found.tests["same mean in sweeps up and down"] = p
    if p < 0.01:
        found.notes.append("sweeps up and down differ (hysteresis): sweep more slowly, or calibrate each by itself")


def _mean_error(fit: TwoStateFit, mean: float) -> float:
    """Return the standard error of (u - d) / (u + d), whose slopes in ln u and ln d are +-(1 - m^2) / 2."""
    c = fit.posterior.covariance
    return float((1.0 - mean**2) / 2.0 * np.sqrt(c[0, 0] + c[1, 1] - 2.0 * c[0, 1]))
