"""Devices of the Coulomb glass: acceptors in a disc, two contacts that exchange holes, six insulated gates."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from neuromorph.ising import Float

from ..device.electrode_potential import ElectrodePotentials, solve_potentials
from ..device.geometry import Disc, Electrode, evenly_spaced_electrodes
from ..device.hopping_network import HoppingNetwork
from .interface_data import DATA

CLOSEST_SITES_M = DATA["glass_closest_sites"].value  # Acceptors closer than this share a hole.
_ELECTRODES, _CONTACTS = 8, (0, 4)
GLASS_GATES = [e for e in range(_ELECTRODES) if e not in _CONTACTS]


def insulate_gates(network: HoppingNetwork, gates: list[int]) -> HoppingNetwork:
    """Put electrodes behind an insulator: their potential stays, holes cannot enter.

    Parameters
    ----------
    network : HoppingNetwork
        Network.
    gates : list of int
        Numbers of the electrodes.

    Returns
    -------
    HoppingNetwork
        Network with insulated gates.
    """
    attempts = network.attempts_hz.copy()
    shut = network.sites + np.asarray(gates, dtype=int)
    attempts[shut], attempts[:, shut] = 0.0, 0.0
    return replace(network, attempts_hz=attempts)


def draw_sites(shape: Disc, devices: int, sites: int, rng: np.random.Generator) -> Float:
    """Draw positions of acceptors, uniform in the disc.

    Sites that would share a hole are drawn again.

    Parameters
    ----------
    shape : Disc
        Disc.
    devices : int
        Number of devices.
    sites : int
        Acceptors of each.
    rng : Generator
        Random numbers.

    Returns
    -------
    (devices, sites, 2) float
        Positions, m.
    """

    def draw(count: int) -> Float:
        angle, r = (
            rng.uniform(0.0, 2.0 * np.pi, (count, sites)),
            0.98 * shape.radius_m * np.sqrt(rng.random((count, sites))),
        )
        return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=-1)

    positions = draw(devices)
    i, j = np.triu_indices(sites, 1)
    while i.size:
        close = (np.linalg.norm(positions[:, i] - positions[:, j], axis=-1) < CLOSEST_SITES_M).any(axis=1)
        if not close.any():
            break
        positions[close] = draw(int(close.sum()))
    return positions


@lru_cache(maxsize=4)
def disc_electrodes(radius_m: float) -> tuple[tuple[Electrode, ...], ElectrodePotentials]:
    """Return the electrodes around a disc and their potentials.

    Parameters
    ----------
    radius_m : float
        Radius of the disc, m.

    Returns
    -------
    (tuple of Electrode, ElectrodePotentials)
        Electrodes, contacts and gates, and potentials inside the disc.
    """
    shape = Disc(radius_m)
    share = DATA["glass_electrode_share"].value * shape.perimeter_m
    electrodes = evenly_spaced_electrodes(shape, _ELECTRODES, width_m=share / _ELECTRODES)
    return electrodes, solve_potentials(shape, electrodes)
