"""Graphs of annealers, problems embedded in them, and a quantum annealer on them."""

from .quantum_annealer import QuantumAnnealer

__all__ = ["QuantumAnnealer"]
