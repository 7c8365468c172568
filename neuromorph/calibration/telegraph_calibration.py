"""A measured telegraph trace, at one voltage or several, to rates of a two-state system.

A trace is cut where its time jumps or starts anew, and where voltage or the number of the trace changes: what stands
between is one recording without gaps. Each voltage has levels and noise of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..datum import Datum
from ..estimate import Estimate
from ..ising import Float
from ..rng import RNG
from ..runtime.limits import checkpoint
from .calibration_result import POSTERIOR_DRAWS, DeviceCalibration, measured_datum, taken_columns
from .column_roles import ColumnRole, assign_roles
from .dwell_times import DwellTest, dwell_tests
from .laplace_posterior import derived_estimate
from .measured_table import MeasuredColumn, MeasuredTable
from .rates_against_voltage import RatesAgainstVoltage, fit_rates_against_voltage, switching_law
from .two_state import TelegraphTrace, TwoStateFit, count_rates, fit_two_state

TELEGRAPH_ROLES = (
    ColumnRole("time", ("time", "t", "zeit", "timestamp", "seconds"), ("s",)),
    ColumnRole("trace", ("trace", "run", "repeat", "repetition", "sweep", "record", "segment", "cycle")),
    ColumnRole("temperature", ("temperature", "temp", "t"), ("K",)),
    ColumnRole("voltage", ("v", "voltage", "bias", "gate", "vg", "vgate", "vb", "vbias", "vtip", "u"), ("V",)),
    ColumnRole(
        "signal",
        ("signal", "current", "i", "height", "z", "state", "output", "y", "level", "conductance", "g", "counts"),
        needed=True, alone=True,
    ),
)  # fmt: skip
_JITTER = 0.2  # of the time between samples
_MOST_SETTINGS = 100
_UNITS = {"rate_up_hz": "1/s", "rate_down_hz": "1/s", "attempt_rate_hz": "1/s", "field": "1"}
_LAW_UNITS = {
    "attempt_rate_hz": "1/s", "balance_voltage_v": "V", "bias_per_volt": "1/V", "log_rate_per_volt": "1/V",
    "theta": "1",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class TelegraphFits:
    """Fits of a measured telegraph, one a setting.

    Attributes
    ----------
    settings : (m,) float
        Voltage of each, V; NaN without one.
    fits : tuple of TwoStateFit
        Fit of each.
    dwells : tuple of (DwellTest, DwellTest)
        Tests of each.
    against_voltage : RatesAgainstVoltage or None
        Lines through the rates; None for one setting.
    """

    settings: Float
    fits: tuple[TwoStateFit, ...]
    dwells: tuple[tuple[DwellTest, DwellTest], ...]
    against_voltage: RatesAgainstVoltage | None


def calibrate_telegraph(
    table: MeasuredTable,
    columns: Mapping[str, str] | None = None,
    *,
    sample_rate_hz: float | None = None,
    draws: int = POSTERIOR_DRAWS,
    rng: RNG = None,
) -> DeviceCalibration:
    """Calibrate a two-state system by its telegraph.

    Parameters
    ----------
    table : MeasuredTable
        Samples of a signal, with a column of time or at a known rate.
    columns : dict of str to str, optional
        Column by role (``assign_roles``).
    sample_rate_hz : float or None
        Samples a second, in place of the column of time.
    draws : int
        Number of draws.
    rng : RNG
        Seed or generator.

    Returns
    -------
    DeviceCalibration
        Rates, levels and noise; with several voltages also how rates follow them.

    Raises
    ------
    ValueError
        If columns are missing or ambiguous, or the trace tells no rates.
    """
    generator = np.random.default_rng(rng)
    chosen = assign_roles(table, TELEGRAPH_ROLES, columns)
    try:
        signal = chosen["signal"]
        settings, groups = setting_groups(chosen.get("voltage"), table.rows, "voltage")
        fits, tests = [], []
        for k, rows in enumerate(groups):
            checkpoint("fitting traces", k, len(groups))
            trace = trace_of_rows(chosen, rows, sample_rate_hz)
            try:
                fits.append(fit_two_state(trace))
            except ValueError as error:
                where = f"at {settings[k]:g} V: " if len(groups) > 1 else ""
                raise ValueError(f"{where}{error}") from None
            tests.append(dwell_tests(fits[-1], generator))
        along = fit_rates_against_voltage(settings, fits) if len(groups) > 1 else None
        found = TelegraphFits(settings, tuple(fits), tuple(tests), along)
        return _calibration(table, chosen, found, signal.unit, draws, generator)
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def setting_groups(column: MeasuredColumn | None, rows: int, what: str) -> tuple[Float, list[NDArray[np.int64]]]:
    """Group rows by a setting that was stepped.

    Parameters
    ----------
    column : MeasuredColumn or None
        Setting of each row; a thousandth of its range apart is the same. None is one group.
    rows : int
        Number of rows.
    what : str
        Name of the setting.

    Returns
    -------
    (m,) float
        Settings in ascending order; NaN without a column.
    list of (k,) int
        Rows of each, in their order.

    Raises
    ------
    ValueError
        If there are more settings than are stepped by hand.
    """
    if column is None:
        return np.array([np.nan]), [np.arange(rows)]
    values = column.values
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        raise ValueError(f"column {column.name!r} holds no numbers; leave the {what} out with --columns {what}=none")
    order = known[np.argsort(values[known], kind="stable")]
    gaps = np.flatnonzero(np.diff(values[order]) > 1e-3 * np.ptp(values[order])) + 1
    groups = [np.sort(each) for each in np.split(order, gaps)]
    if len(groups) > _MOST_SETTINGS:
        raise ValueError(
            f"the {what} ({column.name!r}) has {len(groups)} values; {_MOST_SETTINGS} steps at most: "
            f"leave it out with --columns {what}=none"
        )
    return np.array([values[each].mean() for each in groups]), groups


def trace_of_rows(
    chosen: Mapping[str, MeasuredColumn], rows: NDArray[np.int64], sample_rate_hz: float | None
) -> TelegraphTrace:
    """Cut rows into pieces without gaps.

    Parameters
    ----------
    chosen : dict of str to MeasuredColumn
        Columns ``signal``, and ``time`` and ``trace`` if there are.
    rows : (k,) int
        Rows.
    sample_rate_hz : float or None
        Samples a second, in place of the column of time.

    Returns
    -------
    TelegraphTrace
        Trace.

    Raises
    ------
    ValueError
        If samples have no regular times.
    """
    rows = rows[np.isfinite(chosen["signal"].values[rows])]
    if rows.size < 2:
        raise ValueError("the signal has fewer than two samples")
    cut = np.diff(rows) != 1
    label = chosen.get("trace")
    if label is not None and not label.words:
        cut |= np.diff(label.values[rows]) != 0.0
    if sample_rate_hz is not None:
        dt = 1.0 / sample_rate_hz
    elif "time" not in chosen:
        raise ValueError("no column is the time; say --columns time=NAME, or --sample-rate HZ")
    else:
        if not chosen["time"].unit:
            raise ValueError(
                f"column {chosen['time'].name!r} has no unit; say --columns 'time={chosen['time'].name}:s' (or ms, us)"
            )
        step = np.diff(chosen["time"].values[rows])
        forward = step[~cut & (step > 0.0)]
        if not forward.size:
            raise ValueError("the time does not go on; say --columns time=NAME, or --sample-rate HZ")
        dt = float(np.median(forward))
        gap = ~(step > 0.0) | (step > 1.5 * dt)
        irregular = np.count_nonzero(np.abs(step[~cut & ~gap] - dt) > _JITTER * dt)
        if irregular > 0.01 * rows.size or np.count_nonzero(gap & ~cut) > 0.05 * rows.size:
            raise ValueError(
                "samples are not regular in time; give a trace at one rate, or the rate with --sample-rate HZ "
                "if the times are rounded"
            )
        regular = step[~cut & ~gap]
        dt = float(regular.mean())
        cut |= gap
    starts = np.r_[0, np.flatnonzero(cut) + 1, rows.size]
    return TelegraphTrace(np.ascontiguousarray(chosen["signal"].values[rows]), starts.astype(np.int64), dt)


def _calibration(
    table: MeasuredTable,
    chosen: Mapping[str, MeasuredColumn],
    found: TelegraphFits,
    unit: str,
    draws: int,
    rng: np.random.Generator,
) -> DeviceCalibration:
    notes: list[str] = []
    samples = sum(fit.trace.signal.size for fit in found.fits)
    how = f"hidden Markov model of {samples} samples"
    tests = {}
    for k, pair in enumerate(found.dwells):
        at = f" at {found.settings[k]:g} V" if len(found.fits) > 1 else ""
        for test, state in zip(pair, ("low", "high"), strict=True):
            if test.p_value is not None:
                tests[f"exponential dwells, {state}{at}"] = test.p_value
            else:
                notes.append(f"dwell times in the {state} state{at} are too few, or too short in samples, to test")
    few = 0.01 / max(1, len(tests))
    for name, p in tests.items():
        if p < few:
            notes.append(f"{name}: p = {p:.1g}; rates are not constant, so that two states are too few or they drift")
    least = min(fit.separation for fit in found.fits)
    if least < 2.0:
        notes.append(f"levels are {least:.2g} noises apart: rates lean on the noise being normal and white")
    if any(fit.fixed for fit in found.fits):
        notes.append("the signal was digitized to levels wider than its noise: the noise is not known")
    if "temperature" in chosen and np.ptp(_known(chosen["temperature"].values)) > 0.01 * np.nanmean(
        chosen["temperature"].values
    ):
        notes.append("the temperature changes within the file; calibrate each temperature by itself")
    if found.against_voltage is None:
        parameters, drawn = _one_setting(table.name, found.fits[0], unit, how, draws, rng)
        notes.append("barrier position theta, and tempo and bias against voltage, take traces at two voltages or more")
    else:
        parameters, drawn = _many_settings(table.name, found.against_voltage, how, draws, rng, notes)
        if found.against_voltage.p_value is not None:
            tests["rates exponential in voltage"] = found.against_voltage.p_value
            if found.against_voltage.p_value < 0.01:
                notes.append("ln rates are not straight in voltage: the law holds for no such range")
    rows = []
    for voltage, fit in zip(found.settings, found.fits, strict=True):
        row = {name: fit.posterior.estimate(name).to_dict() for name in fit.posterior.names}
        counted = dict(zip(("counted_up_hz", "counted_down_hz"), count_rates(fit.trace), strict=True))
        correlation = float(fit.posterior.covariance[0, 1] / np.prod(fit.posterior.deviations[:2]))
        rows.append({"voltage_v": voltage, "dt_s": fit.trace.dt_s, **row, **counted, "correlation": correlation})
    return DeviceCalibration(
        "telegraph", table.name, taken_columns(chosen), parameters, drawn, ("attempt_rate_hz",), tests,
        {"rates": rows}, tuple(notes), found,
    )  # fmt: skip


def _one_setting(
    source: str, fit: TwoStateFit, unit: str, how: str, draws: int, rng: np.random.Generator
) -> tuple[dict[str, Datum], dict[str, Float]]:
    law = fit.posterior
    drawn = law.draws(draws, rng)
    estimates = {name: law.estimate(name) for name in law.names}
    spread = law.covariance[:2, :2]
    for name, weights in (("attempt_rate_hz", np.array([0.5, 0.5])), ("field", np.array([1.0, -1.0]))):
        middle, half = float(weights @ law.center[:2]), 1.96 * float(np.sqrt(weights @ spread @ weights))
        ends = [middle, middle - half, middle + half]
        estimates[name] = Estimate(*(float(np.exp(e)) for e in ends)) if name == "attempt_rate_hz" else Estimate(*ends)
    drawn["attempt_rate_hz"] = np.sqrt(drawn["rate_up_hz"] * drawn["rate_down_hz"])
    drawn["field"] = np.log(drawn["rate_up_hz"] / drawn["rate_down_hz"])
    more = {"attempt_rate_hz": f"{how}, at theta = 1/2", "field": f"{how}, ln of rate up over rate down"}
    return {
        name: measured_datum(name, each, _UNITS.get(name, unit), source, more.get(name, how))
        for name, each in estimates.items()
    }, drawn


def _many_settings(
    source: str, along: RatesAgainstVoltage, how: str, draws: int, rng: np.random.Generator, notes: list[str]
) -> tuple[dict[str, Datum], dict[str, Float]]:
    many = along.lines.draws(max(draws, 20_000), rng)
    best = switching_law(dict(zip(along.lines.names, along.lines.center, strict=True)), along.middle_v)
    drawn = switching_law(many, along.middle_v)
    slope = along.lines.center[1] - along.lines.center[3]
    spread = along.lines.covariance
    if abs(slope) < 3.0 * np.sqrt(spread[1, 1] + spread[3, 3] - 2.0 * spread[1, 3]):
        raise ValueError(
            "the balance of the rates does not follow the voltage; leave it out with --columns voltage=none"
        )
    told = {"log_rate_per_volt": f"{how}, at theta = 1/2", "theta": f"{how}, if the tempo does not follow the voltage"}
    parameters = {}
    for name, unit in _LAW_UNITS.items():
        estimate, _ = derived_estimate(float(best[name]), lambda d, name=name: d[name], drawn)  # type: ignore[misc]
        parameters[name] = measured_datum(name, estimate, unit, source, told.get(name, how))
    low, high = along.voltages_v.min(), along.voltages_v.max()
    if not low <= float(best["balance_voltage_v"]) <= high:
        notes.append(f"rates are equal outside of the measured {low:g} to {high:g} V: extrapolated")
    notes.append("theta and the tempo against voltage are not known apart: one is told as if the other were as said")
    return parameters, {name: each[:draws] for name, each in drawn.items()}


def _known(values: Float) -> Float:
    return values[np.isfinite(values)]
