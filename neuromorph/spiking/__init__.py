"""Spiking networks in Brian2: memories of rates, phases and delays, synchrony, samplers, searches; NIR and PyNN files.

Brian2 is imported when one runs.

>>> from neuromorph import spiking
>>> network = spiking.SpikingHopfield.from_patterns(patterns, wiring="push-pull")
>>> network.recall(cues, rng=0).overlaps(patterns)
"""

from __future__ import annotations

from .abstract import AbstractNeurons
from .avalanches import Avalanches, PulseNetwork, complete_size_distribution
from .backend import Recording, Simulator, build
from .baselines import solve_at_random, solve_by_gibbs
from .calibration import Calibration, calibrate
from .curve import LifNeuron, RateCurve, measure_curve
from .lif_sampler import LifSamplerNeurons
from .nir_files import LifNetwork, from_nir, read_nir, to_nir, without_noise, write_nir
from .one_hot import OneHot
from .phase import PhaseMemory, PhaseRecall, phase_overlaps
from .powerlaw import PowerLaw, fit_power_law
from .pynn_files import to_pynn, write_pynn
from .rate_network import SpikingHopfield, SpikingRecall
from .sampler import BoltzmannSampler
from .states import SpikeStates, memoryless_floor, relative_entropy
from .timing import Recognised, TimeCode
from .winner_take_all import Search, WinnerTakeAll, solve_by_spikes

__all__ = [  # noqa: RUF022  by theme
    "build", "Simulator", "Recording",
    "LifNeuron", "RateCurve", "measure_curve",
    "SpikingHopfield", "SpikingRecall",
    "PhaseMemory", "PhaseRecall", "phase_overlaps", "TimeCode", "Recognised",
    "PulseNetwork", "Avalanches", "complete_size_distribution", "fit_power_law", "PowerLaw",
    "BoltzmannSampler", "AbstractNeurons", "LifSamplerNeurons", "Calibration", "calibrate",
    "SpikeStates", "relative_entropy", "memoryless_floor",
    "OneHot", "WinnerTakeAll", "solve_by_spikes", "solve_by_gibbs", "solve_at_random", "Search",
    "LifNetwork", "to_nir", "from_nir", "write_nir", "read_nir", "without_noise", "to_pynn", "write_pynn",
]  # fmt: skip
