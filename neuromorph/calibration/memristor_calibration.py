"""Measured memory cells to the law of their programming noise and of their drift.

One row is one reading of one cell: its target, its conductance, and, where they drifted, the time since programming and
the number of the cell. The first reading of each cell is what programming left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..estimate import Estimate
from ..ising import Float
from ..rng import RNG
from .calibration_result import POSTERIOR_DRAWS, DeviceCalibration, measured_datum, taken_columns
from .column_roles import ColumnRole, assign_roles
from .conductance_drift import CellDrift, fit_drift
from .laplace_posterior import derived_estimate
from .measured_table import MeasuredColumn, MeasuredTable
from .programming_noise import ProgrammingNoise, fit_programming_noise
from .telegraph_calibration import setting_groups

_READ = ("conductance", "g", "gread", "measured", "read", "gmeas", "ist")
MEMRISTOR_ROLES = (
    ColumnRole("target", ("target", "targets", "goal", "gt", "gtarget", "set", "setpoint", "soll", "level"), ("S",)),
    ColumnRole("error", _READ, ("S",), of="conductance"),
    ColumnRole("time", ("time", "t", "delay", "age", "zeit"), ("s",)),
    ColumnRole("cell", ("cell", "device", "id", "cells", "index", "no", "number"), ("1",), words_allowed=True),
    ColumnRole("conductance", _READ, ("S",), needed=True, alone=True),
)  # fmt: skip
_QUANTILES = 20_000  # draws by which ends of intervals are told


@dataclass(frozen=True, eq=False)
class MemristorFits:
    """Fits of measured cells.

    Attributes
    ----------
    programming : ProgrammingNoise
        Spread after programming.
    drift : CellDrift or None
        Drift; None without readings at several times.
    """

    programming: ProgrammingNoise
    drift: CellDrift | None


def calibrate_memristor(
    table: MeasuredTable,
    columns: Mapping[str, str] | None = None,
    *,
    largest_s: float | None = None,
    draws: int = POSTERIOR_DRAWS,
    rng: RNG = None,
) -> DeviceCalibration:
    """Calibrate memory cells by conductances against targets and time.

    Parameters
    ----------
    table : MeasuredTable
        Readings.
    columns : dict of str to str, optional
        Column by role (``assign_roles``).
    largest_s : float or None
        G_max, S; None takes the largest target.
    draws : int
        Number of draws.
    rng : RNG
        Seed or generator.

    Returns
    -------
    DeviceCalibration
        Coefficients under the names of ``memristor-crossbar``.

    Raises
    ------
    ValueError
        If columns are missing or ambiguous, or there are too few cells.
    """
    generator = np.random.default_rng(rng)
    chosen = assign_roles(table, MEMRISTOR_ROLES, columns)
    try:
        return _calibrated(table, chosen, largest_s, draws, generator)
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def _calibrated(
    table: MeasuredTable,
    chosen: Mapping[str, MeasuredColumn],
    largest_s: float | None,
    draws: int,
    rng: np.random.Generator,
) -> DeviceCalibration:
    notes: list[str] = []
    for role in ("conductance", "target"):
        if role in chosen and not chosen[role].unit:
            raise ValueError(
                f"column {chosen[role].name!r} has no unit; say --columns '{role}={chosen[role].name}:uS' (or S, nS)"
            )
    g = chosen["conductance"].values
    use = np.isfinite(g)
    target = chosen["target"].values if "target" in chosen else np.full(g.size, float(np.nanmean(g)))
    use &= np.isfinite(target)
    if "error" in chosen:
        notes.append("errors of the conductance are not used: cells tell their spread, readings their noise")
    if "target" not in chosen:
        notes.append("no column is the target: all cells count as programmed to their mean, without a mean error")
    time = chosen["time"].values if "time" in chosen else np.zeros(g.size)
    use &= np.isfinite(time)
    if not use.any():
        raise ValueError("no row has a target and a conductance")
    if left_out := int((~use).sum()):
        notes.append(f"{left_out} rows without a number are left out")
    rows = np.flatnonzero(use)
    g, target, time = g[rows], target[rows], time[rows]
    largest = float(target.max()) if largest_s is None else largest_s
    if not largest > 0.0:
        raise ValueError("targets are not above 0; a conductance is, in S")
    cells = _cell_numbers(chosen.get("cell"), rows, target, time, "time" in chosen)
    first = _first_readings(cells, time)
    programming = fit_programming_noise(target[first], g[first], largest)
    how = f"maximum likelihood of {first.size} cells"
    estimates: dict[str, tuple[Estimate, str, str]] = {"maximum_conductance": (_exact(largest), "S", "largest target")}
    law = programming.posterior
    many = law.draws(max(draws, _QUANTILES), rng)
    drawn = {"maximum_conductance": np.full(draws, largest)}
    for name, each in programming.best().items():
        estimate, values = derived_estimate(each, lambda d, n=name: programming.coefficients(d)[n], many)  # type: ignore[misc]
        estimates[name], drawn[name] = (estimate, "S", how), values[:draws]
    tests = _mean_error(programming, notes)
    drift = None
    if "time" in chosen and np.ptp(time) > 0.0:
        drift = fit_drift(cells, target / largest, time, g)
        told = f"maximum likelihood of the slopes of {drift.exponents.size} cells"
        many = drift.posterior.draws(max(draws, _QUANTILES), rng)
        for name, each in drift.best().items():
            estimate, values = derived_estimate(each, lambda d, n=name: drift.straight_laws(d)[n], many)  # type: ignore[misc]
            estimates[name], drawn[name] = (estimate, "1", told), values[:draws]
        notes.append(f"read noise is {100.0 * drift.read_noise:.2g} % of the conductance")
    else:
        notes.append("no readings at several times: the drift stays unknown")
    if law.names.count("spread_2") == 0:
        notes.append("fewer than three targets: the curvature of the spread stays unknown")
    parameters = {name: measured_datum(name, e, unit, table.name, by) for name, (e, unit, by) in estimates.items()}
    return DeviceCalibration(
        "memristor", table.name, taken_columns(chosen), parameters, drawn, (), tests,
        {"levels": _levels(programming, drift)}, tuple(notes), MemristorFits(programming, drift),
    )  # fmt: skip


def _cell_numbers(
    column: MeasuredColumn | None, rows: NDArray[np.int64], target: Float, time: Float, timed: bool
) -> NDArray[np.int64]:
    """Assign numbers to cells: by their column, else a new one where time does not go on or the target moves."""
    if column is not None:
        labels: Any = np.array(column.words)[rows] if column.words else column.values[rows]
        return np.unique(labels, return_inverse=True)[1].astype(np.int64)
    if not timed:
        return np.arange(rows.size)
    return np.r_[0, np.cumsum((np.diff(time) <= 0.0) | (np.diff(target) != 0.0))]


def _first_readings(cells: NDArray[np.int64], time: Float) -> NDArray[np.int64]:
    order = np.lexsort((time, cells))
    return order[np.r_[True, np.diff(cells[order]) > 0]]


def _mean_error(fit: ProgrammingNoise, notes: list[str]) -> dict[str, float]:
    """Test whether cells are programmed to their targets in the mean."""
    from scipy.stats import chi2

    chosen = [k for k, name in enumerate(fit.posterior.names) if name.startswith("error")]
    error = fit.posterior.center[chosen]
    p = float(chi2.sf(error @ np.linalg.solve(fit.posterior.covariance[np.ix_(chosen, chosen)], error), len(chosen)))
    if p < 0.01:
        ends = " to ".join(f"{each * 1e6:.2g}" for each in error)
        notes.append(f"cells miss their targets by {ends} uS in the mean (least to largest target): not in the spread")
    return {"mean programming error of 0": p}


def _levels(programming: ProgrammingNoise, drift: CellDrift | None) -> list[dict[str, Any]]:
    """Table of targets with mean and spread as they are, without a law."""
    try:
        column = MeasuredColumn("target", "S", programming.targets_s)
        targets, groups = setting_groups(column, programming.targets_s.size, "target")
    except ValueError:  # targets all over the range
        return []
    rows = []
    for target, group in zip(targets, groups, strict=True):
        g = programming.conductances_s[group]
        spread = float(g.std(ddof=1)) if g.size > 1 else None
        row: dict[str, Any] = {"target_s": target, "cells": g.size, "mean_s": g.mean(), "spread_s": spread}
        if drift is not None and target > 0.0:
            near = np.abs(drift.log_g - np.log(target / programming.largest_s)) < 1e-3
            if near.sum() > 2:
                nu, error = drift.exponents[near], drift.errors[near]
                row["drift_mean"] = nu.mean()
                row["drift_spread"] = float(np.sqrt(max(nu.var(ddof=1) - (error**2).mean(), 0.0)))
        rows.append(row)
    return rows


def _exact(value: float) -> Estimate:
    return Estimate(value, value, value)
