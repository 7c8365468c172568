from . import analog, associative_memory, boltzmann, exact, problems, sampling, spiking, testing
from .analog import AnalogNetwork
from .cost import Cost, Ledger, price
from .datum import Datum, add_data, invert_datum, multiply_data, read_data, scale_datum
from .estimate import Estimate
from .installed_targets import available_targets, get_target, parameters_of
from .ising import Ising
from .problems import IsingModel, MaxCut, Problem, ProblemFileError, Recall, Solution, Tsp, load, read_tour, write_tour
from .protocol import DoesNotFit, Target, as_ising, mapping_error, require_support
from .report import results_dict, results_json, write_report, write_trace
from .rng import read_seeds
from .run import Program, Run, SamplingBound, complete_run
from .runtime.limits import checkpoint
from .study.compare import compare
from .study.comparison import Comparison
from .study.mapping_report import MappingReport, mapping_report
from .target_constants import own_parameters
from .task import Minimize, RecallFrom, Sample
from .trace import Trace, trace_dict

__version__: str
__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "load", "read_tour", "write_tour", "Problem", "ProblemFileError", "Solution", "Tsp", "MaxCut", "Recall",
    "IsingModel", "problems", "Ising", "exact",
    "analog", "AnalogNetwork", "associative_memory", "sampling", "boltzmann", "spiking",
    "Target", "get_target", "available_targets", "parameters_of",
    "Program", "SamplingBound", "Minimize", "Sample", "RecallFrom", "DoesNotFit", "Run",
    "testing",
    "as_ising", "mapping_error", "require_support", "read_seeds", "checkpoint", "complete_run", "own_parameters",
    "Datum", "read_data", "multiply_data", "add_data", "scale_datum", "invert_datum",
    "Cost", "Estimate", "Ledger", "price",
    "compare", "Comparison", "mapping_report", "MappingReport", "write_report", "results_json", "results_dict",
    "Trace", "trace_dict", "write_trace",
]  # fmt: skip
