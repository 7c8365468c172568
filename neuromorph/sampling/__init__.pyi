from .annealed_importance import LogPartition, annealed_importance
from .block_gibbs import block_gibbs, colour
from .clusters import is_frustrated, swendsen_wang, wolff
from .diagnostics import (
    Divergence,
    autocorrelation,
    autocorrelation_time,
    divergence,
    effective_sample_size,
    split_rhat,
    summary,
)
from .dimod_samplers import (
    AnnealSampler,
    BlockGibbsSampler,
    ClusterSampler,
    GibbsSampler,
    MetropolisSampler,
    PopulationSampler,
    QuantumAnnealSampler,
    TemperingSampler,
)
from .effective_temperature import effective_beta
from .gibbs import gibbs, metropolis
from .parallel_tempering import ladder, tempering
from .path_integral import path_integral, quantum_anneal, trotter
from .population_annealing import population_annealing
from .replicas import Replicas
from .samples import Samples
from .schedules import adaptive, default_range, fisher_steps, geometric, linear
from .simulated_annealing import anneal
from .square_lattice import (
    CRITICAL_BETA,
    binder_cumulant,
    lattice_energy,
    lattice_log_partition,
    lattice_magnetisation,
    square_lattice,
)

__all__ = [  # noqa: RUF022  by theme
    "Samples",
    "gibbs",
    "metropolis",
    "block_gibbs",
    "colour",
    "swendsen_wang",
    "wolff",
    "is_frustrated",
    "anneal",
    "linear",
    "geometric",
    "adaptive",
    "fisher_steps",
    "default_range",
    "tempering",
    "ladder",
    "population_annealing",
    "quantum_anneal",
    "path_integral",
    "trotter",
    "annealed_importance",
    "LogPartition",
    "effective_beta",
    "summary",
    "split_rhat",
    "effective_sample_size",
    "autocorrelation",
    "autocorrelation_time",
    "divergence",
    "Divergence",
    "square_lattice",
    "lattice_energy",
    "lattice_log_partition",
    "lattice_magnetisation",
    "binder_cumulant",
    "CRITICAL_BETA",
    "Replicas",
    "GibbsSampler",
    "MetropolisSampler",
    "BlockGibbsSampler",
    "AnnealSampler",
    "TemperingSampler",
    "ClusterSampler",
    "PopulationSampler",
    "QuantumAnnealSampler",
]
