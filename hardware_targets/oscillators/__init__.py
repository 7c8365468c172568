"""Networks of oscillators and of bistable nodes as Ising machines: phases and voltages that settle."""

from .bistable_model import BistableNetwork, simulate_voltages
from .bistable_netlist import bistable_circuit
from .brim_target import Brim
from .phase_model import PhaseNetwork, simulate_phases
from .target import Oscillators

__all__ = [  # noqa: RUF022  by theme
    "Oscillators", "PhaseNetwork", "simulate_phases",
    "Brim", "BistableNetwork", "simulate_voltages", "bistable_circuit",
]  # fmt: skip
