from .compare import READS, compare
from .comparison import Comparison
from .result import Result, TimeToTarget
from .time_to_solution import reads_to_solution, to_solution

__all__ = ["READS", "Comparison", "Result", "TimeToTarget", "compare", "reads_to_solution", "to_solution"]
