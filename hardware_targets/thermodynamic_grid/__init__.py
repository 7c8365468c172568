"""A grid of thermodynamic sampling units, as announced."""

from .target import ThermodynamicGrid

__all__ = ["ThermodynamicGrid"]
