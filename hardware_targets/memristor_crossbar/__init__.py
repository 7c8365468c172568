"""A memristor crossbar: cells of phase-change memory (``pcm``), and an analog network made of them (``crossbar``)."""

from .phase_change_cell import PhaseChange
from .target import MemristorCrossbar

__all__ = ["MemristorCrossbar", "PhaseChange"]
