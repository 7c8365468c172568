from .compare import READS, compare
from .comparison import Comparison
from .length_curve import LengthCurve, LengthPoint
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
    "Result",
    "Spread",
    "TimeToTarget",
    "compare",
    "reads_to_solution",
    "to_solution",
]
