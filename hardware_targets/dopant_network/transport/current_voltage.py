r"""Currents over many settings: I-V curves, gate maps, temperatures.

.. math:: I_e(V, T), \qquad \text{setting } m: \; V_e = V_m \text{ at the swept electrode, the base voltages elsewhere}

where I_e is the current into electrode e, V the voltages and T the temperature. Three solvers compute it: kinetic Monte
Carlo with error bars, the exact master equation, and the mean field.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.runtime.limits import checkpoint
from neuromorph.runtime.pieces import each_on_threads

from ..device.hopping_network import LIQUID_NITROGEN_K, HoppingNetwork


@dataclass(frozen=True, eq=False)
class VoltageSweep:
    """Currents at many settings.

    Attributes
    ----------
    voltages_v : (..., k) float
        Voltages of every setting, V.
    temperatures_k : (...) float
        Temperatures, K.
    currents_a, errors_a : (..., k) float
        Currents, A; errors are one standard deviation, 0 where the solver is exact.
    converged : (...) bool
        Whether the solver reached its precision.
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
    """Compute the currents at many settings.

    Parameters
    ----------
    network : HoppingNetwork
        The network.
    voltages_v : (..., k) float
        Settings, V.
    temperature_k : (...) float
        Temperatures, K, which broadcast against the settings.
    solver : {"kmc", "exact", "mean-field"}
        Kinetic Monte Carlo, master equation (up to 14 acceptors) or mean field.
    relative_error, absolute_a, most_hops
        Precision of kinetic Monte Carlo, as of ``measure_currents``.
    common : bool
        Whether every setting has the same random numbers, so that equal settings give equal currents.
    workers : int
        Number of threads; the result does not depend on it.
    rng : RNG
        Seed or generator.

    Returns
    -------
    VoltageSweep
        The currents.
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
    """Build the settings of an I-V curve.

    Parameters
    ----------
    base_v : (..., k) float
        Voltages of all electrodes, V.
    electrode : int
        The electrode that is swept.
    values_v : (m,) float
        Its voltages, V.

    Returns
    -------
    (..., m, k) float
        Settings, V.
    """
    base, values = np.asarray(base_v, dtype=float), np.asarray(values_v, dtype=float)
    if not 0 <= electrode < base.shape[-1]:
        raise ValueError(f"electrode is {electrode}; the device has {base.shape[-1]}, from 0")
    settings = np.repeat(base[..., None, :], values.size, axis=-2)
    settings[..., electrode] = values
    return settings


def gate_map(base_v: ArrayLike, first: tuple[int, ArrayLike], second: tuple[int, ArrayLike]) -> Float:
    """Build the settings of a map over two electrodes.

    Parameters
    ----------
    base_v : (k,) float
        Voltages of all electrodes, V.
    first, second : (int, (m,) float)
        An electrode and its voltages, V.

    Returns
    -------
    (m1, m2, k) float
        Settings, V.
    """
    return sweep_settings(sweep_settings(base_v, *first), *second)


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
