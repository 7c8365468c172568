"""circuits: an analog network, or a problem, becomes a netlist that SPICE runs, and a certificate that it is the same.

>>> from circuits import certify, circuit_of, netlist_text, problem_netlist, simulate_circuit
>>> text = problem_netlist(problem, series="E96")
"""

from .certificate.agreement import Balance, Certificate, Check, EngineResult, Trace
from .certificate.certify import certify, certify_problem, certify_tour
from .certificate.figure import certificate_figure, draw_errors, draw_refinement, draw_trajectories
from .certificate.refinement import Refinement
from .crossbar.array import Crossbar, written
from .crossbar.compensation import compensated
from .crossbar.selection import CellRead, OperatingPoint, operate, read_cell
from .crossbar.selector import Selector
from .energy.metering import energy_of_waveforms, save_all
from .energy.power import Energy, Rails, energy_of_network, energy_of_trajectory
from .engines import EngineError, Waveforms, available_engines, installed_engines, simulate_circuit, simulate_circuits
from .engines.pyspice import shared_ngspice, to_pyspice
from .export import problem_netlist
from .hopfield import circuit_of
from .linting.findings import Finding, lint, require_clean
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
from .neurons.amplifiers import OPAMPS, OpAmp
from .neurons.clamping import clamped
from .parts import SERIES, Parts, Realised, loop_gain, realise, round_to_series
from .recognition import Recognised, network_of_circuit, recognise
from .schematic.drawing import draw_network, draw_tour_circuit, problem_schematic
from .softassign import TourCircuit
from .synapses import Overlaps, overlap_circuit, overlaps_of, transconductor_circuit
from .text.cards import NetlistError
from .text.dialects import DIALECTS, LTSPICE, NEOSPICE, NGSPICE, XYCE, Dialect, netlist_lines, netlist_text
from .text.reading import dialect_of, read_netlist, read_netlist_file
from .tolerances.mismatch import make_circuit
from .tolerances.tolerances import Board, Tolerances, TourBoard, make_board, make_tour_board, typical_tolerances
from .tolerances.yields import Boards, SpotCheck, Yield, spot_check, yield_of

__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "circuit_of", "TourCircuit", "problem_netlist", "netlist_text", "netlist_lines",
    "Dialect", "DIALECTS", "NGSPICE", "XYCE", "LTSPICE", "NEOSPICE", "lint", "require_clean", "Finding",
    "read_netlist", "read_netlist_file", "dialect_of", "NetlistError", "network_of_circuit", "recognise",
    "Recognised",
    "certify", "certify_problem", "certify_tour", "Certificate", "EngineResult",
    "Balance", "Check", "Trace", "Refinement",
    "certificate_figure", "draw_trajectories", "draw_errors", "draw_refinement",
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
