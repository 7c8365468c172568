r"""Currents over many settings: I-V curves, gate maps, temperatures; telegraph noise; negative differential resistance.

A current against time is made of single holes at times drawn from the hopping itself. Its one-sided power spectrum is

.. math:: S(f) = \frac{2}{T} \Big| \sum_m q_m e^{2 \pi i f t_m} \Big|^2,

white at 2 e I for independent holes (shot noise); where one acceptor holds up or opens a path, telegraph noise of the
path shows as a Lorentzian on top.

Whether a curve falls is tested by its distance from all rising curves, the isotonic regression R of it,

.. math:: \bar\chi^2 = \min_{R_1 \le R_2 \le \dots} \sum_m \frac{(I_m - R_m)^2}{\sigma_m^2}

against its distribution for a flat curve, of all curves that do not fall the one that gives the largest values. This is
one test a curve, whatever its number of points: picking the largest drop of a noisy curve is not.
Source: Robertson, Wright and Dykstra, Order Restricted Statistical Inference (1988); many curves: Holm (1979).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.constants import elementary_charge

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.pieces import each_on_threads

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork


@dataclass(frozen=True, eq=False)
class VoltageSweep:
    """Currents at many settings.

    voltages_v : (..., k)           of every setting
    temperatures_k : (...)
    currents_a, errors_a : (..., k) A; errors are one standard deviation, 0 where the solver is exact
    converged : (...) bool
    """

    voltages_v: Float
    temperatures_k: Float
    currents_a: Float
    errors_a: Float
    converged: NDArray[np.bool_]


def sweep_voltages(
    network: HoppingNetwork,
    voltages_v: ArrayLike,
    *,
    temperature_k: ArrayLike = LIQUID_NITROGEN_K,
    solver: Literal["kmc", "exact", "mean-field"] = "kmc",
    relative_error: float = 0.02,
    absolute_a: float = 0.0,
    most_hops: int = 20_000_000,
    common: bool = True,
    workers: int = 1,
    rng: RNG = None,
) -> VoltageSweep:
    """Currents at ``voltages_v`` (..., k) and ``temperature_k``, which broadcasts against (...).

    common : bool     every setting on the same random numbers, so that equal settings give equal currents
    workers : int     threads; the kernels let go of the interpreter; the result is the same for any number
    """
    v = np.asarray(voltages_v, dtype=float)
    if v.ndim < 1 or v.shape[-1] != network.electrodes or not np.isfinite(v).all():
        raise ValueError(f"voltages have shape {v.shape}; give finite volts, (..., {network.electrodes})")
    if workers < 1:
        raise ValueError(f"workers is {workers}; at least one")
    lead = np.broadcast_shapes(v.shape[:-1], np.shape(temperature_k))
    settings = np.broadcast_to(v, (*lead, network.electrodes))
    kelvin = np.broadcast_to(np.asarray(temperature_k, dtype=float), lead)
    flat, heat = settings.reshape(-1, network.electrodes), kelvin.reshape(-1)
    if len(flat) == 0:
        raise ValueError("there is no setting; give at least one")
    if common:
        (seed,) = read_seeds(rng, 1)
        seeds = [np.random.SeedSequence(seed.entropy, spawn_key=seed.spawn_key) for _ in flat]
    else:
        seeds = read_seeds(rng, len(flat))
    one = _solver(network, solver, relative_error, absolute_a, most_hops)
    found: dict[int, tuple[Float, Float, bool]] = {}

    def measured(k: int) -> None:
        found[k] = one(flat[k], heat[k], seeds[k])
        checkpoint("settings", len(found), len(flat))

    each_on_threads(measured, range(len(flat)), workers)
    currents, errors, converged = (np.array(part) for part in zip(*(found[k] for k in range(len(flat))), strict=True))
    return VoltageSweep(
        settings, kelvin, currents.reshape(settings.shape), errors.reshape(settings.shape), converged.reshape(lead)
    )


def sweep_settings(base_v: ArrayLike, electrode: int, values_v: ArrayLike) -> Float:
    """Settings (m, k) of an I-V curve: ``base_v`` (..., k) with ``electrode`` at each of the (m,) values."""
    base, values = np.asarray(base_v, dtype=float), np.asarray(values_v, dtype=float)
    if not 0 <= electrode < base.shape[-1]:
        raise ValueError(f"electrode is {electrode}; the device has {base.shape[-1]}, from 0")
    settings = np.repeat(base[..., None, :], values.size, axis=-2)
    settings[..., electrode] = values
    return settings


def gate_map(base_v: ArrayLike, first: tuple[int, ArrayLike], second: tuple[int, ArrayLike]) -> Float:
    """Settings (m1, m2, k) of a map over the values of two electrodes, each (electrode, (m,) values)."""
    return sweep_settings(sweep_settings(base_v, *first), *second)


@dataclass(frozen=True, eq=False)
class CurrentTrace:
    """A current against time, the mean of each interval (m,), A; its spectrum, A^2/Hz, at frequencies, Hz."""

    interval_s: float
    currents_a: Float
    frequencies_hz: Float
    spectrum_a2_hz: Float


def current_trace(
    network: HoppingNetwork,
    voltages_v: ArrayLike,
    electrode: int,
    *,
    interval_s: float,
    intervals: int,
    temperature_k: float = LIQUID_NITROGEN_K,
    segments: int = 16,
    rng: RNG = None,
) -> CurrentTrace:
    """The current into ``electrode`` over ``intervals`` x ``interval_s``, with dwell times drawn hop by hop.

    The spectrum is the mean of ``segments`` equal stretches of time without window: each value has a relative standard
    deviation of 1 / sqrt(segments). It counts holes in intervals, good to a third of 1 / interval.
    """
    from .kinetic_monte_carlo import Walk

    if not 0 <= electrode < network.electrodes:
        raise ValueError(f"electrode is {electrode}; the device has {network.electrodes}, from 0")
    if not (interval_s > 0.0 and segments >= 1 and intervals >= 2 * segments):
        raise ValueError(
            f"{intervals} intervals of {interval_s} s in {segments} segments; positive, and two intervals a segment"
        )
    walk_seed, time_seed = read_seeds(rng, 2)
    walk = Walk(network, voltages_v, temperature_k=temperature_k, kernel="plain", rng=walk_seed)
    generator = np.random.default_rng(time_seed)
    walk.go(1000 + 20 * network.sites)
    counts, now, end = np.zeros(intervals), 0.0, intervals * interval_s
    while now < end:
        checkpoint("counting holes", now, end)
        dwell, at = walk.record(_CHUNK)
        times = now + np.cumsum(dwell * generator.exponential(size=_CHUNK))
        now = float(times[-1])
        here = (np.abs(at) == electrode + 1) & (times < end)
        counts += np.bincount((times[here] / interval_s).astype(np.int64), np.sign(at[here]), intervals)[:intervals]
    length = intervals // segments
    parts = counts[: length * segments].reshape(segments, length)
    power = np.abs(np.fft.rfft(parts - counts.mean(), axis=1)[:, 1:]) ** 2
    spectrum = 2.0 * elementary_charge**2 * power.mean(axis=0) / (length * interval_s)
    frequencies = np.asarray(np.fft.rfftfreq(length, interval_s)[1:], dtype=float)
    return CurrentTrace(interval_s, elementary_charge * counts / interval_s, frequencies, spectrum)


@dataclass(frozen=True, eq=False)
class NdrTest:
    """Which curves fall.

    drop : (curves,)       largest max_{l < m} (I_l - I_m) / (I_max - I_min): descriptive, not the test
    p : (curves,)          chance of a curve at least as far from rising, if it were not falling
    falls : (curves,) bool at a familywise error of ``level`` over all curves
    """

    drop: Float
    p: Float
    falls: NDArray[np.bool_]


def ndr_test(
    currents_a: ArrayLike,
    errors_a: ArrayLike,
    *,
    level: float = 0.01,
    degrees: int = 31,
    draws: int = 20_000,
    rng: RNG = None,
) -> NdrTest:
    """Which of the curves (curves, m), with voltage rising along m, have negative differential resistance.

    errors_a : (curves, m)    standard deviations; all 0: an exact curve falls where it falls, p is 0 or 1
    degrees : int             of freedom of the errors themselves (batches less one), which the null draws too
    """
    from scipy.optimize import isotonic_regression

    from .kinetic_monte_carlo_kernel import distance_from_rising

    i, sigma = np.atleast_2d(np.asarray(currents_a, dtype=float)), np.atleast_2d(np.asarray(errors_a, dtype=float))
    if i.shape != sigma.shape or i.shape[1] < 2:
        raise ValueError(f"currents {i.shape} and errors {sigma.shape}: equal shapes, two points a curve at least")
    if not (np.isfinite(i).all() and (sigma >= 0.0).all()):
        raise ValueError("currents must be finite and errors not negative")
    exact = (sigma == 0.0).all(axis=1)
    if ((sigma == 0.0).any(axis=1) & ~exact).any():
        raise ValueError("some errors of a curve are 0; give all of a curve or none")
    if not (0.0 < level < 1.0 and level / len(i) > 1.0 / (draws + 1)):
        raise ValueError(f"level {level} over {len(i)} curves needs more than {len(i) / level:.0f} draws; have {draws}")
    span = np.ptp(i, axis=1)
    fall = (np.maximum.accumulate(i, axis=1) - i).max(axis=1)
    drop = np.divide(fall, span, out=np.zeros(len(i)), where=span > 0.0)
    p = np.where(fall > 0.0, 0.0, 1.0)
    seeds = read_seeds(rng, len(i))
    for c in np.flatnonzero(~exact):
        generator = np.random.default_rng(seeds[c])
        rising = isotonic_regression(i[c], weights=1.0 / sigma[c] ** 2).x
        seen = float((((i[c] - rising) / sigma[c]) ** 2).sum())
        true = np.broadcast_to(sigma[c], (draws, i.shape[1]))
        noise = true * np.sqrt(generator.chisquare(degrees, true.shape) / degrees)
        null = distance_from_rising(generator.normal(0.0, true), 1.0 / noise**2)
        p[c] = (1 + np.count_nonzero(null >= seen)) / (draws + 1)
    order = np.argsort(p)
    limits = level / (len(p) - np.arange(len(p)))
    passed = np.cumprod(p[order] <= limits).astype(bool)
    falls = np.zeros(len(p), bool)
    falls[order] = passed
    return NdrTest(drop, p, falls)


_CHUNK = 1 << 16


def _solver(
    network: HoppingNetwork, solver: str, relative_error: float, absolute_a: float, most_hops: int
) -> Callable[[Float, float, np.random.SeedSequence], tuple[Float, Float, bool]]:
    zero = np.zeros(network.electrodes)

    def by_kmc(v: Float, kelvin: float, seed: np.random.SeedSequence) -> tuple[Float, Float, bool]:
        from .kinetic_monte_carlo import measure_currents

        found = measure_currents(
            network,
            v,
            temperature_k=kelvin,
            relative_error=relative_error,
            absolute_a=absolute_a,
            most_hops=most_hops,
            rng=seed,
        )
        return found.currents_a, found.errors_a, found.converged

    def exactly(v: Float, kelvin: float, seed: np.random.SeedSequence) -> tuple[Float, Float, bool]:
        from .master_equation import stationary_occupations

        return stationary_occupations(network, v, temperature_k=kelvin).currents_a, zero, True

    def by_mean_field(v: Float, kelvin: float, seed: np.random.SeedSequence) -> tuple[Float, Float, bool]:
        from .mean_field import mean_field_occupations

        found = mean_field_occupations(network, v, temperature_k=kelvin)
        return found.currents_a, zero, found.converged

    solvers = {"kmc": by_kmc, "exact": exactly, "mean-field": by_mean_field}
    if solver not in solvers:
        raise ValueError(f"solver is {solver!r}; it is {', '.join(solvers)}")
    return solvers[solver]
