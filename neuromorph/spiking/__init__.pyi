from .avalanches import Avalanches, PulseNetwork, complete_size_distribution
from .boltzmann_sampler import BoltzmannSampler
from .brian.simulator import Recording, Simulator, build_simulator
from .delay_coding import DelayCodeMemory, DelayCodeResult
from .lif_network import LifNetwork, without_noise
from .lif_neuron import LifNeuron, RateCurve, measure_curve
from .lif_sampler import Calibration, LifSamplerNeurons, calibrate
from .nir_format import from_nir, read_nir, to_nir, write_nir
from .nir_network import NirNetwork, nir_network, read_nir_network
from .nir_run import NirRun, run_nir
from .nir_workload import count_nir_events
from .phase_memory import PhaseMemory, PhaseRecall, phase_overlaps
from .power_law import PowerLaw, fit_power_law
from .pynn_script import to_pynn, write_pynn
from .rate_network import SpikingHopfield
from .rate_recall import SpikingRecall
from .search_baselines import sample_uniformly, solve_by_gibbs
from .search_result import SearchResult
from .spike_states import SpikeStates, exponential_neuron_divergence, relative_entropy
from .spiking_reservoir import SpikingReservoir
from .stochastic_neurons import AbstractNeurons
from .winner_take_all import WinnerTakeAll, solve_by_spikes

__all__ = [  # noqa: RUF022  by theme
    "build_simulator", "Simulator", "Recording",
    "LifNeuron", "RateCurve", "measure_curve",
    "SpikingHopfield", "SpikingRecall",
    "PhaseMemory", "PhaseRecall", "phase_overlaps", "DelayCodeMemory", "DelayCodeResult",
    "PulseNetwork", "Avalanches", "complete_size_distribution", "fit_power_law", "PowerLaw",
    "BoltzmannSampler", "AbstractNeurons", "LifSamplerNeurons", "Calibration", "calibrate",
    "SpikingReservoir",
    "SpikeStates", "relative_entropy", "exponential_neuron_divergence",
  "WinnerTakeAll", "solve_by_spikes", "solve_by_gibbs", "sample_uniformly", "SearchResult",
    "LifNetwork", "to_nir", "from_nir", "write_nir", "read_nir",
    "NirNetwork", "nir_network", "read_nir_network", "NirRun", "run_nir", "count_nir_events",
    "without_noise", "to_pynn", "write_pynn",
]  # fmt: skip
