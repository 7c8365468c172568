"""circuits: an analog network, or a problem, becomes a netlist that SPICE runs, and a certificate that it is the same.

>>> from circuits import certify, circuit_of, netlist_text, problem_netlist, simulate_circuit
>>> text = problem_netlist(problem, series="E96")
"""

from .amplifiers import OPAMPS, OpAmp
from .cards import NetlistError
from .certificate import Certificate, EngineResult, certify, certify_problem, certify_tour
from .crossbar import Crossbar, written
from .dialects import DIALECTS, LTSPICE, NEOSPICE, NGSPICE, XYCE, Dialect, netlist_lines, netlist_text
from .engines import EngineError, Waveforms, available_engines, installed_engines, simulate_circuit
from .engines.pyspice import shared_ngspice, to_pyspice
from .export import problem_netlist
from .expressions import Expression, Time, Voltage, call, evaluate
from .hopfield import circuit_of
from .lint import Finding, lint, require_clean
from .metering import energy_of_waveforms, save_all
from .netlist import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Mosfet,
    MosModel,
    Resistor,
    Transconductor,
    Transient,
)
from .parts import SERIES, Parts, Realised, loop_gain, realise, round_to_series
from .power import Energy, Rails, energy_of_network, energy_of_trajectory
from .reading import dialect_of, read_netlist, read_netlist_file
from .recognition import network_of_circuit
from .softassign import TourCircuit
from .synapses import Overlaps, overlap_circuit, overlaps_of, transconductor_circuit
from .tolerances import Board, Tolerances, TourBoard, make_board, make_tour_board
from .yields import Boards, SpotCheck, Yield, spot_check, yield_of

__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "circuit_of", "TourCircuit", "problem_netlist", "netlist_text", "netlist_lines",
    "Dialect", "DIALECTS", "NGSPICE", "XYCE", "LTSPICE", "NEOSPICE", "lint", "require_clean", "Finding",
    "read_netlist", "read_netlist_file", "dialect_of", "NetlistError", "network_of_circuit",
    "certify", "certify_problem", "certify_tour", "Certificate", "EngineResult",
    "available_engines", "installed_engines", "simulate_circuit", "Waveforms", "EngineError",
    "transconductor_circuit", "overlap_circuit", "Overlaps", "overlaps_of", "Crossbar", "written",
    "to_pyspice", "shared_ngspice",
    "Energy", "Rails", "energy_of_network", "energy_of_trajectory", "energy_of_waveforms", "save_all",
    "Tolerances", "Board", "TourBoard", "make_board", "make_tour_board",
    "Boards", "Yield", "yield_of", "SpotCheck", "spot_check",
    "Parts", "Realised", "realise", "loop_gain", "round_to_series", "SERIES",
    "Circuit", "Element", "Resistor", "Capacitor", "CurrentSource", "Transconductor", "BehaviouralVoltage",
    "BehaviouralCurrent", "Mosfet", "MosModel", "Transient", "OpAmp", "OPAMPS",
    "Expression", "Voltage", "Time", "call", "evaluate",
]  # fmt: skip
