from .annealed_importance import LogPartition, annealed_importance
from .belief_propagation import belief_propagation
from .block_gibbs import block_gibbs, color_spins
from .clusters import is_frustrated, swendsen_wang, wolff
from .diagnostics import (
    Divergence,
    autocorrelation,
    autocorrelation_time,
    divergence,
    effective_sample_size,
    mixing_verdict,
    split_rhat,
    summary,
)
from .dimod_samplers import (
    BlockGibbsSampler,
    GibbsSampler,
    MetropolisSampler,
    PopulationAnnealingSampler,
    QuantumAnnealingSampler,
    SimulatedAnnealingSampler,
    SwendsenWangSampler,
    TemperingSampler,
)
from .effective_temperature import effective_beta, effective_beta_of_distribution
from .gibbs import gibbs, metropolis
from .mean_field_theory import ApproximateMagnetizations, naive_mean_field, tap
from .parallel_tempering import tempering
from .path_integral import path_integral, quantum_annealing, trotter
from .population_annealing import population_annealing
from .replica_overlap import ReplicaOverlaps, overlap_fields, replica_overlaps
from .replicas import Replicas
from .samples import Samples
from .schedules import adaptive_schedule, default_range, fisher_steps, geometric_schedule, linear_schedule
from .schrodinger import (
    AnnealedDistribution,
    master_equation_annealing,
    quantum_ground_probability,
    schrodinger_annealing,
)
from .simulated_annealing import simulated_annealing
from .square_lattice import (
    CRITICAL_BETA,
    binder_cumulant,
    lattice_energy,
    lattice_log_partition,
    lattice_magnetization,
    square_lattice,
)
from .tempering_ladder import ladder

__all__ = [  # noqa: RUF022  by theme
    "Samples",
    "gibbs",
    "metropolis",
    "block_gibbs",
    "color_spins",
    "swendsen_wang",
    "wolff",
    "is_frustrated",
    "simulated_annealing",
    "linear_schedule",
    "geometric_schedule",
    "adaptive_schedule",
    "fisher_steps",
    "default_range",
    "tempering",
    "ladder",
    "population_annealing",
    "quantum_annealing",
    "path_integral",
    "trotter",
    "schrodinger_annealing",
    "master_equation_annealing",
    "quantum_ground_probability",
    "AnnealedDistribution",
    "annealed_importance",
    "LogPartition",
    "effective_beta",
    "effective_beta_of_distribution",
    "summary",
    "mixing_verdict",
    "split_rhat",
    "effective_sample_size",
    "autocorrelation",
    "autocorrelation_time",
    "divergence",
    "Divergence",
    "replica_overlaps",
    "overlap_fields",
    "ReplicaOverlaps",
    "naive_mean_field",
    "tap",
    "belief_propagation",
    "ApproximateMagnetizations",
    "square_lattice",
    "lattice_energy",
    "lattice_log_partition",
    "lattice_magnetization",
    "binder_cumulant",
    "CRITICAL_BETA",
    "Replicas",
    "GibbsSampler",
    "MetropolisSampler",
    "BlockGibbsSampler",
    "SimulatedAnnealingSampler",
    "TemperingSampler",
    "SwendsenWangSampler",
    "PopulationAnnealingSampler",
    "QuantumAnnealingSampler",
]
