"""Ising processors with published cycles: bifurcation on an FPGA, and the cost of SACHI."""

from .bifurcation import FpgaSimulatedBifurcation

__all__ = ["FpgaSimulatedBifurcation"]
