"""Dopant networks: holes that hop between acceptors in silicon, and what can be computed with them.

>>> from hardware_targets.dopant_network import random_device, measure, stationary
>>> network = random_device(8, 1, 8, rng=4).network
>>> stationary(network, [0.018, 0.5, 0.059, 0.091, 0.0, 0.776, -0.49, 0.0]).currents_a

A ``Device`` (outline, electrodes, dopants) has a ``network`` (energies, rates). Its currents are exact to 14 acceptors
(``stationary``), by kinetic Monte Carlo (``measure``) or by ``mean_field.mean_field``; ``sweep`` takes many settings.
Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import mean_field
    from .device import Device, Material, random_device, silicon
    from .field import Field, solve_field
    from .gates import GATES, Found, Terminals, abundance, find_gate, measured_quality, separation, truth_currents
    from .geometry import Disc, Electrode, Rectangle, around
    from .hopping import HoppingNetwork, thermal_voltage
    from .images import induced
    from .iv import Falling, Sweep, Trace, along, falling, gate_map, sweep, telegraph
    from .kmc import Currents, Walk, dwell_times, measure
    from .master import Stationary, stationary
    from .mean_field import MeanField

_PLACES = {
    "device": ["Device", "Material", "random_device", "silicon"],
    "field": ["Field", "solve_field"],
    "gates": [
        "GATES",
        "Found",
        "Terminals",
        "abundance",
        "find_gate",
        "measured_quality",
        "separation",
        "truth_currents",
    ],
    "geometry": ["Disc", "Electrode", "Rectangle", "around"],
    "hopping": ["HoppingNetwork", "thermal_voltage"],
    "images": ["induced"],
    "iv": ["Falling", "Sweep", "Trace", "along", "falling", "gate_map", "sweep", "telegraph"],
    "kmc": ["Currents", "Walk", "dwell_times", "measure"],
    "master": ["Stationary", "stationary"],
    "mean_field": ["MeanField"],
}
_MODULES = ["mean_field"]
_HOME = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "Device", "random_device", "Material", "silicon", "Disc", "Rectangle", "Electrode", "around",
    "Field", "solve_field", "induced", "HoppingNetwork", "thermal_voltage",
    "stationary", "Stationary", "measure", "Currents", "Walk", "dwell_times", "mean_field", "MeanField",
    "sweep", "Sweep", "along", "gate_map", "telegraph", "Trace", "falling", "Falling",
    "GATES", "Terminals", "separation", "truth_currents", "find_gate", "Found", "abundance", "measured_quality",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
