"""Problems of the user's field, each with the reader of its file format.

``load`` reads any of them; ``Tsp.from_coordinates``, ``Tsp.from_matrix``, ``MaxCut.from_edges``, ``Recall`` take data.
"""

from .loading import load
from .maxcut import MaxCut
from .problem import Problem, Solution
from .recall import Recall
from .source import ProblemFileError
from .tsp import Tsp
from .tsplib import read_tour, write_tour

__all__ = ["MaxCut", "Problem", "ProblemFileError", "Recall", "Solution", "Tsp", "load", "read_tour", "write_tour"]
