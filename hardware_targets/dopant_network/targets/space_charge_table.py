r"""Units at room temperature on the drift-diffusion solver, and the table of their currents that the target ships.

.. math:: I_e = \theta \sum_j (F_{ej} - F_{je}), \qquad S_e = 2 e\, \theta \sum_j (F_{ej} + F_{je}), \qquad
          P = -\sum_e V_e I_e, \qquad N \sim \mathrm{Poisson}(\rho A d) / A d

where F_ej are the one-way flows of holes from electrode j to electrode e with all holes free, theta is the share that
is not in traps, S the shot noise of independent crossings (4 k T G at equilibrium; above what space charge leaves of it
under bias; 1/f noise of traps is not in it), P the power, and N the fixed charge of one unit of area A and thickness d,
which differs from unit to unit as a number of some hundred charges does.

``python -m hardware_targets.dopant_network.targets.space_charge_table FILE`` makes the table anew, in some minutes: the
curves of ``UNITS`` units, one electrode swept and the others at 0 V, and the surface of one unit of mean charge at
``SETTINGS`` Sobol points of seven voltages, electrode 7 at 0 V. Currents there are those of free holes, without theta.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge

from neuromorph.datum import Datum, read_data
from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from ..device.geometry import Disc, evenly_spaced_electrodes
from ..device.mesh import device_mesh
from ..transport.drift_diffusion import HoleFlow, SteadyState, silicon_layer

UNITS, POINTS, SETTINGS = 48, 33, 1024
ELECTRODES, INPUT, OUTPUT = 8, 0, 7
_WIDTH = 0.05  # width of an electrode as a share of the outline
_SPACING_M = 10e-9  # currents are within 4 % of those at half the spacing


def space_charge_data() -> dict[str, Datum]:
    """Read the numbers of ``space_charge.toml``.

    Returns
    -------
    dict of str to Datum
        Constants by name.
    """
    return read_data(files(__package__).joinpath("space_charge.toml").read_text())


def unit_flow(charge_m3: float | None = None, *, spacing_m: float = _SPACING_M) -> HoleFlow:
    """Return a unit, to be solved at many voltages, with all holes free.

    Parameters
    ----------
    charge_m3 : float or None
        Fixed charge, 1/m^3; None takes that of ``space_charge.toml``.
    spacing_m : float
        Largest spacing of the mesh, m.

    Returns
    -------
    HoleFlow
        Unit of eight electrodes.
    """
    data = space_charge_data()
    disc = Disc(data["unit_radius"].value)
    electrodes = evenly_spaced_electrodes(disc, ELECTRODES, width_m=_WIDTH * disc.perimeter_m)
    layer = replace(silicon_layer(), doping_m3=data["fixed_charge"].value if charge_m3 is None else charge_m3)
    return HoleFlow(device_mesh(disc, electrodes, spacing_m=spacing_m, skin_m=layer.skin_m), layer)


def shot_noise(state: SteadyState, electrode: int) -> float:
    """Compute the noise of the current at an electrode, of holes that cross independently.

    Parameters
    ----------
    state : SteadyState
        Steady state.
    electrode : int
        Electrode.

    Returns
    -------
    float
        Noise, A^2/Hz, one-sided.
    """
    return float(2.0 * elementary_charge * (state.flows_a[electrode].sum() + state.flows_a[:, electrode].sum()))


def input_curve(flow: HoleFlow, inputs_v: ArrayLike) -> tuple[Float, Float]:
    """Sweep the input of a unit with all other electrodes at 0 V.

    Parameters
    ----------
    flow : HoleFlow
        Unit.
    inputs_v : (m,) float
        Voltages of the input, V.

    Returns
    -------
    currents_a, noise_a2_hz : (m,) float
        Current of the source into the input, A, and its noise, A^2/Hz, one-sided.
    """
    state, rows = None, []
    for volts in np.asarray(inputs_v, dtype=float):
        state = _solved(flow, np.r_[volts, np.zeros(ELECTRODES - 1)], state)
        rows.append((-state.currents_a[INPUT], shot_noise(state, INPUT)))
    currents, noise = np.array(rows).T
    return currents, noise


def unit_charges(count: int, seed: int = 0) -> Float:
    """Draw the fixed charge of each unit: a Poisson number of charges in its layer.

    Parameters
    ----------
    count : int
        Number of units.
    seed : int
        Seed.

    Returns
    -------
    (count,) float
        Fixed charges, 1/m^3.
    """
    data = space_charge_data()
    volume = Disc(data["unit_radius"].value).area_m2 * silicon_layer().thickness_m
    return np.random.default_rng(seed).poisson(data["fixed_charge"].value * volume, count) / volume


def surface_settings(count: int = SETTINGS) -> Float:
    """Return Sobol points of seven voltages within the swing; the output stays at 0 V.

    Parameters
    ----------
    count : int
        Number of settings, best a power of two.

    Returns
    -------
    (count, 8) float
        Voltages, V.
    """
    from scipy.stats import qmc  # half a second

    swing = space_charge_data()["unit_swing"].value
    inputs = qmc.Sobol(ELECTRODES - 1, rng=np.random.default_rng(0)).random(count)
    return np.column_stack([swing * (2.0 * inputs - 1.0), np.zeros(count)])


def surface_currents(flow: HoleFlow, voltages_v: Float) -> Float:
    """Compute the currents of a unit at many settings.

    Parameters
    ----------
    flow : HoleFlow
        Unit.
    voltages_v : (m, 8) float
        Voltages, V.

    Returns
    -------
    (m, 8) float
        Currents into the electrodes, A.
    """
    rows = []
    for k, volts in enumerate(voltages_v):
        checkpoint("computing the surface", k, len(voltages_v))
        rows.append(_solved(flow, volts, None).currents_a)
    return np.array(rows)


def make_table() -> dict[str, Float]:
    """Compute all that the table holds.

    Returns
    -------
    dict of str to array
        ``charges_m3`` (units,), ``currents_a`` and ``noise_a2_hz`` (units, points), ``surface_a`` (settings, 8).
    """
    swing = space_charge_data()["unit_swing"].value
    charges, inputs = unit_charges(UNITS), np.linspace(-swing, swing, POINTS)
    curves = [input_curve(unit_flow(charge), inputs) for charge in charges]
    currents, noise = (np.array(part) for part in zip(*curves, strict=True))
    surface = surface_currents(unit_flow(), surface_settings())
    return {"charges_m3": charges, "currents_a": currents, "noise_a2_hz": noise, "surface_a": surface}


def _solved(flow: HoleFlow, volts: Float, start: SteadyState | None) -> SteadyState:
    state = flow.solve(volts, start)
    if not state.converged:
        raise ValueError(f"at {np.round(volts, 3)} V the unit has no steady state: {state.message}")
    return state


if __name__ == "__main__":
    made: dict[str, Any] = {name: part.astype(np.float32) for name, part in make_table().items()}
    np.savez_compressed(sys.argv[1], **made | {"charges_m3": unit_charges(UNITS)})
