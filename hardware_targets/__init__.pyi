from .analog_circuit import AnalogCircuit
from .annealer_graphs import QuantumAnnealer
from .atomic_spins import AtomicSpins, AtomicSpinsIdeal
from .cpu.annealer import CpuAnneal
from .cpu.optimizers import (
    CpuOptimize,
    cpu_coherent_ising,
    cpu_local_quantum_annealing,
    cpu_sim_cim,
    cpu_simulated_bifurcation,
)
from .cpu.relaxation import CpuRelaxation
from .cpu.samplers import (
    cpu_gibbs,
    cpu_population_annealing,
    cpu_quantum_annealing,
    cpu_swendsen_wang,
    cpu_tempering,
)
from .digital_annealer import CellularAutomaton, CmosAnnealer, DigitalAnnealer
from .dopant_network.targets.coulomb_glass import DopantGlass
from .dopant_network.targets.dopant_neurons import DopantNeurons
from .dopant_network.targets.room_temperature_neurons import dopant_neurons_300k
from .ising_processors import FpgaSimulatedBifurcation
from .memristor_crossbar import MemristorCrossbar, PhaseChange
from .oscillators import Brim, Oscillators
from .pbit import PBits
from .spiking_chip import (
    ReadDurations,
    SpikingChip,
    spiking_brainscales,
    spiking_generic,
    spiking_loihi,
    spiking_loihi2,
)
from .thermodynamic_grid import ThermodynamicGrid

__all__ = [  # noqa: RUF022  by theme
    "CpuAnneal", "CpuRelaxation",
    "cpu_gibbs", "cpu_swendsen_wang", "cpu_tempering", "cpu_population_annealing", "cpu_quantum_annealing",
    "CpuOptimize", "cpu_simulated_bifurcation", "cpu_coherent_ising", "cpu_sim_cim", "cpu_local_quantum_annealing",
    "AnalogCircuit", "MemristorCrossbar", "PhaseChange", "AtomicSpins", "AtomicSpinsIdeal",
    "DopantGlass", "DopantNeurons", "dopant_neurons_300k",
    "DigitalAnnealer", "CellularAutomaton", "CmosAnnealer", "QuantumAnnealer", "FpgaSimulatedBifurcation",
    "ThermodynamicGrid", "PBits", "Oscillators", "Brim",
    "SpikingChip", "ReadDurations", "spiking_loihi", "spiking_loihi2", "spiking_brainscales", "spiking_generic",
]  # fmt: skip
