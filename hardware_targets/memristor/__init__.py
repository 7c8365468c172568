"""A memristor crossbar: cells of phase-change memory (``pcm``), and an analog network made of them (``crossbar``)."""

from .crossbar import MemristorCrossbar
from .pcm import PhaseChange

__all__ = ["MemristorCrossbar", "PhaseChange"]
