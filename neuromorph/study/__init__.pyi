from .compare import READS, compare
from .comparison import Comparison
from .length_curve import LengthCurve, LengthPoint
from .mapping_report import MappingReport, mapping_report
from .one_target import CHIPS
from .over_chips import ChipResult, Spread
from .result import Result, TimeToTarget
from .time_to_solution import reads_to_solution, to_solution

__all__ = [
    "CHIPS",
    "READS",
    "ChipResult",
    "Comparison",
    "LengthCurve",
    "LengthPoint",
    "MappingReport",
    "Result",
    "Spread",
    "TimeToTarget",
    "compare",
    "mapping_report",
    "reads_to_solution",
    "to_solution",
]
