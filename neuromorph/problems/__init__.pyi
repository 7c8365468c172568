from .assignment import Assignment
from .coloring import Coloring
from .cues import hidden_pixels, with_cue, with_mask, with_word
from .independent_set import IndependentSet
from .instance_sets import (
    neurobench_names,
    neurobench_set,
    neurobench_sets,
    tile_planted,
    wishart_planted,
    xorsat_planted,
)
from .ising_files import read_ising, write_ising
from .ising_model import IsingModel
from .load import load
from .maxcut import MaxCut
from .one_hot import OneHot
from .partition import Partition
from .polynomial import Polynomial
from .problem import Problem, Solution
from .recall import Recall, picture_text
from .satisfiability import Satisfiability
from .scoring import ScoredReads, score_run
from .solution_text import solution_text
from .sudoku import sudoku
from .text_file import ProblemFileError
from .tsp import Tsp
from .tsplib import read_tour, write_tour

__all__ = [  # noqa: RUF022  by theme
    "load", "Problem", "Solution", "ProblemFileError", "ScoredReads", "score_run",
    "Tsp", "read_tour", "write_tour", "MaxCut", "Recall", "with_cue", "with_mask", "with_word", "hidden_pixels",
    "picture_text",
    "IsingModel", "OneHot", "read_ising", "write_ising",
    "Assignment", "Coloring", "IndependentSet", "Partition", "Satisfiability", "Polynomial", "sudoku", "solution_text",
    "neurobench_set", "neurobench_sets", "neurobench_names", "wishart_planted", "tile_planted", "xorsat_planted",
]  # fmt: skip
