"""Checks of devices and chips against laws and measurements; ``neuromorph validate`` runs them."""

from .chip_checks import loihi_prices, neurram_products, pcm_chip_energy
from .device_checks import johnson_noise, onsager_symmetry, phase_change_cells, space_charge, telegraph_law

HARDWARE_CHECKS = (
    johnson_noise,
    onsager_symmetry,
    space_charge,
    phase_change_cells,
    telegraph_law,
    loihi_prices,
    neurram_products,
    pcm_chip_energy,
)

__all__ = ["HARDWARE_CHECKS"]
