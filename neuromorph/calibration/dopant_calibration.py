"""Measured I-V curves of a network of dopants to a surface with bands, conductances, and physical parameters.

Energies and places of the dopants are not told by currents: many networks give the same curves within their noise. What
is told is the surface itself, its slopes at zero volts, with temperatures how the largest of them is activated, and of
the parameters of all networks of a kind what simulations with random places tell (``physical_parameters``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..estimate import Estimate
from ..ising import Float
from ..rng import RNG
from .calibration_result import POSTERIOR_DRAWS, DeviceCalibration, measured_datum, taken_columns
from .column_roles import ColumnRole, assign_roles, error_columns
from .current_surface import MOST_ROWS, CurrentSurface, fit_current_surface
from .laplace_posterior import LaplacePosterior
from .measured_table import MeasuredColumn, MeasuredTable
from .p_bit_response import BOLTZMANN_EV
from .physical_parameters import PhysicalParameters, installed_inference, measured_chords

DOPANT_ROLES = (
    ColumnRole("current", ("current", "i", "iout", "output", "strom"), ("A",), needed=True),
    ColumnRole("temperature", ("temperature", "temp", "t"), ("K",)),
    ColumnRole("direction", ("direction", "dir", "sweep"), words_allowed=True),
    ColumnRole("ignore", ()),
)
_UNLIKE = 0.01  # p below which a measured network is none of the simulated ones
_ELECTRODE = re.compile(r"(v|u|e|gate|electrode|input|in|control|c)[\W_]*\w*", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class DopantFits:
    """Fit of measured currents.

    Attributes
    ----------
    surface : CurrentSurface
        Fit.
    names : tuple of str
        Names of the settings; the last one is the temperature where that changes.
    physics : PhysicalParameters or None
        Parameters of the simulated networks that are like this one; None where there are none.
    """

    surface: CurrentSurface
    names: tuple[str, ...]
    physics: PhysicalParameters | None = None


def calibrate_dopant(
    table: MeasuredTable,
    columns: Mapping[str, str] | None = None,
    *,
    draws: int = POSTERIOR_DRAWS,
    rng: RNG = None,
) -> DeviceCalibration:
    """Calibrate a network of dopants by its currents.

    Parameters
    ----------
    table : MeasuredTable
        A current against the voltages of the electrodes: every other column in volts.
    columns : dict of str to str, optional
        Column by role (``assign_roles``); ``ignore`` leaves a column out.
    draws : int
        Number of draws.
    rng : RNG
        Seed or generator.

    Returns
    -------
    DeviceCalibration
        Slopes of the current at zero volts, the activation energy where temperatures are there, and those physical
        parameters that the currents tell.

    Raises
    ------
    ValueError
        If columns are missing or ambiguous, or there are too few settings.
    """
    generator = np.random.default_rng(rng)
    chosen = assign_roles(table, DOPANT_ROLES, columns)
    try:
        return _calibrated(table, chosen, draws, generator)
    except ValueError as error:
        raise ValueError(f"{table.name}: {error}") from None


def dataset_csv(calibration: DeviceCalibration) -> str | None:
    """Write measured currents as the dataset of a dopant network's tools.

    Parameters
    ----------
    calibration : DeviceCalibration
        Calibration.

    Returns
    -------
    str or None
        Columns V0, V1, .. of the electrodes, the last one at 0 V with its current, as
        ``hardware_targets.dopant_network.learning`` reads them; None for another device, or several temperatures.
    """
    fits = calibration.fits
    if not isinstance(fits, DopantFits) or fits.names[-1] == "temperature":
        return None
    v, current = fits.surface.settings, fits.surface.currents_a
    names = [*(f"V{k}" for k in range(v.shape[1] + 1)), f"I{v.shape[1]}"]
    rows = np.column_stack([v, np.zeros(len(v)), current]).tolist()
    return "\n".join([f"# {calibration.source}", ",".join(names), *(",".join(map(repr, row)) for row in rows)]) + "\n"


def _calibrated(
    table: MeasuredTable, chosen: Mapping[str, MeasuredColumn], draws: int, rng: np.random.Generator
) -> DeviceCalibration:
    notes = ["energies and places of the dopants are not told by currents: the surface and its slopes are"]
    if not chosen["current"].unit:
        raise ValueError(
            f"column {chosen['current'].name!r} has no unit; say --columns 'current={chosen['current'].name}:nA' (or A)"
        )
    settings = _settings(table, chosen, notes)
    values = np.stack([column.values for column in settings.values()], axis=1)
    current = chosen["current"].values
    rows = np.flatnonzero(np.isfinite(values).all(axis=1) & np.isfinite(current))
    if rows.size > MOST_ROWS:
        kept = np.sort(rng.permutation(rows)[:MOST_ROWS])
        notes.append(f"{MOST_ROWS} of {rows.size} rows are taken, at random")
        rows = kept
    surface = fit_current_surface(values[rows], current[rows], rng)
    tests = _directions(chosen, rows, surface, notes)
    estimates: dict[str, tuple[Estimate, str]] = {}
    kelvin = "temperature" in settings
    names = tuple(settings)
    law, zero = _slopes(surface, names, kelvin, notes)
    drawn = law.draws(draws, rng)
    for name in law.names:
        estimates[name] = (law.estimate(name), "S")
    if kelvin:
        energy, energies = _activation(surface, names, zero, draws, rng)
        if energy is None:
            notes.append("conductance at zero volts is not seen at all temperatures: no activation energy")
        else:
            estimates["activation_energy_ev"], drawn["activation_energy_ev"] = (energy, "eV"), energies
    how = f"Gaussian process of {rows.size} settings"
    parameters = {name: measured_datum(name, e, unit, table.name, how) for name, (e, unit) in estimates.items()}
    physics = _physics(table, chosen, settings, surface, draws, rng, notes)
    if physics is not None:
        tests["one of the simulated networks"] = physics.likeness
        how_told = f"simulation-based inference with {physics.model}"
        for each in physics.parameters:
            drawn[each.name] = each.draws
            if each.told:
                parameters[each.name] = measured_datum(each.name, each.estimate, each.unit, table.name, how_told)
    about = {
        "physics": _physics_rows(physics),
        "settings": list(names), "held_out_relative_error": surface.relative_error, "noise_a": surface.noise_a,
        "band_factor": surface.spread,
    }  # fmt: skip
    notes.append(f"held-out error is {100 * surface.relative_error:.2g} % of the currents' standard deviation")
    if surface.relative_error > 0.5:
        notes.append("the surface hardly predicts currents that it has not seen: measure random settings, and more")
    told = {**chosen, **settings}
    return DeviceCalibration(
        "dopant", table.name, taken_columns(told), parameters, drawn, (), tests, about, tuple(notes),
        DopantFits(surface, names, physics),
    )  # fmt: skip


def _physics(
    table: MeasuredTable,
    chosen: Mapping[str, MeasuredColumn],
    settings: Mapping[str, MeasuredColumn],
    surface: CurrentSurface,
    draws: int,
    rng: np.random.Generator,
    notes: list[str],
) -> PhysicalParameters | None:
    """Infer parameters by the simulations of an installed package; a note says why not."""
    infer = installed_inference("dopant")
    if infer is None:
        notes.append("physical parameters are not asked for: no installed package simulates networks of dopants")
        return None
    heat = chosen["temperature"].values if "temperature" in chosen else np.empty(0)
    heat = heat[np.isfinite(heat)]
    known = {each.name for each in settings.values()}
    held = [c for c in table.columns if c.unit == "V" and c.name not in known and np.isfinite(c.values).any()]
    try:
        if raised := [c.name for c in held if np.nanmax(np.abs(c.values)) > 0.0]:
            raise ValueError(f"{raised[0]} is not at 0 V, where the simulations have it")
        chords = measured_chords(surface, tuple(settings), float(np.median(heat)) if heat.size else None)
        found = infer(chords, draws, rng)
    except ValueError as reason:
        notes.append(f"physical parameters are not asked for: {reason}")
        return None
    notes.append(f"physical parameters: simulated are {found.model}")
    if found.likeness < _UNLIKE:
        notes.append(
            f"none of the simulated networks has currents like these (p = {found.likeness:.2g}): "
            "no physical parameter is told by these data"
        )
        return replace(found, parameters=())
    notes.extend(found.remarks)
    if open_ones := [each.name for each in found.parameters if not each.told]:
        notes.append(f"not told by these data: {', '.join(open_ones)}")
    return found


def _physics_rows(physics: PhysicalParameters | None) -> list[dict[str, object]]:
    """List parameters for JSON, with the data and without."""
    return [
        {
            "name": each.name, "unit": each.unit, "told": each.told, "narrowed": each.contraction,
            "value": each.estimate.value, "low": each.estimate.low, "high": each.estimate.high,
            "low_before": each.prior.low, "high_before": each.prior.high,
        }
        for each in (physics.parameters if physics is not None else ())
    ]  # fmt: skip


def _settings(
    table: MeasuredTable, chosen: Mapping[str, MeasuredColumn], notes: list[str]
) -> dict[str, MeasuredColumn]:
    """Voltages that change, by name, and the temperature if it does."""
    taken = {each.name for each in chosen.values()} | error_columns(table)
    found: dict[str, MeasuredColumn] = {}
    for column in table.columns:
        if column.name in taken or column.words:
            continue
        if column.unit not in ("V", "") or (not column.unit and not _ELECTRODE.fullmatch(column.name)):
            continue
        name = re.sub(r"\W+", "_", column.name).strip("_").lower() or f"v{len(found)}"
        if name in found or name == "temperature":
            raise ValueError(f"two columns are called {column.name!r}; give them names of their own")
        known = column.values[np.isfinite(column.values)]
        if not known.size or np.ptp(known) == 0.0:
            notes.append(f"{column.name} never changes and is left out")
            continue
        if not column.unit:
            notes.append(f"{column.name} has no unit and is taken in V")
        found[name] = column
    if not found:
        raise ValueError("no column is a voltage that changes; write the unit into its header, as in 'V1 (mV)'")
    heat = chosen.get("temperature")
    if heat is not None:
        known = heat.values[np.isfinite(heat.values)]
        if known.size and np.ptp(known) > 0.01 * abs(known.mean()):
            found["temperature"] = heat
    return found


def _slopes(
    surface: CurrentSurface, names: tuple[str, ...], kelvin: bool, notes: list[str]
) -> tuple[LaplacePosterior, Float]:
    """Law of dI/dV of every electrode at zero volts, or at the middle of ranges without a zero."""
    high = surface.low + 2.0 * surface.span
    zero = np.where((surface.low <= 0.0) & (high >= 0.0), 0.0, surface.low + surface.span)
    if kelvin:
        zero[-1] = float(np.median(surface.settings[:, -1]))
        notes.append(f"slopes are told at {zero[-1]:.4g} K")
    electrodes = len(names) - kelvin
    if (zero[:electrodes] != 0.0).any():
        notes.append("a voltage has no zero in its range: slopes are told at its middle")
    slopes, covariance = surface.slopes(zero)
    told = tuple(f"slope_{name}" for name in names[:electrodes])
    cut = slice(0, electrodes)
    return LaplacePosterior(told, slopes[cut], covariance[cut, cut], (False,) * electrodes), zero


def _activation(
    surface: CurrentSurface, names: tuple[str, ...], zero: Float, draws: int, rng: np.random.Generator
) -> tuple[Estimate | None, Float]:
    """Fit E of ln |slope| = c - E / kT, of the electrode whose slope is known best, over the temperatures."""
    heat = surface.settings[:, -1]
    levels = np.unique(np.round(heat, 1))
    if levels.size > 8:
        levels = np.asarray(np.quantile(heat, np.linspace(0.0, 1.0, 8)), dtype=np.float64)
    if levels.size < 3:
        return None, np.empty(0)
    told = [surface.slopes(np.r_[zero[:-1], kelvin]) for kelvin in levels]
    slopes = np.array([each[0][:-1] for each in told])
    errors = np.array([np.sqrt(np.diag(each[1]))[:-1] for each in told])
    sure = (np.abs(slopes) / errors).min(axis=0)
    best = int(np.argmax(sure))
    if sure[best] < 3.0 or np.unique(np.sign(slopes[:, best])).size > 1:
        return None, np.empty(0)
    inverse = 1.0 / (BOLTZMANN_EV * levels)
    logs = np.log(np.abs(slopes[:, best]))
    # Neighboring temperatures share what the surface does not know: one error for all of them would be too small.
    error = errors[:, best] / np.abs(slopes[:, best])
    weights = 1.0 / error**2
    middle = float(weights @ inverse / weights.sum())
    dx = inverse - middle
    slope = float((weights * dx) @ logs / ((weights * dx) @ dx))
    left = logs - (weights @ logs / weights.sum()) - slope * dx
    scatter = max(1.0, float((weights * left**2).sum() / (levels.size - 2)))
    deviation = float(np.sqrt(scatter / ((weights * dx) @ dx)))
    energies = -slope + deviation * rng.standard_normal(draws)
    half = 1.959963985 * deviation
    return Estimate(-slope, -slope - half, -slope + half), energies


def _directions(
    chosen: Mapping[str, MeasuredColumn], rows: NDArray[np.int64], surface: CurrentSurface, notes: list[str]
) -> dict[str, float]:
    """Compare what is left over of sweeps up and down, of the voltage that changes in most rows."""
    from scipy.stats import ttest_ind

    if "direction" in chosen and chosen["direction"].words:
        words = [word.lower()[:1] for word in np.array(chosen["direction"].words)[rows]]
        up = np.array([word in ("u", "f", "+") for word in words])
    elif "direction" in chosen:
        up = chosen["direction"].values[rows] > 0.0
    else:
        steps = np.diff(surface.settings, axis=0)
        fast = int(np.argmax(np.count_nonzero(steps, axis=0)))
        long = np.mean(np.sign(steps[1:, fast]) == np.sign(steps[:-1, fast]))
        if long < 0.8:  # settings at random: there is no sweep
            return {}
        up = np.r_[steps[:, fast] > 0.0, steps[-1, fast] > 0.0]
    if min(np.count_nonzero(up), np.count_nonzero(~up)) < 10:
        return {}
    left = surface.currents_a - surface.predict(surface.settings)[0]
    p = float(ttest_ind(left[up], left[~up], equal_var=False).pvalue)
    if p < 0.01:
        notes.append("sweeps up and down differ (hysteresis): the noise holds their difference; sweep more slowly")
    return {"same current in sweeps up and down": p}
