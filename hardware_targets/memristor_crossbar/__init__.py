"""A memristor crossbar: phase-change cells that hold the couplings of an analog network.

The cells are in ``phase_change_cell``, their differential pairs in ``differential_pairs``, the wires in
``tiled_array``; other materials in ``cell_table``, other codes of weights in ``weight_code``, converters that round in
``digitized_products``; prices of converters in ``converters``, of writing in ``write_verify``, of digital products in
``product_energy``.
"""

from .converters import adc_energy, dac_energy
from .phase_change_cell import PhaseChange
from .product_energy import product_energy
from .target import MemristorCrossbar
from .write_verify import WritingCost, write_to_error

__all__ = [
    "MemristorCrossbar",
    "PhaseChange",
    "WritingCost",
    "adc_energy",
    "dac_energy",
    "product_energy",
    "write_to_error",
]
