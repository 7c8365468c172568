from .compare import CHIPS, READS, compare
from .comparison import Comparison
from .over_chips import ChipResult, Spread
from .result import Result, TimeToTarget
from .time_to_solution import reads_to_solution, to_solution

__all__ = [
    "CHIPS",
    "READS",
    "ChipResult",
    "Comparison",
    "Result",
    "Spread",
    "TimeToTarget",
    "compare",
    "reads_to_solution",
    "to_solution",
]
