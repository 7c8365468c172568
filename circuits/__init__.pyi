from .certificate.certificate import Balance, Certificate, Check, EngineResult, OutputTrace
from .certificate.certify import certify, certify_problem, certify_tour
from .certificate.figures import certificate_figure, draw_errors, draw_refinement, draw_trajectories, write_certificate
from .certificate.step_refinement import StepRefinement
from .crossbar.array import Crossbar
from .crossbar.cell_programming import program_cells
from .crossbar.cell_reading import CellRead, OperatingPoint, read_cell, solve_operating_point
from .crossbar.ir_drop_compensation import compensate_ir_drop
from .crossbar.selector import Selector
from .energy.ode_energy import Energy, Rails, energy_of_network, energy_of_trajectory
from .energy.spice_energy import energy_of_waveforms, save_all
from .extraction.network import ExtractedNetwork, extract_network, network_from_circuit
from .netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Diode,
    DiodeModel,
    Element,
    Instance,
    Mosfet,
    MosModel,
    Parameter,
    Resistor,
    Subcircuit,
    Transconductor,
    Transient,
)
from .netlist.expressions import Expression, Reference, Time, Voltage, call, evaluate_expression
from .netlist.hierarchy import flatten_circuit
from .netlist.parameters import draw_parameters, with_parameters
from .schematic.drawing import draw_network, draw_tour_circuit, problem_schematic
from .simulators import (
    EngineError,
    Waveforms,
    available_engines,
    installed_engines,
    simulate_circuit,
    simulate_circuits,
)
from .simulators.pyspice import shared_ngspice, to_pyspice
from .spice.cards import NetlistError
from .spice.dialect import Dialect
from .spice.dialects import DIALECTS, LTSPICE, NEOSPICE, NGSPICE, XYCE
from .spice.lint.lint import Finding, lint, require_clean
from .spice.reader import detect_dialect, read_netlist, read_netlist_file
from .spice.writer import netlist_lines, netlist_text
from .synthesis.component_values import (
    SERIES,
    ComponentNetwork,
    ComponentRange,
    fit_to_components,
    loop_gain,
    round_to_series,
)
from .synthesis.hopfield_circuit import build_hopfield_circuit
from .synthesis.initial_clamps import clamp_initial
from .synthesis.opamp import OPAMPS, OpAmp
from .synthesis.problem_circuit import problem_netlist
from .synthesis.synapses import Overlaps, find_overlaps, overlap_circuit, transconductor_circuit
from .synthesis.tour_circuit import TourCircuit
from .tolerances.boards import BoardEnsemble
from .tolerances.circuit_sample import make_circuit
from .tolerances.monte_carlo import SpotCheck, YieldEstimate, estimate_yield, spot_check
from .tolerances.sampled_board import SampledBoard, sample_board
from .tolerances.sampled_tour_board import SampledTourBoard, sample_tour_board
from .tolerances.tolerances import Tolerances, typical_tolerances

__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "build_hopfield_circuit", "TourCircuit", "problem_netlist", "netlist_text", "netlist_lines",
    "Dialect", "DIALECTS", "NGSPICE", "XYCE", "LTSPICE", "NEOSPICE", "lint", "require_clean", "Finding",
    "read_netlist", "read_netlist_file", "detect_dialect", "NetlistError", "network_from_circuit", "extract_network",
    "ExtractedNetwork",
    "certify", "certify_problem", "certify_tour", "Certificate", "EngineResult",
    "Balance", "Check", "OutputTrace", "StepRefinement",
    "certificate_figure", "write_certificate", "draw_trajectories", "draw_errors", "draw_refinement",
    "problem_schematic", "draw_network", "draw_tour_circuit",
    "available_engines", "installed_engines", "simulate_circuit", "simulate_circuits", "Waveforms", "EngineError",
    "transconductor_circuit", "overlap_circuit", "Overlaps", "find_overlaps", "Crossbar", "program_cells",
    "compensate_ir_drop", "Selector", "solve_operating_point", "OperatingPoint", "read_cell", "CellRead",
    "to_pyspice", "shared_ngspice",
    "Energy", "Rails", "energy_of_network", "energy_of_trajectory", "energy_of_waveforms", "save_all",
    "Tolerances", "typical_tolerances", "SampledBoard", "SampledTourBoard", "sample_board", "sample_tour_board",
    "make_circuit",
    "BoardEnsemble", "YieldEstimate", "estimate_yield", "SpotCheck", "spot_check",
    "ComponentRange", "ComponentNetwork", "fit_to_components", "loop_gain", "round_to_series", "SERIES",
    "Circuit", "Element", "Resistor", "Capacitor", "CurrentSource", "Transconductor", "BehavioralVoltage",
    "BehavioralCurrent", "Mosfet", "MosModel", "Diode", "DiodeModel", "Transient", "OpAmp", "OPAMPS",
    "Subcircuit", "Instance", "Parameter", "flatten_circuit", "clamp_initial", "with_parameters",
    "draw_parameters",
    "Expression", "Voltage", "Time", "Reference", "call", "evaluate_expression",
]  # fmt: skip
