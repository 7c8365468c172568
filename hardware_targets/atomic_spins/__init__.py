"""Two-state atoms on a surface, placed so that their couplings are those of a problem."""

from .target import AtomicSpins, AtomicSpinsIdeal

__all__ = ["AtomicSpins", "AtomicSpinsIdeal"]
