from .cells.handover_files import cell_files
from .cells.verilog_a import verilog_a_module
from .certificate.certify import certify, certify_problem
from .certificate.circuit_certificate import certify_circuit
from .certificate.figures import write_certificate
from .crossbar.array import Crossbar
from .crossbar.cell_programming import program_cells
from .crossbar.cell_reading import read_cell
from .crossbar.ir_drop_compensation import compensate_ir_drop
from .crossbar.line_models import compare_line_models
from .crossbar.selector import Selector
from .energy.ode_energy import Rails, energy_of_network
from .energy.spice_energy import energy_of_waveforms
from .extraction.network import extract_network
from .lucidac.machine_report import lucidac_report
from .netlist.circuit import Circuit
from .noise.driven_network import simulate_driven
from .noise.kinds import FlickerNoise, TelegraphNoise, ThermalNoise, draw_noise
from .noise.noise_sources import with_noise
from .oscillators.tank import Tank
from .oscillators.tank_array import TankArray, design_tank_array
from .oscillators.tank_circuit import oscillator_netlist, read_tank_phases, tank_circuit, tank_netlist
from .schematic.drawing import draw_network, problem_schematic
from .simulators import (
    EngineError,
    Waveforms,
    available_engines,
    installed_engines,
    simulate_circuit,
    simulate_circuits,
)
from .spice.dialects import DIALECTS
from .spice.lint.lint import lint
from .spice.reader import read_netlist, read_netlist_file
from .spice.writer import netlist_text
from .synthesis.component_values import ComponentRange, fit_to_components
from .synthesis.hopfield_circuit import build_hopfield_circuit
from .synthesis.opamp import OPAMPS
from .synthesis.problem_circuit import problem_netlist
from .synthesis.transconductor_deck import transconductor_netlist
from .tolerances.boards import BoardEnsemble
from .tolerances.monte_carlo import estimate_yield
from .tolerances.tolerances import Tolerances, typical_tolerances

__all__ = [  # noqa: RUF022  by theme, as a designer meets them
    # synthesis: a problem or a network becomes a circuit of components that are sold
    "problem_netlist", "transconductor_netlist", "build_hopfield_circuit", "fit_to_components", "ComponentRange",
    "OPAMPS",
    # netlists: plain data, text in several dialects, and back
    "Circuit", "netlist_text", "read_netlist", "read_netlist_file", "DIALECTS", "lint", "extract_network",
    # simulation
    "simulate_circuit", "simulate_circuits", "available_engines", "installed_engines", "Waveforms", "EngineError",
    # certificates: ODE and SPICE agree
    "certify_problem", "certify", "certify_circuit", "write_certificate",
    # crossbars of memristors
    "Crossbar", "program_cells", "compensate_ir_drop", "compare_line_models", "Selector", "read_cell",
    # energy
    "Rails", "energy_of_network", "energy_of_waveforms",
    # tolerances and yield
    "Tolerances", "typical_tolerances", "BoardEnsemble", "estimate_yield",
    # schematics
    "problem_schematic", "draw_network",
    # noise in time, the same in SPICE and in the differential equation
    "ThermalNoise", "FlickerNoise", "TelegraphNoise", "draw_noise", "with_noise", "simulate_driven",
    # LC oscillators whose phases anneal a problem
    "oscillator_netlist", "design_tank_array", "tank_circuit", "tank_netlist", "read_tank_phases", "Tank", "TankArray",
    # cells for other tools, and an analog computer
    "cell_files", "verilog_a_module", "lucidac_report",
]  # fmt: skip
