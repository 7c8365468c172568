"""A memristor crossbar: phase-change cells that hold the couplings of an analog network.

The cells are in ``phase_change_cell``, their differential pairs in ``differential_pairs``, the wires in
``tiled_array``.
"""

from .phase_change_cell import PhaseChange
from .target import MemristorCrossbar

__all__ = ["MemristorCrossbar", "PhaseChange"]
