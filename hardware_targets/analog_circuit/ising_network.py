"""The analog network of an Ising problem, as ``circuits`` builds and exports it."""

from .. import circuits_needed  # noqa: F401

# isort: split
from circuits.synthesis.board_network import largest_coupling, network_from_ising, relative_load

__all__ = ["largest_coupling", "network_from_ising", "relative_load"]
