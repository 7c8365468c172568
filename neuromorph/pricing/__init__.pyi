from .boundary import BOUNDARIES, HOST, Boundary, at_boundary, is_host, known_shares, needs_of
from .draws import Band, RowDraws, band_of, draw_constants, draw_rows, evaluate
from .powercap import CpuEnergy, chip_power, core_power, read_cpu_energy
from .sensitivity import Swing, energy_swings, time_swings
from .solution import Ratio, Uncertainty, ratio_of, solution_draws, uncertainty_of
from .standby import Standby, standby_energy
from .work import Work, work_of

__all__ = [  # noqa: RUF022  by theme
    "Boundary", "BOUNDARIES", "HOST", "at_boundary", "is_host", "known_shares", "needs_of",
    "Band", "RowDraws", "band_of", "draw_constants", "draw_rows", "evaluate",
    "Ratio", "Uncertainty", "ratio_of", "solution_draws", "uncertainty_of",
    "Swing", "energy_swings", "time_swings",
    "Standby", "standby_energy",
    "Work", "work_of",
    "CpuEnergy", "chip_power", "core_power", "read_cpu_energy",
]  # fmt: skip
