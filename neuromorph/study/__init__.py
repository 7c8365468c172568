"""Studies: one problem on many targets, and what its success rates mean in seconds and joules."""

from .compare import READS, Comparison, compare
from .result import Level, Result
from .success import reads_to_solution, to_solution, wilson

__all__ = ["READS", "Comparison", "Level", "Result", "compare", "reads_to_solution", "to_solution", "wilson"]
