from .compare import READS, compare
from .comparison import Comparison
from .result import Level, Result
from .time_to_solution import reads_to_solution, to_solution

__all__ = ["READS", "Comparison", "Level", "Result", "compare", "reads_to_solution", "to_solution"]
