"""Dynamics that anneal: a rising gain for any Ising problem; for tours, Hopfield and Tank's, and the softassign."""

from .assignments import Assignments
from .gain import Annealed, GainRamp, anneal, critical_gain
from .hopfield_tank import HopfieldTank, hopfield_tank
from .softassign import Softassign, sinkhorn, softassign

__all__ = [
    "Annealed",
    "Assignments",
    "GainRamp",
    "HopfieldTank",
    "Softassign",
    "anneal",
    "critical_gain",
    "hopfield_tank",
    "sinkhorn",
    "softassign",
]
