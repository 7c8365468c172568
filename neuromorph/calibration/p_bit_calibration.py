"""A measured p-bit to slope, offset, dwell time and barrier: by traces at several inputs, or by a table of means."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..datum import Datum
from ..estimate import Estimate
from ..rng import RNG
from .calibration_result import POSTERIOR_DRAWS, DeviceCalibration, measured_datum, taken_columns
from .column_roles import ColumnRole, assign_roles
from .laplace_posterior import LaplacePosterior, derived_estimate
from .measured_table import MeasuredColumn, MeasuredTable
from .p_bit_data import PBitFindings, PBitFits, fits_from_means, fits_from_traces
from .p_bit_response import BOLTZMANN_EV

_MEAN = ("mean", "m", "average", "avg", "probability", "p", "mittel", "p1", "activation")
PBIT_ROLES = (
    ColumnRole("dwell", ("dwell", "tau", "lifetime", "dwelltime", "retention"), ("s",)),
    ColumnRole("time", ("time", "t", "zeit", "timestamp"), ("s",)),
    ColumnRole("temperature", ("temperature", "temp", "t"), ("K",)),
    ColumnRole("count", ("count", "counts", "samples", "n", "shots", "reads"), ("1",)),
    ColumnRole("direction", ("direction", "dir", "sweep"), words_allowed=True),
    ColumnRole("error", _MEAN, of="mean"),
    ColumnRole("mean", _MEAN),
    ColumnRole("input", ("input", "in", "vin", "i", "v", "voltage", "drive", "field", "h", "x", "current", "bias")),
    ColumnRole("signal", ("signal", "output", "out", "vout", "state", "y", "vo", "resistance", "r")),
)
_QUANTILES = 20_000
_UNITS = {"prefactor_s": "s", "barrier_ev": "eV"}


def calibrate_p_bit(
    table: MeasuredTable,
    columns: Mapping[str, str] | None = None,
    *,
    sample_rate_hz: float | None = None,
    draws: int = POSTERIOR_DRAWS,
    rng: RNG = None,
) -> DeviceCalibration:
    """Calibrate a p-bit.

    Parameters
    ----------
    table : MeasuredTable
        Means against inputs, with dwell times or without; or samples of a signal at several inputs.
    columns : dict of str to str, optional
        Column by role (``assign_roles``).
    sample_rate_hz : float or None
        Samples a second of traces, in place of a column of time.
    draws : int
        Number of draws.
    rng : RNG
        Seed or generator.

    Returns
    -------
    DeviceCalibration
        ``slope`` and ``offset``; ``dwell_time_s`` (tau, between redraws, as of the target ``p-bits``) and
        ``time_in_state_s`` (2 tau, without bias) where time was measured; ``prefactor_s`` and ``barrier_ev`` where
        temperature was.

    Raises
    ------
    ValueError
        If columns are missing or ambiguous, or there are too few data.
    """
    generator = np.random.default_rng(rng)
    chosen = assign_roles(table, PBIT_ROLES, columns)
    try:
        if "input" not in chosen or ("mean" not in chosen and "signal" not in chosen):
            names = ", ".join(repr(each.name) for each in table.columns[:12])
            raise ValueError(
                f"needs an input, and a mean or a signal; columns are {names}: say --columns input=..,mean=.."
            )
        found = PBitFindings([], {}, [])
        fits = fits_from_means(chosen, found) if "mean" in chosen else fits_from_traces(chosen, sample_rate_hz, found)
        return _calibration(table, chosen, fits, found, draws, generator)
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def _calibration(
    table: MeasuredTable,
    chosen: Mapping[str, MeasuredColumn],
    fits: PBitFits,
    found: PBitFindings,
    draws: int,
    rng: np.random.Generator,
) -> DeviceCalibration:
    unit = chosen["input"].unit
    per = f"1/{unit}" if unit not in ("", "1") else "1"
    law = fits.response.posterior
    how = f"hidden Markov models of {len(fits.traces)} traces" if fits.traces else f"{fits.means.size} means"
    many = law.draws(max(draws, _QUANTILES), rng)
    slope, bias = law.value("slope"), law.value("bias")
    if abs(slope) < 2.0 * law.deviations[0]:
        raise ValueError("the mean does not follow the input; give inputs over a wider range")
    offset, offsets = derived_estimate(bias / slope, lambda d: d["bias"] / d["slope"], many)
    estimates: dict[str, tuple[Estimate, str]] = {"slope": (law.estimate("slope"), per), "offset": (offset, unit)}
    drawn = {"slope": many["slope"][:draws], "offset": offsets[:draws]}
    for name in ("middle", "swing"):
        if name in law.names:
            estimates[name], drawn[name] = (law.estimate(name), chosen["mean"].unit), many[name][:draws]
    time = _time_law(fits)
    if time is not None:
        tau = (many if time is law else time.draws(draws, rng))["update_time_s"][:draws]
        each = time.estimate("update_time_s")
        estimates["dwell_time_s"], drawn["dwell_time_s"] = (each, "s"), tau
        twice = Estimate(*(2.0 * end for end in (each.value, each.low, each.high) if end is not None))
        estimates["time_in_state_s"], drawn["time_in_state_s"] = (twice, "s"), 2.0 * tau
        found.notes.append("dwell_time_s is tau, between redraws of the state; without bias a state lasts 2 tau")
    else:
        found.notes.append("no dwell times and no traces: tau stays unknown")
    if fits.barrier is not None:
        reference = float(np.median(fits.temperatures_k))
        barrier = fits.barrier.draws(max(draws, _QUANTILES), rng)
        for name in fits.barrier.names:
            estimates[name], drawn[name] = (fits.barrier.estimate(name), _UNITS[name]), barrier[name][:draws]
        per_kt = 1.0 / (BOLTZMANN_EV * reference)
        height = fits.barrier.value("barrier_ev") * per_kt
        ratio, ratios = derived_estimate(height, lambda d: d["barrier_ev"] * per_kt, barrier)
        estimates["barrier_kt"], drawn["barrier_kt"] = (ratio, "1"), ratios[:draws]
        found.notes.append(f"barrier over kT is told at {reference:.4g} K; it varies together with the prefactor")
    else:
        found.notes.append("prefactor and barrier are not known apart: that takes dwell times at several temperatures")
    parameters: dict[str, Datum] = {
        name: measured_datum(name, estimate, its_unit, table.name, how)
        for name, (estimate, its_unit) in estimates.items()
    }
    return DeviceCalibration(
        "pbit", table.name, taken_columns(chosen), parameters, drawn,
        ("dwell_time_s",) if "dwell_time_s" in parameters else (), found.tests, {"rates": found.rows},
        tuple(found.notes), fits,
    )  # fmt: skip


def _time_law(fits: PBitFits) -> LaplacePosterior | None:
    """Law of tau, of several temperatures at the one where it is known best."""
    if fits.traces:
        return fits.response.posterior
    if not fits.time_errors.size:
        return None
    best = int(np.argmin(fits.time_errors))
    logs, errors = np.log(fits.times_s[[best]]), fits.time_errors[[best]]
    return LaplacePosterior(("update_time_s",), logs, np.diag(errors**2), (True,))
