r"""Sampling Ising problems on this machine: p(s) ~ exp(-beta E(s)).

>>> samples = gibbs(ising, beta=0.7, draws=1000, chains=4, rng=0)
>>> summary(samples)["worst_rhat"], effective_beta(ising, samples.flat())

Every sampler returns :class:`Samples`. Names are imported when first used. No module has the name of a function, which
importing it would hide; the border to the kernels, ``sampling.replicas.replicas``, is thus to be had from its module.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chains import gibbs, metropolis
    from .clusters import is_frustrated, swendsen_wang, wolff
    from .colouring import block_gibbs, colour
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
    from .importance import LogPartition, annealed_importance
    from .ladders import ladder
    from .models import read_ising, write_ising
    from .onsager import (
        CRITICAL_BETA,
        binder_cumulant,
        lattice_energy,
        lattice_log_partition,
        lattice_magnetisation,
        square_lattice,
    )
    from .parallel_tempering import tempering
    from .population import population_annealing
    from .quantum import path_integral, quantum_anneal, trotter
    from .replicas import Replicas
    from .samples import Samples
    from .schedules import adaptive, default_range, fisher_steps, geometric, linear
    from .session import sample_model
    from .simulated_annealing import anneal
    from .temperature import effective_beta

_PLACES = {
    "samples": ["Samples"],
    "chains": ["gibbs", "metropolis"],
    "colouring": ["block_gibbs", "colour"],
    "clusters": ["swendsen_wang", "wolff", "is_frustrated"],
    "simulated_annealing": ["anneal"],
    "schedules": ["linear", "geometric", "adaptive", "fisher_steps", "default_range"],
    "parallel_tempering": ["tempering"],
    "ladders": ["ladder"],
    "population": ["population_annealing"],
    "quantum": ["quantum_anneal", "path_integral", "trotter"],
    "importance": ["annealed_importance", "LogPartition"],
    "temperature": ["effective_beta"],
    "diagnostics": [
        "summary", "split_rhat", "effective_sample_size", "autocorrelation", "autocorrelation_time", "divergence",
        "Divergence",
    ],
    "onsager": [
        "square_lattice", "lattice_energy", "lattice_log_partition", "lattice_magnetisation", "binder_cumulant",
        "CRITICAL_BETA",
    ],
    "models": ["read_ising", "write_ising"],
    "session": ["sample_model"],
    "replicas": ["Replicas"],
    "dimod_samplers": [
        "GibbsSampler", "MetropolisSampler", "BlockGibbsSampler", "AnnealSampler", "TemperingSampler", "ClusterSampler",
        "PopulationSampler", "QuantumAnnealSampler",
    ],
}  # fmt: skip
_HOME = {name: module for module, names in _PLACES.items() for name in names}

__all__ = [  # noqa: RUF022  by theme, as a reader meets them
    "Samples", "gibbs", "metropolis", "block_gibbs", "colour", "swendsen_wang", "wolff", "is_frustrated",
    "anneal", "linear", "geometric", "adaptive", "fisher_steps", "default_range",
    "tempering", "ladder", "population_annealing", "quantum_anneal", "path_integral", "trotter",
    "annealed_importance", "LogPartition", "effective_beta",
    "summary", "split_rhat", "effective_sample_size", "autocorrelation", "autocorrelation_time", "divergence",
    "Divergence",
    "square_lattice", "lattice_energy", "lattice_log_partition", "lattice_magnetisation", "binder_cumulant",
    "CRITICAL_BETA", "Replicas", "read_ising", "write_ising", "sample_model",
    "GibbsSampler", "MetropolisSampler", "BlockGibbsSampler", "AnnealSampler", "TemperingSampler", "ClusterSampler",
    "PopulationSampler", "QuantumAnnealSampler",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
