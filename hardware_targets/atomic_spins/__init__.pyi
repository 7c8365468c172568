from .bias_drift import drift_divergence, drifting_biases, mixed_law, simulate_drift
from .drawing import draw_dwell_times, draw_placement_errors, draw_site_map, draw_telegraph
from .ideal_target import AtomicSpinsIdeal
from .law_uncertainty import blind_errors, draw_laws, known_errors
from .placement import CouplingLaw, Placement, place_atoms
from .sampling_floor import DivergenceFloor, averaged_floor, conditional_floor, trajectory_floor
from .sine_drive import DrivenAtom, Residence, simulate_residences
from .site_search import coupling_error, place_on_sites, placement_at
from .stationary import stationary_distribution, switching_rates
from .surface import Surface
from .synapses import SynapticArray, exact_response, simulate_response
from .target import AtomicSpins
from .telegraph import occupation, simulate_switching, telegraph_rates
from .tiling import AtomTiles, simulate_tiles, tiles_of
from .voltage import VoltageResponse

__all__ = [  # noqa: RUF022  by theme
    "AtomicSpins", "AtomicSpinsIdeal",
    "Surface", "CouplingLaw", "Placement", "place_atoms", "place_on_sites", "placement_at", "coupling_error",
    "draw_laws", "blind_errors", "known_errors",
    "telegraph_rates", "simulate_switching", "occupation", "switching_rates", "stationary_distribution",
    "VoltageResponse", "DrivenAtom", "Residence", "simulate_residences",
    "drifting_biases", "drift_divergence", "mixed_law", "simulate_drift",
    "SynapticArray", "exact_response", "simulate_response",
    "DivergenceFloor", "trajectory_floor", "conditional_floor", "averaged_floor",
    "AtomTiles", "tiles_of", "simulate_tiles",
    "draw_site_map", "draw_telegraph", "draw_dwell_times", "draw_placement_errors",
]  # fmt: skip
