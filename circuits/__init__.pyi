from .certificate.certificate import Balance, Certificate, Check, EngineResult, Trace
from .certificate.certify import certify, certify_problem, certify_tour
from .certificate.figures import certificate_figure, draw_errors, draw_refinement, draw_trajectories, write_certificate
from .certificate.step_refinement import Refinement
from .crossbar.array import Crossbar, written
from .crossbar.cell_reading import CellRead, OperatingPoint, operate, read_cell
from .crossbar.ir_drop_compensation import compensated
from .crossbar.selector import Selector
from .energy.ode_energy import Energy, Rails, energy_of_network, energy_of_trajectory
from .energy.spice_energy import energy_of_waveforms, save_all
from .extraction.network import Recognised, network_of_circuit, recognise
from .netlist.circuit import (
    BehaviouralCurrent,
    BehaviouralVoltage,
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
from .netlist.expressions import Expression, Reference, Time, Voltage, call, evaluate
from .netlist.hierarchy import flatten
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
from .spice.reader import dialect_of, read_netlist, read_netlist_file
from .spice.writer import netlist_lines, netlist_text
from .synthesis.component_values import SERIES, Parts, Realised, loop_gain, realise, round_to_series
from .synthesis.hopfield_circuit import circuit_of
from .synthesis.initial_clamps import clamped
from .synthesis.opamp_neuron import OPAMPS, OpAmp
from .synthesis.problem_circuit import problem_netlist
from .synthesis.synapses import Overlaps, overlap_circuit, overlaps_of, transconductor_circuit
from .synthesis.tour_circuit import TourCircuit
from .tolerances.boards import Boards
from .tolerances.circuit_sample import make_circuit
from .tolerances.monte_carlo import SpotCheck, Yield, spot_check, yield_of
from .tolerances.tolerances import Board, Tolerances, TourBoard, make_board, make_tour_board, typical_tolerances

__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "circuit_of", "TourCircuit", "problem_netlist", "netlist_text", "netlist_lines",
    "Dialect", "DIALECTS", "NGSPICE", "XYCE", "LTSPICE", "NEOSPICE", "lint", "require_clean", "Finding",
    "read_netlist", "read_netlist_file", "dialect_of", "NetlistError", "network_of_circuit", "recognise",
    "Recognised",
    "certify", "certify_problem", "certify_tour", "Certificate", "EngineResult",
    "Balance", "Check", "Trace", "Refinement",
    "certificate_figure", "write_certificate", "draw_trajectories", "draw_errors", "draw_refinement",
    "problem_schematic", "draw_network", "draw_tour_circuit",
    "available_engines", "installed_engines", "simulate_circuit", "simulate_circuits", "Waveforms", "EngineError",
    "transconductor_circuit", "overlap_circuit", "Overlaps", "overlaps_of", "Crossbar", "written",
    "compensated", "Selector", "operate", "OperatingPoint", "read_cell", "CellRead",
    "to_pyspice", "shared_ngspice",
    "Energy", "Rails", "energy_of_network", "energy_of_trajectory", "energy_of_waveforms", "save_all",
    "Tolerances", "typical_tolerances", "Board", "TourBoard", "make_board", "make_tour_board", "make_circuit",
    "Boards", "Yield", "yield_of", "SpotCheck", "spot_check",
    "Parts", "Realised", "realise", "loop_gain", "round_to_series", "SERIES",
    "Circuit", "Element", "Resistor", "Capacitor", "CurrentSource", "Transconductor", "BehaviouralVoltage",
    "BehaviouralCurrent", "Mosfet", "MosModel", "Diode", "DiodeModel", "Transient", "OpAmp", "OPAMPS",
    "Subcircuit", "Instance", "Parameter", "flatten", "clamped", "with_parameters",
    "draw_parameters",
    "Expression", "Voltage", "Time", "Reference", "call", "evaluate",
]  # fmt: skip
