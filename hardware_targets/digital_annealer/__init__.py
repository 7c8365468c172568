"""Annealing chips of digital logic, in integer arithmetic."""

from .kings_annealer import CmosAnnealer
from .target import CellularAutomaton, DigitalAnnealer

__all__ = ["CellularAutomaton", "CmosAnnealer", "DigitalAnnealer"]
