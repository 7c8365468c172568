from .attractors import Basin, Census, basin, census, classify, fixed_points, mixtures
from .dense import DenseMemory
from .estimator import HopfieldMemory
from .iterated_learning import Learned, gardner_capacity, gardner_margin, minover, perceptron, stabilities
from .learning_rules import as_ising, hebb, pseudo_inverse, storkey
from .mean_field import Stationary, analog_equivalent, binary_means, stationary_state
from .modern_hopfield import ModernHopfield, Retrieved
from .relaxation import Relaxed, relax
from .replica_theory import Retrieval, critical_load, retrieval
from .storage_capacity import Capacity, Retention, finite_size_scaling, half_loads, retention

__all__ = [  # noqa: RUF022  by theme
    "hebb", "pseudo_inverse", "storkey", "as_ising",
    "perceptron", "minover", "Learned", "stabilities", "gardner_capacity", "gardner_margin",
    "relax", "Relaxed", "DenseMemory", "ModernHopfield", "Retrieved",
    "census", "Census", "fixed_points", "classify", "mixtures", "basin", "Basin",
    "retention", "Retention", "half_loads", "finite_size_scaling", "Capacity",
    "retrieval", "Retrieval", "critical_load",
    "stationary_state", "Stationary", "analog_equivalent", "binary_means",
    "HopfieldMemory",
]  # fmt: skip
