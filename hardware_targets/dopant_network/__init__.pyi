from .device.device import Device, Material, random_device, silicon
from .device.electrode_potential import Field, solve_field
from .device.geometry import Disc, Electrode, Rectangle, around
from .device.hopping_network import HoppingNetwork, thermal_voltage
from .device.image_charges import induced
from .learning.logic_gates import (
    GATES,
    Found,
    Terminals,
    abundance,
    find_gate,
    measured_quality,
    separation,
    truth_currents,
)
from .transport import mean_field as mean_field
from .transport.current_voltage import Falling, Sweep, Trace, along, falling, gate_map, sweep, telegraph
from .transport.kinetic_monte_carlo import Currents, Walk, dwell_times, measure
from .transport.master_equation import Stationary, stationary
from .transport.mean_field import MeanField

__all__ = [  # noqa: RUF022  by theme
    "Device",
    "random_device",
    "Material",
    "silicon",
    "Disc",
    "Rectangle",
    "Electrode",
    "around",
    "Field",
    "solve_field",
    "induced",
    "HoppingNetwork",
    "thermal_voltage",
    "stationary",
    "Stationary",
    "measure",
    "Currents",
    "Walk",
    "dwell_times",
    "mean_field",
    "MeanField",
    "sweep",
    "Sweep",
    "along",
    "gate_map",
    "telegraph",
    "Trace",
    "falling",
    "Falling",
    "GATES",
    "Terminals",
    "separation",
    "truth_currents",
    "find_gate",
    "Found",
    "abundance",
    "measured_quality",
]
