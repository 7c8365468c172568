from .anneal_schedule import anneal_range, anneal_schedule
from .bounds import semidefinite_bound, spectral_bound
from .cluster_tempering import cluster_tempering
from .coherent_ising import coherent_ising_machine
from .dimod_samplers import (
    ClusterTemperingSampler,
    CoherentIsingSampler,
    LocalQuantumAnnealingSampler,
    MinimizeSampler,
    MultispinAnnealingSampler,
    SimCimSampler,
    SimulatedBifurcationSampler,
)
from .elimination import eliminate, elimination_order
from .held_moves import moves_of, searched_form
from .list_coloring import exact_coloring, possible_colors
from .local_quantum_annealing import local_quantum_annealing
from .minimize import Minimum, minimize
from .multispin import multispin_annealing
from .one_hot_annealing import one_hot_annealing, one_hot_range, one_hot_tempering
from .one_hot_moves import GroupMoves
from .one_hot_tabu import one_hot_tabu
from .penalty_curve import PenaltyCurve, PenaltyPoint, penalty_curve
from .permutation_moves import PermutationMoves
from .planar import is_planar, planar_ground_state
from .reduction import Reduction, reduce_ising
from .set_search import SetMoves, independent_set_search
from .sim_cim import sim_cim
from .simulated_bifurcation import simulated_bifurcation
from .structure import choose_method, is_thin

__all__ = [  # noqa: RUF022  by theme
    "minimize",
    "Minimum",
    "choose_method",
    "is_thin",
    "reduce_ising",
    "Reduction",
    "multispin_annealing",
    "anneal_schedule",
    "anneal_range",
    "cluster_tempering",
    "one_hot_annealing",
    "one_hot_tempering",
    "one_hot_range",
    "one_hot_tabu",
    "GroupMoves",
    "PermutationMoves",
    "SetMoves",
    "moves_of",
    "searched_form",
    "independent_set_search",
    "exact_coloring",
    "possible_colors",
    "penalty_curve",
    "PenaltyCurve",
    "PenaltyPoint",
    "simulated_bifurcation",
    "coherent_ising_machine",
    "sim_cim",
    "local_quantum_annealing",
    "eliminate",
    "elimination_order",
    "planar_ground_state",
    "is_planar",
    "spectral_bound",
    "semidefinite_bound",
    "MinimizeSampler",
    "MultispinAnnealingSampler",
    "ClusterTemperingSampler",
    "SimulatedBifurcationSampler",
    "CoherentIsingSampler",
    "SimCimSampler",
    "LocalQuantumAnnealingSampler",
]
