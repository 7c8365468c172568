from .device.device import Device, Material, random_device, silicon
from .device.electrode_potential import ElectrodePotentials, solve_potentials
from .device.geometry import Disc, Electrode, Rectangle, evenly_spaced_electrodes
from .device.hopping_network import HoppingNetwork, thermal_voltage
from .device.image_charges import induced_potential
from .learning.logic_gates import (
    GATES,
    GateSearch,
    Terminals,
    find_gate,
    gate_abundance,
    measured_quality,
    separation,
    truth_currents,
)
from .transport.current_voltage import VoltageSweep, gate_map, sweep_settings, sweep_voltages
from .transport.hopping_walk import Walk
from .transport.kinetic_monte_carlo import Currents, dwell_times, measure_currents
from .transport.master_equation import StationaryOccupations, stationary_occupations
from .transport.mean_field import MeanFieldOccupations, mean_field_occupations
from .transport.negative_differential_resistance import NdrTest, ndr_test
from .transport.telegraph_noise import CurrentTrace, current_trace
from .transport.zero_bias_conductance import (
    ConductionRegime,
    conductance_matrix,
    conduction_regime,
    published_rise,
    zero_bias_conductance,
)

__all__ = [  # noqa: RUF022  by theme
    "Device",
    "random_device",
    "Material",
    "silicon",
    "Disc",
    "Rectangle",
    "Electrode",
    "evenly_spaced_electrodes",
    "ElectrodePotentials",
    "solve_potentials",
    "induced_potential",
    "HoppingNetwork",
    "thermal_voltage",
    "stationary_occupations",
    "StationaryOccupations",
    "measure_currents",
    "Currents",
    "Walk",
    "dwell_times",
    "mean_field_occupations",
    "MeanFieldOccupations",
    "conduction_regime",
    "ConductionRegime",
    "zero_bias_conductance",
    "conductance_matrix",
    "published_rise",
    "sweep_voltages",
    "VoltageSweep",
    "sweep_settings",
    "gate_map",
    "current_trace",
    "CurrentTrace",
    "ndr_test",
    "NdrTest",
    "GATES",
    "Terminals",
    "separation",
    "truth_currents",
    "find_gate",
    "GateSearch",
    "gate_abundance",
    "measured_quality",
]
