"""Figures of calibrations: data, fit, and what is left over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..plotting.axes import new_axes, style_axes
from ..plotting.style import INK, MUTED, SERIES_COLORS
from .calibration_result import DeviceCalibration
from .conductance_drift import CellDrift
from .dopant_calibration import DopantFits
from .dwell_times import DwellTest, binned_dwells, survival_of_lengths
from .memristor_calibration import MemristorFits
from .p_bit_data import PBitFits
from .p_bit_response import BOLTZMANN_EV
from .programming_noise import ProgrammingNoise
from .rates_against_voltage import RatesAgainstVoltage
from .surface_figures import draw_current_slices, draw_held_out_currents
from .telegraph_calibration import TelegraphFits
from .two_state import TwoStateFit, draw_hidden_states

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN_DWELLS = 12.0  # of each state in the window of a trace
_LOW, _HIGH = SERIES_COLORS[0], SERIES_COLORS[1]


def calibration_figures(calibration: DeviceCalibration) -> dict[str, Callable[[], Axes]]:
    """List the figures of a calibration.

    Parameters
    ----------
    calibration : DeviceCalibration
        DeviceCalibration.

    Returns
    -------
    dict of str to callable
        Function that draws each figure, by its name.
    """
    fits = calibration.fits
    found: dict[str, Callable[[], Axes]] = {}
    if isinstance(fits, TelegraphFits):
        middle = len(fits.fits) // 2
        found["trace"] = lambda: draw_telegraph_trace(fits.fits[middle])
        found["dwell_times"] = lambda: draw_dwell_shares(fits.dwells[middle])
        found["dwell_residuals"] = lambda: draw_dwell_residuals(fits.dwells[middle])
        if fits.against_voltage is not None:
            along = fits.against_voltage
            found["rates"] = lambda: draw_rates_against_voltage(along)
    elif isinstance(fits, PBitFits):
        unit = calibration.taken["input"]
        found["response"] = lambda: draw_p_bit_response(fits, unit)
        if fits.barrier is not None:
            found["barrier"] = lambda: draw_barrier(fits)
    elif isinstance(fits, MemristorFits):
        found["programming"] = lambda: draw_programming_noise(fits.programming)
        if fits.drift is not None:
            drift = fits.drift
            found["drift"] = lambda: draw_drift_exponents(drift)
    elif isinstance(fits, DopantFits):
        found["currents"] = lambda: draw_current_slices(fits)
        found["held_out"] = lambda: draw_held_out_currents(fits)
    return found


def draw_telegraph_trace(fit: TwoStateFit, ax: Axes | None = None) -> Axes:
    """Draw a window of a trace with its states, and the two levels with their noise.

    Parameters
    ----------
    fit : TwoStateFit
        Fit.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(6.4, 3.0) if ax is None else ax
    value, trace = fit.posterior.value, fit.trace
    mean = 1.0 / value("rate_up_hz") + 1.0 / value("rate_down_hz")
    end = int(min(trace.starts[1], max(50.0, _SHOWN_DWELLS * mean / trace.dt_s)))
    t = trace.dt_s * np.arange(end)
    ax.plot(t, trace.signal[:end], ".", ms=2.5, color=MUTED, label="samples", zorder=2)
    states = draw_hidden_states(fit, 0)[:end]
    levels = np.array([value("level_low"), value("level_high")])
    ax.step(t, levels[states], where="mid", color=INK, lw=1.0, label="states, drawn given the samples", zorder=3)
    for end_name, color in (("low", _LOW), ("high", _HIGH)):
        level, noise = value(f"level_{end_name}"), value(f"noise_{end_name}")
        ax.axhspan(level - noise, level + noise, color=color, alpha=0.2, lw=0, label=f"{end_name} level and noise")
    ax.set(xlabel="time (s)", ylabel="signal (SI)")
    ax.legend(fontsize=7.5, frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return style_axes(ax)


def draw_dwell_shares(tests: tuple[DwellTest, DwellTest], ax: Axes | None = None) -> Axes:
    """Draw the share of dwells that last longer than a time, with the law of constant rates.

    Parameters
    ----------
    tests : (DwellTest, DwellTest)
        Of the low and the high state.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    for test, name, color, marker in zip(tests, ("low", "high"), (_LOW, _HIGH), "os", strict=True):
        if not test.lengths.size:
            continue
        lengths, share = survival_of_lengths(test.lengths)
        seen = share > 0.0
        told = "" if test.p_value is None else f", p = {test.p_value:.2g}"
        ax.semilogy(test.dt_s * lengths[seen], share[seen], marker, ms=3, color=color, label=f"{name}{told}")
        line = np.arange(1.0, lengths[-1] + 1.0)
        ax.semilogy(test.dt_s * line, test.stay**line, color=color, lw=1.0)
    ax.set(xlabel="dwell time t (s)", ylabel="share of dwells beyond t")
    ax.locator_params(axis="x", nbins=6)
    ax.legend(fontsize=8, frameon=False, title="state; line: constant rate", title_fontsize=8)
    return style_axes(ax)


def draw_dwell_residuals(tests: tuple[DwellTest, DwellTest], ax: Axes | None = None) -> Axes:
    """Draw dwells in each bin less their expectation, in standard deviations.

    Parameters
    ----------
    tests : (DwellTest, DwellTest)
        Of the low and the high state.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes(4.8, 3.0) if ax is None else ax
    for test, name, color, shift in zip(tests, ("low", "high"), (_LOW, _HIGH), (-0.2, 0.2), strict=True):
        found = binned_dwells(test.lengths, test.stay)
        if found is not None:
            _, counted, expected = found
            left = (counted - expected) / np.sqrt(expected)
            ax.bar(np.arange(left.size) + 1 + shift, left, width=0.4, color=color, label=name)
    ax.axhspan(-1.96, 1.96, color=MUTED, alpha=0.12, lw=0)
    ax.axhline(0.0, color=INK, lw=0.8)
    ax.set(xlabel="bin of dwell times, short to long", ylabel="(counted - expected) / sd")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(fontsize=8, frameon=False)
    return style_axes(ax)


def draw_rates_against_voltage(along: RatesAgainstVoltage, ax: Axes | None = None) -> Axes:
    """Draw both rates with their 95 % intervals against voltage, and the fitted lines.

    Parameters
    ----------
    along : RatesAgainstVoltage
        Fit.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    grid = np.linspace(along.voltages_v.min(), along.voltages_v.max(), 50)
    for k, (name, color, marker) in enumerate((("up", _LOW, "o"), ("down", _HIGH, "s"))):
        told = [fit.posterior.estimate(f"rate_{name}_hz") for fit in along.fits]
        ends = np.array([[t.value, t.low, t.high] for t in told], dtype=float).T
        ax.errorbar(
            along.voltages_v, ends[0], [ends[0] - ends[1], ends[2] - ends[0]], fmt=marker, ms=4, color=color, label=name
        )
        height, slope = along.lines.center[2 * k : 2 * k + 2]
        ax.plot(grid, np.exp(height + slope * (grid - along.middle_v)), color=color, lw=1.0)
    ax.set(xlabel="voltage (V)", ylabel="rate (1/s)", yscale="log")
    ax.locator_params(axis="x", nbins=5)
    ax.legend(fontsize=8, frameon=False)
    return style_axes(ax)


def draw_p_bit_response(fits: PBitFits, label: str = "input", ax: Axes | None = None) -> Axes:
    """Draw means against input, and the fitted tanh.

    Parameters
    ----------
    fits : PBitFits
        Fits.
    label : str
        Label of the input.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    law = fits.response.posterior
    grid = np.linspace(fits.inputs.min(), fits.inputs.max(), 200)
    curve = np.tanh(law.value("slope") * grid + law.value("bias"))
    if "middle" in law.names:
        curve = law.value("middle") + law.value("swing") * curve
    drawn = law.draws(200, 0)
    band = np.tanh(np.outer(grid, drawn["slope"]) + drawn["bias"])
    if "middle" in law.names:
        band = drawn["middle"] + drawn["swing"] * band
    ax.fill_between(grid, *np.quantile(band, [0.025, 0.975], axis=1), color=_LOW, alpha=0.25, lw=0, label="95 %")
    ax.plot(grid, curve, color=_LOW, lw=1.2, label="tanh")
    bars = None if fits.errors is None else 1.96 * fits.errors
    ax.errorbar(fits.inputs, fits.means, bars, fmt="o", ms=3.5, color=INK, lw=1.0, label="measured")
    ax.set(xlabel=label, ylabel="mean")
    ax.legend(fontsize=8, frameon=False)
    return style_axes(ax)


def draw_barrier(fits: PBitFits, ax: Axes | None = None) -> Axes:
    """Draw times against inverse temperature, and lines of draws of barrier and prefactor.

    Parameters
    ----------
    fits : PBitFits
        Fits at several temperatures.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    inverse = 1.0 / (BOLTZMANN_EV * fits.temperatures_k)
    if fits.barrier is not None:
        grid = np.linspace(inverse.min(), inverse.max(), 30)
        drawn = fits.barrier.draws(200, 0)
        lines = np.log(drawn["prefactor_s"]) + np.outer(grid, drawn["barrier_ev"])
        band = np.exp(np.quantile(lines, [0.025, 0.5, 0.975], axis=1))
        ax.fill_between(grid, band[0], band[2], color=_LOW, alpha=0.25, lw=0, label="95 %")
        ax.plot(grid, band[1], color=_LOW, lw=1.2, label="prefactor and barrier")
    ends = np.exp(1.96 * fits.time_errors) if fits.time_errors.size else np.ones_like(fits.times_s)
    bars = [fits.times_s * (1.0 - 1.0 / ends), fits.times_s * (ends - 1.0)]
    ax.errorbar(inverse, fits.times_s, bars, fmt="o", ms=4, color=INK, label="measured")
    ax.set(xlabel="1 / kT (1/eV)", ylabel="tau (s)", yscale="log")
    ax.legend(fontsize=8, frameon=False)
    return style_axes(ax)


def draw_programming_noise(fit: ProgrammingNoise, ax: Axes | None = None) -> Axes:
    """Draw errors of programmed cells against target, with the fitted spread.

    Parameters
    ----------
    fit : ProgrammingNoise
        Fit.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    errors = 1e6 * (fit.conductances_s - fit.targets_s)
    ax.plot(1e6 * fit.targets_s, errors, ".", ms=2.5, color=MUTED, alpha=0.6, label="cells")
    g = np.linspace(fit.targets_s.min(), fit.targets_s.max(), 100) / fit.largest_s
    drawn = fit.coefficients(fit.posterior.draws(200, 0))
    spread = 1e6 * sum(np.outer(g**k, each) for k, each in enumerate(drawn.values()))
    low, middle, high = np.quantile(np.asarray(spread), [0.025, 0.5, 0.975], axis=1)
    for sign in (1.0, -1.0):
        name = "spread, 1 sd, with its 95 % band" if sign > 0 else None
        ax.fill_between(1e6 * fit.largest_s * g, sign * low, sign * high, color=_HIGH, alpha=0.3, lw=0)
        ax.plot(1e6 * fit.largest_s * g, sign * middle, color=_HIGH, lw=1.2, label=name)
    ax.set(xlabel="target (µS)", ylabel="programmed - target (µS)")
    ax.legend(fontsize=8, frameon=False)
    return style_axes(ax)


def draw_drift_exponents(fit: CellDrift, ax: Axes | None = None) -> Axes:
    """Draw the drift exponents of cells against target, with the fitted mean and spread.

    Parameters
    ----------
    fit : CellDrift
        Fit.
    ax : Axes or None
        Axes to draw on; None makes new ones.

    Returns
    -------
    Axes
        The axes.
    """
    ax = new_axes() if ax is None else ax
    g = np.exp(fit.log_g)
    ax.plot(g, fit.exponents, ".", ms=2.5, color=MUTED, alpha=0.6, label="cells")
    grid = np.linspace(g.min(), g.max(), 100) if np.ptp(g) > 0.0 else np.array([g[0] - 0.02, g[0] + 0.02])
    best, log = fit.best(), np.log(grid)
    mean = best["drift_mean_constant"] + best.get("drift_mean_log", 0.0) * log
    spread = best["drift_spread_constant"] + best.get("drift_spread_log", 0.0) * log
    ax.fill_between(grid, mean - spread, mean + spread, color=_LOW, alpha=0.25, lw=0, label="spread of cells, 1 sd")
    ax.plot(grid, mean, color=_LOW, lw=1.2, label="mean")
    ax.set(xlabel="target over the largest one", ylabel="drift exponent")
    ax.legend(fontsize=8, frameon=False)
    return style_axes(ax)
