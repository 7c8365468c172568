from .ising_files import read_ising, write_ising
from .ising_model import IsingModel
from .load import load
from .maxcut import MaxCut
from .one_hot import OneHot
from .problem import Problem, Solution
from .recall import Recall, picture_text, with_cue
from .scoring import ScoredReads, score_run
from .text_file import ProblemFileError
from .tsp import Tsp
from .tsplib import read_tour, write_tour

__all__ = [  # noqa: RUF022  by theme
    "load", "Problem", "Solution", "ProblemFileError", "ScoredReads", "score_run",
    "Tsp", "read_tour", "write_tour", "MaxCut", "Recall", "with_cue", "picture_text",
    "IsingModel", "OneHot", "read_ising", "write_ising",
]  # fmt: skip
