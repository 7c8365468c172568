r"""Chord conductances of random dopant networks, and the table of them that the inference ships.

.. math:: g_e(V, T) = |I_{out}(V_e = V, \text{others } 0) / V|, \qquad
          x = R / a, \qquad U = \frac{e}{4 \pi \epsilon_0 \epsilon_r R}, \qquad R = n_A^{-1/2}

where R is the spacing of acceptors of density n_A, a the localization length, U the Coulomb energy of neighbors over e.
Potentials of electrodes do not depend on the size of a device, so that its currents depend on lengths through x and U
alone: (R, a, eps_r) and (s R, s a, eps_r / s) cannot be told apart by any current. All currents are proportional to the
attempt rate nu_0. Networks are therefore solved exactly on one disc at one attempt rate, by x, U, the compensation and
the number of acceptors; the others of ``PARAMETERS`` follow by these two laws.

``python -m hardware_targets.dopant_network.inference.chord_table FILE`` makes the table anew, in some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike
from scipy.constants import elementary_charge, epsilon_0

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint

from ..device.device import Device, Material, device_data, random_device
from ..device.geometry import Disc
from ..transport.master_equation import stationary_occupations

PARAMETERS = ("localization_length_m", "spacing_m", "compensation", "attempt_rate_hz", "relative_permittivity")
ELECTRODES, INPUTS = 8, 5
KELVINS, VOLTS = (77.0, 150.0, 300.0), (0.06, 0.25, 1.0)
NETWORKS = 2500
_FEWEST, _MOST = 5, 8  # acceptors
_RADIUS_M = 30e-9  # spacing 19 nm at 8 acceptors: the least distance of dopants is as small beside it as in devices
_STEP = 16.0  # values are kept in steps of 1 / 16, far below what places of dopants make of them


@dataclass(frozen=True)
class PriorRange:
    """Range of a parameter before the measurement.

    Attributes
    ----------
    low, high : float
        Ends.
    logarithmic : bool
        Whether its logarithm is uniform, else the parameter itself.
    """

    low: float
    high: float
    logarithmic: bool

    def at(self, share: ArrayLike) -> Float:
        """Return the parameter at shares of the prior probability.

        Parameters
        ----------
        share : (...) float
            Shares between 0 and 1.

        Returns
        -------
        (...) float
            Values.
        """
        part = np.asarray(share, dtype=float)
        if self.logarithmic:
            return np.asarray(self.low * (self.high / self.low) ** part)
        return np.asarray(self.low + (self.high - self.low) * part)


@cache
def prior_ranges() -> dict[str, PriorRange]:
    """Return the ranges of ``data.toml`` as a prior.

    Returns
    -------
    dict of str to PriorRange
        Range by parameter, in the order of ``PARAMETERS``.
    """
    data = device_data()
    a, density, share, rate, eps = (
        data[name]
        for name in (
            "localization_length", "acceptor_density", "compensation", "attempt_rate_hz", "relative_permittivity"
        )
    )  # fmt: skip
    ranges = (
        PriorRange(a.low, a.high, True),
        PriorRange(density.high**-0.5, density.low**-0.5, True),
        PriorRange(share.low, share.high, False),
        PriorRange(rate.low, rate.high, True),
        PriorRange(eps.low, eps.high, False),
    )
    return dict(zip(PARAMETERS, ranges, strict=True))


def coulomb_energy_v(spacing_m: ArrayLike, relative_permittivity: ArrayLike) -> Float:
    """Compute the Coulomb energy U of neighbors over e.

    Parameters
    ----------
    spacing_m, relative_permittivity : (...) float
        R, m, and eps_r.

    Returns
    -------
    (...) float
        U, V.
    """
    return np.asarray(
        elementary_charge / (4.0 * np.pi * epsilon_0 * np.asarray(relative_permittivity) * np.asarray(spacing_m))
    )


def similar_device(
    shares: ArrayLike, acceptors: int, rng: np.random.Generator, *, radius_m: float | None = _RADIUS_M
) -> Device:
    """Draw a device with given global parameters and random places.

    Parameters
    ----------
    shares : (5,) float
        ``PARAMETERS`` as shares of their prior probability.
    acceptors : int
        Number of acceptors.
    rng : Generator
        Generator of the places.
    radius_m : float or None
        Radius of the disc on which a device of the same x and U is solved; None is its own size.

    Returns
    -------
    Device
        Device of eight electrodes.
    """
    values = [each.at(share) for each, share in zip(prior_ranges().values(), np.asarray(shares), strict=True)]
    a, spacing, compensation, rate, eps = map(float, values)
    own = spacing * float(np.sqrt(acceptors / np.pi))
    scale = 1.0 if radius_m is None else radius_m / own
    material = Material(eps / scale, a * scale, rate)
    donors = round(compensation * acceptors)
    return random_device(acceptors, donors, ELECTRODES, shape=Disc(own * scale), material=material, rng=rng)


def device_chords(device: Device, inputs: Iterable[int], kelvins: Iterable[float], volts: Iterable[float]) -> Float:
    """Solve the chord conductances of a device between inputs and its last electrode.

    Parameters
    ----------
    device : Device
        Device, of at most 14 acceptors.
    inputs : iterable of int
        Electrodes that are swept, one by one.
    kelvins, volts : iterable of float
        Temperatures, K, and voltages above 0, V; both signs are taken.

    Returns
    -------
    (inputs, kelvins, volts, 2) float
        Chord conductances, S, at +V and -V.
    """
    network, heats, sizes = device.network, list(kelvins), list(volts)
    found = []
    for electrode in inputs:
        for kelvin in heats:
            for volt in sizes:
                for sign in (1.0, -1.0):
                    v = np.zeros(network.electrodes)
                    v[electrode] = sign * volt
                    current = stationary_occupations(network, v, temperature_k=kelvin).currents_a[-1]
                    found.append(abs(current) / volt)
    return np.array(found).reshape(-1, len(heats), len(sizes), 2)


def simulate_row(row: int) -> tuple[Float, Float]:
    """Simulate one network of the table, from a seed of its own.

    Parameters
    ----------
    row : int
        Number of the row.

    Returns
    -------
    (5,) float
        ``PARAMETERS`` as shares of their prior probability.
    (INPUTS, kelvins, volts, 2) float
        ln of the chord conductances in S of random inputs over the attempt rate in Hz.
    """
    rng = np.random.default_rng([77, row])
    shares = rng.random(len(PARAMETERS)).astype(np.float16).astype(float).clip(0.001, 0.999)
    device = similar_device(shares, int(rng.integers(_FEWEST, _MOST + 1)), rng)
    chords = device_chords(device, rng.permutation(ELECTRODES - 1)[:INPUTS], KELVINS, VOLTS)
    logs = np.log(np.maximum(chords, np.finfo(float).tiny)) - np.log(device.material.attempt_rate_hz)
    return shares, np.round(_STEP * logs) / _STEP


def make_chord_table(rows: int = NETWORKS) -> dict[str, Float]:
    """Simulate all networks of the table.

    Parameters
    ----------
    rows : int
        Number of networks.

    Returns
    -------
    dict of str to array
        ``shares`` (rows, 5), ``log_chords`` (rows, INPUTS, kelvins, volts, 2).
    """
    shares, logs = [], []
    for row in range(rows):
        checkpoint("simulating networks", row, rows)
        share, log = simulate_row(row)
        shares.append(share)
        logs.append(log)
    return {"shares": np.array(shares), "log_chords": np.array(logs)}


@cache
def chord_table() -> tuple[Float, Float]:
    """Read the table that is shipped.

    Returns
    -------
    shares : (rows, 5) float
        ``PARAMETERS`` as shares of their prior probability.
    log_chords : (rows, INPUTS, kelvins, volts, 2) float
        ln of chord conductances in S over the attempt rate in Hz.
    """
    with np.load(BytesIO(files(__package__).joinpath("chords.npz").read_bytes()), allow_pickle=False) as held:
        return held["shares"].astype(float), held["log_chords"].astype(float)


if __name__ == "__main__":
    made = {name: part.astype(np.float16) for name, part in make_chord_table().items()}
    packed = BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **made)
    Path(sys.argv[1]).write_bytes(packed.getvalue())
