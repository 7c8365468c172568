"""The list of checks of this package, in the order in which they are shown."""

from .analog_checks import thermal_noise, wilson_pawley
from .encoder_checks import encoder_problem
from .glass_checks import sherrington_kirkpatrick, toroidal_glass
from .lattice_checks import kaufman_energy, lattice_criticality
from .memory_checks import exponential_memory, hopfield_capacity, retrieval_overlaps
from .optimum_checks import g_set_cuts, tsplib_tours

OWN_CHECKS = (
    kaufman_energy,
    lattice_criticality,
    sherrington_kirkpatrick,
    toroidal_glass,
    hopfield_capacity,
    retrieval_overlaps,
    exponential_memory,
    encoder_problem,
    wilson_pawley,
    tsplib_tours,
    g_set_cuts,
    thermal_noise,
)
