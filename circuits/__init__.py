"""circuits: an analog network, or a problem, becomes a netlist that SPICE runs, and a certificate that it is the same.

>>> from circuits import certify, circuit_of, netlist_text, problem_netlist, simulate_circuit
>>> text = problem_netlist(problem, series="E96")
"""

from .certificate import Certificate, EngineResult, certify, certify_problem, certify_tour
from .dialects import NGSPICE, Dialect, netlist_lines, netlist_text
from .engines import EngineError, Waveforms, available_engines, installed_engines, simulate_circuit
from .export import problem_netlist
from .expressions import Expression, Time, Voltage, call, evaluate
from .hopfield import circuit_of
from .netlist import (
    BehaviouralCurrent,
    BehaviouralVoltage,
    Capacitor,
    Circuit,
    CurrentSource,
    Element,
    Resistor,
    Transconductor,
    Transient,
)
from .parts import SERIES, Parts, Realised, loop_gain, realise, round_to_series
from .softassign import TourCircuit

__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "circuit_of", "TourCircuit", "problem_netlist", "netlist_text", "netlist_lines", "NGSPICE", "Dialect",
    "certify", "certify_problem", "certify_tour", "Certificate", "EngineResult",
    "available_engines", "installed_engines", "simulate_circuit", "Waveforms", "EngineError",
    "Parts", "Realised", "realise", "loop_gain", "round_to_series", "SERIES",
    "Circuit", "Element", "Resistor", "Capacitor", "CurrentSource", "Transconductor", "BehaviouralVoltage",
    "BehaviouralCurrent", "Transient",    "Expression", "Voltage", "Time", "call", "evaluate",
]  # fmt: skip
