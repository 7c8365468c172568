from .attractors import (
    AttractorCensus,
    BasinEstimate,
    basin_of_attraction,
    classify,
    find_attractors,
    fixed_points,
    mixture_states,
)
from .dense import DenseMemory
from .dense_classifier import DenseClassifier
from .estimator import HopfieldMemory
from .iterated_learning import (
    IteratedLearningResult,
    gardner_capacity,
    gardner_margin,
    minover,
    perceptron,
    stabilities,
)
from .learning_rules import couplings_as_ising, hebb, pseudo_inverse, storkey
from .mean_field import MeanFieldState, analog_equivalent, glauber_magnetization, stationary_state
from .modern_hopfield import ModernHopfield, ModernRecall
from .phase_diagram import free_energy, glass_temperature, ground_load, retrieval_load, spin_glass_solution
from .relaxation import RelaxationResult, relax
from .replica_theory import ReplicaSolution, critical_load, retrieval_solution
from .ring_attractor import RingAttractor
from .sequences import SequenceMemory
from .storage_capacity import CapacityFit, OverlapSamples, finite_size_scaling, half_loads, sample_final_overlaps
from .words import decode_words, encode_words, letter_codes

__all__ = [  # noqa: RUF022  by theme
    "hebb", "pseudo_inverse", "storkey", "couplings_as_ising",
    "perceptron", "minover", "IteratedLearningResult", "stabilities", "gardner_capacity", "gardner_margin",
    "relax", "RelaxationResult", "DenseMemory", "ModernHopfield", "ModernRecall",
    "SequenceMemory", "encode_words", "decode_words", "letter_codes",
    "find_attractors", "AttractorCensus", "fixed_points", "classify", "mixture_states", "basin_of_attraction",
    "BasinEstimate",
    "sample_final_overlaps", "OverlapSamples", "half_loads", "finite_size_scaling", "CapacityFit",
    "retrieval_solution", "ReplicaSolution", "critical_load",
    "glass_temperature", "retrieval_load", "ground_load", "spin_glass_solution", "free_energy",
    "stationary_state", "MeanFieldState", "analog_equivalent", "glauber_magnetization",
    "RingAttractor",
    "HopfieldMemory", "DenseClassifier",
]  # fmt: skip
